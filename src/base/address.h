// Addresses of clients and peers, and sets of them. Numbers, never strings: "10.0.0.0/8" means what
// it says (trap 12). IPv4-mapped IPv6 (::ffff:a.b.c.d) is IPv4 everywhere.
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

    /// Plain text: "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1" (which is IPv4). No port,
    /// brackets, zone, or leading zeros in IPv4.
    [[nodiscard]] static std::optional<Address> parse(std::string_view text) noexcept;
    /// As it stands in X-Forwarded-For: parse(), or "[v6]", "[v6]:port", "v4:port"; spaces and tabs
    /// around it (RFC 9110 section 5.6.1) aside.
    [[nodiscard]] static std::optional<Address> parse_hop(std::string_view text) noexcept;
    [[nodiscard]] static Address loopback() noexcept;  ///< 127.0.0.1, also for a Unix socket's peer

    [[nodiscard]] Family family() const noexcept { return family_; }
    [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::string text() const;  ///< RFC 5952 form

    /// What a limiter counts under: family and the whole IPv4 address, or IPv6's first 64 bits.
    [[nodiscard]] std::array<std::uint8_t, 9> limiter_key() const noexcept;

    friend bool operator==(const Address&, const Address&) = default;

private:
    Family family_ = Family::v4;
    std::array<std::uint8_t, 16> bytes_{};  // IPv4 in the first four, the rest zero
};

/// A network: an address and the number of leading bits that count.
struct Network {
    Address address;
    unsigned bits = 0;

    /// "10.0.0.0/8", "::1/128", or an address alone (all bits). Bits outside the mask must be zero:
    /// "10.0.0.1/8" is a mistake and refused. "::ffff:10.0.0.0/104" is 10.0.0.0/8.
    [[nodiscard]] static std::optional<Network> parse(std::string_view text) noexcept;
    [[nodiscard]] bool contains(const Address& other) const noexcept;

    friend bool operator==(const Network&, const Network&) = default;
};

/// A set of networks. An address of the other family is never in it.
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
