#include "ops/resource_counts.h"

#include <utility>

namespace hourgate::ops {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;  // counters that nothing else depends on

// Places that are there from the start. No resource is called "hourgate" or has a bracket in its
// name.
constexpr std::array<std::string_view, 4> given = {"(none)", "hourgate", "(admin)", "(others)"};
constexpr std::uint32_t of_none = 0;    // no resource lists the path, or it cannot be read
constexpr std::uint32_t of_own = 1;     // the gate's own routes
constexpr std::uint32_t of_admin = 2;   // of the admin listener
constexpr std::uint32_t of_others = 3;  // names that came when there was no place left

std::uint32_t place_in(const policy::Match& match) noexcept {
    if (match.own == policy::GateRoute::admin)
        return of_admin;
    if (match.is_gate_route())
        return of_own;
    return match.resource != nullptr ? match.resource->counted_at : of_none;
}

}  // namespace

std::string_view to_text(Outcome outcome) noexcept {
    switch (outcome) {
        case Outcome::granted:
            return "granted";
        case Outcome::unreadable:
            return "unreadable";
        case Outcome::unauthenticated:
            return "unauthenticated";
        case Outcome::unpaid:
            return "unpaid";
        case Outcome::forbidden:
            return "forbidden";
        case Outcome::full:
            return "full";
        case Outcome::failed:
            return "failed";
    }
    return "";
}

Outcome outcome_of(Reason reason) noexcept {
    switch (question_of(reason)) {
        case 1:
            return Outcome::unauthenticated;
        case 2:
            return Outcome::unpaid;
        case 3:
            return Outcome::forbidden;
        case 4:
            return Outcome::full;
        default:
            break;
    }
    if (reason == Reason::granted)
        return Outcome::granted;
    return reason == Reason::store_failed ? Outcome::failed : Outcome::unreadable;
}

ResourceCounts::ResourceCounts() {
    for (const std::string_view name : given)
        add(std::string(name));
}

void ResourceCounts::add(std::string name) {
    places_[used_] = std::make_unique<Named>();
    places_[used_]->name = std::move(name);
    ++used_;
}

std::uint32_t ResourceCounts::index_of(const std::string& name) {
    const std::lock_guard lock(mutex_);
    for (std::size_t at = given.size(); at < used_; ++at)
        if (places_[at]->name == name)
            return static_cast<std::uint32_t>(at);
    if (used_ == places_.size())
        return of_others;
    add(name);
    return static_cast<std::uint32_t>(used_ - 1);
}

void ResourceCounts::count(const Decision& decision) noexcept {
    const auto outcome = static_cast<std::size_t>(outcome_of(decision.reason));
    places_[place_in(decision.match)]->counts.own()[outcome].fetch_add(1, relaxed);
}

void ResourceCounts::write(Exposition& out) const {
    out.begin("hourgate_resource_decisions_total", Exposition::Type::counter,
              "Calls decided, by resource and outcome.");
    const std::lock_guard lock(mutex_);
    for (std::size_t at = 0; at < used_; ++at)
        for (std::size_t outcome = 0; outcome < outcome_count; ++outcome) {
            std::uint64_t sum = 0;
            places_[at]->counts.each(
                [&](const Outcomes& counts) { sum += counts[outcome].load(relaxed); });
            out.sample({{"resource", places_[at]->name},
                        {"outcome", to_text(static_cast<Outcome>(outcome))}},
                       sum);
        }
}

}  // namespace hourgate::ops
