#include "http/manage/cursor.h"

#include "base/text.h"
#include "token/seal.h"

namespace hourgate::http {

namespace {

std::string hex_of(std::uint64_t number) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text(16, '0');
    for (std::size_t at = 16; at-- > 0; number >>= 4U)
        text[at] = digits[number & 15U];
    return text;
}

std::optional<std::int64_t> number_in(std::string_view hex) noexcept {
    std::uint64_t number = 0;
    for (const char c : hex) {
        const bool digit = c >= '0' && c <= '9';
        if (!digit && !(c >= 'a' && c <= 'f'))
            return std::nullopt;
        number = number << 4U | static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
    }
    return static_cast<std::int64_t>(number);
}

/// Returns the text without its seal.
std::string open_part(const manage::Position& position) {
    return hex_of(static_cast<std::uint64_t>(position.major)) +
           hex_of(static_cast<std::uint64_t>(position.minor));
}

}  // namespace

std::string write_cursor(const manage::Position& position, std::string_view list,
                         std::string_view key) {
    std::string text = open_part(position);
    return text + token::seal_of(text + "\n" + std::string(list), key);
}

std::optional<manage::Position> read_cursor(std::string_view text, std::string_view list,
                                            std::string_view key) {
    constexpr std::size_t number_bytes = 16;
    if (text.size() < 2 * number_bytes)
        return std::nullopt;
    const auto major = number_in(text.substr(0, number_bytes));
    const auto minor = number_in(text.substr(number_bytes, number_bytes));
    if (!major || !minor)
        return std::nullopt;
    const manage::Position position{*major, *minor};
    if (text != write_cursor(position, list, key))
        return std::nullopt;
    return position;
}

}  // namespace hourgate::http
