// token/blot.h: whatever is done to a token, its secret is not shown; and other text stays.
#include "token/blot.h"

#include <random>
#include <string>
#include <vector>

#include "support/altered_tokens.h"
#include "support/catch.h"

using namespace hourgate;
using hourgate::test::Alteration;
using hourgate::test::alterations;
using hourgate::test::longest_run;
using hourgate::test::secret_of;

namespace {

/// As they are minted, from numbers that are the same in each run.
class Tokens {
public:
    std::string next(std::string_view brand = "hsk") {
        std::string text(brand);
        text += numbers_() % 2 == 0 ? "_live_" : "_test_";
        for (std::size_t digit = 0; digit < token::prefix_digits; ++digit)
            text += "0123456789abcdef"[numbers_() % 16];
        text += '_';
        for (std::size_t digit = 0; digit < token::random_digits; ++digit)
            text += token::base62[numbers_() % token::base62.size()];
        const auto check = token::check_of(text);
        return text.append(check.begin(), check.end());
    }

private:
    std::mt19937 numbers_{20261130};
};

}  // namespace

TEST_CASE("whatever is done to a token, no 16 characters of its secret in a row are shown") {
    Tokens tokens;
    const std::vector<std::pair<std::string, std::string>> places = {
        {"", ""},
        {"/api/v1/", "/members"},
        {"There is no member '", "'. See the list."},
        {"key=", "&x=1"},
        {"{\"name\":\"", "\"}"},
        {"100% of ", " and more"},
        {"caf\xc3\xa9 ", "\n"}};
    for (int round = 0; round < 40; ++round)
        for (const std::string brand : {"hsk", "abcdef012345", "x"}) {
            const std::string token = tokens.next(brand);
            const std::string secret = secret_of(token);
            for (const Alteration& alteration : alterations)
                for (const auto& [before, after] : places) {
                    const std::string text = before + alteration.make(token) + after;
                    CAPTURE(alteration.name, text);
                    const std::string shown = token::blotted(text);
                    CHECK(longest_run(shown, secret) < 16);
                    CHECK(token::shows_secret(text));
                    CHECK((alteration.alone || token::looks_like_token(text)));
                    CHECK(shown.size() <= 3 * text.size() + 3);
                    CHECK((brand.size() > 3 || token::blotted(shown) == shown));
                }
        }
}

TEST_CASE("a token with its separators altered is shown up to its prefix") {
    const std::string secret = "Zk3v9QmT7aXr2LpW8sYd4NbC6eU1fGh5";
    for (const std::string start : {"hsk-live-4f8a2c1bdedf-", "HSK_LIVE_4F8A2C1BDEDF_",
                                    "hsk.test.4f8a2c1bdedf.", "hsk live 4f8a2c1bdedf "})
        CHECK(token::blotted("a " + start + secret + " b") == "a " + start + "... b");
    CHECK(token::blotted("/hsk%2Dlive%2D4f8a2c1bdedf%2D" + secret + "/b") ==
          "/hsk-live-4f8a2c1bdedf-.../b");
    CHECK(token::blotted("secret " + secret + " alone") == "secret ... alone");
    CHECK(token::blotted("hsk-live-4f8a2c1bdedf-Zk3v 9QmT 7aXr 2LpW 8sYd 4NbC 6eU1 fGh5 end") ==
          "hsk-live-4f8a2c1bdedf-... end");
}

TEST_CASE("text that is no token of ours stays as it is") {
    for (const std::string text :
         {"",
          "a",
          "/api/v1/clients/7",
          "GET /plain_path/with_words",
          "4f8a2c1bdedf",
          "hsk_live_4f8a2c1bdedf",
          "token hsk-live-4f8a2c1bdedf was revoked",
          "123e4567-e89b-12d3-a456-426614174000",
          "/orders/123e4567-e89b-12d3-a456-426614174000/items/123e4567-e89b-12d3-a456-426614174001",
          "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
          "sha256:9f86d081884c7d659a2feaa0c55ad015",
          "01ARZ3NDEKTSV4RRFFQ69G5FAV",
          "0ujtsYcgvSTl8PAuAdqWYSMnLOv",
          "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgVE2upms",
          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
          "Root=1-67891233-abcdef012345678912345678",
          "test 202611301200 backup of the customer database",
          "latest-123456789012-release-notes",
          "getCustomerSubscriptionDetailsV2",
          "live_2026_11_30",
          "dec_00000000000000000000000000000000",
          "Zm9vYmFyYmF6-cXV1eA",
          "caf\xc3\xa9 \xe2\x82\xac"
          "100",
          "a%20b%5Fc%25%",
          "dec_4bf92f3577b34da6a3ce929d0e0e4736",
          "latest 4bf92f3577b34da6a3ce929d0e0e4736",
          "/4bf92f3577b34da6a3ce929d0e0e4736-clients-export/4bf92f3577b34da6a3ce",
          "/4bf92f3577b34da6a3ce-clients-export",
          "a1b2c3d4e5f6-v2-clients-list-2026-11-30",
          "the live list of 20261130120000 has many entries in it"}) {
        CAPTURE(text);
        CHECK(token::blotted(text) == text);
        CHECK_FALSE(token::shows_secret(text));
        CHECK_FALSE(token::looks_like_token(text));
    }
}

TEST_CASE("a cursor, a key or a signature of random letters is no token") {
    constexpr std::string_view base64 =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::mt19937 numbers{11};
    int taken = 0;
    for (int round = 0; round < 100'000; ++round) {
        std::string text;
        for (std::size_t digit = 0; digit < 86; ++digit)
            text += base64[numbers() % 64];
        taken += token::looks_like_token(text) ? 1 : 0;
    }
    CHECK(taken == 0);
}

TEST_CASE("what stands before a token does not take its secret out of sight") {
    Tokens tokens;
    for (int round = 0; round < 300; ++round) {
        const std::string first = tokens.next(), second = tokens.next("abcdef012345");
        for (const std::string between :
             {"", " ", "-", "_", "/", "0123456789ab_", "live_", "-live-"}) {
            std::string text = first + between + second;
            CAPTURE(text);
            CHECK(longest_run(token::blotted(text), secret_of(second)) < 16);
            text = first.substr(0, first.size() - 20) + between + second;
            CAPTURE(text);
            CHECK(longest_run(token::blotted(text), secret_of(second)) < 16);
        }
    }
}

TEST_CASE("long text without end is blotted, too, and any bytes are text") {
    Tokens tokens;
    std::string text;
    for (int part = 0; part < 2'000; ++part)
        text += "aaaaaaaaaaaG-live_" + std::string(static_cast<std::size_t>(part % 7), 'f') +
                "\xff\xef\xbc%4";
    const std::string token = tokens.next();
    const std::string shown = token::blotted(text + token + text);
    CHECK(longest_run(shown, secret_of(token)) < 16);
    std::mt19937 numbers{7};
    for (int round = 0; round < 2'000; ++round) {
        std::string bytes;
        for (std::size_t size = numbers() % 120; size > 0; --size)
            bytes += "live_test%20-aF09\xef\xbc\xa1\xe2\x80\x8b\n\xff"[numbers() % 27];
        const std::string once = token::blotted(bytes);
        CAPTURE(bytes);
        CHECK(token::blotted(once) == once);
        CHECK(token::shows_secret(bytes) == (once != bytes));
    }
}
