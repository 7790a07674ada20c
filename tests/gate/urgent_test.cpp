// The gate's own routes: neither a lapsed plan nor a full window keeps a leaked token alive, or
// keeps a caller from an explanation or from the sight of their own tokens.
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "gate/gate_bench.h"
#include "support/catch.h"

using namespace hourgate;
using hourgate::test::Bench;
using policy::GateWindow;

namespace {

const std::string api = "/_hourgate/api/v1";
const std::string why = "/_hourgate/why/dec_00000000000000000000000000000000";

struct Route {
    std::string method;
    std::string target;
};

std::vector<Route> urgent_routes(const Bench& bench) {
    const std::string own = api + "/tokens/" + bench.minted.prefix;
    const std::string other = api + "/tokens/0b0b0b0b0b0b";
    return {{"POST", api + "/me/rotate"},
            {"POST", api + "/me/rotate/"},
            {"DELETE", own},
            {"DELETE", other},
            {"POST", own + "/rotate"},
            {"POST", other + "/rotate"},
            {"DELETE", other + "/?x=%20y"},
            {"POST", api + "/check"},
            {"GET", why},
            {"HEAD", why + "/"}};
}

std::vector<Route> other_own_routes(const Bench& bench) {
    const std::string own = api + "/tokens/" + bench.minted.prefix;
    return {{"GET", api + "/me"},
            {"GET", api + "/me/rotate"},
            {"PUT", api + "/me/rotate"},
            {"GET", api + "/tokens"},
            {"POST", api + "/tokens"},
            {"DELETE", api + "/tokens"},
            {"GET", own},
            {"PATCH", own},
            {"DELETE", own + "/rotate"},
            {"GET", api + "/members"},
            {"GET", api + "/usage"},
            {"GET", api + "/organization"},
            {"DELETE", api + "/members/x"},
            {"GET", api + "/check"},
            {"POST", why},
            {"GET", "/_hourgate/why"},
            {"GET", why + "/x"}};
}

Decision decide(Bench& bench, const Route& route) {
    return bench.gate.decide(bench.call(route.target, route.method));
}

std::string reason(const Decision& decision) {
    return std::string(to_text(decision.reason));
}

std::string reason_text(Reason reason) {
    return std::string(to_text(reason));
}

void lapse(Bench& bench) {
    bench.facts.workspace.paid_until_ms = bench.now.wall_ms - 3 * Bench::day;
    bench.put();
}
void without_api(Bench& bench) {
    bench.facts.workspace.plan_id = 1;
    bench.put();
}
void lapse_to_nothing(Bench& bench) {
    bench.directory.plans = std::make_shared<PlanBook>(
        std::vector<Plan>{test::make_plan(2, "studio", true, 10, {{"burst", 3, 10, Per::token}})});
    lapse(bench);
}
void fill(Bench& bench) {
    for (int i = 0; i < 3; ++i)
        REQUIRE(reason(bench.gate.decide(bench.call())) == "granted");
}

GateWindow window_of(const Bench& bench, const Route& route) {
    return policy::gate_window_of(bench.policy.find(route.target).own, route.method);
}

/// Whether a decision spends: a revocation of the token itself takes effect, so it does not.
bool is_counted(const Bench& bench, const Route& route) {
    return route.target != api + "/tokens/" + bench.minted.prefix || route.method != "DELETE";
}

constexpr std::array all_kinds = {GateWindow::self_service, GateWindow::why, GateWindow::check,
                                  GateWindow::rotate, GateWindow::revoke};

/// Calls of all kinds that the token has spent on the gate's own routes.
std::uint32_t own_spent(Bench& bench) {
    std::uint32_t spent = 0;
    for (const GateWindow kind : all_kinds)
        spent += gate_windows(kind)[0].limit - bench.own_left(kind);
    return spent;
}

/// The bench asks with another token of its member from now on.
void become(Bench& bench, std::int64_t id, std::int64_t line) {
    bench.minted = token::mint("hsk", token::Env::live);
    bench.facts.token = TokenFacts{};
    bench.facts.token.id = id;
    bench.facts.token.line = line;
    bench.facts.token.prefix = bench.minted.prefix;
    bench.facts.token.digest = bench.minted.digest;
    bench.put();
}

/// What is left in the windows of plan studio, whatever plan counts now.
std::uint32_t studio_left(Bench& bench) {
    const Plan* plan = bench.directory.plans->find("studio");
    return bench.limiter
        .ask({bench.facts.token.line, bench.facts.member.id, bench.facts.workspace.id},
             plan->windows, bench.now, Spend::no)
        .states[0]
        .remaining;
}

struct Hindrance {
    std::string_view refused;  // what any other call is told
    std::function<void(Bench&)> make;
};
const std::vector<Hindrance> hindrances = {
    {"plan_lapsed", lapse},
    {"plan_without_api", without_api},
    {"plan_lapsed", lapse_to_nothing},
    {"window_full", fill},
};

}  // namespace

