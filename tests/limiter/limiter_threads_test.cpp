// Many threads, each with its own reading of a virtual clock: some are late, as when a thread is
// held up between reading its clock and asking.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "limiter/limiter.h"
#include "limiter/schedule.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::testing;

namespace {

constexpr std::size_t threads = 4;

/// A clock that every reading moves on, and that some readers see late.
class VirtualClock {
public:
    /// The reading of a caller whose answer comes up to `late_us` after it.
    Now read(Dice& dice, std::int64_t step_us, std::int64_t late_us) {
        const std::int64_t now_us = now_us_.fetch_add(dice.from(0, step_us));
        return at(now_us - (dice.one_in(3) ? dice.from(0, late_us) : 0));
    }
    [[nodiscard]] std::int64_t latest_us() const { return now_us_.load(); }

private:
    std::atomic<std::int64_t> now_us_{long_ago};
};

struct Grant {
    std::size_t line;
    std::int64_t at_us;
};

struct Outcome {
    std::vector<Grant> grants;
    int refused = 0;
    bool instants_true = true;  ///< each between the reading of its clock and its answer
};

void run_threads(const std::function<void(std::size_t)>& work) {
    std::vector<std::thread> running;
    for (std::size_t i = 0; i < threads; ++i) {
        running.emplace_back(work, i);
    }
    for (std::thread& thread : running) {
        thread.join();
    }
}

/// Two lines a member, two members a workspace.
CountedFor owner_of(std::size_t line) {
    return {std::int64_t(line), std::int64_t(line / 2), std::int64_t(line / 4)};
}

/// Asks about random lines of `lines`, with looks and sweeps in between.
std::array<Outcome, threads> storm(Limiter& limiter, const std::vector<Window>& plan,
                                   std::uint64_t seed, std::size_t lines, int calls) {
    VirtualClock clock;
    std::array<Outcome, threads> outcomes;
    run_threads([&](std::size_t thread) {
        Dice dice(seed * threads + thread);
        Outcome& outcome = outcomes[thread];
        for (int i = 0; i < calls; ++i) {
            const auto line = static_cast<std::size_t>(dice.from(1, std::int64_t(lines))) - 1;
            const Now now = clock.read(dice, 2'000, 100'000);
            if (dice.one_in(500)) {
                limiter.sweep(now);
            }
            const Spend spend = dice.one_in(5) ? Spend::no : Spend::yes;
            const Room room = limiter.ask(owner_of(line), plan, now, spend);
            outcome.instants_true = outcome.instants_true && room.at_us >= now.boot_us &&
                                    room.at_us <= clock.latest_us();
            if (spend == Spend::yes && room.granted) {
                outcome.grants.push_back({line, room.at_us});
            }
            outcome.refused += room.granted ? 0 : 1;
        }
    });
    return outcomes;
}

/// Checks every window of `plan` for every line, member and workspace.
void check(const std::array<Outcome, threads>& outcomes, const std::vector<Window>& plan) {
    std::map<Per, std::map<std::int64_t, std::vector<std::int64_t>>> calls_of;
    int refused = 0;
    for (const Outcome& outcome : outcomes) {
        CHECK(outcome.instants_true);
        refused += outcome.refused;
        for (const Grant& grant : outcome.grants) {
            const CountedFor whose = owner_of(grant.line);
            calls_of[Per::token][whose.line].push_back(grant.at_us);
            calls_of[Per::member][whose.member].push_back(grant.at_us);
            calls_of[Per::workspace][whose.workspace].push_back(grant.at_us);
        }
    }
    CHECK(refused > 0);
    for (const Window& one : plan) {
        for (auto& [number, calls] : calls_of[one.per]) {
            std::sort(calls.begin(), calls.end());
            CHECK(most_in(calls, one.seconds * second) <= one.limit);
        }
    }
}

}  // namespace

