// Counters that are written down and gone on with: nothing more is granted than without a restart,
// and bytes that are no counters do no harm.
#include "limiter/saved.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "limiter/limiter.h"
#include "limiter/schedule.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::testing;

namespace {

using Plan = std::vector<Window>;
using Pieces = std::vector<std::string>;
using Key = std::array<std::uint8_t, 9>;

Key address(std::size_t n) {
    return {4, std::uint8_t(n >> 24), std::uint8_t(n >> 16), std::uint8_t(n >> 8), std::uint8_t(n)};
}

template <typename SomeLimiter>
Pieces saved(const SomeLimiter& limiter, std::int64_t now_us) {
    Pieces pieces;
    REQUIRE(limiter.save(at(now_us), [&](std::string_view piece) {
        pieces.emplace_back(piece);
        return true;
    }));
    return pieces;
}

template <typename SomeLimiter>
void load(SomeLimiter& limiter, const Pieces& pieces) {
    for (const std::string& piece : pieces)
        REQUIRE(limiter.load(piece));
}

bool same(const Room& a, const Room& b) {
    return a.granted == b.granted && a.retry_after_s == b.retry_after_s && a.full == b.full &&
           a.at_us == b.at_us && a.count == b.count && a.states == b.states;
}

Plan random_plan(Dice& dice) {
    Plan plan;
    for (auto windows = dice.from(1, 4); windows > 0; --windows)
        plan.push_back(window(dice.one_in(3) ? dice.from32(2'049, 2'200) : dice.from32(1, 60),
                              dice.from32(1, 20), all_pers[std::size_t(dice.from(0, 2))]));
    return plan;
}

/// Some calls of three lines, of two members, in two workspaces, with a change of plan now and then.
struct Traffic {
    explicit Traffic(std::uint64_t seed) : dice(seed), plan(random_plan(dice)) {}

    /// One call, or a sweep, of all the limiters at once. Whether they agreed.
    bool step(const std::vector<Limiter*>& limiters) {
        now_us = next_instant(dice, calls, now_us, plan.front().seconds * second);
        if (dice.one_in(60))
            plan = random_plan(dice);
        if (dice.one_in(40)) {
            for (Limiter* const limiter : limiters)
                limiter->sweep(at(now_us));
            return true;
        }
        const std::int64_t line = dice.from(-1, 1);
        const Spend spend = dice.one_in(5) ? Spend::no : Spend::yes;
        const CountedFor whose{line, (line + 2) / 2, line & 1};
        const Room room = limiters.front()->ask(whose, plan, at(now_us), spend);
        calls.push_back(now_us);
        for (std::size_t other = 1; other < limiters.size(); ++other)
            if (!same(room, limiters[other]->ask(whose, plan, at(now_us), spend)))
                return false;
        return true;
    }

