// How long things took, as a classic histogram: so many took at most so long. Bounds are the same
// for all, from 25 µs to 10 s, so that what is told of one part can be set beside another's.
// Refuses to: read a clock, or be read as of one instant (a scrape may see a duration counted and
// not yet summed up).
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace hourgate {

/// Upper bounds of the buckets in microseconds, inclusive; what takes longer has a bucket of its
/// own.
constexpr std::array<std::int64_t, 18> duration_bounds_us = {
    25,     50,     100,     250,     500,     1'000,     2'500,     5'000,     10'000,
    25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};
constexpr std::size_t duration_buckets = duration_bounds_us.size() + 1;

/// What was counted until now.
struct Durations {
    std::array<std::uint64_t, duration_buckets> counts{};  ///< by bucket, not added up
    std::uint64_t sum_us = 0;

    Durations& operator+=(const Durations& other) noexcept {
        for (std::size_t at = 0; at < counts.size(); ++at)
            counts[at] += other.counts[at];
        sum_us += other.sum_us;
        return *this;
    }
};

/// Any thread.
class Histogram {
public:
    /// Two relaxed additions, on cache lines that no other histogram has, and a search that ends at
    /// once for what is quick: some 20 instructions. Negative is 0.
    void observe(std::int64_t took_us) noexcept {
        const std::int64_t us = std::max<std::int64_t>(took_us, 0);
        std::size_t at = 0;
        while (at < duration_bounds_us.size() && us > duration_bounds_us[at])
            ++at;
        counts_[at].fetch_add(1, std::memory_order_relaxed);
        sum_us_.fetch_add(static_cast<std::uint64_t>(us), std::memory_order_relaxed);
    }
    [[nodiscard]] Durations read() const noexcept {
        Durations all;
        for (std::size_t at = 0; at < counts_.size(); ++at)
            all.counts[at] = counts_[at].load(std::memory_order_relaxed);
        all.sum_us = sum_us_.load(std::memory_order_relaxed);
        return all;
    }

private:
    // The sum first: beside it, on one line, are the buckets of what is quick.
    alignas(64) std::atomic<std::uint64_t> sum_us_{0};
    std::array<std::atomic<std::uint64_t>, duration_buckets> counts_{};
};

}  // namespace hourgate
