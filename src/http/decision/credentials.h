// Reads from a request what a Call needs: credentials, the client's address and forged headers.
// Trusts a header only from peers that the configuration names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "gate/call.h"
#include "http/wire/endpoint.h"
#include "http/wire/message.h"

namespace hourgate::http {

/// [trust] of the configuration, and what else determines how a request is read.
struct Trust {
    AddressSet peers;    ///< peers that may use the ask listener
    AddressSet proxies;  ///< whose X-Forwarded-For is trusted, and which hops are skipped
    bool method_override_refused = true;
    std::string ask_id;  ///< header of http/ask/ask_ids.h; "": off
    /// The names under which the ask and admin listeners answer (http/decision/host_check.h).
    std::vector<std::string> hosts;
    bool by_host = false;  ///< with [[api]]s: the host of a call selects its API
};

/// Fills credentials, their misplaced location, problem and preflight of `call` from the headers
/// and the start of the body. REQUIRES: method and target are set. Checks in this order: two
/// Authorization headers, forged X-Hourgate-* (base/header_name.h), method override, method,
/// target, method override in the query.
///
/// An empty Authorization header counts as absent, because some proxies forward one that the client
/// did not send. "Bearer:", "Bearer=" and "'Bearer " count as Bearer with the whole value as
/// credentials, which is not a token. For another scheme, `credentials` is its name if it is well
/// known. Any other first word is left out, since it may be half a token.
void read_headers(Call& call, const RequestView& request, const Trust& trust);

/// Checks only the last three of them, for a question that names method and target in another way.
void check_method_and_target(Call& call, const Trust& trust) noexcept;

/// Returns the value of the only header that an application may read as `name`. Returns nullopt if
/// there is none, if there are several, or if its spelling differs from `name` (ASCII case
/// ignored). A trusted peer uses our spelling; another spelling is its client's.
[[nodiscard]] std::optional<std::string_view> only_as_read(const RequestView& request,
                                                           std::string_view name) noexcept;

/// Returns the client's address: the peer's, unless the peer is a trusted proxy. From a trusted
/// proxy, reads X-Forwarded-For (all its lines joined) from the right and skips hops in `proxies`.
/// If all hops are in `proxies`, returns the leftmost. Returns nullopt if a needed hop is
/// unreadable, or if a trusted proxy names no hop, since the caller is unknown then. On the admin
/// listener such a proxy counts as the client itself.
[[nodiscard]] std::optional<Address> client_address(const RequestView& request, const Trust& trust,
                                                    Listener listener);

/// Returns the trustworthy part of a trusted proxy's X-Forwarded-For: the client's address and the
/// hops in `proxies` after it, joined by ", ". What is left of it was written by the client.
/// Returns "" if the peer is not a trusted proxy, or no part can be trusted.
[[nodiscard]] std::string believed_hops(const RequestView& request, const Trust& trust);

}  // namespace hourgate::http