TEST_CASE("neither an unpaid plan nor a full window hinders revoking, rotating and asking why") {
    for (const Hindrance& hindrance : hindrances) {
        Bench bench;
        hindrance.make(bench);
        const std::uint32_t left = studio_left(bench);
        std::uint32_t spent = 0;
        for (const Route& route : urgent_routes(bench)) {
            CAPTURE(hindrance.refused, route.method, route.target);
            const Decision decision = decide(bench, route);
            CHECK(reason(decision) == "granted");
            CHECK_FALSE(decision.observed);
            spent += is_counted(bench, route) ? 1U : 0U;
            CHECK(own_spent(bench) == spent);
            CHECK(studio_left(bench) == left);
        }
    }
}

TEST_CASE("reading the gate's own routes works on a lapsed plan and on a full window") {
    for (const Hindrance& hindrance : hindrances) {
        Bench bench;
        hindrance.make(bench);
        const std::uint32_t left = studio_left(bench);
        std::uint32_t spent = 0;
        for (const Route& route : other_own_routes(bench)) {
            if (route.method != "GET")
                continue;
            CAPTURE(hindrance.refused, route.method, route.target);
            CHECK(reason(decide(bench, route)) == "granted");
            CHECK(studio_left(bench) == left);
            CHECK(bench.own_left(GateWindow::self_service) == 240 - ++spent);
        }
        CHECK(own_spent(bench) == spent);
    }
}

TEST_CASE("minting asks whether the plan is paid for, and spends nothing when it is not") {
    for (const Hindrance& hindrance : hindrances) {
        Bench bench;
        hindrance.make(bench);
        const bool unpaid = hindrance.refused != "window_full";
        CAPTURE(hindrance.refused);
        for (const Route& route : other_own_routes(bench)) {
            if (route.method == "GET")
                continue;
            CAPTURE(route.method, route.target);
            const std::uint32_t before = own_spent(bench);
            CHECK(reason(decide(bench, route)) == (unpaid ? hindrance.refused : "granted"));
            CHECK(own_spent(bench) == before + (unpaid ? 0 : 1));
        }
    }
}

TEST_CASE(
    "no call to the gate's own routes spends from the plan, and none to the API from theirs") {
    Bench bench;
    std::vector<Route> routes = urgent_routes(bench);
    for (const Route& route : other_own_routes(bench))
        routes.push_back(route);
    for (const Route& route : routes) {
        CAPTURE(route.method, route.target);
        CHECK(reason(decide(bench, route)) == "granted");
        CHECK(bench.left() == 3);
    }
    const std::uint32_t spent = own_spent(bench);
    fill(bench);
    CHECK(own_spent(bench) == spent);
}

