// The places that listeners listen at: as they are configured, and as a socket names them.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/result.h"

namespace hourgate::http {

enum class Listener : std::uint8_t { public_, ask, admin };

/// `path` set: a Unix socket; else host (an address or a name) and port, port 0 for any free one.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
    std::string path;
    bool for_every_user = false;  ///< the file of a Unix socket is 0666, else 0660
};

/// "127.0.0.1:8402", "[::1]:8402", "unix:/path".
[[nodiscard]] std::string shown(const Endpoint& endpoint);

/// The key of [server] that says where a listener listens: "[server] public".
[[nodiscard]] std::string_view key_of(Listener listener) noexcept;

/// Whether `text` is one host and, if need be, a port: a name of letters, digits, '-', '.', '_' and
/// '~', an IPv4 address or "[IPv6]" (RFC 3986 section 3.2). Stricter than the RFC: no name needs
/// escapes or sub-delimiters, which later readers take for something else. User information is
/// none of it, and a port is a number up to 65535.
[[nodiscard]] bool is_host(std::string_view text) noexcept;

/// Of an AF_INET, AF_INET6 or AF_UNIX socket; a Unix socket's is Address::loopback().
[[nodiscard]] Address address_of(const sockaddr_storage& storage) noexcept;

/// Whether a socket that somebody else made is a stream socket that listens where `endpoint` says;
/// that place, with the port it has. A name stands for all addresses it resolves to.
/// Failure::system says what it is instead, and what to change.
[[nodiscard]] Result<Endpoint> listening_at(int socket, Listener listener,
                                            const Endpoint& endpoint);

}  // namespace hourgate::http
