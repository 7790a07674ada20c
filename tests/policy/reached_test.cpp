// Whether a token can be used for anything at all, by role and scopes.
#include "policy/reached.h"

#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::policy;

namespace {

Policy policy_of(bool unlisted = false) {
    PolicyConfig rules;
    rules.unlisted_allowed = unlisted;
    Resource clients;
    clients.name = "clients";
    clients.patterns = {parse_pattern("/clients/**").value()};
    clients.access[index(Role::owner)] = parse_access("full").value();
    clients.access[index(Role::manager)] = parse_access("read").value();
    Resource open;
    open.name = "open";
    open.patterns = {parse_pattern("/open").value()};
    open.is_public = true;
    rules.resources = {clients, open};
    auto made = Policy::make(std::move(rules));
    REQUIRE(made.ok());
    return std::move(made).value();
}

bool passes(const Policy& policy, Role role, const std::string& scopes) {
    return passes_something(policy, role, parse_scopes(scopes).value());
}

}  // namespace

TEST_CASE("a token passes something where a row of its role and one of its scopes meet") {
    const Policy policy = policy_of();
    CHECK(passes(policy, Role::owner, ""));
    CHECK(passes(policy, Role::manager, ""));
    CHECK_FALSE(passes(policy, Role::member, ""));
    CHECK(passes(policy, Role::owner, "clients:write"));
    CHECK(passes(policy, Role::manager, "clients:read"));
    CHECK_FALSE(passes(policy, Role::manager, "clients:write"));
    CHECK(passes(policy, Role::manager, "clients:write clients:read"));
    CHECK_FALSE(passes(policy, Role::member, "clients:*"));
    CHECK(passes(policy, Role::member, "hourgate:read"));
    CHECK_FALSE(passes(policy, Role::owner, "open:read"));  // nobody is asked there
}

TEST_CASE("where paths need no row, a token without scopes passes") {
    CHECK(passes(policy_of(true), Role::member, ""));
    CHECK_FALSE(passes(policy_of(true), Role::member, "clients:read"));
    const Policy none = std::move(Policy::make({})).value();
    CHECK(passes(none, Role::manager, ""));
    CHECK_FALSE(passes(none, Role::member, ""));
}

TEST_CASE("what a role comes to is spelled in scopes: what it may read, what it may write") {
    const auto rules = [] {
        PolicyConfig made;
        const auto row = [](const char* name, const char* owner, const char* member) {
            Resource resource;
            resource.name = name;
            resource.patterns = {parse_pattern("/" + std::string(name) + "/**").value()};
            resource.access[index(Role::owner)] = parse_access(owner).value();
            resource.access[index(Role::member)] = parse_access(member).value();
            return resource;
        };
        made.resources = {row("clients", "full", "none"), row("tasks", "read", "create delete"),
                          row("notes", "none", "read update")};
        Resource open;
        open.name = "health";
        open.patterns = {parse_pattern("/health").value()};
        open.is_public = true;
        made.resources.push_back(open);
        return Policy::make(made).value();
    }();
    const auto of = [&](Role role) { return to_text(effective_scopes(rules, role)); };
    CHECK(of(Role::owner) == "clients:read clients:write tasks:read hourgate:read hourgate:write");
    CHECK(of(Role::member) == "tasks:write notes:read notes:write hourgate:read hourgate:write");
    CHECK(of(Role::manager) == "hourgate:read hourgate:write");
    // Each of them is a scope that the role passes with, and so is no other.
    for (const Role role : all_roles)
        for (const Scope& scope : effective_scopes(rules, role)) {
            const Scope one[] = {scope};
            CHECK(passes_something(rules, role, one));
        }
}
