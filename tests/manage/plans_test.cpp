// Plans: each use case, its audit event, and every way in which it can be refused.
#include <algorithm>

#include "base/limits.h"
#include "support/database_bench.h"

using namespace hourgate;
using namespace hourgate::manage;
using hourgate::test::DatabaseBench;
using hourgate::test::refused;
using hourgate::test::take;

namespace {

PlanChange named(const std::string& name) {
    PlanChange change;
    change.name = name;
    return change;
}

}  // namespace

TEST_CASE("init makes the built-in plans, once") {
    DatabaseBench bench;
    const std::vector<Plan> plans = take(list_plans(bench.context()));
    std::vector<Plan> expected = built_in_plans();
    REQUIRE(plans.size() == expected.size());
    for (std::size_t i = 0; i < plans.size(); ++i) {
        expected[i].id = plans[i].id;
        CHECK(plans[i] == expected[i]);
    }
    CHECK(bench.events() == 3);
    CHECK(refused(bench, [&] { return add_built_in_plans(bench.context()); }).fault ==
          Fault::conflict);
}

TEST_CASE("setting a plan that does not exist makes it, without API access unless said") {
    DatabaseBench bench;
    const Plan gold = take(set_plan(bench.context(), named("gold")));
    CHECK(gold.id != 0);
    CHECK_FALSE(gold.api);
    CHECK(gold.rank == 0);
    CHECK(gold.windows.empty());
    CHECK(bench.last_event("action") == "plan.set");
    CHECK(bench.last_event("object") == "gold");
    CHECK(bench.last_event("before").empty());
    CHECK(bench.last_event("after") == R"({"api":false,"rank":0,"windows":""})");
}

TEST_CASE("what is given of a plan is set, the rest stays") {
    DatabaseBench bench;
    PlanChange change = named("studio");
    change.rank = 15;
    CHECK(take(set_plan(bench.context(), change)).windows.size() == 2);
    CHECK(bench.last_event("before") ==
          R"({"api":true,"rank":10,"windows":"burst=30/10 sustained=600/60/member"})");
    CHECK(bench.last_event("after") ==
          R"({"api":true,"rank":15,"windows":"burst=30/10 sustained=600/60/member"})");

    change = named("studio");
    change.windows =
        std::vector<Window>{{"day", 5'000, 86'400, Per::workspace}, {"burst", 5, 1, Per::token}};
    const Plan plan = take(set_plan(bench.context(), change));
    CHECK(plan.api);
    CHECK(plan.rank == 15);
    REQUIRE(plan.windows.size() == 2);
    CHECK(plan.windows[0].name == "burst");
    CHECK(plan.windows[1].per == Per::workspace);
    const std::vector<Plan> plans = take(list_plans(bench.context()));
    CHECK(*PlanBook(plans).find("studio") == plan);

    change = named("studio");
    change.windows = std::vector<Window>{};
    change.api = false;
    CHECK(take(set_plan(bench.context(), change)).windows.empty());
}

TEST_CASE("setting a plan to what it is changes and records nothing") {
    DatabaseBench bench;
    const std::int64_t version = bench.version(), events = bench.events();
    PlanChange change = named("studio");
    change.api = true;
    change.windows = built_in_plans()[1].windows;
    take(set_plan(bench.context(), change));
    CHECK(bench.version() == version);
    CHECK(bench.events() == events);
}

TEST_CASE("a plan that breaks a bound is refused and stays as it was") {
    DatabaseBench bench;
    PlanChange change = named("studio");
    SECTION("rank") {
        change.rank = -1;
    }
    SECTION("a window of no calls") {
        change.windows = std::vector<Window>{{"w", 0, 1, {}}};
    }
    SECTION("two windows of one name") {
        change.windows = std::vector<Window>{{"w", 1, 1, {}}, {"w", 2, 2, {}}};
    }
    SECTION("nine windows") {
        change.windows.emplace();
        for (unsigned i = 1; i <= limits::windows_per_plan_max + 1; ++i)
            change.windows->push_back({"w" + std::to_string(i), i, i, {}});
    }
    SECTION("a name that is none") {
        change.name = "Gold plan";
    }
    CHECK(refused(bench, [&] { return set_plan(bench.context(), change); }).fault == Fault::usage);
}

TEST_CASE("there are only so many plans") {
    DatabaseBench bench;
    for (std::size_t i = 3; i < limits::plans_max; ++i)
        take(set_plan(bench.context(), named("p" + std::to_string(i))));
    const Failure failure =
        refused(bench, [&] { return set_plan(bench.context(), named("one-more")); });
    CHECK(failure.fault == Fault::conflict);
    CHECK(failure.what == "there are 64 plans, as many as can be");
    PlanChange change = named("studio");
    change.rank = 3;
    CHECK(set_plan(bench.context(), change).ok());  // those there can still be changed
}

TEST_CASE("a plan nobody is on is removed with its windows") {
    DatabaseBench bench;
    take(remove_plan(bench.context(), "agency"));
    CHECK(bench.number("SELECT count(*) FROM plans") == 2);
    CHECK(bench.number("SELECT count(*) FROM windows") == 2);
    CHECK(bench.last_event("action") == "plan.remove");
    CHECK(bench.last_event("before") ==
          R"({"api":true,"rank":20,"windows":"burst=60/10 sustained=1200/60/member"})");
    CHECK(bench.last_event("after").empty());
}