TEST_CASE("each kind of own route has a window that tells truly when to come back") {
    const auto route_of = [](GateWindow kind) -> Route {
        switch (kind) {
            case GateWindow::why:
                return {"GET", why};
            case GateWindow::check:
                return {"POST", api + "/check"};
            case GateWindow::rotate:
                return {"POST", api + "/me/rotate"};
            case GateWindow::revoke:
                return {"DELETE", api + "/tokens/0b0b0b0b0b0b"};
            case GateWindow::self_service:
                break;
        }
        return {"GET", api + "/me"};
    };
    for (const GateWindow kind : all_kinds) {
        Bench bench;
        const Route route = route_of(kind);
        REQUIRE(window_of(bench, route) == kind);
        const Window& window = gate_windows(kind)[0];
        CAPTURE(window.name);
        REQUIRE(reason(decide(bench, route)) == "granted");
        bench.advance_s(7);
        for (std::uint32_t i = 1; i < window.limit; ++i)
            REQUIRE(reason(decide(bench, route)) == "granted");
        const Decision full = decide(bench, route);
        CHECK(reason(full) == "window_full");
        CHECK(question_of(full.reason) == 4);
        CHECK_FALSE(full.granted());
        CHECK(full.room_of == RoomOf::own);
        REQUIRE(full.windows().size() ==
                (kind == GateWindow::check || kind == GateWindow::revoke ? 2U : 1U));
        CHECK(full.windows()[static_cast<std::size_t>(full.room.full)] == window);
        CHECK(full.room.retry_after_s == 53);
        for (const GateWindow other : all_kinds)
            if (other != kind)
                CHECK(reason(decide(bench, route_of(other))) == "granted");
        CHECK(reason(bench.gate.decide(bench.call())) == "granted");

        bench.advance_s(52);
        CHECK(reason(decide(bench, route)) == "window_full");
        bench.advance_s(1);
        CHECK(reason(decide(bench, route)) == "granted");
        const Decision again = decide(bench, route);
        CHECK(reason(again) == "window_full");
        CHECK(again.room.retry_after_s == 7);
    }
}

TEST_CASE("a thief with an old token in its grace takes nothing from the successor's own windows") {
    Bench bench;
    bench.facts.token.rotated_ms = bench.now.wall_ms;
    bench.facts.token.works_until_ms = bench.now.wall_ms + Bench::day;
    bench.put();
    std::vector<Route> routes = urgent_routes(bench);
    for (const Route& route : other_own_routes(bench))
        routes.push_back(route);
    for (const Route& route : routes)
        for (int i = 0; i < 70; ++i)
            (void)decide(bench, route);
    CHECK(reason(decide(bench, {"POST", api + "/check"})) == "window_full");
    become(bench, 8, 7);
    CHECK(own_spent(bench) == 0);
    for (const Route& route : routes) {
        CAPTURE(route.method, route.target);
        CHECK(reason(decide(bench, route)) == "granted");
    }
}

TEST_CASE("a revocation that takes effect is never refused for room, and spends nothing") {
    for (const Role role : all_roles) {
        Bench bench;
        bench.facts.member.role = role;
        bench.put();
        const auto of_other_member = [&](std::int64_t workspace) {
            test::ScriptedFacts other = bench.facts;
            other.token.id += 100;
            other.token.prefix = workspace == 21 ? "cccccccccccc" : "dddddddddddd";
            other.member.id = 12;
            other.workspace.id = workspace;
            bench.directory.facts[other.token.prefix] = std::make_shared<Facts>(other.shared());
        };
        test::ScriptedFacts sibling = bench.facts;
        sibling.token.prefix = "aaaaaaaaaaaa";
        bench.directory.facts[sibling.token.prefix] = std::make_shared<Facts>(sibling.shared());
        sibling.token.prefix = "bbbbbbbbbbbb";
        sibling.token.revoked_ms = bench.now.wall_ms - 1;
        bench.directory.facts[sibling.token.prefix] = std::make_shared<Facts>(sibling.shared());
        of_other_member(21);
        of_other_member(22);
        // Someone floods the route with revocations without effect.
        const std::string none = api + "/tokens/0b0b0b0b0b0b";
        for (int i = 0; i < 60; ++i)
            REQUIRE(reason(decide(bench, {"DELETE", none})) == "granted");
        CHECK(reason(decide(bench, {"DELETE", none})) == "window_full");
        const std::uint32_t spent = own_spent(bench);
        const auto revoke = [&](const std::string& prefix) {
            return reason(decide(bench, {"DELETE", api + "/tokens/" + prefix}));
        };
        for (int i = 0; i < 100; ++i) {
            REQUIRE(revoke(bench.minted.prefix) == "granted");
            REQUIRE(revoke("aaaaaaaaaaaa") == "granted");
        }
        const bool sees_all = role == Role::owner || role == Role::admin;
        CHECK(revoke("cccccccccccc") == (sees_all ? "granted" : "window_full"));
        CHECK(revoke("bbbbbbbbbbbb") == "window_full");  // revoked already
        CHECK(revoke("dddddddddddd") == "window_full");  // of another workspace
        CHECK(revoke("not-a-prefix") == "window_full");
        CHECK(own_spent(bench) == spent);
        CHECK(bench.left() == 3);
    }
}

