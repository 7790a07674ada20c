// The admin API: operator tokens alone, every route, and an audit event for every change.
#include <string>
#include <vector>

#include "support/manage_bench.h"

using namespace hourgate;
using hourgate::test::ManageBench;
using hourgate::test::shows;
using Json = ManageBench::Json;

TEST_CASE("operator tokens alone open the admin API, and open nothing else") {
    ManageBench bench;
    CHECK(bench.operate("GET", "/workspaces").status == 200);
    CHECK(bench.call("", "GET", "/admin/v1/workspaces").status == 401);
    for (const Role role : all_roles) {
        const auto refused = bench.call(bench.tokens[std::string(to_text(role)) + "@acme"], "GET",
                                        "/admin/v1/workspaces");
        CHECK(refused.status == 403);
        CHECK(refused.body["error"]["requiredRole"] == "operator");
    }
    CHECK(bench.self(bench.tokens["operator"], "GET", "/tokens").status == 403);
    CHECK(bench.self(bench.tokens["operator"], "POST", "/me/rotate").status == 403);
    bench.revoke(bench.prefix_of(bench.tokens["operator"]));
    bench.directory->catch_up();
    CHECK(bench.operate("GET", "/workspaces").reason() == "revoked_token");
}

TEST_CASE("an operator sets a workspace up, moves it to a plan, lets it lapse and renames it") {
    ManageBench bench;
    const auto made = bench.operate("POST", "/workspaces", {{"name", "Dune"}, {"plan", "studio"}});
    REQUIRE(made.status == 201);
    const std::string ws = made.body["data"]["id"];
    const auto member = bench.operate("POST", "/workspaces/" + ws + "/members",
                                      {{"email", "ann@dune.example"}, {"role", "owner"}});
    REQUIRE(member.status == 201);
    const std::string id = member.body["data"]["id"];
    const auto minted = bench.operate("POST", "/members/" + id + "/tokens", {{"name", "first"}});
    REQUIRE(minted.status == 201);
    const std::string token = minted.body["data"]["token"];
    CHECK(bench.self(token, "GET", "/organization").body["data"]["name"] == "Dune");
    CHECK(bench.operate("PATCH", "/workspaces/" + ws, {{"paidUntil", "2026-01-01"}}).status == 200);
    CHECK(bench.self(token, "GET", "/me").body["data"]["plan"] == "free");
    CHECK(bench.self(token, "POST", "/tokens", {{"name", "n"}}).status == 402);
    CHECK(bench.operate("PATCH", "/workspaces/" + ws, {{"paidUntil", nullptr}}).status == 200);
    CHECK(bench.self(token, "GET", "/me").status == 200);
    const auto renamed =
        bench.operate("PATCH", "/workspaces/" + ws, {{"name", "Arrakis"}, {"plan", "agency"}});
    CHECK(renamed.body["data"]["name"] == "Arrakis");
    CHECK(bench.last_event("action") == "workspace.change");
    CHECK(bench.last_event("before") == R"({"name":"Dune","plan":"studio","paidUntil":null})");
    CHECK(bench.last_event("after") == R"({"name":"Arrakis","plan":"agency","paidUntil":null})");
    CHECK(bench.last_event("actor") == "operator:" + bench.prefix_of(bench.tokens["operator"]));
    CHECK(bench.operate("GET", "/workspaces/" + ws).body["data"]["members"] == 1);
}

