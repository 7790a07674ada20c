// Why: every refusal can be looked up by those who may, reads like a letter, and shows nobody more
// than is theirs. On a real gate, directory and database.
#include <algorithm>
#include <set>
#include <string>

#include "base/time_text.h"
#include "http/manage/why_routes.h"
#include "http/why/why.h"
#include "manage/decisions.h"
#include "ops/decision_writer.h"
#include "support/manage_bench.h"

using namespace hourgate;
using hourgate::test::ManageBench;
using hourgate::test::take;
using Json = ManageBench::Json;

namespace {

class WhyBench : public ManageBench {
public:
    /// The id of a decision on a call, "dec_…".
    std::string decided(const Reply& reply) {
        for (const http::Header& header : reply.answer.headers)
            if (header.name == "X-Hourgate-Decision")
                return header.value;
        return "";
    }
    /// A role member asks for the organization: 403.
    std::string forbidden(const std::string& token) {
        const Reply reply = self(token, "GET", "/organization");
        REQUIRE(reply.status == 403);
        return decided(reply);
    }
    Reply why(const std::string& token, const std::string& decision,
              const std::string& accept = "application/json") {
        return call(token, "GET", "/_hourgate/why/" + decision, nullptr, {{"Accept", accept}});
    }
    /// As an operator sees it.
    Json decision_of(const Reply& reply) { return decision(decided(reply)); }
    Json decision(const std::string& id) {
        return call(tokens["operator"], "GET", std::string(admin) + "/decisions/" + id, nullptr,
                    {{"Accept", "application/json"}})
            .body["data"];
    }
    std::string letter(const std::string& token, const std::string& decision) {
        const Reply reply = why(token, decision, "*/*");
        CHECK(reply.status == 200);
        return reply.answer.body;
    }
    void write() { writer.write(); }
    /// What is in memory is forgotten, as by a restart.
    void forget() {
        for (std::size_t i = 0; i < limits::decisions_in_memory; ++i)
            decisions.note(Decision(filler_), false);
        (void)decisions.take();
    }
    std::int64_t records() { return number("SELECT count(*) FROM decisions"); }

    ops::Log log{-1};
    ops::DecisionWriter writer{
        decisions, *ledger, clock, log, {30 * 86'400, 100, [](const KeptDecision& kept) {
                                             return http::record_of(
                                                 kept, test::HttpBench::reply_settings());
                                         }}};

private:
    Decision filler_ = [] {
        Decision decision;
        decision.reason = Reason::no_credentials;
        return decision;
    }();
};

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the refused token is told why: asked, checked in order, where it stopped, what to do") {
    WhyBench bench;
    const std::string id = bench.forbidden(bench.tokens["member@acme"]);
    const Json why = bench.why(bench.tokens["member@acme"], id).body["data"];
    CHECK(why["decision"] == id);
    CHECK(why["status"] == 403);
    CHECK(why["reason"] == "role_forbidden");
    CHECK(why["asked"]["method"] == "GET");
    CHECK(why["asked"]["path"] == "/_hourgate/api/v1/organization");
    CHECK(why["asked"]["address"] == "192.0.2.1");
    std::string outcomes;
    for (const Json& question : why["questions"])
        outcomes += question["outcome"].get<std::string>() + "; ";
    // Reading one of the gate's own routes needs no paid plan.
    CHECK(outcomes == "yes; yes; not asked; no; not asked; ");
    CHECK(why["questions"][3]["lookedAt"]["role"] == "member");
    CHECK(why["error"]["requiredRole"] == "manager");
    CHECK(why["who"]["roles"] == Json{"owner", "admin", "manager"});

    const std::string letter = bench.letter(bench.tokens["member@acme"], id);
    CHECK(letter.starts_with("Decision " + id + ": refused with 403 (role_forbidden).\n"));
    for (const char* part :
         {"You asked for\n  GET /_hourgate/api/v1/organization\n", "3. May they?          no  ",
          "4. Is there room?     not asked\n", "Where it stopped\n", "What to do\n",
          "Who can fix it\n  In your workspace, the members with role owner, admin or manager"
          ": they may\n"}) {
        CAPTURE(part, letter);
        CHECK(contains(letter, part));
    }
}

