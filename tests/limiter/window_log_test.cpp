#include "limiter/window_log.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "limiter/schedule.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::testing;

namespace {

using Plan = std::vector<Window>;

/// A log with the pointers and checks that a limiter would do around it.
class Asked {
public:
    explicit Asked(Plan plan) : plan_(std::move(plan)) {}

    void change(Plan plan) { plan_ = std::move(plan); }
    [[nodiscard]] const Plan& plan() const { return plan_; }
    [[nodiscard]] WindowLog& log() { return log_; }
    /// Instants of the calls granted, oldest first.
    [[nodiscard]] const std::vector<std::int64_t>& granted() const { return granted_; }

    std::vector<WindowState> look(std::int64_t now_us) {
        std::vector<const Window*> windows;
        for (const Window& one : plan_) {
            windows.push_back(&one);
        }
        std::vector<WindowState> states(plan_.size());
        log_.fit(windows, now_us);
        log_.look(now_us, states);
        return states;
    }

    bool call(std::int64_t now_us) {
        std::vector<WindowState> states = look(now_us);
        for (const WindowState& state : states) {
            if (state.full) {
                return false;
            }
        }
        log_.record(now_us, states);
        REQUIRE(states == look(now_us));
        granted_.push_back(now_us);
        return true;
    }

    /// How many calls are granted at `now_us`, of `calls`.
    int calls(std::int64_t now_us, int calls) {
        int granted = 0;
        for (int i = 0; i < calls; ++i) {
            granted += call(now_us) ? 1 : 0;
        }
        return granted;
    }

private:
    Plan plan_;
    WindowLog log_;
    std::vector<std::int64_t> granted_;
};

Plan random_exact_plan(Dice& dice) {
    Plan plan;
    for (auto windows = dice.from(1, limits::windows_per_plan_max); windows > 0; --windows) {
        plan.push_back(window(dice.from32(1, 40), dice.from32(1, 20)));
    }
    return plan;
}

}  // namespace

TEST_CASE("Remaining, reset and full are what a count of all calls says") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        for (int round = 0; round < 20; ++round) {
            Asked asked(random_exact_plan(dice));
            std::int64_t now_us = long_ago;
            for (int i = 0; i < 1'000; ++i) {
                const Window& one = asked.plan()[static_cast<std::size_t>(
                    dice.from(0, std::ssize(asked.plan()) - 1))];
                now_us = next_instant(dice, asked.granted(), now_us, one.seconds * second);
                asked.call(now_us);
                const std::vector<WindowState> states = asked.look(now_us);
                for (std::size_t w = 0; w < states.size(); ++w) {
                    if (states[w] != expected(asked.granted(), asked.plan()[w], now_us)) {
                        CAPTURE(round, i, w);
                        FAIL("the state differs from the model");
                    }
                }
            }
            for (const Window& one : asked.plan()) {
                CHECK(most_in(asked.granted(), one.seconds * second) <= one.limit);
            }
        }
    }
}

TEST_CASE("A call counts in [t, t + W): it leaves at t + W, not a microsecond before or after") {
    Asked asked({window(1, 10)});
    REQUIRE(asked.call(long_ago));
    CHECK_FALSE(asked.call(long_ago));
    CHECK_FALSE(asked.call(long_ago + 10 * second - 1));
    CHECK(asked.call(long_ago + 10 * second));
}

