#include <array>
#include <cstdint>
#include <vector>

#include "limiter/limiter.h"
#include "limiter/schedule.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::testing;

namespace {

using Key = std::array<std::uint8_t, 9>;

Key address(std::size_t n) {
    return {6, 0x20, 0x01, 0x0d, 0xb8, std::uint8_t(n >> 16), std::uint8_t(n >> 8), std::uint8_t(n),
            0};
}

int spend(AddressLimiter& limiter, const Key& key, std::int64_t now_us, int calls) {
    int granted = 0;
    for (int i = 0; i < calls; ++i) {
        granted += limiter.ask(key, at(now_us), Spend::yes).granted ? 1 : 0;
    }
    return granted;
}

/// Every place is taken, by one call each.
void fill(AddressLimiter& limiter, std::int64_t now_us) {
    for (std::size_t n = 0; n < limits::addresses_max; ++n) {
        REQUIRE(limiter.ask(address(n), at(now_us), Spend::yes).granted);
    }
}

}  // namespace

TEST_CASE("An address has its window to itself") {
    AddressLimiter limiter(window(10, 60));
    CHECK(spend(limiter, address(1), long_ago, 20) == 10);
    CHECK(spend(limiter, address(2), long_ago, 20) == 10);
    CHECK(limiter.entries() == 2);
    CHECK(limiter.window() == window(10, 60));
}

TEST_CASE("All nine bytes of an address tell it from others") {
    AddressLimiter limiter(window(1, 60));
    for (std::size_t byte = 0; byte < 9; ++byte) {
        Key key{};
        key[byte] = 1;
        CHECK(limiter.ask(key, at(long_ago), Spend::yes).granted);
    }
    CHECK(limiter.entries() == 9);
}

TEST_CASE("Refused calls of an address are not counted: it has room when the window says") {
    AddressLimiter limiter(window(10, 60));
    REQUIRE(spend(limiter, address(1), long_ago, 10) == 10);
    for (int s = 0; s < 60; ++s) {
        const Room room = limiter.ask(address(1), at(long_ago + s * second), Spend::yes);
        REQUIRE_FALSE(room.granted);
        REQUIRE(room.full == 0);
        REQUIRE(room.retry_after_s == static_cast<std::uint32_t>(60 - s));
    }
    CHECK(spend(limiter, address(1), long_ago + 60 * second, 20) == 10);
}

TEST_CASE("A random schedule of an address is what a count of all calls says") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        AddressLimiter limiter(window(10, 6));
        std::array<std::vector<std::int64_t>, 3> calls;
        std::int64_t now_us = long_ago;
        for (int i = 0; i < 20'000; ++i) {
            const auto n = static_cast<std::size_t>(dice.from(0, 2));
            now_us = next_instant(dice, calls[n], now_us, 6 * second);
            if (dice.one_in(100)) {
                limiter.sweep(at(now_us));
            }
            const Spend how = dice.one_in(3) ? Spend::no : Spend::yes;
            const bool granted = !expected(calls[n], limiter.window(), now_us).full;
            const Room room = limiter.ask(address(n), at(now_us), how);
            if (granted && how == Spend::yes) {
                calls[n].push_back(now_us);
            }
            REQUIRE(room.granted == granted);
            REQUIRE(room.states[0] == expected(calls[n], limiter.window(), now_us));
        }
    }
}

TEST_CASE("A look at an address holds nothing and changes nothing") {
    AddressLimiter limiter(window(2, 60));
    for (const Spend how : {Spend::no, Spend::again}) {
        const Room room = limiter.ask(address(1), at(long_ago), how);
        CHECK(room.granted);
        CHECK(room.states[0] == WindowState{2, 60, false});
    }
    CHECK(limiter.entries() == 0);
    REQUIRE(spend(limiter, address(1), long_ago, 2) == 2);
    for (int i = 0; i < 5; ++i) {
        CHECK_FALSE(limiter.ask(address(1), at(long_ago + second), Spend::no).granted);
    }
    // The looks were refused, but no call was: the repeat of the second call is still granted.
    CHECK(limiter.ask(address(1), at(long_ago + second), Spend::again).granted);
}

TEST_CASE(
    "The repeat of the call that filled the window is granted, the repeat of a refused one not") {
    AddressLimiter limiter(window(3, 60));
    for (int i = 0; i < 3; ++i) {
        REQUIRE(limiter.ask(address(1), at(long_ago), Spend::yes).granted);
        const Room repeat = limiter.ask(address(1), at(long_ago), Spend::again);
        CHECK(repeat.granted);
        CHECK(repeat.full == -1);
        CHECK(repeat.retry_after_s == 0);
        CHECK(repeat.states[0].remaining == static_cast<std::uint32_t>(2 - i));
    }
    CHECK(limiter.ask(address(1), at(long_ago), Spend::again).states[0].full);

    REQUIRE_FALSE(limiter.ask(address(1), at(long_ago + second), Spend::yes).granted);
    const Room repeat = limiter.ask(address(1), at(long_ago + second), Spend::again);
    CHECK_FALSE(repeat.granted);
    CHECK(repeat.full == 0);
    CHECK(repeat.retry_after_s == 59);

    // One leaves and one comes: the window is full anew, and nothing was refused since.
    REQUIRE(limiter.ask(address(1), at(long_ago + 60 * second), Spend::again).granted);
    REQUIRE(spend(limiter, address(1), long_ago + 60 * second, 3) == 3);
    CHECK(limiter.ask(address(1), at(long_ago + 60 * second), Spend::again).granted);
    REQUIRE(spend(limiter, address(1), long_ago + 60 * second, 1) == 0);
    CHECK_FALSE(limiter.ask(address(1), at(long_ago + 60 * second), Spend::again).granted);
}

