// A keyed digest (BLAKE2b-128, RFC 7693 section 2.9): proves that this program wrote a text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hourgate::token {

/// Returns 32 lower-case hex digits. REQUIRES: `key` has 16 to 64 bytes.
[[nodiscard]] std::string seal_of(std::string_view text, std::string_view key);

/// Seals bytes that arrive in parts, with 256 bits. Not thread-safe.
class Sealing {
public:
    using Seal = std::array<std::uint8_t, 32>;

    /// REQUIRES: `key` has 16 to 64 bytes.
    explicit Sealing(std::string_view key);
    void add(std::string_view bytes) noexcept;
    [[nodiscard]] Seal seal() const noexcept;  ///< of all bytes added so far

private:
    alignas(64) std::array<std::byte, 384> state_;  // a crypto_generichash_blake2b_state
};

}  // namespace hourgate::token
