// Under which host a call was sent, and which API that is. A host is compared as names are: without
// its port, ASCII case and one dot at its end; an IP address as a number.
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
    std::string name;                ///< slug; resources name it
    std::vector<std::string> hosts;  ///< without ports; none: the default, see ApiHosts

    friend bool operator==(const Api&, const Api&) = default;
};

/// The form in which hosts are compared. Views its own memory.
class FoldedHost {
public:
    static constexpr std::size_t bytes_max = 253;  ///< RFC 1035 section 2.3.4, as text

    /// Reads a value of Host (RFC 9110 section 7.2): a name of letters, digits, '-', '.', '_' and
    /// '~', an IPv4 address or "[IPv6]", with or without a port. Anything else, also a list of
    /// hosts, has no text().
    explicit FoldedHost(std::string_view host) noexcept;
    FoldedHost(const FoldedHost&) = delete;
    FoldedHost& operator=(const FoldedHost&) = delete;

    /// "" if it is no host.
    [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), size_}; }

private:
    std::array<char, bytes_max + 2> text_;
    std::size_t size_ = 0;
};

/// Which API a host stands for. Immutable; any thread.
class ApiHosts {
public:
    /// REQUIRES: no host is listed twice, and at most one API has none.
    explicit ApiHosts(const std::vector<Api>& apis);

    /// Returns the place in `apis`. A host that no API lists, and a call that names none (""), are
    /// the default API's. Returns nullopt if there is no such API, or if `host` is no host.
    [[nodiscard]] std::optional<std::size_t> find(std::string_view host) const noexcept;

private:
    std::vector<std::pair<std::string, std::size_t>> places_;  // sorted; folded
    std::optional<std::size_t> default_;
};

}  // namespace hourgate::policy
