// Lists over HTTP: filters that combine, search, and an order that can be turned round, page by
// page.
#include <algorithm>
#include <string>
#include <vector>

#include "support/manage_bench.h"

using namespace hourgate;
using hourgate::test::ManageBench;
using hourgate::test::take;
using Json = ManageBench::Json;
using Texts = std::vector<std::string>;

namespace {

/// `field` of every item of a list, two items a page.
Texts all_of(ManageBench& bench, const std::string& target, const std::string& field) {
    Texts all;
    std::string cursor;
    do {
        const bool first = target.find('?') == std::string::npos;
        const auto page = bench.operate("GET", target + (first ? "?" : "&") + "limit=2" +
                                                   (cursor.empty() ? "" : "&cursor=" + cursor));
        REQUIRE(page.status == 200);
        CHECK(page.body["data"].size() <= 2);
        for (const Json& item : page.body["data"])
            all.push_back(item[field].is_null() ? "" : item[field].get<std::string>());
        const Json& next = page.body["pagination"]["nextCursor"];
        cursor = next.is_null() ? "" : next.get<std::string>();
    } while (!cursor.empty());
    return all;
}

Texts turned(Texts texts) {
    std::reverse(texts.begin(), texts.end());
    return texts;
}

}  // namespace

TEST_CASE("workspaces are sorted by name or age, either way, and found by plan, standing, text") {
    ManageBench bench;
    bench.workspace("Zeta", "free");
    bench.workspace("alpha", "agency");
    take(manage::change_workspace(bench.context(), "Zeta",
                                  test::to_plan("agency", bench.clock.wall_ms - 1)));
    const Texts by_age = {"acme", "bolt", "Zeta", "alpha"};
    const Texts by_name = {"Zeta", "acme", "alpha", "bolt"};
    CHECK(all_of(bench, "/workspaces", "name") == by_age);
    CHECK(all_of(bench, "/workspaces?sort=created", "name") == by_age);
    CHECK(all_of(bench, "/workspaces?sort=-created", "name") == turned(by_age));
    CHECK(all_of(bench, "/workspaces?sort=name", "name") == by_name);
    CHECK(all_of(bench, "/workspaces?sort=-name", "name") == turned(by_name));
    CHECK(all_of(bench, "/workspaces?plan=agency&sort=name", "name") == Texts{"Zeta", "alpha"});
    CHECK(all_of(bench, "/workspaces?plan=agency&standing=lapsed", "name") == Texts{"Zeta"});
    // Ids are searched, too, and any one letter may be in one.
    CHECK(all_of(bench, "/workspaces?standing=paid&search=LPHA&sort=-name", "name") ==
          Texts{"alpha"});
    CHECK(all_of(bench, "/workspaces?standing=lapsed&search=LPHA", "name").empty());
    CHECK(all_of(bench, "/workspaces?search=%25", "name").empty());  // no wildcard
    CHECK(all_of(bench, "/workspaces?search=" + bench.workspaces["bolt"], "name") == Texts{"bolt"});
    CHECK(bench.operate("GET", "/workspaces?plan=gold").status == 404);
    for (const char* const wrong :
         {"sort=colour", "sort=--name", "sort=", "standing=dead", "color=red"})
        CHECK(bench.operate("GET", std::string("/workspaces?") + wrong).status == 422);
    CHECK(bench.operate("GET", "/workspaces?search=" + std::string(101, 'a')).status == 422);
}

TEST_CASE("members are sorted and found, and a member who sees none but themselves sees no more") {
    ManageBench bench;
    bench.DatabaseBench::service("acme", "Importer", Role::manager);
    take(manage::remove_member(bench.context(), bench.members["admin@acme"]));
    const std::string list = "/workspaces/acme/members";
    const Texts by_email = {"", "admin@acme.example", "manager@acme.example", "member@acme.example",
                            "owner@acme.example"};
    CHECK(all_of(bench, list + "?sort=email", "email") == by_email);
    CHECK(all_of(bench, list + "?sort=-email", "email") == turned(by_email));
    CHECK(all_of(bench, list + "?role=manager", "email") == Texts{"manager@acme.example", ""});
    CHECK(all_of(bench, list + "?role=manager&kind=service", "name") == Texts{"Importer"});
    CHECK(all_of(bench, list + "?status=removed", "email") == Texts{"admin@acme.example"});
    CHECK(all_of(bench, list + "?status=present&sort=-created&search=M", "email") ==
          Texts{"", "member@acme.example", "manager@acme.example", "owner@acme.example"});
    CHECK(bench.operate("GET", list + "?status=dead").status == 422);

    const auto own = [&](const std::string& query) {
        return bench.self(bench.tokens["member@acme"], "GET", "/members" + query).body["data"];
    };
    CHECK(own("").size() == 1);
    CHECK(own("?role=member")[0]["email"] == "member@acme.example");
    CHECK(own("?role=owner").empty());
    CHECK(own("?search=owner@").empty());
}

