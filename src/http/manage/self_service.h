// Self-service on the public listener: GET {api_prefix}/me here, and the routes by which members
// manage their own tokens (the table in management.h).
#pragma once

#include "gate/decision.h"
#include "http/decision/reply.h"
#include "http/manage/fields.h"
#include "http/manage/management.h"
#include "manage/tokens.h"

namespace hourgate::http {

/// "data" of /me: what a token is and what it has left. The quickest way to try one.
[[nodiscard]] nlohmann::ordered_json me_of(const Decision& decision);

/// "data" of /check: what would become of a call. REQUIRES: a look (Spend::no).
[[nodiscard]] nlohmann::ordered_json check_of(const Decision& decision,
                                              const ReplySettings& settings);

// What self-service and admin read and answer alike.

/// member, status, env, search and sort of the query; workspace too, for an operator.
/// sort=lastUsed: those not used for longest first.
[[nodiscard]] Response list_tokens(ManagementCall& call);
/// The same within `query`: member and workspace are not read then.
[[nodiscard]] Response list_tokens(ManagementCall& call, manage::TokenQuery query);
/// role, kind, status, search and sort of the query.
[[nodiscard]] Response list_members(ManagementCall& call, std::string_view workspace);
/// `role` of a body or a query.
[[nodiscard]] std::optional<Role> role_in(Fields& fields);
/// name and note of the body, on the token captured first.
[[nodiscard]] Response change_token(ManagementCall& call);
/// name, note, env, scopes, expiresAt or expiresIn of the body, and Idempotency-Key. 201 with the
/// token, this once. `member`: as NewToken has it.
[[nodiscard]] Response mint(ManagementCall& call, std::string_view member);
/// Rotates the token of `prefix`; `grace` of the body.
[[nodiscard]] Response rotated(ManagementCall& call, std::string_view prefix);
/// Revokes the token captured first.
[[nodiscard]] Response revoke(ManagementCall& call);
[[nodiscard]] Response show_token(ManagementCall& call);
[[nodiscard]] Response show_member(ManagementCall& call);
/// token, member, from, until of the query; workspace too, for an operator.
[[nodiscard]] Response list_usage(ManagementCall& call);

}  // namespace hourgate::http
