// The admin door: operator tokens open it, nothing else does, and they open nothing else.
#include <string>
#include <vector>

#include "gate/gate_bench.h"
#include "support/catch.h"

using namespace hourgate;
using hourgate::test::Bench;

namespace {

constexpr std::string_view target = "/admin/v1/workspaces";

Call at_admin(const Bench& bench, std::string_view method = "GET",
              std::string_view asked = target) {
    Call call = bench.call(asked, method);
    call.call_kind = CallKind::admin;
    return call;
}

std::string reason(const Decision& decision) {
    return std::string(to_text(decision.reason));
}

/// A resource that is public and matches every path.
policy::PolicyConfig open_rules() {
    policy::PolicyConfig rules;
    rules.resources = {test::resource_at("admin", "/**")};
    rules.resources[0].is_public = true;
    return rules;
}

/// Whether no window but that of the failures has counted anything.
bool spent_nothing(const Bench& bench) {
    return bench.limiter.entries() == 0 && bench.own.entries() == 0 &&
           bench.public_calls.entries() == 0;
}

}  // namespace

TEST_CASE(
    "an operator token opens the admin door for every method and path, as often as it likes") {
    Bench bench;
    bench.make_operator();
    for (const auto* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PURGE"})
        for (const auto* path : {"/admin/v1", "/admin/v1/tokens/x/rotate?y", "/clients/1"})
            for (int i = 0; i < 30; ++i) {
                const Decision decision = bench.gate.decide(at_admin(bench, method, path));
                REQUIRE(reason(decision) == "granted");
                REQUIRE(decision.call_kind == CallKind::admin);
                REQUIRE(decision.role() == "operator");
                REQUIRE(decision.plan == nullptr);
                REQUIRE(decision.room_of == RoomOf::nothing);
            }
    CHECK(spent_nothing(bench));
    CHECK(bench.failures.entries() == 0);
}

TEST_CASE("a member's token does not open the admin door, whatever role, plan, scopes or window") {
    for (const Role role : all_roles)
        for (const auto* situation : {"paid", "lapsed", "without api", "hourgate:*", "full"}) {
            const std::string_view is = situation;
            CAPTURE(to_text(role), is);
            Bench bench;
            bench.facts.member.role = role;
            if (is == "lapsed")
                bench.facts.workspace.paid_until_ms = bench.now.wall_ms - 3 * Bench::day;
            if (is == "without api")
                bench.facts.workspace.plan_id = 1;
            if (is == "hourgate:*")
                bench.facts.token.scopes = policy::parse_scopes("hourgate:* admin:*").value();
            bench.put();
            const Plan* studio = bench.directory.plans->find("studio");
            for (int i = 0; is == "full" && i < 3; ++i)
                (void)bench.limiter.ask({7, 0, 21}, studio->windows, bench.now, Spend::yes);
            const std::size_t entries = bench.limiter.entries();
            for (const auto* method : {"GET", "POST", "DELETE", "PURGE"}) {
                const Decision decision = bench.gate.decide(at_admin(bench, method));
                CHECK(reason(decision) == "role_forbidden");
                CHECK_FALSE(decision.granted());
                CHECK(decision.call_kind == CallKind::admin);
                REQUIRE(decision.match.resource != nullptr);
                CHECK(decision.match.resource->name == "admin");
                CHECK(decision.room_of == RoomOf::nothing);
            }
            CHECK(bench.limiter.entries() == entries);
            CHECK(bench.own.entries() == 0);
            CHECK(bench.failures.entries() == 0);
        }
}

TEST_CASE("question 1 is asked at the admin door as at the other, and failures are counted") {
    Bench bench;
    bench.make_operator();
    const std::string unknown(token::mint("hsk", token::Env::live).text.reveal());
    const std::string test_token(token::mint("hsk", token::Env::test).text.reveal());
    Call call = at_admin(bench);
    const auto with = [&](Presented presented, std::string_view credentials) {
        call.presented = presented;
        call.credentials = credentials;
        return reason(bench.gate.decide(call));
    };
    CHECK(with(Presented::nothing, "") == "no_credentials");
    CHECK(with(Presented::other_scheme, "Basic") == "wrong_scheme");
    CHECK(with(Presented::bare, "") == "wrong_scheme");
    CHECK(with(Presented::bearer, "hsk_live_1") == "malformed_token");
    CHECK(with(Presented::bearer, test_token) == "wrong_environment");
    for (int i = 5; i < 10; ++i)
        CHECK(with(Presented::bearer, unknown) == "unknown_token");
    const Decision eleventh = bench.gate.decide(call);
    CHECK(reason(eleventh) == "too_many_failures");
    CHECK(eleventh.because == Reason::unknown_token);
    CHECK(eleventh.room.retry_after_s == 60);
    CHECK(spent_nothing(bench));
    SECTION("an operator token from that address passes all the same") {
        CHECK(reason(bench.gate.decide(at_admin(bench))) == "granted");
    }
    SECTION("and one that was revoked does not") {
        bench.facts.token.revoked_ms = bench.now.wall_ms;
        bench.put();
        const Decision revoked = bench.gate.decide(at_admin(bench));
        CHECK(reason(revoked) == "too_many_failures");
        CHECK(revoked.because == Reason::revoked_token);
    }
}

TEST_CASE("an operator token that has ended opens nothing and counts as a failure") {
    Bench bench;
    const std::int64_t now = bench.now.wall_ms;
    const auto refused = [&](std::string_view why) {
        bench.make_operator();
        CHECK(reason(bench.gate.decide(at_admin(bench))) == why);
        CHECK(bench.failures.entries() == 1);
    };
    SECTION("revoked") {
        bench.facts.token.revoked_ms = now;
        refused("revoked_token");
    }
    SECTION("expired") {
        bench.facts.token.expires_ms = now;
        refused("expired_token");
    }
    SECTION("rotated") {
        bench.facts.token.rotated_ms = bench.facts.token.works_until_ms = now;
        refused("rotated_token");
    }
    CHECK(spent_nothing(bench));
}

TEST_CASE("no configured resource, preflight or mode opens the admin door to a stranger") {
    policy::PolicyConfig unlisted = test::small_rules();
    unlisted.unlisted_allowed = true;
    for (const policy::PolicyConfig& rules : {open_rules(), unlisted, policy::PolicyConfig{}})
        for (const Mode mode : {Mode::enforce, Mode::observe})
            for (const auto* method : {"GET", "OPTIONS", "DELETE"})
                for (const auto* path : {"/admin/v1/workspaces", "/health", "/admin/v1/%zz"})
                    for (const bool preflight : {false, true}) {
                        CAPTURE(rules.resources.size(), method, path, preflight);
                        Bench bench(mode, rules);
                        Call call = at_admin(bench, method, path);
                        call.preflight = preflight;
                        CHECK_FALSE(bench.gate.decide(call).granted());
                        call.presented = Presented::nothing;
                        CHECK_FALSE(bench.gate.decide(call).granted());
                        call.presented = Presented::other_scheme;
                        CHECK_FALSE(bench.gate.decide(call).granted());
                        CHECK(spent_nothing(bench));
                    }
    // The same resource opens the other door to everybody.
    Bench bench(Mode::enforce, open_rules());
    Call call = bench.call(target);
    call.presented = Presented::nothing;
    CHECK(bench.gate.decide(call).granted());
}

TEST_CASE(
    "a call that cannot be read is refused at the admin door in either mode, to operators too") {
    for (const Mode mode : {Mode::enforce, Mode::observe}) {
        Bench bench(mode);
        bench.make_operator();
        const auto refused = [&](const Call& call, std::string_view why) {
            CAPTURE(call.target, why);
            const Decision decision = bench.gate.decide(call);
            CHECK(reason(decision) == why);
            CHECK_FALSE(decision.granted());
            CHECK_FALSE(decision.facts);
        };
        for (const Problem problem :
             {Problem::forged_header, Problem::two_authorizations, Problem::method_override,
              Problem::unreadable_target, Problem::unreadable_method}) {
            Call call = at_admin(bench, "POST");
            call.problem = problem;
            refused(call, problem == Problem::forged_header ? "forged_header" : "bad_request");
        }
        refused(at_admin(bench, "POST", "/admin/v1/../workspaces"), "path_ambiguous");
        refused(at_admin(bench, "POST", "/admin//v1"), "path_ambiguous");
        refused(at_admin(bench, "POST", "*"), "bad_request");
        CHECK(bench.directory.look_ups == 0);
        CHECK(spent_nothing(bench));
        bench.directory.fails = true;
        refused(at_admin(bench), "store_failed");
        CHECK(bench.failures.entries() == 0);
    }
}

TEST_CASE("mode observe refuses members and strangers at the admin door as enforce does") {
    Bench bench(Mode::observe);
    const Decision member = bench.gate.decide(at_admin(bench, "DELETE"));
    CHECK(reason(member) == "role_forbidden");
    CHECK_FALSE(member.observed);
    bench.facts.token.revoked_ms = bench.now.wall_ms;
    bench.make_operator();
    const Decision revoked = bench.gate.decide(at_admin(bench, "DELETE"));
    CHECK(reason(revoked) == "revoked_token");
    CHECK_FALSE(revoked.observed);
    CHECK(spent_nothing(bench));
}

TEST_CASE("an operator token opens nothing but the admin door") {
    for (const policy::PolicyConfig& rules : {test::small_rules(), policy::PolicyConfig{}}) {
        Bench bench(Mode::enforce, rules);
        bench.make_operator();
        for (const auto* method : {"GET", "POST", "DELETE"})
            for (const auto* path :
                 {"/clients/1", "/nowhere", "/admin/v1/workspaces", "/_hourgate/api/v1/me",
                  "/_hourgate/api/v1/me/rotate", "/_hourgate/api/v1/tokens/0b0b0b0b0b0b"}) {
                CAPTURE(method, path);
                const Decision decision = bench.gate.decide(bench.call(path, method));
                CHECK(reason(decision) == "role_forbidden");
                CHECK_FALSE(decision.granted());
                CHECK(decision.call_kind == CallKind::api);
            }
        CHECK(spent_nothing(bench));
    }
}
