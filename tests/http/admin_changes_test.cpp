// What an operator, and a member, can change over HTTP beside the first things: closing, renaming,
// notes, operator tokens.
#include <string>

#include "support/manage_bench.h"

using namespace hourgate;
using hourgate::test::ManageBench;
using hourgate::test::take;
using Json = ManageBench::Json;

TEST_CASE("a workspace is closed over HTTP when its last token is revoked") {
    ManageBench bench;
    const auto refused = bench.operate("DELETE", "/workspaces/bolt");
    CHECK(refused.status == 409);
    CHECK(refused.reason() == "workspace_in_use");
    CHECK(refused.body["error"]["conflictsWith"] == bench.workspaces["bolt"]);
    CHECK(refused.answer.body.find('`') == std::string::npos);
    CHECK(bench.operate("POST", "/tokens/revoke", {{"workspace", "bolt"}}).status == 200);
    const auto closed = bench.operate("DELETE", "/workspaces/bolt");
    REQUIRE(closed.status == 200);
    CHECK(closed.body["data"] == Json({{"id", bench.workspaces["bolt"]},
                                       {"name", "bolt"},
                                       {"closed", true},
                                       {"members", 4},
                                       {"endedTokens", 4}}));
    CHECK(bench.operate("GET", "/workspaces/bolt").status == 404);
    CHECK(bench.operate("DELETE", "/workspaces/bolt").status == 404);
    // Nobody else's token was ended, and those of the closed one stay refused.
    CHECK(bench.self(bench.tokens["owner@acme"], "GET", "/me").status == 200);
    CHECK(bench.self(bench.tokens["owner@bolt"], "GET", "/me").status == 401);
    CHECK(bench.operate("GET", "/audit?workspace=" + bench.workspaces["bolt"]).status == 200);
}

TEST_CASE("a workspace goes over to another owner in one call") {
    ManageBench bench;
    const auto done = bench.operate("POST", "/workspaces/acme/transfer",
                                    {{"to", "admin@acme.example"}, {"formerRole", "manager"}});
    REQUIRE(done.status == 200);
    CHECK(done.body["data"]["owner"]["id"] == bench.members["admin@acme"]);
    CHECK(done.body["data"]["former"]["role"] == "manager");
    CHECK(bench.self(bench.tokens["admin@acme"], "GET", "/me").body["data"]["role"] == "owner");
    CHECK(bench.operate("POST", "/workspaces/acme/transfer", Json::object()).status == 422);
    CHECK(bench
              .operate("POST", "/workspaces/acme/transfer",
                       {{"to", "member@acme.example"}, {"formerRole", "owner"}})
              .status == 422);
    CHECK(bench.operate("POST", "/workspaces/acme/transfer", {{"to", "eve@bolt.example"}}).status ==
          404);
}

TEST_CASE("a new workspace or service whose name differs in letter case alone is warned about") {
    ManageBench bench;
    const auto first = bench.operate("POST", "/workspaces", {{"name", "Dune"}});
    CHECK(first.body["data"]["warnings"] == Json::array());
    const auto second = bench.operate("POST", "/workspaces", {{"name", "DUNE"}});
    REQUIRE(second.body["data"]["warnings"].size() == 1);
    CHECK(second.body["data"]["warnings"][0].get<std::string>().find("'Dune'") !=
          std::string::npos);
    const auto service = [&](const std::string& name) {
        return bench
            .operate("POST", "/workspaces/Dune/members", {{"kind", "service"}, {"name", name}})
            .body["data"]["warnings"];
    };
    CHECK(service("robot").empty());
    CHECK(service("Robot").size() == 1);
}

TEST_CASE("a workspace that is paid until a date in the past is warned about over HTTP, too") {
    ManageBench bench;
    const Json past = {{"plan", "studio"}, {"paidUntil", "2020-01-01"}};
    Json lapsed = past;
    lapsed["name"] = "Past";
    const auto added = bench.operate("POST", "/workspaces", lapsed).body["data"];
    REQUIRE(added["warnings"].size() == 1);
    CHECK(added["warnings"][0].get<std::string>().find("has lapsed, and counts as plan") !=
          std::string::npos);
    CHECK(bench.operate("PATCH", "/workspaces/acme", past).body["data"]["warnings"].size() == 1);
    const auto no_api =
        bench.operate("PATCH", "/workspaces/acme", {{"plan", "free"}, {"paidUntil", nullptr}});
    REQUIRE(no_api.body["data"]["warnings"].size() == 1);
    CHECK(no_api.body["data"]["warnings"][0].get<std::string>().find("has no API access") !=
          std::string::npos);
    CHECK(bench.operate("PATCH", "/workspaces/acme", {{"plan", "studio"}})
              .body["data"]["warnings"]
              .empty());
}

