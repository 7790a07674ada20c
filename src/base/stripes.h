// Counters that all event loops increment for every call without two of them writing to one cache
// line. There are a few copies, which are added up when somebody reads them.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

namespace hourgate {

constexpr std::size_t stripe_count = 8;

/// Returns the index of the calling thread's copy. Threads get indexes in turn, so that the first
/// few, the event loops among them, have one each.
[[nodiscard]] inline std::size_t own_stripe() noexcept {
    static std::atomic<std::size_t> next{0};
    thread_local const std::size_t mine =
        next.fetch_add(1, std::memory_order_relaxed) % stripe_count;
    return mine;
}

/// `Counters` must be safe to increment from any thread: there may be more threads than copies.
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
