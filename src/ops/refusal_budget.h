// How many refused calls may leave something behind: a record in the database, a line in the log.
// A caller who is known has a budget for each token. Callers nobody knows have one budget together,
// because each can come from as many addresses as it likes; within it, one net (an IPv6 /48, an
// IPv4 /24) has its own bound, so that one of them does not take it all.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "base/seeded_hash.h"
#include "gate/decision.h"

namespace hourgate::ops {

class RefusalBudget {
public:
    struct Bounds {
        std::uint32_t token_per_minute = 0;  ///< of one known token
        std::uint32_t net_per_minute = 0;    ///< of one net of callers nobody knows
        /// All callers nobody knows: so many at once, and so many more each second.
        std::uint32_t strangers_at_once = 0;
        std::uint32_t strangers_per_second = 0;
    };

    /// REQUIRES: no bound is 0.
    explicit RefusalBudget(const Bounds& bounds) : bounds_(bounds) {}

    /// Takes one from the budget of the refused caller, as of the decision's time. Returns false
    /// when nothing is left of it; nothing is taken then. A decision that failed for lack of the
    /// store is nobody's: those have a budget like a token's. Any thread. Throws std::bad_alloc.
    [[nodiscard]] bool take(const Decision& refused);

private:
    using Source = std::array<std::uint8_t, 9>;

    [[nodiscard]] static Source source_of(const Decision& refused) noexcept;
    [[nodiscard]] bool take_in_minute(Source source, std::uint32_t most);

    const Bounds bounds_;
    std::mutex mutex_;
    // Guarded by mutex_:
    std::int64_t minute_ = 0;
    std::unordered_map<Source, std::uint32_t, SeededHash> sources_;  // taken in it
    std::int64_t strangers_us_ = 0;  // when the budget of callers nobody knows is whole again
};

}  // namespace hourgate::ops
