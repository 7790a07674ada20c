// Waiting for what another thread or process does in its own time.
#pragma once

#include <chrono>
#include <thread>

namespace hourgate::test {

/// Longer than anything that a test waits for takes on a machine that is busy with other things, and
/// far less than the time limit of a test, which would not say what was waited for.
inline constexpr std::chrono::seconds waits_at_most{60};

/// Waits until `is_so()`. False: it has not come about within `waits_at_most`.
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
