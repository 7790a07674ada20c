#include "ops/refusal_budget.h"

#include <algorithm>
#include <cstring>

#include "base/limits.h"

namespace hourgate::ops {

namespace {

/// The first byte of a source; a stranger's is the family of its address, 4 or 6.
constexpr std::uint8_t unknown_address = 0;
constexpr std::uint8_t known_token = 1;
constexpr std::uint8_t failed_store = 2;
constexpr std::uint8_t all_others = 255;  // beyond limits::refusal_sources_max

}  // namespace

RefusalBudget::Source RefusalBudget::source_of(const Decision& refused) noexcept {
    Source source{};
    if (refused.reason == Reason::store_failed) {
        source[0] = failed_store;
    } else if (refused.facts) {
        source[0] = known_token;
        std::memcpy(source.data() + 1, &refused.facts->token.id, 8);
    } else if (refused.address) {
        const Source whole = refused.address->limiter_key();
        const std::size_t net_bytes = refused.address->family() == Address::Family::v4 ? 3 : 6;
        std::copy_n(whole.begin(), 1 + net_bytes, source.begin());
    } else {
        source[0] = unknown_address;
    }
    return source;
}

bool RefusalBudget::take(const Decision& refused) {
    const Source source = source_of(refused);
    const std::int64_t now_us = refused.now.boot_us;
    const std::lock_guard lock(mutex_);
    if (now_us / (60 * us_per_s) != minute_) {
        minute_ = now_us / (60 * us_per_s);
        sources_.clear();
    }
    if (source[0] == known_token || source[0] == failed_store)
        return take_in_minute(source, bounds_.token_per_minute);
    // One more moves the time at which the budget is whole by its share of a second.
    const std::int64_t share_us = us_per_s / bounds_.strangers_per_second;
    const std::int64_t whole_us = std::max(strangers_us_, now_us) + share_us;
    if (whole_us - now_us > share_us * bounds_.strangers_at_once ||
        !take_in_minute(source, bounds_.net_per_minute))
        return false;
    strangers_us_ = whole_us;
    return true;
}

bool RefusalBudget::take_in_minute(Source source, std::uint32_t most) {
    if (sources_.size() >= limits::refusal_sources_max && !sources_.contains(source))
        source = {all_others};
    std::uint32_t& taken = sources_[source];
    if (taken >= most)
        return false;
    ++taken;
    return true;
}

}  // namespace hourgate::ops
