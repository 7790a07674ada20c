// Tokens: minted, listed, rotated, revoked.
#include "manage/tokens.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "base/time_text.h"
#include "manage/audit.h"
#include "manage/find.h"
#include "token/mint.h"

namespace hourgate::manage {

namespace {

/// Two tokens of the same prefix: once in 2^48 pairs. As many in a row mean something else is
/// wrong.
constexpr int mint_tries_max = 8;
constexpr std::int64_t grace_s_max = 36'525 * std::int64_t{86'400};  // 100 years

Status check_name(std::string_view name) {
    if (is_plain_name(name, limits::token_name_bytes_max))
        return Done{};
    return Failure{Fault::usage, "a token cannot be named " + quoted(name),
                   "use 1 to " + std::to_string(limits::token_name_bytes_max) +
                       " bytes of plain UTF-8 text, no space at either end"};
}

Status check_scopes(const Context& context, const std::vector<policy::Scope>& scopes) {
    if (scopes.size() > limits::scopes_max)
        return Failure{Fault::usage, std::to_string(scopes.size()) + " scopes are too many",
                       "ask for at most " + std::to_string(limits::scopes_max)};
    for (const policy::Scope& scope : scopes)
        if (context.scope_known && !context.scope_known(scope.resource))
            return Failure{Fault::usage,
                           "the scope " + quoted(policy::to_text(scope)) + " names no resource",
                           "see the [[resource]] names with `hourgate config show`"};
    return Done{};
}

Status check_expiry(const Context& context, std::optional<std::int64_t> expires_ms) {
    if (!expires_ms)
        return Done{};
    if (*expires_ms <= context.now.wall_ms)
        return Failure{Fault::usage, "an expiry of " + format_time(*expires_ms) + " is in the past",
                       "give a later one, or a length such as 90d"};
    const std::int64_t line_s = context.tokens.line_max_s;
    if (*expires_ms > context.now.wall_ms + line_s * ms_per_s)
        return Failure{
            Fault::usage,
            "an expiry of " + format_time(*expires_ms) + " is later than a token may live",
            "ask for at most " + format_duration(line_s) + ", or raise tokens.line_max"};
    return Done{};
}

Json state_of(const TokenRecord& token) {
    Json json;
    json.add("name", token.name).add("env", token::to_text(token.env));
    json.add("scopes", policy::to_text(token.scopes)).add_time("expires", token.expires_ms);
    return json;
}

/// Draws a token for `view`, stores it, and fills in what the drawing decides.
Result<MintedToken> draw(Rows& rows, const Context& context, TokenView view) {
    for (int attempt = 1;; ++attempt) {
        token::Minted minted = token::mint(context.tokens.brand, view.token.env);
        view.token.prefix = std::move(minted.prefix);
        const Status added = rows.add(view.token, minted.digest);
        if (added)
            return MintedToken{std::move(minted.text), std::move(view)};
        if (added.failure().fault != Fault::conflict || attempt == mint_tries_max)
            return added.failure();
    }
}

Result<MintedToken> mint_in(Rows& rows, const Context& context, TokenView view, Json after) {
    view.token.created_ms = view.token.line_created_ms = context.now.wall_ms;
    Result<MintedToken> minted = draw(rows, context, std::move(view));
    if (!minted)
        return minted;
    const TokenView& made = minted.value().view;
    const Object object{made.token.prefix, made.workspace_id};
    if (Status told = record(rows, context, "token.mint", object, {}, after); !told)
        return told.failure();
    return minted;
}

/// Conflict when the member may not have another token.
Status check_may_mint(Rows& rows, const Context& context, const Member& member) {
    if (member.removed_ms)
        return Failure{Fault::conflict, name_of(member) + " was removed",
                       "bring them back: `hourgate member restore " + member.public_id + "`"};
    const auto live = rows.live_tokens_of(member.id, context.now.wall_ms);
    if (!live)
        return live.failure();
    if (live.value() >= context.tokens.live_max)
        return Failure{Fault::conflict,
                       name_of(member) + " has " + std::to_string(live.value()) +
                           " live tokens, as many as tokens.live_max allows",
                       "revoke one that is not used: `hourgate token revoke PREFIX`"};
    return Done{};
}

Result<MintedToken> mint_for_member(Rows& rows, const Context& context, const NewToken& asked) {
    Result<Member> member = find_member(rows, asked.member);
    if (!member)
        return member.failure();
    const Status may = check_may_mint(rows, context, member.value());
    if (!may)
        return may.failure();
    Result<Workspace> workspace = workspace_of(rows, member.value());
    if (!workspace)
        return workspace.failure();

    TokenView view;
    view.token.member_id = member.value().id;
    view.token.name = asked.name;
    view.token.env = asked.env.value_or(context.tokens.env);
    view.token.scopes = asked.scopes;
    view.token.expires_ms = asked.expires_ms;
    view.member = std::move(member).value();
    view.workspace_id = std::move(workspace.value().public_id);
    view.workspace_name = std::move(workspace.value().name);
    Json after = state_of(view.token);
    after.add("member", view.member.public_id);
    return mint_in(rows, context, std::move(view), std::move(after));
}

// --- rotation ------------------------------------------------------------------------------------

Status check_may_rotate(const TokenView& view, std::int64_t now_ms) {
    const TokenRecord& token = view.token;
    const std::string mint_anew = "mint a new one: `hourgate token mint MEMBER --name NAME`";
    const auto refuse = [&](const std::string& why, std::string next) {
        return Failure{Fault::conflict, "token " + token.prefix + " " + why, std::move(next)};
    };
    if (token.revoked_ms)
        return refuse("was revoked at " + format_time(*token.revoked_ms), mint_anew);
    if (token.rotated_ms)
        return refuse("was rotated at " + format_time(*token.rotated_ms),
                      "rotate its successor; see `hourgate token list`");
    if (token.expires_ms && *token.expires_ms <= now_ms)
        return refuse("expired at " + format_time(*token.expires_ms), mint_anew);
    if (view.member.removed_ms)
        return refuse("belongs to " + name_of(view.member) + ", who was removed",
                      "bring them back: `hourgate member restore " + view.member.public_id + "`");
    return Done{};
}

/// As long a life as the old token's, but not beyond the end of the line.
Result<std::optional<std::int64_t>> successor_expiry(const TokenRecord& old,
                                                     const Context& context) {
    if (!old.expires_ms)
        return std::optional<std::int64_t>();
    const std::int64_t now_ms = context.now.wall_ms;
    const std::int64_t life_ms = *old.expires_ms - old.created_ms;
    const std::int64_t line_end_ms = old.line_created_ms + context.tokens.line_max_s * ms_per_s;
    if (line_end_ms <= now_ms)
        return Failure{Fault::conflict,
                       "the line of token " + old.prefix + " ended at " + format_time(line_end_ms),
                       "mint a new one: `hourgate token mint MEMBER --name NAME`"};
    return std::optional<std::int64_t>(std::min(now_ms + life_ms, line_end_ms));
}

/// The old token goes on for the grace, never past its own expiry.
void put_in_grace(TokenRecord& old, std::int64_t now_ms, std::int64_t grace_s) {
    old.rotated_ms = now_ms;
    old.works_until_ms = now_ms + grace_s * ms_per_s;
    if (old.expires_ms)
        old.works_until_ms = std::min(*old.works_until_ms, *old.expires_ms);
}

Result<MintedToken> rotate_in(Rows& rows, const Context& context, std::string_view prefix,
                              std::int64_t grace_s) {
    Result<TokenView> found = find_token(rows, prefix);
    if (!found)
        return found.failure();
    TokenRecord& old = found.value().token;
    if (Status may = check_may_rotate(found.value(), context.now.wall_ms); !may)
        return may.failure();
    const auto expires_ms = successor_expiry(old, context);
    if (!expires_ms)
        return expires_ms.failure();

    TokenView next = found.value();
    next.token.expires_ms = expires_ms.value();
    next.token.created_ms = context.now.wall_ms;
    Result<MintedToken> minted = draw(rows, context, std::move(next));
    if (!minted)
        return minted;
    const TokenRecord& made = minted.value().view.token;

    const Json before = state_of(old);
    put_in_grace(old, context.now.wall_ms, grace_s);
    if (Status updated = rows.update(old); !updated)
        return updated.failure();
    Json after;
    after.add("successor", made.prefix).add_time("expires", made.expires_ms);
    after.add_time("oldWorksUntil", old.works_until_ms);
    const Object object{old.prefix, found.value().workspace_id};
    if (Status told = record(rows, context, "token.rotate", object, before, after); !told)
        return told.failure();
    return minted;
}

// --- revocation ----------------------------------------------------------------------------------

Result<TokenView> revoke_in(Rows& rows, const Context& context, std::string_view prefix) {
    Result<TokenView> found = find_token(rows, prefix);
    if (!found || found.value().token.revoked_ms)
        return found;
    TokenRecord& token = found.value().token;
    token.revoked_ms = context.now.wall_ms;
    if (Status updated = rows.update(token); !updated)
        return updated.failure();
    Json after;
    after.add_time("revoked", token.revoked_ms);
    const Object object{token.prefix, found.value().workspace_id};
    if (Status told = record(rows, context, "token.revoke", object, state_of(token), after); !told)
        return told.failure();
    return found;
}

}  // namespace

