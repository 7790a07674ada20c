// What a token can be used for at all, whatever is called: asked when it is minted.
#pragma once

#include <span>
#include <vector>

#include "base/role.h"
#include "policy/policy.h"
#include "policy/scope.h"

namespace hourgate::policy {

/// Returns whether a token of this role with these scopes passes question 3 for some method and
/// path: of a resource with a row for the role, of a path that no resource lists, or, with scopes,
/// of the gate's own routes. Public resources do not count: they ask for no token.
[[nodiscard]] bool passes_something(const Policy& policy, Role role, std::span<const Scope> scopes);

/// Returns what a token that is not narrowed comes to for a role, in scopes: read and write of each
/// resource with a row that has such a word, in the order of the rules, public ones left out, then
/// those of the gate's own routes. Paths that no resource lists have no scope. A row that says
/// "own" counts: what it narrows to is not a matter of scopes.
[[nodiscard]] std::vector<Scope> effective_scopes(const Policy& policy, Role role);

}  // namespace hourgate::policy
