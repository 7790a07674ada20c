// The four questions in their fixed order, every reason, and the instants at which an answer changes.
#include <set>
#include <string>

#include "gate/gate_bench.h"
#include "support/catch.h"

using namespace hourgate;
using hourgate::test::Bench;

namespace {

std::string text_of(const Decision& decision) {
    return std::string(to_text(decision.reason));
}

std::string decide(Bench& bench, const Call& call) {
    return text_of(bench.gate.decide(call));
}

/// A text of a token's shape with right check digits that no directory knows.
std::string unknown_token() {
    return std::string(token::mint("hsk", token::Env::live).text.reveal());
}

/// The bench's prefix with another secret, check digits right.
std::string wrong_secret(const Bench& bench) {
    std::string text = "hsk_live_" + bench.minted.prefix + "_" + std::string(26, '7');
    const auto check = token::check_of(text);
    return text.append(check.begin(), check.end());
}

}  // namespace

TEST_CASE("of all sixteen combinations of the four questions, the first that fails is the answer") {
    for (int bits = 0; bits < 16; ++bits) {
        const bool known = (bits & 1) != 0, paid = (bits & 2) != 0, may = (bits & 4) != 0,
                   room = (bits & 8) != 0;
        CAPTURE(known, paid, may, room);
        Bench bench;
        if (!room)
            for (int i = 0; i < 3; ++i)
                REQUIRE(decide(bench, bench.call()) == "granted");
        if (!known)
            bench.facts.token.revoked_ms = bench.now.wall_ms;
        if (!paid)
            bench.facts.workspace.paid_until_ms = bench.now.wall_ms - 3 * Bench::day;
        if (!may)
            bench.facts.member.role = Role::member;
        bench.put();
        const std::uint32_t left = bench.left();

        const Decision decision = bench.gate.decide(bench.call());

        const std::string expected = !known  ? "revoked_token"
                                     : !paid ? "plan_lapsed"
                                     : !may  ? "role_forbidden"
                                     : !room ? "window_full"
                                             : "granted";
        CHECK(text_of(decision) == expected);
        CHECK(decision.granted() == (expected == "granted"));
        CHECK(bench.left() == (expected == "granted" ? left - 1 : left));
    }
}

TEST_CASE("an unreadable call is answered before anybody is asked who they are") {
    Bench bench;
    Call call = bench.call();
    SECTION("a header in our name space") {
        call.problem = Problem::forged_header;
        CHECK(decide(bench, call) == "forged_header");
    }
    SECTION("every other problem") {
        for (const Problem problem :
             {Problem::two_authorizations, Problem::method_override, Problem::unreadable_target,
              Problem::unreadable_method, Problem::target_not_told}) {
            call.problem = problem;
            CHECK(decide(bench, call) == "bad_request");
        }
    }
    SECTION("a path with two readings") {
        call.target = "/clients/%2e%2e/secret";
        CHECK(decide(bench, call) == "path_ambiguous");
        call.target = "/CLIENTS/1";
        CHECK(decide(bench, call) == "path_ambiguous");
    }
    CHECK(bench.directory.look_ups == 0);
    CHECK(bench.left() == 3);
}

TEST_CASE("question 1 tells its reasons apart") {
    Bench bench;
    Call call = bench.call();
    const auto with = [&](Presented presented, std::string_view credentials) {
        call.presented = presented;
        call.credentials = credentials;
        return decide(bench, call);
    };
    CHECK(with(Presented::nothing, "") == "no_credentials");
    CHECK(with(Presented::other_scheme, "Basic") == "wrong_scheme");
    CHECK(with(Presented::bare, "") == "wrong_scheme");
    CHECK(with(Presented::bearer, "hsk_live_123") == "malformed_token");
    std::string damaged(bench.minted.text.reveal());
    damaged.back() = damaged.back() == '0' ? '1' : '0';
    CHECK(with(Presented::bearer, damaged) == "damaged_token");
    const token::Minted other = token::mint("hsk", token::Env::test);
    CHECK(with(Presented::bearer, other.text.reveal()) == "wrong_environment");
    CHECK(bench.directory.look_ups == 0);
    CHECK(with(Presented::bearer, unknown_token()) == "unknown_token");
    CHECK(with(Presented::bearer, wrong_secret(bench)) == "unknown_token");
    CHECK(bench.left() == 3);
}

