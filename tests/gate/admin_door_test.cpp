// The admin door, which operator tokens alone open, and revoking and rotating, which no plan and no
// full window keeps from anybody.
#include <string>

#include "gate/gate_bench.h"
#include "support/catch.h"

using namespace hourgate;
using hourgate::test::Bench;

namespace {

std::string decide(Bench& bench, const Call& call) {
    return std::string(to_text(bench.gate.decide(call).reason));
}

Call at_admin(const Bench& bench) {
    Call call = bench.call("/admin/v1/workspaces");
    call.door = Door::admin;
    return call;
}

Call revoking(const Bench& bench) {
    return bench.call("/_hourgate/api/v1/tokens/000000000000", "DELETE");
}

void make_operator(Bench& bench) {
    bench.facts.token.kind = TokenFacts::Kind::operator_;
    bench.facts.member = {};
    bench.facts.workspace = {};
    bench.put();
}

}  // namespace

TEST_CASE("an operator token opens the admin door, and nothing else") {
    Bench bench;
    make_operator(bench);
    CHECK(decide(bench, at_admin(bench)) == "granted");
    CHECK(decide(bench, bench.call()) == "role_forbidden");
    CHECK(decide(bench, revoking(bench)) == "role_forbidden");
    bench.facts.token.revoked_ms = bench.now.wall_ms;
    bench.put();
    CHECK(decide(bench, at_admin(bench)) == "revoked_token");
}

TEST_CASE("nothing else opens it: no role, no plan, no public resource, no mode") {
    for (const Mode mode : {Mode::enforce, Mode::observe}) {
        policy::Rules rules;
        rules.resources = {{"all", {test::pattern("/**")}, {}, {}, true, false}};
        Bench bench(mode, rules);
        for (const Role role : all_roles) {
            bench.facts.member.role = role;
            bench.put();
            const Decision decision = bench.gate.decide(at_admin(bench));
            CHECK(decision.reason == Reason::role_forbidden);
            CHECK_FALSE(decision.granted());
        }
        bench.facts.workspace.plan_id = 1;  // without API access: 403 all the same
        bench.put();
        CHECK(decide(bench, at_admin(bench)) == "role_forbidden");
        Call nobody = at_admin(bench);
        nobody.presented = Presented::nothing;
        nobody.credentials = {};
        CHECK(decide(bench, nobody) == "no_credentials");
        CHECK_FALSE(bench.gate.decide(nobody).granted());
    }
}

TEST_CASE("failures at the admin door count for the address, and a valid token passes") {
    Bench bench;
    make_operator(bench);
    Call nobody = at_admin(bench);
    nobody.presented = Presented::nothing;
    for (int i = 0; i < 10; ++i)
        CHECK(decide(bench, nobody) == "no_credentials");
    CHECK(decide(bench, nobody) == "too_many_failures");
    CHECK(decide(bench, at_admin(bench)) == "granted");
}

TEST_CASE(
    "revoking passes without API access, on a lapsed plan and a full window, and spends none") {
    Bench bench;
    SECTION("without API access") {
        bench.facts.workspace.plan_id = 1;
        bench.put();
        CHECK(decide(bench, bench.call()) == "plan_without_api");
    }
    SECTION("lapsed") {
        bench.facts.workspace.paid_until_ms = bench.now.wall_ms - 4 * Bench::day;
        bench.put();
        CHECK(decide(bench, bench.call()) == "plan_lapsed");
    }
    SECTION("full") {
        for (int i = 0; i < 3; ++i)
            CHECK(decide(bench, bench.call()) == "granted");
        CHECK(decide(bench, bench.call()) == "window_full");
    }
    SECTION("roomy") {
        const Decision decision = bench.gate.decide(revoking(bench));
        CHECK(decision.reason == Reason::granted);
        CHECK(decision.room_of == RoomOf::plan);  // shown on the answer, not spent
        CHECK(decision.room.states[0].remaining == 3);
        CHECK(bench.left() == 3);
    }
    CHECK(decide(bench, revoking(bench)) == "granted");
}

TEST_CASE("revoking has 60 calls a minute for a token line; the 61st is told when it passes") {
    Bench bench;
    for (int i = 0; i < 60; ++i)
        REQUIRE(decide(bench, revoking(bench)) == "granted");
    const Decision full = bench.gate.decide(revoking(bench));
    CHECK(full.reason == Reason::window_full);
    CHECK(full.room_of == RoomOf::urgent);
    CHECK(full.room.retry_after_s == 60);
    CHECK(bench.left() == 3);
    CHECK(decide(bench, bench.call()) == "granted");
    bench.advance_s(59);
    CHECK(decide(bench, revoking(bench)) == "window_full");
    bench.advance_s(1);
    CHECK(decide(bench, revoking(bench)) == "granted");
}
