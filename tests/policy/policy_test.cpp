// policy/policy.h: rules as a whole, where a call lands, and who may.
#include "policy/policy.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/off.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::policy;
using hourgate::test::off;
using hourgate::test::says;
using Kind = Match::Kind;

namespace {

using Row = std::array<std::string_view, 4>;  // owner, admin, manager, member
constexpr Row nobody = {"none", "none", "none", "none"};
constexpr Row everybody = {"full", "full", "full", "full"};

Resource resource(std::string name, const std::vector<std::string>& paths,
                  const Row& rows = everybody) {
    Resource made;
    made.name = std::move(name);
    for (const std::string& path : paths) {
        auto pattern = parse_pattern(path);
        INFO(path);
        REQUIRE(pattern.ok());
        made.patterns.push_back(std::move(pattern).value());
    }
    for (const Role role : all_roles) {
        const auto access = parse_access(rows[index(role)]);
        REQUIRE(access.ok());
        made.access[index(role)] = access.value();
    }
    return made;
}

Resource by_upstream(Resource made) {
    made.own_by_upstream = true;
    return made;
}

PolicyConfig rules_of(std::vector<Resource> resources) {
    PolicyConfig rules;
    rules.resources = std::move(resources);
    return rules;
}

Policy policy_of(PolicyConfig rules) {
    auto policy = Policy::make(std::move(rules));
    if (!policy)
        FAIL(policy.failure().what);
    return std::move(policy).value();
}

/// Name of the resource a target lands at; "" for none, "!" for a flaw.
std::string lands(const Policy& policy, std::string_view target) {
    const Match match = policy.find(target);
    if (match.flaw != PathFlaw::none)
        return "!";
    return match.resource == nullptr ? "" : match.resource->name;
}

struct Caller {
    Role role = Role::owner;
    std::string_view scopes;
    std::string member_id = "mem_ada";
};

Judgement judged(const Policy& policy, const Caller& caller, std::string_view method,
                 std::string_view target) {
    const auto scopes = parse_scopes(caller.scopes);
    REQUIRE(scopes.ok());
    const Match match = policy.find(target);
    REQUIRE(match.flaw == PathFlaw::none);
    return policy.judge(match, Subject{caller.role, caller.member_id, scopes.value()}, method);
}

constexpr std::array<std::string_view, 4> method_for = {"GET", "POST", "PATCH", "DELETE"};

}  // namespace

// --- where a call lands --------------------------------------------------------------------------

TEST_CASE("The first resource whose pattern matches is the one") {
    const Policy policy = policy_of(
        rules_of({resource("health", {"/api/health"}), resource("one", {"/api/v1/things/{id}"}),
                  resource("all", {"/api/v1/things/**", "/api/v2"}), resource("root", {"/"})}));
    CHECK(lands(policy, "/api/health") == "health");
    CHECK(lands(policy, "/api/health/") == "health");
    CHECK(lands(policy, "/api/health/x").empty());
    CHECK(lands(policy, "/api/v1/things/7") == "one");
    CHECK(lands(policy, "/api/v1/things/7?q=/api/health") == "one");
    CHECK(lands(policy, "/api/v1/things") == "all");
    CHECK(lands(policy, "/api/v1/things/") == "all");
    CHECK(lands(policy, "/api/v1/things/7/parts/8") == "all");
    CHECK(lands(policy, "/api/v1/thingsx").empty());
    CHECK(lands(policy, "/api/v1").empty());
    CHECK(lands(policy, "/api/v2") == "all");
    CHECK(lands(policy, "/api/v2/x").empty());
    CHECK(lands(policy, "/") == "root");
    CHECK(lands(policy, "/?x") == "root");
    CHECK(lands(policy, "/api/v1/th%69ngs/7") == "one");
    CHECK(policy.find("/nowhere").kind == Kind::unlisted);
    CHECK_FALSE(policy.find("/api/health").is_gate_route());
}

TEST_CASE("The pattern that matches every path matches every path") {
    const Policy policy = policy_of(rules_of({resource("all", {"/**"})}));
    for (const auto* target : {"/", "/a", "/a/b/c", "/a/", "/_hourgate", "/_hourgate/healthz"})
        CHECK(lands(policy, target) == "all");
    CHECK(lands(policy, "/_hourgate/api/v1/me") == "hourgate");
}

TEST_CASE("A path that is flawed lands nowhere") {
    const Policy policy = policy_of(rules_of({resource("all", {"/**"})}));
    CHECK(policy.find("/a/../b").flaw == PathFlaw::dot_segment);
    CHECK(policy.find("/a%2Fb").flaw == PathFlaw::encoded_slash);
    CHECK(policy.find("*").flaw == PathFlaw::unreadable);
    CHECK(policy.find("/a/../b").resource == nullptr);
    CHECK(policy.find("/_hourgate/api/v1/../me").flaw == PathFlaw::dot_segment);
}

