#include "token/blot.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/visible.h"
#include "token/format.h"

namespace hourgate::token {

namespace {

constexpr std::size_t env_digits = 4;
constexpr std::size_t prefix_least = prefix_digits - 1;  // one digit may be missing
constexpr std::size_t secret_least = secret_digits / 2;  // fewer characters show too little
/// The length of a secret alone may be off by a few characters.
constexpr std::size_t alone_least = secret_digits - 4;
constexpr std::size_t alone_most = secret_digits + 4;

constexpr CharacterSet base62_digits(base62);
constexpr CharacterSet hex_digits("0123456789abcdefABCDEF");
/// Characters that may separate two parts of a secret, one at a time (wrapped, in groups of four).
constexpr CharacterSet within_secrets(" \t\r\n-_.:+~");

// --- tokens as they are minted -------------------------------------------------------------------

/// Returns where the secret of the first token in `text` begins, searching from `begin`; npos if
/// there is none.
std::size_t find_secret(std::string_view text, std::size_t begin = 0) noexcept {
    constexpr std::size_t before_secret = env_digits + 1 + prefix_digits + 1;
    for (std::size_t mark = text.find('_', begin); mark != text.npos;
         mark = text.find('_', mark + 1)) {
        const std::string_view rest = text.substr(mark + 1, before_secret);
        if (rest.size() == before_secret && rest[env_digits] == '_' && rest.back() == '_' &&
            env_from(rest.substr(0, env_digits)) &&
            is_prefix(rest.substr(env_digits + 1, prefix_digits)))
            return mark + 1 + before_secret;
    }
    return text.npos;
}

/// Returns the text without the secrets of tokens as minted.
std::string without_exact(std::string_view text) {
    std::string out;
    std::size_t told = 0;  // everything before this is in `out`, blotted
    std::size_t begin = 0;
    for (;;) {
        const std::size_t secret = find_secret(text, begin);
        out += text.substr(told, secret == text.npos ? text.npos : secret - told);
        if (secret == text.npos)
            return out;
        told = std::min(text.find_first_not_of(base62, secret), text.size());
        if (told > secret || !text.substr(told).starts_with("..."))
            out += "...";
        // If a brand looks like a prefix, the '_' before this secret follows that brand.
        begin = secret - 1;
    }
}

// --- altered tokens ------------------------------------------------------------------------------

/// A letter or digit of the text, and its position.
struct Letter {
    char c;
    std::uint32_t begin;
    std::uint32_t end;
    bool joined;   // nothing is between it and the previous letter
    bool is_near;  // joined, or separated by one character that may be within a secret
};
using Letters = std::vector<Letter>;

/// Returns the ASCII letter or digit that a full-width character represents; 0 if it represents
/// none. REQUIRES: well-formed UTF-8.
char narrow(std::string_view character) noexcept {
    if (character.size() != 3 || character[0] != '\xef' ||
        (character[1] != '\xbc' && character[1] != '\xbd'))
        return 0;
    // U+FF00 to U+FF3F, then U+FF40 to U+FF7F: 0x20 more than ASCII.
    const int low = (static_cast<unsigned char>(character[2]) & 0x3f) +
                    (character[1] == '\xbd' ? 0x40 : 0) + 0x20;
    const char c = low < 0x7f ? static_cast<char>(low) : '\0';
    return base62_digits.has(c) ? c : '\0';
}

/// Returns whether "%hh" is at `at`.
bool is_escape(std::string_view text, std::size_t at) noexcept {
    return text[at] == '%' && at + 2 < text.size() && hex_digit(text[at + 1]) >= 0 &&
           hex_digit(text[at + 2]) >= 0;
}

/// Returns the end of the escapes that begin at `at`: "%hh", and "\\xhh" as printable() writes.
std::size_t escapes_end(std::string_view text, std::size_t at) noexcept {
    while (at < text.size()) {
        if (is_escape(text, at))
            at += 3;
        else if (text[at] == '\\' && text.substr(at + 1, 1) == "x" && at + 3 < text.size() &&
                 hex_digit(text[at + 2]) >= 0 && hex_digit(text[at + 3]) >= 0)
            at += 4;
        else
            break;
    }
    return at;
}

Letters letters_of(std::string_view text) {
    Letters letters;
    letters.reserve(text.size());
    std::size_t others = 0;  // characters since the last letter
    bool soft = true;
    for (std::size_t at = 0; at < text.size();) {
        if (const std::size_t end = escapes_end(text, at); end > at) {
            ++others;  // counts as one character; its hex digits are not letters
            at = end;
            continue;
        }
        const std::size_t bytes = std::max<std::size_t>(character_bytes(text.substr(at)), 1);
        const std::string_view character = text.substr(at, bytes);
        const char c = base62_digits.has(text[at]) ? text[at] : narrow(character);
        if (c != 0) {
            letters.push_back({c, static_cast<std::uint32_t>(at),
                               static_cast<std::uint32_t>(at + bytes), others == 0,
                               others == 0 || (others == 1 && soft)});
            others = 0;
            soft = true;
        } else if (bytes == 1 || !has_hidden(character)) {
            ++others;
            soft = soft && (bytes > 1 || within_secrets.has(text[at]));
        }
        at += bytes;
    }
    return letters;
}

/// Returns the end of the group of joined letters that begins at `at`.
std::size_t group_end(const Letters& letters, std::size_t at) noexcept {
    std::size_t end = std::min(at + 1, letters.size());
    while (end < letters.size() && letters[end].joined)
        ++end;
    return end;
}

/// Counts how often the kind (digit, upper case, lower case) changes between neighbours in [at,
/// end). Random base-62 digits change in 6 of 10 positions, and in 1 of 4 if all are in upper case.
/// Words hardly ever do.
std::size_t changes_in(const Letters& letters, std::size_t at, std::size_t end) noexcept {
    const auto kind = [](char c) { return c <= '9' ? 0 : c <= 'Z' ? 1 : 2; };
    std::size_t changes = 0;
    for (; at + 1 < end; ++at)
        changes += kind(letters[at].c) != kind(letters[at + 1].c) ? 1U : 0U;
    return changes;
}

bool is_environment(const Letters& letters, std::size_t end) noexcept {
    std::array<char, env_digits> word{};
    for (std::size_t at = 0; at < env_digits && end >= env_digits; ++at)
        word[at] = lower_of(letters[end - env_digits + at].c);
    return env_from({word.data(), word.size()}).has_value();
}

bool is_disorder(const Letters& letters, std::size_t at, std::size_t end) noexcept {
    return changes_in(letters, at, end) * 4 > end - at;
}

/// Returns the end of a secret that begins at `at` and is split at `end`. A short word of a
/// sentence may follow, and is left out.
std::size_t with_rest(const Letters& letters, std::size_t at, std::size_t end) noexcept {
    while (end < letters.size() && end - at < secret_digits && letters[end].is_near) {
        const std::size_t next = group_end(letters, end);
        if (next - end < secret_least / 2 && !is_disorder(letters, end, next))
            break;
        end = next;
    }
    return end;
}

/// Returns the end of the secret that begins at `at`, after a prefix; it is at the end of a group.
/// Returns nullopt if there is no secret. `first_end` is the end of the group that `at` is in.
/// `named`: an environment is before the prefix.
std::optional<std::size_t> secret_end(const Letters& letters, std::size_t at, std::size_t first_end,
                                      bool named) noexcept {
    if (first_end - at == env_digits && is_environment(letters, first_end))
        return std::nullopt;  // that prefix was in fact a brand
    const auto all_hex = [&](std::size_t end) {
        return std::all_of(letters.begin() + static_cast<std::ptrdiff_t>(at),
                           letters.begin() + static_cast<std::ptrdiff_t>(end),
                           [](const Letter& letter) { return hex_digits.has(letter.c); });
    };
    if (first_end - at >= secret_least) {
        // If this is an id in hex, its first digits are followed by more hex digits.
        const std::size_t most = std::min(first_end, at + secret_digits);
        const bool is_secret =
            !all_hex(at + secret_least) && (named || is_disorder(letters, at, most));
        return is_secret ? std::optional(with_rest(letters, at, first_end)) : std::nullopt;
    }
    // The secret is split: take as many letters as a secret has, and the rest of the last group.
    std::size_t end = first_end;
    while (end < letters.size() && end - at < secret_digits && letters[end].is_near)
        end = group_end(letters, end);
    const std::size_t some = std::min(end, at + secret_digits);
    const bool is_secret = some - at >= secret_least && !all_hex(some) &&
                           changes_in(letters, at, some) * (named ? 4 : 3) > some - at;
    return is_secret ? std::optional(end) : std::nullopt;
}

/// Returns whether the group of letters [at, end) is a secret alone.
bool is_alone(const Letters& letters, std::size_t at, std::size_t end) noexcept {
    const std::size_t size = end - at;
    if (size < alone_least || size > alone_most)
        return false;
    const auto any = [&](char first, char last) {
        return std::any_of(
            letters.begin() + static_cast<std::ptrdiff_t>(at),
            letters.begin() + static_cast<std::ptrdiff_t>(end),
            [&](const Letter& letter) { return letter.c >= first && letter.c <= last; });
    };
    return any('a', 'z') && any('A', 'Z') && any('0', '9') &&
           changes_in(letters, at, end) * 100 > size * 28;
}

/// The bytes of the text that a secret occupies.
struct SecretSpan {
    std::size_t begin;
    std::size_t end;
};

enum class Looked : std::uint8_t { by_marks, by_marks_and_alone };

/// Returns whether all hex digits in [at, end) are in one letter case, as in a prefix.
bool is_in_one_case(const Letters& letters, std::size_t at, std::size_t end) noexcept {
    bool lower = false, upper = false;
    for (; at < end; ++at) {
        lower = lower || letters[at].c >= 'a';
        upper = upper || (letters[at].c >= 'A' && letters[at].c <= 'Z');
    }
    return !lower || !upper;
}

/// Returns the secrets after prefixes in the group [group, end), from their first to their last
/// letter. A prefix without an environment must begin the group. In a long text of random letters,
/// such as a cursor, eleven hex digits in a row are too common to accept anywhere.
std::optional<std::pair<std::size_t, std::size_t>> behind_prefix(const Letters& letters,
                                                                 std::size_t group,
                                                                 std::size_t end) noexcept {
    for (std::size_t at = group; at < end;) {
        std::size_t hex_end = at;
        while (hex_end < end && hex_digits.has(letters[hex_end].c))
            ++hex_end;
        if (hex_end - at >= prefix_least) {
            // The last letter of "live" is also a hex digit.
            const std::size_t prefix = at + (is_environment(letters, at + 1) ? 1 : 0);
            // Hex digits beyond a prefix may be the first of a secret.
            const std::size_t secret = std::min(hex_end, prefix + prefix_digits);
            const std::size_t its_end = secret < end ? end : group_end(letters, secret);
            const bool named = is_environment(letters, prefix);
            if (named || (prefix == group && is_in_one_case(letters, prefix, secret)))
                if (const auto last = secret_end(letters, secret, its_end, named))
                    return std::pair(secret, *last);
        }
        at = std::max(hex_end, at + 1);
    }
    return std::nullopt;
}

/// Returns the secrets in the text, in order. Each letter is read a bounded number of times. After
/// each prefix that is about secret_digits letters and the ends of as many groups, and prefixes do
/// not overlap.
std::vector<SecretSpan> secrets_in(std::string_view text, Looked looked) {
    const Letters letters = letters_of(text);
    std::vector<SecretSpan> places;
    const auto found = [&](std::size_t from, std::size_t end) {
        const SecretSpan place{letters[from].begin, letters[end - 1].end};
        if (places.empty() || places.back().end < place.begin)
            places.push_back(place);
        else  // overlaps the previous secret, or follows it directly
            places.back().end = std::max(places.back().end, place.end);
    };
    for (std::size_t group = 0; group < letters.size();) {
        const std::size_t end = group_end(letters, group);
        if (const auto secret = behind_prefix(letters, group, end))
            found(secret->first, secret->second);
        else if (looked == Looked::by_marks_and_alone && is_alone(letters, group, end))
            found(group, end);
        group = end;
    }
    return places;
}

/// Returns whether a search is worth it: the text has a prefix, a secret alone, or characters that
/// may be part of one when interpreted differently.
bool may_show_secret(std::string_view text) noexcept {
    std::size_t hex = 0, letters = 0;
    if (text.size() < prefix_least + secret_least)
        return false;
    for (const char c : text) {
        letters = base62_digits.has(c) ? letters + 1 : 0;
        hex = hex_digits.has(c) ? hex + 1 : 0;
        if (hex >= prefix_least || letters >= alone_least || static_cast<unsigned char>(c) >= 0x80)
            return true;
    }
    return false;
}

// --- escapes -------------------------------------------------------------------------------------

constexpr int decodings_max = 8;  // a token encoded more often is well hidden

/// Decodes every "%hh" in place. Returns false if there is none.
bool undo_escapes(std::string& text) {
    std::size_t to = text.find('%');
    if (to == text.npos)
        return false;
    const std::size_t before = text.size();
    for (std::size_t from = to; from < before; ++from, ++to) {
        const bool escape = is_escape({text.data(), before}, from);
        text[to] =
            escape ? static_cast<char>(hex_digit(text[from + 1]) * 16 + hex_digit(text[from + 2]))
                   : text[from];
        from += escape ? 2 : 0;
    }
    text.resize(to);
    return to != before;
}

/// Encodes what a path cannot show as it is: a decoded line end, or half a character.
void escape_again(std::string& text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte < 0x7f && c != '%')
            out += c;
        else
            out.append(1, '%').append(1, digits[byte >> 4U]) += digits[byte & 15U];
    }
    text = std::move(out);
}

