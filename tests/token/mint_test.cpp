// token/mint.h: new tokens parse, differ, and are drawn without bias. libsodium's generator has no
// seed to print; the bound on bias fails by chance less than once in 10^9 runs.
#include "token/mint.h"

#include <array>
#include <cmath>
#include <set>
#include <string>

#include "support/catch.h"

namespace token = hourgate::token;

TEST_CASE("A minted token is well-formed and its prefix and digest are its own") {
    for (const auto* brand : {"hsk", "a", "acme2", "sixteencharacter"})
        for (const token::Env env : {token::Env::live, token::Env::test}) {
            const token::Minted minted = token::mint(brand, env);
            const token::Parsed parsed = token::parse(minted.text.reveal(), brand);
            CHECK(parsed.flaw == token::Flaw::none);
            CHECK(parsed.env == env);
            CHECK(parsed.prefix == minted.prefix);
            CHECK(token::same(minted.digest, token::digest_of(minted.text.reveal())));
        }
}

TEST_CASE("A thousand tokens have a thousand prefixes, secrets and digests") {
    std::set<std::string> prefixes;
    std::set<std::string> secrets;
    std::set<token::Digest> digests;
    for (int round = 0; round < 1'000; ++round) {
        const token::Minted minted = token::mint("hsk", token::Env::live);
        prefixes.insert(minted.prefix);
        secrets.emplace(minted.text.reveal().substr(22, token::random_digits));
        digests.insert(minted.digest);
    }
    CHECK(prefixes.size() == 1'000);
    CHECK(secrets.size() == 1'000);
    CHECK(digests.size() == 1'000);
}

TEST_CASE("Every base-62 digit is drawn as often as every other") {
    constexpr int tokens = 10'000;
    std::array<int, 62> drawn{};
    for (int round = 0; round < tokens; ++round) {
        const token::Minted minted = token::mint("hsk", token::Env::live);
        for (const char digit : minted.text.reveal().substr(22, token::random_digits))
            ++drawn[token::base62.find(digit)];
    }
    // 260,000 draws: 4,194 of each, standard deviation 64. A byte taken modulo 62 would draw the
    // first eight digits a quarter more often.
    const double expected = tokens * 26 / 62.0;
    for (const int count : drawn)
        CHECK(std::abs(count - expected) < 8 * 64);
}
