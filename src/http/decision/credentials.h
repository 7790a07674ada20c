// Reads from a request what a gate::Call needs: credentials, the client's address, what is forged.
// Believes a header only from whom the configuration says.
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

/// [trust] of the configuration, and what else decides how a request is read.
struct Trust {
    AddressSet peers;    ///< who may use the ask listener
    AddressSet proxies;  ///< whose X-Forwarded-For is believed, and which hops are skipped
    bool method_override_refused = true;
    std::string ask_id;              ///< header of http/ask/ask_ids.h; "" = off
    /// The names under which ask and admin answer (http/decision/host_check.h).
    std::vector<std::string> hosts;
    bool by_host = false;  ///< true with [[api]]s: the host of a call says which API it is for
};

/// Fills credentials, where they are misplaced, problem and preflight of `call` from the headers
/// and the start of the body; method and target must be set. In this order: two Authorization
/// headers, forged X-Hourgate-* (base/header_name.h), method override, method, target, method
/// override in the query.
/// An empty Authorization header is as none: some proxies pass on what is not there. "Bearer:",
/// "Bearer=" and "'Bearer " are Bearer with the whole value as credentials, which is no token. Of
/// another scheme `credentials` is the name if it is a well-known one; any other first word may be
/// half a token, and is left out.
void read_headers(Call& call, const RequestView& request, const Trust& trust);

/// Checks the last three of them alone, for a question that names method and target in another way.
void check_method_and_target(Call& call, const Trust& trust) noexcept;

/// Returns the value of the only header that an application may take for `name`. Returns nullopt if
/// there is none, if there are several, or if it is not spelled as `name` is (ASCII case ignored):
/// the peer that is believed writes it as we do, and another spelling is its caller's.
[[nodiscard]] std::optional<std::string_view> only_as_read(const RequestView& request,
                                                           std::string_view name) noexcept;

/// Returns the client's address: the peer's, unless the peer is a believed proxy. Then it is read
/// from X-Forwarded-For (all its lines joined) from the right; hops in `proxies` are skipped, and
/// if all are in `proxies`, the leftmost is returned. Returns nullopt if a hop that is needed
/// cannot be read, or if a believed proxy names no hop: it calls for somebody whom it does not
/// name. On the admin listener such a peer calls for itself.
[[nodiscard]] std::optional<Address> client_address(const RequestView& request, const Trust& trust,
                                                    Listener listener);

/// Returns the part of a believed proxy's X-Forwarded-For that is known to be true: from the
/// client's address on, hops in `proxies` behind it, joined by ", ". What stands left of it is the
/// client's own word. "" if the peer is no believed proxy, or nothing in it can be believed.
[[nodiscard]] std::string believed_hops(const RequestView& request, const Trust& trust);

}  // namespace hourgate::http
