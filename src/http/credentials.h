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
#include "http/message.h"

namespace hourgate::http {

/// [trust] of the configuration, and what else decides how a request is read.
struct Trust {
    AddressSet peers;    ///< who may use the ask listener
    AddressSet proxies;  ///< whose X-Forwarded-For is believed, and which hops are skipped
    bool method_override_refused = true;
    std::string ask_id;              ///< header of http/ask_ids.h; "" = off
    std::vector<std::string> hosts;  ///< names under which ask and admin answer: http/host_check.h
};

/// Whether two header names are one to an upstream that reads '_' as '-', as CGI and its heirs do;
/// ASCII case ignored.
[[nodiscard]] bool same_to_an_upstream(std::string_view a, std::string_view b) noexcept;

/// Fills credentials, where they are misplaced, problem and preflight of `call` from the headers
/// and the start of the body; method and target must be set. In this order: two Authorization
/// headers, forged X-Hourgate-* ('_' read as '-'), method override, method, target.
/// An empty Authorization header is as none: some proxies pass on what is not there. "Bearer:",
/// "Bearer=" and "'Bearer " are Bearer with the whole value as credentials, which is no token. Of
/// another scheme `credentials` is the name if it is a well-known one; any other first word may be
/// half a token, and is left out.
void read_headers(Call& call, const RequestView& request, const Trust& trust);

/// The last two of them alone, for who says method and target in another way.
void check_method_and_target(Call& call) noexcept;

enum class Listener : std::uint8_t { public_, ask, admin };

/// The client's address: the peer's, unless the peer is a believed proxy; then X-Forwarded-For (all
/// its lines joined) read from the right, hops in `proxies` skipped, the leftmost when all are. An
/// unreadable hop: not known. On `ask`, a believed proxy that sends no X-Forwarded-For: not known.
[[nodiscard]] std::optional<Address> client_address(const RequestView& request, const Trust& trust,
                                                    Listener listener);

}  // namespace hourgate::http
