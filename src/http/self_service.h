// Self-service on the public listener: GET {api_prefix}/me here, and the routes by which members
// manage their own tokens (the table in management.h).
#pragma once

#include "gate/decision.h"
#include "http/fields.h"
#include "http/management.h"
#include "http/reply.h"
#include "manage/tokens.h"

namespace hourgate::http {

/// "data" of /me: what a token is and what it has left. The quickest way to try one.
[[nodiscard]] nlohmann::ordered_json me_of(const Decision& decision);

// What self-service and admin read and answer alike.

/// name, env, scopes, expiresAt or expiresIn. Flaws go into the fields.
[[nodiscard]] manage::NewToken new_token_of(Fields& body, std::int64_t now_ms);
/// sort=lastUsed: those not used for longest first.
[[nodiscard]] manage::TokenOrder token_order_in(Fields& query);
/// 201 with the token, this once.
[[nodiscard]] Answer minted(const Visit& visit, const Result<manage::MintedToken>& minted);
/// Rotates the token of `prefix`; `grace` of the body.
[[nodiscard]] Answer rotated(Visit& visit, std::string_view prefix);
/// Revokes the token captured first.
[[nodiscard]] Answer revoke(Visit& visit);
[[nodiscard]] Answer show_token(Visit& visit);
[[nodiscard]] Answer show_member(Visit& visit);
/// token, member, from, until of the query; workspace too, for an operator.
[[nodiscard]] Answer list_usage(Visit& visit);

}  // namespace hourgate::http
