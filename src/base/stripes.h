// Counters that every loop's thread raises for every call, without two of them writing to one cache
// line: a copy for each of a few threads, added up when somebody reads.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

namespace hourgate {

constexpr std::size_t stripe_count = 8;

/// Which copy the calling thread uses: threads get them in turn, so that the first few, the loops
/// among them, have one each.
[[nodiscard]] inline std::size_t own_stripe() noexcept {
    static std::atomic<std::size_t> next{0};
    thread_local const std::size_t mine =
        next.fetch_add(1, std::memory_order_relaxed) % stripe_count;
    return mine;
}

/// `Counters` are safe to raise from any thread: there may be more threads than copies.
template <typename Counters>
class Stripes {
public:
    [[nodiscard]] Counters& own() noexcept { return copies_[own_stripe()].counters; }
    /// Calls `visit` for every copy.
    template <typename Visit>
    void each(Visit visit) const {
        for (const Copy& copy : copies_)
            visit(copy.counters);
    }

private:
    struct alignas(64) Copy {
        Counters counters;
    };
    std::array<Copy, stripe_count> copies_{};
};

}  // namespace hourgate
