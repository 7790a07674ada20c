// A stop that comes while calls to the API are on their way: it ends, whatever the callers do.
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"
#include "support/one_loop.h"
#include "support/waiting.h"

using namespace hourgate;
using namespace hourgate::test;

namespace {

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

}  // namespace

TEST_CASE("a stop ends when callers close right after the answers that were promised to go on") {
    OneLoop gate;
    constexpr std::size_t calls = 10;
    std::vector<RawClient> callers, at_api;
    for (std::size_t i = 0; i < calls; ++i) {
        callers.push_back(gate.client());
        callers.back().send(call());
        at_api.push_back(gate.api.accept());
        (void)at_api.back().head();
        at_api.back().send(ok.substr(0, ok.size() - 1));  // "keep-alive" is promised with the head
        CHECK_FALSE(closes(callers.back().head()));
    }
    // When the loop goes on, the stop, the ends of the answers and the ends of the callers are all
    // there: it learns of an answer's end first, and reads the caller's after it.
    gate.while_held([&] {
        gate.server->stop_accepting();
        for (RawClient& one : at_api) {
            one.send(ok.substr(ok.size() - 1));
            one.wait_until_received();
        }
        for (RawClient& caller : callers)
            caller.finish_sending();
    });
    for (RawClient& caller : callers)
        CHECK(caller.until_end() == "hello");
    CHECK(gate.finish() == 0);
}

TEST_CASE("a stop ends when callers are gone before their answers") {
    OneLoop gate;
    std::vector<RawClient> at_api;
    for (int i = 0; i < 10; ++i) {
        RawClient caller = gate.client();
        caller.send(call());
        at_api.push_back(gate.api.accept());
        (void)at_api.back().head();
    }  // each has closed by now, in phase forward
    gate.server->stop_accepting();
    for (RawClient& one : at_api)
        one.send(ok);
    CHECK(gate.finish() == 0);
}

TEST_CASE("an answer that begins after the stop says that its connection ends") {
    OneLoop gate;
    RawClient caller = gate.client();
    caller.send(call());
    RawClient at_api = gate.api.accept();
    (void)at_api.head();
    gate.server->stop_accepting();
    at_api.send(ok);
    const std::string answer = caller.answer();
    CHECK(answer.ends_with("\r\n\r\nhello"));
    CHECK(closes(answer));
    CHECK(caller.ended());
    CHECK(gate.finish() == 0);
}

TEST_CASE("connections in every phase end with a stop, and whole requests are answered first") {
    OneLoop gate;
    RawClient idle = gate.client();
    idle.send(get("/_hourgate/healthz"));
    (void)idle.answer();
    RawClient in_head = gate.client();
    in_head.send("GET /clients/1 HT");
    RawClient forwarded = gate.client();
    forwarded.send(call());
    RawClient at_api = gate.api.accept();
    (void)at_api.head();
    REQUIRE(comes_true([&] {
        return gate.server->counts()
                   .by_phase[static_cast<std::size_t>(http::Session::Phase::head)] == 1;
    }));
    gate.server->stop_accepting();
    CHECK(idle.ended());
    in_head.send("TP/1.1\r\nHost: h\r\n\r\n");
    CHECK(status_of(in_head.until_end()) == "HTTP/1.1 401 Unauthorized");
    at_api.send(ok);
    CHECK(forwarded.until_end().ends_with("hello"));
    CHECK(gate.finish() == 0);
}