TEST_CASE("the plan that lapsed workspaces count as is not removed") {
    DatabaseBench bench;
    Context context = bench.context();
    context.lapse_to = "free";
    const Failure failure = refused(bench, [&] { return remove_plan(context, "free"); });
    CHECK(failure.reason == "plan_in_use");
    CHECK(failure.what ==
          "plan 'free' is the one that lapsed workspaces count as ([plans] lapse_to)");
    context.lapse_to = "studio";
    take(remove_plan(context, "free"));
}

TEST_CASE("a new plan that got rank 0 because nobody said another says so, once") {
    DatabaseBench bench;
    const auto warned = [&](const PlanChange& change) {
        const auto set = take(change_plan(bench.context(), change));
        return std::any_of(set.warnings.begin(), set.warnings.end(), [](const std::string& one) {
            return one.find("is new and got rank 0") != std::string::npos;
        });
    };
    PlanChange team;
    team.name = "team";
    team.api = true;
    CHECK(warned(team));
    CHECK_FALSE(warned(team));
    PlanChange said;
    said.name = "said";
    said.rank = 0;
    CHECK_FALSE(warned(said));
}

TEST_CASE("a plan that a workspace is on is not removed") {
    DatabaseBench bench;
    bench.workspace("acme", "studio");
    Failure failure = refused(bench, [&] { return remove_plan(bench.context(), "studio"); });
    CHECK(failure.fault == Fault::conflict);
    CHECK(failure.what == "plan 'studio' is the plan of 1 workspace");
    CHECK(failure.next.find("hourgate workspace plan") != std::string::npos);
    bench.workspace("bolt", "studio");
    failure = refused(bench, [&] { return remove_plan(bench.context(), "studio"); });
    CHECK(failure.what == "plan 'studio' is the plan of 2 workspaces");
    CHECK(refused(bench, [&] { return remove_plan(bench.context(), "gold"); }).fault ==
          Fault::not_found);
}

TEST_CASE("a plan that loses its API access says how many workspaces and tokens are cut off") {
    DatabaseBench bench;
    bench.token_of("acme");
    bench.token_of("bolt");
    bench.revoke(bench.token_of("cole"));
    bench.workspace("dune", "agency");
    PlanChange change = named("studio");
    change.api = false;
    const PlanSet off = take(change_plan(bench.context(), change));
    CHECK_FALSE(off.plan.api);
    REQUIRE(off.warnings.size() == 1);
    CHECK(off.warnings.front() ==
          "3 workspaces with 2 live tokens count as plan 'studio', which has no API access any "
          "more: from now on their calls are answered 402. To undo it: `hourgate plan set studio "
          "--api yes`.");
    CHECK(take(change_plan(bench.context(), change)).warnings.empty());  // it has none already
    change.api = true;
    CHECK(take(change_plan(bench.context(), change)).warnings.empty());
    change = named("agency");
    change.api = false;
    const PlanSet one = take(change_plan(bench.context(), change));
    REQUIRE(one.warnings.size() == 1);
    CHECK(one.warnings.front().starts_with("1 workspace with 0 live tokens counts as plan"));
    change = named("nobodys");
    change.api = true;
    take(set_plan(bench.context(), change));
    change.api = false;
    CHECK(take(change_plan(bench.context(), change)).warnings.empty());
}

TEST_CASE("workspaces that lapsed count as the plan that they lapse to, and as no other") {
    DatabaseBench bench;
    bench.token_of("acme");
    take(change_workspace(bench.context(), "acme",
                          test::to_plan("studio", bench.clock.wall_ms - 1)));
    PlanChange change = named("studio");
    change.api = false;
    Context context = bench.context();
    context.lapse_to = "agency";
    CHECK(take(change_plan(context, change)).warnings.empty());
    change = named("agency");
    change.api = false;
    const PlanSet off = take(change_plan(context, change));
    REQUIRE(off.warnings.size() == 1);
    CHECK(off.warnings.front().starts_with("1 workspace with 1 live token counts as plan"));
}

TEST_CASE("a plan that is narrower than it was says whose calls that bounds") {
    DatabaseBench bench;
    bench.token_of("acme");
    const auto warned = [&](std::vector<Window> windows) {
        PlanChange change = named("studio");
        change.windows = std::move(windows);
        const PlanSet set = take(change_plan(bench.context(), change));
        return std::count_if(set.warnings.begin(), set.warnings.end(), [](const auto& warning) {
            return warning.find(
                       "1 workspace with 1 live token counts as plan 'studio', which is "
                       "narrower than it was") == 0;
        });
    };
    CHECK(warned({{"burst", 10, 10, Per::member}}) == 1);  // another scope
    CHECK(warned({{"burst", 20, 10, Per::member}}) == 0);  // more calls
    CHECK(warned({{"other", 20, 10, Per::member}}) == 0);  // another name
    CHECK(warned({{"burst", 19, 10, Per::member}}) == 1);  // fewer calls
    CHECK(warned({{"burst", 19, 20, Per::member}}) == 1);  // for longer
    CHECK(warned({{"burst", 19, 5, Per::member}}) == 0);   // for shorter
    CHECK(warned({{"burst", 19, 5, Per::member}, {"day", 100, 86'400, Per::member}}) == 1);
    CHECK(warned({}) == 0);
    CHECK(warned({{"burst", 1'000, 1, Per::token}}) == 1);  // where there was none
}
