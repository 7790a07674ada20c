// Computes what a token can be used for at all. Used when a token is minted.
#pragma once

#include <span>
#include <vector>

#include "base/role.h"
#include "policy/policy.h"
#include "policy/scope.h"

namespace hourgate::policy {

/// Returns whether a token of this role with these scopes gets past question 3 for some method and
/// path. The path may be of a resource with a row for the role, one that no resource lists, or,
/// with scopes, a gate route. Public resources do not count: they need no token.
[[nodiscard]] bool passes_something(const Policy& policy, Role role, std::span<const Scope> scopes);

/// Returns, as scopes, what a token without scopes may do in a role. That is read and write of each
/// resource whose row allows it, in the configured order, without public ones; then those of the
/// gate routes. Paths that no resource lists have no scope. A row with "own" counts, because scopes
/// do not express whose part it is.
[[nodiscard]] std::vector<Scope> effective_scopes(const Policy& policy, Role role);

}  // namespace hourgate::policy
