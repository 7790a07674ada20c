// The two clocks that the gate needs. The server reads them once per call and passes the reading
// down as data; nothing below `gate` reads a clock.
// Does not convert between the two clocks, and does not promise that wall time moves forward.
#pragma once

#include <cstdint>

namespace hourgate {

/// One reading of both clocks, taken together.
struct Now {
    /// CLOCK_BOOTTIME in microseconds: never set back, and counts time asleep. Used for all windows
    /// and leases.
    std::int64_t boot_us = 0;
    /// Unix time in milliseconds, UTC: may jump. Used for expiry, grace and responses.
    std::int64_t wall_ms = 0;
};

/// The source of a Now. Implementations are safe to call from any thread.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Now now() const noexcept = 0;
    /// Returns Now::boot_us alone, to measure how long something took that began with now().
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
