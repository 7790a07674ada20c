// Each dialect with each outcome: what nginx, Caddy, Traefik and Envoy get to read.
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"
#include "support/http_bench.h"
#include "token/digest.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Request;
using hourgate::http::Response;

namespace {

constexpr std::string_view identity[] = {
    "X-Hourgate-Workspace", "X-Hourgate-Member", "X-Hourgate-Role",   "X-Hourgate-Plan",
    "X-Hourgate-Token",     "X-Hourgate-Env",    "X-Hourgate-Scopes", "X-Hourgate-Own"};

/// The same question in the words of each proxy.
Request asked(std::string_view dialect, std::string_view method, std::string_view target) {
    if (dialect == "nginx")
        return HttpBench::nginx(method, target);
    if (dialect == "denied")
        return HttpBench::nginx(method, target, "/_hourgate/denied");
    if (dialect == "envoy")
        return HttpBench::request(std::string(method),
                                  "/_hourgate/auth/envoy" + std::string(target));
    return HttpBench::forwarded(method, target, "/_hourgate/auth/" + std::string(dialect));
}

/// A bench on which a GET of /clients/1 is answered with this status.
struct Outcome {
    int status;
    std::string_view reason;
    std::string_view target = "/clients/1";
};
constexpr Outcome outcomes[] = {
    {400, "path_ambiguous", "/clients//1"},
    {401, "revoked_token"},
    {402, "plan_without_api"},
    {403, "role_forbidden"},
    {429, "window_full"},
    {503, "store_failed"},
};

void prepare(HttpBench& bench, int status) {
    if (status == 401)
        bench.facts.token.revoked_ms = bench.now.wall_ms;
    if (status == 402)
        bench.facts.workspace.plan_id = 1;
    if (status == 403)
        bench.facts.member.role = Role::member;
    if (status == 429)
        bench.spend(3);
    if (status == 503)
        bench.directory.fails = true;
    bench.put();
}

}  // namespace

TEST_CASE("a granted call is 204 for nginx and 200 for the others, with every identity header") {
    for (const std::string_view dialect : {"nginx", "caddy", "traefik", "envoy"}) {
        CAPTURE(dialect);
        HttpBench bench;
        bench.facts.token.scopes = policy::parse_scopes("clients:read notes:*").value();
        bench.put();
        const Response answer = bench.ask(asked(dialect, "GET", "/clients/1"));
        CHECK(whole(answer) == std::string(dialect == "nginx" ? "204" : "200") + R"(
X-Hourgate-Workspace: ws_a
X-Hourgate-Member: mem_a
X-Hourgate-Role: manager
X-Hourgate-Plan: studio
X-Hourgate-Token: 4f8a2c1bdedf
X-Hourgate-Env: live
X-Hourgate-Scopes: clients:read notes:*
X-Hourgate-Own: 
X-Hourgate-Decision: dec_ID
Cache-Control: no-store
X-RateLimit-Limit: 5
X-RateLimit-Remaining: 4
X-RateLimit-Reset: 1780000060
RateLimit-Policy: "burst";q=3;w=10, "sustained";q=5;w=60
RateLimit: "burst";r=2;t=10, "sustained";r=4;t=60

)");
        CHECK(bench.left() == 2);
        CHECK(bench.notes.told == std::vector<std::pair<std::string, int>>{{"granted", 200}});
    }
}

TEST_CASE("an identity that is not known is sent empty: what the client sent must not stay") {
    HttpBench bench;
    Request request = HttpBench::forwarded("GET", "/health");
    drop_header(request, "Authorization");
    const Response answer = bench.ask(request);
    CHECK(answer.status == 200);
    for (const std::string_view name : identity)
        CHECK(header(answer, name).empty());
}

TEST_CASE("what a role reaches as its own is told to the upstream") {
    HttpBench bench;
    bench.facts.member.role = Role::member;
    bench.put();
    const Response answer = bench.ask(HttpBench::forwarded("GET", "/notes/me"));
    CHECK(answer.status == 200);
    CHECK(header(answer, "X-Hourgate-Own") == "mem_a");
}

