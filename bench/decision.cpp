// Measures what the decision itself costs, in process: the real gate over a real database file,
// without HTTP. Prints medians of batches, in nanoseconds. Not a test: the figures depend on the
// machine.
//
//   hourgate_decision [TOKENS] [FOLDER]      default 10000, a private folder under /tmp
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gate/gate.h"
#include "limiter/limiter.h"
#include "manage/accounts.h"
#include "manage/tokens.h"
#include "store/database.h"
#include "store/leased_directory.h"
#include "store/sqlite_ledger.h"

using namespace hourgate;

namespace {

constexpr std::size_t batch = 100;

/// Returns the value, or prints the failure on standard error and exits.
template <typename T>
T must(Result<T> result) {
    if (result)
        return std::move(result).value();
    (void)std::fprintf(stderr, "hourgate_decision: %s\n", result.failure().what.c_str());
    std::exit(1);
}

struct World {
    std::string path;
    SystemClock clock;
    std::vector<Secret> tokens;

    void fill(std::size_t count) {
        must(store::create_database(path));
        const auto ledger = must(store::SqliteLedger::open(path));
        manage::Context context{
            *ledger, {"bench", "local"}, clock.now(), {}, [](auto) { return true; }};
        context.tokens.live_max = 1'000'000'000;
        must(manage::add_built_in_plans(context));
        manage::PlanChange huge{"huge", true, 90,
                                std::vector<Window>{{"burst", 10'000'000, 10, Per::token},
                                                    {"sustained", 10'000'000, 60, Per::token}}};
        must(manage::set_plan(context, huge));
        must(manage::add_workspace(context, {"bench", "huge", std::nullopt}));
        const manage::MemberView member = must(
            manage::add_member(context, {"bench", MemberKind::service, "", "bench", Role::owner}));
        for (std::size_t i = 0; i < count; ++i) {
            manage::NewToken token;
            token.member = member.member.public_id;
            token.name = "bench";
            tokens.push_back(must(manage::mint_token(context, token)).token);
        }
    }
};

Call call_with(const Secret& token, Now now) {
    Call call;
    call.presented = Presented::bearer;
    call.credentials = token.reveal();
    call.method = "GET";
    call.target = "/api/v1/clients/42";
    call.address = Address::loopback();
    call.now = now;
    return call;
}

/// Returns nanoseconds per decision: the median of batches over `tokens`.
double median_ns(Gate& gate, const Clock& clock, const std::vector<Secret>& tokens,
                 std::size_t rounds) {
    std::vector<double> each;
    std::size_t next = 0, refused = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
        const std::int64_t before_us = clock.now().boot_us;
        for (std::size_t i = 0; i < batch; ++i) {
            const Call call = call_with(tokens[next], clock.now());
            const auto at_hand = gate.decide_from_memory(call);  // as the server does
            if (!(at_hand ? at_hand->granted() : gate.decide(call).granted()))
                ++refused;
            next = (next + 1) % tokens.size();
        }
        each.push_back(static_cast<double>(clock.now().boot_us - before_us) * 1000.0 / batch);
    }
    if (refused > 0)
        (void)std::fprintf(stderr, "hourgate_decision: %zu calls were refused\n", refused);
    std::nth_element(each.begin(), each.begin() + static_cast<long>(each.size() / 2), each.end());
    return each[each.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000;
    const std::filesystem::path folder = argc > 2 ? argv[2] : "/tmp/hourgate-bench";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    World world{(folder / "bench.db").string(), {}, {}};
    std::printf("minting %zu tokens\n", count);
    world.fill(count);

    const policy::Policy policy = must(policy::Policy::make({}));
    Limiter limiter;
    AddressLimiter failures{{"failures", 10, 60, Per::token}};
    AddressLimiter public_calls{{"public", 600, 60, Per::token}};
    AddressLimiter preflights{{"public", 600, 60, Per::token}};
    const std::int64_t before_us = world.clock.now().boot_us;
    const auto directory = must(store::LeasedDirectory::open(world.path, world.clock));
    std::printf("directory opened in %.1f ms\n",
                static_cast<double>(world.clock.now().boot_us - before_us) / 1000.0);
    Limiter own;
    Gate gate({}, policy, *directory, limiter, own, failures, public_calls, preflights);

    std::printf("token read from SQLite  %8.0f ns\n",
                median_ns(gate, world.clock, world.tokens, world.tokens.size() / batch));
    std::printf("token known             %8.0f ns\n",
                median_ns(gate, world.clock, world.tokens, 5'000));
    std::filesystem::remove_all(folder);
    return 0;
}