TEST_CASE("what became of a token is told only to a caller whose secret matches") {
    Bench bench;
    const std::int64_t now = bench.now.wall_ms;
    const auto each = [&](const std::string& expected) {
        bench.put();
        CHECK(decide(bench, bench.call()) == expected);
        const std::string wrong = wrong_secret(bench);
        Call guess = bench.call();
        guess.credentials = wrong;
        const Decision decision = bench.gate.decide(guess);
        CHECK(text_of(decision) == "unknown_token");
        CHECK_FALSE(decision.facts);
    };
    SECTION("revoked") {
        bench.facts.token.revoked_ms = now - 5;
        each("revoked_token");
    }
    SECTION("expired") {
        bench.facts.token.expires_ms = now;
        each("expired_token");
    }
    SECTION("rotated") {
        bench.facts.token.rotated_ms = now - 10;
        bench.facts.token.works_until_ms = now;
        each("rotated_token");
    }
    SECTION("member removed") {
        bench.facts.member.removed_ms = now - 5;
        each("member_removed");
    }
}

TEST_CASE("an unknown prefix and a wrong secret cost the same work, remembered or not") {
    Bench bench;
    const auto work_of = [&](const std::string& credentials) {
        Call call = bench.call();
        call.credentials = credentials;
        call.address.reset();
        const token::Work before = token::work_of_this_thread();
        const int look_ups = bench.directory.look_ups;
        REQUIRE(decide(bench, call) == "unknown_token");
        const token::Work& after = token::work_of_this_thread();
        return std::vector<std::uint64_t>{
            after.digests - before.digests, after.compares - before.compares,
            static_cast<std::uint64_t>(bench.directory.look_ups - look_ups)};
    };
    const std::vector<std::uint64_t> one_each = {1, 1, 1};
    CHECK(work_of(unknown_token()) == one_each);
    CHECK(work_of(wrong_secret(bench)) == one_each);  // not in memory yet
    CHECK(work_of(wrong_secret(bench)) == one_each);  // in memory by now
    CHECK(work_of(unknown_token()) == one_each);
}

TEST_CASE("a damaged token is told so without a look into the store, whatever is in memory") {
    Bench bench;
    const auto damaged = [](std::string_view whole) {
        std::string text(whole);
        text.back() = text.back() == '0' ? '1' : '0';
        return text;
    };
    const std::vector<std::string> all = {
        damaged(bench.minted.text.reveal()), damaged(wrong_secret(bench)), damaged(unknown_token()),
        damaged(token::mint("hsk", token::Env::test).text.reveal())};
    for (const bool remembered : {false, true}) {
        if (remembered)
            REQUIRE(decide(bench, bench.call()) == "granted");
        const int look_ups = bench.directory.look_ups;
        const std::uint32_t left = bench.left();
        for (const std::string& text : all) {
            Call call = bench.call();
            call.credentials = text;
            call.address.reset();
            const auto at_hand = bench.gate.decide_from_memory(call);
            REQUIRE(at_hand);
            for (const Decision& decision : {*at_hand, bench.gate.decide(call)}) {
                CHECK(text_of(decision) == "damaged_token");
                CHECK(decision.flaw == token::Flaw::check);
                CHECK(decision.prefix.empty());
                CHECK_FALSE(decision.facts);
            }
        }
        CHECK(bench.directory.look_ups == look_ups);
        CHECK(bench.left() == left);
    }
}

