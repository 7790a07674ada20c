// Waits for what another thread or process does later.
#pragma once

#include <chrono>
#include <thread>

namespace hourgate::test {

/// Longer than any expected wait on a busy machine, but far less than the time limit of a test.
/// Exceeding that limit would not say what was awaited.
inline constexpr std::chrono::seconds waits_at_most{60};

/// Waits until `is_so()`. Returns false if it is not within `waits_at_most`.
template <typename IsSo>
[[nodiscard]] bool comes_true(const IsSo& is_so) {
    const auto until = std::chrono::steady_clock::now() + waits_at_most;
    while (!is_so()) {
        if (std::chrono::steady_clock::now() > until)
            return false;
        std::this_thread::yield();
    }
    return true;
}

}  // namespace hourgate::test
