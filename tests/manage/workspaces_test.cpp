// Workspaces: each use case, its audit event, and every way in which it can be refused.
#include "support/database_bench.h"

using namespace hourgate;
using namespace hourgate::manage;
using hourgate::test::DatabaseBench;
using hourgate::test::refused;
using hourgate::test::take;

TEST_CASE("a new workspace has an id of its own, a plan and an end of what is paid") {
    DatabaseBench bench;
    const WorkspaceView view =
        take(add_workspace(bench.context(), {"Müller & Söhne", "studio", 1'800'000'000'000}));
    CHECK(view.workspace.public_id.size() == 19);
    CHECK(view.workspace.public_id.substr(0, 3) == "ws_");
    CHECK(view.workspace.name == "Müller & Söhne");
    CHECK(view.plan == "studio");
    CHECK(view.workspace.paid_until_ms == 1'800'000'000'000);
    CHECK(view.workspace.created_ms == bench.clock.wall_ms);
    CHECK(view.members == 0);
    CHECK(view.tokens == 0);

    CHECK(bench.last_event("action") == "workspace.add");
    CHECK(bench.last_event("actor") == "cli:test");
    CHECK(bench.last_event("source") == "local");
    CHECK(bench.last_event("object") == view.workspace.public_id);
    CHECK(bench.last_event("workspace_id") == view.workspace.public_id);
    CHECK(bench.last_event("at_ms") == std::to_string(bench.clock.wall_ms));
    CHECK(bench.last_event("before").empty());
    CHECK(bench.last_event("after") ==
          R"({"name":"Müller & Söhne","plan":"studio","paidUntil":"2027-01-15T08:00:00Z"})");
}

TEST_CASE("a workspace is found by id and by name") {
    DatabaseBench bench;
    const std::string id = bench.workspace("acme");
    CHECK(take(show_workspace(bench.context(), id)).workspace.name == "acme");
    CHECK(take(show_workspace(bench.context(), "acme")).workspace.public_id == id);
    // Another hand names a workspace after the id of another: the id wins.
    bench.workspace("imposter");
    bench.run("UPDATE workspaces SET name = '" + id + "' WHERE name = 'imposter'");
    CHECK(take(show_workspace(bench.context(), id)).workspace.name == "acme");
}

