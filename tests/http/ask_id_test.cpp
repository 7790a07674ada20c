// [trust] ask_id: nginx asks twice about one call, and it is counted once; in the fast path and on the
// long way alike.
#include "http/ask/ask_ids.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "http/wire/response_writer.h"
#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Listener;
using hourgate::http::Request;

namespace {

const std::string id = "0123456789abcdef0123456789abcdef";
const std::string other_id = "fedcba9876543210fedcba9876543210";

/// A bench whose service reads ids from X-Ask-Id. Its window has room for 3 calls.
class Twice {
public:
    enum class Way : std::uint8_t { fast_path, long_way };

    explicit Twice(Way way, std::string header = "X-Ask-Id")
        : way_(way), service_(settings(std::move(header)), bench.gate, bench.clock, bench.notes) {}

    static Request about(std::string_view method, std::string_view target, const std::string& ask) {
        Request request = HttpBench::nginx(method, target);
        if (!ask.empty())
            request.headers.push_back({"X-Ask-Id", ask});
        return request;
    }
    /// The status of the answer.
    int ask(const Request& request) {
        http::RequestHead head;
        head.request = request;
        std::string out;
        if (way_ == Way::long_way ||
            !service_.answer_at_once(Listener::ask, head, http::After::keep, out))
            return service_.handle(Listener::ask, request).status;
        ++fast_answers;
        return std::stoi(out.substr(9, 3));
    }
    int ask(const std::string& with_id) { return ask(about("GET", "/clients/1", with_id)); }

    HttpBench bench;
    int fast_answers = 0;

private:
    http::Service::Settings settings(std::string header) {
        http::Service::Settings made;
        made.trust.peers = made.trust.proxies =
            AddressSet({*Network::parse("127.0.0.0/8"), *Network::parse("::1/128")});
        made.trust.ask_id = std::move(header);
        made.trust.hosts = {"api.example"};
        made.reply = HttpBench::reply_settings();
        return made;
    }

    const Way way_;
    http::Service service_;
};

constexpr Twice::Way ways[] = {Twice::Way::fast_path, Twice::Way::long_way};

}  // namespace

TEST_CASE("a second ask with the same id is granted and not spent, the third and later are spent") {
    for (const Twice::Way way : ways) {
        Twice twice(way);
        CHECK(twice.ask(id) == 204);
        CHECK(twice.bench.left() == 2);
        CHECK(twice.ask(id) == 204);
        CHECK(twice.bench.left() == 2);
        CHECK(twice.bench.notes.told.size() == 1);  // one call to metrics and usage
        CHECK(twice.bench.notes.again == std::vector<std::string>{"granted"});
        CHECK(twice.ask(id) == 204);
        CHECK(twice.bench.left() == 1);
        CHECK(twice.ask(id) == 204);
        CHECK(twice.bench.left() == 0);
        CHECK(twice.ask(id) == 403);
        CHECK(twice.fast_answers ==
              (way == Twice::Way::fast_path ? 4 : 0));  // the first reads facts
    }
}

TEST_CASE("the call that took the last room is granted when it is asked about again") {
    for (const Twice::Way way : ways) {
        Twice twice(way);
        twice.bench.spend(2);
        CHECK(twice.ask(id) == 204);
        CHECK(twice.bench.left() == 0);
        CHECK(twice.ask(other_id) == 403);  // somebody else in between
        CHECK(twice.ask(id) == 204);
        CHECK(twice.ask(id) == 403);
        CHECK(twice.ask(id) == 403);
    }
}