TEST_CASE("A switched-off rule lets the path through as it is, never normalised") {
    PolicyConfig rules =
        rules_of({resource("admin", {"/admin/**"}), resource("file", {"/files/{name}"}),
                  resource("rest", {"/files/**"})});
    rules.path.encoded_slash = false;
    rules.path.dot_segment = false;
    rules.path.empty_segment = false;
    const Policy policy = policy_of(std::move(rules));
    CHECK(lands(policy, "/files/a%2Fb") == "file");
    CHECK(lands(policy, "/files%2Fa").empty());
    CHECK(lands(policy, "/files/../admin") == "rest");
    CHECK(lands(policy, "//admin").empty());
    CHECK(lands(policy, "/files//") == "rest");  // a capture never takes an empty segment
    CHECK(lands(policy, "/files//x") == "rest");
    CHECK(lands(policy, "/files/a/") == "file");
}

TEST_CASE("A path that matches an earlier resource but for its case is refused") {
    PolicyConfig rules =
        rules_of({resource("keys", {"/api/Keys/**"}), resource("users", {"/api/users/{id}"}),
                  resource("rest", {"/api/**"})});
    const auto expected = [](std::string_view target) -> std::string {
        if (target == "/api/Keys" || target == "/api/Keys/1")
            return "keys";
        if (target == "/api/users/Bob")
            return "users";
        if (target == "/api/other" || target == "/api/users/1/KEYS" || target == "/api")
            return "rest";
        return "!";
    };
    const std::vector<std::string_view> targets = {
        "/api/Keys",      "/api/Keys/1",    "/api/keys",   "/api/KEYS/1",       "/API/Keys",
        "/api/users/Bob", "/api/Users/Bob", "/api/other",  "/api/users/1/KEYS", "/API/other",
        "/Api",           "/api",           "/api/%6Beys", "/api/k%65Y%53/1"};
    const Policy strict = policy_of(rules);
    for (const std::string_view target : targets) {
        INFO(target);
        CHECK(lands(strict, target) == expected(target));
        if (expected(target) == "!")
            CHECK(strict.find(target).flaw == PathFlaw::case_variant);
    }
    rules.path.case_variant = false;
    const Policy lax = policy_of(rules);
    CHECK(lands(lax, "/api/keys") == "rest");
    CHECK(lands(lax, "/API/other").empty());
}

TEST_CASE("Case is looked at in earlier resources only, and in Unicode") {
    const Policy policy =
        policy_of(rules_of({resource("a", {"/x/a"}), resource("b", {"/x/{Any}", "/X/{Any}"}),
                            resource("e", {"/\xc3\xa9"})}));
    CHECK(lands(policy, "/x/a") == "a");
    CHECK(lands(policy, "/X/b") == "b");
    CHECK(lands(policy, "/x/A") == "!");       // "a" comes earlier
    CHECK(lands(policy, "/\xc3\x89") == "!");  // upper-case e with an accent
    CHECK(lands(policy, "/\xc3\xa9") == "e");
    const Policy one = policy_of(rules_of({resource("a", {"/x/A", "/x/a"})}));
    CHECK(lands(one, "/x/a") == "a");  // another pattern of the same resource is no earlier one
    // Whichever pattern of the earlier resource it is.
    for (const std::vector<std::string>& paths :
         {std::vector<std::string>{"/x/Keys", "/y"}, std::vector<std::string>{"/y", "/x/Keys"}}) {
        const Policy two = policy_of(rules_of({resource("a", paths), resource("b", {"/x/**"})}));
        CHECK(lands(two, "/x/keys") == "!");
        CHECK(lands(two, "/x/Keys") == "a");
        CHECK(lands(two, "/x/other") == "b");
    }
}

TEST_CASE("The gate's own routes are found with and without resources, and guarded against case") {
    for (const bool with : {false, true}) {
        const Policy policy = policy_of(
            rules_of(with ? std::vector{resource("all", {"/**"})} : std::vector<Resource>{}));
        for (const auto* target :
             {"/_hourgate/api/v1", "/_hourgate/api/v1/", "/_hourgate/api/v1/tokens/x?y"}) {
            const Match match = policy.find(target);
            CHECK(match.flaw == PathFlaw::none);
            CHECK(match.kind == Kind::resource);
            CHECK(match.is_gate_route());
            REQUIRE(match.resource != nullptr);
            CHECK(match.resource->name == "hourgate");
        }
        const Match variant = policy.find("/_HourGate/api/v1/me");
        CHECK(variant.flaw == PathFlaw::case_variant);
        CHECK_FALSE(variant.is_gate_route());
        CHECK_FALSE(policy.find("/_hourgate/api/v2").is_gate_route());
        CHECK(policy.find("/a").kind == (with ? Kind::resource : Kind::implicit));
    }
}

TEST_CASE("What {member} captures is handed on, of the pattern that matched") {
    const Policy policy =
        policy_of(rules_of({resource("m", {"/members/{member}/notes", "/members/**"})}));
    CHECK(policy.find("/members/mem_1/notes").member == "mem_1");
    CHECK(policy.find("/members/me%20too/notes").member == "me too");
    CHECK_FALSE(policy.find("/members/mem_1").member);
}

// --- who may -------------------------------------------------------------------------------------

