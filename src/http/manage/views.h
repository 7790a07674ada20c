// Renders records of manage/ as JSON, with the same names for the command line and HTTP management.
// Instants are RFC 3339 in UTC; unset values are null. No record contains a secret.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

#include "manage/records.h"
#include "plan/plan.h"

namespace hourgate::manage {
struct TokenLinks;
}

namespace hourgate::http {

[[nodiscard]] nlohmann::ordered_json view_of(const manage::WorkspaceView& view);
[[nodiscard]] nlohmann::ordered_json view_of(const manage::MemberView& view);
[[nodiscard]] nlohmann::ordered_json view_of(const Plan& plan);
[[nodiscard]] nlohmann::ordered_json view_of(const manage::AuditEvent& event);
[[nodiscard]] nlohmann::ordered_json view_of(const manage::UsageRow& row);
/// Renders a row of a list: the call and the outcome, without what was looked at.
[[nodiscard]] nlohmann::ordered_json view_of(const manage::DecisionRecord& record);
/// `now_ms` determines whether the token is still live.
[[nodiscard]] nlohmann::ordered_json view_of(const manage::TokenView& view, std::int64_t now_ms);
/// Does the same with the previous and the next token of its line.
[[nodiscard]] nlohmann::ordered_json view_of(const manage::TokenView& view,
                                             const manage::TokenLinks& links, std::int64_t now_ms);

}  // namespace hourgate::http
