#include "limiter/trail.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "limiter/schedule.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::testing;

namespace {

constexpr std::uint32_t month_s = limits::window_seconds_max;

/// All runs from `mark` on.
std::vector<Run> runs_of(const Trail& trail, TrailPosition mark) {
    std::vector<Run> runs;
    while (mark.calls != 0) {
        runs.push_back(trail.front(mark));
        // With a limit of all calls but those in front, just the front run is passed.
        trail.age(mark, INT64_MAX / 2, mark.calls - runs.back().calls, 0);
    }
    return runs;
}

std::vector<std::int64_t> instants_of(const Trail& trail) {
    std::vector<std::int64_t> instants;
    for (const Run& run : runs_of(trail, trail.start())) {
        instants.insert(instants.end(), run.calls, run.at_us);
    }
    return instants;
}

}  // namespace

TEST_CASE("A trail gives back every instant to the microsecond, whatever the gaps") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        Trail trail(Grain::instant, month_s);
        std::vector<std::int64_t> added;
        std::int64_t now_us = dice.from(0, long_ago);
        for (int i = 0; i < 1'500; ++i) {
            // Gaps of every order of magnitude, but all within the horizon.
            now_us += dice.from(0, std::int64_t{1} << dice.from(0, 30));
            trail.add(now_us, 1);
            added.push_back(now_us);
        }
        REQUIRE(instants_of(trail) == added);
    }
}

TEST_CASE("A trail gives back a gap of any length") {
    Trail trail(Grain::instant, month_s);
    std::vector<std::int64_t> added;
    for (int bits = 0; bits < 60; ++bits) {
        added.push_back(std::int64_t{1} << bits);
        trail.add(added.back(), 1);
    }
    REQUIRE(instants_of(trail) == added);
}

TEST_CASE("A sub-window holds the calls of 1/256 of the horizon, as of its newest") {
    Trail trail(Grain::sub_window, 256);
    for (const std::int64_t ms : {0, 400, 1'000, 1'001, 1'500, 5'000}) {
        trail.add(long_ago + ms * 1'000, 1);
    }
    const std::vector<Run> runs = runs_of(trail, trail.start());
    REQUIRE(runs.size() == 3);
    CHECK(runs[0].at_us == long_ago + 1 * second);
    CHECK(runs[0].calls == 3);
    CHECK(runs[1].at_us == long_ago + 1'500'000);
    CHECK(runs[1].calls == 2);
    CHECK(runs[2].calls == 1);
}

TEST_CASE("A hundred calls a minute take about three bytes each, and nothing once forgotten") {
    Trail trail(Grain::instant, 60);
    for (int i = 0; i < 100; ++i) {
        trail.add(long_ago + i * 600'000, 1);
    }
    CHECK(trail.bytes() < 400);
    trail.forget(long_ago + 200 * second);
    trail.shrink();
    CHECK(trail.bytes() == 0);
    trail.add(long_ago + 201 * second, 1);
    CHECK(instants_of(trail) == std::vector<std::int64_t>{long_ago + 201 * second});
}

TEST_CASE("A trail in steady use settles at a size and keeps exactly its horizon") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        Trail trail(Grain::instant, 10);
        std::vector<std::int64_t> added;
        std::int64_t now_us = long_ago;
        int moves = 0;
        std::size_t bytes = 0;
        for (int i = 0; i < 20'000; ++i) {
            now_us += dice.from(1, 20'000);
            trail.forget(now_us);
            trail.add(now_us, 1);
            added.push_back(now_us);
            moves += i > 10'000 && trail.bytes() != bytes ? 1 : 0;
            bytes = trail.bytes();
        }
        CHECK(moves < 30);  // only where it holds more than ever before
        const auto kept = counted(added, now_us, 10 * second);
        CHECK(instants_of(trail) == std::vector<std::int64_t>(kept.begin(), kept.end()));
        CHECK(trail.bytes() < 2 * 3 * kept.size() + 64);
    }
}

TEST_CASE("Joined trails know every call once, the finer instant where both know it") {
    Trail exact(Grain::instant, 10);
    Trail coarse(Grain::sub_window, 2'560);  // sub-windows of 10 s
    for (const std::int64_t s : {0, 4, 8, 30, 36, 41, 45}) {
        for (Trail* const trail : {&exact, &coarse}) {
            trail->forget(long_ago + s * second);
            trail->add(long_ago + s * second, 1);
        }
    }
    // exact: 36, 41, 45; coarse: three as of 8, two as of 36, two as of 45.
    const Trail both[] = {std::move(exact), std::move(coarse)};
    const Trail joined = Trail::joined(Grain::instant, 100, both, long_ago + 50 * second);
    std::vector<std::int64_t> seconds;
    for (const std::int64_t us : instants_of(joined)) {
        seconds.push_back((us - long_ago) / second);
    }
    CHECK(seconds == std::vector<std::int64_t>{8, 8, 8, 36, 36, 41, 45});
}