TEST_CASE("Standard methods have their action everywhere, others only where they are listed") {
    Resource cache = resource("cache", {"/cache/**"}, {"read delete", "read", "none", "none"});
    cache.methods = {{"PURGE", Action::delete_}, {"M-SEARCH", Action::read}};
    for (const Resource* where :
         {static_cast<const Resource*>(nullptr), static_cast<const Resource*>(&cache)}) {
        for (const auto* method : {"GET", "HEAD", "OPTIONS"})
            CHECK(action_of(method, where) == Action::read);
        CHECK(action_of("POST", where) == Action::create);
        for (const auto* method : {"PUT", "PATCH"})
            CHECK(action_of(method, where) == Action::update);
        CHECK(action_of("DELETE", where) == Action::delete_);
        for (const auto* method :
             {"", "get", "Get", "TRACE", "CONNECT", "PROPFIND", "GET ", "purge"})
            CHECK_FALSE(action_of(method, where));
    }
    CHECK(action_of("PURGE", &cache) == Action::delete_);
    CHECK_FALSE(action_of("PURGE", nullptr));

    const Policy policy = policy_of(rules_of({cache}));
    CHECK(judged(policy, {Role::owner, "", "m"}, "PURGE", "/cache/x").verdict == Verdict::allowed);
    CHECK(judged(policy, {Role::admin, "", "m"}, "PURGE", "/cache/x").required_role == Role::owner);
    CHECK(judged(policy, {Role::admin, "", "m"}, "M-SEARCH", "/cache/x").verdict ==
          Verdict::allowed);
    CHECK(judged(policy, {Role::owner, "cache:read", "m"}, "PURGE", "/cache/x").required_scope ==
          "cache:write");
}

TEST_CASE("A method without an action is forbidden to every role") {
    PolicyConfig open = rules_of({resource("a", {"/a"})});
    open.unlisted_allowed = true;
    const Policy listed = policy_of(open);
    const Policy implicit = policy_of(rules_of({}));
    for (const Role role : all_roles)
        for (const Judgement& judgement :
             {judged(listed, {role, "", "m"}, "PROPFIND", "/a"),
              judged(listed, {role, "", "m"}, "PROPFIND", "/b"),
              judged(implicit, {role, "", "m"}, "PROPFIND", "/b"),
              judged(implicit, {role, "", "m"}, "PROPFIND", "/_hourgate/api/v1/me")}) {
            CHECK(judgement.verdict == Verdict::role_forbidden);
            CHECK_FALSE(judgement.action);
            CHECK_FALSE(judgement.required_role);
        }
}

TEST_CASE(
    "Role, scope and own are asked in this order, for every row, action, scope list and path") {
    struct ScopeCase {
        std::string_view scopes;
        std::array<bool, 4> reaches;  // by action
    };
    const std::vector<ScopeCase> scope_cases = {
        {"", {true, true, true, true}},
        {"things:read", {true, false, false, false}},
        {"things:write", {false, true, true, true}},
        {"things:*", {true, true, true, true}},
        {"other:*", {false, false, false, false}},
        {"other:read things:read", {true, false, false, false}},
        {"hourgate:*", {false, false, false, false}},
    };
    enum class Whose { own_id, me, another, not_captured };
    const std::vector<std::pair<Whose, std::string>> paths = {
        {Whose::own_id, "/m/mem_ada/x"},  {Whose::me, "/m/me/x"},
        {Whose::another, "/m/mem_bob/x"}, {Whose::another, "/m/Me/x"},
        {Whose::another, "/m/mem_ADA/x"}, {Whose::not_captured, "/things/7"}};
    std::array<int, 5> met{};
    for (unsigned bits = 0; bits < 32; ++bits) {
        const Access row{static_cast<std::uint8_t>(bits & 15U), bits >= 16 && (bits & 15U) != 0};
        for (const Role role : all_roles) {
            Resource things =
                by_upstream(resource("things", {"/m/{member}/**", "/things/**"}, nobody));
            things.access[index(role)] = row;
            const Policy policy = policy_of(rules_of({things, resource("other", {"/other"})}));
            for (const Action action : all_actions)
                for (const ScopeCase& scope : scope_cases)
                    for (const auto& [whose, path] : paths) {
                        const auto at = static_cast<std::size_t>(action);
                        const bool may = (bits >> at & 1U) != 0;
                        Verdict expected = Verdict::allowed;
                        if (!may)
                            expected = Verdict::role_forbidden;
                        else if (!scope.reaches[at])
                            expected = Verdict::scope_missing;
                        else if (row.own && whose == Whose::another)
                            expected = Verdict::not_own;
                        const bool own_asked = may && scope.reaches[at] && row.own;
                        const Judgement got =
                            judged(policy, {role, scope.scopes, "mem_ada"}, method_for[at], path);
                        const std::string needed = expected != Verdict::scope_missing ? ""
                                                   : at == 0 ? "things:read"
                                                             : "things:write";
                        if (got.verdict != expected || got.action != action ||
                            got.required_scope != needed || got.required_role ||
                            got.own != (own_asked ? "mem_ada" : "") ||
                            got.narrowed_by_upstream != (own_asked && whose == Whose::not_captured))
                            FAIL(to_text(role) << " '" << to_text(row) << "' " << to_text(action)
                                               << " '" << scope.scopes << "' " << path);
                        ++met[static_cast<std::size_t>(expected)];
                    }
        }
    }
    CHECK(met[0] > 0);
    CHECK(met[1] > 0);
    CHECK(met[2] > 0);
    CHECK(met[3] > 0);
}

