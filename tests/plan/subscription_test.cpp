// plan/subscription.h: the instants, each looked at one millisecond before, at and after.
#include "plan/subscription.h"

#include <cstdint>
#include <limits>

#include "support/catch.h"

using namespace hourgate;

TEST_CASE("Paid without end stays paid at every instant") {
    for (const std::int64_t now : {std::numeric_limits<std::int64_t>::min(), std::int64_t{0},
                                   std::numeric_limits<std::int64_t>::max()}) {
        const Standing standing = standing_at(std::nullopt, LapseRule{5}, now);
        CHECK(standing.paid == Paid::yes);
        CHECK(standing.lapses_ms == 0);
    }
}

TEST_CASE("Paid until an instant means before it; then grace; then lapsed") {
    constexpr std::int64_t until = 1'000'000;
    for (const std::int64_t grace : {0, 1, 2, 1'000})
        for (std::int64_t now = until - 3; now <= until + grace + 3; ++now) {
            const Standing standing = standing_at(until, LapseRule{grace}, now);
            const Paid expected = now < until           ? Paid::yes
                                  : now < until + grace ? Paid::in_grace
                                                        : Paid::lapsed;
            INFO("grace " << grace << ", now " << now);
            CHECK(standing.paid == expected);
            CHECK(standing.lapses_ms == until + grace);
        }
}

TEST_CASE("Without grace a subscription lapses at the very instant it is paid until") {
    CHECK(standing_at(10, LapseRule{0}, 9).paid == Paid::yes);
    CHECK(standing_at(10, LapseRule{0}, 10).paid == Paid::lapsed);
}