TEST_CASE("another token, method, URI or id is another call, and so is one without a good id") {
    for (const Twice::Way way : ways) {
        for (const Request& second :
             {Twice::about("HEAD", "/clients/1", id), Twice::about("GET", "/clients/1?", id),
              Twice::about("GET", "/clients/2", id), Twice::about("GET", "/clients/1", other_id),
              Twice::about("GET", "/clients/1", ""), [] {
                  Request two = Twice::about("GET", "/clients/1", id);
                  two.headers.push_back({"X-Ask-Id", id});
                  return two;
              }()}) {
            Twice twice(way);
            CHECK(twice.ask(id) == 204);
            CHECK(twice.ask(second) == 204);
            CHECK(twice.bench.left() == 1);
        }
        for (const std::string& bad :
             {std::string(), std::string("1"), id.substr(0, 15), std::string(129, 'a')}) {
            CAPTURE(bad);
            Twice twice(way);
            CHECK(twice.ask(bad) == 204);
            CHECK(twice.ask(bad) == 204);
            CHECK(twice.bench.left() == 1);
        }
    }
}

TEST_CASE("another token with the same id is another call") {
    for (const Twice::Way way : ways) {
        Twice twice(way);
        CHECK(twice.ask(id) == 204);
        Request wrong = Twice::about("GET", "/clients/1", id);
        set_header(wrong, "Authorization", "Bearer hsk_live_nonsense");
        CHECK(twice.ask(wrong) == 401);
        CHECK(twice.ask(id) == 204);  // and takes nothing from the first
        CHECK(twice.bench.left() == 2);
    }
}

TEST_CASE("the id is believed for two seconds") {
    for (const Twice::Way way : ways) {
        for (const bool late : {false, true}) {
            Twice twice(way);
            CHECK(twice.ask(id) == 204);
            twice.bench.now.boot_us += limits::ask_repeat_us + (late ? 1 : 0);
            CHECK(twice.ask(id) == 204);
            CHECK(twice.bench.left() == (late ? 1 : 2));
        }
        Twice twice(way);
        CHECK(twice.ask(id) == 204);
        twice.bench.now.boot_us += limits::ask_repeat_us + 1;
        CHECK(twice.ask(id) == 204);  // begins again
        CHECK(twice.ask(id) == 204);
        CHECK(twice.bench.left() == 1);
    }
}

TEST_CASE("the second ask is decided afresh: revoked in between, it is refused and told of") {
    for (const Twice::Way way : ways) {
        Twice twice(way);
        CHECK(twice.ask(id) == 204);
        twice.bench.facts.token.revoked_ms = twice.bench.now.wall_ms;
        twice.bench.put();
        CHECK(twice.ask(id) == 401);
        CHECK(twice.bench.left() == 2);
        CHECK(twice.bench.notes.told.back() == std::pair<std::string, int>{"revoked_token", 401});
        for (int i = 0; i < 9; ++i)
            CHECK(twice.ask(id) == 401);
        CHECK(twice.ask(id) == 403);  // each was counted against the address: ten are the limit
    }
}

TEST_CASE("a refused call is no first ask: what follows it is spent") {
    for (const Twice::Way way : ways) {
        Twice twice(way);
        twice.bench.spend(3);
        CHECK(twice.ask(id) == 403);
        twice.bench.advance_s(10);
        // The longer window has two left of five.
        CHECK(twice.ask(id) == 204);
        CHECK(twice.bench.left() == 2);
    }
}

TEST_CASE("an id is nothing to the other dialects, to denied, or while the key is off") {
    for (const std::string path :
         {"/_hourgate/auth/caddy", "/_hourgate/auth/traefik", "/_hourgate/auth/envoy/clients/1"}) {
        for (const Twice::Way way : ways) {
            CAPTURE(path);
            Twice twice(way);
            Request request = HttpBench::forwarded("GET", "/clients/1", path);
            request.headers.push_back({"X-Ask-Id", id});
            CHECK(twice.ask(request) == 200);
            CHECK(twice.ask(request) == 200);
            CHECK(twice.bench.left() == 1);
        }
    }
    for (const Twice::Way way : ways) {
        Twice twice(way);
        CHECK(twice.ask(id) == 204);
        Request denied = Twice::about("GET", "/clients/1", id);
        denied.target = "/_hourgate/denied";
        CHECK(twice.ask(denied) == 503);
        CHECK(twice.bench.left() == 2);
        CHECK(twice.ask(id) == 204);  // denied took nothing from it
        CHECK(twice.bench.left() == 2);
    }
    for (const Twice::Way way : ways) {
        Twice twice(way, "");
        CHECK(twice.ask(id) == 204);
        CHECK(twice.ask(id) == 204);
        CHECK(twice.bench.left() == 1);
    }
}