TEST_CASE("a revocation that the store does not answer for is undecided, and at hand it waits") {
    Bench bench;
    test::ScriptedFacts sibling = bench.facts;
    sibling.token.prefix = "aaaaaaaaaaaa";
    bench.directory.facts[sibling.token.prefix] = std::make_shared<Facts>(sibling.shared());
    const std::string target = api + "/tokens/aaaaaaaaaaaa";
    REQUIRE(reason(bench.gate.decide(bench.call())) == "granted");  // its own token is at hand
    CHECK_FALSE(bench.gate.decide_from_memory(bench.call(target, "DELETE")));
    CHECK(own_spent(bench) == 0);
    CHECK(reason(decide(bench, {"DELETE", target})) == "granted");
    const auto at_hand = bench.gate.decide_from_memory(bench.call(target, "DELETE"));
    REQUIRE(at_hand);
    CHECK(reason(*at_hand) == "granted");
}

TEST_CASE("minting and rotating never multiply what a member may change on the gate's own routes") {
    const std::vector<Route> floods = {{"POST", api + "/tokens"},
                                       {"POST", api + "/check"},
                                       {"POST", api + "/tokens/0b0b0b0b0b0b/rotate"},
                                       {"DELETE", api + "/tokens/0b0b0b0b0b0b"}};
    for (const Route& route : floods) {
        Bench bench;
        const Window& shared = gate_windows(window_of(bench, route))[1];
        REQUIRE(shared.per == Per::member);
        std::uint32_t granted = 0;
        Decision last;
        for (std::int64_t id = 100; id < 130; ++id) {
            become(bench, id, id % 2 == 0 ? id : id - 1);  // minted, then rotated
            do {
                last = decide(bench, route);
                granted += last.granted() ? 1U : 0U;
            } while (last.granted());
        }
        CAPTURE(route.method, route.target);
        CHECK(granted == shared.limit);
        CHECK(last.windows()[static_cast<std::size_t>(last.room.full)] == shared);
        bench.facts.member.id = 99;  // another member has their own
        become(bench, 200, 200);
        CHECK(reason(decide(bench, route)) == "granted");
    }
}

TEST_CASE("a thief with every other token of a member keeps its owner from nothing that recovers") {
    Bench bench;
    const auto recovers = [&]() -> std::vector<Route> {
        return {{"GET", api + "/me"},
                {"GET", api + "/tokens"},
                {"GET", api + "/tokens?sort=lastUsed"},
                {"GET", api + "/tokens/0b0b0b0b0b0b"},
                {"GET", api + "/members"},
                {"GET", api + "/usage"},
                {"HEAD", api + "/tokens"},
                {"GET", why},
                {"POST", api + "/me/rotate"},
                {"POST", api + "/tokens/" + bench.minted.prefix + "/rotate"},
                {"DELETE", api + "/tokens/" + bench.minted.prefix}};
    };
    for (std::int64_t id = 100; id < 150; ++id) {
        become(bench, id, id);
        std::vector<Route> floods = urgent_routes(bench);
        for (const Route& route : other_own_routes(bench))
            floods.push_back(route);
        for (const Route& route : floods)
            for (int i = 0; i < 25; ++i)
                (void)decide(bench, route);
    }
    CHECK(reason(decide(bench, {"POST", api + "/check"})) == "window_full");
    become(bench, 7, 7);  // the owner's own
    for (const Route& route : recovers()) {
        CAPTURE(route.method, route.target);
        CHECK(reason(decide(bench, route)) == "granted");
    }
    // Each token is bounded all the same.
    for (std::uint32_t i = 0; i < limits::self_service_calls_per_token; ++i)
        (void)decide(bench, {"GET", api + "/tokens"});
    const Decision full = decide(bench, {"GET", api + "/tokens"});
    CHECK(reason(full) == "window_full");
    REQUIRE(full.windows().size() == 1);
    CHECK(full.windows()[0].per == Per::token);
}

