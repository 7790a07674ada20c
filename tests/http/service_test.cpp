// Routes of the three listeners, without a socket: what is there, what is not, and /me.
#include "http/service.h"

#include <algorithm>
#include <new>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Listener;
using hourgate::http::Request;
using hourgate::http::Response;

namespace {

constexpr std::string_view me_path = "/_hourgate/api/v1/me";

Request me() {
    return HttpBench::request("GET", std::string(me_path));
}

int status(HttpBench& bench, Listener listener, std::string method, std::string target) {
    return bench.service.handle(listener, HttpBench::request(std::move(method), std::move(target)))
        .status;
}

}  // namespace

TEST_CASE("/me tells a token who it is and what it has left, and spends nothing of it") {
    HttpBench bench;
    bench.facts.token.scopes = policy::parse_scopes("clients:read notes:*").value();
    bench.facts.token.expires_ms = bench.now.wall_ms + Bench::day;
    bench.put();
    CHECK(whole(bench.service.handle(Listener::public_, me())) == R"(200
Content-Type: application/json
X-Hourgate-Decision: dec_ID
Cache-Control: no-store
X-Hourgate-Token-Expires: 2026-05-29T20:26:40Z
X-RateLimit-Limit: 5
X-RateLimit-Remaining: 5
X-RateLimit-Reset: 1780000060
RateLimit-Policy: "burst";q=3;w=10, "sustained";q=5;w=60
RateLimit: "burst";r=3;t=10, "sustained";r=5;t=60

{"data":{"workspaceId":"ws_a","workspaceName":"Acme","orgId":"ws_a","orgName":"Acme","memberId":"mem_a","email":"ann@acme.example","role":"manager","plan":"studio","scopes":["clients:read","notes:*"],"tokenName":"ci","token":"4f8a2c1bdedf","env":"live","expiresAt":"2026-05-29T20:26:40Z","limits":[{"window":"burst","limit":3,"windowSeconds":10,"per":"token","remaining":3,"reset":10},{"window":"sustained","limit":5,"windowSeconds":60,"per":"token","remaining":5,"reset":60}]}}
)");
    CHECK(bench.left() == 3);
    CHECK(bench.own_left(policy::GateWindow::self_service) == 239);
}

TEST_CASE("/me of a service without expiry has null for e-mail and end") {
    HttpBench bench;
    bench.facts.member.kind = MemberKind::service;
    bench.facts.member.email.clear();
    bench.put();
    const Response answer = bench.service.handle(Listener::public_, me());
    CHECK(answer.status == 200);
    CHECK(answer.body.find(R"("email":null,)") != std::string::npos);
    CHECK(answer.body.find(R"("scopes":[],)") != std::string::npos);
    CHECK(answer.body.find(R"("expiresAt":null,)") != std::string::npos);
}

TEST_CASE(
    "/me works on an unpaid plan and a full window, and is refused in the same words as all") {
    HttpBench bench;
    Request request = me();
    drop_header(request, "Authorization");
    CHECK(bench.service.handle(Listener::public_, request).status == 401);
    request = me();
    request.headers.push_back({"X-Hourgate-Role", "owner"});
    CHECK(bench.service.handle(Listener::public_, request).status == 400);
    bench.facts.workspace.plan_id = 1;
    bench.put();
    CHECK(bench.service.handle(Listener::public_, me()).status == 200);
    bench.facts.workspace.plan_id = 2;
    bench.facts.token.kind = TokenFacts::Kind::operator_;
    bench.put();
    CHECK(bench.service.handle(Listener::public_, me()).status == 403);
    bench.facts.token.kind = TokenFacts::Kind::member;
    bench.put();
    CHECK(bench.left() == 3);
    bench.spend(3);
    const Response full = bench.service.handle(Listener::public_, me());
    CHECK(full.status == 200);
    CHECK(header(full, "RateLimit") == R"("burst";r=0;t=10, "sustained";r=2;t=60)");
    while (bench.own_left(policy::GateWindow::self_service) > 0)
        CHECK(bench.service.handle(Listener::public_, me()).status == 200);
    const Response enough = bench.service.handle(Listener::public_, me());
    CHECK(enough.status == 429);
    CHECK(header(enough, "Retry-After") == "60");
    CHECK(header(enough, "X-RateLimit-Limit") == "240");
    CHECK(header(enough, "X-RateLimit-Remaining") == "0");
    const auto error = nlohmann::json::parse(enough.body).at("error");
    CHECK(error.at("window") == "self-service");
    CHECK(error.at("limit") == 240);
    CHECK(error.at("windowSeconds") == 60);
    CHECK(error.at("per") == "token");
}