TEST_CASE("a letter is text on a terminal and in a browser, a document where JSON is asked for") {
    CHECK_FALSE(http::wants_json("*/*"));
    CHECK_FALSE(http::wants_json(""));
    CHECK_FALSE(
        http::wants_json("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
    CHECK(http::wants_json("application/json"));
    CHECK(http::wants_json("text/html;q=0.5, application/problem+json"));
    CHECK_FALSE(http::wants_json("application/json;q=0.5, text/plain"));
    WhyBench bench;
    const std::string id = bench.forbidden(bench.tokens["member@acme"]);
    const auto reply = bench.why(bench.tokens["member@acme"], id, "text/html, */*");
    std::set<std::string> headers;
    for (const http::Header& header : reply.answer.headers)
        headers.insert(header.name + ": " + header.value);
    CHECK(headers.count("Content-Type: text/plain; charset=utf-8") == 1);
    CHECK(headers.count("X-Content-Type-Options: nosniff") == 1);
    CHECK(headers.count("Cache-Control: no-store") == 1);
}

TEST_CASE("names of those who can mend it are told to who may see members, and to nobody else") {
    WhyBench bench;
    const std::string id = bench.forbidden(bench.tokens["member@acme"]);
    const std::string owner = bench.letter(bench.tokens["owner@acme"], id);
    CHECK(contains(owner, "- owner@acme.example (owner)"));
    CHECK(contains(owner, "- manager@acme.example (manager)"));
    CHECK_FALSE(contains(owner, "bolt"));
    const std::string own = bench.letter(bench.tokens["member@acme"], id);
    CHECK_FALSE(contains(own, "@acme.example"));
}

TEST_CASE("who may not read a decision is told what who asks for none is told") {
    WhyBench bench;
    const std::string id = bench.forbidden(bench.tokens["member@acme"]);
    const std::string nowhere = "dec_00000000000000000000000000000000";
    const auto without_id = [&](const ManageBench::Reply& reply) {
        Json body = reply.body;
        body["error"].erase("decision");
        return std::to_string(reply.status) + body.dump();
    };
    const std::string narrowed = bench.token_for(bench.members["owner@acme"], "clients:read");
    for (const std::string& who : {bench.tokens["manager@acme"], bench.tokens["owner@bolt"],
                                   bench.tokens["member@bolt"], narrowed}) {
        const auto refused = bench.why(who, id);
        CHECK(refused.status == 404);
        CHECK(without_id(refused) == without_id(bench.why(who, nowhere)));
    }
    CHECK(bench.why(bench.tokens["admin@acme"], id).status == 200);
    CHECK(bench.why(bench.tokens["owner@acme"], "dec_1").status == 404);
    CHECK(bench.why(bench.tokens["operator"], id).status == 403);
    CHECK(bench.why("", id).status == 401);
}

TEST_CASE("a token that is dead may ask why it was refused, and nothing else") {
    WhyBench bench;
    const std::string token = bench.token_for(bench.members["owner@acme"]);
    const std::string others = bench.forbidden(bench.tokens["member@acme"]);
    const std::string prefix = bench.prefix_of(token);
    REQUIRE(bench.self(token, "DELETE", "/tokens/" + prefix).status == 200);
    const auto refused = bench.self(token, "GET", "/me");
    REQUIRE(refused.reason() == "revoked_token");
    const std::string letter = bench.letter(token, bench.decided(refused));
    CHECK(contains(letter, "refused with 401 (revoked_token)"));
    CHECK(contains(letter, "Token " + prefix + " was revoked at "));
    CHECK_FALSE(contains(letter, "@acme.example"));
    CHECK(bench.why(token, others).status == 404);  // an owner's, but dead

    // A removed member's token, too.
    const std::string left = bench.tokens["manager@acme"];
    REQUIRE(bench.operate("DELETE", "/members/" + bench.members["manager@acme"]).status == 200);
    const auto gone = bench.self(left, "GET", "/me");
    REQUIRE(gone.reason() == "member_removed");
    CHECK(bench.why(left, bench.decided(gone)).status == 200);
}

TEST_CASE("what a token was rotated into may read what the old one was refused") {
    WhyBench bench;
    const std::string old = bench.tokens["member@acme"];
    const std::string id = bench.forbidden(old);
    const auto rotated = bench.self(old, "POST", "/me/rotate", {{"grace", "0"}});
    REQUIRE(rotated.status == 201);
    CHECK(bench.why(rotated.body["data"]["token"], id).status == 200);
    CHECK(bench.why(old, id).status == 200);
}

TEST_CASE("a plan that lapsed does not keep why from its answer; no window of the plan is spent") {
    WhyBench bench;
    const std::string token = bench.tokens["manager@acme"];
    take(manage::change_workspace(bench.context(), "acme", hourgate::test::to_plan("free")));
    bench.directory->catch_up();
    const auto unpaid = bench.self(token, "POST", "/tokens", {{"name", "n"}});
    REQUIRE(unpaid.status == 402);
    const std::string letter = bench.letter(token, bench.decided(unpaid));
    CHECK(contains(letter, "refused with 402 (plan_without_api)"));
    CHECK(contains(letter, "the members with role owner or admin"));
    CHECK(contains(letter, "- owner@acme.example (owner)"));
}

TEST_CASE("operators read every decision, known token or not, and list them") {
    WhyBench bench;
    const auto nobody = bench.self("", "GET", "/me");
    REQUIRE(nobody.status == 401);
    const std::string id = bench.decided(nobody);
    CHECK(bench.operate("GET", "/decisions/" + id).status == 200);
    CHECK(bench.operate("GET", "/decisions/dec_ffffffffffffffffffffffffffffffff").status == 404);
    const std::string other = bench.forbidden(bench.tokens["member@acme"]);
    bench.write();
    Json listed = bench.operate("GET", "/decisions?reason=no_credentials").body["data"];
    REQUIRE(listed.size() == 1);
    CHECK(listed[0]["decision"] == id);
    CHECK(listed[0]["token"].is_null());
    listed = bench.operate("GET", "/decisions?workspace=acme&reason=role_forbidden").body["data"];
    REQUIRE(listed.size() == 1);
    CHECK(listed[0]["decision"] == other);
    CHECK(bench.operate("GET", "/decisions?workspace=bolt").body["data"].empty());
    // A day is from its beginning until its end.
    const std::string day = format_time(bench.clock.wall_ms).substr(0, 10);
    CHECK_FALSE(
        bench.operate("GET", "/decisions?from=" + day + "&until=" + day).body["data"].empty());
    CHECK(bench.operate("GET", "/decisions?until=2020-01-01").body["data"].empty());
    CHECK(bench.operate("GET", "/decisions?workspace=none").status == 404);
    CHECK(bench.call(bench.tokens["owner@acme"], "GET", "/admin/v1/decisions").status == 403);
}

TEST_CASE("a written record tells what the one in memory told, byte for byte") {
    WhyBench bench;
    std::vector<std::string> ids;
    const std::string member = bench.tokens["member@acme"];
    ids.push_back(bench.forbidden(member));
    const std::string scoped = bench.token_for(bench.members["manager@acme"], "clients:read");
    ids.push_back(bench.decided(bench.self(scoped, "GET", "/tokens")));
    ids.push_back(bench.decided(bench.self(member + "x", "GET", "/me")));
    std::vector<Json> before;
    for (const std::string& id : ids)
        before.push_back(bench.decision(id));
    bench.write();
    CHECK(bench.records() >= 3);
    bench.forget();
    for (std::size_t i = 0; i < ids.size(); ++i) {
        CAPTURE(ids[i]);
        CHECK(before[i].is_object());
        CHECK(bench.decision(ids[i]) == before[i]);
    }
}

TEST_CASE("a granted call that failed behind the gate says where, how and by which bound") {
    WhyBench bench;
    const std::string owner = bench.tokens["owner@acme"];
    const auto granted = [&] { return bench.decided(bench.self(owner, "GET", "/tokens")); };
    const std::string id = granted();
    const auto kept = bench.decisions.find(id.substr(4));
    REQUIRE(kept);
    const auto fail = [&](const KeptDecision& of) {
        bench.decisions.note(of.decision(), false,
                             {"127.0.0.1:3000", "upstream_timed_out", "timed_out",
                              "no answer began within 60 s ([upstream] answer_timeout)", 504});
    };
    SECTION("noted before the granted call was written") {
        fail(*kept);
    }
    SECTION("noted after it was written") {
        bench.write();
        fail(*kept);
    }
    const auto look = [&] {
        const Json document = bench.decision(id);
        CHECK(document["granted"] == true);
        CHECK(document["reason"] == "granted");
        CHECK(document["status"] == 504);
        CHECK(document["upstream"]["reason"] == "upstream_timed_out");
        CHECK(document["upstream"]["place"] == "127.0.0.1:3000");
        CHECK(contains(document["upstream"]["what"], "[upstream] answer_timeout"));
        const std::string letter = bench.letter(owner, id);
        CHECK(contains(letter, "granted by the gate, then failed behind it with 504"));
        CHECK(contains(letter, "The API at 127.0.0.1:3000: no answer began within 60 s"));
    };
    look();
    bench.write();
    bench.forget();
    look();
    const Json listed = bench.operate("GET", "/decisions?workspace=acme").body["data"];
    const auto row = std::find_if(listed.begin(), listed.end(),
                                  [&](const Json& one) { return one["decision"] == id; });
    REQUIRE(row != listed.end());
    CHECK((*row)["status"] == 504);
    CHECK((*row)["upstream"]["reason"] == "upstream_timed_out");
    // A later granted call of the same token and resource takes the place of granted ones alone.
    bench.clock.boot_us += 2 * limits::sample_s * us_per_s;
    (void)granted();
    bench.write();
    bench.forget();
    look();
}

TEST_CASE("who lacks a scope is told the scope, and of no other token, in refusal and letter") {
    WhyBench bench;
    const std::string scoped = bench.token_for(bench.members["manager@acme"], "clients:read");
    const auto refused = bench.self(scoped, "GET", "/tokens");
    REQUIRE(refused.reason() == "scope_missing");
    CHECK_FALSE(refused.body["error"].contains("yourTokens"));
    CHECK(refused.body["error"]["requiredScope"] == "hourgate:read");
    CHECK(contains(refused.body["error"]["fix"], "hourgate:read"));
    const std::string letter = bench.letter(scoped, bench.decided(refused));
    for (const auto& [name, token] : bench.tokens) {
        CAPTURE(name);
        CHECK_FALSE(contains(refused.answer.body, bench.prefix_of(token)));
        CHECK_FALSE(contains(letter, bench.prefix_of(token)));
    }
}

TEST_CASE("a narrowed token reads letters of its own line alone, whatever its member's role") {
    WhyBench bench;
    const std::string other = bench.forbidden(bench.tokens["member@acme"]);
    const std::string owner = bench.token_for(bench.members["owner@acme"], "hourgate:*");
    CHECK(bench.why(owner, other).status == 404);
    CHECK(bench.why(bench.tokens["owner@acme"], other).status == 200);
    const std::string scoped = bench.token_for(bench.members["owner@acme"], "clients:read");
    const std::string own = bench.decided(bench.self(scoped, "GET", "/tokens"));
    CHECK(bench.why(scoped, own).status == 200);
    CHECK(bench.why(owner, own).status == 404);
    CHECK(bench.why(bench.tokens["owner@acme"], own).status == 200);
}

TEST_CASE("a letter names five of those who can help, and looks for no more") {
    WhyBench bench;
    for (int i = 0; i < 20; ++i) {
        manage::NewMember asked;
        asked.workspace = "acme";
        asked.email = "admin" + std::to_string(i) + "@acme.example";
        asked.role = Role::admin;
        take(manage::add_member(bench.context(), asked));
    }
    const std::string id = bench.forbidden(bench.tokens["member@acme"]);
    const Json why = bench.why(bench.tokens["owner@acme"], id).body["data"];
    REQUIRE(why["who"]["members"].size() == 5);
    CHECK(why["who"]["members"][0] == "owner@acme.example (owner)");
}

TEST_CASE("no record holds a query, a token from a path, or a secret") {
    WhyBench bench;
    const std::string token = bench.tokens["member@acme"];
    const std::string scoped = bench.token_for(bench.members["owner@acme"], "clients:read");
    bench.self(token, "GET", "/organization?key=" + token);
    bench.self(scoped, "GET", "/tokens/" + token + "?x=hidden");
    bench.self("", "GET", "/me?token=" + token);
    bench.self(token, "GET", "/organization", nullptr, {{"X-Request-Id", token}});
    bench.self("", "GET", "/me", nullptr, {{"X-Request-Id", "a " + token + " b"}});
    bench.self(token, "GET", "/organization", nullptr, {{"X-Hourgate-" + token, "1"}});
    Decision odd;
    odd.reason = Reason::wrong_scheme;
    odd.now = bench.clock.now();
    odd.id.fill('c');
    odd.method = token;
    odd.target = "/";
    odd.scheme = token;
    odd.misplaced = Misplaced::in_header;
    odd.misplaced_in = token;
    bench.decisions.note(odd, false);
    bench.call("not-a-token-" + token, "GET", std::string(ManageBench::api) + "/me");
    bench.write();
    REQUIRE(bench.records() >= 8);
    const std::string secret = token.substr(22);
    const std::string all = bench.text(
        "SELECT group_concat(path || method || document || facts || request_id) FROM decisions");
    CHECK_FALSE(contains(all, secret));
    CHECK_FALSE(contains(all, "hidden"));
    CHECK_FALSE(contains(all, "key="));
}

TEST_CASE(
    "a client's request id is on record as it was sent, cut and spelled out where it is odd") {
    WhyBench bench;
    const auto refused = bench.self(bench.tokens["member@acme"], "GET", "/organization", nullptr,
                                    {{"X-Request-Id", std::string(300, 'r') + "\xff"}});
    const Json why = bench.decision_of(refused)["asked"];
    CHECK(why["requestId"] == std::string(limits::kept_word_bytes_max, 'r'));
}

TEST_CASE("nothing that a caller sent can colour or break the terminal that shows a letter") {
    WhyBench bench;
    Decision decision;
    decision.reason = Reason::path_unlisted;
    decision.id.fill('b');
    decision.method = "GET\x1b[31m";
    decision.target =
        "/a\xc2\x9b"
        "31m/\xe2\x80\xae/b";
    decision.request_id = "\x1b]0;x\x07";
    bench.decisions.note(decision, false);
    const std::string letter = http::letter_of(bench.decision("dec_" + std::string(32, 'b')));
    for (const char c : letter)
        if (c != '\n' && (c < 0x20 || c > 0x7e))
            FAIL("byte " << static_cast<int>(static_cast<unsigned char>(c)) << " in " << letter);
    CHECK(contains(letter, "/a\\xc2\\x9b31m/"));
}

TEST_CASE("who reads why a path is ambiguous learns which switch lets it pass, if one does") {
    using policy::PathFlaw;
    WhyBench bench;
    char last = 'a';
    const auto who_of = [&](PathFlaw flaw) {
        Decision decision;
        decision.reason = Reason::path_ambiguous;
        decision.match.flaw = flaw;
        decision.id.fill(last++);
        decision.method = "GET";
        decision.target = "/x";
        bench.decisions.note(decision, false);
        return bench
            .decision("dec_" + std::string(decision.id.begin(), decision.id.end()))["who"]["text"]
            .get<std::string>();
    };
    CHECK(contains(who_of(PathFlaw::encoded_slash), "with encoded_slash = \"allow\"."));
    CHECK(contains(who_of(PathFlaw::semicolon), "with semicolon = \"allow\"."));
    CHECK(contains(who_of(PathFlaw::case_variant), "with case_variant = \"allow\"."));
    CHECK(contains(who_of(PathFlaw::reading_variant), "with reading_variant = \"allow\"."));
    CHECK(who_of(PathFlaw::bad_escape) == "You: the call has to be sent differently.");
}

TEST_CASE("whoever was refused at the second look of a proxy can look that decision up as well") {
    WhyBench bench;
    Decision decision;
    decision.reason = Reason::no_credentials;
    decision.id.fill('a');
    decision.method = "GET";
    decision.target = "/x";
    bench.decisions.note(decision, true);
    bench.write();
    CHECK(bench.number("SELECT again FROM decisions WHERE decision = '" + std::string(32, 'a') +
                       "'") == 1);
}