TEST_CASE("what dead tokens of one member ask is bounded for all of them") {
    Bench bench;
    const Window& shared = gate_windows(GateWindow::why)[1];
    std::uint32_t granted = 0;
    for (std::int64_t id = 100; id < 130; ++id) {
        become(bench, id, id);
        bench.facts.token.revoked_ms = bench.now.wall_ms;
        bench.put();
        while (bench.gate.decide(bench.own_call(why)).granted())
            ++granted;
    }
    CHECK(granted == shared.limit);
    become(bench, 200, 200);  // it lives
    CHECK(reason(decide(bench, {"GET", why})) == "granted");
}

TEST_CASE("a granted urgent call is shown where its plan stands and what is left, unspent") {
    Bench bench;
    const Route revoke{"DELETE", api + "/tokens/0b0b0b0b0b0b"};
    SECTION("its plan's windows, as they are") {
        REQUIRE(reason(bench.gate.decide(bench.call())) == "granted");
        const Decision decision = decide(bench, revoke);
        CHECK(decision.room_of == RoomOf::plan);
        CHECK(decision.room.count == 2);
        CHECK(decision.room.states[0].remaining == 2);
        CHECK(decision.room.states[1].remaining == 4);
        REQUIRE(decision.plan != nullptr);
        CHECK(decision.plan->name == "studio");
    }
    SECTION("a full one, too") {
        fill(bench);
        const Decision decision = decide(bench, revoke);
        CHECK(reason(decision) == "granted");
        CHECK(decision.room_of == RoomOf::plan);
        CHECK(decision.room.states[0].remaining == 0);
    }
    SECTION("the days of grace") {
        bench.facts.workspace.paid_until_ms = bench.now.wall_ms - Bench::day;
        bench.put();
        const Decision decision = decide(bench, revoke);
        CHECK(reason(decision) == "granted");
        CHECK(decision.standing.paid == Paid::in_grace);
        CHECK(decision.standing.lapses_ms == bench.now.wall_ms + 2 * Bench::day);
        CHECK(decision.room_of == RoomOf::plan);
    }
    SECTION("a lapsed plan, which counts as one without windows") {
        lapse(bench);
        const Decision decision = decide(bench, revoke);
        CHECK(decision.standing.paid == Paid::lapsed);
        REQUIRE(decision.plan != nullptr);
        CHECK(decision.plan->name == "free");
        CHECK(decision.room_of != RoomOf::plan);
    }
    SECTION("no plan at all") {
        lapse_to_nothing(bench);
        const Decision decision = decide(bench, revoke);
        CHECK(reason(decision) == "granted");
        CHECK(decision.plan == nullptr);
        CHECK(decision.room_of != RoomOf::plan);
    }
    CHECK(own_spent(bench) == 1);
}

