// token/format.h: the grammar, pinned by literal examples, and that no slip of a finger gets
// through.
#include "token/format.h"

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "support/catch.h"

namespace token = hourgate::token;
using token::Flaw;

namespace {

// The check digits were computed with Python's zlib, not with this code.
constexpr std::string_view example = "hsk_live_4f8a2c1bdedf_0123456789ABCDEFGHIJKLMNOP1TvUZo";
constexpr std::string_view test_example = "hsk_test_000000000000_zzzzzzzzzzzzzzzzzzzzzzzzzz47VBHp";
constexpr std::string_view padded_example =
    "hsk_live_00000000001f_AAAAAAAAAAAAAAAAAAAAAAAAAA00lX4x";
constexpr std::string_view acme_example = "acme_live_0123456789ab_Hq7Hq7Hq7Hq7Hq7Hq7Hq7Hq7xY1ln3IU";

/// CRC-32 bit by bit, from the polynomial alone, and its base-62 digits.
std::string check_of(std::string_view text) {
    std::uint32_t crc = 0xffffffffU;
    for (const char c : text) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit)
            crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
    }
    crc = ~crc;
    std::string digits;
    for (int digit = 0; digit < 6; ++digit) {
        const std::uint32_t value = crc % 62;
        const char zero = value < 10 ? '0' : value < 36 ? 'A' : 'a';
        const std::uint32_t from = value < 10 ? 0 : value < 36 ? 10 : 36;
        digits.insert(digits.begin(), static_cast<char>(zero + static_cast<char>(value - from)));
        crc /= 62;
    }
    return digits;
}

std::string with_check(std::string text) {
    return text + check_of(text);
}

Flaw flaw_of(std::string_view text) {
    return token::parse(text, "hsk").flaw;
}

bool caught(Flaw flaw) {
    return flaw != Flaw::none;
}

}  // namespace

TEST_CASE("Well-formed tokens come apart into environment and prefix") {
    const token::Parsed live = token::parse(example, "hsk");
    CHECK(live.flaw == Flaw::none);
    CHECK(live.env == token::Env::live);
    CHECK(live.prefix == "4f8a2c1bdedf");
    CHECK(live.prefix.data() == example.data() + 9);  // a view: nothing was copied
    const token::Parsed test = token::parse(test_example, "hsk");
    CHECK(test.flaw == Flaw::none);
    CHECK(test.env == token::Env::test);
    CHECK(test.prefix == "000000000000");
    CHECK(flaw_of(padded_example) == Flaw::none);
    CHECK(token::parse(acme_example, "acme").flaw == Flaw::none);
}

TEST_CASE("A token has 54 characters with the default brand") {
    CHECK(example.size() == 54);
    CHECK(token::length("hsk") == 54);
    CHECK(token::length("acme") == acme_example.size());
}

TEST_CASE("Check digits are the CRC-32 of what stands before them in base 62, padded with 0") {
    const auto digits = [](std::string_view text) {
        const auto check = token::check_of(text);
        return std::string(check.begin(), check.end());
    };
    CHECK(digits("123456789") == "3jZRME");  // the CRC's standard check value, 0xcbf43926
    CHECK(digits("") == "000000");
    CHECK(digits("hsk_live_00000000001f_AAAAAAAAAAAAAAAAAAAAAAAAAA") == "00lX4x");
    const unsigned seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 2'000; ++round) {
        std::string text(random() % 80, '\0');
        for (char& c : text)
            c = static_cast<char>(random() & 0xffU);
        if (digits(text) != check_of(text))
            FAIL("text of " << text.size() << " bytes, seed " << seed);
    }
}

TEST_CASE("No substitution of one character is accepted") {
    for (const std::string_view good : {example, test_example, padded_example}) {
        REQUIRE(flaw_of(good) == Flaw::none);
        for (std::size_t at = 0; at < good.size(); ++at)
            for (int byte = 0; byte < 256; ++byte) {
                std::string text(good);
                text[at] = static_cast<char>(byte);
                if (text != good && !caught(flaw_of(text)))
                    FAIL("byte " << byte << " at " << at);
            }
    }
}

