// The common part of all fuzz targets: laws, which hold for any bytes, and Input, which splits
// bytes. A target is a file NAME_fuzz.cpp in this folder with LLVMFuzzerTestOneInput. It has a
// folder corpus/NAME and, if useful, dict/NAME.dict. From each, clang builds a libFuzzer program
// (cmake/Fuzz.cmake, scripts/fuzz). Every build has hourgate_replay, which runs each file of a
// corpus once as part of the tests.
// A target must not depend on earlier inputs, so that one file reproduces a finding.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#define HOURGATE_LAW(law)                                                                     \
    ((law) ? static_cast<void>(0)                                                             \
           : (std::fprintf(stderr, "%s:%d: a law is broken: %s\n", __FILE__, __LINE__, #law), \
              std::abort()))

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace hourgate::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) noexcept {
    return {reinterpret_cast<const char*>(data), size};
}

/// Splits an input, from its beginning. When it is used up, returns zeros and empty texts.
class Input {
public:
    Input(const std::uint8_t* data, std::size_t size) noexcept : rest_(fuzz::text_of(data, size)) {}

    [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
    std::string_view take(std::size_t bytes) noexcept {
        const std::string_view taken = rest_.substr(0, bytes);
        rest_.remove_prefix(taken.size());
        return taken;
    }
    std::uint8_t byte() noexcept {
        const std::string_view taken = take(1);
        return taken.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(taken[0]);
    }
    /// Returns a little-endian number.
    std::uint64_t number(std::size_t bytes) noexcept {
        std::uint64_t value = 0;
        for (std::size_t at = 0; at < bytes; ++at)
            value |= std::uint64_t{byte()} << (8 * at);
        return value;
    }
    /// Returns the bytes before the next line feed, and skips that.
    std::string_view line() noexcept {
        const std::string_view taken = take(std::min(rest_.find('\n'), rest_.size()));
        take(1);
        return taken;
    }
    std::string_view rest() noexcept { return take(rest_.size()); }

private:
    std::string_view rest_;
};

}  // namespace hourgate::fuzz