TEST_CASE("who is refused on an urgent route spends nothing") {
    Bench bench;
    const Route other{"DELETE", api + "/tokens/0b0b0b0b0b0b"};
    SECTION("narrowed to something else, on another's token") {
        bench.facts.token.scopes = policy::parse_scopes("clients:*").value();
        bench.put();
        const Decision decision = decide(bench, other);
        CHECK(reason(decision) == "scope_missing");
        CHECK(decision.judgement.required_scope == "hourgate:write");
        CHECK(decision.room_of == RoomOf::plan);
    }
    SECTION("revoked") {
        bench.facts.token.revoked_ms = bench.now.wall_ms;
        bench.put();
        CHECK(reason(decide(bench, other)) == "revoked_token");
    }
    SECTION("an operator") {
        bench.facts.token.kind = TokenFacts::Kind::operator_;
        bench.put();
        CHECK(reason(decide(bench, other)) == "role_forbidden");
    }
    SECTION("unreadable") {
        Call call = bench.call(other.target, other.method);
        call.problem = Problem::forged_header;
        CHECK(reason(bench.gate.decide(call)) == "forged_header");
    }
    SECTION("the store does not answer") {
        bench.directory.fails = true;
        CHECK(reason(decide(bench, other)) == "store_failed");
    }
    CHECK(own_spent(bench) == 0);
    CHECK(bench.left() == 3);
}

TEST_CASE(
    "a token narrowed to something else revokes, rotates and explains itself, lapsed or not") {
    for (const bool lapsed : {false, true}) {
        Bench bench;
        bench.facts.token.scopes = policy::parse_scopes("clients:read").value();
        bench.facts.member.role = Role::member;
        bench.put();
        if (lapsed)
            lapse(bench);
        const std::string own = api + "/tokens/" + bench.minted.prefix;
        CHECK(reason(decide(bench, {"POST", api + "/me/rotate"})) == "granted");
        CHECK(reason(decide(bench, {"POST", own + "/rotate"})) == "granted");
        CHECK(reason(decide(bench, {"DELETE", own})) == "granted");
        CHECK(reason(decide(bench, {"GET", own})) == "scope_missing");
        CHECK(reason(decide(bench, {"DELETE", own + "0"})) == "scope_missing");
        CHECK(reason(decide(bench, {"POST", api + "/check"})) == "granted");
        CHECK(reason(decide(bench, {"GET", why})) == "granted");
        CHECK(own_spent(bench) == 4);
        CHECK(studio_left(bench) == 3);
    }
}

namespace {

struct Dead {
    std::string_view reason;
    std::function<void(Bench&)> make;
};
const std::vector<Dead> dead_tokens = {
    {"revoked_token", [](Bench& bench) { bench.facts.token.revoked_ms = bench.now.wall_ms; }},
    {"expired_token", [](Bench& bench) { bench.facts.token.expires_ms = bench.now.wall_ms; }},
    {"rotated_token",
     [](Bench& bench) {
         bench.facts.token.rotated_ms = bench.now.wall_ms - 1;
         bench.facts.token.works_until_ms = bench.now.wall_ms;
     }},
    {"member_removed", [](Bench& bench) { bench.facts.member.removed_ms = bench.now.wall_ms; }},
};

/// Calls that a dead token may still ask why.
int whys_left(Bench& bench) {
    int left = 0;
    while (bench.gate.decide(bench.own_call(why)).granted())
        ++left;
    return left;
}

}  // namespace