TEST_CASE("No exchange of two neighbours is accepted") {
    for (const std::string_view good : {example, test_example, padded_example})
        for (std::size_t at = 0; at + 1 < good.size(); ++at) {
            std::string text(good);
            std::swap(text[at], text[at + 1]);
            if (text != good && !caught(flaw_of(text)))
                FAIL(text);
        }
}

TEST_CASE("A mistyped secret is damaged, which needs no look-up, and still names its prefix") {
    for (std::size_t at = 22; at < example.size(); ++at)
        for (const char digit : token::base62) {
            if (example[at] == digit)
                continue;
            std::string text(example);
            text[at] = digit;
            const token::Parsed parsed = token::parse(text, "hsk");
            if (parsed.flaw != Flaw::check || parsed.prefix != "4f8a2c1bdedf")
                FAIL(text);
        }
}

TEST_CASE("No lost, doubled or added character is accepted") {
    for (std::size_t at = 0; at < example.size(); ++at) {
        std::string lost(example);
        lost.erase(at, 1);
        CHECK(caught(flaw_of(lost)));
        std::string doubled(example);
        doubled.insert(at, 1, doubled[at]);
        CHECK(caught(flaw_of(doubled)));
    }
}

TEST_CASE("The first thing a reader would notice is told") {
    const std::string good(example);
    CHECK(flaw_of("") == Flaw::empty);
    for (const auto* quote : {"\"", "'", "`", "“", "”", "„", "‘", "’", "‚", "«", "»", "‹", "›"}) {
        INFO(quote);
        CHECK(flaw_of(quote + good) == Flaw::quotes);
        CHECK(flaw_of(good + quote) == Flaw::quotes);
        CHECK(flaw_of(quote + good + quote) == Flaw::quotes);
        CHECK(flaw_of(quote) == Flaw::quotes);
    }
    for (const auto* space : {" ", "\t", "\r", "\n", "\r\n"}) {
        CHECK(flaw_of(space + good) == Flaw::spaces);
        CHECK(flaw_of(good + space) == Flaw::spaces);
        CHECK(flaw_of(good.substr(0, 30) + space + good.substr(30)) == Flaw::spaces);
    }
    CHECK(flaw_of("sk_live_4f8a2c1bdedf_0123456789ABCDEFGHIJKLMNOP1TvUZo") == Flaw::brand);
    CHECK(flaw_of("HSK_live_4f8a2c1bdedf_0123456789ABCDEFGHIJKLMNOP1TvUZo") == Flaw::brand);
    CHECK(flaw_of("hsk-live_4f8a2c1bdedf_0123456789ABCDEFGHIJKLMNOP1TvUZo") == Flaw::brand);
    CHECK(flaw_of("hsk") == Flaw::brand);
    CHECK(flaw_of("eyJhbGciOiJIUzI1NiJ9.e30.x") == Flaw::brand);
    CHECK(flaw_of("hsk_") == Flaw::environment);
    CHECK(flaw_of("hsk_prod_4f8a2c1bdedf_0123456789ABCDEFGHIJKLMNOP1TvUZo") == Flaw::environment);
    CHECK(flaw_of("hsk_Live_4f8a2c1bdedf_0123456789ABCDEFGHIJKLMNOP1TvUZo") == Flaw::environment);
    CHECK(flaw_of("hsk_live4f8a2c1bdedf_0123456789ABCDEFGHIJKLMNOP1TvUZo") == Flaw::environment);
    CHECK(flaw_of("hsk_live_") == Flaw::length);
    CHECK(flaw_of(good.substr(0, 53)) == Flaw::length);
    CHECK(flaw_of(good + "x") == Flaw::length);
    CHECK(flaw_of("hsk_live_…") == Flaw::length);
    CHECK(flaw_of("hsk_live_4F8a2c1bdedf_0123456789ABCDEFGHIJKLMNOP1TvUZo") == Flaw::prefix);
    CHECK(flaw_of("hsk_live_4g8a2c1bdedf_0123456789ABCDEFGHIJKLMNOP1TvUZo") == Flaw::prefix);
    CHECK(flaw_of("hsk_live_4f8a2c1bdedf-0123456789ABCDEFGHIJKLMNOP1TvUZo") == Flaw::separator);
    CHECK(flaw_of("hsk_live_4f8a2c1bdedf_0123456789ABCDEF-HIJKLMNOP1TvUZo") == Flaw::secret);
    CHECK(flaw_of("hsk_live_4f8a2c1bdedf_0123456789ABCDEFGHIJKLMNOP1TvUZ_") == Flaw::secret);
    CHECK(flaw_of("hsk_live_4f8a2c1bdedf_0123456789ABCDEFGHIJKLMNOQ1TvUZo") == Flaw::check);
}

