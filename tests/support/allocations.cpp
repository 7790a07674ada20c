#include "support/allocations.h"

#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace {

thread_local std::uint64_t allocations = 0;
thread_local std::string_view looked_for;
thread_local int found = 0;

}  // namespace

namespace hourgate::test {

std::uint64_t allocations_of_this_thread() noexcept {
    return allocations;
}

void look_for(std::string_view text) noexcept {
    looked_for = text;
    if (!text.empty())
        found = 0;
}

int blocks_found() noexcept {
    return found;
}

}  // namespace hourgate::test

// All forms for objects that are not over-aligned. A sanitizer provides the forms that are missing
// here, and reports a block that one allocates and the other frees.

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    ++allocations;
    return std::malloc(bytes > 0 ? bytes : 1);
}
void* operator new(std::size_t bytes) {
    if (void* const block = operator new(bytes, std::nothrow))
        return block;
    throw std::bad_alloc();
}
void* operator new[](std::size_t bytes) {
    return operator new(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
    return operator new(bytes, std::nothrow);
}

void operator delete(void* block) noexcept {
    if (block != nullptr && !looked_for.empty() &&
        memmem(block, malloc_usable_size(block), looked_for.data(), looked_for.size()) != nullptr)
        ++found;
    std::free(block);
}
void operator delete[](void* block) noexcept {
    operator delete(block);
}
void operator delete(void* block, std::size_t) noexcept {
    operator delete(block);
}
void operator delete[](void* block, std::size_t) noexcept {
    operator delete(block);
}
