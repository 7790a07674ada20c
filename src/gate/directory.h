// Port: where the gate gets its facts. store/directory implements it; tests script it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "gate/facts.h"

namespace hourgate {

class Directory {
public:
    enum class Outcome : std::uint8_t { found, absent, failed };
    struct Found {
        Outcome outcome = Outcome::failed;
        std::shared_ptr<const Facts> facts;     ///< set when found
        std::shared_ptr<const PlanBook> plans;  ///< set when not failed
        bool from_memory = false;               ///< no store look-up was made
    };

    virtual ~Directory() = default;

    /// Facts under a prefix, with every change acknowledged before `now`. Any thread. At most one
    /// store look-up; an absent prefix is never remembered, so it always costs one.
    [[nodiscard]] virtual Found find(std::string_view prefix, Now now) = 0;

    /// What find() would give without a look into the store; absent when it would look. Any thread;
    /// waits for nobody who reads the store.
    [[nodiscard]] virtual Found find_in_memory(std::string_view /*prefix*/, Now /*now*/) noexcept {
        return {Outcome::absent, nullptr, nullptr, true};
    }

    /// Whether what is remembered will soon have to be checked against the store. True for one
    /// asker, who then calls refresh() where waiting does no harm. Any thread.
    [[nodiscard]] virtual bool refresh_due(Now /*now*/) noexcept { return false; }
    virtual void refresh() noexcept {}

    /// Makes the one store look-up that an unknown prefix would have cost, and forgets what it
    /// found: a wrong secret on a remembered prefix must not be cheaper than an unknown prefix.
    virtual void simulate_lookup(std::string_view prefix) noexcept = 0;
};

}  // namespace hourgate