TEST_CASE("A NUL or a byte beyond ASCII is never accepted, wherever it stands") {
    for (std::size_t at = 0; at <= example.size(); ++at)
        for (const char byte : {'\0', '\x80', '\xff'}) {
            std::string text(example);
            text.insert(at, 1, byte);
            CHECK(caught(flaw_of(text)));
        }
}

TEST_CASE("A token of one brand is none of another") {
    CHECK(token::parse(example, "acme").flaw == Flaw::brand);
    CHECK(token::parse(example, "hs").flaw == Flaw::brand);
    CHECK(token::parse(acme_example, "hsk").flaw == Flaw::brand);
    // The check digits cover the brand: a token does not change hands by changing its first
    // letters.
    CHECK(token::parse("hsa" + std::string(example.substr(3)), "hsa").flaw == Flaw::check);
    CHECK(token::parse(with_check("a_live_0123456789ab_" + std::string(26, 'x')), "a").flaw ==
          Flaw::none);
}

TEST_CASE("A text of any length is answered") {
    const std::string tail(1'000'000, 'x');
    CHECK(flaw_of(tail) == Flaw::brand);
    CHECK(flaw_of("hsk_live_" + tail) == Flaw::length);
    CHECK(flaw_of("hsk_live_" + tail + " ") == Flaw::spaces);
    for (std::size_t size = 0; size <= example.size() + 2; ++size) {
        const std::string text = std::string(example) + "00";
        CHECK((flaw_of(text.substr(0, size)) == Flaw::none) == (size == example.size()));
    }
}

TEST_CASE("What means to be a token of the brand is told from other credentials") {
    for (const auto* text :
         {"hsk_", "hsk_live_", "HSK_live_x", " hsk_x", "\"hsk_x\"", "'\thsk_x", "“hsk_x”"}) {
        INFO(text);
        CHECK(token::of_brand(text, "hsk"));
    }
    for (const auto* text :
         {"", "hsk", "hs", "hskx_", "xhsk_", "sk_live_", "\"", "eyJhbGciOiJIUzI1NiJ9", "x hsk_"}) {
        INFO(text);
        CHECK_FALSE(token::of_brand(text, "hsk"));
    }
    CHECK(token::of_brand(example, "hsk"));
    CHECK_FALSE(token::of_brand(example, "acme"));
}

TEST_CASE("Prefixes and brands have their alphabets and lengths") {
    CHECK(token::is_prefix("4f8a2c1bdedf"));
    CHECK_FALSE(token::is_prefix("4f8a2c1bded"));
    CHECK_FALSE(token::is_prefix("4f8a2c1bdedf0"));
    CHECK_FALSE(token::is_prefix(""));
    CHECK_FALSE(token::is_brand(""));
    CHECK(token::is_brand(std::string(16, 'a')));
    CHECK_FALSE(token::is_brand(std::string(17, 'a')));
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const bool digit = byte >= '0' && byte <= '9';
        INFO("byte " << byte);
        CHECK(token::is_prefix("4f8a2c1bded" + std::string(1, c)) ==
              (digit || (byte >= 'a' && byte <= 'f')));
        CHECK(token::is_brand(std::string(1, c)) == (digit || (byte >= 'a' && byte <= 'z')));
    }
}

