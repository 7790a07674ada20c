// Closing a workspace: what goes, what stays, and when it is refused.
#include "manage/audit_log.h"
#include "manage/usage.h"
#include "support/database_bench.h"

using namespace hourgate;
using namespace hourgate::manage;
using hourgate::test::DatabaseBench;
using hourgate::test::refused;
using hourgate::test::take;

TEST_CASE("a workspace without live tokens goes with its members and ended tokens, and no other") {
    DatabaseBench bench;
    const std::string acme = bench.workspace("acme"), bolt = bench.workspace("bolt");
    const std::string ann = bench.person(acme, "ann@acme.example", Role::owner);
    const std::string bob = bench.person(acme, "bob@acme.example");
    bench.person(bolt, "ann@bolt.example", Role::owner);
    const std::string prefix = bench.mint(ann).view.token.prefix;
    const std::string next =
        take(rotate_token(bench.context(), prefix, 0)).view.token.prefix;  // one line of two
    bench.mint(bob, bench.clock.wall_ms + 1'000);
    bench.revoke(next);
    take(remove_member(bench.context(), bob));
    bench.clock.wall_ms += 1'000;

    const ClosedWorkspace closed = take(close_workspace(bench.context(), "acme"));
    CHECK(closed.view.workspace.public_id == acme);
    CHECK(closed.members == 2);
    CHECK(closed.ended_tokens == 3);
    CHECK(bench.last_event("action") == "workspace.close");
    CHECK(bench.last_event("object") == acme);
    CHECK(bench.last_event("workspace_id") == acme);
    CHECK(bench.last_event("before") ==
          R"({"name":"acme","plan":"studio","paidUntil":null,"members":2,"endedTokens":3})");
    CHECK(bench.number("SELECT count(*) FROM workspaces") == 1);
    CHECK(bench.number("SELECT count(*) FROM members") == 1);
    CHECK(bench.number("SELECT count(*) FROM tokens") == 0);
    CHECK(take(show_workspace(bench.context(), "bolt")).members == 1);
    CHECK(refused(bench, [&] { return show_workspace(bench.context(), acme); }).fault ==
          Fault::not_found);
    // Its name is free.
    CHECK(bench.workspace("acme") != acme);
}

TEST_CASE("a workspace with a token that works is not closed, whoever's token it is") {
    DatabaseBench bench;
    const std::string acme = bench.workspace("acme");
    const std::string ann = bench.person(acme, "ann@acme.example", Role::owner);
    const std::string bob = bench.person(acme, "bob@acme.example");
    const std::string prefix = bench.mint(bob).view.token.prefix;
    bench.revoke(bench.mint(ann).view.token.prefix);
    const auto close = [&] { return close_workspace(bench.context(), acme); };
    const Failure live = refused(bench, close);
    CHECK(live.fault == Fault::conflict);
    CHECK(live.reason == "workspace_in_use");
    CHECK(live.object == acme);
    CHECK(live.what == "workspace 'acme' has 1 live token");
    // Of a removed member, who may come back; and in its grace.
    take(remove_member(bench.context(), bob));
    CHECK(refused(bench, close).reason == "workspace_in_use");
    take(restore_member(bench.context(), bob));
    const std::string next = take(rotate_token(bench.context(), prefix, 3'600)).view.token.prefix;
    bench.revoke(next);
    CHECK(refused(bench, close).reason == "workspace_in_use");
    CHECK(bench.number("SELECT count(*) FROM tokens") == 3);
    bench.clock.wall_ms += 3'600'000;
    CHECK(take(close()).ended_tokens == 3);
}

TEST_CASE("many ended tokens with much usage go in small transactions, and all of them go") {
    DatabaseBench bench;
    bench.rules.live_max = 10'000;
    const std::string acme = bench.workspace("acme");
    const std::string ann = bench.person(acme, "ann@acme.example", Role::owner);
    constexpr int tokens = 12;
    for (int i = 0; i < tokens; ++i) {
        const auto minted = bench.mint(ann);
        std::vector<UsageNote> notes;
        for (std::int64_t hour = 0; hour < limits::prune_rows_max / 5; ++hour)
            notes.push_back({minted.view.token.id, hour, {{"granted", 1}}, {}});
        take(write_usage(*bench.ledger, notes));
        bench.revoke(minted.view.token.prefix);
    }
    REQUIRE(bench.number("SELECT count(*) FROM usage") > limits::prune_rows_max * 2);
    CHECK(take(close_workspace(bench.context(), acme)).ended_tokens == tokens);
    for (const char* const table : {"usage", "token_use", "tokens", "members", "workspaces"})
        CHECK(bench.number(std::string("SELECT count(*) FROM ") + table) == 0);
}

TEST_CASE("no number of a closed workspace, member or token is ever given out again") {
    DatabaseBench bench;
    std::int64_t workspace = 0, member = 0, token = 0;
    for (int round = 0; round < 3; ++round) {
        const std::string acme = bench.workspace("acme");
        const auto minted = bench.mint(bench.person(acme, "ann@acme.example", Role::owner));
        CHECK(minted.view.member.workspace_id > workspace);
        CHECK(minted.view.member.id > member);
        CHECK(minted.view.token.id > token);
        workspace = minted.view.member.workspace_id;
        member = minted.view.member.id;
        token = minted.view.token.id;
        bench.revoke(minted.view.token.prefix);
        take(close_workspace(bench.context(), acme));
    }
}

TEST_CASE(
    "the audit log of a closed workspace is found by id and name, and of none that never was") {
    DatabaseBench bench;
    const std::string acme = bench.workspace("acme");
    take(close_workspace(bench.context(), acme));
    AuditFilter filter;
    filter.workspace_id = acme;
    const auto events = take(list_events(bench.context(), filter)).items;
    REQUIRE(events.size() == 2);
    CHECK(events[0].action == "workspace.close");
    filter.workspace_id = "ws_0000000000000000";
    CHECK(list_events(bench.context(), filter).failure().fault == Fault::not_found);
    filter.workspace_id = "acme";
    CHECK(take(list_events(bench.context(), filter)).items.size() == 2);
    // Of two that were closed with one name, the later is meant; each is found by its id.
    const std::string other = bench.workspace("acme");
    filter.workspace_id = "acme";
    CHECK(take(list_events(bench.context(), filter)).items.size() == 1);
    take(close_workspace(bench.context(), other));
    filter.workspace_id = "acme";
    for (const AuditEvent& event : take(list_events(bench.context(), filter)).items) {
        CHECK(event.workspace_id == other);
        CHECK(event.workspace_name == "acme");
    }
    filter.workspace_id = acme;
    CHECK(take(list_events(bench.context(), filter)).items.size() == 2);
}

TEST_CASE("only an operator closes a workspace") {
    DatabaseBench bench;
    const std::string acme = bench.workspace("acme");
    const std::string ann = bench.person(acme, "ann@acme.example", Role::owner);
    const std::string prefix = bench.mint(ann).view.token.prefix;
    CHECK(refused(bench, [&] {
              return close_workspace(bench.context_of(ann, prefix), acme);
          }).reason == "operators_only");
}
