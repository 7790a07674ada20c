// Usage: counted in memory, written in batches, looked up by those who may see the token.
#include <string>

#include "base/time_text.h"
#include "manage/usage.h"
#include "ops/usage_writer.h"
#include "support/manage_bench.h"

using namespace hourgate;
using hourgate::test::ManageBench;
using Json = ManageBench::Json;

namespace {

class UsageBench : public ManageBench {
public:
    UsageBench() { clock.wall_ms = hour_ms * 500'000 + 5'000; }
    static constexpr std::int64_t hour_ms = ms_per_hour;

    /// Everything counted so far is in the database.
    void write() { writer.write(); }
    /// Rows of the hours of one token, as its owner sees them.
    Json rows_of(const std::string& token) {
        return self(tokens["owner@acme"], "GET", "/usage?token=" + prefix_of(token)).body["data"];
    }

    ops::Log log{-1};
    ops::UsageWriter writer{meter, *ledger, clock, log, {90 * 86'400, 90 * 86'400}};
};

}  // namespace

TEST_CASE("calls are counted per token and hour, granted and refused by reason") {
    UsageBench bench;
    const std::string token = bench.tokens["member@acme"];
    for (int i = 0; i < 3; ++i)
        CHECK(bench.self(token, "GET", "/me").status == 200);
    CHECK(bench.self(token, "GET", "/organization").status == 403);
    bench.write();
    CHECK(bench.self(token, "GET", "/me").status == 200);
    bench.write();
    bench.clock.wall_ms += UsageBench::hour_ms;
    CHECK(bench.self(token, "GET", "/me").status == 200);
    bench.write();
    const Json rows = bench.rows_of(token);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0]["granted"] == 1);
    CHECK(rows[1]["granted"] == 4);
    CHECK(rows[1]["refused"] == Json{{"role_forbidden", 1}});
    CHECK(rows[1]["hour"] < rows[0]["hour"]);
    CHECK(rows[1]["memberId"] == bench.members["member@acme"]);
}

TEST_CASE("who still uses the old token after a rotation is one call, in its grace and after it") {
    UsageBench bench;
    const std::string old = bench.tokens["member@acme"];
    REQUIRE(bench.self(old, "POST", "/me/rotate", {{"grace", "1h"}}).status == 201);
    const auto looked = [&] {
        bench.write();
        return bench.self(bench.tokens["owner@acme"], "GET", "/tokens/" + bench.prefix_of(old))
            .body["data"];
    };
    const std::string rotated = looked()["rotatedAt"];
    bench.clock.wall_ms += 60'000;
    CHECK(bench.self(old, "GET", "/me").status == 200);
    CHECK(looked()["lastUsedAt"] > rotated);
    CHECK(looked()["lastUsedFrom"] == "192.0.2.1");
    CHECK(looked()["lastRefusedAt"].is_null());
    bench.clock.wall_ms += 2 * UsageBench::hour_ms;
    CHECK(bench.self(old, "GET", "/me").status == 401);
    CHECK(looked()["lastRefusedReason"] == "rotated_token");
    CHECK(looked()["lastRefusedFrom"] == "192.0.2.1");
}

TEST_CASE("nobody sees the usage of a token they may not see") {
    UsageBench bench;
    for (const auto& [name, token] : bench.tokens)
        if (name != "operator")
            CHECK(bench.self(token, "GET", "/me").status == 200);
    bench.write();
    const auto count = [&](const std::string& who) {
        return bench.self(bench.tokens[who], "GET", "/usage").body["data"].size();
    };
    CHECK(count("owner@acme") == 4);
    CHECK(count("admin@acme") == 4);
    CHECK(count("manager@acme") == 1);
    CHECK(count("member@acme") == 1);
    const std::string other = "/usage?token=" + bench.prefix_of(bench.tokens["owner@bolt"]);
    CHECK(bench.self(bench.tokens["owner@acme"], "GET", other).status == 404);
    CHECK(bench.self(bench.tokens["owner@acme"], "GET", "/usage?workspace=bolt").status == 422);
    CHECK(bench.operate("GET", "/usage?workspace=bolt").body["data"].size() == 4);
    CHECK(bench.operate("GET", "/usage?from=2020-01-01").body["data"].size() == 8);
    CHECK(bench.operate("GET", "/usage?until=2020-01-01").body["data"].empty());
    // "From" a day on begins with it, and "until" a day ends with it: here as in every other list.
    const std::string day = format_time(bench.clock.wall_ms).substr(0, 10);
    const std::string before = format_time(bench.clock.wall_ms - ms_per_day).substr(0, 10);
    for (const std::string list : {"/usage", "/decisions", "/audit"}) {
        CAPTURE(list);
        if (list == "/usage") {
            CHECK_FALSE(bench.operate("GET", list + "?limit=1&from=" + day + "&until=" + day)
                            .body["data"]
                            .empty());
            CHECK(bench.operate("GET", list + "?until=" + before).body["data"].empty());
        }
        CHECK(bench.operate("GET", list + "?from=2026-02-30").status == 422);
    }
    std::size_t seen = 0;
    std::string cursor;
    do {
        const auto page =
            bench.operate("GET", "/usage?limit=3" + (cursor.empty() ? "" : "&cursor=" + cursor));
        seen += page.body["data"].size();
        const Json& next = page.body["pagination"]["nextCursor"];
        cursor = next.is_null() ? "" : next.get<std::string>();
    } while (!cursor.empty());
    CHECK(seen == 8);
}

