// What the limiter's tests share: random schedules that print their seed, and a model that counts
// by looking at every call there ever was.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "limiter/limiter.h"

namespace hourgate::testing {

constexpr std::int64_t second = us_per_s;
constexpr std::int64_t long_ago = 86'400 * second;  ///< a day after boot: tests begin here

/// HOURGATE_SEED alone where it is set, else some fixed ones and one that is new every time.
inline std::vector<std::uint64_t> seeds() {
    if (const char* const given = std::getenv("HOURGATE_SEED")) {
        return {std::strtoull(given, nullptr, 10)};
    }
    return {1, 2, 3, 4, 5, std::random_device{}()};
}

inline std::string seed_text(std::uint64_t seed) {
    return "repeat with HOURGATE_SEED=" + std::to_string(seed);
}

class Dice {
public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}
    /// A number in [low, high].
    std::int64_t from(std::int64_t low, std::int64_t high) {
        return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
    }
    std::uint32_t from32(std::uint32_t low, std::uint32_t high) {
        return static_cast<std::uint32_t>(from(low, high));
    }
    bool one_in(int n) { return from(1, n) == 1; }

private:
    std::mt19937_64 engine_;
};

inline Now at(std::int64_t boot_us) {
    return {boot_us, 0};
}

inline Window window(std::uint32_t limit, std::uint32_t seconds, Per per = Per::token) {
    return {"w", limit, seconds, per};
}

/// The calls of `calls`, in order of time, that count in a window that ends at `now_us`.
inline std::span<const std::int64_t> counted(const std::vector<std::int64_t>& calls,
                                             std::int64_t now_us, std::int64_t window_us) {
    const auto first = std::upper_bound(calls.begin(), calls.end(), now_us - window_us);
    return {first, calls.end()};
}

/// The largest number of `calls`, in order of time, in any [t, t + window_us).
inline std::size_t most_in(const std::vector<std::int64_t>& calls, std::int64_t window_us) {
    std::size_t most = 0;
    for (std::size_t first = 0, next = 0; next < calls.size(); ++next) {
        while (calls[next] - calls[first] >= window_us) {
            ++first;
        }
        most = std::max(most, next - first + 1);
    }
    return most;
}

/// What WindowState promises, from all calls ever recorded.
inline WindowState expected(const std::vector<std::int64_t>& calls, const Window& window,
                            std::int64_t now_us) {
    auto in = counted(calls, now_us, window.seconds * second);
    if (in.size() > window.limit) {
        in = in.last(window.limit);
    }
    if (in.empty()) {
        return {window.limit, window.seconds, false};
    }
    const std::int64_t stays_us = in.front() + window.seconds * second - now_us;
    const auto remaining = static_cast<std::uint32_t>(window.limit - in.size());
    return {remaining, static_cast<std::uint32_t>((stays_us + second - 1) / second),
            remaining == 0};
}

/// A gap that likes edges: none, tiny, about the window, or just so that an earlier call leaves.
inline std::int64_t next_instant(Dice& dice, const std::vector<std::int64_t>& calls,
                                 std::int64_t now_us, std::int64_t window_us) {
    switch (dice.from(0, 5)) {
        case 0:
            return now_us;
        case 1:
            return now_us + dice.from(0, 3);
        case 2:
            return now_us + dice.from(0, window_us / 20);
        case 3:
            return dice.one_in(20) ? now_us + dice.from(0, 2 * window_us) : now_us;
        case 4: {
            if (calls.empty()) {
                return now_us;
            }
            const auto back = dice.from(1, std::min<std::int64_t>(50, std::ssize(calls)));
            const std::int64_t call = calls[calls.size() - static_cast<std::size_t>(back)];
            return std::max(now_us, call + window_us + dice.from(-1, 1));
        }
        default:
            return now_us + dice.from(0, second);
    }
}

}  // namespace hourgate::testing
