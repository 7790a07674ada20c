// POST {api_prefix}/check, and verify with "spend": false: the words of a refusal without the call.
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Request;
using hourgate::http::Response;
using Json = nlohmann::ordered_json;

namespace {

using Told = std::vector<std::pair<std::string, int>>;
const Told check_alone = {{"granted", 200}};

Request question(std::string body) {
    Request request = HttpBench::request("POST", "/_hourgate/api/v1/check");
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = std::move(body);
    return request;
}

Response check(HttpBench& bench, const std::string& method, const std::string& path) {
    return bench.service.handle(http::Listener::public_,
                                question(Json{{"method", method}, {"path", path}}.dump()));
}

Json data_of(const Response& answer) {
    return Json::parse(answer.body).at("data");
}

void lapse(HttpBench& bench) {
    bench.facts.workspace.paid_until_ms = bench.now.wall_ms - 9 * Bench::day;
    bench.put();
}

}  // namespace

TEST_CASE(
    "a call that would be granted is told so, with what is left, and nothing of it is spent") {
    HttpBench bench;
    const Response answer = check(bench, "GET", "/clients/1?q=x");
    CHECK(answer.status == 200);
    CHECK(
        answer.body ==
        R"({"data":{"granted":true,"status":200,"reason":"granted","observed":false,"resource":"clients","role":"manager","plan":"studio","own":null,"limits":[{"window":"burst","limit":3,"windowSeconds":10,"per":"token","remaining":3,"reset":10},{"window":"sustained","limit":5,"windowSeconds":60,"per":"token","remaining":5,"reset":60}],"error":null}})"
        "\n");
    CHECK(bench.left() == 3);
    CHECK(bench.own_left(policy::GateWindow::check) == 59);
    CHECK(bench.notes.told == check_alone);
    CHECK(bench.notes.again.empty());
}

TEST_CASE("what would be refused carries the very words of that refusal, and is on no record") {
    struct Case {
        std::string method, path, reason;
        int status = 0;
        std::function<void(HttpBench&)> make = [](HttpBench&) {};
    };
    const std::vector<Case> cases = {
        {"GET", "/nowhere", "path_unlisted", 403},
        {"PURGE", "/clients/1", "role_forbidden", 403},
        {"GET", "/notes/mem_b", "not_own", 403,
         [](HttpBench& bench) {
             bench.facts.member.role = Role::member;
             bench.put();
         }},
        {"DELETE", "/clients/1", "scope_missing", 403,
         [](HttpBench& bench) {
             bench.facts.token.scopes = policy::parse_scopes("clients:read").value();
             bench.put();
         }},
        {"GET", "/clients/../x", "path_ambiguous", 400},
        {"GET", "/Clients/1", "path_ambiguous", 400},
        {"G T", "/clients/1", "bad_request", 400},
        {"GET", "clients", "bad_request", 400},
        {"GET", "/" + std::string(limits::target_bytes_default, 'a'), "target_too_long", 414},
        {"GET", "/clients/1", "plan_lapsed", 402, lapse},
        {"GET", "/clients/1", "window_full", 429, [](HttpBench& bench) { bench.spend_all(); }},
        {"GET", "/_hourgate/api/v1/tokens", "scope_missing", 403,
         [](HttpBench& bench) {
             bench.facts.token.scopes = policy::parse_scopes("clients:*").value();
             bench.put();
         }},
    };
    for (const Case& one : cases) {
        CAPTURE(one.method, one.path.substr(0, 40), one.reason);
        HttpBench bench;
        one.make(bench);
        const std::uint32_t left = bench.left();
        const Response answer = check(bench, one.method, one.path);
        REQUIRE(answer.status == 200);
        const Json data = data_of(answer);
        CHECK(data["granted"] == false);
        CHECK(data["status"] == one.status);
        CHECK(data["reason"] == one.reason);
        CHECK(bench.left() == left);
        CHECK(bench.own_left(policy::GateWindow::check) == 59);
        CHECK(bench.notes.told == check_alone);
        CHECK_FALSE(data["error"].contains("decision"));
        // The real one, at the same instant.
        const Response refused = bench.ask(HttpBench::forwarded(one.method, one.path));
        CHECK(refused.status == one.status);
        Json error = Json::parse(refused.body).at("error");
        error.erase("decision");
        CHECK(data["error"].dump() == error.dump());
        CHECK_FALSE(shows(answer, HttpBench::token()));
    }
}

