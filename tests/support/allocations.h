// How often this thread has asked for memory. The test program counts every `new`.
#pragma once

#include <cstdint>

namespace hourgate::test {

[[nodiscard]] std::uint64_t allocations_of_this_thread() noexcept;

}  // namespace hourgate::test
