// What a server does when there is more than it has room or time for, from one connection or
// from many.
#include <sched.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "http/server/session.h"
#include "support/running_server.h"
#include "support/temp_folder.h"
#include "support/waiting.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Listener;
using hourgate::http::Server;

namespace {

/// Remembers whose calls are decided, in order, and holds up the one of that number until it is let
/// go.
class Order final : public http::Observer {
public:
    explicit Order(std::size_t held) : held_(held) {}

    void decided(const Decision& decision, int) noexcept override {
        std::unique_lock lock(mutex_);
        callers_.push_back(decision.address ? decision.address->text() : "");
        changed_.notify_all();
        changed_.wait(lock, [&] { return released_ || callers_.size() < held_; });
    }
    void address_unknown(Listener, const Address&) noexcept override {}

    void wait_for_held() {
        std::unique_lock lock(mutex_);
        REQUIRE(changed_.wait_for(lock, waits_at_most, [&] { return callers_.size() >= held_; }));
    }
    void release() {
        const std::lock_guard lock(mutex_);
        released_ = true;
        changed_.notify_all();
    }
    [[nodiscard]] std::vector<std::string> callers() {
        const std::lock_guard lock(mutex_);
        return callers_;
    }

private:
    const std::size_t held_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> callers_;
    bool released_ = false;
};

/// A question about a call from `address` without a token.
std::string asked_for(const std::string& address) {
    return get("/_hourgate/auth/caddy", "X-Forwarded-For: " + address + "\r\n");
}

http::Service::Settings trusting_loopback() {
    const AddressSet loopback({*Network::parse("127.0.0.0/8")});
    http::Service::Settings settings;
    settings.trust.peers = settings.trust.proxies = loopback;
    settings.trust.hosts = {"h"};
    settings.reply = HttpBench::reply_settings();
    return settings;
}

/// Of this process.
auto threads() {
    const std::filesystem::directory_iterator all("/proc/self/task");
    return std::distance(begin(all), end(all));
}

}  // namespace

