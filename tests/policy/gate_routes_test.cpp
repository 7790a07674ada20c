// policy/gate_routes.h, and what a token may at each of the gate's own routes.
#include "policy/gate_routes.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::policy;

namespace {

const std::string api = "/_hourgate/api/v1";
constexpr std::string_view own_prefix = "0a0a0a0a0a0a";
constexpr std::array<std::string_view, 7> methods = {"GET", "HEAD",  "OPTIONS", "POST",
                                                     "PUT", "PATCH", "DELETE"};

struct Route {
    std::string_view path;  // behind api_prefix
    GateRoute is = GateRoute::other;
    std::string_view object;  // the {prefix}
    /// Methods a token may use whatever it is narrowed to, each followed by a space.
    std::string_view always;
    std::string_view urgent;  // methods that are
};

/// The token that asks is 0a0a0a0a0a0a.
const std::vector<Route> routes = {
    {"", GateRoute::other, "", "", ""},
    {"/me", GateRoute::me, "", "GET HEAD OPTIONS ", ""},
    {"/me/rotate", GateRoute::rotate_self, "", "POST ", "POST "},
    {"/tokens", GateRoute::tokens, "", "", ""},
    {"/tokens/0a0a0a0a0a0a", GateRoute::token, "0a0a0a0a0a0a", "DELETE ", "DELETE "},
    {"/tokens/0b0b0b0b0b0b", GateRoute::token, "0b0b0b0b0b0b", "", "DELETE "},
    {"/tokens/0A0A0A0A0A0A", GateRoute::token, "0A0A0A0A0A0A", "", "DELETE "},
    {"/tokens/0a0a0a0a0a0a/rotate", GateRoute::rotate_token, "0a0a0a0a0a0a", "POST ", "POST "},
    {"/tokens/0b0b0b0b0b0b/rotate", GateRoute::rotate_token, "0b0b0b0b0b0b", "", "POST "},
    {"/members", GateRoute::other, "", "", ""},
    {"/members/0a0a0a0a0a0a", GateRoute::other, "", "", ""},
    {"/organization", GateRoute::organization, "", "", ""},
    {"/usage", GateRoute::other, "", "", ""},
    {"/check", GateRoute::check, "", "POST ", "POST "},
    // Words of the list in other places, in other case, or with more behind them.
    {"/Me", GateRoute::other, "", "", ""},
    {"/rotate", GateRoute::other, "", "", ""},
    {"/me/me", GateRoute::other, "", "", ""},
    {"/me/Rotate", GateRoute::other, "", "", ""},
    {"/me/rotate/rotate", GateRoute::other, "", "", ""},
    {"/me/0a0a0a0a0a0a/rotate", GateRoute::other, "", "", ""},
    {"/tokens/rotate", GateRoute::token, "rotate", "", "DELETE "},
    {"/tokens/me", GateRoute::token, "me", "", "DELETE "},
    {"/tokens/me/rotate", GateRoute::rotate_token, "me", "", "POST "},
    {"/tokens/0a0a0a0a0a0a/revoke", GateRoute::other, "", "", ""},
    {"/tokens/0a0a0a0a0a0a/rotate/now", GateRoute::other, "", "", ""},
    {"/members/0a0a0a0a0a0a/rotate", GateRoute::other, "", "", ""},
    {"/organization/members", GateRoute::other, "", "", ""},
    {"/usage/today", GateRoute::other, "", "", ""},
    {"/Check", GateRoute::other, "", "", ""},
    {"/check/me", GateRoute::other, "", "", ""},
    {"/me/check", GateRoute::other, "", "", ""},
    {"/why/0", GateRoute::other, "", "", ""},
};

bool lists(std::string_view methods_of_row, std::string_view method) {
    return methods_of_row.find(std::string(method) + " ") != std::string_view::npos;
}

Policy policy_with() {
    PolicyConfig rules;
    Resource rest;
    rest.name = "a";
    rest.patterns.push_back(parse_pattern("/**").value());
    rules.resources.push_back(rest);
    return Policy::make(std::move(rules)).value();
}

Judgement judged(const Policy& policy, Role role, std::string_view scopes, std::string_view method,
                 const std::string& target) {
    const auto list = parse_scopes(scopes).value();
    return policy.judge(policy.find(target), Subject{role, "mem_ada", list, own_prefix}, method);
}

}  // namespace

TEST_CASE("each of the gate's own routes is told by its segments, whole and as they are written") {
    const Policy policy = policy_with();
    for (const Route& route : routes)
        for (const auto* end : {"", "/", "?rotate", "/?x=/me"}) {
            CAPTURE(route.path, end);
            const Match match = policy.find(api + std::string(route.path) + end);
            REQUIRE(match.flaw == PathFlaw::none);
            CHECK(match.own == route.is);
            CHECK(match.route_object == route.object);
            CHECK(match.is_gate_route());
            REQUIRE(match.resource != nullptr);
            CHECK(match.resource->name == "hourgate");
        }
    // Read decoded, as every path is.
    CHECK(policy.find(api + "/m%65").own == GateRoute::me);
    CHECK(policy.find(api + "/tokens/0a0a0a0a0a%30a").route_object == own_prefix);
    for (const auto* target : {"/me", "/tokens/x", "/_hourgate/api/v2/me", "/", "/organization"}) {
        CAPTURE(target);
        CHECK(policy.find(target).own == GateRoute::none);
        CHECK_FALSE(policy.find(target).is_gate_route());
    }
}