TEST_CASE("members change over HTTP, and the last owner cannot go") {
    ManageBench bench;
    const std::string owner = bench.members["owner@acme"];
    const std::string admin = bench.members["admin@acme"];
    CHECK(bench.operate("DELETE", "/members/" + owner).reason() == "last_owner");
    CHECK(bench.operate("PATCH", "/members/" + owner, {{"role", "admin"}}).status == 409);
    CHECK(bench.operate("PATCH", "/members/" + admin, {{"role", "owner"}}).status == 200);
    CHECK(bench.operate("DELETE", "/members/" + owner).status == 200);
    CHECK(bench.self(bench.tokens["owner@acme"], "GET", "/me").reason() == "member_removed");
    CHECK(bench.operate("POST", "/members/" + owner + "/restore").status == 200);
    CHECK(bench.self(bench.tokens["owner@acme"], "GET", "/me").status == 200);
    CHECK(bench.operate("PATCH", "/members/" + admin, {{"role", "king"}}).status == 422);
    CHECK(bench.operate("PATCH", "/members/mem_nobody", {{"role", "owner"}}).status == 404);
    const auto twice =
        bench.operate("POST", "/workspaces/acme/members", {{"email", "owner@acme.example"}});
    CHECK(twice.status == 409);
    CHECK(twice.body["error"]["conflictsWith"] == owner);
    CHECK(twice.answer.body.find('`') == std::string::npos);
}

TEST_CASE("plans and windows change over HTTP, and are in force at once") {
    ManageBench bench;
    const Json burst = {{"name", "burst"}, {"limit", 1}, {"seconds", 60}};
    const auto set = bench.operate("PUT", "/plans/studio", {{"windows", {burst}}});
    REQUIRE(set.status == 200);
    CHECK(set.body["data"]["windows"][0]["limit"] == 1);
    CHECK(set.body["data"]["api"] == true);
    const std::string token = bench.tokens["manager@acme"];
    CHECK(bench.api_call(token) == "granted");
    CHECK(bench.api_call(token) == "window_full");
    CHECK(bench.operate("DELETE", "/plans/studio").reason() == "plan_in_use");
    const auto off = bench.operate("PUT", "/plans/studio", {{"api", false}});
    CHECK(off.body["data"]["warnings"].dump().find(
              "2 workspaces with 8 live tokens count as plan 'studio', which has no API access any "
              "more") != std::string::npos);
    CHECK(bench.operate("PUT", "/plans/studio", {{"api", true}}).status == 200);
    CHECK(bench.operate("PUT", "/plans/gold", {{"api", true}, {"rank", 40}}).status == 200);
    CHECK(bench.operate("DELETE", "/plans/gold").status == 200);
    CHECK(bench.operate("GET", "/plans/gold").status == 404);
    CHECK(bench.operate("GET", "/plans").body["data"].size() == 3);
    for (const Json& windows :
         {Json{{{"name", "a"}}}, Json{{{"name", "a"}, {"limit", 0}, {"seconds", 1}}},
          Json{{{"name", "a"}, {"limit", 1}, {"seconds", 1}, {"per", "address"}}},
          Json{{{"name", "a"}, {"limit", 1}, {"seconds", 1}, {"per", 2}}}, Json{burst, burst},
          Json{7}})
        CHECK(bench.operate("PUT", "/plans/studio", {{"windows", windows}}).status == 422);
}