TEST_CASE("the parts of a token are read without its check digits, and these on their own") {
    const std::string whole(example);
    std::string damaged = whole;
    damaged.back() = damaged.back() == '0' ? '1' : '0';
    for (const std::string& text : {whole, damaged}) {
        const token::Parsed parts = token::shape_of(text, "hsk");
        CHECK(parts.flaw == Flaw::none);
        CHECK(parts.env == token::Env::live);
        CHECK(parts.prefix == "4f8a2c1bdedf");
    }
    CHECK(token::is_whole(whole));
    CHECK_FALSE(token::is_whole(damaged));
    CHECK_FALSE(token::is_whole(""));
    CHECK(token::shape_of(whole + " ", "hsk").flaw == Flaw::spaces);
    CHECK(token::shape_of(whole.substr(1), "hsk").flaw == Flaw::brand);
}

TEST_CASE("Environments are written live and test, and stored as 0 and 1") {
    static_assert(static_cast<int>(token::Env::live) == 0 &&
                  static_cast<int>(token::Env::test) == 1);
    for (const token::Env env : {token::Env::live, token::Env::test})
        CHECK(token::env_from(token::to_text(env)) == env);
    CHECK(token::to_text(token::Env::live) == "live");
    CHECK(token::to_text(token::Env::test) == "test");
    CHECK_FALSE(token::env_from("Live"));
    CHECK_FALSE(token::env_from(""));
}

TEST_CASE("a token in a path is shown without its secret, and nothing else is changed") {
    const std::string secret(32, 'x');
    CHECK(hourgate::token::blotted("/a/hsk_live_4f8a2c1bdedf_" + secret + "/b") ==
          "/a/hsk_live_4f8a2c1bdedf_.../b");
    CHECK(hourgate::token::blotted("/x_test_4f8a2c1bdedf_abc") == "/x_test_4f8a2c1bdedf_...");
    CHECK(hourgate::token::blotted("/plain_path/with_words") == "/plain_path/with_words");
    CHECK(hourgate::token::blotted("").empty());
}

TEST_CASE(
    "a secret is blotted out whatever stands before it, a brand that looks like a prefix too") {
    const std::string token = "abcdef012345_live_4f8a2c1bdedf_" + std::string(26, 'Z') + "abcdef";
    CHECK(hourgate::token::blotted("/x_live_" + token + "/b") ==
          "/x_live_abcdef012345_..._4f8a2c1bdedf_.../b");
    CHECK(hourgate::token::blotted(token) == "abcdef012345_live_4f8a2c1bdedf_...");
}

TEST_CASE("a token whose characters are escaped is shown without its secret, too") {
    const std::string secret(32, 'x');
    using hourgate::token::blotted;
    CHECK(blotted("/a/hsk%5Flive%5f4f8a2c1bdedf%5F" + secret + "/b") ==
          "/a/hsk_live_4f8a2c1bdedf_.../b");
    CHECK(blotted("/hsk_live_4f8a2c1bdedf_xx%78" + secret) == "/hsk_live_4f8a2c1bdedf_...");
    CHECK(blotted("/hsk%25255Flive_4f8a2c1bdedf_" + secret) == "/hsk_live_4f8a2c1bdedf_...");
    CHECK(blotted("/%0a%C3%A4%20/hsk%5Flive_4f8a2c1bdedf_" + secret + "%") ==
          "/%0A%C3%A4%20/hsk_live_4f8a2c1bdedf_...%25");
    CHECK(blotted("/a%20b%5Fc%25%") == "/a%20b%5Fc%25%");
}
