// What a server does when there is more than it has room or time for, from one connection or
// from many.
#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <string>
#include <vector>

#include "base/limits.h"
#include "http/dialogue.h"
#include "support/running_server.h"

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
    void address_unknown(Listener) noexcept override {}

    void wait_for_held() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return callers_.size() >= held_; });
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
    settings.reply = HttpBench::reply_settings();
    return settings;
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

TEST_CASE("a stop in the middle of a burst ends it with the answer being written, which says so") {
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
    for (std::size_t i = 1; i < held; ++i)
        REQUIRE_FALSE(closes(client.answer()));
    CHECK(closes(client.answer()));
    CHECK(client.ended());
    CHECK(server.finish(bench.clock, bench.clock.now().boot_us + us_per_s) == 0);
    CHECK(order.callers().size() == held);
}

TEST_CASE("a server has as many loops as it is told, and serves with any number") {
    const auto threads = [] {
        const std::filesystem::directory_iterator all("/proc/self/task");
        return std::distance(begin(all), end(all));
    };
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