TEST_CASE("The role that is required is the least of those that may") {
    for (unsigned may = 0; may < 16; ++may) {
        Row rows = nobody;
        std::optional<Role> least;
        for (const Role role : all_roles)
            if ((may >> index(role) & 1U) != 0) {
                rows[index(role)] = "update";
                least = role;  // roles come in order, the least last
            }
        const Policy policy = policy_of(rules_of({resource("r", {"/r"}, rows)}));
        for (const Role role : all_roles) {
            const Judgement put = judged(policy, {role, "", "m"}, "PUT", "/r");
            const bool allowed = (may >> index(role) & 1U) != 0;
            CHECK((put.verdict == Verdict::allowed) == allowed);
            CHECK(put.required_role == (allowed ? std::nullopt : least));
            for (const Role other : all_roles)
                CHECK(put.able_roles.has(other) == (!allowed && (may >> index(other) & 1U) != 0));
            CHECK_FALSE(judged(policy, {role, "", "m"}, "GET", "/r").required_role);
        }
    }
}

TEST_CASE("the roles that are named for a refused call are those with which it passes") {
    // Owner may less than admin; manager and admin may only what is their own.
    const Row rows = {"none", "full", "read own", "none"};
    const Policy policy = policy_of(
        rules_of({resource("m", {"/m/{member}"}, rows),
                  by_upstream(resource("u", {"/u/**"}, {"none", "none", "read own", "none"}))}));
    const auto able = [&](const Caller& caller, std::string_view target) {
        const Judgement got = judged(policy, caller, "GET", target);
        CHECK(got.verdict == Verdict::role_forbidden);
        std::string roles;
        for (const Role role : all_roles)
            if (got.able_roles.has(role))
                roles.append(roles.empty() ? "" : " ").append(to_text(role));
        CHECK(got.able_roles.is_least_and_above() == roles.empty());
        return roles;
    };
    CHECK(able({Role::owner, "", "mem_1"}, "/m/mem_1") == "admin manager");
    CHECK(able({Role::member, "", "mem_1"}, "/m/me") == "admin manager");
    CHECK(able({Role::member, "", "mem_1"}, "/m/mem_2") == "admin");  // a manager's is not theirs
    CHECK(able({Role::owner, "", "mem_1"}, "/u/x") == "manager");     // the upstream narrows
    CHECK(judged(policy, {Role::owner, "", "mem_1"}, "GET", "/m/mem_2").required_role ==
          Role::admin);
}

TEST_CASE("A token that lacks the scope, too, is told that a role alone is not enough") {
    const Policy policy =
        policy_of(rules_of({resource("a", {"/a"}, {"full", "read", "none", "none"})}));
    const auto get = [&](Role role, std::string_view scopes) {
        return judged(policy, {role, scopes, "m"}, "GET", "/a");
    };
    CHECK_FALSE(get(Role::member, "").lacks_scope);
    CHECK_FALSE(get(Role::member, "a:read").lacks_scope);
    const Judgement both = get(Role::member, "b:read");
    CHECK(both.verdict == Verdict::role_forbidden);
    CHECK(both.required_role == Role::admin);
    CHECK(both.lacks_scope);
    CHECK(both.required_scope == "a:read");
    CHECK(get(Role::admin, "b:read").verdict == Verdict::scope_missing);
    const Policy implicit = policy_of(rules_of({}));
    const Judgement narrowed = judged(implicit, {Role::member, "b:read", "m"}, "GET", "/a");
    CHECK(narrowed.verdict == Verdict::role_forbidden);
    CHECK(narrowed.lacks_scope);
    CHECK(narrowed.required_scope.empty());  // no scope names this path
}

TEST_CASE("A preflight may go wherever a call could be granted, and nowhere else") {
    Resource open = resource("open", {"/open"}, nobody);
    open.is_public = true;
    PolicyConfig rules = rules_of({open, resource("a", {"/a/**"})});
    const auto opens = [](const Policy& policy, std::string_view target) {
        return policy.opens(policy.find(target));
    };
    const Policy closed = policy_of(rules);
    rules.unlisted_allowed = true;
    const Policy lax = policy_of(rules);
    const Policy implicit = policy_of(rules_of({}));
    for (const Policy* policy : {&closed, &lax, &implicit}) {
        CHECK(opens(*policy, "/open"));
        CHECK(opens(*policy, "/a/b"));
        CHECK(opens(*policy, "/x") == (policy != &closed));
        CHECK_FALSE(opens(*policy, "/a/../b"));
        CHECK_FALSE(opens(*policy, "/_hourgate/api/v1/me"));
        CHECK_FALSE(policy->opens(policy->find_admin("/admin/v1/plans")));
    }
}