TEST_CASE("/me is enforced in observe mode too") {
    HttpBench bench(Mode::observe);
    Request request = me();
    drop_header(request, "Authorization");
    const Response answer = bench.service.handle(Listener::public_, request);
    CHECK(answer.status == 401);
    CHECK(header(answer, "X-Hourgate-Would") == "(absent)");
}

TEST_CASE("/me answers HEAD as GET, takes no query, and no other method is known") {
    HttpBench bench;
    CHECK(status(bench, Listener::public_, "HEAD", std::string(me_path)) == 200);
    CHECK(status(bench, Listener::public_, "GET", std::string(me_path) + "?x=1") == 422);
    for (const char* method : {"POST", "DELETE", "OPTIONS", "PURGE"}) {
        const Response answer = bench.service.handle(
            Listener::public_, HttpBench::request(method, std::string(me_path)));
        CHECK(answer.status == 405);
        CHECK(header(answer, "Allow") == "GET, HEAD");
    }
    CHECK(bench.notes.told.size() == 2);
}

TEST_CASE("the client's address on the public listener is the peer's when no proxy forwarded it") {
    HttpBench bench;
    Request request = me();
    request.peer = *Address::parse("198.51.100.4");
    drop_header(request, "Authorization");
    for (int i = 0; i < 10; ++i)
        CHECK(bench.service.handle(Listener::public_, request).status == 401);
    CHECK(bench.service.handle(Listener::public_, request).status == 429);
    request.peer = *Address::parse("198.51.100.5");
    CHECK(bench.service.handle(Listener::public_, request).status == 401);
    CHECK(bench.notes.unknown == 0);
}

TEST_CASE("a browser of a configured origin may call /me, and is told so before it does") {
    http::ReplySettings settings = HttpBench::reply_settings();
    settings.cors_origins = {"https://app.example"};
    HttpBench bench(Mode::enforce, small_rules(), settings);
    Request preflight = HttpBench::request("OPTIONS", std::string(me_path));
    drop_header(preflight, "Authorization");
    preflight.headers.push_back({"Origin", "https://app.example"});
    preflight.headers.push_back({"Access-Control-Request-Method", "GET"});
    const Response allowed = bench.service.handle(Listener::public_, preflight);
    CHECK(allowed.status == 204);
    CHECK(header(allowed, "Access-Control-Allow-Origin") == "https://app.example");
    CHECK(header(allowed, "Access-Control-Allow-Headers") ==
          "Authorization, Content-Type, Idempotency-Key");
    CHECK(header(allowed, "Access-Control-Allow-Methods") == "GET, HEAD");
    CHECK(bench.notes.told.empty());
    set_header(preflight, "Origin", "https://evil.example");
    CHECK(header(bench.service.handle(Listener::public_, preflight),
                 "Access-Control-Allow-Origin") == "(absent)");
    Request call = me();
    call.headers.push_back({"Origin", "https://app.example"});
    CHECK(header(bench.service.handle(Listener::public_, call), "Access-Control-Allow-Origin") ==
          "https://app.example");
}

TEST_CASE("a path the public listener does not have is a 404 that says where calls go") {
    HttpBench bench;
    for (const char* target :
         {"/", "/clients/1", "/_hourgate/api/v1", "/_hourgate/api/v1/you",
          "/_hourgate/api/v1/me/tokens", "/_hourgate/auth/nginx", "/_hourgate/verify", "/metrics",
          "/_hourgate/healthz/", "/_hourgate//healthz", "*", "http://x/"}) {
        CAPTURE(target);
        CHECK(status(bench, Listener::public_, "GET", target) == 404);
    }
    CHECK(
        whole(bench.service.handle(Listener::public_, HttpBench::request("GET", "/a?b=c"))) ==
        "404\nContent-Type: application/json\nCache-Control: no-store\n\n"
        R"({"error":{"code":"not_found","reason":"no_such_route","message":"This listener has no route /a.","fix":"Calls are not forwarded: [upstream] url is not set. Send them to the proxy in front of the API, which asks the gate on the listener [server] ask. Here are /_hourgate/api/v1/me, /_hourgate/api/v1/me/rotate, /_hourgate/api/v1/tokens, /_hourgate/api/v1/tokens/ID, /_hourgate/api/v1/tokens/ID/rotate, /_hourgate/api/v1/members, /_hourgate/api/v1/members/ID, /_hourgate/api/v1/check, /_hourgate/api/v1/organization, /_hourgate/api/v1/usage, /_hourgate/why/ID, /_hourgate/healthz and /_hourgate/readyz.","decision":null}})"
        "\n");
    CHECK(bench.notes.told.empty());
}

