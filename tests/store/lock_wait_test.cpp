// How long one process waits for another that writes: often enough looked, and not for ever.
#include <set>

#include "store/database_connection.h"
#include "support/catch.h"
#include "support/database_bench.h"

using namespace hourgate;
using store::Access;
using store::DatabaseConnection;
using store::LockWait;

TEST_CASE("a writer that waits looks again within a few milliseconds, until its time is used up") {
    LockWait wait(100);
    std::int64_t now_us = 1'000'003;
    const std::int64_t begun_us = now_us;
    int looks = 0;
    std::set<std::int64_t> pauses;
    for (std::int64_t pause = 0; (pause = wait.next_pause_us(looks, now_us)) > 0; ++looks) {
        REQUIRE(pause <= 4'000);
        pauses.insert(pause);
        now_us += pause + 7;
    }
    CHECK(now_us - begun_us >= 100'000);
    CHECK(now_us - begun_us < 104'100);
    CHECK(looks >= 25);
    CHECK(pauses.size() > 3);  // processes that wait do not look in step
    // The next wait has its time anew.
    CHECK(wait.next_pause_us(0, now_us) > 0);
}

TEST_CASE("a writer gives up once its time is used up, and another one then has the lock") {
    test::DatabaseBench bench;
    DatabaseConnection holder(bench.path, Access::write, 0);
    holder.run("BEGIN IMMEDIATE");
    DatabaseConnection second(bench.path, Access::write, 20);
    CHECK_THROWS(second.run("BEGIN IMMEDIATE"));
    holder.run("COMMIT");
    second.run("BEGIN IMMEDIATE");
    second.run("COMMIT");
}
