// Real proxies with exactly the text that `hourgate snippets` printed: what a caller sees, and what
// the API behind them is told.
#include <string>
#include <vector>

#include "base/text.h"
#include "e2e/stage.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

void check_granted(const Stage& stage, const std::vector<Seen>& seen) {
    REQUIRE(seen.size() == 1);
    INFO(seen[0].text());
    CHECK(seen[0].header("x-hourgate-role") == "manager");
    CHECK(seen[0].header("x-hourgate-plan") == "studio");
    CHECK(seen[0].header("x-hourgate-env") == "live");
    CHECK(seen[0].header("x-hourgate-token") == prefix_of(stage.manager));
    CHECK(seen[0].header("x-hourgate-workspace").find("ws_") == 0);
    CHECK(seen[0].header("x-hourgate-member").find("mem_") == 0);
    CHECK(seen[0].header("x-hourgate-own").empty());
    CHECK(seen[0].header("authorization").empty());
    CHECK(seen[0].header("x-forwarded-for") == client);
    CHECK_FALSE(told(seen, stage.manager));
}

}  // namespace

TEST_CASE("behind a proxy a granted call reaches the API, which learns who calls and no token") {
    with_each_proxy([](const std::string& proxy) {
        Stage stage(proxy, "");
        const Answered granted = stage.get(stage.manager, clients + "?page=2&q=%2F");
        CHECK(granted.status == 200);
        CHECK(granted.body == "ok\n");
        const std::vector<Seen> seen = stage.api.take();
        check_granted(stage, seen);
        CHECK(seen[0].method == "GET");
        CHECK(seen[0].target == clients + "?page=2&q=%2F");
        for (const char* name :
             {"X-Hourgate-Decision", "X-RateLimit-Limit", "X-RateLimit-Remaining",
              "X-RateLimit-Reset", "RateLimit-Policy", "RateLimit"}) {
            INFO(name);
            CHECK(granted.count(name) == 1);
        }
        CHECK(granted.header("RateLimit") == R"("burst";r=29;t=10, "sustained";r=599;t=60)");
        CHECK(granted.header("X-RateLimit-Remaining") == "599");
        CHECK(granted.count("X-Hourgate-Would") == 0);
        CHECK(granted.count("X-Hourgate-Plan-Lapses") == 0);
        CHECK(granted.count("X-Hourgate-Role") == 0);

        const Answered posted = stage.post(stage.manager, clients, R"({"name":"Dune"})");
        CHECK(posted.status == 200);
        const std::vector<Seen> body = stage.api.take();
        check_granted(stage, body);
        CHECK(body[0].method == "POST");
        CHECK(body[0].body == R"({"name":"Dune"})");

        // Nobody has to be known: nothing is said about anybody, and of no window.
        const Answered health = stage.get("", "/health");
        CHECK(health.status == 200);
        CHECK(health.count("X-RateLimit-Limit") == 0);
        CHECK(health.count("RateLimit") == 0);
        const std::vector<Seen> nobody = stage.api.take();
        REQUIRE(nobody.size() == 1);
        for (const char* name : {"x-hourgate-workspace", "x-hourgate-member", "x-hourgate-role",
                                 "x-hourgate-token", "x-hourgate-own"})
            CHECK(nobody[0].header(name).empty());

        // It says which text it is, for doctor.
        CHECK(contains(stage.get("", "/_hourgate/text").body, proxy + " "));
        CHECK(stage.api.take().empty());

        // Callers reach the gate's own routes through the proxy.
        const Answered me = stage.get(stage.manager, "/_hourgate/api/v1/me");
        CHECK(me.status == 200);
        CHECK(Json::parse(me.body).at("data").at("role") == "manager");
        CHECK(stage.api.take().empty());
    });
}

