// POST /_hourgate/introspect: whether a token can be used at all, as RFC 7662 has it. For peers of
// the ask listener: to them the gate is an OAuth 2.0 resource server's authorization server.
// Refuses to: say why a token is not usable, repeat anything that was sent, or count or log a look.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "gate/decision.h"
#include "http/wire/message.h"
#include "policy/policy.h"

namespace hourgate::http {

constexpr std::string_view form_type = "application/x-www-form-urlencoded";

/// The one `token` of such a body (RFC 7662 section 2.1), decoded strictly. token_type_hint and
/// what else there may be is read over; a parameter without a value is as none, and none may be
/// there twice (RFC 6749 section 3.2). Failure::usage says what is off, and repeats nothing.
[[nodiscard]] Result<Secret> read_form(std::string_view body);

/// 200 and RFC 7662 section 2.2: the members of a token that works and is paid for, else
/// {"active":false} and nothing more. `exp` is the earlier of its expiry and the end of its grace,
/// and `expires_in` how many seconds there are until then. `scope` of a token that is not narrowed
/// is what its role comes to: see policy::effective_scopes().
/// REQUIRES: made by Gate::introspect, and not store_failed.
[[nodiscard]] Response introspection(const Decision& decision, const policy::Policy& policy);

}  // namespace hourgate::http