TEST_CASE("tokens are found by status, environment, note and text, and sorted either way") {
    ManageBench bench;
    const std::string ann = bench.members["owner@acme"];
    const std::string first = bench.prefix_of(bench.tokens["owner@acme"]);
    manage::NewToken asked{ann, "Nightly build", token::Env::test, {}, {}};
    asked.note = "Ticket 77";
    const std::string noted = take(manage::mint_token(bench.context(), asked)).view.token.prefix;
    const std::string ended =
        bench.prefix_of(bench.token_for(ann, "", bench.clock.wall_ms + 1'000));
    const std::string rotated = bench.prefix_of(bench.token_for(ann));
    const std::string successor =
        take(manage::rotate_token(bench.context(), rotated, 60)).view.token.prefix;
    bench.revoke(noted);
    bench.clock.wall_ms += 1'000;
    const std::string of_ann = "/tokens?member=" + ann + "&";
    const Texts newest = {successor, rotated, ended, noted, first};
    CHECK(all_of(bench, of_ann + "sort=-created", "prefix") == newest);
    CHECK(all_of(bench, of_ann + "status=all", "prefix") == newest);
    CHECK(all_of(bench, of_ann + "sort=created", "prefix") == turned(newest));
    CHECK(all_of(bench, of_ann + "status=working", "prefix") == Texts{successor, rotated, first});
    CHECK(all_of(bench, of_ann + "status=ended", "prefix") == Texts{ended, noted});
    CHECK(all_of(bench, of_ann + "status=live", "prefix") == Texts{successor, first});
    CHECK(all_of(bench, of_ann + "status=grace", "prefix") == Texts{rotated});
    CHECK(all_of(bench, of_ann + "status=expired", "prefix") == Texts{ended});
    CHECK(all_of(bench, of_ann + "status=revoked", "prefix") == Texts{noted});
    CHECK(all_of(bench, of_ann + "search=ticket", "prefix") == Texts{noted});
    CHECK(all_of(bench, of_ann + "search=NIGHTLY&env=test", "prefix") == Texts{noted});
    CHECK(all_of(bench, of_ann + "search=nightly&env=live", "prefix").empty());
    bench.clock.wall_ms += 60'000;
    CHECK(all_of(bench, of_ann + "status=rotated", "prefix") == Texts{rotated});
    take(manage::remove_member(bench.context(), bench.members["member@acme"]));
    CHECK(all_of(bench, "/tokens?status=member_removed", "memberEmail") ==
          Texts{"member@acme.example"});
    CHECK(bench.operate("GET", "/tokens?status=alive").status == 422);
}

TEST_CASE("every status that a token can have is one that tokens can be found by") {
    ManageBench bench;
    const std::string ann = bench.members["owner@acme"];
    take(manage::rotate_token(bench.context(), bench.prefix_of(bench.token_for(ann)), 0));
    take(manage::rotate_token(bench.context(), bench.prefix_of(bench.token_for(ann)), 60));
    bench.revoke(bench.prefix_of(bench.token_for(ann)));
    bench.token_for(ann, "", bench.clock.wall_ms + 1);
    take(manage::remove_member(bench.context(), bench.members["admin@bolt"]));
    bench.clock.wall_ms += 1;
    std::size_t seen = 0;
    const auto all = bench.operate("GET", "/tokens?limit=200").body["data"];
    for (const Json& token : all) {
        const std::string status = token["status"];
        const auto of_it = bench.operate("GET", "/tokens?limit=200&status=" + status).body["data"];
        CHECK(std::count(of_it.begin(), of_it.end(), token) == 1);
        for (const Json& one : of_it)
            CHECK(one["status"] == status);
        const bool works = status == "live" || status == "grace";
        const auto working = bench.operate(
            "GET", std::string("/tokens?limit=200&status=") + (works ? "working" : "ended"));
        const Json list = working.body["data"];
        CHECK(std::count(list.begin(), list.end(), token) == 1);
        ++seen;
    }
    CHECK(seen == all.size());
    CHECK(seen > 10);
}

TEST_CASE("tokens by last use come page by page, either way, each once") {
    ManageBench bench;
    const std::string ann = bench.members["owner@acme"];
    Texts used;
    for (int i = 0; i < 5; ++i) {
        bench.clock.wall_ms += 1'000;
        const std::string token = bench.token_for(ann);
        REQUIRE(bench.api_call(token) == "granted");
        used.push_back(bench.prefix_of(token));
    }
    // api_call() decides; the meter is told by calls over HTTP.
    for (const std::string& prefix : used)
        bench.run(
            "INSERT INTO token_use (token_id, used_ms) SELECT id, created_ms FROM tokens"
            " WHERE prefix = '" +
            prefix + "'");
    const std::string never = bench.prefix_of(bench.tokens["owner@acme"]);
    Texts unused_first = {never};
    unused_first.insert(unused_first.end(), used.begin(), used.end());
    Texts used_first = turned(used);
    used_first.push_back(never);
    const std::string list = "/tokens?member=" + ann + "&sort=";
    CHECK(all_of(bench, list + "lastUsed", "prefix") == unused_first);
    CHECK(all_of(bench, list + "-lastUsed", "prefix") == used_first);
}

TEST_CASE("operators, plans, the audit log and decisions can be searched and turned round") {
    ManageBench bench;
    take(manage::mint_operator(bench.context(), "Ann's laptop"));
    CHECK(all_of(bench, "/operators?search=laptop", "name") == Texts{"Ann's laptop"});
    CHECK(all_of(bench, "/operators?sort=created", "name") == Texts{"op", "Ann's laptop"});
    const auto plans = [&](const std::string& query) {
        Texts names;
        const auto listed = bench.operate("GET", "/plans" + query);
        for (const Json& plan : listed.body["data"])
            names.push_back(plan["name"]);
        return names;
    };
    CHECK(plans("") == Texts{"free", "studio", "agency"});
    CHECK(plans("?sort=-rank") == Texts{"agency", "studio", "free"});
    CHECK(plans("?sort=name") == Texts{"agency", "free", "studio"});
    CHECK(plans("?search=E") == Texts{"free", "agency"});
    const Texts latest = all_of(bench, "/audit", "object");
    CHECK(all_of(bench, "/audit?sort=at", "object") == turned(latest));
    const std::string ann = bench.members["owner@acme"];
    CHECK(all_of(bench, "/audit?search=" + ann + "&action=member.add", "object") == Texts{ann});
    CHECK(bench.operate("GET", "/decisions?sort=at&search=clients").status == 200);
    CHECK(bench.operate("GET", "/usage?sort=hour&search=ci").status == 200);
    CHECK(bench.operate("GET", "/usage?sort=at").status == 422);
}

TEST_CASE("a cursor is of one order and search, and a page behind a row that is gone says so") {
    ManageBench bench;
    const auto page = bench.operate("GET", "/workspaces?sort=name&limit=1");
    const std::string cursor = page.body["pagination"]["nextCursor"];
    CHECK(bench.operate("GET", "/workspaces?sort=name&cursor=" + cursor).status == 200);
    CHECK(bench.operate("GET", "/workspaces?sort=-name&cursor=" + cursor).status == 422);
    CHECK(bench.operate("GET", "/workspaces?sort=name&search=a&cursor=" + cursor).status == 422);
    for (const Role role : all_roles)
        bench.revoke(bench.prefix_of(bench.tokens[std::string(to_text(role)) + "@acme"]));
    take(manage::close_workspace(bench.context(), "acme"));
    const auto gone = bench.operate("GET", "/workspaces?sort=name&cursor=" + cursor);
    CHECK(gone.status == 422);
    CHECK(gone.body["error"]["fields"].contains("cursor"));
}
