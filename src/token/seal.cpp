#include "token/seal.h"

#include <array>
#include <cstring>

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

namespace {

using State = crypto_generichash_blake2b_state;

const unsigned char* raw(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Sealing::Sealing(std::string_view key) {
    static_assert(sizeof(State) == sizeof state_ && alignof(State) <= 64);
    need_sodium();
    HOURGATE_CHECK(key.size() >= crypto_generichash_blake2b_KEYBYTES_MIN &&
                   key.size() <= crypto_generichash_blake2b_KEYBYTES_MAX);
    State state;
    crypto_generichash_blake2b_init(&state, raw(key), key.size(), Seal{}.size());
    std::memcpy(state_.data(), &state, sizeof state);
}

void Sealing::add(std::string_view bytes) noexcept {
    crypto_generichash_blake2b_update(reinterpret_cast<State*>(state_.data()), raw(bytes),
                                      bytes.size());
}

Sealing::Seal Sealing::seal() const noexcept {
    State state;
    std::memcpy(&state, state_.data(), sizeof state);
    Seal seal;
    crypto_generichash_blake2b_final(&state, seal.data(), seal.size());
    return seal;
}

}  // namespace hourgate::token
