// Use cases on tokens: mint, rotate, revoke, and the rule that what a token mints is never more
// than that token. Each is one transaction with its audit event.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "manage/ledger.h"

namespace hourgate::manage {

/// A token just made. `token` is shown once.
struct MintedToken {
    Secret token;
    TokenView view;
};

/// What is asked of a mint, and what is given.
struct Powers {
    std::vector<policy::Scope> scopes;       ///< empty: not narrowed
    std::optional<std::int64_t> expires_ms;  ///< none: never
    token::Env env = token::Env::live;
};

/// What a token may mint: scopes within its own (none asked: the same), expiry not later (none
/// asked: the same), the same environment. Pure. Failure::forbidden says which of the three is too
/// much.
[[nodiscard]] Result<Powers> narrow(const Powers& held, const Powers& asked, bool env_asked);

struct NewToken {
    std::string member;             ///< an operator names one; a member mints for themselves: ""
    std::string name;               ///< is_plain_name, ≤ limits::token_name_bytes_max
    std::optional<token::Env> env;  ///< none: TokenRules::env
    std::vector<policy::Scope> scopes;
    std::optional<std::int64_t> expires_ms;  ///< must be later than now
    /// 1 to limits::idempotency_key_bytes_max visible ASCII characters; none: not remembered.
    std::optional<std::string> idempotency_key = {};
};
/// Conflict: member removed, tokens.live_max reached, the key named within a day before (`object`
/// is the prefix minted then). A member's token mints for that member alone, never more than it is
/// itself (narrow), and not in its grace.
[[nodiscard]] Result<MintedToken> mint_token(const Context&, const NewToken&);
/// Operators only.
[[nodiscard]] Result<MintedToken> mint_operator(const Context&, std::string_view name);

/// Which tokens to list. Empty: any.
struct TokenQuery {
    std::string workspace;
    std::string member;
    TokenOrder order = TokenOrder::newest_first;
};
/// In that order: all there are for an operator; for owner and admin their workspace's; for others
/// their own. A narrowed token sees those of its own line alone, whoever has it.
[[nodiscard]] Result<Slice<TokenView>> list_tokens(const Context&, const TokenQuery& = {},
                                                   const Page& = {});
[[nodiscard]] Result<TokenView> show_token(const Context&, std::string_view prefix);

/// A successor in the same line: member, name, scopes and length of life are kept; with an expiry
/// it ends line_max after the line's first mint at the latest. The old token works until
/// min(now + grace, its own expiry). Conflict: revoked, expired, already rotated, member removed.
/// A member rotates their own tokens alone, with a token not in its grace; another than the one
/// sent only when the successor is no more than the one sent (forbidden otherwise).
[[nodiscard]] Result<MintedToken> rotate_token(const Context&, std::string_view prefix,
                                               std::optional<std::int64_t> grace_s);

/// Final. Already revoked: done, unchanged. All prefixes in one transaction: an unknown one fails
/// all.
[[nodiscard]] Result<std::vector<TokenView>> revoke_tokens(
    const Context&, const std::vector<std::string>& prefixes);

/// Every token of a member or of a workspace, or those named: just one of the three.
struct RevokeMany {
    std::vector<std::string> prefixes;
    std::string member;
    std::string workspace;
};
/// What a revocation of many would end, or ended.
struct Revocation {
    std::vector<TokenView> tokens;  ///< those it concerns, as they are now
    std::int64_t live = 0;          ///< of these, working before it: live or in grace
    std::int64_t used_lately = 0;   ///< of these, granted a call within an hour
};
/// Operators only. Changes nothing.
[[nodiscard]] Result<Revocation> preview_revocation(const Context&, const RevokeMany&);
/// Operators only. One transaction, one event for each token that worked until now.
[[nodiscard]] Result<Revocation> revoke_many(const Context&, const RevokeMany&);

}  // namespace hourgate::manage