TEST_CASE("nginx gets a status it can pass on, and the true one beside it") {
    for (const Outcome& outcome : outcomes) {
        CAPTURE(outcome.reason);
        HttpBench bench;
        prepare(bench, outcome.status);
        const std::uint32_t left = bench.left();
        const Response answer = bench.ask(asked("nginx", "GET", outcome.target));
        CHECK(answer.status == (outcome.status == 401 ? 401 : outcome.status == 503 ? 503 : 403));
        CHECK(header(answer, "X-Hourgate-Status") == std::to_string(outcome.status));
        CHECK(header(answer, "Cache-Control") == "no-store");
        CHECK(header(answer, "X-Hourgate-Decision").starts_with("dec_"));
        CHECK(header(answer, "X-Hourgate-Role") == "(absent)");
        CHECK(header(answer, "Retry-After") == (outcome.status == 429 ? "10" : "(absent)"));
        CHECK(bench.left() == left);
        CHECK(bench.notes.told == std::vector<std::pair<std::string, int>>{
                                      {std::string(outcome.reason), outcome.status}});
    }
}

TEST_CASE("denied, caddy, traefik and envoy give the same refusal in full") {
    for (const Outcome& outcome : outcomes) {
        std::vector<std::string> texts;
        for (const std::string_view dialect : {"denied", "caddy", "traefik", "envoy"}) {
            CAPTURE(outcome.reason, dialect);
            HttpBench bench;
            prepare(bench, outcome.status);
            if (dialect == "denied")
                (void)bench.ask(asked("nginx", "GET", outcome.target));
            const std::uint32_t left = bench.left();
            const Response answer = bench.ask(asked(dialect, "GET", outcome.target));
            CHECK(answer.status == outcome.status);
            CHECK(header(answer, "X-Hourgate-Status") == "(absent)");
            CHECK(answer.body.find("\"reason\":\"" + std::string(outcome.reason) + "\"") !=
                  std::string::npos);
            CHECK(bench.left() == left);
            texts.push_back(whole(answer));
        }
        for (const std::string& text : texts)
            CHECK(text == texts.front());
    }
}

