// One call to be decided, as data. Adapters make it, so that the gate itself reads no header and no
// clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "base/clock.h"
#include "base/spend.h"

namespace hourgate {

/// What the Authorization header has (RFC 9110 section 11.6.2).
enum class Presented : std::uint8_t {
    nothing,       ///< no Authorization header
    bearer,        ///< "Bearer" and a value: `credentials` is the value
    other_scheme,  ///< another scheme: `credentials` is the name of the scheme
    /// One word without a scheme: `credentials` is empty, because it may be a secret.
    bare,
};

/// Where a token was found instead, if `presented` is nothing or another scheme. It is reported,
/// never used.
enum class Misplaced : std::uint8_t {
    none,
    in_query,   ///< the query of the target
    in_basic,   ///< the user name or password of Basic (RFC 7617)
    in_header,  ///< another header: `misplaced_in` is its name
    in_body,    ///< the part of the body that arrived with the head
};

/// Why an adapter could not read a call.
enum class Problem : std::uint8_t {
    none,
    two_authorizations,  ///< more than one Authorization header
    forged_header,       ///< a client sent a header whose name only the gate may set
    method_override,     ///< X-HTTP-Method-Override or similar
    unreadable_target,   ///< not in origin form
    unreadable_method,   ///< not an HTTP token (RFC 9110 section 5.6.2)
    /// Forward authentication: the proxy did not say what the call asks for, or from which host.
    target_not_told,
};

/// Which kind of call it is.
enum class CallKind : std::uint8_t {
    api,  ///< to the API or a gate route, with a member's token
    /// To /admin/v1 on the admin listener; only operator tokens are accepted, and no other question
    /// is asked.
    admin,
};

/// Views are of the request and must outlive the Decision made from it.
struct Call {
    CallKind call_kind = CallKind::api;
    Problem problem = Problem::none;
    std::string_view problem_detail;  ///< the name of the header; never a value
    Presented presented = Presented::nothing;
    std::string_view credentials;  ///< secret; never shown
    Misplaced misplaced = Misplaced::none;
    std::string_view misplaced_in;  ///< in_header: the name of the header; never a value
    std::string_view method;        ///< as sent, case-sensitive
    std::string_view target;        ///< origin form as sent, query included
    /// As sent, with or without a port; "" if the call has none. Used only if there are [[api]]s.
    std::string_view host;
    /// With [[api]]s: the name of the one that a proxy forwards to; "" if the proxy did not say.
    std::string_view api = {};
    std::string_view request_id;     ///< the client's X-Request-Id: logged, never trusted
    bool preflight = false;          ///< OPTIONS with Origin and Access-Control-Request-Method
    std::optional<Address> address;  ///< the client's; nullopt if unknown
    /// The connection's; failures of unknown clients are counted for it.
    std::optional<Address> peer;
    bool answered_here = false;  ///< a gate route answers it, so no API acts on the decision
    Spend spend = Spend::yes;    ///< repeat, counted: the same call was decided a moment ago
    Now now;                     ///< read after the bytes of the request
};

}  // namespace hourgate