TEST_CASE("whose token is dead may ask why, and nothing else") {
    for (const Dead& dead : dead_tokens) {
        Bench bench;
        dead.make(bench);
        bench.put();
        CAPTURE(dead.reason);
        CHECK(reason_text(Gate::alive(bench.facts.shared(), bench.now.wall_ms)) == dead.reason);
        std::vector<Route> refused = other_own_routes(bench);
        for (const Route& route : urgent_routes(bench))
            if (!route.target.starts_with(why))
                refused.push_back(route);
        for (const auto* method : {"OPTIONS", "PUT", "PATCH", "DELETE", "get"})
            refused.push_back({method, why});
        refused.push_back({"GET", "/clients/1"});
        for (const Route& route : refused) {
            CAPTURE(route.method, route.target);
            Call call = bench.own_call(route.target, route.method);
            call.address.reset();
            const Decision decision = bench.gate.decide(call);
            CHECK(reason(decision) == dead.reason);
            CHECK(decision.because == Reason::granted);
        }
        for (const auto* method : {"GET", "HEAD"}) {
            const Decision decision = bench.gate.decide(bench.own_call(why, method));
            CHECK(reason(decision) == "granted");
            CHECK(reason_text(decision.because) == dead.reason);
            REQUIRE(decision.facts != nullptr);
            CHECK(decision.facts->token.prefix == bench.minted.prefix);
            CHECK(decision.plan == nullptr);  // how its successor fares is not shown
            CHECK(decision.room_of == RoomOf::own);
        }
        const auto at_hand = bench.gate.decide_from_memory(bench.own_call(why));
        REQUIRE(at_hand);
        CHECK(reason(*at_hand) == "granted");
        CHECK(whys_left(bench) == 57);
        CHECK(own_spent(bench) == 0);  // what a living token has is not touched
        CHECK(studio_left(bench) == 3);
        CHECK(bench.failures.entries() == 0);
    }
}

TEST_CASE("a dead token that asks why 60 times a minute keeps its line from nothing") {
    Bench bench;
    dead_tokens[0].make(bench);
    bench.put();
    CHECK(whys_left(bench) == 60);
    const Decision full = bench.gate.decide(bench.own_call(why));
    CHECK(reason(full) == "window_full");
    CHECK(full.room_of == RoomOf::own);
    CHECK(full.room.retry_after_s == 60);
    bench.minted = token::mint("hsk", token::Env::live);  // its successor
    bench.facts.token = TokenFacts{};
    bench.facts.token.id = 8;
    bench.facts.token.line = 7;
    bench.facts.token.prefix = bench.minted.prefix;
    bench.facts.token.digest = bench.minted.digest;
    bench.put();
    CHECK(reason(decide(bench, {"DELETE", api + "/tokens/" + bench.minted.prefix})) == "granted");
    CHECK(reason(decide(bench, {"GET", why})) == "granted");
    CHECK(bench.own_left(GateWindow::why) == 59);
}

TEST_CASE("a proxy or a back end that asks about the path of why is told a dead token is dead") {
    for (const Mode mode : {Mode::enforce, Mode::observe})
        for (const Dead& dead : dead_tokens) {
            Bench bench(mode);
            dead.make(bench);
            bench.put();
            CAPTURE(dead.reason);
            const Decision decision = decide(bench, {"GET", why});
            CHECK(reason(decision) == dead.reason);
            CHECK_FALSE(decision.granted());
            CHECK(whys_left(bench) == 60);
        }
}

TEST_CASE("who holds no secret asks why in vain, and is counted") {
    Bench bench;
    dead_tokens[0].make(bench);
    bench.put();
    const auto failures_left = [&] {
        return bench.failures.ask(Address::parse("192.0.2.1")->limiter_key(), bench.now, Spend::no)
            .states[0]
            .remaining;
    };
    const token::Minted unknown = token::mint("hsk", token::Env::live);
    const token::Minted elsewhere = token::mint("hsk", token::Env::test);
    std::string wrong(bench.minted.text.reveal().substr(0, 22));
    wrong += unknown.text.reveal().substr(22);  // check digits that do not fit
    std::uint32_t left = 10;
    const auto refused = [&](std::string_view credentials, std::string_view expected) {
        Call call = bench.own_call(why);
        call.credentials = credentials;
        CAPTURE(expected);
        const Decision decision = bench.gate.decide(call);
        CHECK(reason(decision) == expected);
        CHECK_FALSE(decision.facts);
        CHECK(failures_left() == --left);
    };
    refused(unknown.text.reveal(), "unknown_token");
    refused(wrong, "damaged_token");
    refused(elsewhere.text.reveal(), "wrong_environment");
    refused("x", "malformed_token");
    bench.facts.token.digest = unknown.digest;  // the prefix is known, the secret another's
    bench.put();
    refused(bench.minted.text.reveal(), "unknown_token");
    CHECK(bench.own.entries() == 0);
}

