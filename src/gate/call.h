// One call to be decided, as data. Adapters make it; the gate reads no header and no clock itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "base/clock.h"
#include "base/spend.h"

namespace hourgate {

/// What the Authorization header held (RFC 9110 section 11.6.2).
enum class Presented : std::uint8_t {
    nothing,       ///< no Authorization header
    bearer,        ///< "Bearer" and something: `credentials` is that
    other_scheme,  ///< another scheme: `credentials` is the scheme's name
    bare,          ///< one word without a scheme: `credentials` is empty, it may be a secret
};

/// Where a token was found instead, when `presented` is nothing or another scheme. It is told,
/// never used.
enum class Misplaced : std::uint8_t {
    none,
    in_query,   ///< of the target
    in_basic,   ///< user name or password of Basic (RFC 7617)
    in_header,  ///< another header: `misplaced_in` is its name
    in_body,    ///< the first bytes of the body, as far as they came with the head
};

/// Why an adapter could not read a call.
enum class Problem : std::uint8_t {
    none,
    two_authorizations,  ///< more than one Authorization header
    forged_header,       ///< a client header in the gate's own name space
    method_override,     ///< X-HTTP-Method-Override or its kin
    unreadable_target,   ///< not origin form
    unreadable_method,   ///< not a token of RFC 9110 section 5.6.2
    target_not_told,     ///< forward-auth: the proxy did not say what was asked for, or of whom
};

/// Which door a call came to.
enum class CallKind : std::uint8_t {
    api,    ///< the API behind the gate, and the gate's own routes: members' tokens
    admin,  ///< /admin/v1 on the admin listener: operator tokens alone, and nothing else asked
};

/// Views point into the request and must outlive the Decision made from it.
struct Call {
    CallKind call_kind = CallKind::api;
    Problem problem = Problem::none;
    std::string_view problem_detail;  ///< the header's name; never a value
    Presented presented = Presented::nothing;
    std::string_view credentials;  ///< secret: shown to nobody
    Misplaced misplaced = Misplaced::none;
    std::string_view misplaced_in;  ///< in_header: its name; never a value
    std::string_view method;        ///< as sent, case-sensitive
    std::string_view target;        ///< origin form as sent, query included
    /// As sent, with or without a port; "" if the call names none. Read where there are [[api]]s.
    std::string_view host;
    /// Where there are [[api]]s: the name of the one that a proxy forwards to; "": not said.
    std::string_view api = {};
    std::string_view request_id;     ///< the client's X-Request-Id: logged, never believed
    bool preflight = false;          ///< OPTIONS with Origin and Access-Control-Request-Method
    std::optional<Address> address;  ///< the client's; none: not known
    std::optional<Address> peer;     ///< of the connection; counts for unknown clients
    bool answered_here = false;      ///< by a route of the gate's own: nobody acts on the decision
    Spend spend = Spend::yes;  ///< `again`, `counted`: the repeat of a call decided a moment ago
    Now now;                   ///< read after the request's bytes were
};

}  // namespace hourgate
