// POST /_hourgate/introspect: whether a token can be used at all (RFC 7662). It serves peers of the
// ask listener; to them the gate is the authorization server of an OAuth 2.0 resource server.
// Never says why a token is not usable, never repeats what was sent, and counts and logs nothing.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "gate/decision.h"
#include "http/wire/message.h"
#include "policy/policy.h"

namespace hourgate::http {

constexpr std::string_view form_type = "application/x-www-form-urlencoded";

/// Returns the one `token` of a form body (RFC 7662 section 2.1), decoded strictly. Ignores
/// token_type_hint and other parameters. A parameter without a value counts as absent, and none may
/// be repeated (RFC 6749 section 3.2). Failure::usage says what is wrong, without any value.
[[nodiscard]] Result<Secret> read_form(std::string_view body);

/// Returns 200 as in RFC 7662 section 2.2: the members of a token that works and is paid for,
/// otherwise only {"active":false}. `exp` is the earlier of its expiry and the end of its grace,
/// and `expires_in` the seconds until then. If the token is not narrowed, `scope` is what its role
/// amounts to: see policy::effective_scopes(). REQUIRES: made by Gate::introspect, and not
/// store_failed.
[[nodiscard]] Response introspection(const Decision& decision, const policy::Policy& policy);

}  // namespace hourgate::http
