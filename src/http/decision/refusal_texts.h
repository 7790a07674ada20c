// What reply.cpp needs to know beside the words themselves. Private to http/.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "gate/decision.h"
#include "http/decision/reply.h"

namespace hourgate::http {

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
[[nodiscard]] Words words_for(Reason reason, const Decision& decision,
                              const ReplySettings& settings);

/// When a token or its member ended; nothing for other reasons.
[[nodiscard]] std::optional<std::int64_t> ended_at(Reason reason,
                                                   const Decision& decision) noexcept;

/// The window that had no room; null when none is known.
[[nodiscard]] const Window* full_window(const Decision& decision,
                                        const ReplySettings& settings) noexcept;

}  // namespace hourgate::http