TEST_CASE("a call to the gate's own routes and to a public resource is decided as it would be") {
    HttpBench bench;
    lapse(bench);
    CHECK(data_of(check(bench, "POST", "/_hourgate/api/v1/me/rotate"))["granted"] == true);
    CHECK(data_of(check(bench, "GET", "/_hourgate/api/v1/me"))["granted"] == true);
    CHECK(data_of(check(bench, "POST", "/_hourgate/api/v1/tokens"))["reason"] == "plan_lapsed");
    CHECK(data_of(check(bench, "GET", "/_hourgate/why/dec_0"))["granted"] == true);
    const Json open = data_of(check(bench, "GET", "/health"));
    CHECK(open["granted"] == true);
    CHECK(open["resource"] == "health");
    CHECK(bench.public_calls.entries() == 0);
    CHECK(bench.own_left(policy::GateWindow::check) == 55);
}

TEST_CASE("in mode observe what would be refused is granted, and says what it would have been") {
    HttpBench bench(Mode::observe);
    const Json data = data_of(check(bench, "GET", "/nowhere"));
    CHECK(data["granted"] == true);
    CHECK(data["status"] == 200);
    CHECK(data["reason"] == "path_unlisted");
    CHECK(data["observed"] == true);
    CHECK(data["error"].is_null());
    CHECK(bench.notes.told == check_alone);
}

TEST_CASE("a token narrowed to something else may ask what would be, and an unusable one may not") {
    HttpBench bench;
    bench.facts.token.scopes = policy::parse_scopes("notes:read").value();
    bench.facts.member.role = Role::member;
    bench.put();
    CHECK(data_of(check(bench, "GET", "/notes/mem_a"))["granted"] == true);
    CHECK(data_of(check(bench, "GET", "/notes/mem_a"))["own"] == "mem_a");
    bench.facts.token.revoked_ms = bench.now.wall_ms;
    bench.put();
    const Response answer = check(bench, "GET", "/notes/mem_a");
    CHECK(answer.status == 401);
    CHECK(answer.body.find("revoked_token") != std::string::npos);
    CHECK(bench.failures.entries() == 1);
    CHECK(bench.own_left(policy::GateWindow::check) == 58);
}

TEST_CASE("a question that is off is refused as a whole, and nothing of it is repeated") {
    HttpBench bench;
    const std::string token = HttpBench::token();
    const std::vector<std::pair<std::string, int>> table = {
        {"", 422},
        {"{}", 422},
        {"[", 400},
        {"[]", 400},
        {R"({"method":"GET"})", 422},
        {R"({"method":"GET","path":7})", 422},
        {R"({"method":null,"path":"/x"})", 422},
        {R"({"method":"GET","path":"/x","spend":true})", 422},
        {R"({"method":"GET","path":"/x","path":"/y"})", 400},
        {R"({"method":"GET","path":"/x?token=)" + token + "\"}", 422},
        {R"({"method":")" + token + R"(","path":"/x"})", 422},
    };
    for (const auto& [body, status] : table) {
        CAPTURE(body);
        const Response answer = bench.service.handle(http::Listener::public_, question(body));
        CHECK(answer.status == status);
        CHECK_FALSE(shows(answer, token));
    }
    Request other = question(R"({"method":"GET","path":"/x"})");
    set_header(other, "Content-Type", "text/plain");
    CHECK(bench.service.handle(http::Listener::public_, other).status == 415);
    CHECK(bench.left() == 3);
    Request get = HttpBench::request("GET", "/_hourgate/api/v1/check");
    CHECK(bench.service.handle(http::Listener::public_, get).status == 405);
}

TEST_CASE("who asks what would be 60 times a minute has to wait, and the plan pays for none") {
    HttpBench bench;
    for (int i = 0; i < 60; ++i)
        REQUIRE(check(bench, "GET", "/clients/1").status == 200);
    const Response full = check(bench, "GET", "/clients/1");
    CHECK(full.status == 429);
    CHECK(header(full, "Retry-After") == "60");
    CHECK(bench.left() == 3);
}
