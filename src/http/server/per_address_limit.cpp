#include "http/server/per_address_limit.h"

#include "base/check.h"

namespace hourgate::http {

PerAddressLimit::Slot::~Slot() {
    if (limit_ != nullptr)
        limit_->leave(address_);
}

std::array<std::uint8_t, 9> net_key(const Address& address) noexcept {
    auto key = address.limiter_key();
    key[7] = key[8] = 0;  // the family, six bytes of the /48, two more of the /64
    return key;
}

std::optional<PerAddressLimit::Slot> PerAddressLimit::enter(const Address& address) {
    if (exempt_.contains(address))
        return Slot();
    const bool has_net = address.family() == Address::Family::v6;
    const std::lock_guard lock(mutex_);
    const auto at = open_.find(address.limiter_key());
    if (at != open_.end() && at->second >= per_address_max_)
        return std::nullopt;
    if (has_net) {
        const auto net = open_in_net_.try_emplace(net_key(address), 0).first;
        if (net->second >= per_net_max_)
            return std::nullopt;
        try {
            ++open_[address.limiter_key()];
        } catch (...) {
            if (net->second == 0)
                open_in_net_.erase(net);
            throw;
        }
        ++net->second;
    } else {
        ++open_[address.limiter_key()];
    }
    return Slot(*this, address);
}

bool PerAddressLimit::is_full(const Address& address) const {
    const std::lock_guard lock(mutex_);
    const auto at = open_.find(address.limiter_key());
    return at != open_.end() && at->second >= per_address_max_;
}

std::size_t PerAddressLimit::addresses() const {
    const std::lock_guard lock(mutex_);
    return open_.size();
}

void PerAddressLimit::leave(const Address& address) noexcept {
    const auto leave = [](std::map<Key, std::size_t>& from, const Key& key) {
        const auto at = from.find(key);
        HOURGATE_CHECK(at != from.end());
        if (--at->second == 0)
            from.erase(at);
    };
    const std::lock_guard lock(mutex_);
    leave(open_, address.limiter_key());
    if (address.family() == Address::Family::v6)
        leave(open_in_net_, net_key(address));
}

}  // namespace hourgate::http