TEST_CASE("A refusal by role comes before one by scope, and one by scope before one by own") {
    const Policy policy =
        policy_of(rules_of({resource("m", {"/m/{member}"}, {"full", "full", "full", "read own"})}));
    CHECK(judged(policy, {Role::member, "x:read", "mem_1"}, "PUT", "/m/mem_2").verdict ==
          Verdict::role_forbidden);
    CHECK(judged(policy, {Role::member, "x:read", "mem_1"}, "GET", "/m/mem_2").verdict ==
          Verdict::scope_missing);
    CHECK(judged(policy, {Role::member, "m:read", "mem_1"}, "GET", "/m/mem_2").verdict ==
          Verdict::not_own);
    CHECK(judged(policy, {Role::member, "m:read", "mem_1"}, "GET", "/m/mem_1").verdict ==
          Verdict::allowed);
    CHECK(judged(policy, {Role::manager, "m:read", "mem_1"}, "GET", "/m/mem_2").verdict ==
          Verdict::allowed);
    CHECK(judged(policy, {Role::manager, "m:read", "mem_1"}, "GET", "/m/mem_2").own.empty());
}

TEST_CASE("Without resources owner, admin and manager have everything and role member nothing") {
    const Policy policy = policy_of(rules_of({}));
    for (const Role role : all_roles)
        for (const std::string_view method : method_for)
            for (const auto* scopes : {"", "a:*", "hourgate:*"}) {
                const Judgement got = judged(policy, {role, scopes, "m"}, method, "/any/path");
                const bool narrowed = std::string_view(scopes) != "";
                CHECK(got.action.has_value());
                if (role == Role::member) {
                    CHECK(got.verdict == Verdict::role_forbidden);
                    CHECK(got.required_role == Role::manager);
                } else {
                    CHECK(got.verdict == (narrowed ? Verdict::scope_missing : Verdict::allowed));
                    CHECK_FALSE(got.required_role);
                }
                CHECK(got.required_scope.empty());
                CHECK(got.own.empty());
            }
}

TEST_CASE("An unlisted path is refused to all, or open to all who are not narrowed") {
    PolicyConfig rules = rules_of({resource("a", {"/a"})});
    const Policy closed = policy_of(rules);
    rules.unlisted_allowed = true;
    const Policy open = policy_of(rules);
    for (const Role role : all_roles)
        for (const std::string_view method : method_for) {
            for (const auto* scopes : {"", "a:*"})
                CHECK(judged(closed, {role, scopes, "m"}, method, "/b").verdict ==
                      Verdict::path_unlisted);
            CHECK(judged(open, {role, "", "m"}, method, "/b").verdict == Verdict::allowed);
            const Judgement narrowed = judged(open, {role, "a:*", "m"}, method, "/b");
            CHECK(narrowed.verdict == Verdict::scope_missing);
            CHECK(narrowed.required_scope.empty());
        }
    CHECK(judged(closed, {Role::owner, "", "m"}, "PROPFIND", "/b").verdict ==
          Verdict::path_unlisted);
}

TEST_CASE(
    "Every role may use the gate's own routes; a token for something else may only read /me and "
    "rotate itself") {
    const Policy policy = policy_of(rules_of({resource("a", {"/a"}), resource("b", {"/b/**"})}));
    const std::string api = "/_hourgate/api/v1";
    for (const Role role : all_roles)
        for (const std::string_view method : method_for)
            for (const auto* path : {"", "/me", "/me/", "/me?x", "/Me", "/me/rotate", "/tokens",
                                     "/tokens/me", "/members/me"}) {
                const bool reads = method == "GET";
                const std::string_view tail = path;
                const bool me = tail == "/me" || tail == "/me/" || tail == "/me?x";
                const auto verdict = [&](std::string_view scopes) {
                    return judged(policy, {role, scopes, "m"}, method, api + path).verdict;
                };
                const bool rotates = tail == "/me/rotate" && method == "POST";
                INFO(method << " " << path);
                CHECK(verdict("") == Verdict::allowed);
                CHECK(verdict("hourgate:*") == Verdict::allowed);
                CHECK((verdict("hourgate:read") == Verdict::allowed) == (reads || rotates));
                CHECK((verdict("hourgate:write") == Verdict::allowed) == (!reads || me));
                CHECK((verdict("a:*") == Verdict::allowed) == ((reads && me) || rotates));
            }
    CHECK(judged(policy, {Role::owner, "a:*", "m"}, "POST", api + "/me").required_scope ==
          "hourgate:write");
    CHECK(judged(policy, {Role::owner, "a:*", "m"}, "GET", api + "/tokens").required_scope ==
          "hourgate:read");
    // A path of the upstream that is as long and ends in the same word is none of them.
    CHECK(judged(policy, {Role::owner, "a:*", "m"}, "GET", "/b/v1/x/me").verdict ==
          Verdict::scope_missing);
}

TEST_CASE("A public resource forbids every role, should anyone be asked there") {
    Resource docs = resource("docs", {"/docs/**"}, nobody);
    docs.is_public = true;
    const Policy policy = policy_of(rules_of({docs}));
    for (const Role role : all_roles)
        CHECK(judged(policy, {role, "", "m"}, "GET", "/docs").verdict == Verdict::role_forbidden);
}