TEST_CASE("who sends hundreds of requests at once has them answered, others in between") {
    HttpBench bench;
    Order order(1);
    http::Service service(trusting_loopback(), bench.gate, bench.clock, order);
    auto bound = Server::bind(Listener::ask, {"127.0.0.1", 0, ""}, service, {1'000, 1});
    REQUIRE(bound.ok());
    Server& server = *bound.value();
    server.start();
    RawClient first(server.port()), greedy(server.port()), modest(server.port());
    first.send(asked_for("192.0.2.1"));
    order.wait_for_held();  // the loop is held up, and the others' requests arrive together
    constexpr std::size_t requests = 300;
    std::string all;
    for (std::size_t i = 0; i < requests; ++i)
        all += asked_for("192.0.2.2");
    REQUIRE(all.size() < http::Inbox::bytes_max);  // they are read at once
    greedy.send(all);
    modest.send(asked_for("192.0.2.3"));
    greedy.wait_until_received();
    modest.wait_until_received();
    order.release();
    for (std::size_t i = 0; i < requests; ++i)
        REQUIRE_FALSE(greedy.answer().empty());
    CHECK_FALSE(modest.answer().empty());

    const std::vector<std::string> callers = order.callers();
    CHECK(callers.size() == requests + 2);
    // Of the greedy one's, when the modest one had its turn.
    const auto turn = std::find(callers.begin(), callers.end(), "192.0.2.3");
    const auto before = std::count(callers.begin(), turn, "192.0.2.2");
    CHECK(static_cast<std::size_t>(before) <= limits::requests_per_turn);
}

TEST_CASE("what is left of a burst is answered without another byte from anybody") {
    Running running(Listener::public_, {"127.0.0.1", 0, ""}, {1'000, 1});
    RawClient client = running.client();
    std::string all;
    for (std::size_t i = 0; i < 10 * limits::requests_per_turn; ++i)
        all += get("/_hourgate/healthz");
    client.send(all);
    for (std::size_t i = 0; i < 10 * limits::requests_per_turn; ++i)
        REQUIRE(client.answer().ends_with("\r\n\r\nok\n"));
}

TEST_CASE("a stop in the middle of a burst ends it with the first request read after it") {
    HttpBench bench;
    constexpr std::size_t held = limits::requests_per_turn + 1;  // the first of the second turn
    Order order(held);
    http::Service service(trusting_loopback(), bench.gate, bench.clock, order);
    auto bound = Server::bind(Listener::ask, {"127.0.0.1", 0, ""}, service, {1'000, 1});
    REQUIRE(bound.ok());
    Server& server = *bound.value();
    server.start();
    RawClient client(server.port());
    std::string all;
    for (std::size_t i = 0; i < 3 * limits::requests_per_turn; ++i)
        all += asked_for("192.0.2.1");
    client.send(all);
    order.wait_for_held();
    CHECK(server.in_flight() == 1);
    server.stop_accepting();
    order.release();
    for (std::size_t i = 0; i < held; ++i)
        REQUIRE_FALSE(closes(client.answer()));
    CHECK(closes(client.answer()));
    CHECK(client.ended());
    CHECK(server.finish(bench.clock, bench.clock.now().boot_us + us_per_s) == 0);
    CHECK(order.callers().size() == held + 1);
}

TEST_CASE("a server has as many loops as it is told, and serves with any number") {
    const auto before = threads();
    for (const std::size_t loops : std::vector<std::size_t>{1, 3, 64, 1'000}) {
        Running running(Listener::public_, {"127.0.0.1", 0, ""}, {1'000, loops});
        const auto expected = std::min(loops, limits::loops_max) + limits::workers_per_listener;
        CHECK(static_cast<std::size_t>(threads() - before) == expected);
        for (int i = 0; i < 20; ++i) {
            RawClient client = running.client();
            client.send(get("/_hourgate/healthz"));
            CHECK(status_of(client.answer()) == "HTTP/1.1 200 OK");
        }
    }
    CHECK(threads() == before);
}

TEST_CASE("a server that may run on one core only has one loop") {
    cpu_set_t all, one;
    REQUIRE(sched_getaffinity(0, sizeof all, &all) == 0);
    std::size_t core = 0;
    while (!CPU_ISSET(core, &all))
        ++core;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);  // of this thread, and those it starts
    const auto before = threads();
    {
        const Running running(Listener::public_, {"127.0.0.1", 0, ""}, {1'000, 0});
        CHECK(static_cast<std::size_t>(threads() - before) == 1 + limits::workers_per_listener);
    }
    REQUIRE(sched_setaffinity(0, sizeof all, &all) == 0);
}

TEST_CASE(
    "an address has as many connections as it may, its idle ones make room, others lose none") {
    http::Capacity capacity{1'000, 1};
    capacity.connections_per_address_max = 5;
    Running running(Listener::public_, {"127.0.0.1", 0, ""}, capacity);
    RawClient other(running.server->port(), "127.0.0.2");
    other.send(get("/_hourgate/healthz"));
    CHECK(status_of(other.answer()) == "HTTP/1.1 200 OK");
    std::vector<RawClient> mine;
    for (std::size_t i = 0; i < 8; ++i) {
        mine.push_back(running.client());
        mine.back().send(get("/_hourgate/healthz"));
        REQUIRE(status_of(mine.back().answer()) == "HTTP/1.1 200 OK");
        if (i == 3)  // no longer the one that is idle longest
            for (const std::size_t again : {1U, 2U, 0U}) {
                mine[again].send(get("/_hourgate/healthz"));
                REQUIRE(status_of(mine[again].answer()) == "HTTP/1.1 200 OK");
            }
    }
    for (const std::size_t ended : {3U, 1U, 2U})
        CHECK(mine[ended].ended());
    for (const std::size_t kept : {0U, 4U, 5U, 6U, 7U}) {
        mine[kept].send(get("/_hourgate/healthz"));
        CHECK(status_of(mine[kept].answer()) == "HTTP/1.1 200 OK");
    }
    other.send(get("/_hourgate/healthz"));
    CHECK(status_of(other.answer()) == "HTTP/1.1 200 OK");
    const Server::Counts counts = running.server->counts();
    CHECK(counts.open == 6);
    CHECK(counts.evicted == 3);
    CHECK(counts.refused == 0);
}

TEST_CASE(
    "an address whose connections are all in use is told 503, others are served, and it ends") {
    http::Capacity capacity{1'000, 2};
    capacity.connections_per_address_max = 5;
    HeldUp held(capacity);
    std::vector<RawClient> busy = held.busy_clients(5);
    for (int i = 0; i < 3; ++i) {
        const std::string text = held.client().until_end();
        CHECK(status_of(text) == "HTTP/1.1 503 Service Unavailable");
        CHECK(text.find("\r\nRetry-After: 1\r\n") != std::string::npos);
        CHECK(text.find(R"({"error":{"code":"unavailable","reason":"too_many_connections",)") !=
              std::string::npos);
        CHECK(closes(text));
    }
    RawClient other(held.server->port(), "127.0.0.2");
    other.send(get("/_hourgate/healthz"));
    CHECK(status_of(other.answer()) == "HTTP/1.1 200 OK");
    CHECK(held.server->counts().refused == 3);
    held.let_go();
    for (RawClient& client : busy)  // nobody was cut
        CHECK(client.answer().ends_with("\r\n\r\nheld\n"));
    busy.pop_back();
    until_open(*held.server, 5);
    RawClient again = held.client();
    again.send(get("/_hourgate/healthz"));
    CHECK(status_of(again.answer()) == "HTTP/1.1 200 OK");
    CHECK(held.server->counts().refused == 3);
}

TEST_CASE("proxies that are trusted, and who comes through a Unix socket, are not counted") {
    const TempFolder folder;
    http::Capacity capacity{1'000, 1};
    capacity.connections_per_address_max = 1;
    {
        const Running running(Listener::ask, {"", 0, folder.file("ask.sock")}, capacity);
        RawClient first(folder.file("ask.sock")), second(folder.file("ask.sock"));
        for (RawClient* client : {&second, &first}) {
            client->send(nginx("/clients/1"));
            CHECK(status_of(client->answer()) == "HTTP/1.1 204 No Content");
        }
    }
    capacity.exempt = AddressSet({*Network::parse("127.0.0.0/31")});
    const Running running(Listener::ask, {"127.0.0.1", 0, ""}, capacity);
    RawClient first = running.client(), second = running.client();
    RawClient third(running.server->port(), "127.0.0.2"),
        fourth(running.server->port(), "127.0.0.2");
    for (RawClient* client : {&second, &first, &fourth}) {
        client->send(nginx("/clients/1"));
        CHECK(status_of(client->answer()) == "HTTP/1.1 204 No Content");
    }
    CHECK(third.ended());
}

TEST_CASE("where every place is busy who comes is told 503, and served once one is free") {
    HeldUp held({4, 1});
    std::vector<RawClient> busy = held.busy_clients(4);
    for (const std::string& sent :
         {std::string(), get("/_hourgate/healthz"), std::string("GET /")}) {
        RawClient late = held.client();
        late.send(sent);
        const std::string text = late.until_end();
        CHECK(status_of(text) == "HTTP/1.1 503 Service Unavailable");
        CHECK(text.find("\r\nRetry-After: 1\r\n") != std::string::npos);
        CHECK(text.find(R"("reason":"too_busy")") != std::string::npos);
        CHECK(closes(text));
    }
    CHECK(held.server->counts().refused == 3);
    CHECK(held.server->counts().evicted == 0);
    CHECK(held.server->in_flight() == 4);
    held.let_go();
    for (RawClient& client : busy)
        CHECK(client.answer().ends_with("\r\n\r\nheld\n"));
    RawClient next = held.client();
    next.send(get("/_hourgate/healthz"));
    CHECK(status_of(next.answer()) == "HTTP/1.1 200 OK");
    CHECK(held.server->counts().evicted == 1);
    CHECK(held.server->counts().open == 4);
}

TEST_CASE("after a flood of connections that come and go nothing of them is left") {
    http::Capacity capacity{1'000, 2};
    capacity.connections_per_address_max = 10;
    Running running(Listener::public_, {"127.0.0.1", 0, ""}, capacity);
    std::vector<std::thread> flood;
    for (int thread = 0; thread < 4; ++thread)
        flood.emplace_back([&, thread] {
            for (int i = 0; i < 5'000; ++i) {
                RawClient client = running.client();
                if (i % 4 == thread)
                    client.send(get("/_hourgate/healthz"));
                client.reset_at_end();  // else the machine runs out of ports
            }
        });
    for (std::thread& thread : flood)
        thread.join();
    until_open(*running.server, 0);
    CHECK(running.server->in_flight() == 0);
    std::vector<RawClient> all;  // the address has all of its places again
    for (int i = 0; i < 10; ++i) {
        all.push_back(running.client());
        all.back().send(get("/_hourgate/healthz"));
        CHECK(status_of(all.back().answer()) == "HTTP/1.1 200 OK");
    }
    CHECK(running.server->counts().open == 10);
}
