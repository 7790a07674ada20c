#include "token/mint.h"

#include <array>
#include <cstdint>
#include <utility>

#include "base/check.h"
#include "token/sodium.h"

namespace hourgate::token {

namespace {

std::string draw_prefix() {
    constexpr std::string_view hex = "0123456789abcdef";
    std::array<std::uint8_t, prefix_digits / 2> bytes{};
    randombytes_buf(bytes.data(), bytes.size());
    std::string prefix;
    for (const std::uint8_t byte : bytes) {
        prefix += hex[byte >> 4U];
        prefix += hex[byte & 15U];
    }
    return prefix;
}

}  // namespace

Minted mint(std::string_view brand, Env env) {
    HOURGATE_CHECK(is_brand(brand));
    need_sodium();
    Minted minted;
    minted.prefix = draw_prefix();

    std::string text;
    text.reserve(length(brand));  // a growing text would leave copies of itself in memory
    text.append(brand).append("_").append(to_text(env)).append("_");
    text.append(minted.prefix).append("_");
    for (std::size_t digit = 0; digit < random_digits; ++digit)
        text += base62[randombytes_uniform(static_cast<std::uint32_t>(base62.size()))];
    const auto check = check_of(text);
    text.append(check.data(), check.size());

    minted.digest = digest_of(text);
    minted.text = Secret(std::move(text));
    return minted;
}

}  // namespace hourgate::token
