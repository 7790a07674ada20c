// Small questions about text that several folders ask. Bytes in, bytes out; no locale.
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

/// C0 or DEL.
[[nodiscard]] constexpr bool is_control_byte(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// Nothing but 0x20 to 0x7e. Eight bytes at a step: answers ask it of every value of every header.
[[nodiscard]] bool is_printable_ascii(std::string_view text) noexcept;
/// 0 to 15, upper or lower case; -1: it is none.
[[nodiscard]] int hex_digit(char c) noexcept;
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;  ///< well-formed per RFC 3629
/// UTF-8 without control characters (C0, DEL, C1), 1 to `bytes_max` bytes, no space at either end.
[[nodiscard]] bool is_plain_name(std::string_view text, std::size_t bytes_max) noexcept;
/// [a-z0-9_-]{1,bytes_max}, first a letter: names of plans, windows, resources.
[[nodiscard]] bool is_slug(std::string_view text, std::size_t bytes_max) noexcept;
/// local@domain with one '@', both sides not empty, no space or control, ≤ limits::email_bytes_max.
[[nodiscard]] bool is_email(std::string_view text) noexcept;

/// Characters as a set: one look-up each, without a branch.
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
        return false;  // so most comparisons end where they are made
    for (std::size_t at = 0; at < a.size(); ++at)
        if (lower_of(a[at]) != lower_of(b[at]))
            return false;
    return true;
}
/// ASCII only.
[[nodiscard]] std::string lower(std::string_view text);
/// Without spaces and tabs at the ends.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;
/// The parts between the separators: one more than there are separators, empty ones included.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
/// Decimal digits only, no sign, whole text; nothing when out of range.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text,
                                                        std::uint64_t max) noexcept;
/// A number in decimal, in place: no memory is asked for.
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
    std::array<char, 20> text_;  // -2^63 has twenty
    const char* end_;
};

/// "90s", "15m", "24h", "90d" or "0" into seconds; nothing when of another shape or over 100 years.
[[nodiscard]] std::optional<std::int64_t> parse_duration_s(std::string_view text) noexcept;
/// The shortest form parse_duration_s reads back: 86400 → "1d", 90 → "90s", 0 → "0".
/// REQUIRES: seconds is not negative.
[[nodiscard]] std::string format_duration(std::int64_t seconds);

/// For terminals and logs: every byte that is not printable ASCII becomes \xHH, backslash doubled,
/// at most `bytes_max` source bytes, then "…". Nothing a caller sends can break or colour a line.
[[nodiscard]] std::string printable(std::string_view text, std::size_t bytes_max = 200);
/// A logfmt value (printable, quoted when it has spaces, quotes, '=' or is empty).
[[nodiscard]] std::string logfmt_value(std::string_view text, std::size_t bytes_max = 200);

}  // namespace hourgate
