#include "base/random.h"

#include <sys/random.h>
#include <cerrno>
#include <cstring>
#include <tuple>

#include "base/check.h"

namespace hourgate {

namespace {

/// Random bytes drawn ahead. The kernel returns up to 256 bytes without interruption, and one call
/// for sixteen ids costs little more than one for a single id.
struct Pool {
    std::array<std::uint8_t, 256> bytes{};
    std::size_t used = 256;

    void refill() noexcept {
        ssize_t got = -1;
        do {
            got = getrandom(bytes.data(), bytes.size(), 0);
        } while (got < 0 && errno == EINTR);
        HOURGATE_CHECK(got == static_cast<ssize_t>(bytes.size()));
        used = 0;
    }
};

std::array<std::uint8_t, 16> draw() noexcept {
    thread_local Pool pool;
    if (pool.used == pool.bytes.size())
        pool.refill();
    std::array<std::uint8_t, 16> drawn{};
    static_assert(std::tuple_size_v<decltype(pool.bytes)> % drawn.size() == 0);
    std::memcpy(drawn.data(), pool.bytes.data() + pool.used, drawn.size());
    pool.used += drawn.size();
    return drawn;
}

}  // namespace

std::array<char, 32> random_hex_128() {
    constexpr char digits[] = "0123456789abcdef";
    std::array<char, 32> text{};
    std::size_t at = 0;
    for (const std::uint8_t byte : draw()) {
        text[at++] = digits[byte >> 4U];
        text[at++] = digits[byte & 15U];
    }
    return text;
}

std::string random_id(const char* prefix) {
    constexpr char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    std::string id = prefix;
    for (const std::uint8_t byte : draw())
        id += digits[byte & 31U];
    return id;
}

}  // namespace hourgate
