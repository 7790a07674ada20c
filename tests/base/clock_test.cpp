// base/clock.h: the machine's clocks are read in the stated units.
#include "base/clock.h"

#include <ctime>

#include "support/catch.h"

TEST_CASE("The boot clock never goes back and counts microseconds") {
    const hourgate::SystemClock clock;
    timespec before{};
    clock_gettime(CLOCK_BOOTTIME, &before);
    const hourgate::Now first = clock.now();
    const hourgate::Now second = clock.now();
    timespec after{};
    clock_gettime(CLOCK_BOOTTIME, &after);
    CHECK(first.boot_us <= second.boot_us);
    CHECK(first.boot_us >= before.tv_sec * hourgate::us_per_s + before.tv_nsec / 1'000);
    CHECK(second.boot_us <= after.tv_sec * hourgate::us_per_s + after.tv_nsec / 1'000);
}

TEST_CASE("The wall clock counts milliseconds since 1970") {
    const hourgate::Now now = hourgate::SystemClock().now();
    CHECK(now.wall_ms > 1'700'000'000'000);    // November 2023
    CHECK(now.wall_ms < 253'402'300'800'000);  // the year 10000
}