TEST_CASE("from memory alone, what is not known there is left to the store, wrong secrets too") {
    Bench bench;
    Call call = bench.call();
    CHECK_FALSE(bench.gate.decide_from_memory(call));
    REQUIRE(decide(bench, call) == "granted");
    const int look_ups = bench.directory.look_ups;
    for (const std::string& text : {unknown_token(), wrong_secret(bench)}) {
        call.credentials = text;
        CHECK_FALSE(bench.gate.decide_from_memory(call));
    }
    const std::string other(token::mint("hsk", token::Env::test).text.reveal());
    call.credentials = other;
    CHECK(text_of(*bench.gate.decide_from_memory(call)) == "wrong_environment");
    const auto known = bench.gate.decide_from_memory(bench.call());
    CHECK(text_of(*known) == "granted");
    CHECK(known->prefix == bench.minted.prefix);
    CHECK(bench.directory.look_ups == look_ups);
    CHECK(bench.failures.entries() == 1);  // of wrong_environment alone
}

TEST_CASE("instants are half open: at expiry, at the end of grace, the answer has changed") {
    Bench bench;
    const std::int64_t now = bench.now.wall_ms;
    const auto at = [&](std::int64_t wall_ms) {
        Call call = bench.call();
        call.now.wall_ms = wall_ms;
        return decide(bench, call);
    };
    SECTION("expires now") {
        bench.facts.token.expires_ms = now;
        bench.put();
        CHECK(at(now - 1) == "granted");
        CHECK(at(now) == "expired_token");
    }
    SECTION("rotation grace ends now") {
        bench.facts.token.rotated_ms = now - 1000;
        bench.facts.token.works_until_ms = now;
        bench.put();
        CHECK(at(now - 1) == "granted");
        CHECK(at(now) == "rotated_token");
    }
    SECTION("rotated without grace") {
        bench.facts.token.rotated_ms = bench.facts.token.works_until_ms = now;
        bench.put();
        CHECK(at(now) == "rotated_token");
    }
    SECTION("paid until now") {
        bench.facts.workspace.paid_until_ms = now;
        bench.put();
        Call call = bench.call();
        call.now.wall_ms = now - 1;
        CHECK(bench.gate.decide(call).standing.paid == Paid::yes);
        call.now.wall_ms = now;
        const Decision decision = bench.gate.decide(call);
        CHECK(text_of(decision) == "granted");
        CHECK(decision.standing.paid == Paid::in_grace);
        CHECK(decision.standing.lapses_ms == now + 3 * Bench::day);
    }
    SECTION("plan grace ends now") {
        bench.facts.workspace.paid_until_ms = now - 3 * Bench::day;
        bench.put();
        CHECK(at(now - 1) == "granted");
        CHECK(at(now) == "plan_lapsed");
    }
}

TEST_CASE("a plan without API access is 402, whether chosen or lapsed to") {
    Bench bench;
    bench.facts.workspace.plan_id = 1;
    bench.put();
    CHECK(decide(bench, bench.call()) == "plan_without_api");
    SECTION("and the same token works again the moment the workspace is active") {
        bench.facts.workspace.plan_id = 2;
        bench.put();
        CHECK(decide(bench, bench.call()) == "granted");
    }
}

TEST_CASE("a lapsed workspace counts as the plan it lapses to, windows included") {
    Bench bench;
    bench.directory.plans = std::make_shared<PlanBook>(
        std::vector<Plan>{test::make_plan(1, "free", true, 0, {{"trickle", 1, 60, Per::token}}),
                          test::make_plan(2, "studio", true, 10, {{"burst", 3, 10, Per::token}})});
    bench.facts.workspace.paid_until_ms = bench.now.wall_ms - 4 * Bench::day;
    bench.put();
    const Decision first = bench.gate.decide(bench.call());
    CHECK(text_of(first) == "granted");
    REQUIRE(first.plan != nullptr);
    CHECK(first.plan->name == "free");
    CHECK(decide(bench, bench.call()) == "window_full");
}

