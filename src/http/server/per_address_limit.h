// How many connections each client address and each IPv6 network has open on a listener, so that
// none of them can take every place. IPv6 addresses count per /64, as elsewhere
// (Address::limiter_key), and per /48, which is what one customer of a provider may have: 65,536
// times a /64.
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

/// Any thread. One short lock when a connection begins and when it ends, none in between.
class Crowd {
public:
    /// One connection of an address, counted until it goes. Empty: of nobody who is counted.
    class Place {
    public:
        Place() = default;
        ~Place();
        Place(Place&& other) noexcept
            : crowd_(std::exchange(other.crowd_, nullptr)), address_(other.address_) {}
        Place& operator=(Place&&) = delete;
        [[nodiscard]] bool counted() const noexcept { return crowd_ != nullptr; }

    private:
        friend class Crowd;
        Place(Crowd& crowd, const Address& address) noexcept : crowd_(&crowd), address_(address) {}

        Crowd* crowd_ = nullptr;
        Address address_;
    };

    /// Addresses in `exempt` are not counted: that of a proxy is shared by all who come through it.
    /// An IPv6 /48 has `per_net_max` places in all.
    Crowd(std::size_t per_address_max, std::size_t per_net_max, AddressSet exempt)
        : per_address_max_(per_address_max),
          per_net_max_(per_net_max),
          exempt_(std::move(exempt)) {}

    /// Returns nullopt if the address, or its /48, has all it may have. Throws std::bad_alloc, with
    /// nothing changed. The crowd outlives places.
    [[nodiscard]] std::optional<Place> enter(const Address& address);

    /// Whether the address itself has all it may have, whatever its /48 has.
    [[nodiscard]] bool is_full(const Address& address) const;

    /// Addresses that are counted now: never more than there are connections.
    [[nodiscard]] std::size_t addresses() const;

private:
    using Key = std::array<std::uint8_t, 9>;
    void leave(const Address& address) noexcept;

    const std::size_t per_address_max_;
    const std::size_t per_net_max_;
    const AddressSet exempt_;
    mutable std::mutex mutex_;
    // Guarded by mutex_. A tree, so that nobody can choose addresses that make it slow. None is 0.
    std::map<Key, std::size_t> open_;
    std::map<Key, std::size_t> open_in_net_;  // of IPv6 alone, by net_key(); none is 0
};

/// Of a listener's connections, the part that one IPv6 /48 may have.
inline constexpr std::size_t connections_per_net_part = 16;

/// limiter_key() of an IPv6 address with zeros behind its /48.
[[nodiscard]] std::array<std::uint8_t, 9> net_key(const Address& address) noexcept;

}  // namespace hourgate::http
