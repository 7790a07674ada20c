// What the test program does with memory: its operators new and delete are replaced by ones that
// count and look. Of the thread that asks.
#pragma once

#include <cstdint>
#include <string_view>

namespace hourgate::test {

/// How often memory was asked for.
[[nodiscard]] std::uint64_t allocations_of_this_thread() noexcept;

/// From now on, counts the blocks that are given back with `text` in them; "": no more.
void look_for(std::string_view text) noexcept;
[[nodiscard]] int blocks_found() noexcept;

/// How many blocks with `text` in them are given back while `step` is done.
template <typename Step>
int given_back_with(std::string_view text, Step step) {
    look_for(text);
    step();
    look_for({});
    return blocks_found();
}

}  // namespace hourgate::test
