// What held a token is overwritten before its memory is given back, also when the peer went away
// before it was sent. Every block of this program that is given back is looked at, in the tests
// below, no matter who gives it back (support/allocations.h).
#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "http/server/session.h"
#include "support/allocations.h"
#include "support/catch.h"
#include "support/manage_bench.h"

namespace {

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Listener;
using hourgate::http::Session;
using Phase = hourgate::http::Session::Phase;

/// A session in which a token was minted, with the answer not sent.
struct Minted {
    ManageBench bench;
    const std::atomic<bool> ending{false};
    std::unique_ptr<Session> session =
        std::make_unique<Session>(Listener::public_, Address::loopback(), *bench.service, ending);
    std::string secret;  // of the new token

    Minted() {
        const std::string body = R"({"name":"ci"})";
        session->take(
            "POST /_hourgate/api/v1/tokens HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " +
            bench.tokens["manager@acme"] +
            "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + body);
        while (session->phase() == Phase::work)
            session->work();
        REQUIRE(session->phase() == Phase::answer);
        const std::string_view answer = session->output();
        const std::size_t token = answer.find("\"token\":\"hsk_live_");
        REQUIRE(token != std::string_view::npos);
        const std::size_t end = answer.find('"', token + 10);
        secret = answer.substr(end - 32, 32);
    }
};

}  // namespace

TEST_CASE("a block with a text in it is noticed when it is given back") {
    const std::string text = "a text that is long enough for no other place than a block";
    CHECK(given_back_with(text, [&] { const std::string copy = "<" + text + ">"; }) > 0);
    CHECK(given_back_with("another", [&] { const std::string copy = "<" + text + ">"; }) == 0);
}

TEST_CASE("a minted token whose answer was never sent is in no memory that is given back") {
    Minted minted;
    CHECK(given_back_with(minted.secret, [&] { minted.session.reset(); }) == 0);
}

TEST_CASE("a minted token whose answer was sent, or half of it, is in no memory given back") {
    for (const bool whole : {true, false}) {
        Minted minted;
        CHECK(given_back_with(minted.secret, [&] {
                  const std::size_t bytes = minted.session->output().size();
                  minted.session->sent(whole ? bytes : bytes / 2);
                  minted.session.reset();
              }) == 0);
    }
}

TEST_CASE("a token in a request that was never finished is in no memory given back") {
    Minted minted;
    const std::string secret(32, 's');
    for (const char* end : {"\r\nX: y", "\r\n\r\n"}) {
        auto session = std::make_unique<Session>(Listener::ask, Address::loopback(),
                                                 *minted.bench.service, minted.ending);
        session->take("GET /_hourgate/auth/caddy HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " +
                      secret + end);
        CHECK(given_back_with(secret, [&] { session.reset(); }) == 0);
    }
}