TEST_CASE("question 3 tells its reasons apart") {
    Bench bench;
    CHECK(decide(bench, bench.call("/nowhere")) == "path_unlisted");
    bench.facts.token.scopes = policy::parse_scopes("clients:read").value();
    bench.put();
    CHECK(decide(bench, bench.call("/clients/1", "GET")) == "granted");
    CHECK(decide(bench, bench.call("/clients/1", "DELETE")) == "scope_missing");
    CHECK(decide(bench, bench.call("/notes/mem_a", "GET")) == "scope_missing");
    bench.facts.token.scopes.clear();
    bench.facts.member.role = Role::member;
    bench.put();
    CHECK(decide(bench, bench.call("/clients/1")) == "role_forbidden");
    CHECK(decide(bench, bench.call("/notes/mem_a", "DELETE")) == "role_forbidden");
    CHECK(decide(bench, bench.call("/notes/mem_b")) == "not_own");
    CHECK(bench.left() == 2);
    const Decision own = bench.gate.decide(bench.call("/notes/me"));
    CHECK(text_of(own) == "granted");
    CHECK(own.judgement.own == "mem_a");
}

TEST_CASE("a token acts with its member's present role") {
    Bench bench;
    CHECK(decide(bench, bench.call()) == "granted");
    bench.facts.member.role = Role::member;
    bench.put();
    CHECK(decide(bench, bench.call()) == "role_forbidden");
}

TEST_CASE("an operator token opens nothing that is decided") {
    for (const bool configured : {true, false}) {
        Bench bench(Mode::enforce, configured ? test::small_rules() : policy::PolicyConfig{});
        bench.facts.token.kind = TokenFacts::Kind::operator_;
        bench.facts.member = {};
        bench.facts.workspace = {};
        bench.put();
        const Decision decision = bench.gate.decide(bench.call());
        CHECK(text_of(decision) == "role_forbidden");
        CHECK(decision.role() == "operator");
    }
}

TEST_CASE("an operator token is refused on a public resource and in a preflight as anywhere else") {
    Bench bench;
    bench.make_operator();
    Call preflight = bench.call("/clients/1", "OPTIONS");
    preflight.preflight = true;
    for (const Call& call : {bench.call("/health"), preflight, bench.call("/clients/1")}) {
        CAPTURE(call.target);
        const Decision decision = bench.gate.decide(call);
        CHECK(decision.reason == Reason::role_forbidden);
        const auto at_hand = bench.gate.decide_from_memory(call);
        REQUIRE(at_hand);
        CHECK(at_hand->reason == Reason::role_forbidden);
    }
    // Nothing was spent: the public window of four calls is as it was.
    Call nobody = bench.call("/health");
    nobody.presented = Presented::nothing;
    for (int i = 0; i < 4; ++i)
        CHECK(bench.gate.decide(nobody).reason == Reason::granted);
    CHECK(bench.gate.decide(nobody).reason == Reason::window_full);
}

TEST_CASE("a full window refuses until its Retry-After is over, and refusals do not prolong it") {
    Bench bench;
    for (int i = 0; i < 3; ++i)
        REQUIRE(decide(bench, bench.call()) == "granted");
    const Decision full = bench.gate.decide(bench.call());
    REQUIRE(text_of(full) == "window_full");
    CHECK(full.room_of == RoomOf::plan);
    CHECK(full.room.full == 0);
    CHECK(full.room.retry_after_s == 10);
    bench.advance_s(9);
    CHECK(decide(bench, bench.call()) == "window_full");
    bench.advance_s(1);
    CHECK(decide(bench, bench.call()) == "granted");
}

