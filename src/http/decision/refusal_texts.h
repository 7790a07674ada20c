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

/// What a refused caller reads. `message` is what happened on which value, `fix` the one next step.
struct RefusalText {
    std::string message;
    std::string fix;
};
[[nodiscard]] RefusalText refusal_text(const Decision& decision, const ReplySettings& settings);

/// Whether a refused caller, and the workspace, cannot go on without the people who run the gate:
/// they are named then, if [gate] contact says how to reach them.
[[nodiscard]] bool is_for_operator(const Decision& decision,
                                   const ReplySettings& settings) noexcept;
/// The same of an answer that is no decision, by its reason.
[[nodiscard]] bool is_for_operator(std::string_view reason) noexcept;
/// `fix`, and how to reach them.
[[nodiscard]] std::string with_contact(std::string_view fix, const ReplySettings& settings);

/// Who in a workspace can have its plan renewed or changed.
inline constexpr std::array roles_that_renew = {Role::owner, Role::admin};

/// Days of grace between the end of what is paid and the lapse.
[[nodiscard]] std::int64_t grace_days(const Decision& decision) noexcept;

/// The plan a workspace needs for its calls to pass: its own, if that lapsed and has API access, so
/// renewing is enough; else the lowest upgrade from it (plan/upgrade.h). Never a lower plan.
/// Null: no plan of this gate would do.
[[nodiscard]] const Plan* required_plan(const Decision& decision) noexcept;

/// What Call::problem_detail says of a question that is asked from code and lacks this member.
inline constexpr std::string_view question_host = "host";

/// "query", "Basic", "header", "body": where there is a token that is not read there; "": nowhere.
[[nodiscard]] std::string_view to_text(Misplaced misplaced) noexcept;

/// The first whole second at which Retry-After is over, in Unix seconds. Rounded up: who waits
/// until then is never early.
[[nodiscard]] std::int64_t retry_at_s(const Decision& decision) noexcept;

/// The smallest spacing of calls, in milliseconds and rounded up, at which `window` is never full,
/// no matter who counts in it. What sub-windows free late (limiter/window_log.h) is in it.
[[nodiscard]] std::int64_t pace_ms(const Window& window) noexcept;

/// The words for `reason` on the values of `decision`: its own reason, or the 401 behind a
/// too_many_failures.
[[nodiscard]] RefusalText text_for(Reason reason, const Decision& decision,
                                   const ReplySettings& settings);

/// When a token or its member ended; nothing for other reasons.
[[nodiscard]] std::optional<std::int64_t> ended_at(Reason reason,
                                                   const Decision& decision) noexcept;

/// The window that had no room; null when none is known.
[[nodiscard]] const Window* full_window(const Decision& decision,
                                        const ReplySettings& settings) noexcept;

}  // namespace hourgate::http
