// The hash of tables whose keys callers choose: keyed, and well spread.
#include <array>
#include <cstdint>
#include <set>

#include "base/seeded_hash.h"
#include "support/catch.h"

using hourgate::SeededHash;

namespace {

using Key = std::array<std::uint8_t, 9>;

Key key_of(std::uint32_t n) {
    return {6, 0x20, 0x01, 0x0d, 0xb8, std::uint8_t(n >> 16), std::uint8_t(n >> 8), std::uint8_t(n),
            0};
}

}  // namespace

TEST_CASE("keys that share a bucket under one seed do not under another") {
    const SeededHash one({1, 2}), other({3, 4});
    std::size_t together = 0, still = 0;
    for (std::uint32_t n = 0; n < 40'000; ++n) {
        if (one(key_of(n)) % 1'024 != 0)
            continue;
        ++together;
        still += other(key_of(n)) % 1'024 == 0 ? 1U : 0U;
    }
    CHECK(together > 10);
    CHECK(still < together / 4);
}

TEST_CASE("one process has one seed, and two hashes of it agree") {
    CHECK(&hourgate::hash_seed() == &hourgate::hash_seed());
    CHECK(hourgate::hash_seed()[0] != hourgate::hash_seed()[1]);
    CHECK(SeededHash()(key_of(7)) == SeededHash()(key_of(7)));
    CHECK(SeededHash()(std::int64_t{7}) == SeededHash()(std::uint64_t{7}));
}

TEST_CASE("neighbouring keys fall all over the table, and every byte counts") {
    const SeededHash hash;
    std::set<std::size_t> high, low, numbers;
    for (std::uint32_t n = 0; n < 1'000; ++n) {
        high.insert(hash(key_of(n)) >> 54U);
        low.insert(hash(key_of(n)) % 1'024);
        numbers.insert(hash(std::int64_t{n}) % 1'024);
    }
    CHECK(high.size() > 500);
    CHECK(low.size() > 500);
    CHECK(numbers.size() > 500);
    for (std::size_t at = 0; at < 9; ++at) {
        Key key{};
        key[at] = 1;
        CHECK(hash(key) != hash(Key{}));
    }
}