TEST_CASE("a rotated token goes on in its predecessor's log") {
    Bench bench;
    for (int i = 0; i < 3; ++i)
        REQUIRE(decide(bench, bench.call()) == "granted");
    bench.minted = token::mint("hsk", token::Env::live);
    bench.facts.token.id = 8;
    bench.facts.token.prefix = bench.minted.prefix;
    bench.facts.token.digest = bench.minted.digest;
    bench.put();
    CHECK(decide(bench, bench.call()) == "window_full");
}

TEST_CASE("a live token is shown its windows on refusals too, and nothing is spent") {
    Bench bench;
    const Decision unlisted = bench.gate.decide(bench.call("/nowhere"));
    CHECK(unlisted.room_of == RoomOf::plan);
    CHECK(unlisted.room.count == 2);
    CHECK(unlisted.room.states[0].remaining == 3);
    Call guess = bench.call();
    const std::string unknown = unknown_token();
    guess.credentials = unknown;
    CHECK(bench.gate.decide(guess).room_of != RoomOf::plan);
}

TEST_CASE("after ten failures an address is told to wait, and still why") {
    Bench bench;
    Call stranger = bench.call();
    stranger.presented = Presented::nothing;
    for (int i = 0; i < 10; ++i)
        CHECK(decide(bench, stranger) == "no_credentials");
    Decision eleventh = bench.gate.decide(stranger);
    CHECK(text_of(eleventh) == "too_many_failures");
    CHECK(eleventh.because == Reason::no_credentials);
    CHECK(eleventh.room.retry_after_s == 60);
    SECTION("a valid token from there always passes") {
        CHECK(decide(bench, bench.call()) == "granted");
    }
    SECTION("another address is not meant") {
        stranger.address = Address::parse("192.0.2.2");
        CHECK(decide(bench, stranger) == "no_credentials");
    }
    SECTION("its own 429s are not counted") {
        for (int i = 0; i < 20; ++i)
            (void)bench.gate.decide(stranger);
        bench.advance_s(60);
        stranger.now = bench.now;
        CHECK(decide(bench, stranger) == "no_credentials");
    }
    SECTION("402, 403 and 429 of a known caller are not failures") {
        Bench other;
        for (int i = 0; i < 30; ++i)
            (void)other.gate.decide(other.call("/nowhere"));
        Call unknown = other.call();
        unknown.presented = Presented::nothing;
        CHECK(decide(other, unknown) == "no_credentials");
    }
}

TEST_CASE("callers of one peer without a known address count together, and for no known address") {
    Bench bench;
    Call stranger = bench.call();
    stranger.presented = Presented::nothing;
    stranger.address.reset();
    stranger.peer = Address::parse("10.0.0.5");
    for (int i = 0; i < 10; ++i)
        CHECK(decide(bench, stranger) == "no_credentials");
    CHECK(decide(bench, stranger) == "too_many_failures");
    CHECK(decide(bench, bench.call()) == "granted");  // a valid token passes, also from there:
    Call known = bench.call();
    known.address.reset();
    known.peer = stranger.peer;
    CHECK(decide(bench, known) == "granted");

    Call elsewhere = stranger;
    elsewhere.peer = Address::parse("10.0.0.6");
    CHECK(decide(bench, elsewhere) == "no_credentials");
    Call itself = stranger;
    itself.address = stranger.peer;
    CHECK(decide(bench, itself) == "no_credentials");
}

TEST_CASE("a call that came over no connection is counted for nobody") {
    Bench bench;
    Call stranger = bench.call();
    stranger.presented = Presented::nothing;
    stranger.address.reset();
    stranger.peer.reset();
    for (int i = 0; i < 30; ++i)
        CHECK(decide(bench, stranger) == "no_credentials");
}

