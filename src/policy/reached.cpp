#include "policy/reached.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace hourgate::policy {

bool passes_something(const Policy& policy, Role role, std::span<const Scope> scopes) {
    const auto is_own = [&](const Scope& scope) { return scope.resource == gate_resource_name; };
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

std::vector<Scope> effective_scopes(const Policy& policy, Role role) {
    std::vector<Scope> scopes;
    for (const Resource& resource : policy.resources()) {
        if (resource.is_public)
            continue;
        const Access& access = resource.access[index(role)];
        if (access.has(Action::read))
            scopes.push_back({resource.name, Reach::read});
        const auto writes = [&](Action action) {
            return action != Action::read && access.has(action);
        };
        if (std::any_of(std::begin(all_actions), std::end(all_actions), writes))
            scopes.push_back({resource.name, Reach::write});
    }
    scopes.push_back({std::string(gate_resource_name), Reach::read});
    scopes.push_back({std::string(gate_resource_name), Reach::write});
    return scopes;
}

}  // namespace hourgate::policy
