// Limits how many connections one client address and one IPv6 network have open on a listener, so
// that none of them can take all of them. IPv6 addresses are counted per /64, as elsewhere
// (Address::limiter_key), and per /48, which is what one customer of a provider may have: 65,536
// networks of /64.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "base/address.h"

namespace hourgate::http {

/// Threads: any. It takes a short lock when a connection begins and when it ends.
class PerAddressLimit {
public:
    /// Counts one connection of an address for as long as it lives. An empty one counts nothing.
    class Slot {
    public:
        Slot() = default;
        ~Slot();
        Slot(Slot&& other) noexcept
            : limit_(std::exchange(other.limit_, nullptr)), address_(other.address_) {}
        Slot& operator=(Slot&&) = delete;
        [[nodiscard]] bool counted() const noexcept { return limit_ != nullptr; }

    private:
        friend class PerAddressLimit;
        Slot(PerAddressLimit& limit, const Address& address) noexcept
            : limit_(&limit), address_(address) {}

        PerAddressLimit* limit_ = nullptr;
        Address address_;
    };

    /// Addresses in `exempt` are not counted, because all callers behind a proxy share its address.
    /// An IPv6 /48 may have `per_net_max` connections in all.
    PerAddressLimit(std::size_t per_address_max, std::size_t per_net_max, AddressSet exempt)
        : per_address_max_(per_address_max),
          per_net_max_(per_net_max),
          exempt_(std::move(exempt)) {}

    /// Returns nullopt if the address or its /48 is at its limit. Throws std::bad_alloc and changes
    /// nothing then. REQUIRES: this object outlives the slots.
    [[nodiscard]] std::optional<Slot> enter(const Address& address);

    /// Returns true if the address itself is at its limit, whether or not its /48 is.
    [[nodiscard]] bool is_full(const Address& address) const;

    /// Returns how many addresses are counted now: never more than there are connections.
    [[nodiscard]] std::size_t addresses() const;

private:
    using Key = std::array<std::uint8_t, 9>;
    void leave(const Address& address) noexcept;

    const std::size_t per_address_max_;
    const std::size_t per_net_max_;
    const AddressSet exempt_;
    mutable std::mutex mutex_;
    // Guarded by mutex_. It is a tree, so no choice of addresses can make it slow. No value is 0.
    std::map<Key, std::size_t> open_;
    std::map<Key, std::size_t> open_in_net_;  // IPv6 only, by net_key(); no value is 0
};

/// One IPv6 /48 may have this part of a listener's connections: a sixteenth.
inline constexpr std::size_t connections_per_net_part = 16;

/// Returns limiter_key() of an IPv6 address with zeros after its /48.
[[nodiscard]] std::array<std::uint8_t, 9> net_key(const Address& address) noexcept;

}  // namespace hourgate::http
