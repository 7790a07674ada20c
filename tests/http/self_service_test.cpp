// Members manage their own tokens over HTTP: every route, every status, and every combination of
// role, route and object against a table.
#include <array>
#include <string>
#include <vector>

#include "base/limits.h"
#include "support/manage_bench.h"

using namespace hourgate;
using hourgate::test::header;
using hourgate::test::ManageBench;
using hourgate::test::shows;
using hourgate::test::take;
using Json = ManageBench::Json;

TEST_CASE("a member mints a token, which is shown once and works at once") {
    ManageBench bench;
    const auto made = bench.self(bench.tokens["member@acme"], "POST", "/tokens",
                                 {{"name", "ci"}, {"scopes", {"hourgate:read", "notes:read"}}});
    REQUIRE(made.status == 201);
    const std::string token = made.body["data"]["token"];
    CHECK(made.body["data"]["memberId"] == bench.members["member@acme"]);
    CHECK(made.body["data"]["scopes"] == Json{"hourgate:read", "notes:read"});
    CHECK(made.answer.holds_token);
    CHECK(header(made.answer, "Cache-Control") == "no-store");
    CHECK(bench.self(token, "GET", "/me").body["data"]["token"] == bench.prefix_of(token));
    const auto shown = bench.self(token, "GET", "/tokens/" + bench.prefix_of(token));
    CHECK(shown.status == 200);
    CHECK_FALSE(shows(shown.answer, token));
    CHECK(bench.last_event("action") == "token.mint");
    CHECK(bench.last_event("actor") == bench.members["member@acme"]);
    CHECK(bench.last_event("token") == bench.prefix_of(bench.tokens["member@acme"]));
    CHECK(bench.last_event("source") == "192.0.2.1 via 127.0.0.1");
}

TEST_CASE("a mint that does not fit is 422, names every field, and mints nothing") {
    ManageBench bench;
    const std::string token = bench.tokens["owner@acme"];
    const std::int64_t events = bench.events();
    const auto off = bench.self(token, "POST", "/tokens",
                                {{"scopes", {"clients"}}, {"expiresAt", "soon"}, {"rank", 1}});
    CHECK(off.status == 422);
    CHECK(off.code() == "validation_error");
    std::string names;
    for (const auto& [name, message] : off.body["error"]["fields"].items())
        names += name + " ";
    CHECK(names == "expiresAt name rank scopes[0] ");
    for (const Json& body : {Json{{"name", "a"}, {"scopes", {"unknown:read"}}},
                             Json{{"name", " a"}}, Json{{"name", "a"}, {"expiresIn", "900d"}},
                             Json{{"name", "a"}, {"expiresAt", "2020-01-01"}},
                             Json{{"name", "a"}, {"env", "prod"}}, Json{{"name", 7}}}) {
        CAPTURE(body.dump());
        const auto refused = bench.self(token, "POST", "/tokens", body);
        CHECK(refused.status == 422);
        CHECK(refused.body["error"]["fields"].size() == 1);
        CHECK(refused.answer.body.find('`') == std::string::npos);
    }
    CHECK(bench.events() == events);
}

TEST_CASE("a body that is no JSON object is 400, and one not said to be JSON 415") {
    ManageBench bench;
    const std::string token = bench.tokens["owner@acme"];
    for (const char* body : {"{", "[]", "7", R"({"name":"a","name":"b"})"}) {
        CAPTURE(body);
        CHECK(bench.self(token, "POST", "/tokens", Json(body)).reason() == "bad_json");
    }
    CHECK(bench.self(token, "POST", "/tokens", Json(R"({"name":"a",})")).body["error"]["message"] ==
          "The body is not JSON: byte 13 does not fit.");
    const auto text = bench.self(token, "POST", "/tokens", Json(R"({"name":"a"})"),
                                 {{"Content-Type", "text/plain"}});
    CHECK(text.status == 415);
}

