// What a decision was made from, as it is kept with its record, for a replay that makes it again
// (`hourgate replay`): what the gate looked at, less secrets and what the record itself says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/role.h"
#include "gate/kept_decision.h"
#include "policy/scope.h"
#include "token/format.h"

namespace hourgate::http {

/// Names, and Unix milliseconds.
struct DecidedBy {
    bool admin_door = false;
    bool preflight = false;
    bool other_bearer = false;  ///< it had another service's, which was left to the API
    token::Env env = token::Env::live;
    Role role = Role::member;
    bool is_operator = false;
    std::vector<policy::Scope> scopes;
    std::string workspace_name;
    std::string plan;  ///< the workspace's own
    std::optional<std::int64_t> paid_until_ms;
    std::optional<std::int64_t> expires_ms;
    std::optional<std::int64_t> works_until_ms;
    std::optional<std::int64_t> revoked_ms;
    std::optional<std::int64_t> removed_ms;
    bool problem = false;  ///< what was off was not the path: a header, the method
    bool cut = false;      ///< the path on record is not the whole path
    /// The host that the call was judged by; "": it named none. None: no host was looked at.
    std::optional<std::string> host = {};
    std::string api = {};  ///< the API that this host was of; "": of none, or none was looked at
    std::string because;   ///< to_text(Reason), behind too_many_failures
};
/// As a JSON object.
[[nodiscard]] std::string facts_of(const KeptDecision& kept);
/// Failure::store: it is none of ours.
[[nodiscard]] Result<DecidedBy> decided_by(std::string_view facts);

}  // namespace hourgate::http
