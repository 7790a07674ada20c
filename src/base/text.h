// Small functions on text that several folders use. Bytes in, bytes out; no locale.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hourgate {

/// Returns whether `c` is a C0 control or DEL.
[[nodiscard]] constexpr bool is_control_byte(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// Returns whether all bytes are 0x20 to 0x7e. Tests eight bytes per step: it runs on every value
/// of every header of a response.
[[nodiscard]] bool is_printable_ascii(std::string_view text) noexcept;
/// Returns the value of a hex digit in either letter case, 0 to 15; -1 if `c` is none.
[[nodiscard]] int hex_digit(char c) noexcept;
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;  ///< well-formed per RFC 3629
/// Returns whether `text` is UTF-8 of 1 to `bytes_max` bytes, without control characters (C0, DEL,
/// C1), without hidden ones (base/visible.h), and without a space at either end.
[[nodiscard]] bool is_plain_name(std::string_view text, std::size_t bytes_max) noexcept;
/// Returns whether `text` is [a-z0-9_-]{1,bytes_max} and begins with a letter: names of plans,
/// windows, resources.
[[nodiscard]] bool is_slug(std::string_view text, std::size_t bytes_max) noexcept;
/// Returns whether `text` is local@domain: one '@', neither side empty, no space or control, at
/// most limits::email_bytes_max.
[[nodiscard]] bool is_email(std::string_view text) noexcept;

/// A set of characters: one look-up each, without a branch.
class CharacterSet {
public:
    constexpr explicit CharacterSet(std::string_view characters) noexcept {
        for (const char c : characters)
            in_[static_cast<unsigned char>(c)] = true;
    }
    [[nodiscard]] constexpr bool has(char c) const noexcept {
        return in_[static_cast<unsigned char>(c)];
    }
    [[nodiscard]] constexpr bool has_any_of(std::string_view text) const noexcept {
        bool any = false;
        for (const char c : text)
            any |= has(c);
        return any;
    }
    [[nodiscard]] constexpr bool has_all_of(std::string_view text) const noexcept {
        bool all = true;
        for (const char c : text)
            all &= has(c);
        return all;
    }

private:
    std::array<bool, 256> in_{};
};

[[nodiscard]] constexpr char lower_of(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// ASCII only.
[[nodiscard]] constexpr bool same_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size())
        return false;  // ends most comparisons early
    for (std::size_t at = 0; at < a.size(); ++at)
        if (lower_of(a[at]) != lower_of(b[at]))
            return false;
    return true;
}
/// ASCII only.
[[nodiscard]] std::string lower(std::string_view text);
/// Returns `text` without spaces and tabs at the ends.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;
/// Returns the parts between the separators, empty ones included: one more than there are
/// separators.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
/// Reads a whole text of decimal digits without a sign. Returns nullopt for any other text and for
/// a number over `max`.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text,
                                                        std::uint64_t max) noexcept;
/// A number as decimal text inside the object; allocates nothing.
class Digits {
public:
    explicit Digits(std::integral auto number) noexcept {
        end_ = std::to_chars(text_.data(), text_.data() + text_.size(), number).ptr;
    }
    Digits(const Digits&) = delete;
    Digits& operator=(const Digits&) = delete;
    operator std::string_view() const noexcept {  // NOLINT(google-explicit-constructor)
        return {text_.data(), static_cast<std::size_t>(end_ - text_.data())};
    }

private:
    std::array<char, 20> text_;  // -2^63 has twenty characters
    const char* end_;
};

/// Reads "90s", "15m", "24h", "90d" or "0" as seconds. Returns nullopt for any other form and for
/// more than 100 years.
[[nodiscard]] std::optional<std::int64_t> parse_duration_s(std::string_view text) noexcept;
/// Returns the shortest form that parse_duration_s() reads: 86400 → "1d", 90 → "90s", 0 → "0".
/// REQUIRES: seconds is not negative.
[[nodiscard]] std::string format_duration(std::int64_t seconds);

/// Returns `text` for terminals and logs, so that no caller can break or colour a line. Every byte
/// that is not printable ASCII becomes \xHH, and a backslash is doubled. At most `bytes_max` source
/// bytes are kept, then "…" follows.
[[nodiscard]] std::string printable(std::string_view text, std::size_t bytes_max = 200);
/// Returns a logfmt value: printable(), in quotes if it is empty or has spaces, quotes or '='.
[[nodiscard]] std::string logfmt_value(std::string_view text, std::size_t bytes_max = 200);

}  // namespace hourgate