Result<MintedToken> mint_token(const Context& context, const NewToken& asked) {
    if (Status named = check_name(asked.name); !named)
        return named.failure();
    if (Status scoped = check_scopes(context, asked.scopes); !scoped)
        return scoped.failure();
    if (Status lives = check_expiry(context, asked.expires_ms); !lives)
        return lives.failure();
    return in_write(context, [&](Rows& rows) { return mint_for_member(rows, context, asked); });
}

Result<MintedToken> mint_operator(const Context& context, std::string_view name) {
    if (Status named = check_name(name); !named)
        return named.failure();
    TokenView view;
    view.token.is_operator = true;
    view.token.name = name;
    view.token.env = context.tokens.env;
    Json after = state_of(view.token);
    after.add("kind", "operator");
    return in_write(context, [&](Rows& rows) { return mint_in(rows, context, view, after); });
}

Result<std::vector<TokenView>> list_tokens(const Context& context,
                                           std::optional<std::string_view> ws) {
    return in_read(context, [&](Rows& rows) -> Result<std::vector<TokenView>> {
        if (!ws)
            return rows.tokens(std::nullopt);
        const Result<Workspace> workspace = find_workspace(rows, *ws);
        if (!workspace)
            return workspace.failure();
        return rows.tokens(workspace.value().id);
    });
}

