// Limits how many connections one client address or IPv6 network has open on a listener, so that
// none of them can take all. IPv6 addresses are counted per /64 (Address::limiter_key) and per /48.
// A provider may give one customer a /48, which is 65,536 networks of /64.
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

/// Threads: any. Holds a lock briefly when a connection begins and when it ends.
class PerAddressLimit {
public:
    /// Counts one connection of an address while this object exists. An empty slot counts nothing.
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

    /// Limits an IPv6 /48 to `per_net_max` connections in total. Addresses in `exempt` are not
    /// counted, because all clients behind a proxy share its address.
    PerAddressLimit(std::size_t per_address_max, std::size_t per_net_max, AddressSet exempt)
        : per_address_max_(per_address_max),
          per_net_max_(per_net_max),
          exempt_(std::move(exempt)) {}

    /// Returns nullopt if the address or its /48 is at its limit. Throws std::bad_alloc; nothing
    /// has been changed then. REQUIRES: this object outlives the slots.
    [[nodiscard]] std::optional<Slot> enter(const Address& address);

    /// Returns true if the address itself is at its limit, whether or not its /48 is.
    [[nodiscard]] bool is_full(const Address& address) const;

    /// Returns the number of addresses that have a connection now.
    [[nodiscard]] std::size_t addresses() const;

private:
    using Key = std::array<std::uint8_t, 9>;
    void leave(const Address& address) noexcept;

    const std::size_t per_address_max_;
    const std::size_t per_net_max_;
    const AddressSet exempt_;
    mutable std::mutex mutex_;
    // Guarded by mutex_. A tree: no choice of addresses can make it slow. No value is 0.
    std::map<Key, std::size_t> open_;
    std::map<Key, std::size_t> open_in_net_;  // IPv6 only, by net_key(); no value is 0
};

/// One IPv6 /48 may have a sixteenth of a listener's connections.
inline constexpr std::size_t connections_per_net_part = 16;

/// Returns limiter_key() of an IPv6 address with zeros after its /48.
[[nodiscard]] std::array<std::uint8_t, 9> net_key(const Address& address) noexcept;

}  // namespace hourgate::http
