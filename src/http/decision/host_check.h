// Under which names the ask and admin listeners answer. A page in a browser can have its own name
// resolve to this machine (DNS rebinding) and would then read /metrics as its own; but the browser
// says that name in Host. So these listeners answer under names that nobody else can own: IP
// addresses, localhost, the names of [server] hosts; and over a Unix socket, which no page reaches.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/decision/credentials.h"
#include "http/decision/observer.h"
#include "http/wire/message.h"

namespace hourgate::http {

/// Whether `host`, a value of Host (RFC 9110 section 7.2) with or without a port, is an IP address,
/// localhost or one of `names`. ASCII case and one dot at the end of a name are ignored.
[[nodiscard]] bool is_known_host(std::string_view host,
                                 std::span<const std::string> names) noexcept;

/// Returns the answer to a request that is not served on its listener: 404 to a peer that may not
/// use the ask listener, as if nothing were here; 421 to a Host under which the ask and admin
/// listeners do not answer. A request of HTTP/1.0 without Host names no host and is served. Returns
/// nullopt for a request that is served. Tells `observer` about each one that is not; nothing is
/// decided or counted for it otherwise.
[[nodiscard]] std::optional<Response> turned_away(Listener listener, const RequestView& request,
                                                  const Trust& trust, const ReplySettings& reply,
                                                  Observer& observer);

}  // namespace hourgate::http
