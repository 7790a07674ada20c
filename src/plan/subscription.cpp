#include "plan/subscription.h"

namespace hourgate {

Standing standing_at(std::optional<std::int64_t> paid_until_ms, LapseRule rule,
                     std::int64_t now_ms) noexcept {
    if (!paid_until_ms)
        return Standing{};
    const std::int64_t lapses_ms = *paid_until_ms + rule.grace_ms;
    if (now_ms < *paid_until_ms)
        return Standing{Paid::yes, lapses_ms};
    if (now_ms < lapses_ms)
        return Standing{Paid::in_grace, lapses_ms};
    return Standing{Paid::lapsed, lapses_ms};
}

}  // namespace hourgate
