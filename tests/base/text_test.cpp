// base/text.h
#include "base/text.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "support/catch.h"

using namespace hourgate;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

std::string encode(std::uint32_t point) {
    const auto tail = [&](unsigned shift) {
        return static_cast<char>(0x80U | (point >> shift & 0x3fU));
    };
    if (point < 0x80)
        return {static_cast<char>(point)};
    if (point < 0x800)
        return {static_cast<char>(0xc0U | point >> 6U), tail(0)};
    if (point < 0x10000)
        return {static_cast<char>(0xe0U | point >> 12U), tail(6), tail(0)};
    return {static_cast<char>(0xf0U | point >> 18U), tail(12), tail(6), tail(0)};
}

/// Well-formed texts among all of `length` bytes.
std::uint64_t count_utf8(std::size_t length) {
    std::uint64_t good = 0;
    std::string text(length, '\0');
    const std::uint64_t all = std::uint64_t{1} << (8 * length);
    for (std::uint64_t number = 0; number < all; ++number) {
        for (std::size_t at = 0; at < length; ++at)
            text[at] = static_cast<char>(number >> (8 * at) & 0xffU);
        if (is_utf8(text))
            ++good;
    }
    return good;
}

}  // namespace

TEST_CASE("Every code point but the surrogates is UTF-8, and nothing beyond U+10FFFF") {
    std::uint32_t wrong = 0;
    for (std::uint32_t point = 0; point < 0x200000; ++point) {
        const bool good = point < 0xd800 || (point > 0xdfff && point < 0x110000);
        if (is_utf8(encode(point)) != good)
            ++wrong;
    }
    CHECK(wrong == 0);
    CHECK(is_utf8(""));
}

TEST_CASE("Of all texts of one, two and three bytes exactly the well-formed ones are UTF-8") {
    constexpr std::uint64_t one = 128;
    constexpr std::uint64_t two = 0x800 - 0x80;
    constexpr std::uint64_t three = 0x10000 - 0x800 - 0x800;
    CHECK(count_utf8(1) == one);
    CHECK(count_utf8(2) == one * one + two);
    CHECK(count_utf8(3) == one * one * one + 2 * one * two + three);
}

TEST_CASE("A character cut short or with a wrong byte anywhere is not UTF-8") {
    const std::string clef = "\xf0\x9d\x84\x9e";
    REQUIRE(is_utf8(clef));
    for (std::size_t size = 1; size < clef.size(); ++size)
        CHECK_FALSE(is_utf8(clef.substr(0, size)));
    for (std::size_t at = 1; at < clef.size(); ++at)
        for (const char wrong : {'a', '\x00', '\xc0', '\xff'}) {
            std::string text = clef;
            text[at] = wrong;
            CHECK_FALSE(is_utf8(text));
        }
    CHECK_FALSE(is_utf8("\xf0\x80\x80\xaf"));  // overlong
    CHECK_FALSE(is_utf8("\xf4\x90\x80\x80"));  // beyond U+10FFFF
}

TEST_CASE("Printable ASCII is 0x20 to 0x7e, wherever in a text of any length another byte stands") {
    for (std::size_t length = 1; length <= 26; ++length) {
        std::string text(length, '~');
        text[length / 2] = ' ';
        CHECK(is_printable_ascii(text));
        for (std::size_t at = 0; at < length; ++at)
            for (int byte = 0; byte < 256; ++byte) {
                std::string changed = text;
                changed[at] = static_cast<char>(byte);
                if (is_printable_ascii(changed) != (byte >= 0x20 && byte <= 0x7e))
                    FAIL(length << " bytes, " << byte << " at " << at);
            }
    }
    CHECK(is_printable_ascii(""));
}

TEST_CASE("A plain name has no control character and no space at an end") {
    CHECK(is_plain_name("Ångström & Söhne", 200));
    CHECK(is_plain_name("a", 1));
    CHECK_FALSE(is_plain_name("", 200));
    CHECK_FALSE(is_plain_name("ab", 1));
    CHECK_FALSE(is_plain_name(" a", 200));
    CHECK_FALSE(is_plain_name("a ", 200));
    CHECK_FALSE(is_plain_name("\xff", 200));
    for (std::uint32_t point = 0; point < 0x200; ++point) {
        const bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
        const bool hidden = point == 0xad;
        INFO("U+" << std::hex << point);
        CHECK(is_plain_name("x" + encode(point) + "y", 200) == (!control && !hidden));
    }
}

TEST_CASE("A slug is lower-case letters, digits, '_' and '-', a letter first") {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string c(1, static_cast<char>(byte));
        const bool letter = byte >= 'a' && byte <= 'z';
        const bool other = (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
        INFO("byte " << byte);
        CHECK(is_slug(c, 8) == letter);
        CHECK(is_slug("a" + c, 8) == (letter || other));
    }
    CHECK_FALSE(is_slug("", 8));
    CHECK(is_slug("abcdefgh", 8));
    CHECK_FALSE(is_slug("abcdefghi", 8));
}

TEST_CASE("An e-mail address has one '@' with something on both sides") {
    CHECK(is_email("ada@example.com"));
    CHECK(is_email("a@b"));
    for (const auto* text :
         {"", "@", "a@", "@b", "a", "a@b@c", "a b@c", "a@b c", " a@b", "a@b\n", "a@\x7f"})
        CHECK_FALSE(is_email(text));
    CHECK(is_email(std::string(limits::email_bytes_max - 2, 'a') + "@b"));
    CHECK_FALSE(is_email(std::string(limits::email_bytes_max - 1, 'a') + "@b"));
}

