// POST /_hourgate/introspect, RFC 7662: what a peer is told about a token, and how its form is
// read.
#include "http/ask/introspect.h"

#include "policy/reached.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Request;
using hourgate::http::Response;

namespace {

const std::string inactive =
    "200\nContent-Type: application/json\nCache-Control: no-store\n\n{\"active\":false}\n";

Request form(std::string body) {
    Request request = HttpBench::request("POST", "/_hourgate/introspect");
    drop_header(request, "Authorization");
    request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    request.body = std::move(body);
    return request;
}

Response introspect(HttpBench& bench, const std::string& token) {
    return bench.ask(form("token=" + token));
}

/// A look counts nothing, anywhere, and nobody is told.
void check_untouched(HttpBench& bench) {
    CHECK(bench.limiter.entries() == 0);
    CHECK(bench.own.entries() == 0);
    CHECK(bench.failures.entries() == 0);
    CHECK(bench.public_calls.entries() == 0);
    CHECK(bench.notes.told.empty());
    CHECK(bench.notes.again.empty());
    CHECK(bench.notes.unknown == 0);
}

bool has(const Response& answer, const std::string& part) {
    return answer.body.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a token that works is told with whose it is, what it reaches and when it ends") {
    HttpBench bench;
    bench.facts.token.scopes = policy::parse_scopes("clients:read notes:*").value();
    bench.facts.token.created_ms = Bench::start_ms - 5'999;
    bench.facts.token.expires_ms = Bench::start_ms + 90'999;
    bench.put();
    CHECK(
        whole(introspect(bench, HttpBench::token())) ==
        "200\nContent-Type: application/json\nCache-Control: no-store\n\n"
        R"({"active":true,"scope":"clients:read notes:*","client_id":"4f8a2c1bdedf","username":"ann@acme.example","token_type":"Bearer","exp":1780000090,"expires_in":90,"iat":1779999994,"sub":"mem_a","jti":"4f8a2c1bdedf","role":"manager","plan":"studio","workspace":"ws_a","env":"live"})"
        "\n");
    check_untouched(bench);
}

TEST_CASE("a token that is not narrowed is told with what its role comes to, in scopes") {
    HttpBench bench;
    const policy::Policy rules = policy::Policy::make(small_rules()).value();
    bench.facts.token.scopes.clear();
    for (const Role role : all_roles) {
        bench.facts.member.role = role;
        bench.put();
        const Response answer = introspect(bench, HttpBench::token());
        const std::string scopes = policy::to_text(policy::effective_scopes(rules, role));
        INFO(to_text(role));
        CHECK(has(answer, "\"scope\":\"" + scopes + "\""));
        CHECK(scopes.ends_with("hourgate:read hourgate:write"));
    }
}

TEST_CASE("what a token has not is left out: no end where it has none") {
    HttpBench bench;
    bench.facts.member.email.clear();
    bench.facts.member.name = "robot";
    bench.put();
    const Response answer = introspect(bench, HttpBench::token());
    CHECK(has(answer, R"("client_id":"4f8a2c1bdedf","username":"robot",)"));
    CHECK_FALSE(has(answer, "exp"));
}

TEST_CASE("a token ends at its expiry or at the end of its grace, whichever is earlier") {
    HttpBench bench;
    const auto exp_of = [&](std::int64_t expires_s, std::int64_t grace_s) {
        bench.facts.token.expires_ms = Bench::start_ms + expires_s * ms_per_s;
        bench.facts.token.rotated_ms = Bench::start_ms;
        bench.facts.token.works_until_ms = Bench::start_ms + grace_s * ms_per_s;
        bench.put();
        return introspect(bench, HttpBench::token());
    };
    CHECK(has(exp_of(10, 20), "\"exp\":1780000010,\"expires_in\":10,"));
    CHECK(has(exp_of(20, 10), "\"exp\":1780000010,"));
    bench.facts.token.expires_ms.reset();
    bench.put();
    CHECK(has(introspect(bench, HttpBench::token()), "\"exp\":1780000010,"));
}

TEST_CASE("whatever keeps a token from being used, the answer is the same bytes") {
    struct Case {
        std::string what;
        std::string token = HttpBench::token();
        std::function<void(HttpBench&)> make = [](HttpBench&) {};
    };
    const auto with = [](auto change) {
        return [change](HttpBench& bench) {
            change(bench);
            bench.put();
        };
    };
    std::string damaged = HttpBench::token();
    damaged.back() = damaged.back() == '0' ? '1' : '0';
    const std::vector<Case> cases = {
        {"unknown prefix", HttpBench::unknown_prefix()},
        {"wrong secret", HttpBench::wrong_secret()},
        {"malformed", "x"},
        {"not ours", "eyJhbGciOiJIUzI1NiJ9.e30.x"},
        {"quoted", "%22" + HttpBench::token() + "%22"},
        {"damaged", damaged},
        {"of another environment", whole_token("hsk_test_4f8a2c1bdedf_0123456789ABCDEFGHIJKLMNOP")},
        {"revoked", HttpBench::token(),
         with([](HttpBench& bench) { bench.facts.token.revoked_ms = bench.now.wall_ms; })},
        {"expired", HttpBench::token(),
         with([](HttpBench& bench) { bench.facts.token.expires_ms = bench.now.wall_ms; })},
        {"rotated", HttpBench::token(),
         with([](HttpBench& bench) { bench.facts.token.works_until_ms = bench.now.wall_ms; })},
        {"of a removed member", HttpBench::token(),
         with([](HttpBench& bench) { bench.facts.member.removed_ms = bench.now.wall_ms; })},
        {"lapsed", HttpBench::token(), with([](HttpBench& bench) {
             bench.facts.workspace.paid_until_ms = bench.now.wall_ms - 4 * Bench::day;
         })},
        {"on a plan without access", HttpBench::token(),
         with([](HttpBench& bench) { bench.facts.workspace.plan_id = 1; })},
        {"an operator's", HttpBench::token(), [](HttpBench& bench) { bench.make_operator(); }},
    };
    for (const Mode mode : {Mode::enforce, Mode::observe})
        for (const Case& one : cases) {
            CAPTURE(one.what, mode == Mode::observe);
            HttpBench bench(mode);
            one.make(bench);
            CHECK(whole(introspect(bench, one.token)) == inactive);
            check_untouched(bench);
        }
}

TEST_CASE("an unknown prefix and a wrong secret cost one look into the store each, every time") {
    HttpBench bench;
    CHECK(has(introspect(bench, HttpBench::token()), "true"));  // it is in memory now
    for (const std::string& token : {HttpBench::unknown_prefix(), HttpBench::wrong_secret()})
        for (int i = 0; i < 3; ++i) {
            const int before = bench.directory.look_ups;
            CHECK(whole(introspect(bench, token)) == inactive);
            CHECK(bench.directory.look_ups == before + 1);
        }
    check_untouched(bench);
}

TEST_CASE("a full window and an address that failed often keep no peer from the truth") {
    HttpBench bench;
    bench.spend_all();
    for (int i = 0; i < 12; ++i)
        CHECK(whole(introspect(bench, HttpBench::wrong_secret())) == inactive);
    CHECK(has(introspect(bench, HttpBench::token()), "{\"active\":true,"));
    CHECK(bench.left() == 0);
    CHECK(bench.failures.entries() == 0);
}

TEST_CASE("where the store does not answer nothing is said of the token, and it is no refusal") {
    HttpBench bench;
    bench.directory.fails = true;
    const Response answer = introspect(bench, HttpBench::token());
    CHECK(answer.status == 503);
    CHECK(has(answer, R"({"error":{"code":"unavailable","reason":"store_failed",)"));
    CHECK_FALSE(has(answer, "active"));
    CHECK_FALSE(has(answer, "\"decision\""));
    CHECK(header(answer, "X-Hourgate-Decision") == "(absent)");
    check_untouched(bench);
}

TEST_CASE("a form is read strictly, and what is not asked for is read over") {
    const std::string token = HttpBench::token();
    std::string escaped;
    for (const char c : token) {
        constexpr const char* digits = "0123456789aBcDeF";
        const auto byte = static_cast<unsigned char>(c);
        escaped += std::string("%") + digits[byte >> 4U] + digits[byte & 15U];
    }
    std::string many = "token=" + token;
    for (int i = 0; i < 15; ++i)
        many += "&p" + std::to_string(i) + "=1";
    HttpBench bench;
    for (const std::string& body :
         {"token=" + token, "token=" + escaped, "%74oken=" + token, "&&token=" + token + "&",
          "token_type_hint=refresh_token&token=" + token, "token=" + token + "&a=b%20+c&d=%00",
          "token=&token=" + token, "token&token=" + token, "=x&token=" + token, many}) {
        CAPTURE(body);
        CHECK(has(bench.ask(form(body)), "{\"active\":true,"));
    }
    const std::vector<std::pair<std::string, std::string>> table = {
        {"", "The parameter 'token' is missing."},
        {"token=", "The parameter 'token' is missing."},
        {"Token=" + token, "The parameter 'token' is missing."},
        {token, "The parameter 'token' is missing."},
        {token + "=1", "The parameter 'token' is missing."},
        {"{\"token\":\"" + token + "\"}", "The parameter 'token' is missing."},
        {"token=" + token + "&token=" + token, "A parameter is there twice."},
        {"token=" + token + "&tok%65n=x", "A parameter is there twice."},
        {"token=" + token + "&a=1&a=2", "A parameter is there twice."},
        {"token=" + token + "%", "The body has a '%' that two hex digits do not follow."},
        {"token=" + token + "%4", "The body has a '%' that two hex digits do not follow."},
        {"token=" + token + "%4g", "The body has a '%' that two hex digits do not follow."},
        {"%zz=1&token=" + token, "The body has a '%' that two hex digits do not follow."},
        {many + "&q=1", "The body has too many parameters."},
    };
    for (const auto& [body, message] : table) {
        CAPTURE(body);
        const Response answer = bench.ask(form(body));
        CHECK(answer.status == 400);
        CHECK(has(answer, R"("code":"bad_request","reason":"bad_request","message":")" + message));
        CHECK_FALSE(shows(answer, token));
    }
    check_untouched(bench);
}

TEST_CASE("only a peer's POST of a form is read") {
    HttpBench bench;
    Request json = form("token=" + HttpBench::token());
    set_header(json, "Content-Type", "application/json");
    CHECK(bench.ask(json).status == 415);
    Request charset = form("token=" + HttpBench::token());
    set_header(charset, "Content-Type", "Application/X-WWW-Form-Urlencoded; charset=UTF-8");
    CHECK(has(bench.ask(charset), "true"));
    Request get = form("");
    get.method = "GET";
    get.target += "?token=" + HttpBench::token();
    const Response refused = bench.ask(get);
    CHECK(refused.status == 405);
    CHECK(header(refused, "Allow") == "POST");
    CHECK_FALSE(shows(refused, HttpBench::token()));
    Request stranger = form("token=" + HttpBench::token());
    stranger.peer = *Address::parse("192.0.2.7");
    CHECK(whole(bench.ask(stranger)) == "404\n\n");
    CHECK(bench.service.handle(http::Listener::public_, form("token=x")).status == 404);
    CHECK(bench.service.body_bytes_max(http::Listener::ask, "POST", "/_hourgate/introspect") ==
          limits::verify_body_bytes_max);
    CHECK(bench.service.body_bytes_max(http::Listener::public_, "POST", "/_hourgate/introspect") ==
          0);
    check_untouched(bench);
}
