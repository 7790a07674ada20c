// Which tokens of a refused caller's own would pass: for who lacks a scope.
#pragma once

#include <memory>
#include <vector>

#include "gate/decision.h"
#include "manage/ledger.h"
#include "policy/policy.h"

namespace hourgate::http {

/// Tokens of the same member that work and for which the same call would be allowed, newest first,
/// at most limits::own_tokens_shown_max. Null when they cannot be read. Waits for the store.
/// REQUIRES: decision.facts of a member; its match is of `policy`.
[[nodiscard]] std::shared_ptr<const std::vector<OwnToken>> own_tokens_of(
    manage::Ledger& ledger, const policy::Policy& policy, const Decision& decision);

}  // namespace hourgate::http
