// What reply.cpp needs to know beside the words themselves. Private to http/.
#pragma once

#include <cstdint>
#include <optional>

#include "gate/decision.h"
#include "http/reply.h"

namespace hourgate::http {

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
