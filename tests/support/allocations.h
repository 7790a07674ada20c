// Observes the memory of the test program: its operators new and delete are replaced by ones that
// count and search. Everything is per calling thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace hourgate::test {

/// Returns how often this thread has allocated.
[[nodiscard]] std::uint64_t allocations_of_this_thread() noexcept;

/// From now on, counts freed blocks that contain `text`; "" stops.
void look_for(std::string_view text) noexcept;
[[nodiscard]] int blocks_found() noexcept;

/// Returns how many blocks that contain `text` are freed during `step`.
template <typename Step>
int given_back_with(std::string_view text, Step step) {
    look_for(text);
    step();
    look_for({});
    return blocks_found();
}

}  // namespace hourgate::test
