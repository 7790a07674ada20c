// Addresses of clients and peers, and sets of them. They are compared as numbers, never as strings,
// so that "10.0.0.0/8" matches exactly that network. IPv4-mapped IPv6 (::ffff:a.b.c.d) is IPv4
// everywhere.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hourgate {

/// One IPv4 or IPv6 address.
class Address {
public:
    enum class Family : std::uint8_t { v4 = 4, v6 = 6 };

    /// Reads an address as text: "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1" (which is IPv4).
    /// Returns nullopt for any other text, such as one with a port, brackets, a zone, or leading
    /// zeros in IPv4.
    [[nodiscard]] static std::optional<Address> parse(std::string_view text) noexcept;
    /// Reads an address as written in X-Forwarded-For: what parse() accepts, or "[v6]",
    /// "[v6]:port", "v4:port". Ignores spaces and tabs around it (RFC 9110 section 5.6.1).
    [[nodiscard]] static std::optional<Address> parse_hop(std::string_view text) noexcept;
    [[nodiscard]] static Address loopback() noexcept;  ///< 127.0.0.1, also for a Unix socket's peer

    [[nodiscard]] Family family() const noexcept { return family_; }
    [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::string text() const;  ///< RFC 5952 form

    /// Returns the key that a limiter counts under: the family, and the whole IPv4 address or the
    /// first 64 bits of IPv6.
    [[nodiscard]] std::array<std::uint8_t, 9> limiter_key() const noexcept;

    friend bool operator==(const Address&, const Address&) = default;

private:
    Family family_ = Family::v4;
    std::array<std::uint8_t, 16> bytes_{};  // IPv4 in the first four, the rest zero
};

/// A network: an address and its number of significant leading bits.
struct Network {
    Address address;
    unsigned bits = 0;

    /// Reads "10.0.0.0/8", "::1/128", or an address alone (all bits). Bits outside the mask must be
    /// zero: "10.0.0.1/8" returns nullopt. "::ffff:10.0.0.0/104" is 10.0.0.0/8.
    [[nodiscard]] static std::optional<Network> parse(std::string_view text) noexcept;
    [[nodiscard]] bool contains(const Address& other) const noexcept;

    friend bool operator==(const Network&, const Network&) = default;
};

/// A set of networks. contains() compares an address only with networks of its own family.
class AddressSet {
public:
    AddressSet() = default;
    explicit AddressSet(std::vector<Network> networks) : networks_(std::move(networks)) {}
    [[nodiscard]] bool contains(const Address& address) const noexcept;
    void add(const AddressSet& other) {
        networks_.insert(networks_.end(), other.networks_.begin(), other.networks_.end());
    }

    friend bool operator==(const AddressSet&, const AddressSet&) = default;

private:
    std::vector<Network> networks_;
};

}  // namespace hourgate