TEST_CASE("each mistake in a plan is named by path, with its value and what is allowed") {
    ManageBench bench;
    const Json windows = {
        {{"name", "burst"}, {"limit", 0}, {"seconds", 10}},
        {{"name", "Bad Name"}, {"limit", 1}, {"seconds", "x"}},
        {{"name", "burst"}, {"limit", 1}, {"seconds", 10}, {"per", "month"}, {"color", 1}},
        7,
        {{"limit", 10'000'001}, {"per", nullptr}}};
    const auto refused = bench.operate(
        "PUT", "/plans/studio", {{"api", "yes"}, {"rank", -1}, {"windows", windows}, {"price", 3}});
    CHECK(refused.status == 422);
    CHECK(refused.reason() == "invalid_fields");
    const std::string calls = "a whole number from 1 to 10000000";
    const std::string seconds = "a whole number from 1 to 2678400";
    const std::string name = "1 to 32 of a-z, 0-9, '_' and '-', a letter first";
    CHECK(refused.body["error"]["fields"] ==
          Json({{"api", "is 'yes'; it has to be true or false"},
                {"price", "is not known here; known are api, rank, windows"},
                {"rank", "is -1; it has to be a whole number from 0 to 1000000"},
                {"windows[0].limit", "is 0; it has to be " + calls},
                {"windows[1].name", "is 'Bad Name'; it has to be " + name},
                {"windows[1].seconds", "is 'x'; it has to be " + seconds},
                {"windows[2].color", "is not known here; known are limit, name, per, seconds"},
                {"windows[2].name",
                 "is 'burst'; it has to be a name that no other window of the plan has"},
                {"windows[2].per", "is 'month'; it has to be token, member or workspace"},
                {"windows[3]",
                 "is 7; it has to be an object with name, limit and seconds, and with per if more "
                 "than one token shares it"},
                {"windows[4].limit", "is 10000001; it has to be " + calls},
                {"windows[4].name", "is missing; it has to be " + name},
                {"windows[4].per", "is null; it has to be token, member or workspace"},
                {"windows[4].seconds", "is missing; it has to be " + seconds}}));
    const Json window = {{"name", "w"}, {"limit", 1}, {"seconds", 1}};
    const auto many =
        bench.operate("PUT", "/plans/studio", {{"windows", std::vector<Json>(9, window)}});
    CHECK(many.body["error"]["fields"]["windows"] == "has 9 items; it may have at most 8");
    CHECK(bench.operate("PUT", "/plans/Bad", {{"api", true}})
              .body["error"]["fields"]
              .contains("name"));
}

TEST_CASE("a member that an object of a body has twice is named, however deep it is") {
    ManageBench bench;
    for (const char* body : {R"({"api":true,"api":false})",
                             R"({"windows":[{"name":"a","limit":1,"limit":2,"seconds":1}]})"}) {
        const auto refused =
            bench.call(bench.tokens["operator"], "PUT", "/admin/v1/plans/studio", Json(body), {});
        CHECK(refused.reason() == "bad_json");
        CHECK(refused.answer.body.find("twice in one object") != std::string::npos);
    }
}

TEST_CASE("a plan set over HTTP says whose calls its windows count, and is warned about") {
    ManageBench bench;
    const auto windows_per = [](const std::string& per) {
        return Json{{{"name", "a"}, {"limit", 9}, {"seconds", 60}, {"per", per}}};
    };
    for (const std::string per : {"token", "member", "workspace"}) {
        const auto set = bench.operate(
            "PUT", "/plans/gold", {{"api", true}, {"rank", 40}, {"windows", windows_per(per)}});
        REQUIRE(set.status == 200);
        CHECK(set.body["data"]["windows"][0]["per"] == per);
        REQUIRE(set.body["data"]["warnings"].size() == (per == "token" ? 1 : 0));
        if (per == "token") {
            const std::string warning = set.body["data"]["warnings"][0];
            CHECK(warning.find("'gold'") != std::string::npos);
            CHECK(warning.find("multiply each limit by " + std::to_string(bench.rules.live_max)) !=
                  std::string::npos);
        }
        CHECK(bench.operate("GET", "/plans/gold").body["data"]["windows"][0]["per"] == per);
    }
}

TEST_CASE("many tokens are revoked at once, after a preview that changes nothing") {
    ManageBench bench;
    const std::string member = bench.members["member@acme"];
    for (int i = 0; i < 3; ++i)
        bench.token_for(member);
    const std::int64_t events = bench.events();
    const auto preview =
        bench.operate("POST", "/tokens/revoke", {{"member", member}, {"preview", true}});
    REQUIRE(preview.status == 200);
    CHECK(preview.body["data"]["live"] == 4);
    CHECK(preview.body["data"]["tokens"].size() == 4);
    CHECK(bench.events() == events);
    const auto done = bench.operate("POST", "/tokens/revoke", {{"member", member}});
    CHECK(done.body["data"]["live"] == 4);
    CHECK(bench.events() == events + 4);
    CHECK(bench.self(bench.tokens["member@acme"], "GET", "/me").status == 401);
    CHECK(bench.operate("POST", "/tokens/revoke", {{"member", member}}).body["data"]["live"] == 0);
    CHECK(bench.operate("POST", "/tokens/revoke", Json::object()).status == 422);
    CHECK(
        bench
            .operate("POST", "/tokens/revoke",
                     {{"prefixes", {bench.prefix_of(bench.tokens["owner@acme"]), "000000000000"}}})
            .status == 404);
    CHECK(bench.self(bench.tokens["owner@acme"], "GET", "/me").status == 200);
}

