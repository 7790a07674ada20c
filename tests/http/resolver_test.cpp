// Names of upstreams: asked for again, on a thread of their own, and calls go where they stand for
// now. The names are the test's; no name server is asked.
#include "http/proxy/resolver.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "support/catch.h"
#include "support/forwarding.h"
#include "support/waiting.h"

using namespace hourgate;
using namespace hourgate::test;
using http::Resolver;
using http::SocketAddress;
using http::Upstream;
using What = Upstream::Change::What;

namespace {

constexpr std::int64_t long_ms = 60'000;

SocketAddress at(const std::string& host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    REQUIRE(inet_pton(AF_INET, host.c_str(), &address.sin_addr) == 1);
    SocketAddress made;
    std::memcpy(&made.address, &address, sizeof address);
    made.size = sizeof address;
    return made;
}

/// What "api.test" stands for, as the test says.
struct Names {
    void say(std::vector<SocketAddress> addresses, std::string why = "no such name") {
        const std::lock_guard lock(mutex);
        now = {std::move(addresses), std::move(why)};
    }
    [[nodiscard]] Upstream::LookUp look_up() {
        return [this](const http::Endpoint&) {
            const std::lock_guard lock(mutex);
            ++asked;
            return now;
        };
    }
    std::mutex mutex;
    Upstream::Found now;
    std::atomic<int> asked{0};
};

std::shared_ptr<Upstream> upstream_of(std::vector<http::Endpoint> addresses,
                                      Upstream::Counts& counts,
                                      std::function<void()> when_unreachable = {},
                                      std::int64_t resolve_ms = long_ms) {
    http::UpstreamSettings settings;
    settings.addresses = std::move(addresses);
    settings.resolve_ms = resolve_ms;
    return Upstream::make(std::move(settings), counts, std::move(when_unreachable)).value();
}

/// "192.0.2.1 192.0.2.2", "-" for a target without an address.
std::string places(const Upstream& upstream) {
    std::string all;
    for (const auto& target : *upstream.targets())
        all.append(all.empty() ? "" : " ")
            .append(target->has_address() ? http::address_of(target->at.address).text() : "-");
    return all;
}

}  // namespace

TEST_CASE("an address and a socket need nobody to be asked, and a name has no address at first") {
    Upstream::Counts counts;
    const auto upstream = upstream_of(
        {{"192.0.2.1", 80, ""}, {"api.test", 80, ""}, {"", 0, "/a.socket"}, {"api.test", 80, ""}},
        counts);
    CHECK(places(*upstream) == "192.0.2.1 - 127.0.0.1");
    CHECK(upstream->has_names());
    CHECK_FALSE(upstream_of({{"::1", 80, ""}}, counts)->has_names());
    for (int i = 0; i < 6; ++i)  // one without an address is never asked while there is another
        CHECK(upstream->pick(*upstream->targets(), 0)->has_address());
    CHECK_FALSE(upstream->health(0)[1].up);
}

TEST_CASE("a name is put in the place of what it stood for, and connections that stay are kept") {
    Upstream::Counts counts;
    Names names;
    const auto upstream = upstream_of({{"api.test", 80, ""}, {"192.0.2.9", 80, ""}}, counts);
    const auto resolve = [&] { return upstream->resolve(names.look_up()); };
    const std::uint64_t before = upstream->version();
    names.say({at("192.0.2.1", 80), at("192.0.2.2", 80)});
    CHECK(resolve().empty());  // the first time is nothing new
    CHECK(places(*upstream) == "192.0.2.1 192.0.2.2 192.0.2.9");
    CHECK(upstream->version() > before);

    const std::uint64_t same = upstream->version();
    const auto kept = upstream->targets();
    CHECK(resolve().empty());
    CHECK(upstream->version() == same);

    names.say({at("192.0.2.2", 80), at("192.0.2.3", 80)});
    const auto moved = resolve();
    REQUIRE(moved.size() == 1);
    CHECK(moved[0].what == What::moved);
    CHECK(moved[0].endpoint == "api.test:80");
    CHECK(moved[0].addresses == "192.0.2.2, 192.0.2.3");
    CHECK(places(*upstream) == "192.0.2.2 192.0.2.3 192.0.2.9");
    CHECK((*upstream->targets())[0] == (*kept)[1]);
    CHECK((*upstream->targets())[2] == (*kept)[2]);
}

