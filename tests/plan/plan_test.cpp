// plan/plan.h
#include "plan/plan.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "plan/upgrade.h"
#include "support/catch.h"

using namespace hourgate;

namespace {

Plan plan_of(std::vector<Window> windows) {
    Plan plan;
    plan.name = "gold";
    plan.windows = std::move(windows);
    return plan;
}

/// What validate says is off; empty when nothing is.
std::string off(Plan plan) {
    const Status status = validate(plan);
    if (status)
        return "";
    CHECK(status.failure().fault == Fault::usage);
    CHECK_FALSE(status.failure().next.empty());
    return status.failure().what;
}

bool names(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("The built-in plans have the published figures and are valid") {
    const std::vector<Plan> plans = built_in_plans();
    REQUIRE(plans.size() == 3);
    CHECK(plans[0].name == "free");
    CHECK_FALSE(plans[0].api);
    CHECK(plans[0].rank == 0);
    CHECK(plans[0].windows.empty());
    CHECK(plans[1].name == "studio");
    CHECK(plans[1].api);
    CHECK(plans[1].rank == 10);
    CHECK(plans[1].windows ==
          std::vector<Window>{{"burst", 30, 10, Per::token}, {"sustained", 600, 60, Per::member}});
    CHECK(plans[2].name == "agency");
    CHECK(plans[2].api);
    CHECK(plans[2].rank == 20);
    CHECK(plans[2].windows == std::vector<Window>{{"burst", 60, 10, Per::token},
                                                  {"sustained", 1'200, 60, Per::member}});
    for (const Plan& plan : plans) {
        Plan copy = plan;
        CHECK(validate(copy).ok());
        CHECK(copy == plan);
    }
}

TEST_CASE("A plan book is ordered by rank, then name, and finds by id and name") {
    std::vector<Plan> plans = built_in_plans();
    plans.push_back(plan_of({}));
    plans.back().rank = 10;
    plans.back().api = true;
    for (std::size_t at = 0; at < plans.size(); ++at)
        plans[at].id = static_cast<std::int64_t>(at) + 1;
    std::sort(plans.begin(), plans.end(), [](const Plan& a, const Plan& b) { return a.id < b.id; });
    do {
        const PlanBook book(plans);
        std::string order;
        for (const Plan& plan : book.plans())
            order += plan.name + " ";
        CHECK(order == "free gold studio agency ");
        REQUIRE(book.find("studio") != nullptr);
        CHECK(book.find("studio")->id == 2);
        CHECK(book.find(4) == book.find("gold"));
        CHECK(book.find(0) == nullptr);
        CHECK(book.find("Gold") == nullptr);
        CHECK(book.lowest_with_api() == book.find("gold"));
    } while (std::next_permutation(plans.begin(), plans.end(),
                                   [](const Plan& a, const Plan& b) { return a.id < b.id; }));
}

TEST_CASE("An upgrade is the lowest plan with access that ranks above the present one") {
    const auto plan = [](const char* name, std::int64_t rank, bool api) {
        Plan made;
        made.name = name;
        made.rank = rank;
        made.api = api;
        return made;
    };
    const PlanBook book({plan("free", 0, false), plan("gift", 0, true), plan("bare", 5, false),
                         plan("studio", 10, true), plan("stage", 10, true),
                         plan("agency", 20, true), plan("old", 30, false)});
    CHECK(upgrade_from(book, book.find("free")) ==
          book.find("stage"));  // of equals the first listed
    CHECK(upgrade_from(book, book.find("gift")) == book.find("stage"));
    CHECK(upgrade_from(book, book.find("bare")) == book.find("stage"));
    CHECK(upgrade_from(book, book.find("studio")) == book.find("agency"));
    CHECK(upgrade_from(book, book.find("old")) == nullptr);  // never a lower one
    CHECK(upgrade_from(book, nullptr) == book.find("gift"));
}

TEST_CASE("Without a plan that has access there is no upgrade") {
    CHECK(upgrade_from(PlanBook(), nullptr) == nullptr);
    CHECK(upgrade_from(PlanBook({built_in_plans()[0]}), nullptr) == nullptr);
    CHECK(PlanBook().find("free") == nullptr);
}

TEST_CASE("A window is read and written as NAME=LIMIT/SECONDS[/token|/member|/workspace]") {
    const auto read = [](const std::string& text) {
        const auto window = parse_window(text);
        REQUIRE(window.ok());
        return window.value();
    };
    CHECK(read("burst=30/10") == Window{"burst", 30, 10, Per::token});
    CHECK(read("burst=30/10/token") == Window{"burst", 30, 10, Per::token});
    CHECK(read("sustained=600/60/member") == Window{"sustained", 600, 60, Per::member});
    CHECK(read("team=1000/60/workspace") == Window{"team", 1'000, 60, Per::workspace});
    for (const auto* text : {"burst=30/10", "sustained=600/60/member", "team=1000/60/workspace",
                             "a=1/1", "x-1_=10000000/2678400"})
        CHECK(to_text(read(text)) == text);
    for (const Per per : all_pers)
        CHECK(per_from(to_text(per)) == per);
}

TEST_CASE("What is no window is refused, and the form is shown") {
    for (const auto* text : {"",
                             "burst",
                             "burst=",
                             "burst=30",
                             "burst=30/",
                             "burst=/10",
                             "=30/10",
                             "burst=30/10/",
                             "burst=30/10/address",
                             "burst=30/10/members",
                             "burst=30/10/Member",
                             "burst=30/10/member/",
                             "burst=30/10/member/workspace",
                             "burst=30/10/Workspace",
                             "burst=30/10/workspace/workspace",
                             "burst=-1/10",
                             "burst=30/10s",
                             "burst=30 / 10",
                             "burst 30/10",
                             "burst=30.5/10",
                             "burst=0/10",
                             "burst=30/0",
                             "burst=10000001/10",
                             "burst=1/2678401",
                             "burst=4294967297/10",
                             "burst=99999999999999999999/1",
                             "Burst=1/1",
                             "1burst=1/1",
                             "bu rst=1/1",
                             "b/u=1/1",
                             "burst==1/1",
                             "/workspace",
                             "=/",
                             "/="}) {
        INFO(text);
        const auto window = parse_window(text);
        REQUIRE_FALSE(window.ok());
        CHECK(window.failure().fault == Fault::usage);
        CHECK_FALSE(window.failure().what.empty());
        CHECK_FALSE(window.failure().next.empty());
    }
    CHECK(names(parse_window("burst=30").failure().next, "NAME=LIMIT/SECONDS"));
    CHECK(names(parse_window("burst=10000001/1").failure().next, "10000000"));
    CHECK_FALSE(names(parse_window("\x1b[31m=1/1").failure().what, "\x1b"));
}

TEST_CASE("Valid windows are put in order, by seconds, then limit") {
    std::vector<Window> windows = {{"a", 5, 1, Per::token},
                                   {"b", 5, 10, Per::workspace},
                                   {"c", 7, 10, Per::token},
                                   {"d", 1, 60, Per::token}};
    const std::vector<Window> sorted = windows;
    const auto by_name = [](const Window& a, const Window& b) { return a.name < b.name; };
    do {
        Plan plan = plan_of(windows);
        CHECK(validate(plan).ok());
        CHECK(plan.windows == sorted);
    } while (std::next_permutation(windows.begin(), windows.end(), by_name));
}

TEST_CASE("Every bound of a plan holds at its edge and refuses one beyond") {
    CHECK(off(plan_of({{"w", 1, 1, Per::token}})).empty());
    CHECK(off(plan_of({{"w", limits::window_calls_max, limits::window_seconds_max, Per::token}}))
              .empty());
    CHECK(names(off(plan_of({{"w", 0, 1, Per::token}})), "'w'"));
    CHECK(names(off(plan_of({{"w", limits::window_calls_max + 1, 1, Per::token}})), "10000001"));
    CHECK(names(off(plan_of({{"w", 1, 0, Per::token}})), "'w'"));
    CHECK(names(off(plan_of({{"w", 1, limits::window_seconds_max + 1, Per::token}})), "2678401"));
    CHECK(names(off(plan_of({{"", 1, 1, Per::token}})), "''"));
    CHECK(off(plan_of({{std::string(32, 'w'), 1, 1, Per::token}})).empty());
    CHECK_FALSE(off(plan_of({{std::string(33, 'w'), 1, 1, Per::token}})).empty());
    CHECK(
        names(off(plan_of({{"w", 1, 1, Per::token}, {"w", 2, 2, Per::workspace}})), "two windows"));

    std::vector<Window> many;
    for (char name = 'a'; name < 'a' + 8; ++name)
        many.push_back({std::string(1, name), 1, 1, Per::token});
    CHECK(off(plan_of(many)).empty());
    many.push_back({"i", 1, 1, Per::token});
    CHECK(names(off(plan_of(many)), "9 windows"));

    Plan plan = plan_of({});
    for (const std::int64_t rank : {0, 1'000'000}) {
        plan.rank = rank;
        CHECK(off(plan).empty());
    }
    for (const std::int64_t rank : {-1, 1'000'001}) {
        plan.rank = rank;
        CHECK(names(off(plan), std::to_string(rank)));
    }
    plan.rank = 0;
    for (const auto* name : {"", "Gold", "1gold", "go ld", "gold\n"}) {
        plan.name = name;
        CHECK_FALSE(off(plan).empty());
    }
    plan.name = std::string(limits::plan_name_bytes_max, 'g');
    CHECK(off(plan).empty());
    plan.name += 'g';
    CHECK_FALSE(off(plan).empty());
}

TEST_CASE("The longest window is the first of equals, and none when there is none") {
    CHECK(longest_window(plan_of({})) == -1);
    CHECK(longest_window(plan_of({{"a", 1, 1, Per::token}})) == 0);
    CHECK(longest_window(built_in_plans()[1]) == 1);
    CHECK(longest_window(plan_of(
              {{"a", 1, 10, Per::token}, {"b", 1, 60, Per::token}, {"c", 2, 60, Per::token}})) ==
          1);
}

TEST_CASE("Numbers of what a window counts are never renumbered") {
    CHECK(static_cast<int>(Per::token) == 0);
    CHECK(static_cast<int>(Per::workspace) == 1);
    CHECK(static_cast<int>(Per::member) == 2);
}

TEST_CASE("A plan whose windows all count per token is warned about, with the factor") {
    const Window token{"a", 5, 1, Per::token};
    const Window other{"b", 5, 1, Per::token};
    const auto warning = [](std::vector<Window> windows) {
        Plan plan = plan_of(std::move(windows));
        plan.api = true;
        return warning_about(plan, 50);
    };
    CHECK(names(warning({token}), "'gold'"));
    CHECK(names(warning({token, other}), "multiply each limit by 50"));
    CHECK(names(warning({token, other}), "tokens.live_max"));
    CHECK(names(warning({token, other}), "minting and revoking"));
    CHECK(names(warning({token, other}), "--window NAME=LIMIT/SECONDS/member"));
    for (const Per per : {Per::member, Per::workspace})
        CHECK(warning({token, {"c", 9, 60, per}}).empty());
    CHECK(warning({}).empty());  // no limit at all: nothing to multiply
    for (const Plan& plan : built_in_plans())
        CHECK(warning_about(plan, 50).empty());
    CHECK(warning_about(plan_of({token}), 50).empty());  // without API access nothing is granted
}