TEST_CASE("The worked example gives each role what the page promises") {
    const auto three = [](std::string_view member) { return Row{"full", "full", "full", member}; };
    const Policy policy = policy_of(rules_of({
        resource("clients", {"/api/v1/clients/**"}, three("none")),
        resource("expenses", {"/api/v1/expenses/**"}, three("none")),
        by_upstream(resource("projects", {"/api/v1/projects/**"}, three("read own"))),
        by_upstream(resource("tasks", {"/api/v1/tasks/**"}, three("read update own"))),
        by_upstream(resource("time-entries", {"/api/v1/time-entries/**"},
                             three("read create update delete own"))),
        resource("invoices", {"/api/v1/invoices/**"}, {"read", "read", "read", "none"}),
    }));
    struct Expectation {
        std::string_view resource;
        std::string_view three;   // what GET POST PATCH DELETE give: '+' allowed, '-' forbidden
        std::string_view member;  // the same for role member
    };
    const std::vector<Expectation> page = {
        {"clients", "++++", "----"},      {"expenses", "++++", "----"},
        {"projects", "++++", "+---"},     {"tasks", "++++", "+-+-"},
        {"time-entries", "++++", "++++"}, {"invoices", "+---", "----"}};
    for (const Expectation& expected : page)
        for (const Role role : all_roles)
            for (std::size_t at = 0; at < 4; ++at) {
                const std::string target = "/api/v1/" + std::string(expected.resource) + "/7";
                const Judgement got = judged(policy, {role, "", "mem_ada"}, method_for[at], target);
                const bool member = role == Role::member;
                const bool allowed = (member ? expected.member : expected.three)[at] == '+';
                INFO(to_text(role) << " " << method_for[at] << " " << target);
                CHECK(got.verdict == (allowed ? Verdict::allowed : Verdict::role_forbidden));
                CHECK(got.narrowed_by_upstream == (allowed && member));
                CHECK(got.own == (allowed && member ? "mem_ada" : ""));
                if (!allowed && member && expected.three[at] == '+')
                    CHECK(got.required_role == Role::manager);
                if (!allowed && expected.three[at] == '-')
                    CHECK_FALSE(got.required_role);
            }
    CHECK(judged(policy, {Role::owner, "", "m"}, "GET", "/api/v1/reports").verdict ==
          Verdict::path_unlisted);
    CHECK(policy.find("/api/v1/Clients/7").flaw == PathFlaw::case_variant);
    CHECK(policy.knows("time-entries"));
    CHECK(policy.knows("hourgate"));
    CHECK_FALSE(policy.knows("reports"));
    CHECK_FALSE(policy.knows(""));
}

// --- what is refused as a configuration ----------------------------------------------------------

TEST_CASE("A name that is taken, reserved or no slug is refused") {
    CHECK(says(off(rules_of({resource("a", {"/a"}), resource("b", {"/b"}), resource("a", {"/c"})})),
               "'a'"));
    CHECK(says(off(rules_of({resource("hourgate", {"/a"})})), "'hourgate'"));
    for (const auto* name : {"", "Clients", "1a", "a b", "a:b"})
        CHECK_FALSE(off(rules_of({resource(name, {"/a"})})).empty());
    CHECK(off(rules_of({resource(std::string(resource_name_bytes_max, 'a'), {"/a"})})).empty());
    CHECK_FALSE(
        off(rules_of({resource(std::string(resource_name_bytes_max + 1, 'a'), {"/a"})})).empty());
}

TEST_CASE("A resource name with a capital letter is refused with the name and the letters to use") {
    for (const char* name : {"Orders", "orderS", "ORDERS"}) {
        auto made = Policy::make(rules_of({resource(name, {"/a"})}));
        INFO(name);
        REQUIRE_FALSE(made.ok());
        CHECK(says(made.failure().what, "cannot be named '" + std::string(name) + "'"));
        CHECK(says(made.failure().next, "a-z"));
    }
    CHECK(off(rules_of({resource("orders", {"/a"})})).empty());
}

TEST_CASE("A row that says own needs {member} in every path, or the upstream's word") {
    const Row own = {"full", "full", "full", "read own"};
    CHECK(says(off(rules_of({resource("a", {"/a/**"}, own)})), "'/a/**'"));
    CHECK(says(off(rules_of({resource("a", {"/a/{member}", "/b"}, own)})), "'/b'"));
    CHECK(says(off(rules_of({resource("a", {"/a/{id}"}, own)})), "{member}"));
    CHECK(off(rules_of({resource("a", {"/a/{member}", "/b/{member}/**"}, own)})).empty());
    CHECK(off(rules_of({by_upstream(resource("a", {"/a/**"}, own))})).empty());
    CHECK(off(rules_of({resource("a", {"/a/**"})})).empty());
}

TEST_CASE("A public resource with rows is refused") {
    Resource open = resource("a", {"/a"}, {"none", "none", "none", "read"});
    open.is_public = true;
    CHECK(says(off(rules_of({open})), "'a': is public"));
    open.access = {};
    CHECK(off(rules_of({open})).empty());
}

