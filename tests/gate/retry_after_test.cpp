// Retry-After is true through the whole gate: over several windows, exact and in sub-windows, of the
// token and of the workspace, and whatever happens to the plan in between.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gate/gate_bench.h"
#include "limiter/schedule.h"
#include "support/catch.h"

using namespace hourgate;
using hourgate::test::Bench;
using hourgate::test::make_plan;
using hourgate::testing::Dice;
using hourgate::testing::seed_text;
using hourgate::testing::seeds;

namespace {

Window random_window(Dice& dice, std::size_t number) {
    // Small windows fill in a burst; the large are counted in sub-windows.
    const bool large = dice.one_in(4);
    return {"w" + std::to_string(number),
            large ? dice.from32(limits::exact_calls_max + 1, limits::exact_calls_max + 60)
                  : dice.from32(1, 60),
            dice.from32(1, 90), dice.one_in(3) ? Per::workspace : Per::token};
}

std::vector<Window> random_windows(Dice& dice) {
    std::vector<Window> windows;
    const auto count = static_cast<std::size_t>(dice.from(1, 4));
    for (std::size_t i = 0; i < count; ++i)
        windows.push_back(random_window(dice, i));
    return windows;
}

/// Two plans that change under two tokens of one workspace.
class Schedule {
public:
    explicit Schedule(std::uint64_t seed) : dice_(seed) {
        for (std::vector<Window>& windows : plans_)
            windows = random_windows(dice_);
        put_plans();
    }

    /// One step of the schedule: time, and now and then a change of plan in mid-window.
    void go_on() {
        const std::int64_t us =
            dice_.one_in(100) ? dice_.from(0, 20'000'000) : dice_.from(0, 20'000);
        advance(us);
        if (dice_.one_in(150))
            change();
        if (dice_.one_in(10)) {
            bench.facts.token.line = dice_.from(7, 8);  // the other token, or this one again
            bench.put();
        }
    }
    void advance(std::int64_t us) {
        bench.now.boot_us += us;
        bench.now.wall_ms += us / 1'000;
    }
    [[nodiscard]] Decision ask() { return bench.gate.decide(bench.call()); }
    [[nodiscard]] bool wants_proof() { return dice_.one_in(20); }

    Bench bench;

private:
    /// A limit, a length, a window more or less, or the other plan.
    void change() {
        std::vector<Window>& windows = plans_[dice_.one_in(2) ? 1 : 0];
        const auto at =
            static_cast<std::size_t>(dice_.from(0, static_cast<std::int64_t>(windows.size()) - 1));
        switch (dice_.from(0, 5)) {
            case 0:
                windows[at].limit = dice_.from32(1, 60);
                break;
            case 1:
                windows[at].seconds = dice_.from32(1, 90);
                break;
            case 2:
                if (windows.size() < limits::windows_per_plan_max)
                    windows.push_back(random_window(dice_, windows.size()));
                break;
            case 3:
                if (windows.size() > 1)
                    windows.pop_back();
                break;
            case 4:
                windows = random_windows(dice_);
                break;
            default:
                bench.facts.workspace.plan_id = dice_.from(2, 3);
                bench.put();
                break;
        }
        put_plans();
    }
    void put_plans() {
        bench.directory.plans = std::make_shared<PlanBook>(std::vector<Plan>{
            make_plan(1, "free", false, 0, {}), make_plan(2, "studio", true, 10, plans_[0]),
            make_plan(3, "agency", true, 20, plans_[1])});
    }

    Dice dice_;
    std::vector<Window> plans_[2];
};

}  // namespace

TEST_CASE("a refused call passes after exactly its Retry-After, and not a second earlier") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Schedule schedule(seed);
        int proved = 0;
        int several = 0;
        for (int step = 0; step < 20'000; ++step) {
            schedule.go_on();
            const Decision refused = schedule.ask();
            if (refused.reason == Reason::granted || !schedule.wants_proof())
                continue;
            REQUIRE(refused.reason == Reason::window_full);
            const std::int64_t wait_s = refused.room.retry_after_s;
            REQUIRE(wait_s >= 1);
            REQUIRE(refused.room.full >= 0);
            std::size_t full = 0;
            for (std::size_t i = 0; i < refused.room.count; ++i)
                full += refused.room.states[i].full ? 1U : 0U;
            several += full > 1 ? 1 : 0;
            // Refusals count nothing: asking once more in between changes nothing.
            schedule.advance((wait_s - 1) * us_per_s);
            const Decision earlier = schedule.ask();
            REQUIRE(earlier.reason == Reason::window_full);
            REQUIRE(earlier.room.retry_after_s == 1);
            schedule.advance(us_per_s);
            REQUIRE(schedule.ask().reason == Reason::granted);
            ++proved;
        }
        CHECK(proved > 20);
        CHECK(several > 0);
    }
}
