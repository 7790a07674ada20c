// Decisions by resource: a counter for each name of the configuration and each outcome. A name that
// is configured no more keeps its counters until the end, so that none ever goes back; there are
// places for limits::resource_places_max names, and what comes after that shares one.
// Refuses to: make a name of anything but a resource's.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/stripes.h"
#include "gate/decision.h"
#include "ops/exposition.h"

namespace hourgate::ops {

/// What came of a call, as coarse as a graph by resource can bear.
enum class Outcome : std::uint8_t {
    granted,
    unreadable,       ///< 400
    unauthenticated,  ///< 401, and 429 too_many_failures
    unpaid,           ///< 402
    forbidden,        ///< 403
    full,             ///< 429 window_full
    failed,           ///< 503
};
constexpr std::size_t outcome_count = static_cast<std::size_t>(Outcome::failed) + 1;
[[nodiscard]] std::string_view to_text(Outcome outcome) noexcept;
[[nodiscard]] Outcome outcome_of(Reason reason) noexcept;

class ResourceCounts {
public:
    ResourceCounts();

    /// For policy::Resource::counted_at: the same number for the same name, always. Takes a lock;
    /// not for every call. Throws std::bad_alloc.
    [[nodiscard]] std::uint32_t index_of(const std::string& name);

    /// Under its reason's outcome, whether or not it was observed. One relaxed addition, to a cache
    /// line that no other thread writes to as long as there are few. Any thread.
    /// REQUIRES: the resource's number is of place_of(), or 0.
    void count(const Decision& decision) noexcept;

    void write(Exposition& out) const;

private:
    using Outcomes = std::array<std::atomic<std::uint64_t>, outcome_count>;
    struct Named {
        std::string name;
        Stripes<Outcomes> counts;
    };
    void add(std::string name);

    mutable std::mutex mutex_;
    std::size_t used_ = 0;  // guarded by mutex_
    // A place is written once, before its number is given away.
    std::array<std::unique_ptr<Named>, limits::resource_places_max> places_;
};

}  // namespace hourgate::ops
