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
    /// Why calls with it would be refused as things stand, one full sentence each. Empty: nothing
    /// speaks against it.
    std::vector<std::string> warnings = {};
    /// Prefix of the token that was rotated into it; empty for a mint.
    std::string predecessor = {};
};

/// The tokens before and behind one in its line, by prefix. Empty: there is none, or it is not on
/// record any more.
struct TokenLinks {
    std::string predecessor;
    std::string successor;  ///< of several, the one that the last rotation made
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
[[nodiscard]] Result<Powers> narrow(const Powers& held, const Powers& asked, bool env_asked,
                                    policy::WriteScope write = policy::WriteScope::changes);

struct NewToken {
    std::string member;             ///< an operator names one; a member mints for themselves: ""
    std::string name;               ///< is_plain_name, ≤ limits::token_name_bytes_max
    std::optional<token::Env> env;  ///< none: TokenRules::env
    std::vector<policy::Scope> scopes;
    std::optional<std::int64_t> expires_ms;  ///< must be later than now
    std::string note = {};  ///< as a name, at most limits::note_bytes_max; may be empty
    /// 1 to limits::idempotency_key_bytes_max printable ASCII characters; none: not remembered.
    std::optional<std::string> idempotency_key = {};
};
/// Conflict: member removed, tokens.live_max reached, the key named within a day before (`object`
/// is the prefix minted then). Full: the member minted tokens.mints_per_day tokens within a day. A
/// member's token mints for that member alone, never more than it is itself (narrow), and not in
/// its grace. An operator's mints are neither counted nor bounded by tokens.mints_per_day.
[[nodiscard]] Result<MintedToken> mint_token(const Context&, const NewToken&);
/// Operators only. `expires_ms` must be later than now; none: never.
[[nodiscard]] Result<MintedToken> mint_operator(const Context&, std::string_view name,
                                                std::optional<std::int64_t> expires_ms = {});

/// Which tokens to list. Empty: any.
struct TokenQuery {
    std::string workspace;
    std::string member;
    TokenOrder order = TokenOrder::newest_first;
    TokenStatus status = TokenStatus::any;
    std::optional<token::Env> env = {};
    std::optional<bool> operators = {};  ///< operator tokens alone, or none of them
};
/// In that order: all there are for an operator; for owner and admin their workspace's; for others
/// their own. A narrowed token sees those of its own line alone, whatever its member's role is.
[[nodiscard]] Result<Slice<TokenView>> list_tokens(const Context&, const TokenQuery& = {},
                                                   const Page& = {});
/// How many it would list without a bound.
[[nodiscard]] Result<std::int64_t> count_tokens(const Context&, const TokenQuery&);
[[nodiscard]] Result<TokenView> show_token(const Context&, std::string_view prefix);

/// What is given is set, the rest stays. Nothing of what the token may do changes.
struct TokenChange {
    std::optional<std::string> name = {};
    std::optional<std::string> note = {};  ///< "": none
};
/// A member changes their own tokens, and a narrowed token only those of its own line. Ended tokens
/// can be changed, too.
[[nodiscard]] Result<TokenView> change_token(const Context&, std::string_view prefix,
                                             const TokenChange&);

/// REQUIRES: whoever acts may see the token; all that is returned is of its line.
[[nodiscard]] Result<TokenLinks> links_of(const Context&, const TokenRecord& token);

/// Failure::usage if a token may not live that long, or if whoever acts may not give that grace.
/// `typed` is the span as somebody wrote it, which the message repeats; the bound is named in its
/// unit. mint_token() and rotate_token() check the same, but do not know what was typed.
[[nodiscard]] Status check_life(const Context&, std::int64_t life_s, std::string_view typed = {});
[[nodiscard]] Status check_grace(const Context&, std::int64_t grace_s, std::string_view typed = {});

/// A successor in the same line: member, name, scopes and length of life are kept; with an expiry
/// it ends line_max after the line's first mint at the latest. The old token works until
/// min(now + grace, its own expiry). Conflict: revoked, expired, already rotated, member removed.
/// A member rotates their own tokens alone, with a token not in its grace; another than the one
/// sent only when the successor is no more than the one sent (forbidden otherwise). A grace that a
/// member asks for is at most tokens.rotate_grace. Full: the member rotated tokens as often as
/// tokens.mints_per_day says within a day; operators are neither counted nor bounded.
///
/// A rotation may be repeated in the old token's grace, also by the old token itself, as long as
/// nothing that came after it in its line was ever granted a call: its answer was lost. That
/// revokes the unused successors and leaves the grace's end as it was, or earlier if `grace_s` says
/// so. It takes Context::settle_usage. The uses are looked at before the transaction: a first call
/// that a successor is granted between that and the commit does not keep it from being revoked.
///
/// A rotation passes at tokens.live_max. Then the graces of the line's earlier tokens end, so that
/// a line goes over the bound by one token at most.
[[nodiscard]] Result<MintedToken> rotate_token(const Context&, std::string_view prefix,
                                               std::optional<std::int64_t> grace_s);

/// Final. Already revoked: done, unchanged. All prefixes in one transaction: an unknown one fails
/// all.
[[nodiscard]] Result<std::vector<TokenView>> revoke_tokens(
    const Context&, const std::vector<std::string>& prefixes);
/// The same for operator tokens alone: another's prefix is not found. Operators only.
[[nodiscard]] Result<std::vector<TokenView>> revoke_operators(
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

/// What pruning did, and where it goes on.
struct PruneStep {
    std::int64_t after_row = 0;  ///< for the next step
    bool more = false;           ///< whether this walk over all tokens goes on
};
/// One small step of a walk over all tokens: deletes tokens that ended at or before `before_ms`,
/// with their usage, in one transaction of at most limits::prune_rows_max rows; and idempotency
/// keys that are not looked at any more. Audit events stay. The first token of a line that goes on
/// stays, too.
[[nodiscard]] Result<PruneStep> prune_tokens(Ledger& ledger, Now now, std::int64_t keep_s,
                                             std::int64_t after_row);

}  // namespace hourgate::manage
