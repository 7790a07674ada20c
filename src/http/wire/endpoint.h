// Where listeners listen: endpoints as configured, and as a socket reports them.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/result.h"

namespace hourgate::http {

enum class Listener : std::uint8_t { public_, ask, admin };

/// If `path` is set, a Unix socket; otherwise a host (address or name) and a port. Port 0 is any
/// free one.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
    std::string path;
    bool for_every_user = false;  ///< the file of a Unix socket has mode 0666, else 0660
};

/// Returns "127.0.0.1:8402", "[::1]:8402" or "unix:/path".
[[nodiscard]] std::string shown(const Endpoint& endpoint);

/// Returns the configuration key of the listener: "[server] public".
[[nodiscard]] std::string_view key_of(Listener listener) noexcept;

/// Returns true if `text` is one host with an optional port up to 65535 (RFC 3986 section 3.2). A
/// host is an IPv4 address, "[IPv6]", or a name of letters, digits, '-', '.', '_' and '~'. Stricter
/// than the RFC: escapes and sub-delimiters are refused, because no name needs them and later
/// readers may misread them. User information is refused, too.
[[nodiscard]] bool is_host(std::string_view text) noexcept;

/// Returns the address in an AF_INET, AF_INET6 or AF_UNIX socket address; Address::loopback() for
/// AF_UNIX.
[[nodiscard]] Address address_of(const sockaddr_storage& storage) noexcept;

/// Checks that a socket made by another process is a stream socket that listens at `endpoint`. A
/// name matches all addresses that it resolves to. Returns the endpoint with its actual port.
/// Failure::system says what the socket is instead, and what to change.
[[nodiscard]] Result<Endpoint> listening_at(int socket, Listener listener,
                                            const Endpoint& endpoint);

}  // namespace hourgate::http