TEST_CASE("a token is told its workspace under both names") {
    ManageBench bench;
    const auto me = bench.self(bench.tokens["owner@acme"], "GET", "/me").body["data"];
    CHECK(me["workspaceId"] == bench.workspaces["acme"]);
    CHECK(me["workspaceName"] == "acme");
    CHECK(me["orgId"] == me["workspaceId"]);
    CHECK(me["orgName"] == me["workspaceName"]);
}

TEST_CASE("a member is renamed over HTTP, alone or with a role") {
    ManageBench bench;
    const std::string ann = bench.members["admin@acme"];
    const auto changed =
        bench.operate("PATCH", "/members/" + ann,
                      {{"name", "Ann"}, {"email", "ann@acme.example"}, {"role", "manager"}});
    REQUIRE(changed.status == 200);
    CHECK(changed.body["data"]["name"] == "Ann");
    CHECK(changed.body["data"]["email"] == "ann@acme.example");
    CHECK(changed.body["data"]["role"] == "manager");
    const auto me = bench.self(bench.tokens["admin@acme"], "GET", "/me").body["data"];
    CHECK(me["email"] == "ann@acme.example");
    CHECK(me["role"] == "manager");
    CHECK(bench.operate("PATCH", "/members/" + ann, Json::object()).status == 422);
    CHECK(bench.operate("PATCH", "/members/" + ann, {{"email", "owner@acme.example"}}).reason() ==
          "member_exists");
    CHECK(bench.operate("PATCH", "/members/" + ann, {{"email", "x"}}).reason() == "bad_email");
}

TEST_CASE("a token's name and note change over HTTP, by its member and by an operator") {
    ManageBench bench;
    const std::string token = bench.tokens["member@acme"], prefix = bench.prefix_of(token);
    const auto changed =
        bench.self(token, "PATCH", "/tokens/" + prefix, {{"name", "ci"}, {"note", "nightly"}});
    REQUIRE(changed.status == 200);
    CHECK(changed.body["data"]["note"] == "nightly");
    CHECK(bench.self(token, "GET", "/me").body["data"]["tokenName"] == "ci");
    CHECK(bench.operate("PATCH", "/tokens/" + prefix, {{"note", nullptr}}).body["data"]["note"] ==
          nullptr);
    CHECK(bench.operate("PATCH", "/tokens/" + prefix, Json::object()).status == 422);
    CHECK(bench
              .self(token, "PATCH", "/tokens/" + bench.prefix_of(bench.tokens["owner@acme"]),
                    {{"name", "x"}})
              .status == 404);
    CHECK(bench.self(bench.tokens["owner@acme"], "PATCH", "/tokens/" + prefix, {{"name", "x"}})
              .status == 403);
    const std::string reader = bench.token_for(bench.members["member@acme"], "hourgate:read");
    CHECK(bench.self(reader, "PATCH", "/tokens/" + bench.prefix_of(reader), {{"name", "x"}})
              .reason() == "scope_missing");
    // A secret is never stored.
    CHECK(bench.operate("PATCH", "/tokens/" + prefix, {{"note", "a " + token}}).status == 422);
}

TEST_CASE("operator tokens are listed and revoked apart from the others") {
    ManageBench bench;
    const auto second = take(manage::mint_operator(bench.context(), "second"));
    const std::string prefix = second.view.token.prefix;
    const auto list = bench.operate("GET", "/operators").body["data"];
    REQUIRE(list.size() == 2);
    for (const Json& one : list)
        CHECK(one["kind"] == "operator");
    const std::string members = bench.prefix_of(bench.tokens["owner@acme"]);
    CHECK(bench.operate("DELETE", "/operators/" + members).status == 404);
    CHECK(bench.self(bench.tokens["owner@acme"], "GET", "/me").status == 200);
    const auto gone = bench.operate("DELETE", "/operators/" + prefix);
    CHECK(gone.body["data"]["status"] == "revoked");
    CHECK(bench.call(std::string(second.token.reveal()), "GET", "/admin/v1/plans").status == 401);
}
