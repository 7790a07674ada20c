#include "limiter/limiter.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "limiter/schedule.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::testing;

namespace {

using Plan = std::vector<Window>;

bool same(const Room& a, const Room& b) {
    return a.granted == b.granted && a.retry_after_s == b.retry_after_s && a.full == b.full &&
           a.at_us == b.at_us && a.count == b.count && a.states == b.states;
}

/// Whether Room is consistent in itself and with its states.
bool coherent(const Room& room, const Plan& plan, Spend spend) {
    std::uint32_t longest = 0;
    bool full = false;
    for (std::size_t i = 0; i < room.count; ++i) {
        full = full || room.states[i].full;
        longest = room.states[i].full ? std::max(longest, room.states[i].reset_s) : longest;
    }
    if (room.count != plan.size()) {
        return false;
    }
    if (room.granted) {
        return room.retry_after_s == 0 && room.full == -1 && (spend == Spend::yes || !full);
    }
    const auto index = static_cast<std::size_t>(room.full);
    return full && room.retry_after_s == longest && room.states[index].full &&
           room.states[index].reset_s == longest;
}

Plan random_plan(Dice& dice) {
    Plan plan;
    for (auto windows = dice.from(1, 4); windows > 0; --windows) {
        plan.push_back(window(dice.one_in(4) ? dice.from32(2'049, 2'200) : dice.from32(1, 60),
                              dice.from32(1, 20), all_pers[std::size_t(dice.from(0, 2))]));
    }
    return plan;
}

/// Calls granted, by what a window may count: per Per, then by number.
struct Granted {
    std::map<std::pair<Per, std::int64_t>, std::vector<std::int64_t>> calls;

    static std::int64_t number_of(CountedFor whose, Per per) {
        return per == Per::token ? whose.line : per == Per::member ? whose.member : whose.workspace;
    }
    const std::vector<std::int64_t>& of(CountedFor whose, Per per) {
        return calls[{per, number_of(whose, per)}];
    }
    void add(CountedFor whose, std::int64_t at_us) {
        for (const Per per : all_pers) {
            calls[{per, number_of(whose, per)}].push_back(at_us);
        }
    }
};

/// Four lines of three members in two workspaces.
CountedFor random_caller(Dice& dice) {
    constexpr std::array callers = {CountedFor{0, 0, 0}, CountedFor{1, 0, 0}, CountedFor{2, 1, 0},
                                    CountedFor{3, 2, 1}};
    return callers[std::size_t(dice.from(0, 3))];
}

}  // namespace

TEST_CASE("A call is granted while every window has room and refused by the one that is full") {
    Limiter limiter;
    const Plan plan = {window(2, 10), window(3, 60)};
    Room room = limiter.ask({1, 0, 1}, plan, at(long_ago), Spend::yes);
    CHECK(room.granted);
    CHECK(room.count == 2);
    CHECK(room.at_us == long_ago);
    CHECK(room.states[0] == WindowState{1, 10, false});
    CHECK(room.states[1] == WindowState{2, 60, false});
    CHECK(limiter.ask({1, 0, 1}, plan, at(long_ago + second), Spend::yes).granted);

    room = limiter.ask({1, 0, 1}, plan, at(long_ago + 1'500'000), Spend::yes);
    CHECK_FALSE(room.granted);
    CHECK(room.full == 0);
    CHECK(room.retry_after_s == 9);  // 8.5 s, rounded up
    CHECK(room.states[0] == WindowState{0, 9, true});
    CHECK(room.states[1] == WindowState{1, 59, false});

    CHECK(limiter.ask({1, 0, 1}, plan, at(long_ago + 10 * second), Spend::yes).granted);
    room = limiter.ask({1, 0, 1}, plan, at(long_ago + 10 * second), Spend::yes);
    CHECK_FALSE(room.granted);
    CHECK(room.full == 1);  // both are full: the later one tells when
    CHECK(room.retry_after_s == 50);
}

