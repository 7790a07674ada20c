// Forward authentication: a proxy in front asks about a call it holds, and reads the answer off
// status and headers. Each proxy has a dialect: where it writes the call, and which statuses it can
// pass on. A dialect says how to ask and how to answer; the decision between is the same for all.
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
    nginx,    ///< auth_request: knows 2xx, 401 and 403; anything else becomes its 500 (trap 5)
    denied,   ///< nginx's error_page: the same call again, for the answer in full
    caddy,    ///< forward_auth: passes the whole refusal on
    traefik,  ///< ForwardAuth: passes the whole refusal on
    envoy,    ///< ext_authz: any method, the path behind a prefix; only 200 grants
};

/// The dialect whose endpoint `path` is; nothing when it is none's.
[[nodiscard]] std::optional<Dialect> dialect_of(std::string_view path) noexcept;

/// The call that is asked about. The peer is believed for method, target and host only: everything
/// else is read from the client's own headers. Views point to where those of `request` do.
[[nodiscard]] Call asked_call(Dialect dialect, const RequestView& request, const Trust& trust,
                              Now now);

/// The status with which the proxy lets the call pass; nothing when it does not.
[[nodiscard]] std::optional<int> grant_status(Dialect dialect, const Decision& decision) noexcept;
/// The headers beside it. X-Hourgate-Bearer: pass tells the proxy to leave Authorization to the
/// API.
void add_grant_headers(HeaderSink& to, const Decision& decision, const RequestView& request,
                       const ReplySettings& settings);

/// What the proxy gets to read.
[[nodiscard]] Response forward_answer(Dialect dialect, const Decision& decision,
                                      const RequestView& request, const ReplySettings& settings,
                                      Format format);

}  // namespace hourgate::http
