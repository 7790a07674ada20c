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

/// The n-th /64 of the net-th /48. 65,536 of these are in one /32.
Key in_net(unsigned net, unsigned n) {
    return {6,
            0x24,
            std::uint8_t(net >> 24),
            std::uint8_t(net >> 16),
            0,
            std::uint8_t(net >> 8),
            std::uint8_t(net),
            std::uint8_t(n >> 8),
            std::uint8_t(n)};
}

Key v4(unsigned first, unsigned second, unsigned rest) {
    return {4, std::uint8_t(first), std::uint8_t(second), std::uint8_t(rest >> 8),
            std::uint8_t(rest)};
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
    for (const Spend how : {Spend::no, Spend::repeat}) {
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
    CHECK(limiter.ask(address(1), at(long_ago + second), Spend::repeat).granted);
}

TEST_CASE(
    "The repeat of the call that filled the window is granted, the repeat of a refused one not") {
    AddressLimiter limiter(window(3, 60));
    for (int i = 0; i < 3; ++i) {
        REQUIRE(limiter.ask(address(1), at(long_ago), Spend::yes).granted);
        const Room repeat = limiter.ask(address(1), at(long_ago), Spend::repeat);
        CHECK(repeat.granted);
        CHECK(repeat.full == -1);
        CHECK(repeat.retry_after_s == 0);
        CHECK(repeat.states[0].remaining == static_cast<std::uint32_t>(2 - i));
    }
    CHECK(limiter.ask(address(1), at(long_ago), Spend::repeat).states[0].full);

    REQUIRE_FALSE(limiter.ask(address(1), at(long_ago + second), Spend::yes).granted);
    const Room repeat = limiter.ask(address(1), at(long_ago + second), Spend::repeat);
    CHECK_FALSE(repeat.granted);
    CHECK(repeat.full == 0);
    CHECK(repeat.retry_after_s == 59);

    // One leaves and one comes: the window is full again, and nothing was refused since.
    REQUIRE(limiter.ask(address(1), at(long_ago + 60 * second), Spend::repeat).granted);
    REQUIRE(spend(limiter, address(1), long_ago + 60 * second, 3) == 3);
    CHECK(limiter.ask(address(1), at(long_ago + 60 * second), Spend::repeat).granted);
    REQUIRE(spend(limiter, address(1), long_ago + 60 * second, 1) == 0);
    CHECK_FALSE(limiter.ask(address(1), at(long_ago + 60 * second), Spend::repeat).granted);
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
        REQUIRE(limiter.ask(address(1), at(long_ago), Spend::repeat).granted);
    }
    CHECK(spend(limiter, address(1), long_ago, 10) == 2);
}