TEST_CASE("A call that is counted already has its room, whoever filled the windows since") {
    Limiter limiter;
    const Plan plan = {window(2, 10), window(3, 60)};
    REQUIRE(limiter.ask({1, 0, 1}, plan, at(long_ago), Spend::yes).granted);
    REQUIRE(limiter.ask({1, 0, 1}, plan, at(long_ago), Spend::yes).granted);
    REQUIRE_FALSE(limiter.ask({1, 0, 1}, plan, at(long_ago + second), Spend::yes).granted);
    for (int i = 0; i < 3; ++i) {
        const Room room = limiter.ask({1, 0, 1}, plan, at(long_ago + second), Spend::counted);
        CHECK(room.granted);
        CHECK(room.full == -1);
        CHECK(room.retry_after_s == 0);
        CHECK(room.states[0] == WindowState{0, 9, true});
        CHECK(room.states[1] == WindowState{1, 59, false});
    }
    CHECK(limiter.ask({1, 0, 1}, plan, at(long_ago + 10 * second), Spend::yes).granted);
    CHECK_FALSE(limiter.ask({1, 0, 1}, plan, at(long_ago + 11 * second), Spend::yes).granted);
}

TEST_CASE("The first window is not spent when the second refuses, whoever they count for") {
    for (const Per first : all_pers) {
        for (const Per second_per : all_pers) {
            Limiter limiter;
            const Plan plan = {window(5, 10, first), window(1, 60, second_per)};
            REQUIRE(limiter.ask({1, 0, 1}, plan, at(long_ago), Spend::yes).granted);
            for (int i = 0; i < 20; ++i) {
                const Room room = limiter.ask({1, 0, 1}, plan, at(long_ago + second), Spend::yes);
                REQUIRE_FALSE(room.granted);
                REQUIRE(room.full == 1);
                REQUIRE(room.states[0].remaining == 4);
            }
        }
    }
}

