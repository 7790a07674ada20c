// Records of manage/ as the JSON that the command line prints and HTTP management answers: the same
// names in both. Instants are RFC 3339, UTC; what is not set is null. No secret is in a record.
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
/// As a list has it: what was asked and what came of it, not what was looked at.
[[nodiscard]] nlohmann::ordered_json view_of(const manage::DecisionRecord& record);
/// `now_ms` tells whether it is live still.
[[nodiscard]] nlohmann::ordered_json view_of(const manage::TokenView& view, std::int64_t now_ms);
/// The same with the tokens before and behind it in its line.
[[nodiscard]] nlohmann::ordered_json view_of(const manage::TokenView& view,
                                             const manage::TokenLinks& links, std::int64_t now_ms);

}  // namespace hourgate::http
