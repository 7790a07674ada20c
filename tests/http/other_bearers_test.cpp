// other_bearers = "pass": a bearer of another service goes through as it was sent, and counts as a
// public call. What may be a token of ours never does.
#include <string>
#include <string_view>
#include <vector>

#include "http/proxy/rewrite.h"
#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using http::Response;

namespace {

const std::string web_token =
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

policy::PolicyConfig rules() {
    policy::PolicyConfig made = small_rules();
    made.resources[0].other_bearers_pass = true;  // clients
    return made;
}

Response asked(HttpBench& bench, const std::string& authorization,
               std::string_view target = "/clients/1") {
    http::Request request = HttpBench::forwarded("GET", target);
    for (auto& header : request.headers)
        if (header.name == "Authorization")
            header.value = authorization;
    return bench.ask(request);
}

/// The head that the API would get; "" if the call is refused.
std::string upstream_head(HttpBench& bench, const std::string& authorization,
                          std::string_view target = "/clients/1") {
    const std::string bytes = "GET " + std::string(target) +
                              " HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1\r\n"
                              "Authorization: " +
                              authorization + "\r\n\r\n";
    http::RequestHead head;
    http::parse_request_head(bytes, head);
    REQUIRE(head.flaw == http::HeadFlaw::none);
    head.request.peer = Address::loopback();
    http::Service::Settings settings = bench.settings();
    settings.upstream = &nowhere();
    bench.service.use(std::move(settings), bench.gate);
    const auto outcome = bench.service.pass(head);
    return outcome.forwarded_call ? outcome.forwarded_call->head : "";
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("a bearer of another service passes untouched where the resource lets it") {
    HttpBench bench(Mode::enforce, rules());
    const Response answer = asked(bench, "Bearer " + web_token);
    CHECK(answer.status == 200);
    CHECK(header(answer, "X-Hourgate-Member").empty());
    CHECK(header(answer, "X-Hourgate-Role").empty());
    const std::string head = upstream_head(bench, "Bearer " + web_token);
    CHECK(has(head, "\r\nAuthorization: Bearer " + web_token + "\r\n"));
    CHECK(has(head, "\r\nX-Hourgate-Member: \r\n"));
    // Elsewhere it is no token.
    CHECK(asked(bench, "Bearer " + web_token, "/notes/mem_a").status == 401);
    CHECK(upstream_head(bench, "Bearer " + web_token, "/notes/mem_a").empty());
}

TEST_CASE("a token of ours is judged as ever, also where other bearers pass") {
    HttpBench bench(Mode::enforce, rules());
    const Response answer = asked(bench, "Bearer " + HttpBench::token());
    CHECK(answer.status == 200);
    CHECK(header(answer, "X-Hourgate-Member") == "mem_a");
    CHECK(bench.left() == 2);
    const std::string head = upstream_head(bench, "Bearer " + HttpBench::token());
    CHECK(has(head, "\r\nX-Hourgate-Member: mem_a\r\n"));
    CHECK_FALSE(has(head, "Authorization"));
    bench.facts.member.role = Role::member;
    bench.put();
    CHECK(asked(bench, "Bearer " + HttpBench::token()).status == 403);
}

TEST_CASE("what may be a token of ours, and what is no bearer, does not pass") {
    const std::string token = HttpBench::token();
    for (const std::string& value :
         {"Bearer " + HttpBench::unknown_prefix(), "Bearer " + HttpBench::wrong_secret(),
          "Bearer " + token.substr(0, token.size() - 1), "Bearer x" + token,
          "Bearer HSK" + token.substr(3), "Bearer \"" + token + "\"", "Bearer " + token.substr(1),
          "Bearer: " + token, "Bearer acme" + token.substr(3), std::string("Basic dTpw"),
          std::string("Bearer"), std::string("Bearer a b"), std::string("Bearer caf\xc3\xa9"),
          web_token, std::string("")}) {
        CAPTURE(value);
        HttpBench bench(Mode::enforce, rules());
        CHECK(asked(bench, value).status == 401);
        CHECK(upstream_head(bench, value).empty());
    }
}

TEST_CASE("other bearers count as public calls of their address, and never as its failures") {
    HttpBench bench(Mode::enforce, rules());
    for (int i = 0; i < 4; ++i)
        CHECK(asked(bench, "Bearer " + web_token).status == 200);
    const Response full = asked(bench, "Bearer " + web_token);
    CHECK(full.status == 429);
    CHECK(has(full.body, "\"reason\":\"window_full\""));
    for (int i = 0; i < 30; ++i)
        CHECK(asked(bench, "Bearer " + web_token).status == 429);
    CHECK(asked(bench, "Bearer " + HttpBench::token()).status == 200);
    CHECK(has(asked(bench, "Bearer " + HttpBench::unknown_prefix()).body,
              "\"reason\":\"unknown_token\""));  // not too_many_failures
}

TEST_CASE("a path that cannot be read in one way is refused before any bearer is looked at") {
    HttpBench bench(Mode::enforce, rules());
    for (const char* target : {"/clients/../notes/mem_b", "/clients%2F1", "/clients/a;b"}) {
        CAPTURE(target);
        CHECK(asked(bench, "Bearer " + web_token, target).status == 400);
    }
    CHECK(asked(bench, "Bearer " + web_token, "/nowhere").status == 401);
    CHECK(asked(bench, "Bearer " + web_token, "/_hourgate/api/v1/me").status == 401);
}

TEST_CASE("in mode observe no credentials but such a bearer go to the API") {
    HttpBench bench(Mode::observe, rules());
    CHECK(has(upstream_head(bench, "Bearer " + web_token), "\r\nAuthorization: Bearer eyJ"));
    for (const std::string& value : {"Bearer " + HttpBench::unknown_prefix(),
                                     std::string("Basic dTpw"), "Bearer x" + HttpBench::token()}) {
        CAPTURE(value);
        CHECK_FALSE(has(upstream_head(bench, value), "Authorization"));
    }
}
