#include "ops/decision_log.h"

#include <algorithm>
#include <utility>

namespace hourgate::ops {

DecisionLog::DecisionLog(Grants grants)
    : grants_(grants),
      slots_(std::make_unique<std::atomic<std::uint64_t>[]>(limits::sample_slots)),
      ring_(room),
      ids_(room) {}

/// Asking why is nothing to be asked about.
bool DecisionLog::keeps(const Decision& granted) noexcept {
    if (grants_ == Grants::none || granted.match.own == policy::GateRoute::why)
        return false;
    return grants_ == Grants::all || sampled(granted);
}

/// Whether it has its slot for this sample time: the first that comes takes it.
bool DecisionLog::sampled(const Decision& decision) noexcept {
    const auto token = decision.facts ? static_cast<std::uint64_t>(decision.facts->token.id) : 0;
    const auto resource = reinterpret_cast<std::uintptr_t>(decision.match.resource);
    const std::size_t place = hash_(hash_(token) + resource);
    std::atomic<std::uint64_t>& slot = slots_[place % limits::sample_slots];
    // Never 0, which is a slot that nobody had.
    const auto time =
        static_cast<std::uint64_t>(decision.now.boot_us / (limits::sample_s * us_per_s)) + 1;
    std::uint64_t had = slot.load(std::memory_order_relaxed);
    return had != time && slot.compare_exchange_strong(had, time, std::memory_order_relaxed);
}

void DecisionLog::note(const Decision& decision, bool again) noexcept {
    if (decision.reason != Reason::granted || keeps(decision))
        put(decision, again, {});
}

void DecisionLog::note(const Decision& granted, bool again,
                       const UpstreamFailure& failure) noexcept {
    put(granted, again, failure);
}

void DecisionLog::put(const Decision& decision, bool again,
                      const UpstreamFailure& failure) noexcept {
    std::shared_ptr<const KeptDecision> kept;
    try {
        kept = std::make_shared<const KeptDecision>(decision, again, failure);
    } catch (...) {
        lost_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    bool half_full = false;
    {
        const std::lock_guard lock(mutex_);
        const std::size_t at = next_ % room;
        ids_[at] = decision.id;
        ring_[at].swap(kept);
        ++next_;
        if (next_ - taken_ > room) {
            ++taken_;
            lost_.fetch_add(1, std::memory_order_relaxed);
        }
        half_full = next_ - taken_ == room / 2;
    }
    if (half_full && half_full_)
        half_full_();
}  // what was overwritten is freed here, outside the lock

std::shared_ptr<const KeptDecision> DecisionLog::find(std::string_view id) const {
    Id wanted{};
    if (id.size() != wanted.size())
        return nullptr;
    std::copy(id.begin(), id.end(), wanted.begin());
    const std::lock_guard lock(mutex_);
    const std::uint64_t oldest = next_ > room ? next_ - room : 0;
    for (std::uint64_t number = next_; number > oldest; --number)  // the newest of an id first
        if (ids_[(number - 1) % room] == wanted)
            return ring_[(number - 1) % room];
    return nullptr;
}

std::vector<std::shared_ptr<const KeptDecision>> DecisionLog::take() {
    std::vector<std::shared_ptr<const KeptDecision>> fresh;
    fresh.reserve(room);  // not under the lock
    const std::lock_guard lock(mutex_);
    for (; taken_ < next_; ++taken_)
        fresh.push_back(ring_[taken_ % room]);
    return fresh;
}

}  // namespace hourgate::ops