TEST_CASE("Ignoring case is for ASCII letters only") {
    for (int a = 0; a < 256; ++a)
        for (int b = 0; b < 256; ++b) {
            const bool twins =
                a != b && (a | 0x20) == (b | 0x20) && (a | 0x20) >= 'a' && (a | 0x20) <= 'z';
            const std::string x(1, static_cast<char>(a));
            const std::string y(1, static_cast<char>(b));
            if (same_ignoring_case(x, y) != (a == b || twins))
                FAIL("bytes " << a << " and " << b);
        }
    CHECK_FALSE(same_ignoring_case("ab", "abc"));
    CHECK(lower("AbC-ÄZ") == "abc-Äz");
}

TEST_CASE("Trimming takes spaces and tabs at the ends and nothing else") {
    CHECK(trimmed(" \t a b\t ") == "a b");
    CHECK(trimmed("\na ") == "\na");
    CHECK(trimmed(" \t").empty());
    CHECK(trimmed("").empty());
}

TEST_CASE("Splitting gives one part more than there are separators") {
    CHECK(split("", ',') == std::vector{""sv});
    CHECK(split("a", ',') == std::vector{"a"sv});
    CHECK(split(",a,,b,", ',') == std::vector{""sv, "a"sv, ""sv, "b"sv, ""sv});
}

TEST_CASE("A number is decimal digits up to the bound") {
    CHECK(parse_number("0", 0) == 0U);
    CHECK(parse_number("007", 9) == 7U);
    CHECK(parse_number("18446744073709551615", UINT64_MAX) == UINT64_MAX);
    for (const auto* text : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "1e3",
                             "18446744073709551616", "99999999999999999999999", "\xd9\xa1"})
        CHECK_FALSE(parse_number(text, UINT64_MAX));
    for (std::uint64_t max = 0; max < 130; ++max)
        for (std::uint64_t number = 0; number < 1'300; ++number)
            if (parse_number(std::to_string(number), max).has_value() != (number <= max))
                FAIL(number << " with a bound of " << max);
}

TEST_CASE("A duration is a number and one of s, m, h, d, or 0") {
    CHECK(parse_duration_s("0") == 0);
    CHECK(parse_duration_s("0s") == 0);
    CHECK(parse_duration_s("90s") == 90);
    CHECK(parse_duration_s("15m") == 900);
    CHECK(parse_duration_s("24h") == 86'400);
    CHECK(parse_duration_s("90d") == 7'776'000);
    CHECK(parse_duration_s("36525d") == 3'155'760'000);
    CHECK(parse_duration_s("3155760000s") == 3'155'760'000);
    for (const auto* text : {"", "90", "s", "-1s", "1.5h", "1 h", "1w", "1H", "1hs", "1h30m",
                             "36526d", "3155760001s", "99999999999999999999d", "1s\n"}) {
        INFO(text);
        CHECK_FALSE(parse_duration_s(text));
    }
}

TEST_CASE("A duration is written in the largest unit that divides it and is read back") {
    CHECK(format_duration(0) == "0");
    CHECK(format_duration(90) == "90s");
    CHECK(format_duration(900) == "15m");
    CHECK(format_duration(3'600) == "1h");
    CHECK(format_duration(86'400) == "1d");
    CHECK(format_duration(90'000) == "25h");
    for (std::int64_t seconds = 0; seconds <= 200'000; ++seconds)
        if (parse_duration_s(format_duration(seconds)) != seconds)
            FAIL(seconds);
}

TEST_CASE("Printable text is printable ASCII whatever comes in") {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string out = printable(std::string(1, static_cast<char>(byte)));
        INFO("byte " << byte);
        if (byte == '\\')
            CHECK(out == "\\\\");
        else if (byte >= 0x20 && byte < 0x7f)
            CHECK(out == std::string(1, static_cast<char>(byte)));
        else
            CHECK(out.size() == 4);
    }
    CHECK(printable("\x1b[31mred\x1b]0;title\x07") == R"(\x1b[31mred\x1b]0;title\x07)");
    CHECK(printable("\xc2\x9b"
                    "31m\r\nfake=line") == R"(\xc2\x9b31m\x0d\x0afake=line)");
    CHECK(printable("a\0b"s) == R"(a\x00b)");
    CHECK(printable(R"(\x1b)") == R"(\\x1b)");
}

TEST_CASE("Printable text is cut at the bound, counted in bytes that came in") {
    CHECK(printable("abc", 3) == "abc");
    CHECK(printable("abcd", 3) == "abc…");
    CHECK(printable("\n\n\n", 2) == R"(\x0a\x0a…)");
    CHECK(printable(std::string(201, 'a')) == std::string(200, 'a') + "…");
    CHECK(printable("", 0).empty());
}

TEST_CASE("A logfmt value is quoted when a reader would need it") {
    CHECK(logfmt_value("plain-1.2/3") == "plain-1.2/3");
    CHECK(logfmt_value("") == R"("")");
    CHECK(logfmt_value("a b") == R"("a b")");
    CHECK(logfmt_value("a=b") == R"("a=b")");
    CHECK(logfmt_value(R"(say "hi")") == R"("say \"hi\"")");
    CHECK(logfmt_value(R"(back\slash)") == R"(back\\slash)");
    CHECK(logfmt_value(R"(\" x)") == R"("\\\" x")");
    CHECK(logfmt_value("x\nstatus=200") == R"("x\x0astatus=200")");
    CHECK(logfmt_value("abcd", 3) == "abc…");
}