TEST_CASE("a body over the bound, or behind a refused call, is not read") {
    ManageBench bench;
    const std::string target = std::string(ManageBench::api) + "/tokens";
    CHECK(bench.service->body_bytes_max(http::Listener::public_, "POST", target) ==
          limits::management_body_bytes_max);
    CHECK(bench.service->body_bytes_max(http::Listener::public_, "GET", target) == 0);
    CHECK(bench.service->body_bytes_max(http::Listener::admin, "POST", target) == 0);
    http::Request request;
    request.method = "POST";
    request.target = target;
    request.peer = Address::loopback();
    http::Service::Admission admission;
    const auto refused = bench.service->admit(http::Listener::public_, request, admission);
    REQUIRE(refused.has_value());
    CHECK(refused->status == 401);
    CHECK(bench.notes.told.size() == 1);  // decided once
}

TEST_CASE("what a token mints is never more than that token") {
    ManageBench bench;
    const std::int64_t day_ms = ms_per_day;
    const std::string narrow = bench.token_for(
        bench.members["owner@acme"], "hourgate:* clients:read", bench.clock.wall_ms + 5 * day_ms);
    const auto mint = [&](const Json& body) { return bench.self(narrow, "POST", "/tokens", body); };
    const auto same = mint({{"name", "same"}});
    REQUIRE(same.status == 201);
    CHECK(same.body["data"]["scopes"] == Json{"hourgate:*", "clients:read"});
    CHECK_FALSE(same.body["data"]["expiresAt"].is_null());
    CHECK(mint({{"name", "less"}, {"scopes", {"clients:read"}}}).status == 201);
    const std::int64_t events = bench.events();
    for (const Json& more :
         {Json{{"name", "a"}, {"scopes", {"clients:write"}}},
          Json{{"name", "a"}, {"expiresIn", "6d"}}, Json{{"name", "a"}, {"env", "test"}}}) {
        CAPTURE(more.dump());
        const auto refused = mint(more);
        CHECK(refused.status == 403);
        CHECK(refused.reason() == "beyond_token");
        CHECK(refused.body["error"]["fields"].size() == 1);
        CHECK(header(refused.answer, "WWW-Authenticate").find("insufficient_scope") !=
              std::string::npos);
    }
    // Nor is what it rotates another of the same member into.
    const std::string wide = bench.tokens["owner@acme"];
    const std::string brief =
        bench.token_for(bench.members["owner@acme"], "", bench.clock.wall_ms + 5 * day_ms);
    const std::int64_t before = bench.events();
    const auto rotated =
        bench.self(brief, "POST", "/tokens/" + bench.prefix_of(wide) + "/rotate", Json::object());
    CHECK(rotated.status == 403);
    CHECK(rotated.reason() == "beyond_token");
    CHECK(bench.events() == before);
    CHECK(before == events + 1);
    CHECK(bench.self(wide, "GET", "/me").status == 200);
}

