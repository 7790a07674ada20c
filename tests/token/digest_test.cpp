// token/digest.h: what is stored of a token, and that work is counted.
#include "token/digest.h"

#include <cstddef>
#include <string>
#include <thread>

#include "support/catch.h"

namespace token = hourgate::token;

namespace {

std::string hex(const token::Digest& digest) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const unsigned byte : digest) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

}  // namespace

TEST_CASE("The digest is BLAKE2b-256 of the whole text, as Python's hashlib has it") {
    CHECK(hex(token::digest_of("")) ==
          "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    CHECK(hex(token::digest_of("hsk_live_4f8a2c1bdedf_0123456789ABCDEFGHIJKLMNOP1TvUZo")) ==
          "a54b30134a38f075d727104b14205bbe2689b1a83de713f24b7b6969ec306437");
}

TEST_CASE("Digests are the same only when every bit is") {
    const token::Digest digest = token::digest_of("a token");
    CHECK(token::same(digest, token::digest_of("a token")));
    for (std::size_t bit = 0; bit < 256; ++bit) {
        token::Digest other = digest;
        other[bit / 8] = static_cast<std::uint8_t>(other[bit / 8] ^ (1U << bit % 8));
        CHECK_FALSE(token::same(digest, other));
    }
    CHECK_FALSE(token::same(digest, token::dummy_digest()));
}

TEST_CASE("Digests made and compared are counted, each thread its own") {
    const token::Work before = token::work_of_this_thread();
    const token::Digest digest = token::digest_of("x");
    CHECK(token::same(digest, digest));
    CHECK_FALSE(token::same(digest, token::dummy_digest()));
    std::thread([] {
        CHECK_FALSE(token::same(token::digest_of("y"), token::dummy_digest()));
    }).join();
    const token::Work& after = token::work_of_this_thread();
    CHECK(after.digests - before.digests == 1);
    CHECK(after.compares - before.compares == 2);
}