TEST_CASE("of the own routes only rotating, revoking, asking why and checking are urgent") {
    for (const Route& route : routes)
        for (const std::string_view method : methods) {
            CAPTURE(route.path, method);
            CHECK(is_urgent(route.is, method) == lists(route.urgent, method));
        }
    for (const GateRoute elsewhere : {GateRoute::none, GateRoute::other, GateRoute::admin})
        for (const std::string_view method : methods)
            CHECK_FALSE(is_urgent(elsewhere, method));
    for (const std::string_view method : methods)
        CHECK(is_urgent(GateRoute::why, method) == (method == "GET" || method == "HEAD"));
    CHECK_FALSE(is_urgent(GateRoute::why, "get"));
    CHECK_FALSE(is_urgent(GateRoute::token, "delete"));
    CHECK_FALSE(is_urgent(GateRoute::rotate_self, "POST "));
}

TEST_CASE("each urgent route counts in a window of its own kind, and all others in self-service") {
    for (const Route& route : routes)
        for (const std::string_view method : methods) {
            CAPTURE(route.path, method);
            const GateWindow window = gate_window_of(route.is, method);
            CHECK((window != GateWindow::self_service) == lists(route.urgent, method));
        }
    CHECK(gate_window_of(GateRoute::rotate_self, "POST") == GateWindow::rotate);
    CHECK(gate_window_of(GateRoute::rotate_token, "POST") == GateWindow::rotate);
    CHECK(gate_window_of(GateRoute::token, "DELETE") == GateWindow::revoke);
    CHECK(gate_window_of(GateRoute::check, "POST") == GateWindow::check);
    CHECK(gate_window_of(GateRoute::why, "GET") == GateWindow::why);
    // Parts of stored keys.
    CHECK(static_cast<int>(GateWindow::self_service) == 0);
    CHECK(static_cast<int>(GateWindow::why) == 1);
    CHECK(static_cast<int>(GateWindow::check) == 2);
    CHECK(static_cast<int>(GateWindow::rotate) == 3);
    CHECK(static_cast<int>(GateWindow::revoke) == 4);
}

TEST_CASE("of the own routes only changes that are not urgent ask whether the plan is paid for") {
    for (const Route& route : routes)
        for (const std::string_view method : methods) {
            CAPTURE(route.path, method);
            const bool reads = method == "GET" || method == "HEAD" || method == "OPTIONS";
            CHECK(asks_whether_paid(route.is, method) == (!reads && !lists(route.urgent, method)));
            CHECK(asks_whether_paid(GateRoute::none, method));
        }
    CHECK(asks_whether_paid(GateRoute::tokens, "POST"));
    CHECK(asks_whether_paid(GateRoute::other, "get"));
}

TEST_CASE(
    "every role, scope, route and method: role member not the organization, a token for "
    "something else only itself") {
    struct Scoped {
        std::string_view scopes;
        bool reads, writes;
    };
    const std::vector<Scoped> all_scopes = {
        {"", true, true},
        {"a:*", false, false},
        {"a:* b:write", false, false},
        {"hourgate:read", true, false},
        {"hourgate:write", false, true},
        {"hourgate:*", true, true},
        {"a:* hourgate:read", true, false},
    };
    const Policy policy = policy_with();
    int allowed = 0, by_role = 0, by_scope = 0;
    for (const Route& route : routes)
        for (const std::string_view method : methods)
            for (const Scoped& scoped : all_scopes)
                for (const Role role : all_roles) {
                    CAPTURE(route.path, method, scoped.scopes, to_text(role));
                    const Judgement got =
                        judged(policy, role, scoped.scopes, method, api + std::string(route.path));
                    const bool reads = method == "GET" || method == "HEAD" || method == "OPTIONS";
                    REQUIRE(got.action.has_value());
                    CHECK((got.action == Action::read) == reads);
                    CHECK(got.own.empty());
                    if (route.is == GateRoute::organization && role == Role::member) {
                        ++by_role;
                        CHECK(got.verdict == Verdict::role_forbidden);
                        CHECK(got.required_role == Role::manager);
                        const bool reaches = reads ? scoped.reads : scoped.writes;
                        CHECK(got.lacks_scope == !reaches);
                        CHECK(got.required_scope.empty() == reaches);
                    } else if ((reads ? scoped.reads : scoped.writes) ||
                               lists(route.always, method)) {
                        ++allowed;
                        CHECK(got.verdict == Verdict::allowed);
                        CHECK_FALSE(got.required_role);
                        CHECK(got.required_scope.empty());
                    } else {
                        ++by_scope;
                        CHECK(got.verdict == Verdict::scope_missing);
                        CHECK(got.required_scope == (reads ? "hourgate:read" : "hourgate:write"));
                    }
                }
    CHECK(allowed > 0);
    CHECK(by_role > 0);
    CHECK(by_scope > 0);
}

