#include "http/crowd.h"

#include "base/check.h"

namespace hourgate::http {

Crowd::Place::~Place() {
    if (crowd_ != nullptr)
        crowd_->leave(address_);
}

std::optional<Crowd::Place> Crowd::enter(const Address& address) {
    if (exempt_.contains(address))
        return Place();
    const std::lock_guard lock(mutex_);
    const auto at = open_.try_emplace(address.limiter_key(), 0).first;
    if (at->second >= per_address_max_)
        return std::nullopt;
    ++at->second;
    return Place(*this, address);
}

std::size_t Crowd::addresses() const {
    const std::lock_guard lock(mutex_);
    return open_.size();
}

void Crowd::leave(const Address& address) noexcept {
    const std::lock_guard lock(mutex_);
    const auto at = open_.find(address.limiter_key());
    HOURGATE_CHECK(at != open_.end());
    if (--at->second == 0)
        open_.erase(at);
}

}  // namespace hourgate::http