TEST_CASE("a target that is too long is 414 wherever it is asked about") {
    const std::string longest = "/clients/" + std::string(7'991, 'a');
    {
        HttpBench bench;
        CHECK(bench.ask(HttpBench::nginx("GET", longest)).status == 204);
        CHECK(bench.ask(HttpBench::forwarded("GET", longest)).status == 200);
    }
    HttpBench bench;
    const std::string over = longest + "a";
    const Response nginx = bench.ask(HttpBench::nginx("GET", over));
    CHECK(nginx.status == 403);
    CHECK(header(nginx, "X-Hourgate-Status") == "414");
    const Response denied = bench.ask(HttpBench::nginx("GET", over, "/_hourgate/denied"));
    CHECK(denied.status == 414);
    CHECK(bench.ask(HttpBench::request("GET", "/_hourgate/auth/envoy" + over)).status == 414);
    const Response caddy = bench.ask(HttpBench::forwarded("GET", over));
    CHECK(caddy.status == 414);
    CHECK(caddy.body.find("\"reason\":\"target_too_long\"") != std::string::npos);
    CHECK(caddy.body.find("Send at most 8000 bytes of path and query.") != std::string::npos);
    CHECK(caddy.body.find("aaaa") == std::string::npos);
    CHECK(bench.left() == 3);
}

TEST_CASE("the second asking of nginx counts nothing: no failure, no decision") {
    HttpBench bench;
    Request first = HttpBench::nginx("GET", "/clients/1");
    drop_header(first, "Authorization");
    Request second = first;
    second.target = "/_hourgate/denied";
    for (int i = 0; i < 10; ++i) {
        CHECK(bench.ask(first).status == 401);
        const Response answer = bench.ask(second);
        CAPTURE(i);
        CHECK(answer.status == 401);
        CHECK(answer.body.find("no_credentials") != std::string::npos);
    }
    CHECK(bench.notes.told.size() == 10);
    CHECK(bench.notes.again.size() == 10);
    CHECK(bench.ask(first).status == 403);
    CHECK(bench.ask(second).status == 429);
}

TEST_CASE("a refusal that would be a grant by now is neither: send it again") {
    HttpBench bench;
    bench.spend(3);
    CHECK(bench.ask(asked("nginx", "GET", "/clients/1")).status == 403);
    bench.advance_s(10);
    CHECK(
        whole(bench.ask(asked("denied", "GET", "/clients/1"))) ==
        "503\nContent-Type: application/json\nX-Hourgate-Decision: dec_ID\n"
        "Cache-Control: no-store\n"
        "X-RateLimit-Limit: 5\nX-RateLimit-Remaining: 2\nX-RateLimit-Reset: 1780000060\n"
        "RateLimit-Policy: \"burst\";q=3;w=10, \"sustained\";q=5;w=60\n"
        "RateLimit: \"burst\";r=3;t=10, \"sustained\";r=2;t=50\n"
        "Retry-After: 1\n\n"
        R"({"error":{"code":"unavailable","reason":"granted_since","message":"The call was refused a moment ago, and would be granted now.","fix":"Send the same call again.","decision":"dec_ID"}})"
        "\n");
    CHECK(bench.left() == 3);
}

TEST_CASE("envoy's prefix is taken off and the rest is judged byte for byte") {
    HttpBench bench;
    const auto status = [&](std::string_view method, std::string_view rest) {
        return bench
            .ask(HttpBench::request(std::string(method),
                                    "/_hourgate/auth/envoy" + std::string(rest)))
            .status;
    };
    CHECK(status("GET", "/clients/1?q=%2F") == 200);
    CHECK(status("GET", "/clients%2f1") == 400);
    CHECK(status("GET", "/clients/../health") == 400);
    CHECK(status("GET", "//health") == 400);
    CHECK(status("DELETE", "/clients/1") == 200);
    CHECK(status("PROPFIND", "/clients/1") == 403);
    CHECK(status("GET", "/health") == 200);
    CHECK(status("GET", "/") == 403);
    CHECK(status("GET", "") == 404);
    CHECK(status("GET", "x/clients/1") == 404);
    CHECK(status("GET", "?/clients/1") == 404);
}

TEST_CASE("the method asked about is the one the proxy says, not the one it asks with") {
    for (const std::string_view dialect : {"nginx", "caddy"}) {
        CAPTURE(dialect);
        HttpBench bench;
        bench.facts.token.scopes = policy::parse_scopes("clients:read").value();
        bench.put();
        Request request = asked(dialect, "DELETE", "/clients/1");
        CHECK(bench.ask(request).status == 403);
        request = asked(dialect, "GET", "/clients/1");
        request.method = "POST";  // nginx repeats the client's method on a named location
        CHECK(bench.ask(request).status / 100 == 2);
    }
}

TEST_CASE("method and path must be told exactly once") {
    for (const std::string_view dialect : {"nginx", "denied", "caddy", "traefik"}) {
        const bool nginx = dialect == "nginx" || dialect == "denied";
        for (const std::string_view name : {nginx ? "X-Original-Method" : "X-Forwarded-Method",
                                            nginx ? "X-Original-URI" : "X-Forwarded-Uri"}) {
            CAPTURE(dialect, name);
            HttpBench bench;
            Request missing = asked(dialect, "GET", "/clients/1");
            drop_header(missing, name);
            Request twice = asked(dialect, "GET", "/clients/1");
            twice.headers.push_back({std::string(name), "/health"});
            for (const Request& request : {missing, twice}) {
                const Response answer = bench.ask(request);
                CHECK(answer.status == (dialect == "nginx" ? 403 : 400));
                CHECK(answer.body.find(name) != std::string::npos);
                CHECK(bench.left() == 3);
            }
        }
    }
}

TEST_CASE("a header of another dialect says nothing") {
    HttpBench bench;
    Request request = HttpBench::forwarded("GET", "/clients/1", "/_hourgate/auth/nginx");
    CHECK(bench.ask(request).status == 403);
    CHECK(bench.notes.told.back().second == 400);
    request = HttpBench::nginx("GET", "/nowhere", "/_hourgate/auth/caddy");
    request.headers.push_back({"X-Forwarded-Method", "GET"});
    request.headers.push_back({"X-Forwarded-Uri", "/clients/1"});
    CHECK(bench.ask(request).status == 200);
}

TEST_CASE("who is no peer of ours gets a bare 404 on every route and learns nothing") {
    HttpBench bench;
    std::vector<Request> requests = {
        HttpBench::nginx("GET", "/clients/1"), HttpBench::forwarded("GET", "/clients/1"),
        HttpBench::request("POST", "/_hourgate/verify"), HttpBench::request("GET", "/anything")};
    for (Request& request : requests) {
        request.peer = *Address::parse("192.0.2.77");
        CHECK(whole(bench.ask(request)) == "404\n\n");
    }
    CHECK(bench.notes.told.empty());
    CHECK(bench.directory.look_ups == 0);
    CHECK(bench.left() == 3);
}

TEST_CASE("failures of callers without a known address count for their peer, and that is said") {
    HttpBench bench;
    Request request = HttpBench::forwarded("GET", "/clients/1");
    drop_header(request, "X-Forwarded-For");
    drop_header(request, "Authorization");
    for (int i = 0; i < 10; ++i)
        CHECK(bench.ask(request).status == 401);
    const http::Response full = bench.ask(request);
    CHECK(full.status == 429);
    CHECK(full.body.find("\"per\":\"peer\"") != std::string::npos);
    CHECK(full.body.find("\"reason\":\"no_credentials\"") != std::string::npos);
    CHECK(bench.notes.unknown == 11);
    CHECK(bench.notes.unknown_of == "127.0.0.1");
    CHECK(bench.failures.entries() == 1);
}

TEST_CASE("a wrong secret does the work an unknown prefix does: counted, not timed") {
    HttpBench bench;
    const auto work = [&](const std::string& token) {
        Request request = HttpBench::forwarded("GET", "/clients/1");
        set_header(request, "Authorization", "Bearer " + token);
        const token::Work before = token::work_of_this_thread();
        const int look_ups = bench.directory.look_ups;
        CHECK(bench.ask(request).status == 401);
        const token::Work after = token::work_of_this_thread();
        return std::vector<std::uint64_t>{
            after.digests - before.digests, after.compares - before.compares,
            static_cast<std::uint64_t>(bench.directory.look_ups - look_ups)};
    };
    CHECK(bench.ask(HttpBench::forwarded("GET", "/clients/1")).status == 200);
    CHECK(work(HttpBench::wrong_secret()) == std::vector<std::uint64_t>{1, 1, 1});
    CHECK(work(HttpBench::unknown_prefix()) == std::vector<std::uint64_t>{1, 1, 1});
}

TEST_CASE("a preflight passes without a token, to a listed path only") {
    HttpBench bench;
    Request request = HttpBench::forwarded("OPTIONS", "/clients/1");
    drop_header(request, "Authorization");
    CHECK(bench.ask(request).status == 401);
    request.headers.push_back({"Origin", "https://app.example"});
    request.headers.push_back({"Access-Control-Request-Method", "PUT"});
    CHECK(bench.ask(request).status == 200);
    set_header(request, "X-Forwarded-Uri", "/nowhere");
    CHECK(bench.ask(request).status == 401);
}

TEST_CASE("a browser of a configured origin may read a refusal, one of another may not") {
    http::ReplySettings settings = HttpBench::reply_settings();
    settings.cors_origins = {"https://app.example"};
    HttpBench bench(Mode::enforce, small_rules(), settings);
    Request request = HttpBench::forwarded("GET", "/nowhere");
    request.headers.push_back({"Origin", "https://app.example"});
    const Response answer = bench.ask(request);
    CHECK(header(answer, "Access-Control-Allow-Origin") == "https://app.example");
    CHECK(header(answer, "Vary") == "Origin");
    const std::string exposed = header(answer, "Access-Control-Expose-Headers");
    for (const char* name : {"Retry-After", "X-RateLimit-Reset", "RateLimit", "RateLimit-Policy",
                             "X-Hourgate-Decision", "WWW-Authenticate"})
        CHECK(exposed.find(name) != std::string::npos);
    for (const char* origin : {"https://app.example.evil", "https://APP.example", "null", ""}) {
        set_header(request, "Origin", origin);
        CHECK(header(bench.ask(request), "Access-Control-Allow-Origin") == "(absent)");
    }
}

TEST_CASE("in observe mode everything is granted and says what it would have been") {
    HttpBench bench(Mode::observe);
    bench.facts.member.role = Role::member;
    bench.put();
    const Response forbidden = bench.ask(HttpBench::forwarded("GET", "/clients/1"));
    CHECK(forbidden.status == 200);
    CHECK(header(forbidden, "X-Hourgate-Would") == "403 role_forbidden");
    CHECK(header(forbidden, "X-Hourgate-Role") == "member");
    CHECK(header(forbidden, "WWW-Authenticate") == "(absent)");
    Request request = HttpBench::nginx("GET", "/clients/1");
    drop_header(request, "Authorization");
    const Response unknown = bench.ask(request);
    CHECK(unknown.status == 204);
    CHECK(header(unknown, "X-Hourgate-Would") == "401 no_credentials");
    for (const std::string_view name : identity)
        CHECK(header(unknown, name).empty());
    CHECK(bench.left() == 3);
}

TEST_CASE("a store that does not answer is never a grant, not even in observe mode") {
    HttpBench bench(Mode::observe);
    bench.directory.fails = true;
    for (const std::string_view dialect : {"nginx", "denied", "caddy", "traefik", "envoy"}) {
        CAPTURE(dialect);
        CHECK(bench.ask(asked(dialect, "GET", "/clients/1")).status == 503);
    }
    CHECK(bench.left() == 3);
}

TEST_CASE(
    "what a proxy does not overwrite and an application believes is refused where it is asked") {
    for (const std::string_view dialect : {"nginx", "caddy", "traefik", "envoy"}) {
        CAPTURE(dialect);
        for (const char* name :
             {"X_Forwarded_For", "X.Real.IP", "X!Original!URL", "True_Client_IP", "Script_Name",
              "X.Forwarded.Host", "X.Hourgate.Role", "X_Remote_User", "SSL_CLIENT_CERT",
              "X-Remote-Extra-Made-Up", "Impersonate-Extra-Made-Up", "OIDC-Claim-Made-Up"}) {
            CAPTURE(name);
            HttpBench bench;
            Request request = asked(dialect, "GET", "/clients/1");
            request.headers.push_back({name, "evil"});
            const Response answer = bench.ask(request);
            CHECK(answer.status == (dialect == "nginx" ? 403 : 400));
            CHECK(bench.notes.told ==
                  std::vector<std::pair<std::string, int>>{{"forged_header", 400}});
            CHECK(answer.body.find("evil") == std::string::npos);
            CHECK(bench.left() == 3);
        }
        HttpBench
            bench;  // the usual spelling may be the proxy's own, and X_Trace_Id claims nothing
        Request request = asked(dialect, "GET", "/clients/1");
        request.headers.push_back({"X-Real-IP", "192.0.2.1"});
        request.headers.push_back({"X_Trace_Id", "1"});
        request.headers.push_back({"X-Remote-User", "ann"});  // each proxy removes it by its name
        CHECK(bench.ask(request).status == (dialect == "nginx" ? 204 : 200));
    }
}
