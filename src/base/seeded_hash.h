// The hash of every table whose keys a caller can choose or influence: addresses, prefixes, row
// numbers. Its key is random bits that this process draws once, so nobody can choose keys that fall
// into one bucket. Not a digest: it never leaves the process and is never stored.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hourgate {

/// Spreads every bit of `x` over all bits (the finalizer of SplitMix64).
[[nodiscard]] constexpr std::uint64_t spread(std::uint64_t x) noexcept {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31);
}

using HashSeed = std::array<std::uint64_t, 2>;

/// Returns the seed of this process, which the first call draws. Any thread.
[[nodiscard]] const HashSeed& hash_seed();

/// Hashes numbers and short byte arrays into 64 well-distributed bits.
class SeededHash {
public:
    SeededHash() : seed_(hash_seed()) {}
    explicit SeededHash(const HashSeed& seed) noexcept : seed_(seed) {}

    std::size_t operator()(std::uint64_t key) const noexcept {
        return spread(spread(key ^ seed_[0]) + seed_[1]);
    }
    std::size_t operator()(std::int64_t key) const noexcept {
        return (*this)(static_cast<std::uint64_t>(key));
    }
    template <std::size_t bytes>
    std::size_t operator()(const std::array<std::uint8_t, bytes>& key) const noexcept {
        std::uint64_t hash = seed_[1] + bytes;
        for (std::size_t at = 0; at < bytes; at += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, key.data() + at, at + 8 <= bytes ? 8 : bytes - at);
            hash = spread(hash + spread(word ^ seed_[0]));
        }
        return hash;
    }

private:
    HashSeed seed_;
};

}  // namespace hourgate
