// Replay: under the rules of then everything comes out as it did then; under others exactly what
// they change is told, by workspace and reason; and nothing is written.
#include <random>
#include <string>

#include "base/time_text.h"
#include "cli/doctor/stage.h"
#include "cli/replay/engine.h"
#include "cli/replay/report.h"
#include "http/why/why.h"
#include "manage/decisions.h"
#include "ops/decision_writer.h"
#include "support/manage_bench.h"

using namespace hourgate;
using hourgate::cli::Replayed;
using hourgate::test::ManageBench;
using hourgate::test::take;
using Kind = Replayed::Kind;

namespace {

class ReplayBench : public ManageBench {
public:
    ReplayBench() {
        config.rules = hourgate::test::small_rules();
        config.failures = failures.window();
        config.public_calls = public_calls.window();
        config.grace_days = 0;
    }

    /// Asked as a proxy asks, from an address.
    std::string ask(const std::string& authorization, const std::string& method,
                    const std::string& target, const std::string& address = "192.0.2.1") {
        http::Request request;
        request.method = "GET";
        request.target = "/_hourgate/auth/caddy";
        request.peer = Address::loopback();
        request.headers = {{"Host", "gate"},
                           {"X-Forwarded-For", address},
                           {"X-Forwarded-Method", method},
                           {"X-Forwarded-Uri", target}};
        if (!authorization.empty())
            request.headers.push_back({"Authorization", authorization});
        (void)service->handle(http::Listener::ask, request);
        return notes.told.back().first;
    }
    void pass(std::int64_t time_us) {
        clock.boot_us += time_us;
        clock.wall_ms = wall_began_ms_ + clock.boot_us / 1'000;
    }

    /// What became of all on record.
    struct Counts {
        std::map<Kind, int> by_kind;
        std::map<std::string, int> changes;  // "was > now in workspace"
    };
    Counts replay() {
        writer.write();
        auto engine = take(cli::ReplayEngine::make(config, PlanBook(plans)));
        Counts counts;
        manage::Page page{7, {}};  // parts that end anywhere
        for (;;) {
            const auto part = take(manage::decisions_in_order(context(), 0, INT64_MAX, page));
            for (const manage::DecisionRecord& record : part.items) {
                const Replayed replayed = take(engine->run(record));
                ++counts.by_kind[replayed.kind];
                if (replayed.kind != Kind::same && replayed.kind != Kind::left &&
                    replayed.kind != Kind::probe)
                    ++counts.changes[replayed.was + " > " + replayed.now + " in " +
                                     replayed.workspace];
            }
            if (!part.next)
                return counts;
            page.after = part.next;
        }
    }
    Plan& plan(const std::string& name) {
        return *std::find_if(plans.begin(), plans.end(),
                             [&](const Plan& one) { return one.name == name; });
    }

    config::Config config;
    std::vector<Plan> plans = take(manage::list_plans(context()));
    ops::Log log{-1};
    ops::DecisionWriter writer{
        decisions, *ledger, clock, log, {30 * 86'400, 100'000, [](const KeptDecision& kept) {
                                             return http::record_of(
                                                 kept, test::HttpBench::reply_settings());
                                         }}};

private:
    const std::int64_t wall_began_ms_ = clock.wall_ms - clock.boot_us / 1'000;
};

std::string bearer(const std::string& token) {
    return "Bearer " + token;
}

}  // namespace