TEST_CASE("a narrowed token learns neither name nor prefix of another token, whatever its scopes") {
    ManageBench bench;
    for (const char* who : {"owner@acme", "manager@acme"}) {
        const std::string wide = bench.tokens[who];
        const auto sibling = bench.self(wide, "POST", "/tokens", {{"name", "sibling"}},
                                        {{"Idempotency-Key", "once"}});
        REQUIRE(sibling.status == 201);
        const std::string other = sibling.body["data"]["prefix"];
        const std::string narrow = bench.token_for(bench.members[who], "hourgate:*");
        const std::string own = bench.prefix_of(narrow);
        const auto shows_others = [&](const ManageBench::Reply& reply, bool prefix_was_sent) {
            const std::string& body = reply.answer.body;
            return body.find("sibling") != body.npos ||
                   (!prefix_was_sent && body.find(other) != body.npos) ||
                   body.find(bench.prefix_of(wide)) != body.npos;
        };
        for (const char* list : {"/tokens", "/tokens?sort=lastUsed", "/usage", "/me", "/members"}) {
            CAPTURE(who, list);
            const auto reply = bench.self(narrow, "GET", list);
            CHECK(reply.status == 200);
            CHECK_FALSE(shows_others(reply, false));
            if (std::string(list).starts_with("/tokens")) {
                REQUIRE(reply.body["data"].size() == 1);
                CHECK(reply.body["data"][0]["prefix"] == own);
            }
        }
        const std::int64_t events = bench.events();
        for (const auto& [method, path] : std::vector<std::pair<std::string, std::string>>{
                 {"GET", "/tokens/" + other},
                 {"DELETE", "/tokens/" + other},
                 {"POST", "/tokens/" + other + "/rotate"},
                 {"GET", "/usage?token=" + other}}) {
            CAPTURE(who, method, path);
            const auto reply = bench.self(narrow, method, path);
            CHECK(reply.status == 404);
            CHECK_FALSE(shows_others(reply, true));
        }
        const auto repeat =
            bench.self(narrow, "POST", "/tokens", {{"name", "a"}}, {{"Idempotency-Key", "once"}});
        CHECK(repeat.status == 409);
        CHECK(repeat.reason() == "idempotency_key_used");
        CHECK_FALSE(shows_others(repeat, false));
        CHECK(bench.events() == events);
        CHECK(bench.self(wide, "GET", "/tokens/" + other).status == 200);

        // Its own line it sees, and ends.
        const auto next = bench.self(narrow, "POST", "/me/rotate");
        REQUIRE(next.status == 201);
        const std::string successor = next.body["data"]["token"];
        CHECK(bench.self(successor, "GET", "/tokens").body["data"].size() == 2);
        CHECK(bench.self(successor, "DELETE", "/tokens/" + own).status == 200);
    }
}

TEST_CASE(
    "a CI job replaces its own token, whatever it is scoped to, and the old one has a grace") {
    ManageBench bench;
    const std::string old = bench.token_for(bench.members["member@acme"], "notes:read");
    const auto made = bench.self(old, "POST", "/me/rotate", {{"grace", "1h"}});
    REQUIRE(made.status == 201);
    const std::string next = made.body["data"]["token"];
    CHECK(bench.self(next, "GET", "/me").body["data"]["scopes"] == Json{"notes:read"});
    CHECK(bench.self(old, "GET", "/me").status == 200);
    for (const char* path : {"/me/rotate", "/tokens"}) {
        CAPTURE(path);
        const std::string wide = bench.tokens["owner@acme"];
        if (std::string(path) == "/tokens")
            REQUIRE(bench.self(wide, "POST", "/me/rotate").status == 201);
        const auto again =
            bench.self(std::string(path) == "/tokens" ? wide : old, "POST", path,
                       std::string(path) == "/tokens" ? Json{{"name", "a"}} : Json::object());
        CHECK(again.status == 409);
    }
    bench.clock.wall_ms += 2 * 3'600 * ms_per_s;
    CHECK(bench.self(old, "GET", "/me").reason() == "rotated_token");
    CHECK(bench.self(next, "GET", "/me").status == 200);
}

TEST_CASE("an idempotency key mints once a day: the repeat gets the first answer, less the token") {
    ManageBench bench;
    const std::string token = bench.tokens["manager@acme"];
    const auto mint = [&](const std::string& who, const std::string& key) {
        return bench.self(bench.tokens[who], "POST", "/tokens", {{"name", "a"}},
                          {{"Idempotency-Key", key}});
    };
    const auto first = mint("manager@acme", "deploy-1");
    REQUIRE(first.status == 201);
    const std::int64_t events = bench.events();
    const auto repeat = mint("manager@acme", "deploy-1");
    CHECK(repeat.status == 201);
    Json expected = first.body["data"];
    expected["token"] = nullptr;
    CHECK(repeat.body["data"] == expected);
    CHECK_FALSE(shows(repeat.answer, first.body["data"]["token"].get<std::string>()));
    CHECK(bench.events() == events);
    CHECK(mint("owner@acme", "deploy-1").status == 201);  // a key is its member's
    CHECK(mint("manager@acme", std::string(255, 'k')).status == 201);
    for (const std::string& key : {std::string(256, 'k'), std::string("a b"), std::string(),
                                   std::string("\"\""), std::string("\"open")})
        CHECK(mint("manager@acme", key).status == 422);
    bench.clock.wall_ms += ms_per_day;
    CHECK(mint("manager@acme", "deploy-1").status == 201);
}