TEST_CASE("tokens are listed by last use, and a preview says which were used within the hour") {
    UsageBench bench;
    CHECK(bench.self(bench.tokens["admin@acme"], "GET", "/me").status == 200);
    bench.write();
    bench.clock.wall_ms += 2 * UsageBench::hour_ms;
    CHECK(bench.self(bench.tokens["member@acme"], "GET", "/me").status == 200);
    bench.write();
    const auto list = bench.operate("GET", "/tokens?workspace=acme&sort=lastUsed").body["data"];
    REQUIRE(list.size() == 4);
    CHECK(list[0]["lastUsedAt"].is_null());
    CHECK(list[2]["prefix"] == bench.prefix_of(bench.tokens["admin@acme"]));
    CHECK(list[3]["prefix"] == bench.prefix_of(bench.tokens["member@acme"]));
    const auto preview =
        bench.operate("POST", "/tokens/revoke", {{"workspace", "acme"}, {"preview", true}});
    CHECK(preview.body["data"]["live"] == 4);
    CHECK(preview.body["data"]["usedInLastHour"] == 1);
    CHECK(bench.operate("GET", "/tokens?sort=colour").status == 422);
}

TEST_CASE("what is counted changes nothing of the directory, and what is old is deleted") {
    UsageBench bench;
    const std::int64_t version = bench.version();
    CHECK(bench.self(bench.tokens["member@acme"], "GET", "/me").status == 200);
    bench.write();
    CHECK(bench.version() == version);
    const std::int64_t hour = bench.clock.wall_ms / UsageBench::hour_ms;
    CHECK(hourgate::test::take(manage::prune_usage(*bench.ledger, hour)) == 0);
    CHECK(hourgate::test::take(manage::prune_usage(*bench.ledger, hour + 1)) == 1);
    CHECK(bench.number("SELECT count(*) FROM usage") == 0);
}

TEST_CASE("while the database takes nothing, what was counted waits, and nothing is lost") {
    UsageBench bench;
    const std::string token = bench.tokens["member@acme"];
    bench.run("ALTER TABLE usage RENAME TO usage_away");
    CHECK(bench.self(token, "GET", "/me").status == 200);
    bench.write();
    CHECK(bench.self(token, "GET", "/me").status == 200);
    bench.write();
    bench.run("ALTER TABLE usage_away RENAME TO usage");
    bench.write();
    const Json rows = bench.rows_of(token);
    REQUIRE(rows.size() == 1);
    CHECK(rows[0]["granted"] == 2);
}

TEST_CASE("a clean stop writes what is left") {
    UsageBench bench;
    bench.writer.start();
    CHECK(bench.self(bench.tokens["member@acme"], "GET", "/me").status == 200);
    bench.writer.stop();
    CHECK(bench.rows_of(bench.tokens["member@acme"])[0]["granted"] == 1);
}

TEST_CASE("a dead token that asks why has used nothing, and a live one has") {
    hourgate::test::Bench bench;
    for (const bool dead : {false, true}) {
        if (dead)
            bench.facts.token.revoked_ms = bench.now.wall_ms;
        bench.put();
        const Decision decision = bench.gate.decide(bench.own_call("/_hourgate/why/dec_0"));
        REQUIRE(decision.granted());
        ops::UsageMeter meter;
        meter.count(decision);
        std::size_t notes = 0;
        for (std::size_t part = 0; part < limits::usage_shards; ++part)
            notes += meter.take(part).size();
        CHECK(notes == (dead ? 0 : 1));
    }
}

TEST_CASE("every list by time takes from and until as people type them, and refuses swapped ones") {
    UsageBench bench;
    for (const std::string list : {"/usage", "/audit", "/decisions"}) {
        INFO(list);
        const auto get = [&](const std::string& query) {
            return bench.operate("GET", list + "?" + query);
        };
        for (const std::string from :
             {"2h", "90s", "1d", "yesterday", "today", "2020-01-01", "2020-01-01T00:00:00Z"})
            CHECK(get("from=" + from).status == 200);
        for (const std::string off : {"2x", "never", "soon", "-2h", "2026-02-30"}) {
            const auto answer = get("from=" + off);
            CHECK(answer.status == 422);
            CHECK(answer.body.dump().find("or a span such as 2h") != std::string::npos);
        }
        for (const std::string swapped :
             {"from=1h&until=2h", "from=2026-02-02&until=2026-02-01", "from=1h&until=1h"}) {
            const auto answer = get(swapped);
            CHECK(answer.status == 422);
            CHECK(answer.body.dump().find("is not before until") != std::string::npos);
        }
        CHECK(get("from=2026-02-01&until=2026-02-01").status == 200);  // that day
        for (const std::string later : {"tomorrow", "2099-01-01", "9999-12-31T00:00Z"}) {
            const auto answer = get("from=" + later);
            CHECK(answer.status == 422);
            CHECK(answer.body.dump().find("is in the future") != std::string::npos);
        }
        CHECK(get("from=now").status == 200);
        CHECK(get("until=tomorrow").status == 200);
        CHECK(get("from=365000d").body.dump().find("at most 36525d") != std::string::npos);
        CHECK(get("until=2h&from=3h").status == 200);
    }
    bench.clock.wall_ms += ms_per_day;
    const std::size_t before = bench.operate("GET", "/audit").body["data"].size();
    REQUIRE(bench.operate("POST", "/workspaces", {{"name", "Late"}}).status == 201);
    CHECK(bench.operate("GET", "/audit?from=2h").body["data"].size() == 1);
    CHECK(bench.operate("GET", "/audit?until=2h").body["data"].size() == before);
}