TEST_CASE("The largest exact window is exact, the next larger one frees at most W/256 late") {
    for (const std::uint32_t limit : {limits::exact_calls_max, limits::exact_calls_max + 1}) {
        CAPTURE(limit);
        const std::int64_t slack = limit == limits::exact_calls_max ? 0 : 256 * second / 256;
        Asked asked({window(limit, 256)});
        for (std::uint32_t i = 0; i < limit; ++i) {
            REQUIRE(asked.call(long_ago + i * 100'000));
        }
        const std::int64_t last = long_ago + (limit - 1) * std::int64_t{100'000};
        CHECK_FALSE(asked.call(last));
        CHECK_FALSE(asked.call(long_ago + 256 * second - 1));
        CHECK(asked.call(long_ago + 256 * second + slack));
    }
}

TEST_CASE("Sub-windows never grant too much and free at most W/256 late") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        for (int round = 0; round < 3; ++round) {
            const Window one = window(dice.from32(2'049, 4'000), dice.from32(1, 30));
            const std::int64_t window_us = one.seconds * second;
            Asked asked({one});
            std::int64_t now_us = long_ago;
            for (int i = 0; i < 60'000; ++i) {
                now_us = dice.one_in(2'000) ? now_us + dice.from(0, window_us)
                                            : now_us + dice.from(0, window_us / 2'500);
                asked.call(now_us);
                const WindowState state = asked.look(now_us).front();
                const auto exact = counted(asked.granted(), now_us, window_us).size();
                const auto late =
                    counted(asked.granted(), now_us, window_us + window_us / 256).size();
                const std::size_t held = one.limit - state.remaining;
                if (held < exact || held > late || state.full != (state.remaining == 0)) {
                    CAPTURE(round, i, exact, held, late);
                    FAIL("more or fewer calls are counted than may be");
                }
            }
            CHECK(asked.granted().size() > one.limit);
            CHECK(most_in(asked.granted(), window_us) <= one.limit);
        }
    }
}

TEST_CASE("A window of ten million calls a month stays small and counts every one") {
    Asked asked({window(limits::window_calls_max, limits::window_seconds_max)});
    const int calls = 300'000;
    for (int i = 0; i < calls; ++i) {
        REQUIRE(asked.call(long_ago + i * std::int64_t{8} * second));  // 27.8 days
    }
    const std::int64_t now_us = long_ago + calls * std::int64_t{8} * second;
    CHECK(asked.look(now_us).front().remaining == limits::window_calls_max - calls);
    CHECK(asked.log().bytes() < 4'096);
}

TEST_CASE("A raised limit grants the difference, not a new window") {
    Asked asked({window(10, 60)});
    REQUIRE(asked.calls(long_ago, 20) == 10);
    asked.change({window(15, 60)});
    CHECK(asked.calls(long_ago + second, 20) == 5);
    CHECK(asked.calls(long_ago + 60 * second, 20) == 10);
}

TEST_CASE("A lowered limit has room when so many have left that fewer than it are counted") {
    Asked asked({window(10, 60)});
    for (int i = 0; i < 10; ++i) {
        REQUIRE(asked.call(long_ago + i * second));
    }
    asked.change({window(3, 60)});
    // The newest three are of seconds 7, 8 and 9.
    CHECK(asked.look(long_ago + 9 * second).front() == WindowState{0, 58, true});
    CHECK_FALSE(asked.call(long_ago + 67 * second - 1));
    CHECK(asked.call(long_ago + 67 * second));
    CHECK_FALSE(asked.call(long_ago + 68 * second - 1));
}

TEST_CASE("Lowering a limit and raising it again gives nothing back") {
    Asked asked({window(100, 60)});
    REQUIRE(asked.calls(long_ago, 100) == 100);
    asked.change({window(2, 60)});
    CHECK(asked.calls(long_ago + second, 5) == 0);
    asked.log().tidy(long_ago + second);
    asked.change({window(100, 60)});
    CHECK(asked.calls(long_ago + 59 * second, 5) == 0);
    CHECK(asked.calls(long_ago + 60 * second, 200) == 100);
}

TEST_CASE("Changing to other windows and back gives nothing back, also after a tidying") {
    const Plan plans[] = {
        {window(5, 100)},      // exact
        {window(3'000, 100)},  // sub-windows
        {window(5, 100), window(5'000, 3'600)},
    };
    const Plan detours[] = {
        {},
        {window(1'000, 1)},
        {window(10'000, 1)},
        {window(1'000, 1), window(10'000, 2), window(20'000, 3)},
    };
    for (const Plan& plan : plans) {
        for (const Plan& detour : detours) {
            Asked asked(plan);
            const int limit = static_cast<int>(plan.front().limit);
            REQUIRE(asked.calls(long_ago, limit + 1) == limit);
            asked.change(detour);
            REQUIRE(asked.call(long_ago + 50 * second));
            asked.log().tidy(long_ago + 98 * second);
            asked.change(plan);
            CHECK(asked.calls(long_ago + 99 * second, 5) == 0);
            // What was spent on the detour is counted too.
            CHECK(asked.calls(long_ago + 101 * second, limit) == limit - 1);
        }
    }
}

TEST_CASE(
    "Switching from an exact log to sub-windows and back never refills and never counts twice") {
    Asked asked({window(2'000, 256)});
    for (int i = 0; i < 2'000; ++i) {
        REQUIRE(asked.call(long_ago + i * 10'000));  // 20 s
    }
    asked.change({window(3'000, 256)});
    const std::int64_t changed = long_ago + 20 * second;
    CHECK(asked.look(changed).front().remaining == 1'000);
    REQUIRE(asked.calls(changed, 2'000) == 1'000);
    asked.change({window(2'048, 256)});
    CHECK(asked.calls(long_ago + 255 * second, 1) == 0);
    // At 275 s the calls from 19.01 s on are left: 99 of the first 2,000, and the thousand.
    CHECK(asked.calls(long_ago + 275 * second, 3'000) == 2'048 - 1'099);
}

TEST_CASE("A new exact window takes what only sub-windows know, late and not early") {
    Asked asked({window(3'000, 2'560)});  // sub-windows of 10 s
    REQUIRE(asked.calls(long_ago, 30) == 30);
    REQUIRE(asked.calls(long_ago + 6 * second, 30) == 30);
    asked.change({window(50, 100)});
    CHECK(asked.look(long_ago + 6 * second).front() == WindowState{0, 100, true});
    CHECK_FALSE(asked.call(long_ago + 106 * second - 1));
    CHECK(asked.call(long_ago + 106 * second));
}

TEST_CASE("Random changes of plan never refill a window") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        for (int round = 0; round < 30; ++round) {
            std::vector<Plan> plans(4);
            for (Plan& plan : plans) {
                for (auto windows = dice.from(0, 3); windows > 0; --windows) {
                    plan.push_back(
                        window(dice.one_in(2) ? dice.from32(1, 200) : dice.from32(2'049, 3'000),
                               dice.from32(1, 40)));
                }
            }
            Asked asked(plans[0]);
            std::int64_t now_us = long_ago;
            // Calls granted while a window of so many seconds, or more, was in force.
            std::array<std::vector<std::int64_t>, 41> under{};
            for (int i = 0; i < 3'000; ++i) {
                if (dice.one_in(100)) {
                    asked.change(plans[static_cast<std::size_t>(dice.from(0, 3))]);
                }
                if (dice.one_in(100)) {
                    asked.log().tidy(now_us);
                }
                now_us += dice.one_in(50) ? dice.from(0, 10 * second) : dice.from(0, 20'000);
                if (!asked.call(now_us)) {
                    continue;
                }
                std::uint32_t longest = 0;
                for (const Window& one : asked.plan()) {
                    longest = std::max(longest, one.seconds);
                }
                for (std::size_t s = 1; s <= longest; ++s) {
                    under[s].push_back(now_us);
                }
                for (const Window& one : asked.plan()) {
                    const auto calls = counted(under[one.seconds], now_us, one.seconds * second);
                    if (calls.size() > one.limit) {
                        CAPTURE(round, i, one.limit, one.seconds, calls.size());
                        FAIL("granted over the limit");
                    }
                }
            }
        }
    }
}

TEST_CASE("After any changes of plan, a full window has room exactly when it says") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        Asked asked({});
        std::int64_t now_us = long_ago;
        int refused = 0;
        for (int i = 0; i < 20'000; ++i) {
            if (dice.one_in(200)) {
                asked.change(
                    {window(dice.one_in(2) ? dice.from32(1, 100) : dice.from32(2'049, 2'100),
                            dice.from32(1, 40))});
            }
            now_us += dice.from(0, 10'000);
            if (asked.call(now_us) || !dice.one_in(50)) {
                continue;
            }
            ++refused;
            const WindowState state = asked.look(now_us).front();
            REQUIRE(state.remaining == 0);
            REQUIRE(state.reset_s >= 1);
            REQUIRE(state.reset_s <= asked.plan().front().seconds);
            REQUIRE_FALSE(asked.call(now_us + (state.reset_s - 1) * second));
            now_us += state.reset_s * second;
            REQUIRE(asked.call(now_us));
        }
        CHECK(refused > 20);
    }
}

TEST_CASE("An endless row of different plans takes bounded memory and never refills") {
    Asked asked({window(3'000, 1'000)});
    REQUIRE(asked.calls(long_ago, 4'000) == 3'000);
    // Plan i comes at 2 i seconds and looks back i: none of them knows of the first calls.
    for (std::uint32_t i = 1; i <= 300; ++i) {
        asked.change({window(5'000, i), window(100, i)});
        asked.call(long_ago + i * 2 * second);
    }
    CHECK(asked.log().bytes() < 20'000);
    asked.change({window(3'000, 1'000)});
    CHECK(asked.calls(long_ago + 999 * second, 10) == 0);
}

TEST_CASE("What former plans left is given back once it cannot count any more") {
    Asked asked({window(3'000, 100), window(2'000, 1'000)});
    REQUIRE(asked.calls(long_ago, 2'000) == 2'000);
    asked.change({window(10, 1)});
    REQUIRE(asked.call(long_ago + 500 * second));
    asked.log().tidy(long_ago + 1'499 * second);
    const std::size_t before = asked.log().bytes();
    REQUIRE(asked.call(long_ago + 1'501 * second));
    asked.log().tidy(long_ago + 1'501 * second);
    CHECK(asked.log().bytes() <= before);
    asked.change({window(3'000, 100), window(2'000, 1'000)});
    CHECK(asked.look(long_ago + 1'502 * second)[1].remaining == 1'999);
}

TEST_CASE("An idle log says the same as a new one, and one that is not idle still counts") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        Asked asked(random_exact_plan(dice));
        std::int64_t now_us = long_ago;
        std::uint32_t longest = 0;
        for (const Window& one : asked.plan()) {
            longest = std::max(longest, one.seconds);
        }
        for (int i = 0; i < 2'000; ++i) {
            now_us = next_instant(dice, asked.granted(), now_us, longest * second);
            asked.call(now_us);
            const std::int64_t ends_us = asked.granted().back() + longest * second;
            REQUIRE(asked.log().idle(now_us) == (ends_us <= now_us));
            REQUIRE_FALSE(asked.log().idle(ends_us - 1));
            REQUIRE(asked.log().idle(ends_us));
        }
    }
}

TEST_CASE("Tidying changes no state and frees memory") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        const Plan plan = {window(500, 10), window(3'000, 30), window(1'000, 60)};
        Asked tidied(plan);
        Asked left(plan);
        std::int64_t now_us = long_ago;
        for (int i = 0; i < 20'000; ++i) {
            now_us += dice.one_in(1'000) ? dice.from(0, 90 * second) : dice.from(0, 20'000);
            if (dice.one_in(100)) {
                tidied.log().tidy(now_us);
            }
            REQUIRE(tidied.call(now_us) == left.call(now_us));
            REQUIRE(tidied.look(now_us) == left.look(now_us));
        }
        const std::size_t before = tidied.log().bytes();
        tidied.log().tidy(now_us + 60 * second);
        CHECK(tidied.log().bytes() < before);
    }
}

TEST_CASE("A log in steady use stays small without any tidying") {
    Asked asked({window(100, 10), window(3'000, 60)});
    std::size_t most = 0;
    for (int i = 0; i < 100'000; ++i) {
        REQUIRE(asked.call(long_ago + i * std::int64_t{120'000}));
        most = std::max(most, asked.log().bytes());
    }
    CHECK(most < 2'500);  // 84 instants and 256 sub-windows, three bytes each, and room to move
}

TEST_CASE("A log that inherits from another counts what that one counts") {
    Asked first({window(10, 60)});
    REQUIRE(first.calls(long_ago, 4) == 4);
    REQUIRE(first.calls(long_ago + 30 * second, 3) == 3);
    Asked second_one({window(10, 60)});
    second_one.log().inherit(first.log(), long_ago + 40 * second);
    CHECK(second_one.look(long_ago + 40 * second) == first.look(long_ago + 40 * second));
    CHECK(second_one.look(long_ago + 60 * second) == first.look(long_ago + 60 * second));
    CHECK(second_one.calls(long_ago + 60 * second, 10) == 7);
}

TEST_CASE("Time in a log starts where it is told to and never goes back") {
    WindowLog log(long_ago);
    CHECK(log.latest_us() == long_ago);
    const Window one = window(1, 10);
    const Window* const windows[] = {&one};
    std::array<WindowState, 1> states{};
    log.fit(windows, long_ago + 5);
    log.look(long_ago + 7, states);
    CHECK(log.latest_us() == long_ago + 7);
}