TEST_CASE("a name that no longer resolves keeps what it had, and each change is told once") {
    Upstream::Counts counts;
    Names names;
    const auto upstream = upstream_of({{"api.test", 80, ""}}, counts);
    const auto resolve = [&] { return upstream->resolve(names.look_up()); };
    names.say({});
    const auto first = resolve();
    REQUIRE(first.size() == 1);
    CHECK(first[0].what == What::unresolved);
    CHECK(first[0].why == "no such name");
    CHECK(first[0].addresses.empty());
    CHECK(resolve().empty());
    CHECK(places(*upstream) == "-");

    names.say({at("192.0.2.1", 80)});
    const auto resolved = resolve();
    REQUIRE(resolved.size() == 1);
    CHECK(resolved[0].what == What::resolved);
    CHECK(places(*upstream) == "192.0.2.1");

    names.say({});
    const auto lost = resolve();
    REQUIRE(lost.size() == 1);
    CHECK(lost[0].what == What::unresolved);
    CHECK(lost[0].addresses == "192.0.2.1");
    CHECK(places(*upstream) == "192.0.2.1");
    CHECK(resolve().empty());
}

TEST_CASE("a name with many addresses leaves room for the others") {
    Upstream::Counts counts;
    std::vector<http::Endpoint> endpoints = {{"api.test", 80, ""}};
    for (int i = 0; i < 15; ++i)
        endpoints.push_back({"192.0.2.1", static_cast<std::uint16_t>(1'000 + i), ""});
    const auto upstream = upstream_of(endpoints, counts);
    Names names;
    std::vector<SocketAddress> many;
    for (int i = 0; i < 250; ++i)
        many.push_back(at("10.0.0." + std::to_string(i), 80));
    names.say(many);
    (void)upstream->resolve(names.look_up());
    CHECK(upstream->targets()->size() == limits::upstream_addresses_max / 16 + 15);
}

TEST_CASE("a resolver asks when it is told to, at the interval, and when an address fails") {
    Upstream::Counts counts;
    Names names;
    names.say({at("192.0.2.1", 80)});
    Resolver resolver({}, names.look_up());
    CHECK(resolver.ask(long_ms));  // nothing is watched
    CHECK(names.asked == 0);
    const auto upstream = upstream_of({{"api.test", 80, ""}}, counts, resolver.asking_soon());
    resolver.watch({upstream});
    CHECK(resolver.ask(long_ms));
    CHECK(names.asked == 1);
    CHECK(places(*upstream) == "192.0.2.1");

    names.say({at("192.0.2.2", 80)});
    upstream->failed(*upstream->targets()->front(), 0);
    CHECK(comes_true([&] { return places(*upstream) == "192.0.2.2"; }));

    const auto often = upstream_of({{"api.test", 80, ""}}, counts, {}, 1);
    resolver.watch({often});
    CHECK(resolver.ask(long_ms));
    names.say({at("192.0.2.3", 80)});
    CHECK(comes_true([&] { return places(*often) == "192.0.2.3"; }));
}

TEST_CASE("however often an address fails, its name is asked for once in a while") {
    Upstream::Counts counts;
    Names names;
    names.say({at("192.0.2.1", 80)});
    Resolver resolver({}, names.look_up());
    const auto upstream = upstream_of({{"api.test", 80, ""}}, counts, resolver.asking_soon());
    resolver.watch({upstream});
    REQUIRE(resolver.ask(long_ms));
    const auto target = upstream->targets()->front();
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 100'000; ++i)
        upstream->failed(*target, 0);
    const auto passed = std::chrono::steady_clock::now() - begin;
    const auto rests = passed / std::chrono::milliseconds(limits::resolve_rest_ms);
    CHECK(names.asked <= 2 + rests);
}

TEST_CASE("nobody waits for a look-up that does not end: neither a call, nor the end") {
    struct Hanging {
        std::mutex mutex;
        std::condition_variable wake;
        bool over = false;
        bool ended = false;
        std::atomic<bool> began{false};
    };
    const auto hanging = std::make_shared<Hanging>();
    Upstream::Counts counts;
    std::atomic<int> told{0};
    {
        Resolver resolver([&](const Upstream::Change&) { ++told; },
                          [hanging](const http::Endpoint&) {
                              std::unique_lock lock(hanging->mutex);
                              hanging->began = true;
                              hanging->wake.wait_for(lock, waits_at_most,
                                                     [&] { return hanging->over; });
                              hanging->ended = true;
                              hanging->wake.notify_all();
                              return Upstream::Found{{}, "it took too long"};
                          });
        const auto upstream = upstream_of({{"api.test", 80, ""}}, counts, resolver.asking_soon());
        resolver.watch({upstream});
        CHECK_FALSE(resolver.ask(1));
        REQUIRE(comes_true([&] { return hanging->began.load(); }));
        upstream->failed(*upstream->targets()->front(), 0);  // returns
    }
    std::unique_lock lock(hanging->mutex);
    CHECK_FALSE(hanging->ended);  // the resolver is gone, and the look-up goes on
    hanging->over = true;
    hanging->wake.notify_all();
    CHECK(hanging->wake.wait_for(lock, waits_at_most, [&] { return hanging->ended; }));
    CHECK(told == 0);
}

TEST_CASE(
    "calls to a name that does not resolve get 502 that says so, and go through once it does") {
    Names names;
    names.say({});
    Forwarding gate;
    Resolver resolver({}, names.look_up());
    Upstream::Counts counts;
    const auto upstream = upstream_of({{"api.test", 80, ""}}, counts, resolver.asking_soon());
    resolver.watch({upstream});
    REQUIRE(resolver.ask(long_ms));
    gate.use(upstream);
    RawClient client = gate.client();
    client.send(call());
    const std::string refused = client.answer();
    CHECK(status_of(refused) == "HTTP/1.1 502 Bad Gateway");
    CHECK(has(refused, "\"reason\":\"upstream_unreachable\""));
    CHECK(gate.bench.notes.api_failed.second.what == "its name does not resolve: no such name");
    CHECK(counts.unreachable == 1);
    CHECK(counts.open == 0);

    names.say({at("127.0.0.1", gate.api.port())});
    REQUIRE(resolver.ask(long_ms));
    client.send(call());
    RawClient api = gate.api.accept();
    (void)api.head();
    api.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    CHECK(client.answer().ends_with("hello"));
}

TEST_CASE("when an API moves, its next call goes to the new address and none is left to the old") {
    Names names;
    Forwarding gate({}, Mode::enforce, 1);
    const RawUpstream moved_to;
    names.say({at("127.0.0.1", gate.api.port())});
    Resolver resolver({}, names.look_up());
    Upstream::Counts counts;
    const auto upstream = upstream_of({{"api.test", 80, ""}}, counts, resolver.asking_soon());
    resolver.watch({upstream});
    REQUIRE(resolver.ask(long_ms));
    gate.use(upstream);
    RawClient client = gate.client();
    const auto through = [&](const RawUpstream& api_at) {
        client.send(call());
        RawClient api = api_at.accept();
        (void)api.head();
        api.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        CHECK(client.answer().ends_with("hello"));
        return api;  // kept open
    };
    const RawClient at_former = through(gate.api);
    names.say({at("127.0.0.1", moved_to.port())});
    REQUIRE(resolver.ask(long_ms));
    const RawClient at_new = through(moved_to);
    CHECK_FALSE(gate.api.has_caller());
}