TEST_CASE("A call that is counted already has its room, whoever was refused since") {
    AddressLimiter limiter(window(2, 60));
    REQUIRE(spend(limiter, address(1), long_ago, 3) == 2);
    const Room room = limiter.ask(address(1), at(long_ago + second), Spend::counted);
    CHECK(room.granted);
    CHECK(room.full == -1);
    CHECK(room.retry_after_s == 0);
    CHECK(room.states[0] == WindowState{0, 59, true});
    CHECK(spend(limiter, address(1), long_ago + 60 * second, 3) == 2);
}

TEST_CASE("Repeats count nothing") {
    AddressLimiter limiter(window(3, 60));
    REQUIRE(spend(limiter, address(1), long_ago, 1) == 1);
    for (int i = 0; i < 10; ++i) {
        REQUIRE(limiter.ask(address(1), at(long_ago), Spend::again).granted);
    }
    CHECK(spend(limiter, address(1), long_ago, 10) == 2);
}

TEST_CASE("A full table holds no more addresses: those not held share one window") {
    AddressLimiter limiter(window(10, 60));
    fill(limiter, long_ago);
    CHECK(limiter.entries() == limits::addresses_max);
    CHECK(limiter.shared() == 0);

    int granted = 0;
    for (std::size_t n = 0; n < 1'000; ++n) {
        granted += spend(limiter, address(1'000'000 + n), long_ago + second, 2);
    }
    CHECK(granted == 10);
    CHECK(limiter.shared() == 2'000);  // refused ones, too: there was no place for them
    CHECK(limiter.entries() == limits::addresses_max);
    CHECK_FALSE(limiter.ask(address(2'000'000), at(long_ago + second), Spend::no).granted);
    CHECK_FALSE(limiter.ask(address(2'000'000), at(long_ago + second), Spend::again).granted);
    // An address that is held keeps its own.
    CHECK(spend(limiter, address(1), long_ago + second, 20) == 9);
}

TEST_CASE("A sweep makes places but refills neither an address nor the shared window") {
    AddressLimiter limiter(window(10, 60));
    fill(limiter, long_ago);
    REQUIRE(spend(limiter, address(5), long_ago + 30 * second, 4) == 4);
    REQUIRE(spend(limiter, address(1'000'000), long_ago + 30 * second, 6) == 6);
    limiter.sweep(at(long_ago + 59 * second));
    CHECK(limiter.entries() == limits::addresses_max);
    CHECK(limiter.evicted() == 0);
    limiter.sweep(at(long_ago + 61 * second));
    CHECK(limiter.entries() == 1);
    CHECK(limiter.evicted() == limits::addresses_max - 1);

    CHECK(spend(limiter, address(5), long_ago + 61 * second, 20) == 6);
    // The six may have been its own, or another's: nobody who was not held gets more than four.
    CHECK(limiter.ask(address(1'000'000), at(long_ago + 61 * second), Spend::no)
              .states[0]
              .remaining == 4);
    CHECK(spend(limiter, address(1'000'000), long_ago + 61 * second, 20) == 4);
    CHECK(spend(limiter, address(1'000'001), long_ago + 61 * second, 20) == 4);
    CHECK(limiter.entries() == 3);
    // And when those have left, all have their own again.
    CHECK(spend(limiter, address(1'000'000), long_ago + 90 * second, 20) == 6);
    CHECK(spend(limiter, address(1'000'002), long_ago + 90 * second, 20) == 10);
}

TEST_CASE("An address that was forgotten is not refilled by an older reading of the clock") {
    AddressLimiter limiter(window(1, 10));
    REQUIRE(spend(limiter, address(1), long_ago, 1) == 1);
    limiter.sweep(at(long_ago + 10 * second));
    REQUIRE(limiter.entries() == 0);
    const Room room = limiter.ask(address(1), at(long_ago + 9 * second), Spend::yes);
    CHECK(room.granted);
    CHECK(room.at_us == long_ago + 10 * second);
}

TEST_CASE("A large window of an address is counted in sub-windows and still never exceeded") {
    AddressLimiter limiter(window(3'000, 60));
    CHECK(spend(limiter, address(1), long_ago, 4'000) == 3'000);
    CHECK(spend(limiter, address(1), long_ago + 60 * second - 1, 10) == 0);
    CHECK(spend(limiter, address(1), long_ago + 60 * second, 10) == 10);
}

TEST_CASE("A full table of addresses takes bounded memory") {
    AddressLimiter limiter(window(10, 60));
    fill(limiter, long_ago);
    CHECK(limiter.bytes() / limits::addresses_max < 300);
}
