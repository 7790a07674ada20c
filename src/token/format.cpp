#include "token/format.h"

#include <zlib.h>

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"

namespace hourgate::token {

namespace {

constexpr std::string_view environment_places = "live_";  // "test_" is as long

constexpr CharacterSet spaces(" \t\r\n");
constexpr CharacterSet base62_digits(base62);
constexpr CharacterSet hex_digits("0123456789abcdef");

/// Returns what a reader notices before the parts. Reads only the first characters of a long text,
/// one more than a token has, and the last.
Flaw flaw_around(std::string_view text, std::size_t expected) noexcept {
    if (text.empty())
        return Flaw::empty;
    if (opening_quote(text) != 0 || ends_with_quote(text))
        return Flaw::quotes;
    const std::string_view start = text.substr(0, expected + 1);
    if (spaces.has(text.back()) || spaces.has_any_of(start))
        return Flaw::spaces;
    return Flaw::none;
}

/// Fills in the parts of `parsed` that are right. Returns the first flaw.
Flaw flaw_of_parts(Parsed& parsed, std::string_view text, std::string_view brand) noexcept {
    std::string_view rest = text;
    if (!rest.starts_with(brand) || !rest.substr(brand.size()).starts_with('_'))
        return Flaw::brand;
    rest.remove_prefix(brand.size() + 1);
    if (!rest.starts_with("live_") && !rest.starts_with("test_"))
        return Flaw::environment;
    parsed.env = rest.starts_with("live_") ? Env::live : Env::test;
    rest.remove_prefix(environment_places.size());
    if (text.size() != length(brand))
        return Flaw::length;

    const std::string_view prefix = rest.substr(0, prefix_digits);
    if (!is_prefix(prefix))
        return Flaw::prefix;
    rest.remove_prefix(prefix_digits);
    if (rest.front() != '_')
        return Flaw::separator;
    rest.remove_prefix(1);
    if (!base62_digits.has_all_of(rest))
        return Flaw::secret;
    parsed.prefix = prefix;
    return Flaw::none;
}

}  // namespace

std::size_t opening_quote(std::string_view text) noexcept {
    if (text.starts_with('"') || text.starts_with('\'') || text.starts_with('`'))
        return 1;
    if (text.starts_with("\xc2\xab") || text.starts_with("\xc2\xbb"))
        return 2;  // « »
    if (text.size() < 3 || text[0] != '\xe2' || text[1] != '\x80')
        return 0;
    const char last = text[2];  // U+2018 to U+201F, ‹ ›
    return (last >= '\x98' && last <= '\x9f') || last == '\xb9' || last == '\xba' ? 3 : 0;
}

bool ends_with_quote(std::string_view text) noexcept {
    for (std::size_t bytes = 1; bytes <= std::min<std::size_t>(3, text.size()); ++bytes)
        if (opening_quote(text.substr(text.size() - bytes)) == bytes)
            return true;
    return false;
}

std::string_view to_text(Env env) noexcept {
    switch (env) {
        case Env::live:
            return "live";
        case Env::test:
            return "test";
    }
    return "";
}

std::optional<Env> env_from(std::string_view text) noexcept {
    if (text == "live")
        return Env::live;
    if (text == "test")
        return Env::test;
    return std::nullopt;
}

Parsed shape_of(std::string_view text, std::string_view brand) noexcept {
    Parsed parsed;
    parsed.flaw = flaw_of_parts(parsed, text, brand);
    if (parsed.flaw == Flaw::none)
        return parsed;  // a text of this shape has no space for a quote
    if (const Flaw around = flaw_around(text, length(brand)); around != Flaw::none)
        parsed.flaw = around;
    return parsed;
}

bool is_whole(std::string_view text) noexcept {
    const std::size_t before = text.size() - std::min(check_digits, text.size());
    const auto check = check_of(text.substr(0, before));
    return text.substr(before) == std::string_view(check.data(), check.size());
}

Parsed parse(std::string_view text, std::string_view brand) noexcept {
    Parsed parsed = shape_of(text, brand);
    if (parsed.flaw == Flaw::none && !is_whole(text))
        parsed.flaw = Flaw::check;
    return parsed;
}

std::array<char, check_digits> check_of(std::string_view before) noexcept {
    auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(before.data()), before.size());
    std::array<char, check_digits> digits{};
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, crc /= base62.size())
        *digit = base62[crc % base62.size()];
    return digits;
}

bool of_brand(std::string_view text, std::string_view brand) noexcept {
    for (;;) {
        const std::size_t stray =
            !text.empty() && spaces.has(text.front()) ? 1 : opening_quote(text);
        if (stray == 0)
            break;
        text.remove_prefix(stray);
    }
    return same_ignoring_case(text.substr(0, brand.size()), brand) &&
           text.substr(std::min(brand.size(), text.size())).starts_with('_');
}

bool is_prefix(std::string_view text) noexcept {
    return text.size() == prefix_digits && hex_digits.has_all_of(text);
}

bool is_brand(std::string_view text) noexcept {
    return !text.empty() && text.size() <= limits::brand_bytes_max &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); });
}

}  // namespace hourgate::token
