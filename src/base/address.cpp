#include "base/address.h"

#include <arpa/inet.h>
#include <algorithm>

#include "base/text.h"

namespace hourgate {

namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_port(std::string_view text) noexcept {
    return text.size() <= 5 && parse_number(text, 65'535).has_value();
}

constexpr unsigned width_of(Address::Family family) noexcept {
    return family == Address::Family::v4 ? 32 : 128;
}

/// Returns whether the first `bits` bits of both are equal.
bool same_bits(const Address& a, const Address& b, unsigned bits) noexcept {
    const std::size_t whole = bits / 8;
    const unsigned left = bits % 8;
    if (!std::equal(a.bytes().begin(), a.bytes().begin() + static_cast<std::ptrdiff_t>(whole),
                    b.bytes().begin()))
        return false;
    if (left == 0)
        return true;
    const unsigned difference = static_cast<unsigned>(a.bytes()[whole]) ^ b.bytes()[whole];
    return difference >> (8 - left) == 0;
}

bool has_bits_after(const Address& address, unsigned bits) noexcept {
    for (unsigned bit = bits; bit < width_of(address.family()); ++bit) {
        const unsigned byte = address.bytes()[bit / 8];
        if ((byte >> (7 - bit % 8) & 1U) != 0)
            return true;
    }
    return false;
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) noexcept {
    // inet_pton stops at a NUL, so a text with one is refused.
    std::array<char, INET6_ADDRSTRLEN> copy{};
    if (text.size() >= copy.size() || text.find('\0') != text.npos)
        return std::nullopt;
    std::copy(text.begin(), text.end(), copy.begin());

    Address address;
    if (inet_pton(AF_INET, copy.data(), address.bytes_.data()) == 1)
        return address;
    if (inet_pton(AF_INET6, copy.data(), address.bytes_.data()) != 1)
        return std::nullopt;
    if (std::equal(mapped_prefix.begin(), mapped_prefix.end(), address.bytes_.begin())) {
        std::copy(address.bytes_.begin() + 12, address.bytes_.end(), address.bytes_.begin());
        std::fill(address.bytes_.begin() + 4, address.bytes_.end(), std::uint8_t{0});
    } else {
        address.family_ = Family::v6;
    }
    return address;
}

std::optional<Address> Address::parse_hop(std::string_view text) noexcept {
    text = trimmed(text);
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == text.npos)
            return std::nullopt;
        const std::string_view inside = text.substr(1, close - 1);
        const std::string_view after = text.substr(close + 1);
        if (inside.find(':') == inside.npos)
            return std::nullopt;
        if (!after.empty() && (after.front() != ':' || !is_port(after.substr(1))))
            return std::nullopt;
        return parse(inside);
    }
    const std::size_t colon = text.find(':');
    if (colon == text.npos || text.find(':', colon + 1) != text.npos)
        return parse(text);
    if (!is_port(text.substr(colon + 1)))
        return std::nullopt;
    return parse(text.substr(0, colon));
}

Address Address::loopback() noexcept {
    Address address;
    address.bytes_[0] = 127;
    address.bytes_[3] = 1;
    return address;
}

std::string Address::text() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(family_ == Family::v4 ? AF_INET : AF_INET6, bytes_.data(), text.data(),
              static_cast<socklen_t>(text.size()));
    return text.data();
}

std::array<std::uint8_t, 9> Address::limiter_key() const noexcept {
    std::array<std::uint8_t, 9> key{};
    key[0] = static_cast<std::uint8_t>(family_);
    std::copy(bytes_.begin(), bytes_.begin() + 8, key.begin() + 1);
    return key;
}

std::optional<Network> Network::parse(std::string_view text) noexcept {
    const std::size_t slash = text.find('/');
    const std::string_view before = text.substr(0, slash);
    const auto address = Address::parse(before);
    if (!address)
        return std::nullopt;
    const unsigned width = width_of(address->family());
    if (slash == text.npos)
        return Network{*address, width};

    const std::string_view digits = text.substr(slash + 1);
    if (digits.size() > 1 && digits.front() == '0')
        return std::nullopt;
    // For an IPv4-mapped address, the count includes the 96 bits before the IPv4 address.
    const bool mapped = address->family() == Address::Family::v4 && before.find(':') != before.npos;
    const unsigned skipped = mapped ? 96 : 0;
    const auto bits = parse_number(digits, width + skipped);
    if (!bits || *bits < skipped)
        return std::nullopt;
    const Network network{*address, static_cast<unsigned>(*bits) - skipped};
    if (has_bits_after(network.address, network.bits))
        return std::nullopt;
    return network;
}

bool Network::contains(const Address& other) const noexcept {
    return other.family() == address.family() && same_bits(address, other, bits);
}

bool AddressSet::contains(const Address& address) const noexcept {
    return std::any_of(networks_.begin(), networks_.end(),
                       [&](const Network& network) { return network.contains(address); });
}

}  // namespace hourgate
