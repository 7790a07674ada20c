#include "token/seal.h"

#include <array>

#include "base/check.h"
#include "token/sodium.h"

namespace hourgate::token {

std::string seal_of(std::string_view text, std::string_view key) {
    need_sodium();
    HOURGATE_CHECK(key.size() >= crypto_generichash_blake2b_KEYBYTES_MIN &&
                   key.size() <= crypto_generichash_blake2b_KEYBYTES_MAX);
    std::array<unsigned char, 16> seal{};
    crypto_generichash_blake2b(seal.data(), seal.size(),
                               reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                               reinterpret_cast<const unsigned char*>(key.data()), key.size());
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (const unsigned char byte : seal)
        (hex += digits[byte >> 4U]) += digits[byte & 15U];
    return hex;
}

}  // namespace hourgate::token
