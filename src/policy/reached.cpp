#include "policy/reached.h"

#include <algorithm>

namespace hourgate::policy {

bool passes_something(const Policy& policy, Role role, std::span<const Scope> scopes) {
    const auto is_own = [&](const Scope& scope) { return scope.resource == own_resource_name; };
    if (std::any_of(scopes.begin(), scopes.end(), is_own))
        return true;
    if (policy.resources().empty())
        return scopes.empty() && role != Role::member;
    if (policy.rules().unlisted_allowed && scopes.empty())
        return true;
    for (const Resource& resource : policy.resources())
        for (const Action action : all_actions)
            if (!resource.is_public && resource.access[index(role)].has(action) &&
                allow(scopes, resource.name, action, policy.rules().write_scope))
                return true;
    return false;
}

}  // namespace hourgate::policy
