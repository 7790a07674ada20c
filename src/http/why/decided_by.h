// The facts from which a decision was made. They are stored with its record, so that a replay
// (`hourgate replay`) can decide again. Contains what the gate looked at, except secrets and what
// the record itself has.
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

/// Names are as stored; times are Unix milliseconds.
struct DecidedBy {
    bool is_admin_call = false;
    bool preflight = false;
    bool other_bearer = false;  ///< it had a token of another service, which was left to the API
    token::Env env = token::Env::live;
    Role role = Role::member;
    bool is_operator = false;
    std::vector<policy::Scope> scopes;
    std::string workspace_name;
    std::string plan;  ///< the plan of the workspace itself
    std::optional<std::int64_t> paid_until_ms;
    std::optional<std::int64_t> expires_ms;
    std::optional<std::int64_t> works_until_ms;
    std::optional<std::int64_t> revoked_ms;
    std::optional<std::int64_t> removed_ms;
    bool problem = false;  ///< something other than the path was wrong: a header or the method
    bool cut = false;      ///< the recorded path is truncated
    /// The host by which the call was judged; "" if it named none. Nullopt if no host was read.
    std::optional<std::string> host = {};
    std::string api = {};  ///< the API of this host; "" if it has none, or no host was read
    std::string because;   ///< to_text(Reason) of the refusal behind too_many_failures
};
/// Returns the facts as a JSON object.
[[nodiscard]] std::string facts_of(const KeptDecision& kept);
/// Parses them. Failure::store if they were not written by facts_of().
[[nodiscard]] Result<DecidedBy> decided_by(std::string_view facts);

}  // namespace hourgate::http
