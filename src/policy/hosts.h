// Finds the API that a call is for by its host. Hosts are compared as names: the port, ASCII case
// and one final dot are ignored. An IP address is compared as a number.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hourgate::policy {

/// One API behind the gate.
struct Api {
    std::string name;                ///< slug; resources refer to it
    std::vector<std::string> hosts;  ///< without ports; empty for the default API, see ApiHosts

    friend bool operator==(const Api&, const Api&) = default;
};

/// A host in the form in which hosts are compared.
class FoldedHost {
public:
    static constexpr std::size_t bytes_max = 253;  ///< RFC 1035 section 2.3.4, as text

    /// Reads a value of Host (RFC 9110 section 7.2): a name of letters, digits, '-', '.', '_' and
    /// '~', an IPv4 address, or "[IPv6]", with or without a port. For anything else, a list of
    /// hosts included, text() is "".
    explicit FoldedHost(std::string_view host) noexcept;
    FoldedHost(const FoldedHost&) = delete;
    FoldedHost& operator=(const FoldedHost&) = delete;

    /// Returns the compared form; "" if the value was not a host. The view is valid as long as this
    /// object.
    [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), size_}; }

private:
    std::array<char, bytes_max + 2> text_;
    std::size_t size_ = 0;
};

/// The table of hosts and their APIs. Immutable; any thread.
class ApiHosts {
public:
    /// REQUIRES: no host is listed twice, and at most one API has no hosts.
    explicit ApiHosts(const std::vector<Api>& apis);

    /// Returns the index in `apis`. The default API gets a host that no API lists, and a call
    /// without a host (""). Returns nullopt if there is no default API, or if `host` is not a host.
    [[nodiscard]] std::optional<std::size_t> find(std::string_view host) const noexcept;

private:
    std::vector<std::pair<std::string, std::size_t>> places_;  // sorted; hosts in compared form
    std::optional<std::size_t> default_;
};

}  // namespace hourgate::policy
