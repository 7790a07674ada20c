#include "base/visible.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace hourgate {

namespace {

constexpr unsigned char byte_of(char c) noexcept {
    return static_cast<unsigned char>(c);
}

/// Returns the first character of `text`. REQUIRES: it is well-formed and `bytes` long.
char32_t character_of(std::string_view text, std::size_t bytes) noexcept {
    if (bytes == 1)
        return byte_of(text[0]);
    char32_t character = byte_of(text[0]) & (0x7fU >> bytes);
    for (std::size_t at = 1; at < bytes; ++at)
        character = character << 6U | (byte_of(text[at]) & 0x3fU);
    return character;
}

struct Range {
    char32_t first;
    char32_t last;
};
/// In ascending order.
constexpr std::array hidden_ranges = {
    Range{0xad, 0xad},       Range{0x34f, 0x34f},     Range{0x61c, 0x61c},
    Range{0x115f, 0x1160},   Range{0x17b4, 0x17b5},   Range{0x180b, 0x180f},
    Range{0x200b, 0x200f},   Range{0x2028, 0x202e},   Range{0x2060, 0x206f},
    Range{0x3164, 0x3164},   Range{0xfe00, 0xfe0f},   Range{0xfeff, 0xfeff},
    Range{0xffa0, 0xffa0},   Range{0xfff0, 0xfffb},   Range{0x1bca0, 0x1bca3},
    Range{0x1d173, 0x1d17a}, Range{0xe0000, 0xe0fff},
};

bool is_hidden(char32_t character) noexcept {
    const auto* const range = std::find_if(hidden_ranges.begin(), hidden_ranges.end(),
                                           [&](const Range& one) { return character <= one.last; });
    return range != hidden_ranges.end() && character >= range->first;
}

/// Appends "\\u202e", or two such escapes where UTF-16 needs a pair (RFC 8259 section 7).
void add_json_escape(std::string& out, char32_t character) {
    constexpr char digits[] = "0123456789abcdef";
    if (character > 0xffff) {
        character -= 0x10000;
        add_json_escape(out, 0xd800 + (character >> 10U));
        character = 0xdc00 + (character & 0x3ffU);
    }
    out += "\\u";
    for (const unsigned shift : {12U, 8U, 4U, 0U})
        out += digits[character >> shift & 15U];
}

}  // namespace

std::size_t character_bytes(std::string_view text) noexcept {
    const unsigned char first = byte_of(text[0]);
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    const std::size_t bytes = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (text.size() < bytes)
        return 0;
    // Four first bytes restrict the second: no overlong forms, no surrogates, nothing over
    // U+10FFFF.
    const unsigned char least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (byte_of(text[1]) < least || byte_of(text[1]) > most)
        return 0;
    for (std::size_t at = 2; at < bytes; ++at)
        if ((byte_of(text[at]) & 0xc0U) != 0x80)
            return 0;
    return bytes;
}

bool has_hidden(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t bytes = character_bytes(text);
        if (bytes > 1 && is_hidden(character_of(text, bytes)))
            return true;
        text.remove_prefix(std::max<std::size_t>(bytes, 1));
    }
    return false;
}

std::string visible(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const char first = text.front();
        if (first == '\n' || (first >= ' ' && first <= '~')) {
            out += first;
            text.remove_prefix(1);
            continue;
        }
        const std::size_t bytes = std::max<std::size_t>(character_bytes(text), 1);
        const std::string_view character = text.substr(0, bytes);
        out += is_plain_name(character, bytes) ? std::string(character) : printable(character);
        text.remove_prefix(bytes);
    }
    return out;
}

std::string visible_line(std::string_view text) {
    std::string out;
    for (const char c : visible(text))
        if (c == '\n')
            out += "\\x0a";
        else
            out += c;
    return out;
}

std::string visible_json(std::string json) {
    const auto may_hide = [](char c) { return byte_of(c) >= 0x7f; };
    if (std::none_of(json.begin(), json.end(), may_hide))
        return json;
    std::string out;
    out.reserve(json.size());
    for (std::string_view text = json; !text.empty();) {
        const std::size_t bytes = character_bytes(text);
        const char32_t character = bytes == 0 ? 0 : character_of(text, bytes);
        const std::size_t step = std::max<std::size_t>(bytes, 1);
        if ((character >= 0x7f && character < 0xa0) || is_hidden(character))
            add_json_escape(out, character);
        else
            out += text.substr(0, step);
        text.remove_prefix(step);
    }
    return out;
}

}  // namespace hourgate
