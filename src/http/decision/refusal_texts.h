// The texts that a refused caller reads, and the values in them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gate/decision.h"
#include "http/decision/decision_headers.h"

namespace hourgate::http {

/// What a refused caller reads: `message` says what happened and with which value, `fix` the next
/// step.
struct RefusalText {
    std::string message;
    std::string fix;
};
[[nodiscard]] RefusalText refusal_text(const Decision& decision, const ReplySettings& settings);

/// Returns true if only the operator can help the caller and the workspace. The operator is then
/// named, if [gate] contact says how to reach them.
[[nodiscard]] bool is_for_operator(const Decision& decision,
                                   const ReplySettings& settings) noexcept;
/// Does the same for a response that is not a decision, by its reason.
[[nodiscard]] bool is_for_operator(std::string_view reason) noexcept;
/// Returns `fix`, and how to reach the operator.
[[nodiscard]] std::string with_contact(std::string_view fix, const ReplySettings& settings);

/// The roles in a workspace that can have its plan renewed or changed.
inline constexpr std::array roles_that_renew = {Role::owner, Role::admin};

/// Returns the days of grace between the end of the paid time and the lapse.
[[nodiscard]] std::int64_t grace_days(const Decision& decision) noexcept;

/// Returns the plan that the workspace needs for its calls to be granted. If its own plan lapsed
/// and has API access, that is its own plan, since renewing is enough. Otherwise it is the lowest
/// upgrade from it (plan/upgrade.h), never a lower plan. Returns null if no plan of this gate would
/// do.
[[nodiscard]] const Plan* required_plan(const Decision& decision) noexcept;

/// The value of Call::problem_detail if a question of a back end lacks this member.
inline constexpr std::string_view question_host = "host";

/// Returns where a misplaced token was found: "query", "Basic", "header" or "body"; "" if nowhere.
[[nodiscard]] std::string_view to_text(Misplaced misplaced) noexcept;

/// Returns the first whole second at which Retry-After is over, in Unix seconds. Rounded up, so
/// that a caller who waits until then is never early.
[[nodiscard]] std::int64_t retry_at_s(const Decision& decision) noexcept;

/// Returns the smallest interval between calls, in milliseconds and rounded up, at which `window`
/// is never full, no matter whose calls it counts. Includes what sub-windows free late
/// (limiter/window_log.h).
[[nodiscard]] std::int64_t pace_ms(const Window& window) noexcept;

/// Returns the text for `reason` with the values of `decision`. `reason` is the decision's own, or
/// the 401 behind too_many_failures.
[[nodiscard]] RefusalText text_for(Reason reason, const Decision& decision,
                                   const ReplySettings& settings);

/// Returns when a token or its member ended; nullopt for other reasons.
[[nodiscard]] std::optional<std::int64_t> ended_at(Reason reason,
                                                   const Decision& decision) noexcept;

/// Returns the window that was full; null if none is known.
[[nodiscard]] const Window* full_window(const Decision& decision,
                                        const ReplySettings& settings) noexcept;

}  // namespace hourgate::http