TEST_CASE("an operator's token asks no why on the public listener, live or dead") {
    Bench bench;
    bench.make_operator();
    CHECK(reason(bench.gate.decide(bench.own_call(why))) == "role_forbidden");
    CHECK(reason(bench.gate.decide(bench.own_call(api + "/check", "POST"))) == "role_forbidden");
    bench.facts.token.revoked_ms = bench.now.wall_ms;
    bench.put();
    CHECK(reason(bench.gate.decide(bench.own_call(why))) == "revoked_token");
    CHECK(bench.own.entries() == 0);
}

TEST_CASE("a look and a repeat of an urgent call are not counted") {
    Bench bench;
    const std::string rotate = api + "/me/rotate";
    Call call = bench.call(rotate, "POST");
    for (const Spend spend : {Spend::no, Spend::repeat}) {
        call.spend = spend;
        for (int i = 0; i < 61; ++i)
            CHECK(reason(bench.gate.decide(call)) == "granted");
    }
    CHECK(own_spent(bench) == 0);
    CHECK(bench.left() == 3);
}

TEST_CASE("mode observe opens none of the gate's own routes, readable or not") {
    Bench bench(Mode::observe);
    const auto refused = [&](const Call& call, std::string_view why) {
        CAPTURE(call.target, call.method, why);
        const Decision decision = bench.gate.decide(call);
        CHECK(reason(decision) == why);
        CHECK_FALSE(decision.observed);
        CHECK_FALSE(decision.granted());
    };
    std::vector<Route> routes = urgent_routes(bench);
    for (const Route& route : other_own_routes(bench))
        routes.push_back(route);
    for (const Route& route : routes) {
        Call call = bench.call(route.target, route.method);
        call.address.reset();
        for (const Problem problem : {Problem::forged_header, Problem::two_authorizations,
                                      Problem::method_override, Problem::unreadable_method}) {
            call.problem = problem;
            refused(call, problem == Problem::forged_header ? "forged_header" : "bad_request");
        }
        call.problem = Problem::none;
        call.presented = Presented::nothing;
        refused(call, "no_credentials");
    }
    const std::string ambiguous = api + "/me/../tokens", twice = api + "//me/rotate";
    for (const std::string& target : {ambiguous, twice})
        refused(bench.call(target, "POST"), "path_ambiguous");
    const std::string endless = api + "/" + std::string(limits::target_bytes_default, 'a');
    refused(bench.call(endless, "POST"), "target_too_long");

    bench.facts.token.scopes = policy::parse_scopes("clients:*").value();
    bench.put();
    const std::string tokens = api + "/tokens", others = tokens + "/0b0b0b0b0b0b";
    refused(bench.call(tokens), "scope_missing");
    refused(bench.call(others, "DELETE"), "scope_missing");
    CHECK(own_spent(bench) == 0);
    const std::string me = api + "/me/rotate";
    for (int i = 0; i < 60; ++i)
        REQUIRE(reason(bench.gate.decide(bench.call(me, "POST"))) == "granted");
    refused(bench.call(me, "POST"), "window_full");
    lapse(bench);
    refused(bench.call(tokens, "POST"), "plan_lapsed");
    CHECK(studio_left(bench) == 3);
    // What belongs to the API behind the gate is observed as ever.
    CHECK(bench.gate.decide(bench.call()).observed);
    CHECK(bench.gate.decide(bench.call("/clients/../x")).observed);
}

TEST_CASE("role member may not look at the organization, and everybody else may") {
    for (const Role role : all_roles) {
        Bench bench;
        bench.facts.member.role = role;
        bench.put();
        const Decision decision = decide(bench, {"GET", api + "/organization"});
        const bool may = role != Role::member;
        CHECK(reason(decision) == (may ? "granted" : "role_forbidden"));
        CHECK(bench.left() == 3);
        CHECK(own_spent(bench) == (may ? 1 : 0));
        if (!may)
            CHECK(decision.judgement.required_role == Role::manager);
    }
}
