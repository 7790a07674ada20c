// Checks the Host under which the ask and admin listeners answer. A page in a browser can make its
// own name resolve to this machine (DNS rebinding). It could then read /metrics as if it were its
// own. The browser sends that name in Host. So these listeners answer only under names that no
// other party can own: IP addresses, localhost and the names of [server] hosts. They also answer
// over a Unix socket, which no page reaches.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/decision/credentials.h"
#include "http/decision/observer.h"
#include "http/wire/message.h"

namespace hourgate::http {

/// Returns true if `host` (RFC 9110 section 7.2, with or without a port) is an IP address,
/// localhost or one of `names`. ASCII case and one dot at the end of a name are ignored.
[[nodiscard]] bool is_known_host(std::string_view host,
                                 std::span<const std::string> names) noexcept;

/// Returns the response to a request that its listener does not serve, or nullopt if it is served.
/// A peer that may not use the ask listener gets 404, as if it did not exist. A Host under which
/// the ask and admin listeners do not answer gets 421. An HTTP/1.0 request without Host is served.
/// Reports each refused request to `observer`; nothing else is decided or counted for it.
[[nodiscard]] std::optional<Response> turned_away(Listener listener, const RequestView& request,
                                                  const Trust& trust, const ReplySettings& reply,
                                                  Observer& observer);

}  // namespace hourgate::http
