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
/// asked: the same), the same environment. Pure. Failure::conflict says which of the three is too
/// much.
[[nodiscard]] Result<Powers> narrow(const Powers& held, const Powers& asked, bool env_asked);

struct NewToken {
    std::string member;
    std::string name;               ///< is_plain_name, ≤ limits::token_name_bytes_max
    std::optional<token::Env> env;  ///< none: TokenRules::env
    std::vector<policy::Scope> scopes;
    std::optional<std::int64_t> expires_ms;  ///< must be later than now
};
/// By an operator at the command line. Conflict: member removed, tokens.live_max reached.
[[nodiscard]] Result<MintedToken> mint_token(const Context&, const NewToken&);
[[nodiscard]] Result<MintedToken> mint_operator(const Context&, std::string_view name);

/// All tokens, or those of one workspace, newest first.
[[nodiscard]] Result<std::vector<TokenView>> list_tokens(const Context&,
                                                         std::optional<std::string_view> ws);
[[nodiscard]] Result<TokenView> show_token(const Context&, std::string_view prefix);

/// A successor in the same line: member, name, scopes and length of life are kept; with an expiry
/// it ends line_max after the line's first mint at the latest. The old token works until
/// min(now + grace, its own expiry). Conflict: revoked, expired, already rotated, member removed.
[[nodiscard]] Result<MintedToken> rotate_token(const Context&, std::string_view prefix,
                                               std::optional<std::int64_t> grace_s);

/// Final. Already revoked: done, unchanged. All prefixes in one transaction: an unknown one fails
/// all.
[[nodiscard]] Result<std::vector<TokenView>> revoke_tokens(
    const Context&, const std::vector<std::string>& prefixes);

}  // namespace hourgate::manage
