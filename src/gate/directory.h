// The interface through which the gate gets facts. store/leased_directory implements it; tests
// script it.
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
        bool from_memory = false;               ///< found without reading the store
    };

    virtual ~Directory() = default;

    /// Returns the facts for a prefix, including every change acknowledged before `now`. Makes at
    /// most one store look-up. An absent prefix is never cached, so it always costs one. Any
    /// thread.
    [[nodiscard]] virtual Found find(std::string_view prefix, Now now) = 0;

    /// Returns what find() would, without reading the store; absent if the store would have to be
    /// read. Never waits for a thread that reads the store. Any thread.
    [[nodiscard]] virtual Found find_in_memory(std::string_view /*prefix*/, Now /*now*/) noexcept {
        return {Outcome::absent, nullptr, nullptr, true};
    }

    /// Returns true to one caller if cached facts must soon be checked against the store. That
    /// caller must then call refresh() from a thread that may block. Any thread.
    [[nodiscard]] virtual bool refresh_due(Now /*now*/) noexcept { return false; }
    virtual void refresh() noexcept {}

    /// Makes the one store look-up that an unknown prefix would have cost, and discards the result.
    /// A wrong secret for a cached prefix must not be cheaper than an unknown prefix.
    virtual void simulate_lookup(std::string_view prefix) noexcept = 0;
};

}  // namespace hourgate