TEST_CASE("a 404 names every route of its listener, and each route that it names is there") {
    HttpBench bench;
    http::Service::Settings settings = bench.settings();
    settings.openapi = "{}";
    settings.errors = "# errors";
    http::Service service(std::move(settings), bench.gate, bench.clock, bench.notes);
    for (const Listener listener : {Listener::public_, Listener::ask, Listener::admin}) {
        const auto ask = [&](const std::string& method, const std::string& target) {
            Request request = HttpBench::request(method, target);
            return service.handle(listener, request);
        };
        const std::string fix = nlohmann::json::parse(ask("GET", "/nowhere").body)["error"]["fix"];
        const std::size_t list = fix.find("Here are ");
        REQUIRE(list != fix.npos);
        std::string paths = fix.substr(list + 9);
        paths.pop_back();  // the full stop
        if (const auto last = paths.rfind(" and "); last != paths.npos)
            paths.replace(last, 5, ", ");
        std::size_t count = 0;
        for (std::size_t at = 0; at < paths.size(); ++count) {
            const std::size_t end = std::min(paths.find(", ", at), paths.size());
            const std::string path = paths.substr(at, end - at);
            CAPTURE(path);
            CHECK(ask("BREW", path).status != 404);
            at = end + 2;
        }
        CHECK(count == (listener == Listener::public_ ? 15 : listener == Listener::ask ? 8 : 24));
        CHECK(paths.find("/_hourgate/errors") != paths.npos);
        CHECK((paths.find("/_hourgate/openapi.json") != paths.npos) == (listener != Listener::ask));
    }
}

TEST_CASE("every error of every listener says its reason, its docs and whether it was decided") {
    HttpBench bench;
    http::Service::Settings settings = bench.settings();
    settings.reply.docs_url = "/_hourgate/errors";
    http::Service service(std::move(settings), bench.gate, bench.clock, bench.notes);
    const auto error = [&](Listener listener, const Request& request) {
        const Response answer = service.handle(listener, request);
        CAPTURE(answer.body);
        const auto body = nlohmann::json::parse(answer.body, nullptr, false);
        REQUIRE(body.is_object());
        for (const char* name : {"code", "reason", "message", "fix", "decision", "docs"})
            CHECK(body["error"].contains(name));
        CHECK(body["error"]["docs"] ==
              "/_hourgate/errors#" + body["error"]["reason"].get<std::string>());
        return body["error"];
    };
    const auto of = [](const char* method, const char* target, const char* type = "",
                       const char* text = "") {
        Request request = HttpBench::request(method, target);
        if (*type != '\0')
            request.headers.push_back({"Content-Type", type});
        request.body = text;
        return request;
    };
    const auto undecided = [&](Listener listener, const Request& request) {
        const auto said = error(listener, request);
        CHECK(said["decision"].is_null());
        return said["reason"].get<std::string>();
    };
    for (const Listener listener : {Listener::public_, Listener::ask, Listener::admin})
        CHECK(undecided(listener, of("GET", "/nowhere")) == "no_such_route");
    CHECK(undecided(Listener::public_, of("BREW", me_path.data())) == "method_not_allowed");
    CHECK(undecided(Listener::ask, of("GET", "/_hourgate/verify")) == "method_not_allowed");
    CHECK(undecided(Listener::ask, of("POST", "/_hourgate/verify", "", "{}")) ==
          "wrong_content_type");
    CHECK(undecided(Listener::ask, of("POST", "/_hourgate/verify", "application/json", "{")) ==
          "bad_request");
    CHECK(undecided(Listener::ask, of("POST", "/_hourgate/introspect", "text/plain", "x")) ==
          "wrong_content_type");
    Request rebound = of("GET", "/metrics");
    set_header(rebound, "Host", "evil.example");
    CHECK(undecided(Listener::admin, rebound) == "unknown_host");

    const auto decided = [&](const Request& request) {
        const auto said = error(Listener::public_, request);
        CHECK(said["decision"].get<std::string>().starts_with("dec_"));
        return said["reason"].get<std::string>();
    };
    constexpr const char* check_path = "/_hourgate/api/v1/check";
    CHECK(decided(of("POST", check_path, "application/json", "{")) == "bad_json");
    CHECK(decided(of("POST", check_path, "text/plain", "{}")) == "wrong_content_type");
    CHECK(decided(of("POST", check_path, "application/json", "{}")) == "invalid_fields");
}