TEST_CASE("where the gate says why is its own, whatever api_prefix is, for every role and scope") {
    for (const std::string prefix : {"/_hourgate/api/v1", "/_hourgate", "/gate"}) {
        PolicyConfig rules;
        rules.api_prefix = prefix;
        Resource rest;
        rest.name = "a";
        rest.patterns.push_back(parse_pattern("/**").value());
        rules.resources.push_back(rest);
        const Policy policy = Policy::make(std::move(rules)).value();
        for (const std::string end : {"", "/", "?x=/y"}) {
            CAPTURE(prefix, end);
            const Match match = policy.find("/_hourgate/why/dec_0a" + end);
            CHECK(match.flaw == PathFlaw::none);
            CHECK(match.own == GateRoute::why);
            CHECK(match.route_object == "dec_0a");
            REQUIRE(match.resource != nullptr);
            CHECK(match.resource->name == "hourgate");
        }
        for (const auto* path : {"/_hourgate/why", "/_hourgate/why/a/b", "/_hourgate/why?a=b"}) {
            CAPTURE(prefix, path);
            CHECK(policy.find(path).own == GateRoute::other);
        }
        for (const auto* path : {"/why/a", "/_hourgate/whys/a", "/_hourgate/api/v2/why/a"})
            CHECK(policy.find(path).own != GateRoute::why);
        for (const auto* path : {"/_hourgate/why/../x", "/_hourgate/why//", "/_hourgate/why/a;b"}) {
            CAPTURE(prefix, path);
            CHECK(policy.find(path).flaw != PathFlaw::none);
            CHECK(policy.find(path).own == GateRoute::other);
        }
        const Match variant = policy.find("/_hourgate/Why/a");
        CHECK(variant.own != GateRoute::why);
        CHECK((variant.flaw == PathFlaw::case_variant || variant.own == GateRoute::other));
        CHECK(policy.find(prefix + "/me").own == GateRoute::me);
    }
    const Policy policy = policy_with();
    for (const Role role : all_roles)
        for (const std::string_view method : methods) {
            CAPTURE(to_text(role), method);
            const bool asks = method == "GET" || method == "HEAD";
            const auto got = judged(policy, role, "a:*", method, "/_hourgate/why/dec_0a");
            CHECK((got.verdict == Verdict::allowed) == asks);
            CHECK(judged(policy, role, "", method, "/_hourgate/why/dec_0a").verdict ==
                  Verdict::allowed);
        }
}

TEST_CASE("a path below api_prefix that cannot be read is the gate's own all the same") {
    const Policy policy = policy_with();
    for (const auto* path :
         {"/../x", "//me", "/me;x", "/me/%2e", "/%zz", "/tokens/a%2Fb", "/a\x01"}) {
        CAPTURE(path);
        const Match match = policy.find(api + path);
        CHECK(match.flaw != PathFlaw::none);
        CHECK(match.own == GateRoute::other);
        CHECK(match.resource == nullptr);
    }
    for (const auto* target : {"/_hourgate/api/v10//me", "//_hourgate/api/v1/me", "/a/../b", "x"}) {
        CAPTURE(target);
        CHECK(policy.find(target).flaw != PathFlaw::none);
        CHECK_FALSE(policy.find(target).is_gate_route());
    }
}

TEST_CASE("no configured resource is looked at for a path of the admin listener") {
    const auto with = [](std::string_view path, bool is_public) {
        PolicyConfig rules;
        Resource open;
        open.name = "admin";  // the name is free for the API's own resources
        open.patterns.push_back(parse_pattern(path).value());
        open.is_public = is_public;
        rules.resources.push_back(open);
        return Policy::make(std::move(rules)).value();
    };
    for (const auto* path : {"/**", "/admin/**", "/admin/v1/workspaces"})
        for (const bool is_public : {true, false}) {
            CAPTURE(path, is_public);
            const Policy policy = with(path, is_public);
            const Match match = policy.find_admin("/admin/v1/workspaces?x");
            CHECK(match.flaw == PathFlaw::none);
            CHECK(match.kind == Match::Kind::resource);
            CHECK(match.own == GateRoute::admin);
            REQUIRE(match.resource != nullptr);
            CHECK(match.resource != &policy.resources()[0]);
            CHECK(match.resource->name == "admin");
            CHECK_FALSE(match.resource->is_public);
            CHECK(policy.find("/admin/v1/workspaces").own == GateRoute::none);
        }
    const Policy policy = policy_with();
    CHECK_FALSE(policy.knows("admin"));
    for (const auto* target : {"/admin/v1/../x", "/admin//v1", "x", ""}) {
        CAPTURE(target);
        CHECK(policy.find_admin(target).flaw != PathFlaw::none);
        CHECK(policy.find_admin(target).own == GateRoute::admin);
    }
}