TEST_CASE(
    "A resource that overlaps the gate's own routes is refused, whichever lies within the other") {
    const auto overlap = [](const std::string& path, const std::string& prefix) {
        PolicyConfig rules = rules_of({resource("a", {"/x", path})});
        rules.api_prefix = prefix;
        return says(off(std::move(rules)), "overlaps");
    };
    for (const auto* path : {"/_hourgate/api/v1", "/_hourgate/api/v1/me", "/_hourgate/api/v1/**",
                             "/_hourgate/api/v1/tokens/{prefix}", "/_hourgate/api/**",
                             "/_hourgate/**", "/_hourgate/{a}/v1", "/_hourgate/{a}/{b}/**",
                             "/_hourgate/{a}/**", "/_HOURGATE/API/V1/me"}) {
        INFO(path);
        CHECK(overlap(path, "/_hourgate/api/v1"));
    }
    for (const auto* path : {"/_hourgate", "/_hourgate/api", "/_hourgate/api/v2/**",
                             "/_hourgate/api/v1x", "/api/v1/**", "/"}) {
        INFO(path);
        CHECK_FALSE(overlap(path, "/_hourgate/api/v1"));
    }
    CHECK(overlap("/api/v1/clients/**", "/api/v1"));
    CHECK(overlap("/api/**", "/api/v1"));
    CHECK_FALSE(overlap("/api/v1/**", "/gate"));
    // Where the gate says why is its own whatever the prefix is.
    for (const auto* path :
         {"/_hourgate/why", "/_hourgate/why/{decision}", "/_hourgate/why/x/y", "/_Hourgate/WHY/**",
          "/_hourgate/{a}", "/_hourgate/{a}/x/**", "/_hourgate/**"})
        CHECK(overlap(path, "/gate"));
    for (const auto* path : {"/_hourgate/whys", "/_hourgate/whys/**", "/why/**", "/_hourgate"})
        CHECK_FALSE(overlap(path, "/gate"));
    // These mean "whatever else there is": the gate's own routes come first.
    CHECK_FALSE(overlap("/**", "/_hourgate/api/v1"));
    CHECK_FALSE(overlap("/{tenant}/**", "/_hourgate/api/v1"));
}

TEST_CASE("A prefix that is no plain path is refused") {
    for (const auto* prefix : {"", "/", "api", "/a/", "//a", "/{a}", "/a/{b}", "/a/**", "/a*",
                               "/a/..", "/a%20", "/a?b"}) {
        PolicyConfig rules;
        rules.api_prefix = prefix;
        INFO(prefix);
        CHECK(says(off(std::move(rules)), "api_prefix"));
    }
    for (const auto* prefix : {"/_hourgate/why", "/_hourgate/why/api", "/_HOURGATE/Why/x"}) {
        PolicyConfig rules;
        rules.api_prefix = prefix;
        INFO(prefix);
        CHECK(says(off(std::move(rules)), "where the gate says why"));
    }
    PolicyConfig rules;
    rules.api_prefix = "/gate";
    const Policy policy = policy_of(std::move(rules));
    CHECK(policy.find("/gate/me").is_gate_route());
    CHECK_FALSE(policy.find("/_hourgate/api/v1/me").is_gate_route());
    CHECK(judged(policy, {Role::member, "a:*", "m"}, "GET", "/gate/me").verdict ==
          Verdict::allowed);
    CHECK(judged(policy, {Role::member, "a:*", "m"}, "HEAD", "/gate/me").verdict ==
          Verdict::allowed);
}

TEST_CASE("A listed method is upper case and there once, and means what is listed") {
    const auto with = [](std::vector<std::pair<std::string, Action>> methods) {
        Resource made = resource("a", {"/a"});
        made.methods = std::move(methods);
        return off(rules_of({std::move(made)}));
    };
    CHECK(with({{"PURGE", Action::delete_}, {"REPORT", Action::read}}).empty());
    CHECK(with({{"POST", Action::read}, {"DELETE", Action::update}}).empty());
    for (const auto* name : {"", "purge", "Purge", "PUR GE", "PURGE\n", "PUR:GE", "get", "Post"}) {
        INFO(name);
        CHECK_FALSE(with({{name, Action::read}}).empty());
    }
    CHECK(says(with({{"PURGE", Action::delete_}, {"PURGE", Action::read}}), "twice"));
    std::vector<std::pair<std::string, Action>> many;
    for (char letter = 'A'; letter < 'A' + 16; ++letter)
        many.emplace_back("X" + std::string(1, letter), Action::read);
    CHECK(with(many).empty());
    many.emplace_back("XX", Action::read);
    CHECK_FALSE(with(many).empty());
}

TEST_CASE("A POST that only reads is open to who may read, and to a scope that reads") {
    Resource search = resource("search", {"/{index}/_search"}, {"full", "full", "full", "read"});
    search.methods = {{"POST", Action::read}};
    const Policy policy = policy_of(rules_of(
        {std::move(search), resource("docs", {"/{index}/**"}, {"full", "full", "full", "read"})}));
    const auto verdict = [&](const Caller& caller, std::string_view method,
                             std::string_view target) {
        return judged(policy, caller, method, target).verdict;
    };
    CHECK(verdict({Role::member, ""}, "POST", "/logs/_search") == Verdict::allowed);
    CHECK(verdict({Role::owner, "search:read"}, "POST", "/logs/_search") == Verdict::allowed);
    CHECK(verdict({Role::owner, "search:write"}, "POST", "/logs/_search") ==
          Verdict::scope_missing);
    CHECK(verdict({Role::member, ""}, "PUT", "/logs/_search") == Verdict::role_forbidden);
    CHECK(verdict({Role::member, ""}, "POST", "/logs/_doc") == Verdict::role_forbidden);
}

