// How many connections each client address has open on a listener, so that one of them cannot take
// every place. IPv6 addresses count per /64, as elsewhere (Address::limiter_key).
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
    Crowd(std::size_t per_address_max, AddressSet exempt)
        : per_address_max_(per_address_max), exempt_(std::move(exempt)) {}

    /// Nothing: the address has all it may have. Throws std::bad_alloc. The crowd outlives places.
    [[nodiscard]] std::optional<Place> enter(const Address& address);

    /// Addresses that are counted now: never more than there are connections.
    [[nodiscard]] std::size_t addresses() const;

private:
    void leave(const Address& address) noexcept;

    const std::size_t per_address_max_;
    const AddressSet exempt_;
    mutable std::mutex mutex_;
    // Guarded by mutex_. A tree, so that nobody can choose addresses that make it slow. None is 0.
    std::map<std::array<std::uint8_t, 9>, std::size_t> open_;
};

}  // namespace hourgate::http
