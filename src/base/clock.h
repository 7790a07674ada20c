// What time it is, in the two senses the gate needs. One reading is taken per call and handed down
// as data; nothing below `gate` reads a clock.
// Refuses to: convert between the two, or to promise that wall time moves forward.
#pragma once

#include <cstdint>

namespace hourgate {

/// One reading of both clocks, taken together.
struct Now {
    /// CLOCK_BOOTTIME in microseconds: never set back, counts sleep. All windows and leases use it.
    std::int64_t boot_us = 0;
    /// Unix time in milliseconds, UTC: may jump. Expiry, grace and answers use it.
    std::int64_t wall_ms = 0;
};

/// Where a Now comes from. Implementations are safe to call from any thread.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Now now() const noexcept = 0;
    /// Now::boot_us alone: at the end of what began with now(), to tell how long it took.
    [[nodiscard]] virtual std::int64_t boot_us() const noexcept { return now().boot_us; }
};

/// The machine's clocks.
class SystemClock final : public Clock {
public:
    [[nodiscard]] Now now() const noexcept override;
    [[nodiscard]] std::int64_t boot_us() const noexcept override;
};

constexpr std::int64_t us_per_s = 1'000'000;
constexpr std::int64_t ms_per_s = 1'000;
constexpr std::int64_t ms_per_hour = 3'600'000;
constexpr std::int64_t ms_per_day = 86'400'000;

}  // namespace hourgate
