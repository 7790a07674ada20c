// The one host name that is known without a file or a resolver.
#pragma once

#include <string>
#include <string_view>

namespace hourgate {

/// Returns whether the name means this machine: "localhost", or a name below it (RFC 6761 section
/// 6.3).
[[nodiscard]] bool is_localhost(std::string_view host) noexcept;

/// Returns the name to pass to getaddrinfo(3). That is `host`, or "127.0.0.1" if `host` is
/// localhost and this machine does not know the name, as in a container or a chroot without
/// /etc/hosts. May block for one look-up. Any thread.
[[nodiscard]] std::string resolvable(const std::string& host);

}  // namespace hourgate