TEST_CASE("a workspace shows its present members and live tokens") {
    DatabaseBench bench;
    const std::string ws = bench.workspace("acme");
    const std::string ann = bench.person(ws, "ann@acme.example", Role::owner);
    const std::string bob = bench.person(ws, "bob@acme.example");
    bench.mint(ann);
    bench.mint(ann, bench.clock.wall_ms + 1'000);
    bench.revoke(bench.mint(bob).view.token.prefix);
    take(remove_member(bench.context(), bob));
    bench.token_of("other");
    CHECK(take(show_workspace(bench.context(), ws)).members == 1);
    CHECK(take(show_workspace(bench.context(), ws)).tokens == 2);
    bench.clock.wall_ms += 1'000;
    CHECK(take(show_workspace(bench.context(), ws)).tokens == 1);
}

TEST_CASE("workspaces are listed by name") {
    DatabaseBench bench;
    CHECK(take(list_workspaces(bench.context())).items.empty());
    bench.workspace("bolt", "free");
    bench.workspace("acme");
    const auto list = take(list_workspaces(bench.context())).items;
    REQUIRE(list.size() == 2);
    CHECK(list[0].workspace.name == "acme");
    CHECK(list[0].plan == "studio");
    CHECK(list[1].workspace.name == "bolt");
    CHECK(list[1].plan == "free");
}

TEST_CASE("a plan is changed with the end of what is paid, which may be in the past or none") {
    DatabaseBench bench;
    bench.workspace("acme", "free");
    const WorkspaceView paid =
        take(change_workspace(bench.context(), "acme", test::to_plan("agency", 1'000)));
    CHECK(paid.plan == "agency");
    CHECK(paid.workspace.paid_until_ms == 1'000);
    CHECK(bench.last_event("action") == "workspace.plan");
    CHECK(bench.last_event("before") == R"({"plan":"free","paidUntil":null})");
    CHECK(bench.last_event("after") == R"({"plan":"agency","paidUntil":"1970-01-01T00:00:01Z"})");

    const WorkspaceView endless =
        take(change_workspace(bench.context(), "acme", test::to_plan("agency", {})));
    CHECK_FALSE(endless.workspace.paid_until_ms.has_value());
    CHECK(take(show_workspace(bench.context(), "acme")).plan == "agency");
}

TEST_CASE("a change to what is already so changes and records nothing") {
    DatabaseBench bench;
    bench.workspace("acme", "free");
    const std::int64_t version = bench.version(), events = bench.events();
    CHECK(take(change_workspace(bench.context(), "acme", test::to_plan("free", {}))).plan ==
          "free");
    CHECK(bench.version() == version);
    CHECK(bench.events() == events);
}

TEST_CASE("a workspace needs a name that is free, a name that is plain, a plan that is there") {
    DatabaseBench bench;
    const std::string id = bench.workspace("acme");
    const Failure taken = refused(bench, [&] {
        return add_workspace(bench.context(), {"acme", "free", {}});
    });
    CHECK(taken.fault == Fault::conflict);
    CHECK(taken.what == "there is a workspace 'acme' already (" + id + ")");
    CHECK(refused(bench, [&] {
              return add_workspace(bench.context(), {id, "gold", {}});
          }).fault == Fault::conflict);

    const Failure no_plan = refused(bench, [&] {
        return add_workspace(bench.context(), {"bolt", "gold", {}});
    });
    CHECK(no_plan.fault == Fault::not_found);
    CHECK(no_plan.what == "there is no plan 'gold'");
    CHECK(no_plan.next == "the plans are: free, studio, agency; see `hourgate plan list`");

    for (const std::string& name :
         {std::string(), std::string(" acme"), std::string("a\nb"), std::string("a\0b", 3),
          std::string("\xff"), std::string("\x1b[31m"), std::string(201, 'x')}) {
        const Failure bad = refused(bench, [&] {
            return add_workspace(bench.context(), {name, "free", {}});
        });
        CHECK(bad.fault == Fault::usage);
        CHECK(bad.what.find("a workspace cannot be named '") == 0);
        for (const char c : bad.what)
            CHECK((c >= ' ' || static_cast<unsigned char>(c) >= 0x80));
    }
}

TEST_CASE("a workspace or plan that is not there is named, with where to look") {
    DatabaseBench bench;
    bench.workspace("acme");
    const Failure no_ws = refused(bench, [&] {
        return change_workspace(bench.context(), "ACME", test::to_plan("free", {}));
    });
    CHECK(no_ws.fault == Fault::not_found);
    CHECK(no_ws.what == "there is no workspace 'ACME'");
    CHECK(no_ws.next == "did you mean 'acme'? If not, see `hourgate workspace list`");
    CHECK(refused(bench, [&] { return show_workspace(bench.context(), ""); }).fault ==
          Fault::not_found);
    CHECK(refused(bench, [&] {
              return change_workspace(bench.context(), "acme", test::to_plan("gold", {}));
          }).what == "there is no plan 'gold'");
}

TEST_CASE(
    "a workspace says whether it is paid, in its grace or lapsed, and how many days are left") {
    DatabaseBench bench;
    const std::int64_t until_ms = bench.clock.wall_ms + 10 * ms_per_day;
    take(add_workspace(bench.context(), {"acme", "studio", until_ms}));
    const auto at = [&](std::int64_t wall_ms) {
        bench.clock.wall_ms = wall_ms;
        Context context = bench.context();
        context.lapse = LapseRule{3 * ms_per_day};
        const WorkspaceView shown = take(show_workspace(context, "acme"));
        const auto listed = take(list_workspaces(context)).items;
        REQUIRE(listed.size() == 1);
        CHECK(listed[0].standing.paid == shown.standing.paid);
        CHECK(listed[0].days_left == shown.days_left);
        CHECK(shown.standing.lapses_ms == until_ms + 3 * ms_per_day);
        return std::pair(shown.standing.paid, shown.days_left.value());
    };
    CHECK(at(until_ms - 10 * ms_per_day) == std::pair(Paid::yes, std::int64_t{10}));
    CHECK(at(until_ms - 1) == std::pair(Paid::yes, std::int64_t{1}));
    CHECK(at(until_ms) == std::pair(Paid::in_grace, std::int64_t{3}));
    CHECK(at(until_ms + 3 * ms_per_day - 1) == std::pair(Paid::in_grace, std::int64_t{1}));
    CHECK(at(until_ms + 3 * ms_per_day) == std::pair(Paid::lapsed, std::int64_t{0}));
    CHECK(at(until_ms + 300 * ms_per_day) == std::pair(Paid::lapsed, std::int64_t{0}));

    WorkspaceChange endless;
    endless.paid_until_ms.emplace(std::nullopt);
    const WorkspaceView after = take(change_workspace(bench.context(), "acme", endless));
    CHECK(after.standing.paid == Paid::yes);
    CHECK_FALSE(after.days_left.has_value());
}

TEST_CASE("a workspace that differs only in letter case is asked about, and warned of") {
    DatabaseBench bench;
    bench.workspace("Acme");
    bench.workspace("Z\xc3\xbcrich & Co");
    const auto next = [&](const std::string& name) {
        return refused(
                   bench,
                   [&] { return change_workspace(bench.context(), name, test::to_plan("agency")); })
            .next;
    };
    CHECK(next("acme").starts_with("did you mean 'Acme'? "));
    CHECK(next("Z\xc3\x9cRICH & co").starts_with("did you mean 'Z\xc3\xbcrich & Co'? "));
    CHECK(next("acm") == "see `hourgate workspace list`");

    const auto warning = [&](const std::string& name) {
        const Workspace found = take(show_workspace(bench.context(), name)).workspace;
        return take(warning_about_name(bench.context(), found));
    };
    CHECK(warning("Acme").empty());
    bench.workspace("ACME");
    CHECK(warning("ACME").starts_with("There is also a workspace 'Acme' (ws_"));
    CHECK(warning("Acme").starts_with("There is also a workspace 'ACME' (ws_"));
}

TEST_CASE("a member is not told how another workspace is written") {
    DatabaseBench bench;
    bench.workspace("Bolt");
    const std::string member =
        bench.person(bench.workspace("acme"), "ann@acme.example", Role::owner);
    const std::string prefix = bench.mint(member).view.token.prefix;
    const auto shown = show_workspace(bench.context_of(member, prefix), "bolt");
    REQUIRE_FALSE(shown.ok());
    CHECK(shown.failure().next.find("Bolt") == std::string::npos);
}
