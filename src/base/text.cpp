#include "base/text.h"

#include <algorithm>
#include <cstring>

#include "base/limits.h"
#include "base/time_text.h"
#include "base/visible.h"

namespace hourgate {

namespace {

constexpr std::int64_t duration_s_max = span_s_max;

constexpr unsigned char byte_of(char c) noexcept {
    return static_cast<unsigned char>(c);
}

/// Returns whether `text` has U+0080 to U+009F, which terminals obey as they obey ESC.
bool has_c1_control(std::string_view text) noexcept {
    for (std::size_t at = text.find('\xc2'); at != text.npos; at = text.find('\xc2', at + 1))
        if (at + 1 < text.size() && byte_of(text[at + 1]) < 0xa0)
            return true;
    return false;
}

}  // namespace

bool is_printable_ascii(std::string_view text) noexcept {
    constexpr std::uint64_t each = 0x0101010101010101U;
    constexpr std::size_t step = sizeof each;
    const auto is_off = [&](std::size_t at) {
        std::uint64_t bytes = 0;
        std::memcpy(&bytes, text.data() + at, step);
        // The highest bit is set for a byte below 0x20, equal to 0x7f, or above. A borrow of the
        // subtraction comes only from a byte that is itself below 0x20.
        return ((bytes | (bytes - each * 0x20) | ((bytes & each * 0x7f) + each)) & each * 0x80) !=
               0;
    };
    if (text.size() < step)
        return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
    for (std::size_t at = 0; at + step < text.size(); at += step)
        if (is_off(at))
            return false;
    return !is_off(text.size() - step);  // overlaps the previous step
}

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower_c = static_cast<char>(c | 0x20);
    return lower_c >= 'a' && lower_c <= 'f' ? lower_c - 'a' + 10 : -1;
}

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t bytes = character_bytes(text);
        if (bytes == 0)
            return false;
        text.remove_prefix(bytes);
    }
    return true;
}

bool is_plain_name(std::string_view text, std::size_t bytes_max) noexcept {
    if (text.empty() || text.size() > bytes_max)
        return false;
    if (text.front() == ' ' || text.back() == ' ')
        return false;
    return std::none_of(text.begin(), text.end(), is_control_byte) && is_utf8(text) &&
           !has_c1_control(text) && !has_hidden(text);
}

bool is_slug(std::string_view text, std::size_t bytes_max) noexcept {
    if (text.empty() || text.size() > bytes_max)
        return false;
    if (text.front() < 'a' || text.front() > 'z')
        return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

bool is_email(std::string_view text) noexcept {
    if (!is_plain_name(text, limits::email_bytes_max))
        return false;
    if (text.find(' ') != text.npos)
        return false;
    const std::size_t at = text.find('@');
    return at != text.npos && at == text.rfind('@') && at != 0 && at + 1 != text.size();
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower_of);
    return out;
}

std::string_view trimmed(std::string_view text) noexcept {
    while (text.starts_with(' ') || text.starts_with('\t'))
        text.remove_prefix(1);
    while (text.ends_with(' ') || text.ends_with('\t'))
        text.remove_suffix(1);
    return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (std::size_t end = text.find(separator); end != text.npos; end = text.find(separator)) {
        parts.push_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    parts.push_back(text);
    return parts;
}

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max) noexcept {
    if (text.empty())
        return std::nullopt;
    std::uint64_t number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9')
            return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (digit > max || number > (max - digit) / 10)
            return std::nullopt;
        number = number * 10 + digit;
    }
    return number;
}

std::optional<std::int64_t> parse_duration_s(std::string_view text) noexcept {
    if (text == "0")
        return 0;
    if (text.empty())
        return std::nullopt;
    std::int64_t unit_s = 0;
    switch (text.back()) {
        case 's':
            unit_s = 1;
            break;
        case 'm':
            unit_s = 60;
            break;
        case 'h':
            unit_s = 3'600;
            break;
        case 'd':
            unit_s = 86'400;
            break;
        default:
            return std::nullopt;
    }
    text.remove_suffix(1);
    const auto number = parse_number(text, static_cast<std::uint64_t>(duration_s_max / unit_s));
    if (!number)
        return std::nullopt;
    return static_cast<std::int64_t>(*number) * unit_s;
}

std::string format_duration(std::int64_t seconds) {
    if (seconds == 0)
        return "0";
    if (seconds % 86'400 == 0)
        return std::to_string(seconds / 86'400) + "d";
    if (seconds % 3'600 == 0)
        return std::to_string(seconds / 3'600) + "h";
    if (seconds % 60 == 0)
        return std::to_string(seconds / 60) + "m";
    return std::to_string(seconds) + "s";
}

std::string printable(std::string_view text, std::size_t bytes_max) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const char c : text.substr(0, bytes_max)) {
        if (c == '\\') {
            out += "\\\\";
        } else if (c >= 0x20 && c < 0x7f) {
            out += c;
        } else {
            out += "\\x";
            out += digits[byte_of(c) >> 4U];
            out += digits[byte_of(c) & 15U];
        }
    }
    if (text.size() > bytes_max)
        out += "…";
    return out;
}

std::string logfmt_value(std::string_view text, std::size_t bytes_max) {
    const std::string plain = printable(text, bytes_max);
    if (!plain.empty() && plain.find_first_of(" \"=") == plain.npos)
        return plain;
    std::string out = "\"";
    for (const char c : plain) {
        if (c == '"')
            out += '\\';
        out += c;
    }
    return out + '"';
}

}  // namespace hourgate
