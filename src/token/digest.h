// What is stored of a token: a BLAKE2b-256 digest (RFC 7693) of its whole text. A token has 154
// random bits, so it cannot be guessed, and a fast unsalted hash is enough.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace hourgate::token {

using Digest = std::array<std::uint8_t, 32>;

[[nodiscard]] Digest digest_of(std::string_view token) noexcept;

/// Compares in constant time (libsodium's sodium_memcmp).
[[nodiscard]] bool same(const Digest& a, const Digest& b) noexcept;

/// Returns a digest that no token has in practice. It is compared with when no digest is stored.
[[nodiscard]] const Digest& dummy_digest() noexcept;

/// The digests that this thread has made and compared so far. An unknown prefix and a wrong secret
/// must cost the same; tests check that by counting, not by timing.
struct Work {
    std::uint64_t digests = 0;
    std::uint64_t compares = 0;
};
[[nodiscard]] const Work& work_of_this_thread() noexcept;

}  // namespace hourgate::token