TEST_CASE("A refused call does not prolong a window, however often it comes") {
    for (const std::uint32_t limit : {3U, 2'049U}) {
        Limiter limiter;
        const Plan plan = {window(limit, 10)};
        for (std::uint32_t i = 0; i < limit; ++i) {
            REQUIRE(limiter.ask({1, 0, 1}, plan, at(long_ago), Spend::yes).granted);
        }
        for (std::int64_t ms = 0; ms < 10'000; ms += 10) {
            const Room room = limiter.ask({1, 0, 1}, plan, at(long_ago + ms * 1'000), Spend::yes);
            REQUIRE_FALSE(room.granted);
            REQUIRE(room.retry_after_s == (10'000 - ms + 999) / 1'000);
        }
        CHECK(limiter.ask({1, 0, 1}, plan, at(long_ago + 10 * second), Spend::yes).granted);
    }
}

TEST_CASE("The same call passes after Retry-After seconds and is refused one second earlier") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        int tried = 0;
        for (int round = 0; round < 40; ++round) {
            Limiter limiter;
            const Plan plan = random_plan(dice);
            std::int64_t now_us = long_ago;
            for (int i = 0; i < 5'000; ++i) {
                now_us += dice.one_in(300) ? dice.from(0, 5 * second) : dice.from(0, 5'000);
                const std::int64_t line = dice.from(1, 3);
                const Room room = limiter.ask({line, 0, 1}, plan, at(now_us), Spend::yes);
                REQUIRE(coherent(room, plan, Spend::yes));
                if (room.granted || !dice.one_in(30)) {
                    continue;
                }
                ++tried;
                REQUIRE(room.retry_after_s >= 1);
                now_us += (room.retry_after_s - 1) * second;
                REQUIRE_FALSE(limiter.ask({line, 0, 1}, plan, at(now_us), Spend::yes).granted);
                now_us += second;
                REQUIRE(limiter.ask({line, 0, 1}, plan, at(now_us), Spend::yes).granted);
            }
        }
        CHECK(tried > 100);
    }
}

TEST_CASE("Random schedules never grant more than N calls in any [t, t + W)") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        for (int round = 0; round < 30; ++round) {
            Limiter limiter;
            const Plan plan = random_plan(dice);
            Granted granted;
            std::int64_t now_us = long_ago;
            for (int i = 0; i < 8'000; ++i) {
                const CountedFor whose = random_caller(dice);
                const Window& one =
                    plan[static_cast<std::size_t>(dice.from(0, std::ssize(plan) - 1))];
                now_us = next_instant(dice, granted.of(whose, one.per), now_us,
                                      one.seconds * second / dice.from(1, 4));
                if (dice.one_in(200)) {
                    limiter.sweep(at(now_us - dice.from(0, second)));
                }
                const Room room =
                    limiter.ask(whose, plan, at(now_us - dice.from(0, 1'000)), Spend::yes);
                if (room.granted) {
                    granted.add(whose, room.at_us);
                }
            }
            for (const Window& one : plan) {
                for (const auto& [whose, calls] : granted.calls) {
                    if (whose.first != one.per) {
                        continue;
                    }
                    CHECK(std::is_sorted(calls.begin(), calls.end()));
                    CHECK(most_in(calls, one.seconds * second) <= one.limit);
                }
            }
        }
    }
}

TEST_CASE("Windows of lines, members and workspaces say what a count of all calls says") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        Limiter limiter;
        const Plan plan = {window(7, 3),
                           window(20, 8, Per::workspace),
                           window(12, 9),
                           window(30, 20, Per::workspace),
                           window(9, 4, Per::member),
                           window(22, 15, Per::member)};
        Granted all;
        std::int64_t now_us = long_ago;
        for (int i = 0; i < 20'000; ++i) {
            const CountedFor whose = random_caller(dice);
            const Per likes = all_pers[std::size_t(dice.from(0, 2))];
            now_us = next_instant(dice, all.of(whose, likes), now_us, 3 * second);
            const Spend spend = dice.one_in(3) ? Spend::no : Spend::yes;
            const Room room = limiter.ask(whose, plan, at(now_us), spend);
            bool granted = true;
            for (const Window& one : plan) {
                granted = granted && !expected(all.of(whose, one.per), one, now_us).full;
            }
            REQUIRE(room.granted == granted);
            if (granted && spend == Spend::yes) {
                all.add(whose, now_us);
            }
            for (std::size_t w = 0; w < plan.size(); ++w) {
                REQUIRE(room.states[w] == expected(all.of(whose, plan[w].per), plan[w], now_us));
            }
            REQUIRE(coherent(room, plan, spend));
        }
    }
}

TEST_CASE("A look changes nothing: answers are the same with and without looks in between") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        const Plan plan = {window(20, 2), window(2'100, 20), window(50, 7, Per::workspace)};
        const Plan other = {window(3, 1), window(2'500, 11)};
        Limiter looked;
        Limiter left;
        std::int64_t now_us = long_ago;
        for (int i = 0; i < 20'000; ++i) {
            now_us += dice.one_in(500) ? dice.from(0, 25 * second) : dice.from(0, 50'000);
            const std::int64_t line = dice.from(1, 3);
            for (auto looks = dice.from(0, 2); looks > 0; --looks) {
                const Spend spend = dice.one_in(2) ? Spend::no : Spend::repeat;
                static_cast<void>(
                    looked.ask({line, 0, 1}, dice.one_in(20) ? other : plan, at(now_us), spend));
            }
            const Room a = looked.ask({line, 0, 1}, plan, at(now_us), Spend::yes);
            const Room b = left.ask({line, 0, 1}, plan, at(now_us), Spend::yes);
            REQUIRE(same(a, b));
        }
    }
}

TEST_CASE("A look at what was never asked for shows untouched windows and holds nothing") {
    Limiter limiter;
    const Plan plan = {window(5, 10), window(5'000, 60, Per::workspace)};
    for (const Spend spend : {Spend::no, Spend::repeat}) {
        const Room room = limiter.ask({1, 0, 1}, plan, at(long_ago), spend);
        CHECK(room.granted);
        CHECK(room.states[0] == WindowState{5, 10, false});
        CHECK(room.states[1] == WindowState{5'000, 60, false});
    }
    CHECK(limiter.entries() == 0);
}

TEST_CASE("A repeat is answered as a look") {
    Limiter limiter;
    const Plan plan = {window(1, 10)};
    REQUIRE(limiter.ask({1, 0, 1}, plan, at(long_ago), Spend::yes).granted);
    const Room no = limiter.ask({1, 0, 1}, plan, at(long_ago), Spend::no);
    const Room again = limiter.ask({1, 0, 1}, plan, at(long_ago), Spend::repeat);
    CHECK(same(no, again));
    CHECK_FALSE(again.granted);
}

TEST_CASE("A plan without windows grants and holds nothing") {
    Limiter limiter;
    const Room room = limiter.ask({1, 0, 1}, {}, at(long_ago), Spend::yes);
    CHECK(room.granted);
    CHECK(room.count == 0);
    CHECK(room.at_us == long_ago);
    CHECK(limiter.entries() == 0);
}

TEST_CASE("A rotated token goes on in its line's log; another line has its own") {
    Limiter limiter;
    const Plan plan = {window(3, 60)};
    const std::int64_t line = 7;  // of the token and of the one it was rotated into
    for (int i = 0; i < 3; ++i) {
        REQUIRE(limiter.ask({line, 0, 1}, plan, at(long_ago), Spend::yes).granted);
    }
    CHECK_FALSE(limiter.ask({line, 0, 1}, plan, at(long_ago + second), Spend::yes).granted);
    CHECK(limiter.ask({8, 0, 1}, plan, at(long_ago + second), Spend::yes).granted);
}

TEST_CASE("A window per workspace counts all its lines together, and no other workspace's") {
    Limiter limiter;
    const Plan plan = {window(3, 60, Per::workspace)};
    for (std::int64_t line = 1; line <= 3; ++line) {
        REQUIRE(limiter.ask({line, 0, 1}, plan, at(long_ago), Spend::yes).granted);
    }
    CHECK_FALSE(limiter.ask({4, 0, 1}, plan, at(long_ago), Spend::yes).granted);
    CHECK(limiter.ask({4, 0, 2}, plan, at(long_ago), Spend::yes).granted);
    CHECK(limiter.entries() == 2);  // no log is kept for a line whose windows are the workspace's
}

TEST_CASE("A window per member counts all their lines together, and no other member's") {
    Limiter limiter;
    const Plan plan = {window(3, 60, Per::member)};
    for (std::int64_t line = 1; line <= 3; ++line) {
        REQUIRE(limiter.ask({line, 1, 1}, plan, at(long_ago), Spend::yes).granted);
    }
    CHECK_FALSE(limiter.ask({4, 1, 1}, plan, at(long_ago), Spend::yes).granted);
    CHECK(limiter.ask({4, 2, 1}, plan, at(long_ago), Spend::yes).granted);
    CHECK(limiter.entries() == 2);  // no log is kept for a line whose windows are the member's
}

TEST_CASE("A member who is in another workspace now goes on in their log") {
    Limiter limiter;
    const Plan plan = {window(3, 60, Per::member), window(5, 60, Per::workspace)};
    for (int i = 0; i < 3; ++i) {
        REQUIRE(limiter.ask({1, 1, 1}, plan, at(long_ago), Spend::yes).granted);
    }
    const Room room = limiter.ask({1, 1, 2}, plan, at(long_ago + second), Spend::yes);
    CHECK_FALSE(room.granted);
    CHECK(room.full == 0);
    CHECK(room.states[1].remaining == 5);
}

TEST_CASE(
    "Numbers above the last of each kind are forgotten after a restore, whatever their sign") {
    Limiter limiter;
    const Plan plan = {window(1, 60), window(1, 60, Per::member), window(1, 60, Per::workspace)};
    const std::vector<CountedFor> kept = {{5, 6, 7}, {-5, -6, 0}}, lost = {{8, 7, 8}, {-6, -7, 9}};
    for (const auto& all : {kept, lost}) {
        for (const CountedFor whose : all) {
            REQUIRE(limiter.ask(whose, plan, at(long_ago), Spend::yes).granted);
        }
    }
    limiter.forget_above({5, 6, 7});
    for (const CountedFor whose : kept) {
        CHECK(limiter.ask(whose, plan, at(long_ago), Spend::no).states[1].full);
    }
    for (const CountedFor whose : lost) {
        CHECK(limiter.ask(whose, plan, at(long_ago), Spend::yes).granted);
    }
}

TEST_CASE(
    "An older reading of the clock is taken as of the latest instant the log was asked about") {
    Limiter limiter;
    const Plan plan = {window(1, 10)};
    REQUIRE(limiter.ask({1, 0, 1}, plan, at(long_ago), Spend::yes).granted);
    // A look at the end of the window must not let a call in that read its clock before.
    CHECK(limiter.ask({1, 0, 1}, plan, at(long_ago + 10 * second), Spend::no).granted);
    const Room late = limiter.ask({1, 0, 1}, plan, at(long_ago + 10 * second - 1), Spend::yes);
    CHECK(late.granted);
    CHECK(late.at_us == long_ago + 10 * second);
    CHECK(limiter.ask({1, 0, 1}, plan, at(long_ago), Spend::yes).at_us == long_ago + 10 * second);
}

TEST_CASE("A line and a workspace asked together agree on the instant") {
    Limiter limiter;
    const Plan plan = {window(5, 10), window(5, 10, Per::workspace)};
    CHECK(limiter.ask({1, 0, 1}, plan, at(long_ago + 9), Spend::yes).at_us == long_ago + 9);
    CHECK(limiter.ask({2, 0, 1}, plan, at(long_ago + 5), Spend::yes).at_us == long_ago + 9);
    CHECK(limiter.ask({2, 0, 2}, plan, at(long_ago + 7), Spend::yes).at_us == long_ago + 9);
}

TEST_CASE("A sweep forgets what counts no more and never refills what does") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        const Plan plan = {window(5, 2), window(2'100, 30), window(100, 7, Per::workspace)};
        Limiter swept;
        Limiter left;
        std::int64_t now_us = long_ago;
        for (int i = 0; i < 20'000; ++i) {
            now_us += dice.one_in(300) ? dice.from(0, 40 * second) : dice.from(0, 100'000);
            if (dice.one_in(50)) {
                swept.sweep(at(now_us));
            }
            const std::int64_t line = dice.from(1, 30);
            REQUIRE(same(swept.ask({line, 0, line / 10}, plan, at(now_us), Spend::yes),
                         left.ask({line, 0, line / 10}, plan, at(now_us), Spend::yes)));
        }
        REQUIRE(swept.ask({99, 0, 99}, plan, at(now_us), Spend::yes).granted);
        swept.sweep(at(now_us + 30 * second - 1));
        CHECK(swept.entries() > 0);
        swept.sweep(at(now_us + 30 * second));
        CHECK(swept.entries() == 0);
        CHECK(swept.evicted() > 0);
        CHECK(left.evicted() == 0);
    }
}

TEST_CASE(
    "A call that read its clock before a sweep does not pass for having been forgotten by it") {
    Limiter limiter;
    const Plan plan = {window(1, 10), window(1, 10, Per::workspace)};
    REQUIRE(limiter.ask({1, 0, 1}, plan, at(long_ago), Spend::yes).granted);
    limiter.sweep(at(long_ago + 10 * second));
    REQUIRE(limiter.entries() == 0);
    const Room look = limiter.ask({1, 0, 1}, plan, at(long_ago + 9 * second), Spend::no);
    CHECK(look.at_us == long_ago + 10 * second);
    const Room room = limiter.ask({1, 0, 1}, plan, at(long_ago + 9 * second), Spend::yes);
    CHECK(room.granted);
    CHECK(room.at_us == long_ago + 10 * second);
}

TEST_CASE("A change of plan in mid-window counts what was spent before") {
    Limiter limiter;
    const auto spend = [&](const Plan& plan, std::int64_t now_us, int calls) {
        int granted = 0;
        for (int i = 0; i < calls; ++i) {
            granted += limiter.ask({1, 0, 1}, plan, at(now_us), Spend::yes).granted ? 1 : 0;
        }
        return granted;
    };
    CHECK(spend({window(10, 60)}, long_ago, 20) == 10);
    CHECK(spend({window(30, 60)}, long_ago + second, 40) == 20);               // raised
    CHECK(spend({window(5, 60)}, long_ago + 2 * second, 5) == 0);              // lowered
    CHECK(spend({window(3'000, 60)}, long_ago + 3 * second, 4'000) == 2'970);  // to sub-windows
    CHECK(spend({window(30, 60)}, long_ago + 4 * second, 5) == 0);             // and back
    CHECK(spend({window(30, 60), window(5'000, 600)}, long_ago + 5 * second, 5) == 0);
    CHECK(spend({window(3'000, 60)}, long_ago + 59 * second, 5) == 0);
    CHECK(spend({window(3'000, 60)}, long_ago + 60 * second, 20) == 10);
}

TEST_CASE(
    "Memory is counted, a hundred calls of two windows take little, and a sweep gives it back") {
    Limiter limiter;
    const Plan agency = {window(60, 10), window(1'200, 60)};
    const std::size_t empty = limiter.bytes();
    for (int call = 0; call < 100; ++call) {
        for (std::int64_t line = 0; line < 1'000; ++line) {
            const std::int64_t now_us = long_ago + call * 500'000 + line * 499;
            REQUIRE(limiter.ask({line, 0, 1}, agency, at(now_us), Spend::yes).granted);
        }
    }
    CHECK(limiter.entries() == 1'000);
    CHECK((limiter.bytes() - empty) / 1'000 < 640);
    limiter.sweep(at(long_ago + 120 * second));
    CHECK(limiter.entries() == 0);
    CHECK(limiter.bytes() - empty < 64 * 1'000);  // only the tables' buckets
}
