// What is stored of a token: a BLAKE2b-256 digest (RFC 7693) of its whole text. A token has 154
// random bits, so a fast unsalted hash is enough: there is nothing to guess.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace hourgate::token {

using Digest = std::array<std::uint8_t, 32>;

[[nodiscard]] Digest digest_of(std::string_view token) noexcept;

/// Constant time (libsodium's sodium_memcmp).
[[nodiscard]] bool same(const Digest& a, const Digest& b) noexcept;

/// A digest no token has in practice, compared against when there is no stored one.
[[nodiscard]] const Digest& dummy_digest() noexcept;

/// Digests made and compared by this thread so far. Unknown prefix and wrong secret must cost the
/// same; tests prove it by counting, not by timing.
struct Work {
    std::uint64_t digests = 0;
    std::uint64_t compares = 0;
};
[[nodiscard]] const Work& work_of_this_thread() noexcept;

}  // namespace hourgate::token