Result<TokenView> show_token(const Context& context, std::string_view prefix) {
    return in_read(context, [&](Rows& rows) { return find_token(rows, prefix); });
}

Result<MintedToken> rotate_token(const Context& context, std::string_view prefix,
                                 std::optional<std::int64_t> grace_s) {
    const std::int64_t grace = grace_s.value_or(context.tokens.rotate_grace_s);
    if (grace < 0 || grace > grace_s_max)
        return Failure{Fault::usage, "a grace of " + std::to_string(grace) + " seconds",
                       "give a length such as 24h, or 0 for at once"};
    return in_write(context, [&](Rows& rows) { return rotate_in(rows, context, prefix, grace); });
}

Result<std::vector<TokenView>> revoke_tokens(const Context& context,
                                             const std::vector<std::string>& prefixes) {
    return in_write(context, [&](Rows& rows) -> Result<std::vector<TokenView>> {
        std::vector<TokenView> views;
        for (auto prefix = prefixes.begin(); prefix != prefixes.end(); ++prefix) {
            if (std::find(prefixes.begin(), prefix, *prefix) != prefix)
                continue;  // named twice
            Result<TokenView> revoked = revoke_in(rows, context, *prefix);
            if (!revoked)
                return revoked.failure();
            views.push_back(std::move(revoked).value());
        }
        return views;
    });
}

}  // namespace hourgate::manage