TEST_CASE("a whole token sent where its prefix belongs is refused and never repeated") {
    ManageBench bench;
    const std::string token = bench.tokens["owner@acme"];
    const auto revoke = bench.operate("POST", "/tokens/revoke", {{"prefixes", {token}}});
    CHECK(revoke.status == 422);
    CHECK_FALSE(shows(revoke.answer, token));
    CHECK_FALSE(shows(bench.operate("GET", "/tokens/" + token).answer, token));
    CHECK_FALSE(shows(bench.operate("PATCH", "/workspaces/acme", {{"plan", token}}).answer, token));
}

TEST_CASE("a whole token is never stored or shown: not as a name, a field's name or a key") {
    ManageBench bench;
    const std::string token = bench.tokens["owner@acme"];
    const std::int64_t events = bench.events();
    const std::vector<ManageBench::Reply> replies = {
        bench.operate("POST", "/workspaces", {{"name", token}}),
        bench.operate("POST", "/workspaces", {{"name", "a " + token + " b"}}),
        bench.operate("POST", "/workspaces", {{"name", "a"}, {token, 1}}),
        bench.operate("GET", "/tokens?" + token + "=1&" + token + "=1"),
        bench.operate("GET", "/audit?object=" + token),
        bench.self(token, "POST", "/tokens", {{"name", token}}),
        bench.self(token, "POST", "/tokens", {{"name", "a"}}, {{"Idempotency-Key", token}})};
    for (const ManageBench::Reply& reply : replies) {
        CAPTURE(reply.status);
        CHECK(reply.status == 422);
        CHECK_FALSE(shows(reply.answer, token));
    }
    CHECK(bench.events() == events);
}

TEST_CASE("the audit log has every change, filtered, in pages, and never a secret") {
    ManageBench bench;
    const auto made =
        bench.self(bench.tokens["owner@acme"], "POST", "/tokens", {{"name", "audited"}});
    const std::string token = made.body["data"]["token"];
    const auto events = bench.operate(
        "GET", "/audit?workspace=acme&action=token.mint&actor=" + bench.members["owner@acme"]);
    REQUIRE(events.body["data"].size() == 1);
    const Json& event = events.body["data"][0];
    CHECK(event["object"] == bench.prefix_of(token));
    CHECK(event["token"] == bench.prefix_of(bench.tokens["owner@acme"]));
    CHECK(event["from"] == "192.0.2.1");
    CHECK(event["via"] == "127.0.0.1");  // who said so
    CHECK(event["after"]["name"] == "audited");
    CHECK_FALSE(shows(events.answer, token));
    std::size_t count = 0;
    std::string cursor;
    do {
        const auto page =
            bench.operate("GET", "/audit?limit=7" + (cursor.empty() ? "" : "&cursor=" + cursor));
        REQUIRE(page.status == 200);
        count += page.body["data"].size();
        const Json& next = page.body["pagination"]["nextCursor"];
        cursor = next.is_null() ? "" : next.get<std::string>();
    } while (!cursor.empty());
    CHECK(count == static_cast<std::size_t>(bench.events()));
    CHECK(bench.operate("GET", "/audit?until=2020-01-01").body["data"].empty());
    CHECK(bench.operate("GET", "/audit?workspace=nobody").status == 404);
    CHECK(bench.operate("GET", "/audit?colour=red").status == 422);
}