TEST_CASE("an idempotency key in quotes and without is one key, whatever its length") {
    ManageBench bench;
    const auto mint = [&](const std::string& key) {
        return bench
            .self(bench.tokens["manager@acme"], "POST", "/tokens", {{"name", "a"}},
                  {{"Idempotency-Key", key}})
            .status;
    };
    for (const std::string& key :
         {std::string("a-1"), std::string(63, 'x'), std::string(64, 'x'), std::string(255, 'x')}) {
        CAPTURE(key);
        const std::int64_t before = bench.events();
        CHECK(mint('"' + key + '"') == 201);
        CHECK(mint(key) == 201);
        CHECK(mint('"' + key + "\";v=1") == 201);
        CHECK(bench.events() == before + 1);
    }
    CHECK(mint(R"("say \"hi\"")") == 201);
    CHECK(mint(R"("say \"hi\"")") == 201);
    // The digest that stands for a long key is no key that somebody else may have used.
    const std::string stored =
        bench.text("SELECT key FROM idempotency_keys WHERE length(key) = 64 LIMIT 1");
    CHECK(mint(stored) == 201);
    CHECK(bench.number("SELECT max(length(key)) FROM idempotency_keys") == 64);
}

TEST_CASE("a member mints as often a day as tokens.mints_per_day says, then 429 says when again") {
    ManageBench bench;
    bench.rules.mints_per_day = 2;
    const std::string token = bench.tokens["member@acme"];
    const auto mint = [&](const std::string& with) {
        return bench.self(with, "POST", "/tokens", {{"name", "a"}});
    };
    const auto first = mint(token);
    REQUIRE(first.status == 201);
    bench.clock.wall_ms += 3'600'500;
    REQUIRE(mint(token).status == 201);
    const auto full = mint(first.body["data"]["token"]);
    CHECK(full.status == 429);
    CHECK(full.code() == "rate_limited");
    CHECK(full.reason() == "window_full");
    const Json& error = full.body["error"];
    CHECK(error["window"] == "mints");
    CHECK(error["limit"] == 2);
    CHECK(error["windowSeconds"] == 86'400);
    CHECK(error["per"] == "member");
    const std::int64_t wait_s = error["retryAfter"];
    CHECK(wait_s == 23 * 3'600);  // 0.5 s less, rounded up
    CHECK(header(full.answer, "Retry-After") == std::to_string(wait_s));
    CHECK(mint(bench.tokens["owner@acme"]).status == 201);  // a window is its member's
    bench.clock.wall_ms += (wait_s - 1) * ms_per_s;
    CHECK(mint(token).status == 429);
    bench.clock.wall_ms += ms_per_s;
    CHECK(mint(token).status == 201);
}

TEST_CASE("a member changes names and notes as often a day as tokens.mints_per_day says") {
    ManageBench bench;
    bench.rules.mints_per_day = 2;
    const std::string token = bench.tokens["member@acme"];
    const auto note = [&](const std::string& text) {
        return bench.self(token, "PATCH", "/tokens/" + bench.prefix_of(token), {{"note", text}});
    };
    REQUIRE(note("one").status == 200);
    REQUIRE(note("two").status == 200);
    const std::int64_t events = bench.events();
    const auto full = note("three");
    CHECK(full.status == 429);
    CHECK(full.body["error"]["window"] == "changes");
    CHECK(bench.events() == events);
    CHECK(note("two").status == 200);  // nothing changes
    bench.clock.wall_ms += 86'400 * ms_per_s;
    CHECK(note("three").status == 200);
}

TEST_CASE(
    "a grace asked for by a member is at most the configured one; an operator's may be longer") {
    ManageBench bench;
    bench.rules.rotate_grace_s = 3'600;
    const std::string token = bench.tokens["member@acme"];
    const std::int64_t events = bench.events();
    for (const char* grace : {"3601s", "36500d"}) {
        const auto refused = bench.self(token, "POST", "/me/rotate", {{"grace", grace}});
        CHECK(refused.status == 422);
        CHECK(refused.reason() == "bad_grace");
        CHECK(refused.body["error"]["fields"].contains("grace"));
    }
    const auto said = [](const auto& answer) { return answer.body["error"].dump(); };
    const std::string long_grace =
        said(bench.self(token, "POST", "/me/rotate", {{"grace", "48h"}}));
    CHECK(long_grace.find("48h") != std::string::npos);
    CHECK(long_grace.find("at most 1h") != std::string::npos);
    const std::string long_life =
        said(bench.self(token, "POST", "/tokens", {{"name", "n"}, {"expiresIn", "36500d"}}));
    CHECK(long_life.find("expiresIn") != std::string::npos);
    CHECK(long_life.find("36500d") != std::string::npos);
    CHECK(long_life.find("at most 365d") != std::string::npos);
    const std::string endless =
        said(bench.self(token, "POST", "/tokens", {{"name", "n"}, {"expiresIn", "365000d"}}));
    CHECK(endless.find("at most 36525d") != std::string::npos);
    CHECK(bench.events() == events);
    CHECK(bench.self(token, "POST", "/me/rotate", {{"grace", "1h"}}).status == 201);
    const std::string other = bench.prefix_of(bench.tokens["owner@acme"]);
    CHECK(bench.operate("POST", "/tokens/" + other + "/rotate", {{"grace", "30d"}}).status == 201);
}

TEST_CASE("a token shown over HTTP names its predecessor and its successor") {
    ManageBench bench;
    const std::string token = bench.tokens["owner@acme"];
    const std::string old = bench.prefix_of(token);
    const auto rotated = bench.self(token, "POST", "/me/rotate");
    REQUIRE(rotated.status == 201);
    const std::string made = rotated.body["data"]["prefix"];
    CHECK(rotated.body["data"]["predecessor"] == old);
    CHECK(rotated.body["data"]["successor"].is_null());
    const auto shown = [&](const std::string& prefix) {
        const auto own = bench.self(rotated.body["data"]["token"], "GET", "/tokens/" + prefix);
        const auto all = bench.operate("GET", "/tokens/" + prefix);
        CHECK(own.body["data"]["predecessor"] == all.body["data"]["predecessor"]);
        CHECK(own.body["data"]["successor"] == all.body["data"]["successor"]);
        return all.body["data"];
    };
    CHECK(shown(old)["predecessor"].is_null());
    CHECK(shown(old)["successor"] == made);
    CHECK(shown(made)["predecessor"] == old);
    CHECK(shown(made)["successor"].is_null());
}

TEST_CASE("a rotation whose answer was lost may be repeated, until its successor is used") {
    ManageBench bench;
    const std::string old = bench.tokens["member@acme"];
    const auto rotate = [&](const Json& body = Json::object()) {
        return bench.self(old, "POST", "/me/rotate", body);
    };
    const auto shown = [&](const std::string& token) {
        return bench.operate("GET", "/tokens/" + bench.prefix_of(token)).body["data"];
    };
    const auto lost = rotate({{"grace", "2h"}});
    REQUIRE(lost.status == 201);
    const std::string unused = lost.body["data"]["token"];
    const auto works_until = shown(old)["worksUntil"];
    bench.clock.wall_ms += 600 * ms_per_s;

    const auto again = rotate({{"grace", "2h"}});
    REQUIRE(again.status == 201);
    const std::string next = again.body["data"]["token"];
    CHECK(shown(old)["worksUntil"] == works_until);
    CHECK(shown(old)["status"] == "grace");
    CHECK(shown(next)["status"] == "live");
    CHECK(bench.self(unused, "GET", "/me").reason() == "revoked_token");
    CHECK(bench.number("SELECT count(DISTINCT line) FROM tokens WHERE prefix IN ('" +
                       bench.prefix_of(old) + "', '" + bench.prefix_of(next) + "')") == 1);

    // One call, and what was counted is not written yet: the successor is in use.
    CHECK(bench.self(next, "GET", "/me").status == 200);
    const auto refused = rotate();
    CHECK(refused.status == 409);
    CHECK(refused.reason() == "token_in_grace");
    CHECK(bench.self(next, "GET", "/me").status == 200);
}

TEST_CASE("a refused call of the successor does not count as its use") {
    ManageBench bench;
    const std::string old = bench.tokens["member@acme"];
    const auto lost = bench.self(old, "POST", "/me/rotate", Json::object());
    REQUIRE(lost.status == 201);
    CHECK(bench.self(lost.body["data"]["token"], "GET", "/organization").status == 403);
    CHECK(bench.self(old, "POST", "/me/rotate", Json::object()).status == 201);
}

TEST_CASE(
    "revoking, rotating and reading pass on a lapsed plan and a full window; minting is unpaid") {
    ManageBench bench;
    const std::string token = bench.tokens["owner@acme"];
    const std::string mine = "/tokens/" + bench.prefix_of(token);
    SECTION("lapsed") {
        take(manage::change_workspace(bench.context(), "acme", test::to_plan("free")));
        bench.directory->catch_up();
        CHECK(bench.self(token, "POST", "/tokens", {{"name", "a"}}).status == 402);
        for (const std::string target :
             {"/me", "/tokens", mine.c_str(), "/members", "/organization", "/usage"})
            CHECK(bench.self(token, "GET", target).status == 200);
    }
    SECTION("full") {
        for (int i = 0; i < 30; ++i)
            CHECK(bench.api_call(token) == "granted");
        CHECK(bench.api_call(token) == "window_full");
        CHECK(bench.call_now(token, "GET", "/_hourgate/api/v1/me").status == 200);
        CHECK(bench.call_now(token, "DELETE", "/_hourgate/api/v1" + mine).status == 200);
        bench.clock.boot_us += 10 * us_per_s;
        CHECK(bench.call_now(token, "GET", "/_hourgate/api/v1/me").reason() == "revoked_token");
        return;
    }
    const auto rotated = bench.self(token, "POST", "/me/rotate", {{"grace", "0"}});
    REQUIRE(rotated.status == 201);
    const std::string next = rotated.body["data"]["token"];
    CHECK(bench.self(next, "DELETE", "/tokens/" + bench.prefix_of(next)).status == 200);
    CHECK(bench.self(next, "GET", "/me").status == 401);
}

TEST_CASE("revocations that change nothing have a window of 60 calls a minute for each token") {
    ManageBench bench;
    const std::string token = bench.tokens["owner@acme"];
    const std::string gone = "/_hourgate/api/v1/tokens/000000000000";
    for (int i = 0; i < 60; ++i)
        REQUIRE(bench.call_now(token, "DELETE", gone).status == 404);
    const auto full = bench.call_now(token, "DELETE", gone);
    CHECK(full.status == 429);
    CHECK(full.body["error"]["window"] == "revoke");
    CHECK(full.body["error"]["per"] == "token");
    CHECK(header(full.answer, "X-RateLimit-Limit") == "60");
    CHECK(header(full.answer, "X-RateLimit-Remaining") == "0");
    CHECK(header(full.answer, "Retry-After") == "60");
    CHECK(bench.call_now(token, "GET", "/_hourgate/api/v1/me").status == 200);  // not the plan's
    bench.clock.boot_us += 60 * us_per_s;
    CHECK(bench.call_now(token, "DELETE", gone).status == 404);
}

TEST_CASE("a list in pages skips and repeats nothing while tokens are added") {
    ManageBench bench;
    const std::string owner = bench.tokens["owner@acme"];
    for (int i = 0; i < 20; ++i)
        bench.token_for(bench.members["owner@acme"]);
    std::vector<std::string> before;
    for (const auto& view : take(manage::list_tokens(bench.context(), {"acme", ""})).items)
        before.push_back(view.token.prefix);
    std::vector<std::string> seen;
    std::string cursor;
    for (int pages = 0; pages < 20; ++pages) {
        const auto page = bench.self(
            owner, "GET", "/tokens?limit=3" + (cursor.empty() ? "" : "&cursor=" + cursor));
        REQUIRE(page.status == 200);
        for (const Json& item : page.body["data"])
            seen.push_back(item["prefix"]);
        bench.token_for(bench.members["owner@acme"]);
        if (page.body["pagination"]["nextCursor"].is_null())
            break;
        cursor = page.body["pagination"]["nextCursor"];
    }
    CHECK(seen == before);
    // Good for this list of this caller and no other, and not to be made up.
    for (const std::string& path :
         {"/members?cursor=" + cursor, "/tokens?member=x&cursor=" + cursor,
          "/tokens?cursor=" + cursor.substr(1), "/tokens?cursor=1" + cursor.substr(1),
          std::string("/tokens?cursor="), "/tokens?cursor=" + std::string(64, '0')})
        CHECK(bench.self(owner, "GET", path).status == 422);
    CHECK(bench.self(bench.tokens["owner@bolt"], "GET", "/tokens?cursor=" + cursor).status == 422);
    for (const char* limit : {"0", "201", "-1", "x", ""})
        CHECK(bench.self(owner, "GET", "/tokens?limit=" + std::string(limit)).status == 422);
}

TEST_CASE("what is not there and what may not be seen are the same answer") {
    ManageBench bench;
    const std::string manager = bench.tokens["manager@acme"];
    const auto words = [&](const std::string& path) {
        const auto reply = bench.self(manager, "GET", path);
        CHECK(reply.status == 404);
        CHECK(reply.code() == "not_found");
        std::string text = reply.answer.body;
        const std::string named = path.substr(path.rfind('/') + 1);
        for (auto at = text.find(named); at != text.npos; at = text.find(named))
            text.replace(at, named.size(), "X");
        return text.substr(0, text.find("\"decision\""));
    };
    const std::string nowhere = words("/tokens/000000000000");
    CHECK(words("/tokens/" + bench.prefix_of(bench.tokens["owner@acme"])) == nowhere);
    CHECK(words("/tokens/" + bench.prefix_of(bench.tokens["owner@bolt"])) == nowhere);
    CHECK(words("/tokens/" + bench.prefix_of(bench.tokens["operator"])) == nowhere);
    CHECK(words("/members/mem_nobody") == words("/members/" + bench.members["owner@bolt"]));
    // By any other name than an id nobody is found.
    CHECK(bench.self(manager, "GET", "/members/owner@acme.example").status == 404);
}

TEST_CASE("every role, route and object: nobody reaches another workspace by any id") {
    // Objects: own; another's of each role in the same workspace; another workspace's. For each
    // role (owner, admin, manager, member) the status for: own, other in the workspace, other
    // workspace.
    struct Row {
        const char* method;
        const char* path;  // {t}: the object's token, {m}: the object's member
        std::array<std::array<int, 3>, 4> expected;
    };
    const std::vector<Row> table = {
        {"GET",
         "/tokens/{t}",
         {{{200, 200, 404}, {200, 200, 404}, {200, 404, 404}, {200, 404, 404}}}},
        {"DELETE",
         "/tokens/{t}",
         {{{200, 200, 404}, {200, 200, 404}, {200, 404, 404}, {200, 404, 404}}}},
        {"POST",
         "/tokens/{t}/rotate",
         {{{201, 403, 404}, {201, 403, 404}, {201, 404, 404}, {201, 404, 404}}}},
        {"GET",
         "/members/{m}",
         {{{200, 200, 404}, {200, 200, 404}, {200, 200, 404}, {200, 404, 404}}}},
        {"GET",
         "/tokens?member={m}",
         {{{200, 200, 404}, {200, 200, 404}, {200, 200, 404}, {200, 404, 404}}}},
        {"GET",
         "/organization",
         {{{200, 200, 200}, {200, 200, 200}, {200, 200, 200}, {403, 403, 403}}}},
        {"GET", "/members", {{{200, 200, 200}, {200, 200, 200}, {200, 200, 200}, {200, 200, 200}}}},
        {"GET", "/tokens", {{{200, 200, 200}, {200, 200, 200}, {200, 200, 200}, {200, 200, 200}}}},
        {"PATCH",
         "/members/{m}",
         {{{405, 405, 405}, {405, 405, 405}, {405, 405, 405}, {405, 405, 405}}}},
    };
    ManageBench bench;
    int combinations = 0;
    for (const Row& row : table) {
        for (const Role role : all_roles) {
            const std::string self = std::string(to_text(role)) + "@acme";
            for (const Role other : all_roles) {
                for (const std::string ws : {"acme", "bolt"}) {
                    const std::string object = std::string(to_text(other)) + "@" + ws;
                    const std::string token = bench.token_for(bench.members[self]);
                    const std::string target = bench.token_for(bench.members[object]);
                    std::string path = row.path;
                    if (const auto at = path.find("{t}"); at != path.npos)
                        path.replace(at, 3, bench.prefix_of(target));
                    if (const auto at = path.find("{m}"); at != path.npos)
                        path.replace(at, 3, bench.members[object]);
                    const std::size_t kind = ws == "bolt" ? 2 : object == self ? 0 : 1;
                    const std::int64_t events = bench.events();
                    const auto reply = bench.self(token, row.method, path);
                    CAPTURE(row.method, path, self, object, reply.answer.body);
                    CHECK(reply.status == row.expected[index(role)][kind]);
                    CHECK(bench.events() ==
                          events + (std::string(row.method) != "GET" && reply.status < 300));
                    CHECK(reply.answer.body.find(bench.workspaces["bolt"]) == std::string::npos);
                    CHECK_FALSE(shows(reply.answer, target));
                    ++combinations;
                }
            }
        }
    }
    CHECK(combinations == 288);
}

TEST_CASE(
    "what is decided is what is routed: an encoded path is the same path, a case variant none") {
    ManageBench bench;
    const std::string owner = bench.tokens["owner@acme"];
    CHECK(bench.self(owner, "GET", "/%74okens").status == 200);
    CHECK(bench.self(owner, "GET", "/tokens/").status == 200);
    CHECK(bench.self(owner, "GET", "/nothing").status == 404);
    const auto wrong = bench.self(owner, "PUT", "/tokens");
    CHECK(wrong.status == 405);
    CHECK(header(wrong.answer, "Allow") == "GET, HEAD, POST");
    CHECK(bench.self(owner, "HEAD", "/tokens").status == 200);
}

TEST_CASE("a thousand rounds of mint, use, revoke and use: each change is in force when answered") {
    ManageBench bench;
    bench.rules.mints_per_day = 1'000;
    const std::string owner = bench.tokens["owner@acme"];
    int surprises = 0;
    for (int round = 0; round < 1'000; ++round) {
        bench.clock.boot_us += us_per_s;  // the windows of self-service have room
        const auto made = bench.self(owner, "POST", "/tokens", {{"name", "round"}});
        const std::string token = made.body["data"]["token"];
        surprises += bench.call_now(token, "GET", "/_hourgate/api/v1/me").status != 200;
        surprises += bench.self(owner, "DELETE", "/tokens/" + bench.prefix_of(token)).status != 200;
        surprises += bench.call_now(token, "GET", "/_hourgate/api/v1/me").status != 401;
    }
    CHECK(surprises == 0);
}
