// Question 2, "is it paid for?": whether a workspace is paid at an instant.
#pragma once

#include <cstdint>
#include <optional>

#include "plan/plan.h"

namespace hourgate {

/// How a subscription ends: [plans] in the configuration.
struct LapseRule {
    std::int64_t grace_ms = 0;  ///< calls are still granted this long after paid_until
};

enum class Paid : std::uint8_t {
    yes,       ///< now < paid_until, or no end
    in_grace,  ///< paid_until ≤ now < paid_until + grace
    lapsed,    ///< from paid_until + grace on
};

/// Whether a workspace is paid. Intervals are half open: grace begins at paid_until itself, and the
/// workspace has lapsed when grace ends.
struct Standing {
    Paid paid = Paid::yes;
    std::int64_t lapses_ms = 0;  ///< paid_until + grace; 0 if paid without end
};

[[nodiscard]] Standing standing_at(std::optional<std::int64_t> paid_until_ms, LapseRule rule,
                                   std::int64_t now_ms) noexcept;

}  // namespace hourgate
