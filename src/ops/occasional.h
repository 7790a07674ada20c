// Something that is worth a line in the log, but not one each time: a mistake in a configuration
// that every call meets, or what a flood of strangers sets off.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace hourgate::ops {

class Occasional {
public:
    explicit constexpr Occasional(std::int64_t every_us = 60 * us_per_s) noexcept
        : every_us_(every_us) {}

    /// Notes that it happened. Returns how often it did since it was last logged, this time
    /// included, when it is to be logged again; at most one caller is told so in each `every_us`.
    /// Any thread.
    [[nodiscard]] std::optional<std::uint64_t> happened(std::int64_t now_us) noexcept {
        const std::uint64_t times = times_.fetch_add(1, std::memory_order_relaxed) + 1;
        std::int64_t last_us = logged_us_.load(std::memory_order_relaxed);
        if (last_us != 0 && now_us - last_us < every_us_)
            return std::nullopt;
        if (!logged_us_.compare_exchange_strong(last_us, now_us, std::memory_order_relaxed))
            return std::nullopt;
        times_.fetch_sub(times, std::memory_order_relaxed);
        return times;
    }

private:
    const std::int64_t every_us_;
    std::atomic<std::int64_t> logged_us_{0};
    std::atomic<std::uint64_t> times_{0};
};

}  // namespace hourgate::ops