std::string decoded(std::string_view text) {
    std::string out(text);
    for (int times = 0; times < decodings_max && undo_escapes(out); ++times) {
    }
    return out;
}

/// Returns the text without secrets; escapes are not decoded.
std::string without_secrets(std::string_view text) {
    if (!may_show_secret(text))
        return without_exact(text);
    std::string out;
    std::size_t told = 0;
    for (const SecretSpan& place : secrets_in(text, Looked::by_marks_and_alone)) {
        out.append(text.substr(told, place.begin - told)).append("...");
        told = place.end;
    }
    return without_exact(out.append(text.substr(told)));
}

bool looks_so(std::string_view text) {
    return holds_token(text) ||
           (may_show_secret(text) && !secrets_in(text, Looked::by_marks).empty());
}

}  // namespace

bool holds_token(std::string_view text) noexcept {
    return find_secret(text) != text.npos;
}

bool looks_like_token(std::string_view text) {
    return looks_so(text) || (text.find('%') != text.npos && looks_so(decoded(text)));
}

bool shows_secret(std::string_view text) {
    return blotted(text) != text;
}

std::string blotted(std::string_view text) {
    if (text.find('%') == text.npos)
        return without_secrets(text);
    const std::string plain = decoded(text);
    if (std::string out = without_secrets(plain); out != plain) {
        escape_again(out);
        return out;
    }
    return without_secrets(text);
}

}  // namespace hourgate::token