TEST_CASE("replayed under its own rules, every decision comes out as it did, whatever was called") {
    const auto seed = static_cast<unsigned>(GENERATE(1, 2, 3, 4));
    CAPTURE(seed);
    std::mt19937 random(seed);
    ReplayBench bench;
    std::vector<std::string> sent = {
        "",       "Basic YTpi", "hsk_live_naked",
        "Bearer", "Bearer x",   bearer(hourgate::test::HttpBench::unknown_prefix())};
    std::string damaged = bench.tokens["owner@bolt"];
    damaged.back() = damaged.back() == '0' ? '1' : '0';
    sent.push_back(bearer(damaged));
    for (const auto& [who, token] : bench.tokens)
        sent.push_back(bearer(token));
    sent.push_back(bearer(bench.token_for(bench.members["owner@acme"], "clients:read")));
    const std::string brief =
        bench.token_for(bench.members["admin@bolt"], "", bench.clock.wall_ms + 20'000);
    sent.push_back(bearer(brief));
    const std::vector<std::string> methods = {"GET",    "GET",  "GET",    "POST",
                                              "DELETE", "BREW", "OPTIONS"};
    const std::vector<std::string> paths = {
        "/clients", "/clients/7?q=1", "/nowhere", "/health",
        "/a//b",    "/notes/me",      "/CLIENTS", std::string(ManageBench::api) + "/me"};
    const auto one_of = [&](const std::vector<std::string>& list) {
        return list[random() % list.size()];
    };
    std::set<std::string> reasons;
    for (int i = 0; i < 1'200; ++i) {
        if (i == 400)
            take(
                manage::change_workspace(bench.context(), "bolt", hourgate::test::to_plan("free")));
        if (i == 700)
            take(manage::change_role(bench.context(), bench.members["member@acme"], Role::admin));
        if (i == 800)
            take(manage::revoke_tokens(bench.context(),
                                       {bench.prefix_of(bench.tokens["admin@acme"])}));
        bench.directory->catch_up();
        const bool burst = random() % 3 != 0;
        bench.pass(burst ? static_cast<std::int64_t>(random() % 2'000)
                         : static_cast<std::int64_t>(random() % 250'000));
        // One caller more often than others, so that windows fill.
        const std::string who =
            random() % 2 == 0 ? bearer(bench.tokens["owner@acme"]) : one_of(sent);
        reasons.insert(bench.ask(who, one_of(methods), one_of(paths),
                                 "192.0.2." + std::to_string(random() % 3)));
    }
    for (const char* reason :
         {"granted", "window_full", "role_forbidden", "plan_without_api", "revoked_token",
          "expired_token", "unknown_token", "path_ambiguous", "scope_missing"})
        if (reasons.count(reason) == 0)
            FAIL_CHECK(reason);
    auto counts = bench.replay();
    CHECK(counts.changes == std::map<std::string, int>());
    CHECK(counts.by_kind[Kind::same] == bench.number("SELECT count(*) FROM decisions"));
    CHECK(counts.by_kind[Kind::left] == 0);
}

TEST_CASE("a smaller window refuses, of the calls on record, those that it would have refused") {
    ReplayBench bench;
    const std::string token = bearer(bench.tokens["owner@acme"]);
    for (int i = 0; i < 10; ++i) {
        bench.pass(100'000);
        REQUIRE(bench.ask(token, "GET", "/clients") == "granted");
    }
    bench.plan("studio").windows = {{"burst", 4, 1, Per::token}};
    // In any second four: of 100 ms to 1 s the first four, and none of the others.
    CHECK(bench.replay().changes ==
          std::map<std::string, int>{{"granted > window_full in acme", 6}});
}

TEST_CASE("a window of the workspace counts the calls of all its tokens") {
    ReplayBench bench;
    for (int i = 0; i < 3; ++i) {
        bench.pass(1'000);
        bench.ask(bearer(bench.tokens["owner@acme"]), "GET", "/clients");
        bench.ask(bearer(bench.tokens["admin@acme"]), "GET", "/clients");
        bench.ask(bearer(bench.tokens["admin@bolt"]), "GET", "/clients");
    }
    bench.plan("studio").windows = {{"team", 4, 10, Per::workspace}};
    CHECK(bench.replay().changes ==
          std::map<std::string, int>{{"granted > window_full in acme", 2}});
}

TEST_CASE("a window of the member counts the calls of all their tokens, and of no other member's") {
    ReplayBench bench;
    const std::string second = bench.token_for(bench.members["owner@acme"]);
    for (int i = 0; i < 3; ++i) {
        bench.pass(1'000);
        bench.ask(bearer(bench.tokens["owner@acme"]), "GET", "/clients");
        bench.ask(bearer(second), "GET", "/clients");
        bench.ask(bearer(bench.tokens["admin@acme"]), "GET", "/clients");
    }
    bench.plan("studio").windows = {{"sustained", 4, 10, Per::member}};
    CHECK(bench.replay().changes ==
          std::map<std::string, int>{{"granted > window_full in acme", 2}});
}

TEST_CASE("other rows, plans and public resources are told by workspace and reason") {
    ReplayBench bench;
    const std::string member = bearer(bench.tokens["member@acme"]);
    REQUIRE(bench.ask(member, "GET", "/clients") == "role_forbidden");
    REQUIRE(bench.ask("", "GET", "/clients") == "no_credentials");
    REQUIRE(bench.ask(bearer(bench.tokens["owner@acme"]), "GET", "/clients") == "granted");
    take(manage::change_workspace(bench.context(), "bolt", hourgate::test::to_plan("free")));
    bench.directory->catch_up();
    REQUIRE(bench.ask(bearer(bench.tokens["owner@bolt"]), "GET", "/clients") == "plan_without_api");
    bench.plan("free").api = true;
    bench.config.rules.resources[0].access[index(Role::member)].add(policy::Action::read);
    bench.config.rules.resources[0].access[index(Role::owner)] = {};
    CHECK(bench.replay().changes ==
          std::map<std::string, int>{{"granted > role_forbidden in acme", 1},
                                     {"plan_without_api > role_forbidden in bolt", 1},
                                     {"role_forbidden > granted in acme", 1}});
    for (policy::Access& row : bench.config.rules.resources[0].access)
        row = {};
    bench.config.rules.resources[0].is_public = true;
    CHECK(bench.replay().changes["no_credentials > granted in "] == 1);
}

TEST_CASE(
    "what cannot be made again is left: a repeat, a header that was off, a path that was cut") {
    ReplayBench bench;
    Decision decision;
    decision.method = "GET";
    decision.now = bench.clock.now();
    const auto note = [&](char id, Reason reason, const std::string& target, bool again) {
        decision.id.fill(id);
        decision.reason = reason;
        decision.target = target;
        bench.decisions.note(decision, again);
    };
    note('a', Reason::no_credentials, "/clients", true);
    note('b', Reason::path_unlisted, "/" + std::string(2'000, 'x'), false);
    note('c', Reason::store_failed, "/clients", false);
    decision.problem = Problem::two_authorizations;
    note('d', Reason::bad_request, "/clients", false);
    auto counts = bench.replay();
    CHECK(counts.by_kind[Kind::left] == 4);
    CHECK(counts.by_kind.size() == 1);
}

TEST_CASE("calls of the doctor's own are left out, and fill no window") {
    ReplayBench bench;
    manage::PlanChange plan;
    plan.name = cli::probe_plan;
    plan.api = true;
    take(manage::set_plan(bench.context(), plan));
    take(manage::change_workspace(bench.context(), "bolt",
                                  hourgate::test::to_plan(std::string(cli::probe_plan))));
    bench.directory->catch_up();
    bench.plans = take(manage::list_plans(bench.context()));
    for (int i = 0; i < 3; ++i) {
        bench.pass(1'000);
        REQUIRE(bench.ask(bearer(bench.tokens["owner@bolt"]), "GET", "/clients") == "granted");
    }
    REQUIRE(bench.ask(bearer(bench.tokens["owner@acme"]), "GET", "/clients") == "granted");
    auto counts = bench.replay();
    CHECK(counts.by_kind[Kind::probe] == 3);
    CHECK(counts.by_kind[Kind::same] == 1);

    cli::ReplayReport report;
    report.add({}, {Kind::probe, "granted", "", ""});
    CHECK(report.json().at("probesLeftOut") == 1);
    CHECK(report.json().at("same") == 0);
    CHECK(report.text().find("Left out: 1 call on record that `hourgate doctor --through` made") !=
          std::string::npos);
}

TEST_CASE("a call refused for the API that a text leads to is not judged by its host alone") {
    ReplayBench bench;
    const auto api = [](const std::string& name, const std::string& host) {
        policy::Api made;
        made.name = name;
        made.hosts = {host};
        return made;
    };
    Decision decision;
    decision.method = "GET";
    decision.target = "/clients";
    decision.now = bench.clock.now();
    decision.id.fill('a');
    decision.reason = Reason::host_unlisted;
    decision.host = "shop.example";
    decision.match.api = "shop";
    bench.decisions.note(decision, false);
    bench.writer.write();
    for (policy::Resource& resource : bench.config.rules.resources)
        resource.api = "shop";
    bench.config.rules.apis = {api("shop", "shop.example"), api("billing", "billing.example")};
    auto counts = bench.replay();
    CHECK(counts.by_kind == std::map<Kind, int>{{Kind::same, 1}});
    // The host changes over to the API that the text may have led to.
    bench.config.rules.apis = {api("shop", "other.example"), api("billing", "shop.example")};
    CHECK(bench.replay().by_kind == std::map<Kind, int>{{Kind::left, 1}});
    // The host is of none any more: refused as before, whatever the text led to.
    bench.config.rules.apis = {api("shop", "other.example"), api("billing", "billing.example")};
    CHECK(bench.replay().by_kind == std::map<Kind, int>{{Kind::same, 1}});
    bench.config.rules.apis.clear();
    for (policy::Resource& resource : bench.config.rules.resources)
        resource.api.clear();
    CHECK(bench.replay().by_kind == std::map<Kind, int>{{Kind::left, 1}});
}

TEST_CASE("a replay names the hours that windows are judged by, and judges its period alone") {
    cli::ReplayReport report;
    report.from_ms = *parse_time("2026-12-01T14:20:00Z");
    report.until_ms = *parse_time("2026-12-01T15:10:00Z");
    report.hours_from_ms = *parse_time("2026-12-01T14:00:00Z");
    report.hours_until_ms = *parse_time("2026-12-01T16:00:00Z");
    manage::DecisionRecord call;
    call.kind = manage::DecisionRecord::Kind::granted;
    call.token_id = 7;
    report.add_around(call, {Kind::newly_refused, "granted", "window_full", "acme"});
    report.add(call, {Kind::same, "granted", "granted", "acme"});
    report.calls_granted = 2;
    const http::Json json = report.json();
    CHECK(json.at("from") == "2026-12-01T14:20:00Z");
    CHECK(json.at("until") == "2026-12-01T15:10:00Z");
    CHECK(json.at("grantedCalls").at("from") == "2026-12-01T14:00:00Z");
    CHECK(json.at("grantedCalls").at("until") == "2026-12-01T16:00:00Z");
    CHECK(json.at("windowsJudged") == true);
    CHECK(json.at("same") == 1);
    CHECK(json.at("newlyRefused").empty());
    const std::string text = report.text();
    for (const char* part :
         {"from               2026-12-01T14:20:00Z\n", "until              2026-12-01T15:10:00Z\n",
          "parts of an hour\ncannot be separated",
          "2026-12-01T14:00:00Z until 2026-12-01T16:00:00Z"}) {
        INFO(part);
        CHECK(text.find(part) != std::string::npos);
    }
}

TEST_CASE("a replay writes nothing") {
    ReplayBench bench;
    bench.ask(bearer(bench.tokens["owner@acme"]), "GET", "/clients");
    bench.writer.write();
    const auto all = [&] {
        return bench.text("SELECT group_concat(decision || document || facts) FROM decisions") +
               std::to_string(bench.version()) + " " + std::to_string(bench.events());
    };
    const std::string before = all();
    (void)bench.replay();
    CHECK(all() == before);
}

TEST_CASE("windows are judged if every granted call of a token is on record, and not otherwise") {
    const auto report = [](std::int64_t on_record, std::int64_t counted) {
        cli::ReplayReport made;
        manage::DecisionRecord call;
        call.kind = manage::DecisionRecord::Kind::granted;
        call.token_id = 7;
        call.prefix = "4f8a2c1bdedf";
        for (std::int64_t i = 0; i < on_record - 2; ++i)
            made.add(call, {Kind::same, "granted", "granted", "acme"});
        made.add(call, {Kind::newly_refused, "granted", "window_full", "acme"});
        made.add(call, {Kind::newly_refused, "granted", "role_forbidden", "acme"});
        // These are counted nowhere: a repeat, and a call without a token.
        call.again = true;
        made.add(call, {Kind::left, "granted", "", "acme"});
        call.again = false;
        call.token_id = 0;
        made.add(call, {Kind::same, "granted", "granted", ""});
        call.kind = manage::DecisionRecord::Kind::refused_token;
        made.add(call, {Kind::newly_granted, "window_full", "granted", "acme"});
        made.calls_granted = counted;
        return made;
    };
    const auto has = [](const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    };
    for (const std::int64_t counted : {0, 9, 10}) {
        const cli::ReplayReport judged = report(10, counted);
        CHECK(judged.json().at("windowsJudged") == true);
        CHECK(judged.json().at("notJudged") == 0);
        CHECK(judged.json().at("newlyRefused").size() == 2);
        CHECK(judged.json().at("newlyGranted").size() == 1);
        CHECK(has(judged.text(), "newly refused      2\n"));
        CHECK(has(judged.text(), "windows            judged"));
        CHECK(has(judged.text(), "window_full"));
    }
    for (const std::int64_t counted : {11, 1'000}) {
        const cli::ReplayReport sample = report(10, counted);
        CHECK(sample.json().at("windowsJudged") == false);
        CHECK(sample.json().at("notJudged") == 2);
        REQUIRE(sample.json().at("newlyRefused").size() == 1);
        CHECK(sample.json().at("newlyRefused")[0].at("now") == "role_forbidden");
        CHECK(sample.json().at("newlyGranted").empty());
        CHECK(sample.json().at("grantedCalls").at("onRecord") == 10);
        CHECK(has(sample.text(), "newly refused      1\n"));
        CHECK(has(sample.text(), "not judged         2\n"));
        CHECK(has(sample.text(), "windows            cannot be judged"));
        CHECK_FALSE(has(sample.text(), "window_full"));
        CHECK(has(sample.text(), "grants = \"all\""));
        CHECK(has(sample.text(), "name with --from a full hour"));
    }
}