TEST_CASE("health says that the process answers, readiness that the database does") {
    for (const Listener listener : {Listener::public_, Listener::admin}) {
        HttpBench bench;
        const Request healthz = HttpBench::request("GET", "/_hourgate/healthz");
        const Request readyz = HttpBench::request("GET", "/_hourgate/readyz");
        CHECK(whole(bench.service.handle(listener, healthz)) ==
              "200\nContent-Type: text/plain\nCache-Control: no-store\n\nok\n");
        CHECK(whole(bench.service.handle(listener, readyz)) ==
              "200\nContent-Type: text/plain\nCache-Control: no-store\n\nready\n");
        bench.ready = false;
        CHECK(bench.service.handle(listener, healthz).status == 200);
        CHECK(bench.service.handle(listener, readyz).status == 503);
        CHECK(status(bench, listener, "POST", "/_hourgate/healthz") == 405);
        CHECK(status(bench, listener, "HEAD", "/_hourgate/readyz") == 503);
    }
}

TEST_CASE("the admin listener has metrics, health and the admin API, and nothing else") {
    HttpBench bench;
    const Response answer =
        bench.service.handle(Listener::admin, HttpBench::request("GET", "/metrics"));
    CHECK(answer.status == 200);
    CHECK(header(answer, "Content-Type") == "text/plain; version=0.0.4");
    CHECK(answer.body == "hourgate_decisions_total{reason=\"granted\"} 0\n");
    CHECK(status(bench, Listener::admin, "DELETE", "/metrics") == 405);
    for (const char* target :
         {"/", "/admin/v1", "/admin/v1/nothing", "/_hourgate/api/v1/me", "/metrics/"})
        CHECK(status(bench, Listener::admin, "GET", target) == 404);
    CHECK(bench.notes.told.empty());
}

TEST_CASE("the ask listener has no health and no /me: what it does not know is a 404") {
    HttpBench bench;
    for (const char* target :
         {"/", "/_hourgate/healthz", "/_hourgate/api/v1/me", "/_hourgate/auth",
          "/_hourgate/auth/nginx/", "/_hourgate/auth/haproxy", "/_hourgate/introspect/"}) {
        CAPTURE(target);
        CHECK(status(bench, Listener::ask, "GET", target) == 404);
    }
    CHECK(bench.notes.told.empty());
}

TEST_CASE("only a POST to verify or introspect has a body that is read") {
    HttpBench bench;
    const auto bytes = [&](Listener listener, std::string_view method, std::string_view target) {
        return bench.service.body_bytes_max(listener, method, target);
    };
    CHECK(bytes(Listener::ask, "POST", "/_hourgate/verify") == limits::verify_body_bytes_max);
    CHECK(bytes(Listener::ask, "POST", "/_hourgate/verify?x") == limits::verify_body_bytes_max);
    CHECK(bytes(Listener::ask, "PUT", "/_hourgate/verify") == 0);
    CHECK(bytes(Listener::ask, "POST", "/_hourgate/verify/") == 0);
    CHECK(bytes(Listener::ask, "POST", "/_hourgate/auth/nginx") == 0);
    CHECK(bytes(Listener::public_, "POST", "/_hourgate/verify") == 0);
    CHECK(bytes(Listener::public_, "POST", std::string(me_path)) == 0);
    CHECK(bytes(Listener::admin, "POST", "/_hourgate/verify") == 0);
}

TEST_CASE("whatever is thrown inside becomes a 500 in the one shape, and grants nothing") {
    HttpBench bench;
    http::Service::Settings settings;
    settings.trust.hosts = {"api.example"};
    settings.metrics = []() -> std::string { throw 7; };
    settings.ready = []() -> bool { throw std::bad_alloc(); };
    http::Service service(std::move(settings), bench.gate, bench.clock, bench.notes);
    for (const char* target : {"/metrics", "/_hourgate/readyz"}) {
        const Response answer = service.handle(Listener::admin, HttpBench::request("GET", target));
        CHECK(
            whole(answer) ==
            "500\nContent-Type: application/json\nCache-Control: no-store\n\n"
            R"({"error":{"code":"internal","reason":"internal_error","message":"The gate failed on this call.","fix":"Send it again; if that does not help, tell the operator.","decision":null}})"
            "\n");
    }
}