TEST_CASE("a public call that is asked about twice is counted once for its address") {
    for (const Twice::Way way : ways) {
        Twice twice(way);
        for (int call = 0; call < 4; ++call) {  // the limit
            Request request = Twice::about("GET", "/health", id.substr(1) + std::to_string(call));
            drop_header(request, "Authorization");
            CHECK(twice.ask(request) == 204);
            CHECK(twice.ask(request) == 204);
        }
        Request request = Twice::about("GET", "/health", other_id);
        drop_header(request, "Authorization");
        CHECK(twice.ask(request) == 403);
    }
}

TEST_CASE("an ask that the fast path leaves to the long way is still the second there") {
    Twice twice(Twice::Way::long_way);
    http::AskIds asks("X-Ask-Id");
    const Request request = Twice::about("GET", "/clients/1", id);
    Call call = twice.bench.call();
    Decision granted;
    granted.reason = Reason::granted;
    const auto key = asks.before(request, call);
    REQUIRE(key);
    CHECK(call.spend == Spend::yes);
    asks.after(*key, call, &granted);

    (void)asks.before(request, call);
    CHECK(call.spend == Spend::counted);
    Call between = twice.bench.call();
    (void)asks.before(request, between);
    CHECK(between.spend == Spend::yes);  // one at a time
    asks.after(*key, call, nullptr);     // the fast path decided nothing

    Call again = twice.bench.call();
    (void)asks.before(request, again);
    CHECK(again.spend == Spend::counted);
    asks.after(*key, again, &granted);
    Call third = twice.bench.call();
    (void)asks.before(request, third);
    CHECK(third.spend == Spend::yes);
}

TEST_CASE("a full table forgets: then a repeat counts, and nothing is free that was not asked") {
    Twice twice(Twice::Way::long_way);
    http::AskIds asks("X-Ask-Id");
    Decision granted;
    granted.reason = Reason::granted;
    const auto ask = [&](std::size_t number) {
        Call call = twice.bench.call();
        const std::string name = std::to_string(number);
        const Request request =
            Twice::about("GET", "/clients/1", std::string(20 - name.size(), '0') + name);
        const auto key = asks.before(request, call);
        asks.after(*key, call, &granted);
        return call.spend == Spend::counted;
    };
    constexpr std::size_t many = 2 * limits::asks_max;
    std::size_t first = 0, second = 0;
    for (std::size_t i = 0; i < many; ++i)
        first += ask(i) ? 1U : 0U;
    for (std::size_t i = many; i-- > 0;)
        second += ask(i) ? 1U : 0U;
    CHECK(first == 0);
    CHECK(second > 0);
    CHECK(second <= limits::asks_max);
}

TEST_CASE("of threads that ask again at once, one is not spent") {
    Twice twice(Twice::Way::long_way);
    http::AskIds asks("X-Ask-Id");
    Decision granted;
    granted.reason = Reason::granted;
    for (int round = 0; round < 200; ++round) {
        const Request request = Twice::about("GET", "/clients/1", id + std::to_string(round));
        Call first = twice.bench.call();
        asks.after(*asks.before(request, first), first, &granted);
        std::atomic<int> free{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                Call call = twice.bench.call();
                const auto key = asks.before(request, call);
                free += call.spend == Spend::counted ? 1 : 0;
                asks.after(*key, call, &granted);
            });
        for (std::thread& thread : threads)
            thread.join();
        CHECK(free == 1);
    }
}
