// Self-service on the public listener: GET {api_prefix}/me, and the routes with which members
// manage their tokens (table in management.h).
#pragma once

#include "gate/decision.h"
#include "http/decision/reply.h"
#include "http/manage/fields.h"
#include "http/manage/management.h"
#include "manage/tokens.h"

namespace hourgate::http {

/// Returns "data" of /me: what a token is and what is left of its windows. The quickest way to try
/// one.
[[nodiscard]] nlohmann::ordered_json me_of(const Decision& decision);

/// Returns "data" of /check: the predicted answer to a call. REQUIRES: a dry run (Spend::no).
[[nodiscard]] nlohmann::ordered_json check_of(const Decision& decision,
                                              const ReplySettings& settings);

// Shared by self-service and admin routes.

/// Lists tokens by member, status, env, search and sort of the query; for an operator also by
/// workspace. With sort=lastUsed, tokens unused for longest come first.
[[nodiscard]] Response list_tokens(ManagementCall& call);
/// Lists the tokens within `query`, which replaces member and workspace.
[[nodiscard]] Response list_tokens(ManagementCall& call, manage::TokenQuery query);
/// Lists members by role, kind, status, search and sort of the query.
[[nodiscard]] Response list_members(ManagementCall& call, std::string_view workspace);
/// Reads `role` of a body or a query.
[[nodiscard]] std::optional<Role> role_in(Fields& fields);
/// Changes name and note of the first captured token.
[[nodiscard]] Response change_token(ManagementCall& call);
/// Mints a token from name, note, env, scopes, expiresAt or expiresIn of the body, and
/// Idempotency-Key. Returns 201 with the token, which is shown only once. For `member`, see
/// NewToken.
[[nodiscard]] Response mint(ManagementCall& call, std::string_view member);
/// Rotates the token with `prefix`; reads `grace` of the body.
[[nodiscard]] Response rotated(ManagementCall& call, std::string_view prefix);
/// Revokes the first captured token.
[[nodiscard]] Response revoke(ManagementCall& call);
[[nodiscard]] Response show_token(ManagementCall& call);
[[nodiscard]] Response show_member(ManagementCall& call);
/// Lists usage by token, member, from and until of the query; for an operator also by workspace.
[[nodiscard]] Response list_usage(ManagementCall& call);

}  // namespace hourgate::http
