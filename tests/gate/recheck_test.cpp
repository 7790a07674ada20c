// What goes on for long is decided again: who, paid, may, as of now, and nothing is spent.
#include "gate/gate.h"

#include <functional>
#include <string>
#include <vector>

#include "gate/gate_bench.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::test;

namespace {

/// Calls granted now in the first window of plan studio, whatever plan the workspace is on.
std::uint32_t left(Bench& bench) {
    const Plan* plan = bench.directory.plans->find("studio");
    return bench.limiter.ask({7, 0, 21}, plan->windows, bench.now, Spend::no).states[0].remaining;
}

/// The reason a moment after `change`, of a call that was granted before it.
Reason after(const std::function<void(Bench&)>& change) {
    Bench bench;
    const std::string target = "/clients/1";
    const Decision granted = bench.gate.decide(bench.call(target));
    REQUIRE(granted.reason == Reason::granted);
    CHECK(left(bench) == 2);
    bench.advance_s(1);
    change(bench);
    bench.put();
    const Decision again = bench.gate.recheck(granted, bench.now);
    CHECK(again.id == granted.id);
    CHECK(again.room.granted == granted.room.granted);
    CHECK(left(bench) == 2);
    return again.reason;
}

}  // namespace

TEST_CASE("a call goes on while nothing has changed, and spends nothing by going on") {
    CHECK(after([](Bench&) {}) == Reason::granted);
}

TEST_CASE("a call goes on when its window is full by now: there was room for it") {
    Bench bench;
    const std::string target = "/clients/1";
    const Decision granted = bench.gate.decide(bench.call(target));
    while (bench.gate.decide(bench.call(target)).granted()) {
    }
    CHECK(left(bench) == 0);
    CHECK(bench.gate.recheck(granted, bench.now).granted());
}

TEST_CASE("a call that goes on is refused for whatever would refuse it now") {
    CHECK(after([](Bench& bench) { bench.facts.token.revoked_ms = bench.now.wall_ms; }) ==
          Reason::revoked_token);
    CHECK(after([](Bench& bench) { bench.facts.token.expires_ms = bench.now.wall_ms; }) ==
          Reason::expired_token);
    CHECK(after([](Bench& bench) { bench.facts.token.works_until_ms = bench.now.wall_ms; }) ==
          Reason::rotated_token);
    CHECK(after([](Bench& bench) { bench.facts.member.removed_ms = bench.now.wall_ms; }) ==
          Reason::member_removed);
    CHECK(after([](Bench& bench) { bench.facts.workspace.plan_id = 1; }) ==
          Reason::plan_without_api);
    CHECK(after([](Bench& bench) {
              bench.facts.workspace.paid_until_ms = bench.now.wall_ms - 4 * Bench::day;
          }) == Reason::plan_lapsed);
    CHECK(after([](Bench& bench) { bench.facts.member.role = Role::member; }) ==
          Reason::role_forbidden);
    CHECK(after([](Bench& bench) { bench.directory.fails = true; }) == Reason::store_failed);
}

TEST_CASE("another token under the same prefix is not the one that was granted") {
    CHECK(after([](Bench& bench) { bench.facts.token.digest[0] ^= 1U; }) == Reason::unknown_token);
}

TEST_CASE("a public call, and one that was only observed, goes on") {
    Bench open;
    Call call = open.call("/health");
    call.presented = Presented::nothing;
    const Decision granted = open.gate.decide(call);
    open.directory.fails = true;
    CHECK(open.gate.recheck(granted, open.now).granted());

    Bench watching(Mode::observe);
    Call stranger = watching.call("/clients/1");
    stranger.presented = Presented::nothing;
    const Decision observed = watching.gate.decide(stranger);
    CHECK(watching.gate.recheck(observed, watching.now).granted());
}

TEST_CASE("a token shown at a public resource may be revoked while its call goes on") {
    Bench bench;
    const std::string target = "/health";
    const Decision granted = bench.gate.decide(bench.call(target));
    REQUIRE(granted.granted());
    bench.facts.workspace.plan_id = 1;
    bench.put();
    CHECK(bench.gate.recheck(granted, bench.now).granted());
    bench.facts.token.revoked_ms = bench.now.wall_ms;
    bench.put();
    CHECK(bench.gate.recheck(granted, bench.now).reason == Reason::revoked_token);
}