TEST_CASE("asked again about the same call, the gate says the same and counts nothing") {
    Bench bench;
    Call stranger = bench.call();
    stranger.presented = Presented::nothing;
    Call repeat = stranger;
    repeat.spend = Spend::repeat;
    for (int i = 0; i < 10; ++i) {
        CHECK(decide(bench, stranger) == "no_credentials");
        CHECK(decide(bench, repeat) == "no_credentials");
    }
    CHECK(decide(bench, stranger) == "too_many_failures");
    CHECK(decide(bench, repeat) == "too_many_failures");

    for (int i = 0; i < 3; ++i)
        REQUIRE(decide(bench, bench.call()) == "granted");
    Call full = bench.call();
    CHECK(decide(bench, full) == "window_full");
    full.spend = Spend::repeat;
    CHECK(decide(bench, full) == "window_full");
}

TEST_CASE("a public resource needs no token and is counted per address") {
    Bench bench;
    Call call = bench.call("/health");
    call.presented = Presented::nothing;
    SECTION("nobody is asked who they are") {
        const Decision decision = bench.gate.decide(call);
        CHECK(text_of(decision) == "granted");
        CHECK_FALSE(decision.facts);
    }
    SECTION("credentials that are not ours pass untouched") {
        call.presented = Presented::bearer;
        call.credentials = "ghp_somebody_elses";
        CHECK(decide(bench, call) == "granted");
        call.presented = Presented::other_scheme;
        call.credentials = "Basic";
        CHECK(decide(bench, call) == "granted");
        CHECK(bench.directory.look_ups == 0);
    }
    SECTION("a token of our brand is asked question 1 only") {
        bench.facts.workspace.plan_id = 1;
        bench.facts.member.role = Role::member;
        bench.put();
        const Decision decision = bench.gate.decide(bench.call("/health"));
        CHECK(text_of(decision) == "granted");
        REQUIRE(decision.facts);
        CHECK(decision.facts->member->public_id == "mem_a");
        const std::string unknown = unknown_token();
        call.presented = Presented::bearer;
        call.credentials = unknown;
        CHECK(decide(bench, call) == "unknown_token");
        call.credentials = "hsk_live_";
        CHECK(decide(bench, call) == "malformed_token");
    }
    SECTION("the window is the address's") {
        for (int i = 0; i < 4; ++i)
            CHECK(decide(bench, call) == "granted");
        const Decision full = bench.gate.decide(call);
        CHECK(text_of(full) == "window_full");
        CHECK(full.room_of == RoomOf::public_calls);
        call.address = Address::parse("192.0.2.9");
        CHECK(decide(bench, call) == "granted");
        call.address.reset();
        CHECK(decide(bench, call) == "granted");
    }
}

TEST_CASE("a preflight is open where the call it asks about could be granted") {
    for (const bool listed : {false, true}) {
        policy::PolicyConfig rules = listed ? test::small_rules() : policy::PolicyConfig();
        rules.unlisted_allowed = listed;
        Bench bench(Mode::enforce, std::move(rules));
        Call call = bench.call("/nowhere", "OPTIONS");
        call.presented = Presented::nothing;
        call.preflight = true;
        CAPTURE(listed);
        CHECK(decide(bench, call) == "granted");
        call.target = "/a/../b";
        CHECK(decide(bench, call) == "path_ambiguous");
        call.target = "/_hourgate/api/v1/me";
        CHECK(decide(bench, call) == "no_credentials");
        call.target = "/nowhere";
        call.preflight = false;
        CHECK(decide(bench, call) == "no_credentials");
    }
}

TEST_CASE(
    "a preflight to a listed path counts as public, to one that nobody may call it does not") {
    Bench bench;
    Call call = bench.call("/clients/1", "OPTIONS");
    call.presented = Presented::nothing;
    call.preflight = true;
    CHECK(decide(bench, call) == "granted");
    call.target = "/nowhere";
    CHECK(decide(bench, call) == "no_credentials");
    call.target = "/_hourgate/api/v1/me";
    CHECK(decide(bench, call) == "no_credentials");
    call.target = "/clients/1";
    call.preflight = false;
    CHECK(decide(bench, call) == "no_credentials");
}

