// Histograms of durations, as Prometheus has them: how many took at most a bound. All have the same
// bounds, from 25 µs to 10 s, so that different parts can be compared.
// Does not read a clock. A reading is not of one instant: a scrape may see a duration that is
// counted and not yet in the sum.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace hourgate {

/// Upper bounds of the buckets in microseconds, inclusive. Longer durations have one more bucket.
constexpr std::array<std::int64_t, 18> duration_bounds_us = {
    25,     50,     100,     250,     500,     1'000,     2'500,     5'000,     10'000,
    25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};
constexpr std::size_t duration_buckets = duration_bounds_us.size() + 1;

/// What has been counted so far.
struct Durations {
    std::array<std::uint64_t, duration_buckets> counts{};  ///< per bucket, not cumulative
    std::uint64_t sum_us = 0;

    Durations& operator+=(const Durations& other) noexcept {
        for (std::size_t at = 0; at < counts.size(); ++at)
            counts[at] += other.counts[at];
        sum_us += other.sum_us;
        return *this;
    }
};

/// Safe to use from any thread.
class Histogram {
public:
    /// Counts one duration; a negative one counts as 0. Costs two relaxed additions, on cache lines
    /// that no other histogram uses, and a search that ends early for short durations: some 20
    /// instructions.
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
    // The sum is first, so that it shares a cache line with the buckets of the short durations.
    alignas(64) std::atomic<std::uint64_t> sum_us_{0};
    std::array<std::atomic<std::uint64_t>, duration_buckets> counts_{};
};

}  // namespace hourgate