    Dice dice;
    Plan plan;
    std::int64_t now_us = long_ago;
    std::vector<std::int64_t> calls;
};

/// Counters of every kind: exact and in sub-windows, of a plan that changed.
Pieces small_pieces() {
    Limiter limiter;
    const Plan before = {window(4'000, 600), window(50, 3'600)};
    const Plan plan = {window(8, 10), window(5'000, 60), window(4'000, 300, Per::workspace),
                       window(9, 60, Per::member)};
    for (int call = 0; call < 12; ++call) {
        const auto& asked = call < 6 ? before : plan;
        static_cast<void>(
            limiter.ask({call % 2, 3, 7}, asked, at(long_ago + call * second / 3), Spend::yes));
    }
    return saved(limiter, long_ago + 4 * second);
}

constexpr std::int64_t small_until_us = long_ago + 4 * second;

/// Loads what may be anything. What is taken for counters locks nothing up: every window has room
/// once its time has passed.
void try_hostile(const std::string& piece) {
    Limiter limiter(Timeline{small_until_us, 0});
    if (!limiter.load(piece))
        return;
    const Plan plan = {window(2, 30), window(3'000, 3'600), window(3'000, 60, Per::workspace),
                       window(9, 60, Per::member)};
    limiter.sweep(at(small_until_us));
    for (std::int64_t line = 0; line < 2; ++line)
        static_cast<void>(limiter.ask({line, 3, 7}, plan, at(small_until_us), Spend::yes));
    limiter.sweep(at(small_until_us + second));
    for (std::int64_t line = 0; line < 2; ++line) {
        const Room room =
            limiter.ask({line, 3, 7}, plan, at(small_until_us + 3'601 * second), Spend::yes);
        if (!room.granted)
            FAIL("a window is locked up");
    }
}

}  // namespace

TEST_CASE("After saving and loading, every call is answered as it would have been without") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Traffic traffic(seed);
        Limiter original;
        for (int restart = 0; restart < 12; ++restart) {
            for (auto calls = traffic.dice.from(0, 400); calls > 0; --calls)
                REQUIRE(traffic.step({&original}));
            // What is idle is not saved, so it must be gone here, too: a log that a sweep may
            // forget at any time knows more than it has to while it is not.
            original.sweep(at(traffic.now_us));
            Limiter loaded(Timeline{traffic.now_us, 0});
            load(loaded, saved(original, traffic.now_us));
            // What was loaded can be saved: the same again.
            Limiter again(Timeline{traffic.now_us, 0});
            load(again, saved(loaded, traffic.now_us));
            Limiter in_use;
            in_use.take_over(std::move(again));
            for (int call = 0; call < 600; ++call)
                REQUIRE(traffic.step({&original, &loaded, &in_use}));
        }
    }
}

TEST_CASE("A window of ten thousand calls is full after loading, and has room when it said") {
    Limiter original;
    const Plan plan = {window(10'000, 3'600)};
    std::int64_t now_us = long_ago;
    for (int call = 0; call < 10'000; ++call)
        REQUIRE(original.ask({1, 0, 1}, plan, at(now_us += 20'000), Spend::yes).granted);
    const Room full = original.ask({1, 0, 1}, plan, at(now_us), Spend::yes);
    REQUIRE_FALSE(full.granted);
    Limiter loaded(Timeline{now_us, 0});
    load(loaded, saved(original, now_us));
    const std::int64_t free_us = now_us + full.retry_after_s * second;
    CHECK_FALSE(loaded.ask({1, 0, 1}, plan, at(free_us - second), Spend::yes).granted);
    CHECK(loaded.ask({1, 0, 1}, plan, at(free_us), Spend::yes).granted);
}

TEST_CASE("After another boot, only what has passed in it counts as passed") {
    Limiter original;
    const Plan plan = {window(1, 60)};
    REQUIRE(original.ask({1, 0, 1}, plan, at(long_ago), Spend::yes).granted);
    // Written 10 s later; the machine is up for 5 s when the counters are loaded.
    const std::int64_t until_us = long_ago + 10 * second;
    Limiter loaded(Timeline{until_us + 5 * second, until_us});
    load(loaded, saved(original, until_us));
    const Room room = loaded.ask({1, 0, 1}, plan, at(5 * second), Spend::yes);
    CHECK_FALSE(room.granted);
    CHECK(room.retry_after_s == 45);
    loaded.sweep(at(49 * second));
    CHECK_FALSE(loaded.ask({1, 0, 1}, plan, at(50 * second - 1), Spend::yes).granted);
    CHECK(loaded.ask({1, 0, 1}, plan, at(50 * second), Spend::yes).granted);
    // And once more, with what was counted in that boot.
    Limiter third(Timeline{until_us + 52 * second, until_us + 51 * second});
    load(third, saved(loaded, 51 * second));
    CHECK(third.ask({1, 0, 1}, plan, at(1 * second), Spend::yes).retry_after_s == 58);
}

TEST_CASE("What no longer counts is not written, and nothing at all where nothing counts") {
    Limiter limiter;
    CHECK(saved(limiter, long_ago).empty());
    REQUIRE(limiter.ask({1, 0, 1}, Plan{window(5, 10)}, at(long_ago), Spend::yes).granted);
    CHECK(saved(limiter, long_ago + 10 * second - 1).size() == 1);
    CHECK(saved(limiter, long_ago + 10 * second).empty());
}

TEST_CASE("Counters written in many pieces are all there, and saving ends when the sink says so") {
    Limiter limiter;
    const Plan plan = {window(20, 600)};
    for (std::int64_t line = 0; line < 30'000; ++line)
        for (int call = 0; call < 20; ++call)
            REQUIRE(limiter.ask({line, 0, 1}, plan, at(long_ago + line + call * 20'000), Spend::yes)
                        .granted);
    const std::int64_t now_us = long_ago + second;
    const Pieces pieces = saved(limiter, now_us);
    CHECK(pieces.size() > 4);
    for (const std::string& piece : pieces)
        CHECK(piece.size() < 2 * limits::state_piece_bytes);
    Limiter loaded(Timeline{now_us, 0});
    load(loaded, pieces);
    CHECK(loaded.entries() == 30'000);
    for (std::int64_t line = 0; line < 30'000; ++line)
        REQUIRE_FALSE(loaded.ask({line, 0, 1}, plan, at(now_us), Spend::yes).granted);
    int seen = 0;
    CHECK_FALSE(limiter.save(at(now_us), [&](std::string_view) { return ++seen < 3; }));
    CHECK(seen == 3);
}

TEST_CASE("Calls go on while counters are saved, and none that came before is missing") {
    Limiter limiter;
    const Plan plan = {window(1, 600)};
    constexpr std::int64_t known = 5'000;
    for (std::int64_t line = 0; line < known; ++line)
        REQUIRE(limiter.ask({line, 0, 1}, plan, at(long_ago), Spend::yes).granted);
    std::atomic<bool> done{false};
    std::thread caller([&] {  // new lines all the time: the tables grow under the saving
        for (std::int64_t line = known; !done && line < 2'000'000; ++line)
            static_cast<void>(limiter.ask({line, 0, 1}, plan, at(long_ago + 1), Spend::yes));
    });
    std::vector<Pieces> all;
    for (int round = 0; round < 10; ++round)
        all.push_back(saved(limiter, long_ago + 1));
    done = true;
    caller.join();
    for (const Pieces& pieces : all) {
        Limiter loaded(Timeline{long_ago + 1, 0});
        load(loaded, pieces);
        for (std::int64_t line = 0; line < known; ++line)
            REQUIRE_FALSE(loaded.ask({line, 0, 1}, plan, at(long_ago + 1), Spend::yes).granted);
    }
}

TEST_CASE("A piece that is cut anywhere is refused, or has only whole logs") {
    for (const std::string& piece : small_pieces())
        for (std::size_t bytes = 0; bytes < piece.size(); ++bytes)
            try_hostile(piece.substr(0, bytes));
    Limiter limiter(Timeline{small_until_us, 0});
    CHECK_FALSE(limiter.load(""));
}

TEST_CASE("A piece with any bit turned does no harm") {
    for (const std::string& piece : small_pieces())
        for (std::size_t bit = 0; bit < 8 * piece.size(); ++bit) {
            std::string turned = piece;
            turned[bit / 8] = static_cast<char>(turned[bit / 8] ^ (1 << bit % 8));
            try_hostile(turned);
        }
}

TEST_CASE("Bytes that are anything do no harm") {
    const Pieces pieces = small_pieces();
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        for (int round = 0; round < 4'000; ++round) {
            // Made up, or put together from what is real.
            std::string piece(1, static_cast<char>(dice.from(0, 2)));
            const std::string& real =
                pieces[static_cast<std::size_t>(dice.from(0, std::ssize(pieces) - 1))];
            for (auto parts = dice.from(0, 30); parts > 0; --parts) {
                if (dice.one_in(3)) {
                    const auto from = static_cast<std::size_t>(dice.from(0, std::ssize(real) - 1));
                    piece += real.substr(from, static_cast<std::size_t>(dice.from(1, 40)));
                } else {
                    const bool tiny = dice.one_in(2);
                    piece.push_back(static_cast<char>(tiny ? dice.from(0, 3) : dice.from(0, 255)));
                }
            }
            try_hostile(piece);
        }
    }
}

TEST_CASE("Addresses go on, with what their repeated asks are told") {
    AddressLimiter original(window(2, 60));
    const auto spend = [](AddressLimiter& limiter, std::size_t n, std::int64_t now_us) {
        return limiter.ask(address(n), at(now_us), Spend::yes).granted;
    };
    REQUIRE(spend(original, 1, long_ago));
    REQUIRE(spend(original, 1, long_ago));  // which fills it
    REQUIRE(spend(original, 2, long_ago));
    REQUIRE(spend(original, 2, long_ago));
    REQUIRE_FALSE(spend(original, 2, long_ago));  // and one was refused
    const std::int64_t until_us = long_ago + 10 * second;
    AddressLimiter loaded(window(2, 60), Timeline{until_us, 0});
    load(loaded, saved(original, until_us));
    CHECK(loaded.entries() == 2);
    CHECK(loaded.ask(address(1), at(until_us), Spend::repeat).granted);
    CHECK_FALSE(loaded.ask(address(2), at(until_us), Spend::repeat).granted);
    CHECK_FALSE(spend(loaded, 1, long_ago + 60 * second - 1));
    CHECK(spend(loaded, 1, long_ago + 60 * second));
    CHECK(spend(loaded, 3, until_us));
    // A window that is another one now: what was counted counts in it.
    AddressLimiter narrower(window(1, 120), Timeline{until_us, 0});
    load(narrower, saved(original, until_us));
    CHECK_FALSE(spend(narrower, 1, long_ago + 120 * second - 1));
    CHECK(spend(narrower, 1, long_ago + 120 * second));
}

TEST_CASE("A full table of addresses and the windows that others share go on") {
    const auto address = [](std::size_t n) {  // 256 of these are in a /48, 65,536 nets in a /32
        return Key{
            6, 0x20, 0x01, 0x0d, 0xb8, std::uint8_t(n >> 16), std::uint8_t(n >> 8), std::uint8_t(n),
            0};
    };
    AddressLimiter original(window(1, 60));
    for (std::size_t n = 0; n < limits::addresses_max; ++n)
        REQUIRE(original.ask(address(n), at(long_ago), Spend::yes).granted);
    constexpr std::size_t other = limits::addresses_max;  // of a net of its own
    REQUIRE(original.ask(address(other), at(long_ago + second), Spend::yes).granted);
    constexpr std::size_t nets = limits::nets_per_block_max;
    for (std::size_t net = 1; net < nets; ++net)
        REQUIRE(
            original.ask(address(other + 256 * net), at(long_ago + second), Spend::yes).granted);
    // No place for one more net of the block: this one is counted for the block.
    constexpr std::size_t last = other + 256 * nets;
    REQUIRE(original.ask(address(last), at(long_ago + 2 * second), Spend::yes).granted);
    const std::int64_t until_us = long_ago + 3 * second;
    AddressLimiter loaded(window(1, 60), Timeline{until_us, 0});
    load(loaded, saved(original, until_us));
    CHECK(loaded.entries() == limits::addresses_max);
    CHECK_FALSE(loaded.ask(address(0), at(until_us), Spend::yes).granted);
    CHECK_FALSE(loaded.ask(address(other), at(until_us), Spend::yes).granted);
    CHECK_FALSE(loaded.ask(address(other + 1), at(until_us), Spend::yes).granted);
    CHECK_FALSE(loaded.ask(address(last + 256), at(until_us), Spend::yes).granted);
    loaded.sweep(at(long_ago + 60 * second));
    CHECK(loaded.entries() == 0);
    // Who gets a place now starts with what the shared window still counts.
    CHECK_FALSE(loaded.ask(address(other), at(long_ago + 60 * second), Spend::yes).granted);
    CHECK_FALSE(loaded.ask(address(last), at(long_ago + 60 * second), Spend::yes).granted);
    CHECK(loaded.ask(address(other), at(long_ago + 61 * second), Spend::yes).granted);
    CHECK(loaded.ask(address(last), at(long_ago + 62 * second), Spend::yes).granted);
}

TEST_CASE("Addresses that an earlier version held over the bound of their net are all counted") {
    // 5,000 of one /48, as that version wrote them: one part, each with one call.
    std::string piece;
    std::string one;
    {
        AddressLimiter original(window(1, 60));
        REQUIRE(original.ask(address(0), at(long_ago), Spend::yes).granted);
        one = saved(original, long_ago).back().substr(10);
    }
    piece.push_back(0);
    const auto key = [](unsigned n) {
        return std::array<std::uint8_t, 9>{
            6, 0x24, 0, 0, 0, 0, 1, std::uint8_t(n >> 8), std::uint8_t(n)};
    };
    for (unsigned n = 0; n < 5'000; ++n) {
        const auto bytes = key(n);
        piece.append(bytes.begin(), bytes.end());
        piece += one;
    }
    AddressLimiter loaded(window(1, 60), Timeline{long_ago, 0});
    REQUIRE(loaded.load(piece));
    CHECK(loaded.entries() == 5'000);
    for (unsigned n = 0; n < 5'000; ++n)
        REQUIRE_FALSE(loaded.ask(key(n), at(long_ago + second), Spend::yes).granted);
    CHECK(loaded.ask(key(5'000), at(long_ago + second), Spend::yes).granted);  // for the net
    CHECK_FALSE(loaded.ask(key(5'001), at(long_ago + second), Spend::yes).granted);
    CHECK(loaded.entries() == 5'000);
    loaded.sweep(at(long_ago + 60 * second));
    CHECK(loaded.entries() == 0);
}

TEST_CASE("Hostile bytes do a table of addresses no harm") {
    AddressLimiter original(window(3, 60));
    for (int call = 0; call < 8; ++call)
        static_cast<void>(
            original.ask(address(std::size_t(call % 3)), at(long_ago + call), Spend::yes));
    for (const std::string& piece : saved(original, small_until_us)) {
        for (std::size_t bit = 0; bit < 8 * piece.size(); ++bit) {
            std::string turned = piece;
            turned[bit / 8] = static_cast<char>(turned[bit / 8] ^ (1 << bit % 8));
            if (bit % 8 == 0)
                turned.resize(bit / 8);
            AddressLimiter limiter(window(3, 60), Timeline{small_until_us, 0});
            if (!limiter.load(turned))
                continue;
            limiter.sweep(at(small_until_us));
            for (std::size_t n = 0; n < 4; ++n)
                static_cast<void>(limiter.ask(address(n), at(small_until_us), Spend::yes));
            REQUIRE(limiter.ask(address(0), at(small_until_us + 61 * second), Spend::yes).granted);
        }
    }
}