TEST_CASE("behind a proxy a caller is told what is about to end, and why calls are refused") {
    with_each_proxy([](const std::string& proxy) {
        Stage stage(proxy, "");
        const std::string old = stage.here.mint("manager@acme.example", {"--expires", "7d"});
        const std::vector<const char*> notices = {"X-Hourgate-Token-Expires", "Deprecation",
                                                  "Sunset"};
        REQUIRE(stage.post(old, "/_hourgate/api/v1/me/rotate", R"({"grace":"1h"})").status == 201);
        const Answered rotated = stage.get(old);
        CHECK(rotated.status == 200);
        for (const char* name : notices) {
            INFO(name);
            CHECK(rotated.count(name) == 1);
        }
        CHECK(rotated.header("Deprecation").find('@') == 0);
        CHECK(contains(rotated.header("Sunset"), " GMT"));
        const Answered fresh = stage.get(stage.manager);
        CHECK(fresh.status == 200);
        for (const char* name : notices) {
            INFO(name);
            CHECK(fresh.count(name) == 0);
        }
        CHECK(stage.api.take().size() == 2);

        const Answered refused = stage.get("");
        CHECK(contains(refused.body, R"("docs":"/_hourgate/errors#no_credentials")"));
        const Answered page = stage.get("", "/_hourgate/errors");
        CHECK(page.status == 200);
        CHECK(page.header("Content-Type") == "text/markdown; charset=utf-8");
        CHECK(contains(page.body, "\n## no_credentials\n"));

        const Answered unpaid = stage.get(stage.unpaid);
        REQUIRE(unpaid.status == 402);
        const std::string decision = unpaid.header("X-Hourgate-Decision");
        const Answered why = stage.get(stage.unpaid, "/_hourgate/why/" + decision);
        CHECK(why.status == 200);
        CHECK(contains(why.body, "refused with 402 (plan_without_api)"));
        CHECK(stage.get("", "/_hourgate/why/" + decision).status == 401);
        CHECK(stage.api.take().empty());
    });
}

TEST_CASE("behind a proxy a refusal is answered in full, and the API sees nothing of it") {
    with_each_proxy([](const std::string& proxy) {
        Stage stage(proxy, "");
        const Answered unknown = stage.get("");
        CHECK(unknown.status == 401);
        CHECK(reason_of(unknown) == "no_credentials");
        CHECK(unknown.count("WWW-Authenticate") == 1);
        CHECK(unknown.header("WWW-Authenticate") == "Bearer realm=\"hourgate\"");
        stage.logged("no_credentials");

        const Answered unpaid = stage.get(stage.unpaid);
        CHECK(unpaid.status == 402);
        CHECK(reason_of(unpaid) == "plan_without_api");
        CHECK(unpaid.count("WWW-Authenticate") == 0);

        const Answered forbidden = stage.get(stage.member);
        CHECK(forbidden.status == 403);
        CHECK(reason_of(forbidden) == "role_forbidden");
        CHECK(forbidden.count("WWW-Authenticate") == 1);
        CHECK(contains(forbidden.header("WWW-Authenticate"), "insufficient_scope"));
        CHECK(forbidden.count("RateLimit") == 1);
        CHECK(forbidden.count("X-Hourgate-Decision") == 1);
        CHECK(forbidden.header("Cache-Control") == "no-store");
        CHECK(forbidden.count("X-Hourgate-Status") == 0);
        stage.logged("role_forbidden");

        const Answered posted = stage.post(stage.member, clients, "a body nobody reads");
        CHECK(posted.status == 403);
        CHECK(Json::parse(posted.body).at("error").at("action") == "create");

        CHECK(stage.get(stage.manager, clients + "/%2e%2e/x").status == 400);
        Headers two = {{"Authorization", "Bearer " + stage.member}};
        CHECK(stage.get(stage.manager, clients, two).status == 400);

        CHECK(stage.get(stage.tiny).status == 200);
        CHECK(stage.get(stage.tiny).status == 200);
        CHECK(stage.api.take().size() == 2);
        const Answered full = stage.get(stage.tiny);
        CHECK(full.status == 429);
        CHECK(reason_of(full) == "window_full");
        CHECK(Json::parse(full.body).at("error").at("window") == "burst");
        CHECK(full.count("Retry-After") == 1);
        CHECK(hourgate::parse_number(full.header("Retry-After"), 3'600).value_or(0) > 3'500);
        CHECK(full.header("X-RateLimit-Remaining") == "0");

        const Answered problem = stage.get("", clients, {{"Accept", "application/problem+json"}});
        CHECK(problem.header("Content-Type") == "application/problem+json");
        CHECK(stage.api.take().empty());
    });
}

TEST_CASE("behind a proxy nothing a client claims about itself or its way counts") {
    for (const std::string mode : {"enforce", "observe"}) {
        with_each_proxy([&](const std::string& proxy) {
            INFO("in mode " << mode);
            Stage stage(proxy, "[gate]\nmode = \"" + mode + "\"\n");
            const bool enforced = mode == "enforce";
            for (const Headers& forged :
                 {Headers{{"X-Hourgate-Role", "evil"}}, Headers{{"X-Hourgate-Own", "evil"}},
                  Headers{{"X_Hourgate_Own", "evil"}}, Headers{{"x-hourgate_scopes", "evil"}},
                  Headers{{"X_HOURGATE-ROLE", "evil"}}, Headers{{"X-Forwarded-For", "6.6.6.6"}},
                  Headers{{"X-Forwarded-For", "127.0.0.1"}, {"X-Real-IP", "6.6.6.6"}},
                  Headers{{"X-Forwarded-Uri", "/api/v1/evil"}, {"X-Forwarded-Method", "EVIL"}},
                  Headers{{"X-Original-URI", "/api/v1/evil"}, {"X-Original-Method", "EVIL"}},
                  Headers{{"X-Original-URL", "/evil"}, {"X-Rewrite-URL", "/evil"}},
                  Headers{{"Forwarded", "for=6.6.6.6"}, {"X-Forwarded-Prefix", "/evil"}},
                  Headers{{"Connection", "X-Hourgate-Role, X-Hourgate-Workspace"}}}) {
                INFO(forged[0].first);
                const Answered answered = stage.get(stage.manager, clients, forged);
                const std::vector<Seen> seen = stage.api.take();
                if (enforced && answered.status == 400) {
                    CHECK(seen.empty());
                } else {
                    // Who is known; or, where a refusal is only observed, nobody.
                    REQUIRE(seen.size() == 1);
                    if (enforced || !seen[0].header("x-hourgate-role").empty())
                        check_granted(stage, seen);
                }
                CHECK_FALSE(told(seen, "evil"));
                CHECK_FALSE(told(seen, "EVIL"));
                CHECK_FALSE(told(seen, "6.6.6.6"));
            }
            // What is decided is what was asked for, and who is counted is the client.
            const Headers allowed = {{"X-Forwarded-Uri", "/api/v1/projects"},
                                     {"X-Original-URI", "/api/v1/projects"},
                                     {"X-Forwarded-Method", "GET"},
                                     {"X-Original-Method", "GET"},
                                     {"X-Forwarded-For", "6.6.6.6"}};
            const Answered member = stage.get(stage.member, clients, allowed);
            stage.logged("role_forbidden");
            CHECK(member.status == (enforced ? 403 : 200));
            CHECK(member.header("X-Hourgate-Would") == (enforced ? "" : "403 role_forbidden"));
            CHECK(stage.api.take().size() == (enforced ? 0 : 1));
        });
    }
}

namespace {

/// Checks what every refusal has beside its reason, in one that the proxy gives itself.
void check_shape(const Answered& answered) {
    const Json error = Json::parse(answered.body, nullptr, false).at("error");
    for (const char* member : {"code", "message", "fix"})
        CHECK(error.at(member).get<std::string>() != "");
    CHECK(error.at("decision").is_null());
    CHECK(error.at("docs") == "/_hourgate/errors#" + error.at("reason").get<std::string>());
}

}  // namespace

TEST_CASE("behind a proxy a gate that is down grants nothing") {
    with_each_proxy([](const std::string& proxy) {
        Stage stage(proxy, "");
        CHECK(stage.get(stage.manager).status == 200);
        CHECK(stage.api.take().size() == 1);
        REQUIRE(stage.gate->stop() == 0);
        for (const std::string& token : {stage.manager, stage.member, std::string()}) {
            const Answered down = stage.get(token);
            CHECK(down.status == (proxy == "caddy" ? 502 : 503));
            if (proxy == "caddy")
                continue;
            CHECK(reason_of(down) == "gate_unreachable");
            check_shape(down);
        }
        CHECK(stage.post(stage.manager, clients, "{}").status / 100 == 5);
        CHECK(stage.get("", "/health").status / 100 == 5);
        CHECK(stage.api.take().empty());
    });
}

TEST_CASE("a proxy that the gate does not take questions from says that it is not understood") {
    with_each_proxy([](const std::string& proxy) {
        Stage stage(proxy, "peers = [\"192.0.2.1/32\"]\n");
        const Answered answered = stage.get(stage.manager);
        CHECK(answered.status == 503);
        CHECK(reason_of(answered) == "gate_not_understood");
        check_shape(answered);
        CHECK(answered.header("Content-Type") == "application/json");
        CHECK(answered.header("Cache-Control") == "no-store");
        CHECK(stage.api.take().empty());
    });
}

TEST_CASE("behind a proxy another service's bearer reaches the API where the resource lets it") {
    with_each_proxy([](const std::string& proxy) {
        Stage stage(proxy,
                    "[[resource]]\nname = \"pages\"\npaths = [\"/pages/**\"]\nmanager = \"read\"\n"
                    "other_bearers = \"pass\"\n");
        const std::string other = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";
        CHECK(stage.get(other, "/pages/1").status == 200);
        std::vector<Seen> seen = stage.api.take();
        REQUIRE(seen.size() == 1);
        CHECK(seen[0].header("authorization") == "Bearer " + other);
        CHECK(seen[0].header("x-hourgate-role").empty());
        // A token of the gate never goes along; elsewhere, no other bearer is taken.
        CHECK(stage.get(stage.manager, "/pages/1").status == 200);
        seen = stage.api.take();
        REQUIRE(seen.size() == 1);
        CHECK(seen[0].header("authorization").empty());
        CHECK(seen[0].header("x-hourgate-role") == "manager");
        CHECK(stage.get(other).status == 401);
        CHECK(stage.get(stage.manager.substr(0, stage.manager.size() - 1), "/pages/1").status ==
              401);
        CHECK(stage.api.take().empty());
    });
}

TEST_CASE("a proxy asks a gate that listens on a Unix socket") {
    with_each_proxy([](const std::string& proxy) {
        Stage stage(proxy, "", Ask::by_socket);
        CHECK(stage.get(stage.manager).status == 200);
        check_granted(stage, stage.api.take());
        CHECK(stage.get(stage.member).status == 403);
        stage.logged("role_forbidden");
        CHECK(stage.get("").status == 401);
        CHECK(stage.api.take().empty());
    });
}

TEST_CASE(
    "a call that nginx redirects internally counts once with ask_id, whatever a client sends") {
    if (executable("nginx").empty()) {
        WARN("skipped: nginx is not installed");
        return;
    }
    const auto left = [](const Answered& answered) {
        return hourgate::parse_number(answered.header("X-RateLimit-Remaining"), 600).value_or(999);
    };
    const std::string elsewhere = clients + "/elsewhere";
    for (const std::string key : {"", "ask_id = \"X-Ask-Id\"\n"}) {
        INFO(key);
        const std::uint64_t asks = key.empty() ? 2 : 1;
        Stage stage("nginx", key);
        CHECK(left(stage.get(stage.manager)) == 599);
        const Answered redirected = stage.get(stage.manager, elsewhere);
        CHECK(redirected.status == 200);
        const std::vector<Seen> seen = stage.api.take();
        REQUIRE(seen.size() == 3);
        CHECK(seen[1].target == elsewhere);
        CHECK(seen[2].target == clients + "/here");
        CHECK(seen[2].header("x-hourgate-role") == "manager");
        CHECK(left(redirected) == 599 - asks);
        // A POST becomes a GET on its way; it is the same call all the same.
        CHECK(left(stage.post(stage.manager, elsewhere, "{}")) == 599 - 2 * asks);

        // An id of the client's own is never read: each call counts.
        const Headers own_id = {{"X-Ask-Id", "0123456789abcdef0123456789abcdef"}};
        CHECK(left(stage.get(stage.manager, clients, own_id)) == 598 - 2 * asks);
        CHECK(left(stage.get(stage.manager, clients, own_id)) == 597 - 2 * asks);
        CHECK(told(stage.api.take(), "0123456789abcdef") == key.empty());

        // The last call that has room may be redirected, too; without the key it is refused halfway.
        if (key.empty())
            CHECK(stage.get(stage.tiny).status == 200);
        else
            CHECK(stage.get(stage.tiny, elsewhere).status == 200);
        CHECK(stage.get(stage.tiny, elsewhere).status == (key.empty() ? 429 : 200));
        CHECK(stage.get(stage.tiny, elsewhere).status == 429);
    }
}