TEST_CASE("One IPv6 /48 takes a sixteenth of the places, and strangers elsewhere keep theirs") {
    AddressLimiter limiter(window(10, 60));
    int granted = 0;
    for (unsigned n = 0; n < 65'536; ++n) {
        granted += spend(limiter, in_net(1, n), long_ago, 1);
    }
    CHECK(limiter.entries() == limits::addresses_per_net_max);
    // Each address that has a place, and one window for all the others of the net.
    CHECK(granted == static_cast<int>(limits::addresses_per_net_max) + 10);
    CHECK(limiter.shared_in_net() == 65'536 - limits::addresses_per_net_max);
    CHECK(limiter.shared_by_all() == 0);
    CHECK(spend(limiter, in_net(1, 0), long_ago, 20) == 9);
    for (unsigned net = 2; net < 100; ++net) {
        CHECK(spend(limiter, in_net(net, 7), long_ago, 20) == 10);
    }
    CHECK(spend(limiter, v4(198, 51, 100), long_ago, 20) == 10);
}

TEST_CASE("All addresses of an IPv6 /56 have places, and so have those of 15 others in its /48") {
    AddressLimiter limiter(window(10, 60));
    for (unsigned n = 0; n < 16 * 256; ++n) {
        REQUIRE(spend(limiter, in_net(1, n), long_ago, 11) == 10);
    }
    CHECK(limiter.shared_in_net() == 0);
}

TEST_CASE("One IPv4 /16 takes a sixteenth of the places, and strangers elsewhere keep theirs") {
    AddressLimiter limiter(window(10, 60));
    for (unsigned n = 0; n < 65'536; ++n) {
        static_cast<void>(limiter.ask(v4(198, 51, n), at(long_ago), Spend::yes));
    }
    CHECK(limiter.entries() == limits::addresses_per_net_max);
    CHECK(spend(limiter, v4(198, 52, 1), long_ago, 20) == 10);
    CHECK(spend(limiter, v4(203, 0, 1), long_ago, 20) == 10);
    CHECK(spend(limiter, in_net(1, 1), long_ago, 20) == 10);
}

TEST_CASE("Strangers who find the table full share a window with their own net, not with all") {
    AddressLimiter limiter(window(10, 60));
    fill(limiter, long_ago);  // 256 nets of one block: each within its bound
    CHECK(limiter.entries() == limits::addresses_max);
    CHECK(limiter.shared_in_net() == 0);

    for (unsigned net = 0; net < 300; ++net) {
        INFO(net);
        int granted = 0;
        for (unsigned n = 0; n < 5; ++n) {
            granted += spend(limiter, in_net(net, n), long_ago + second, 4);
        }
        REQUIRE(granted == (net < limits::nets_per_block_max ? 10 : net == 256 ? 10 : 0));
    }
    // The nets of that block that found no place share its window. Those of another do not.
    CHECK(spend(limiter, in_net(0x1'0000, 1), long_ago + second, 20) == 10);
    CHECK(limiter.shared_in_net() == 300 * 20 + 20);
    CHECK(limiter.shared_by_all() == 0);
    CHECK(limiter.entries() == limits::addresses_max);
    CHECK_FALSE(limiter.ask(in_net(3, 9), at(long_ago + second), Spend::no).granted);
    CHECK_FALSE(limiter.ask(in_net(3, 9), at(long_ago + second), Spend::repeat).granted);
    // An address that is held keeps its own.
    CHECK(spend(limiter, address(1), long_ago + second, 20) == 9);
}

TEST_CASE("Only when no block has a place left do strangers share one window with all") {
    AddressLimiter limiter(window(1, 60));
    fill(limiter, long_ago);
    for (unsigned block = 0; block < limits::blocks_max; ++block) {
        for (unsigned net = 0; net < 1 + limits::nets_max / 16; ++net) {
            const bool fits = block < 16 ? net <= 256 : net == 0;
            if (fits) {
                REQUIRE(spend(limiter, in_net(block << 16 | net, 1), long_ago, 1) == 1);
            }
        }
    }
    CHECK(limiter.shared_by_all() == 0);
    CHECK(spend(limiter, in_net(0x1000'0000, 1), long_ago, 1) == 1);
    CHECK(spend(limiter, in_net(0x1001'0000, 1), long_ago, 1) == 0);
    CHECK(limiter.shared_by_all() == 2);
}

TEST_CASE("A sweep makes places but refills neither an address nor the window of a net") {
    AddressLimiter limiter(window(10, 60));
    fill(limiter, long_ago);
    REQUIRE(spend(limiter, address(5), long_ago + 30 * second, 4) == 4);
    REQUIRE(spend(limiter, in_net(7, 0), long_ago + 30 * second, 6) == 6);
    limiter.sweep(at(long_ago + 59 * second));
    CHECK(limiter.entries() == limits::addresses_max);
    CHECK(limiter.evicted() == 0);
    limiter.sweep(at(long_ago + 61 * second));
    CHECK(limiter.entries() == 1);
    CHECK(limiter.evicted() == limits::addresses_max - 1);

    CHECK(spend(limiter, address(5), long_ago + 61 * second, 20) == 6);
    // The six may have been its own, or another's of its net: nobody there gets more than four.
    CHECK(limiter.ask(in_net(7, 0), at(long_ago + 61 * second), Spend::no).states[0].remaining ==
          4);
    CHECK(spend(limiter, in_net(7, 0), long_ago + 61 * second, 20) == 4);
    CHECK(spend(limiter, in_net(7, 1), long_ago + 61 * second, 20) == 4);
    CHECK(spend(limiter, in_net(8, 1), long_ago + 61 * second, 20) == 10);
    CHECK(limiter.entries() == 4);
    // And when those have left, all have their own again.
    CHECK(spend(limiter, in_net(7, 0), long_ago + 90 * second, 20) == 6);
    CHECK(spend(limiter, in_net(7, 2), long_ago + 90 * second, 20) == 10);
}

TEST_CASE("Places that a sweep frees are there again for the net that had them") {
    AddressLimiter limiter(window(1, 60));
    for (int round = 0; round < 3; ++round) {
        const std::int64_t now_us = long_ago + round * 100 * second;
        for (unsigned n = 0; n < limits::addresses_per_net_max + 1; ++n) {
            REQUIRE(spend(limiter, in_net(1, n), now_us, 1) == 1);
        }
        CHECK(spend(limiter, in_net(1, 5'000), now_us, 1) == 0);
        CHECK(limiter.entries() == limits::addresses_per_net_max);
        limiter.sweep(at(now_us + 60 * second));
        CHECK(limiter.entries() == 0);
    }
}

TEST_CASE("Whatever is swept when, no address is granted more than its window, however shared") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        const Window rule = window(4, 6);
        AddressLimiter limiter(rule);
        // Two nets of one block and one of another; at times no place is free for any of them.
        constexpr std::array<unsigned, 3> nets = {1, 2, 0x5'0001};
        std::array<std::array<std::vector<std::int64_t>, 3>, 3> calls;
        std::int64_t now_us = long_ago, filled_us = 0;
        for (int i = 0; i < 4'000; ++i) {
            const auto net = static_cast<std::size_t>(dice.from(0, 2));
            const auto n = static_cast<std::size_t>(dice.from(0, 2));
            now_us = next_instant(dice, calls[net][n], now_us, 6 * second);
            if (now_us > filled_us + 60 * second) {
                filled_us = now_us;
                for (unsigned other = 0; other < limits::addresses_per_net_max; ++other) {
                    static_cast<void>(limiter.ask(in_net(1, 16 + other), at(now_us), Spend::yes));
                    static_cast<void>(
                        limiter.ask(in_net(0x5'0001, 16 + other), at(now_us), Spend::yes));
                }
            }
            if (dice.one_in(20)) {
                limiter.sweep(at(now_us));
            }
            const Spend how = dice.one_in(4) ? Spend::no : Spend::yes;
            const bool full = expected(calls[net][n], rule, now_us).full;
            const Room room = limiter.ask(in_net(nets[net], unsigned(n)), at(now_us), how);
            // The second net has few addresses: each has its window, whatever its neighbours do.
            REQUIRE((net != 1 || room.granted == !full));
            if (room.granted && how == Spend::yes) {
                calls[net][n].push_back(room.at_us);
            }
        }
        for (const auto& net : calls) {
            for (const auto& one : net) {
                REQUIRE(most_in(one, 6 * second) <= 4);
            }
        }
    }
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