TEST_CASE("A scope of every resource reads them all, listed by name or not, and nothing besides") {
    const Policy policy = policy_of(rules_of({resource("a", {"/a/**"}), resource("b", {"/b/**"})}));
    const auto verdict = [&](std::string_view method, std::string_view target) {
        return judged(policy, {Role::owner, "*:read"}, method, target).verdict;
    };
    CHECK(verdict("GET", "/a/1") == Verdict::allowed);
    CHECK(verdict("HEAD", "/b/1") == Verdict::allowed);
    CHECK(verdict("POST", "/a") == Verdict::scope_missing);
    CHECK(verdict("GET", "/_hourgate/api/v1/tokens") == Verdict::scope_missing);
    CHECK(verdict("GET", "/_hourgate/api/v1/me") == Verdict::allowed);  // every token may
    CHECK(verdict("POST", "/_hourgate/api/v1/tokens") == Verdict::scope_missing);
    CHECK(policy.knows("*"));
    PolicyConfig open = rules_of({resource("a", {"/a"})});
    open.unlisted_allowed = true;
    const Policy unlisted = policy_of(std::move(open));
    CHECK(judged(unlisted, {Role::owner, "*:read"}, "GET", "/b").verdict == Verdict::scope_missing);
}

TEST_CASE("A scope that writes reads, too, where the rules say so") {
    PolicyConfig rules = rules_of({resource("a", {"/a"})});
    rules.write_scope = WriteScope::reads_too;
    const Policy both = policy_of(rules);
    CHECK(judged(both, {Role::owner, "a:write"}, "GET", "/a").verdict == Verdict::allowed);
    CHECK(
        judged(both, {Role::owner, "hourgate:write"}, "GET", "/_hourgate/api/v1/tokens").verdict ==
        Verdict::allowed);
    rules.write_scope = WriteScope::changes;
    const Policy changes = policy_of(rules);
    const Judgement refused = judged(changes, {Role::owner, "a:write"}, "GET", "/a");
    CHECK(refused.verdict == Verdict::scope_missing);
    CHECK(refused.required_scope == "a:read");
}

TEST_CASE("The bounds on resources and paths hold at their edge") {
    std::vector<Resource> resources;
    for (std::size_t count = 0; count < limits::resources_max; ++count)
        resources.push_back(resource("r" + std::to_string(count), {"/r" + std::to_string(count)}));
    CHECK(off(rules_of(resources)).empty());
    resources.push_back(resource("last", {"/last"}));
    CHECK(says(off(rules_of(resources)), "257"));

    std::vector<std::string> paths;
    CHECK(says(off(rules_of({resource("a", paths)})), "no path"));
    for (std::size_t count = 0; count < limits::paths_per_resource_max; ++count)
        paths.push_back("/" + std::to_string(count));
    CHECK(off(rules_of({resource("a", paths)})).empty());
    paths.push_back("/more");
    CHECK_FALSE(off(rules_of({resource("a", paths)})).empty());
}

TEST_CASE(
    "a token for something else revokes and rotates itself, and no other; urgent are just these") {
    const Policy policy = policy_of(rules_of({resource("a", {"/a"})}));
    const std::string api = "/_hourgate/api/v1", own = "4f8a2c1bdedf", other = "0c33d1a9b27e";
    const auto scopes = parse_scopes("a:*").value();
    int allowed = 0, urgent = 0;
    for (const std::string& prefix : {own, other})
        for (const std::string_view method : method_for)
            for (const char* tail : {"", "/rotate", "/rotate/", "/rotate/x", "/other"}) {
                const Match match = policy.find(api + "/tokens/" + prefix + tail);
                const Subject subject{Role::member, "mem_a", scopes, own};
                const bool is_rotate = std::string_view(tail).starts_with("/rotate") &&
                                       std::string_view(tail) != "/rotate/x";
                const bool ends =
                    (method == "DELETE" && *tail == 0) || (method == "POST" && is_rotate);
                CAPTURE(prefix, method, tail);
                CHECK(is_urgent(match.own, method) == ends);
                const bool may = policy.judge(match, subject, method).verdict == Verdict::allowed;
                CHECK(may == (ends && prefix == own));
                allowed += may;
                urgent += ends;
            }
    CHECK(allowed == 3);
    CHECK(urgent == 6);
}

TEST_CASE("role member may not look at the organization, everybody else may") {
    const Policy policy = policy_of(rules_of({resource("a", {"/a"})}));
    for (const Role role : all_roles) {
        const Judgement judgement =
            judged(policy, {role, "", "m"}, "GET", "/_hourgate/api/v1/organization");
        CHECK((judgement.verdict == Verdict::allowed) == (role != Role::member));
        if (role == Role::member)
            CHECK(judgement.required_role == Role::manager);
    }
}

TEST_CASE("no configured resource opens an admin path, however it is written") {
    Resource all = resource("all", {"/**"});
    all.is_public = true;
    all.access = {};
    const Policy policy = policy_of(rules_of({all}));
    const Match match = policy.find_admin("/admin/v1/workspaces");
    CHECK(match.resource->name == "admin");
    CHECK_FALSE(match.resource->is_public);
    CHECK(match.is_gate_route());
    CHECK(policy.find_admin("/admin/v1/%2e%2e/x").flaw == PathFlaw::dot_segment);
}
