// Forward authentication: a proxy asks about a call that it holds, and reads status and headers of
// the response. Each proxy has a dialect, which says where it writes the call and which statuses it
// can hand on. The decision is the same for all dialects.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "gate/call.h"
#include "gate/decision.h"
#include "http/decision/credentials.h"
#include "http/decision/reply.h"
#include "http/wire/message.h"

namespace hourgate::http {

enum class Dialect : std::uint8_t {
    nginx,    ///< auth_request: knows 2xx, 401 and 403; it turns any other status into 500
    denied,   ///< nginx's error_page: repeats the call to get the full response
    caddy,    ///< forward_auth: forwards the whole refusal
    traefik,  ///< ForwardAuth: forwards the whole refusal
    envoy,    ///< ext_authz: any method, the path after a prefix; only 200 grants
};

/// Returns the dialect whose path this is, or nullopt.
[[nodiscard]] std::optional<Dialect> dialect_of(std::string_view path) noexcept;

/// Returns the call that the proxy asks about. The peer is trusted for method, target and host
/// only; everything else is read from the client's headers. Views point to where those of `request`
/// point.
[[nodiscard]] Call asked_call(Dialect dialect, const RequestView& request, const Trust& trust,
                              Now now);

/// Returns the status with which the proxy forwards the call; nullopt if it must not.
[[nodiscard]] std::optional<int> grant_status(Dialect dialect, const Decision& decision) noexcept;
/// Adds the headers of that response. X-Hourgate-Bearer: pass tells the proxy to leave
/// Authorization to the API.
void add_grant_headers(HeaderSink& to, const Decision& decision, const RequestView& request,
                       const ReplySettings& settings);

/// Returns the complete response for the proxy.
[[nodiscard]] Response forward_answer(Dialect dialect, const Decision& decision,
                                      const RequestView& request, const ReplySettings& settings,
                                      Format format);

}  // namespace hourgate::http