TEST_CASE("Many threads are never granted more than N calls in any [t, t + W)") {
    const std::vector<std::vector<Window>> plans = {
        {window(20, 1), window(60, 5)},                                     // token lines
        {window(2'100, 3), window(30, 1)},                                  // with sub-windows
        {window(30, 1, Per::workspace), window(2'100, 4, Per::workspace)},  // workspaces
        {window(30, 1, Per::member), window(2'100, 4, Per::member)},        // members
        {window(15, 1), window(45, 3, Per::workspace), window(2'049, 9), window(200, 20),
         window(30, 2, Per::member)},  // mixed
    };
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        for (const std::vector<Window>& plan : plans) {
            for (const std::size_t lines : {std::size_t{1}, std::size_t{5}}) {
                Limiter limiter;
                check(storm(limiter, plan, seed, lines, 10'000), plan);
            }
        }
    }
}

TEST_CASE("Threads that ask under an old and a new plan at once never refill either") {
    // Both plans have a window of the same length: together no more than the larger limit passes.
    const std::vector<Window> before = {window(20, 5), window(2'200, 30)};
    const std::vector<Window> after = {window(40, 5), window(2'049, 30)};
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Limiter limiter;
        VirtualClock clock;
        std::array<std::vector<std::int64_t>, threads> granted;
        run_threads([&](std::size_t thread) {
            Dice dice(seed * threads + thread);
            for (int i = 0; i < 10'000; ++i) {
                const Now now = clock.read(dice, 2'000, 100'000);
                const Room room =
                    limiter.ask({1, 0, 1}, dice.one_in(2) ? before : after, now, Spend::yes);
                if (room.granted) {
                    granted[thread].push_back(room.at_us);
                }
            }
        });
        std::vector<std::int64_t> all;
        for (const auto& some : granted) {
            all.insert(all.end(), some.begin(), some.end());
        }
        std::sort(all.begin(), all.end());
        CHECK(all.size() > 40);
        CHECK(most_in(all, 5 * second) <= 40);
        CHECK(most_in(all, 30 * second) <= 2'200);
    }
}

TEST_CASE(
    "Many threads are never granted more than the window of an address, nor of the shared one") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        AddressLimiter limiter(window(10, 2));
        VirtualClock clock;
        std::array<Outcome, threads> outcomes;
        run_threads([&](std::size_t thread) {
            Dice dice(seed * threads + thread);
            for (int i = 0; i < 20'000; ++i) {
                const auto line = static_cast<std::size_t>(dice.from(0, 4));
                const Now now = clock.read(dice, 1'000, 100'000);
                if (dice.one_in(500)) {
                    limiter.sweep(now);
                }
                const Spend spend = dice.one_in(5) ? Spend::repeat : Spend::yes;
                const Room room =
                    limiter.ask({4, 10, 0, 0, static_cast<std::uint8_t>(line)}, now, spend);
                Outcome& outcome = outcomes[thread];
                outcome.instants_true = outcome.instants_true && room.at_us >= now.boot_us &&
                                        room.at_us <= clock.latest_us();
                if (spend == Spend::yes && room.granted) {
                    outcome.grants.push_back({line, room.at_us});
                }
                outcome.refused += room.granted ? 0 : 1;
            }
        });
        check(outcomes, {window(10, 2)});
    }
}

TEST_CASE("Threads that race for the last places of the address table never exceed it") {
    AddressLimiter limiter(window(10, 60));
    const auto address = [](std::size_t n) {
        return std::array<std::uint8_t, 9>{
            6, 1, 2, 3, 4, std::uint8_t(n >> 16), std::uint8_t(n >> 8), std::uint8_t(n), 0};
    };
    const std::size_t before = limits::addresses_max - 100;
    for (std::size_t n = 0; n < before; ++n) {
        REQUIRE(limiter.ask(address(n), at(long_ago), Spend::yes).granted);
    }
    std::array<int, threads> granted{};
    run_threads([&](std::size_t thread) {
        for (std::size_t n = 0; n < 1'000; ++n) {
            const std::size_t other = limits::addresses_max + thread * 1'024 + n;
            granted[thread] +=
                limiter.ask(address(other), at(long_ago), Spend::yes).granted ? 1 : 0;
        }
    });
    CHECK(limiter.entries() == limits::addresses_max);
    // A hundred got a place. The others are of 16 nets (/48), each of which shares one window of
    // ten.
    CHECK(granted[0] + granted[1] + granted[2] + granted[3] == 100 + 16 * 10);
}
