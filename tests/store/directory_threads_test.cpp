// Many threads ask while another process's writer changes what they ask about: no answer is older
// than what was committed a lease before its request.
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "store/leased_directory.h"
#include "support/database_bench.h"

using namespace hourgate;
using namespace hourgate::store;
using hourgate::test::DatabaseBench;
using hourgate::test::take;
using Outcome = Directory::Outcome;

namespace {

constexpr int writes = 150;
constexpr int readers = 4;
const std::string nobody = "00000000000f";

/// When each value was committed: readable while it is written.
struct Commits {
    std::array<std::atomic<std::int64_t>, writes + 1> at_us{};
    std::atomic<int> last{0};

    [[nodiscard]] std::int64_t committed_at(int value) const {
        return at_us[static_cast<std::size_t>(value)];
    }
    /// The highest value committed so long before `now_us` that it must be seen.
    [[nodiscard]] int must_be_seen(std::int64_t now_us) const {
        int value = last.load();
        while (value > 0 && committed_at(value) + limits::writer_wait_us > now_us)
            --value;
        return value;
    }
};

struct Tally {
    int answers = 0, stale = 0, failed = 0, beyond_plans = 0, backwards = 0;
};

}  // namespace

TEST_CASE("no request later than commit plus lease gets a stale answer, whoever writes") {
    DatabaseBench bench;
    const std::string prefix = bench.token_of("acme");
    const std::string other = bench.token_of("bolt");
    const SystemClock clock;
    const auto directory = take(LeasedDirectory::open(bench.path, clock));
    Commits commits;
    std::atomic<bool> done{false};
    std::array<Tally, readers> tallies;

    std::vector<std::thread> threads;
    for (Tally& tally : tallies)
        threads.emplace_back([&] {
            std::int64_t seen = 0;
            while (!done) {
                const Now now = clock.now();
                const int least = commits.must_be_seen(now.boot_us);
                const Directory::Found found = directory->find(prefix, now);
                ++tally.answers;
                if (found.outcome != Outcome::found) {
                    ++tally.failed;
                    continue;
                }
                const std::int64_t value = found.facts->workspace->paid_until_ms.value_or(0);
                if (value < least)
                    ++tally.stale;
                if (value < seen)
                    ++tally.backwards;
                seen = value;
                if (found.plans->find(found.facts->workspace->plan_id) == nullptr)
                    ++tally.beyond_plans;
            }
        });
    // The writer is a connection of its own, as a command line is. Each change is to the workspace;
    // a new plan comes and an old one goes now and then.
    {
        DatabaseConnection writer(bench.path, Access::write, command_busy_ms);
        for (int value = 1; value <= writes; ++value) {
            const std::string n = std::to_string(value);
            std::string sql = "BEGIN IMMEDIATE;";
            if (value % 10 == 0)
                sql += "INSERT INTO plans (id, name, api, rank) VALUES (100 + " + n + ", 'p" + n +
                       "', 1, 1); UPDATE workspaces SET plan_id = 100 + " + n + ";";
            sql += "UPDATE workspaces SET paid_until_ms = " + n + " WHERE id = 1; COMMIT";
            writer.run(sql.c_str());
            commits.at_us[static_cast<std::size_t>(value)] = clock.now().boot_us;
            commits.last = value;
        }
    }
    wait_out_leases();
    const Directory::Found last = directory->find(prefix, clock.now());
    done = true;
    for (std::thread& thread : threads)
        thread.join();

    REQUIRE(last.outcome == Outcome::found);
    CHECK(last.facts->workspace->paid_until_ms == writes);
    int answers = 0;
    for (const Tally& tally : tallies) {
        answers += tally.answers;
        CHECK(tally.stale == 0);
        CHECK(tally.failed == 0);
        CHECK(tally.beyond_plans == 0);
        CHECK(tally.backwards == 0);
    }
    CHECK(answers > writes);
    CHECK(directory->counts().version_reads > 0);
    CHECK(directory->counts().hits > 0);
}

TEST_CASE("revoked is revoked for every request received after the leases are waited out") {
    DatabaseBench bench;
    const std::string member = bench.person(bench.workspace("acme"), "ann@acme.example");
    const SystemClock clock;
    const auto directory = take(LeasedDirectory::open(bench.path, clock));
    std::atomic<bool> done{false};
    std::atomic<std::size_t> known{0};
    std::vector<std::string> prefixes;
    for (int i = 0; i < 20; ++i)
        prefixes.push_back(bench.mint(member).view.token.prefix);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] {  // keeps the directory busy and the tokens in memory
            for (std::size_t at = 0; !done; ++at)
                if (directory->find(prefixes[at % prefixes.size()], clock.now()).outcome ==
                    Outcome::found)
                    ++known;
        });
    int missed = 0;
    for (const std::string& prefix : prefixes) {
        bench.revoke(prefix);
        wait_out_leases();
        const Directory::Found found = directory->find(prefix, clock.now());
        if (found.outcome != Outcome::found || !found.facts->token.revoked_ms)
            ++missed;
    }
    done = true;
    for (std::thread& thread : threads)
        thread.join();
    CHECK(missed == 0);
    CHECK(known > 0);
}

TEST_CASE("many threads looking up at once share a few connections and all get their answer") {
    DatabaseBench bench;
    const std::string member = bench.person(bench.workspace("acme"), "ann@acme.example");
    std::vector<std::string> prefixes;
    for (int i = 0; i < 40; ++i)
        prefixes.push_back(bench.mint(member).view.token.prefix);
    const SystemClock clock;
    const auto directory = take(LeasedDirectory::open(bench.path, clock));
    std::atomic<int> found{0}, absent{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i)
        threads.emplace_back([&] {
            for (const std::string& prefix : prefixes) {
                if (directory->find(prefix, clock.now()).outcome == Outcome::found)
                    ++found;
                if (directory->find(nobody, clock.now()).outcome == Outcome::absent)
                    ++absent;
                directory->simulate_lookup(prefix);
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(found == 16 * 40);
    CHECK(absent == 16 * 40);
    CHECK(directory->counts().entries == 40);
    CHECK(directory->counts().failures == 0);
    CHECK(bench.number("PRAGMA wal_checkpoint(TRUNCATE)") == 0);
}