TEST_CASE("preflights have a table of their own: neither they nor public calls take the other's") {
    Bench bench;
    Call preflight = bench.call("/clients/1", "OPTIONS");
    preflight.presented = Presented::nothing;
    preflight.preflight = true;
    for (int i = 0; i < 4; ++i)
        CHECK(decide(bench, preflight) == "granted");
    CHECK(decide(bench, preflight) == "window_full");
    CHECK(bench.public_calls.entries() == 0);
    Call call = bench.call("/health");
    call.presented = Presented::nothing;
    for (int i = 0; i < 4; ++i)
        CHECK(decide(bench, call) == "granted");
    CHECK(decide(bench, call) == "window_full");
    CHECK(bench.preflights.entries() == 1);
    CHECK(bench.public_calls.entries() == 1);
}

TEST_CASE("a store that fails is neither a refusal of the caller nor a grant") {
    for (const Mode mode : {Mode::enforce, Mode::observe}) {
        Bench bench(mode);
        bench.directory.fails = true;
        const Decision decision = bench.gate.decide(bench.call());
        CHECK(text_of(decision) == "store_failed");
        CHECK_FALSE(decision.granted());
        bench.directory.fails = false;
        CHECK(bench.left() == 3);
        // It was not counted as a failure of the caller either.
        Call stranger = bench.call();
        stranger.presented = Presented::nothing;
        for (int i = 0; i < 10; ++i)
            CHECK(decide(bench, stranger) == "no_credentials");
    }
}

TEST_CASE("observe mode decides and counts everything, then grants") {
    Bench bench(Mode::observe);
    for (int i = 0; i < 3; ++i) {
        const Decision decision = bench.gate.decide(bench.call());
        CHECK(decision.granted());
        CHECK_FALSE(decision.observed);
    }
    const Decision full = bench.gate.decide(bench.call());
    CHECK(text_of(full) == "window_full");
    CHECK(full.observed);
    CHECK(full.granted());
    CHECK(bench.gate.decide(bench.call("/nowhere")).observed);
    Call stranger = bench.call();
    stranger.presented = Presented::nothing;
    CHECK(bench.gate.decide(stranger).granted());
    SECTION("but the gate's own routes are always enforced") {
        stranger.target = "/_hourgate/api/v1/me";
        CHECK_FALSE(bench.gate.decide(stranger).granted());
    }
}

TEST_CASE("without any resource configured, role member may nothing and the rest everything") {
    for (const Role role : all_roles) {
        Bench bench(Mode::enforce, policy::PolicyConfig{});
        bench.facts.member.role = role;
        bench.put();
        CHECK(decide(bench, bench.call("/anything", "DELETE")) ==
              (role == Role::member ? "role_forbidden" : "granted"));
    }
}

TEST_CASE("a clock set back does not open a window, and one set forward does not lock it") {
    Bench bench;
    for (int i = 0; i < 3; ++i)
        REQUIRE(decide(bench, bench.call()) == "granted");
    bench.now.wall_ms -= 3'600'000;
    CHECK(decide(bench, bench.call()) == "window_full");
    bench.now.wall_ms += 7'200'000;
    CHECK(decide(bench, bench.call()) == "window_full");
    bench.advance_s(10);
    CHECK(decide(bench, bench.call()) == "granted");
}

TEST_CASE("every reason has a name of its own and belongs to one question") {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < reason_count; ++i) {
        const Reason reason = static_cast<Reason>(i);
        CHECK_FALSE(to_text(reason).empty());
        names.insert(to_text(reason));
        CHECK(question_of(reason) >= 0);
    }
    CHECK(names.size() == reason_count);
}

TEST_CASE("no two decisions have the same id") {
    Bench bench;
    std::set<std::string> ids;
    for (int i = 0; i < 1000; ++i) {
        const Decision decision = bench.gate.decide(bench.call());
        ids.emplace(decision.id.begin(), decision.id.end());
    }
    CHECK(ids.size() == 1000);
}
