// Tokens: minted, listed, rotated, revoked.
#include "manage/tokens.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "base/time_text.h"
#include "manage/audit.h"
#include "manage/find.h"
#include "manage/mint_warnings.h"
#include "manage/rights.h"
#include "token/blot.h"
#include "token/mint.h"

namespace hourgate::manage {

namespace {

/// Two tokens of the same prefix: once in 2^48 pairs. As many in a row mean something else is
/// wrong.
constexpr int mint_tries_max = 8;
constexpr std::string_view mint_action = "token.mint";
constexpr std::string_view change_action = "token.change";
constexpr std::string_view rotate_action = "token.rotate";
constexpr std::int64_t links_looked_at = 200;  // more than a rotation can be repeated in a day
constexpr std::int64_t grace_s_max = 365 * std::int64_t{86'400};  // as of [tokens] rotate_grace

/// A span as it was typed or, if nobody typed it, in its shortest form.
std::string said(std::int64_t seconds, std::string_view typed) {
    return typed.empty() ? format_duration(seconds) : quoted(typed);
}

Status check_name(std::string_view name) {
    if (is_name(name, limits::token_name_bytes_max))
        return Done{};
    return Failure{Fault::usage, "a token cannot be named " + quoted(name),
                   name_rule(name, limits::token_name_bytes_max), "bad_name", "name"};
}

Status check_note(std::string_view note) {
    if (note.empty() || is_name(note, limits::note_bytes_max))
        return Done{};
    return Failure{Fault::usage, "a token cannot have the note " + quoted(note),
                   name_rule(note, limits::note_bytes_max) + "; or leave it empty", "bad_name",
                   "note"};
}

Status check_key(const std::optional<std::string>& key) {
    // A token here is a mistake that its owner is to hear of.
    if (!key || (!key->empty() && key->size() <= limits::idempotency_key_bytes_max &&
                 is_printable_ascii(*key) && !token::looks_like_token(*key)))
        return Done{};
    return Failure{Fault::usage, "the idempotency key does not fit",
                   "use 1 to " + std::to_string(limits::idempotency_key_bytes_max) +
                       " visible ASCII characters, in double quotes or without",
                   "bad_idempotency_key", "Idempotency-Key"};
}

/// Returns what is stored of a key: a short one itself; of a longer one, or of one that may be a
/// secret, the 64 hex digits of its digest. The two are never the same text, for a short one has
/// fewer than 64 characters.
std::string stored_key(const std::string& key) {
    constexpr std::string_view hex = "0123456789abcdef";
    constexpr std::size_t digest_digits = 2 * std::tuple_size_v<token::Digest>;
    if (key.size() < digest_digits && !token::shows_secret(key))
        return key;
    const token::Digest digest = token::digest_of(key);
    std::string digits;
    for (const std::uint8_t byte : digest)
        digits.append(1, hex[byte >> 4U]).append(1, hex[byte & 15U]);
    return digits;
}

Status check_scopes(const Context& context, const std::vector<policy::Scope>& scopes) {
    if (scopes.size() > limits::scopes_max)
        return Failure{Fault::usage, std::to_string(scopes.size()) + " scopes are too many",
                       "ask for at most " + std::to_string(limits::scopes_max), "too_many_scopes",
                       "scopes"};
    for (const policy::Scope& scope : scopes)
        if (context.scope_known && !context.scope_known(scope.resource))
            return Failure{Fault::usage,
                           "the scope " + quoted(policy::to_text(scope)) + " names no resource",
                           "see the [[resource]] names with `hourgate config show`",
                           "unknown_scope", "scopes"};
    return Done{};
}

Status check_expiry(const Context& context, std::optional<std::int64_t> expires_ms) {
    if (!expires_ms)
        return Done{};
    if (*expires_ms <= context.now.wall_ms)
        return Failure{Fault::usage, "an expiry of " + format_time(*expires_ms) + " is in the past",
                       "give a later one, or a length such as 90d", "expiry_past", "expiresAt"};
    const std::int64_t line_s = context.tokens.line_max_s;
    if (*expires_ms > context.now.wall_ms + line_s * ms_per_s)
        return Failure{
            Fault::usage,
            "an expiry of " + format_time(*expires_ms) + " is later than a token may live",
            "ask for at most " + format_duration(line_s) + ", which is until " +
                format_time(context.now.wall_ms + line_s * ms_per_s) +
                ", as [tokens] line_max says",
            "expiry_too_late", "expiresAt"};
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

Result<MintedToken> with_warnings(Rows& rows, const Context& context, MintedToken minted) {
    auto warnings = mint_warnings(rows, context, minted.view);
    if (!warnings)
        return warnings.failure();
    minted.warnings = std::move(warnings).value();
    return minted;
}

Result<MintedToken> mint_in(Rows& rows, const Context& context, TokenView view, Json after) {
    view.token.created_ms = view.token.line_created_ms = context.now.wall_ms;
    Result<MintedToken> minted = draw(rows, context, std::move(view));
    if (!minted)
        return minted;
    const TokenView& made = minted.value().view;
    const Object object{made.token.prefix, made.workspace_id};
    if (Status told = record(rows, context, mint_action, object, {}, after); !told)
        return told.failure();
    return with_warnings(rows, context, std::move(minted).value());
}

/// Full when the member did this as often within a day as tokens.mints_per_day allows, with
/// whichever of their tokens. The audit log is the record of it: an event is written with each
/// change, stays when a token is revoked or pruned, and names who did it, so that what an operator
/// does for a member does not count.
Status check_times_a_day(Rows& rows, const Context& context, const std::optional<Caller>& caller,
                         std::string_view action) {
    if (!caller)
        return Done{};
    const std::int64_t window_ms = limits::mints_window_s * ms_per_s;
    const std::int64_t limit = context.tokens.mints_per_day;
    const std::int64_t now_ms = context.now.wall_ms;
    const auto latest = rows.instants_of(caller->member.public_id, action, now_ms - window_ms,
                                         static_cast<std::size_t>(limit));
    if (!latest)
        return latest.failure();
    if (static_cast<std::int64_t>(latest.value().size()) < limit)
        return Done{};
    // There is room once the oldest of the latest `limit` is a day old. One from the future, which
    // a clock that was set back leaves behind, counts as of now.
    const std::int64_t oldest_ms = std::min(latest.value().back(), now_ms);
    const std::int64_t wait_s = (oldest_ms + window_ms - now_ms + ms_per_s - 1) / ms_per_s;
    const bool mints = action == mint_action, changes = action == change_action;
    Failure full{
        Fault::full,
        "the member " + name_of(caller->member) +
            (mints     ? " minted "
             : changes ? " changed name or note of "
                       : " rotated ") +
            std::to_string(limit) +
            " tokens within 24 hours, as many as tokens.mints_per_day allows",
        "wait " + std::to_string(wait_s) + " s, until " +
            format_time((now_ms + ms_per_s - 1) / ms_per_s * ms_per_s + wait_s * ms_per_s) +
            ", then send the same call again",
        "window_full"};
    full.window = {mints     ? "mints"
                   : changes ? "changes"
                             : "rotations",
                   limit, limits::mints_window_s, wait_s};
    return full;
}

/// Conflict when the member may not have another token.
Status check_may_mint(Rows& rows, const Context& context, const Member& member) {
    if (member.removed_ms)
        return Failure{Fault::conflict,
                       name_of(member) + " was removed",
                       "bring them back: `hourgate member restore " + member.public_id + "`",
                       "member_removed",
                       {},
                       member.public_id};
    const auto live = rows.live_tokens_of(member.id, context.now.wall_ms);
    if (!live)
        return live.failure();
    if (live.value() >= context.tokens.live_max)
        return Failure{Fault::conflict,
                       name_of(member) + " has " + std::to_string(live.value()) +
                           " live tokens, as many as tokens.live_max allows",
                       "revoke one that is not used: `hourgate token revoke PREFIX`; a token in "
                       "its grace counts, too",
                       "too_many_tokens"};
    return Done{};
}

/// Conflict when the token that acts is rotated: its successor is there to mint and rotate.
Status check_not_in_grace(const Caller& caller) {
    if (!caller.token.rotated_ms)
        return Done{};
    return Failure{Fault::conflict,
                   "token " + caller.token.prefix + " was rotated at " +
                       format_time(*caller.token.rotated_ms) + " and is in its grace",
                   "send its successor", "token_in_grace"};
}

Powers powers_of(const TokenRecord& token) {
    return {token.scopes, token.expires_ms, token.env};
}

/// What a mint is for: whom, and with what powers. The rule of who may mint what stands here.
struct Grant {
    Member member;
    Powers powers;
    bool sees_siblings = true;  ///< may be told of other tokens of this member
};
Result<Grant> grant_of(Rows& rows, const Context& context, const std::optional<Caller>& caller,
                       const NewToken& asked) {
    const Powers wanted{asked.scopes, asked.expires_ms, asked.env.value_or(context.tokens.env)};
    if (!caller) {
        Result<Member> member = find_member(rows, asked.member);
        if (!member)
            return member.failure();
        return Grant{std::move(member).value(), wanted};
    }
    const Caller& self = *caller;
    if (!asked.member.empty() && asked.member != self.member.public_id)
        return Failure{Fault::forbidden, "a member's token mints for that member alone",
                       "leave the member out", "not_own", "member"};
    if (Status may = check_not_in_grace(self); !may)
        return may.failure();
    Result<Powers> powers =
        narrow(powers_of(self.token), wanted, asked.env.has_value(), context.tokens.write_scope);
    if (!powers)
        return powers.failure();
    return Grant{self.member, std::move(powers).value(), !self.is_narrowed()};
}

/// Conflict when the member minted under this key within a day.
Status check_key_is_new(Rows& rows, const Context& context, const Grant& grant,
                        const NewToken& asked) {
    if (!asked.idempotency_key)
        return Done{};
    const auto minted = rows.minted_under(grant.member.id, stored_key(*asked.idempotency_key),
                                          context.now.wall_ms - limits::idempotency_keep_ms);
    if (!minted)
        return minted.failure();
    if (!minted.value())
        return Done{};
    if (!grant.sees_siblings)
        return Failure{Fault::conflict, "this idempotency key minted a token already",
                       "use that token; if its secret was lost, mint with another key",
                       "idempotency_key_used"};
    return Failure{Fault::conflict,
                   "this idempotency key minted token " + *minted.value() + " already",
                   "use that token; if its secret was lost, revoke it and mint with another key",
                   "idempotency_key_used",
                   {},
                   *minted.value()};
}

Result<MintedToken> mint_for_member(Rows& rows, const Context& context, const NewToken& asked) {
    const auto caller = caller_of(rows, context);
    if (!caller)
        return caller.failure();
    Result<Grant> grant = grant_of(rows, context, caller.value(), asked);
    if (!grant)
        return grant.failure();
    Member& member = grant.value().member;
    if (Status fresh = check_key_is_new(rows, context, grant.value(), asked); !fresh)
        return fresh.failure();
    if (Status may = check_may_mint(rows, context, member); !may)
        return may.failure();
    if (Status room = check_times_a_day(rows, context, caller.value(), mint_action); !room)
        return room.failure();
    Result<Workspace> workspace = workspace_of(rows, member);
    if (!workspace)
        return workspace.failure();

    Powers& powers = grant.value().powers;
    TokenView view;
    view.token.member_id = member.id;
    view.token.name = asked.name;
    view.token.note = asked.note;
    view.token.env = powers.env;
    view.token.scopes = std::move(powers.scopes);
    view.token.expires_ms = powers.expires_ms;
    view.member = std::move(member);
    view.workspace_id = std::move(workspace.value().public_id);
    view.workspace_name = std::move(workspace.value().name);
    Json after = state_of(view.token);
    after.add("member", view.member.public_id);
    Result<MintedToken> minted = mint_in(rows, context, std::move(view), std::move(after));
    if (!minted || !asked.idempotency_key)
        return minted;
    const TokenRecord& made = minted.value().view.token;
    const Status kept = rows.remember(made.member_id, stored_key(*asked.idempotency_key),
                                      made.prefix, context.now.wall_ms);
    if (!kept)
        return kept.failure();
    return minted;
}

Status revoke_in(Rows& rows, const Context& context, TokenView& view) {
    TokenRecord& token = view.token;
    if (token.revoked_ms)
        return Done{};
    token.revoked_ms = context.now.wall_ms;
    if (Status updated = rows.update(token); !updated)
        return updated;
    Json after;
    after.add_time("revoked", token.revoked_ms);
    const Object object{token.prefix, view.workspace_id};
    return record(rows, context, "token.revoke", object, state_of(token), after);
}

// --- rotation ------------------------------------------------------------------------------------

Status check_may_rotate(const TokenView& view, std::int64_t now_ms) {
    const TokenRecord& token = view.token;
    const std::string mint_anew = "mint a new one: `hourgate token mint MEMBER --name NAME`";
    const auto refuse = [&](const std::string& why, std::string next) {
        return Failure{Fault::conflict, "token " + token.prefix + " " + why, std::move(next),
                       "not_rotatable"};
    };
    if (token.revoked_ms)
        return refuse("was revoked at " + format_time(*token.revoked_ms), mint_anew);
    if (token.works_until_ms && *token.works_until_ms <= now_ms)
        return refuse("was rotated at " + format_time(*token.rotated_ms),
                      "rotate its successor; see `hourgate token list`");
    if (token.expires_ms && *token.expires_ms <= now_ms)
        return refuse("expired at " + format_time(*token.expires_ms), mint_anew);
    if (view.member.removed_ms)
        return refuse("belongs to " + name_of(view.member) + ", who was removed",
                      "bring them back: `hourgate member restore " + view.member.public_id + "`");
    return Done{};
}

/// Whether rows say of every granted call that it was made.
enum class Usage : std::uint8_t { settled, behind };

/// What the repeat of a rotation finds: everything that came after the old token in its line, none
/// of which was ever granted a call. Conflict when one was: the answer had arrived.
Result<std::vector<TokenView>> unused_after(Rows& rows, const TokenRecord& old, Usage usage) {
    const std::string when =
        "token " + old.prefix + " was rotated at " + format_time(*old.rotated_ms);
    if (usage == Usage::behind)
        return Failure{
            Fault::conflict, when,
            "rotate its successor; see `hourgate token list`; if the successor was lost, "
            "the token itself can be rotated again over HTTP",
            "not_rotatable"};
    auto later = rows.later_in_line(old);
    if (!later)
        return later;
    for (const TokenView& view : later.value())
        if (view.use.used_ms)
            return Failure{Fault::conflict, when + ", and its successor is in use",
                           "send its successor", "token_in_grace"};
    return later;
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
                       "mint a new one: `hourgate token mint MEMBER --name NAME`", "line_ended"};
    return std::optional<std::int64_t>(std::min(now_ms + life_ms, line_end_ms));
}

/// Who may rotate what. An operator: every token.
Status check_right_to_rotate(const std::optional<Caller>& caller, const TokenRecord& old,
                             std::optional<std::int64_t> successor_expires_ms,
                             policy::WriteScope write) {
    if (!caller)
        return Done{};
    if (old.member_id != caller->member.id)
        return Failure{Fault::forbidden, "token " + old.prefix + " is another member's",
                       "its member may rotate it; you may revoke it", "not_own"};
    if (old.id == caller->token.id)
        return Done{};
    if (Status may = check_not_in_grace(*caller); !may)
        return may;
    Powers successor = powers_of(old);
    successor.expires_ms = successor_expires_ms;
    const Powers held = powers_of(caller->token);
    // To narrow(), nothing asked means the same again; here it means everything, and for ever.
    const bool more = (successor.scopes.empty() && !held.scopes.empty()) ||
                      (!successor.expires_ms && held.expires_ms.has_value());
    if (more || !narrow(held, successor, true, write))
        return Failure{Fault::forbidden,
                       "the successor of token " + old.prefix + " would be more than this token",
                       "send token " + old.prefix + " itself to rotate it", "beyond_token"};
    return Done{};
}

/// Lets the old token work for the grace, never past its own expiry. Repeated, the grace ends when
/// it was to end before, or earlier if a shorter one is asked for.
void put_in_grace(TokenRecord& old, const Context& context, std::optional<std::int64_t> grace_s) {
    const std::int64_t now_ms = context.now.wall_ms;
    const std::int64_t end_ms = now_ms + grace_s.value_or(context.tokens.rotate_grace_s) * ms_per_s;
    if (!old.rotated_ms) {
        old.rotated_ms = now_ms;
        old.works_until_ms = end_ms;
    } else if (grace_s) {
        old.works_until_ms = std::min(*old.works_until_ms, end_ms);
    }
    if (old.expires_ms)
        old.works_until_ms = std::min(*old.works_until_ms, *old.expires_ms);
}

/// At tokens.live_max, ends the graces of the line's earlier tokens: with each rotation the line
/// would else have one more token that works. Says in `after` which.
Status end_earlier_graces(Rows& rows, const Context& context, const TokenRecord& old, Json& after) {
    if (old.is_operator)
        return Done{};
    auto working = rows.working_tokens_of(old.member_id, context.now.wall_ms);
    if (!working)
        return working.failure();
    if (static_cast<std::int64_t>(working.value().size()) < context.tokens.live_max)
        return Done{};
    std::string ended;
    for (TokenView& view : working.value()) {
        if (view.token.line != old.line || view.token.id == old.id || !view.token.rotated_ms)
            continue;
        view.token.works_until_ms = context.now.wall_ms;
        if (Status updated = rows.update(view.token); !updated)
            return updated;
        ended.append(ended.empty() ? "" : " ").append(view.token.prefix);
    }
    if (!ended.empty())
        after.add("graceEnded", ended);
    return Done{};
}

/// What a rotation asks for.
struct Rotation {
    std::string_view prefix;
    std::optional<std::int64_t> grace_s;
    Usage usage = Usage::behind;
};

/// Makes way for the successor: the first time within tokens.live_max, else in the place of those
/// that were never used.
Status make_way(Rows& rows, const Context& context, const TokenRecord& old, Usage usage,
                Json& after) {
    if (!old.rotated_ms)
        return end_earlier_graces(rows, context, old, after);
    auto unused = unused_after(rows, old, usage);
    if (!unused)
        return unused.failure();
    after.add_flag("again", true);
    for (TokenView& view : unused.value())
        if (view.token.ends_after(context.now.wall_ms))
            if (Status revoked = revoke_in(rows, context, view); !revoked)
                return revoked;
    return Done{};
}

Result<MintedToken> rotate_in(Rows& rows, const Context& context, const Rotation& asked) {
    const auto caller = caller_of(rows, context);
    if (!caller)
        return caller.failure();
    Result<TokenView> found = find_token_for(rows, caller.value(), asked.prefix);
    if (!found)
        return found.failure();
    TokenRecord& old = found.value().token;
    if (Status may = check_may_rotate(found.value(), context.now.wall_ms); !may)
        return may.failure();
    const auto expires_ms = successor_expiry(old, context);
    if (!expires_ms)
        return expires_ms.failure();
    if (Status may = check_right_to_rotate(caller.value(), old, expires_ms.value(),
                                           context.tokens.write_scope);
        !may)
        return may.failure();
    Json ways;
    if (Status way = make_way(rows, context, old, asked.usage, ways); !way)
        return way.failure();
    if (Status room = check_times_a_day(rows, context, caller.value(), rotate_action); !room)
        return room.failure();

    TokenView next = found.value();
    next.use = {};
    next.token.expires_ms = expires_ms.value();
    next.token.created_ms = context.now.wall_ms;
    next.token.rotated_ms.reset();
    next.token.works_until_ms.reset();
    Result<MintedToken> minted = draw(rows, context, std::move(next));
    if (!minted)
        return minted;
    const TokenRecord& made = minted.value().view.token;

    const Json before = state_of(old);
    put_in_grace(old, context, asked.grace_s);
    if (Status updated = rows.update(old); !updated)
        return updated.failure();
    Json after;
    after.add("successor", made.prefix).add_time("expires", made.expires_ms);
    after.add_time("oldWorksUntil", old.works_until_ms).add_all(ways);
    const Object object{old.prefix, found.value().workspace_id};
    if (Status told = record(rows, context, rotate_action, object, before, after); !told)
        return told.failure();
    minted.value().predecessor = old.prefix;
    return with_warnings(rows, context, std::move(minted).value());
}

/// Whether it could be rotated at that instant. A grace of 0 ends at the rotation itself.
bool worked_at(const TokenRecord& token, std::int64_t at_ms) noexcept {
    return (!token.revoked_ms || *token.revoked_ms > at_ms) &&
           (!token.works_until_ms || *token.works_until_ms >= at_ms) &&
           (!token.expires_ms || *token.expires_ms > at_ms);
}

/// The latest token of the line before this one that worked when this one was minted: a rotation
/// that is repeated ends those that it made before.
Result<std::string> predecessor_of(Rows& rows, const TokenRecord& token) {
    if (token.line == token.id)
        return std::string();
    TokenRows in_line;
    in_line.line = token.line;
    Page page{links_looked_at, Position{0, token.id}};
    const auto before = rows.tokens(in_line, page);
    if (!before)
        return before.failure();
    for (const TokenView& view : before.value().items)
        if (worked_at(view.token, token.created_ms))
            return view.token.prefix;
    return std::string();
}

/// The line does not tell it where a rotation was repeated; the audit log does.
Result<std::string> successor_of(Rows& rows, const TokenRecord& token) {
    if (!token.rotated_ms)
        return std::string();
    AuditFilter rotations;
    rotations.action = rotate_action;
    rotations.object = token.prefix;
    const auto last = rows.events(rotations, Page{1});
    if (!last)
        return last.failure();
    // It is written by our own program, in which no other text can look like this one.
    constexpr std::string_view before = R"("successor":")";
    for (const AuditEvent& event : last.value().items)
        if (const std::size_t at = event.after.find(before); at != event.after.npos)
            return event.after.substr(at + before.size(), token.prefix.size());
    return std::string();
}

// --- name and note -------------------------------------------------------------------------------

Json description_of(const TokenRecord& token) {
    Json json;
    json.add("name", token.name).add("note", token.note);
    return json;
}

/// A member may do with their own tokens what a narrowed token may with those of its line.
Result<TokenView> change_in(Rows& rows, const Context& context, std::string_view prefix,
                            const TokenChange& change) {
    const auto caller = caller_of(rows, context);
    if (!caller)
        return caller.failure();
    Result<TokenView> found = find_token_for(rows, caller.value(), prefix);
    if (!found)
        return found;
    TokenRecord& token = found.value().token;
    if (caller.value() && token.member_id != caller.value()->member.id)
        return Failure{Fault::forbidden, "token " + token.prefix + " is another member's",
                       "its member may change it; you may revoke it", "not_own"};
    const Json before = description_of(token);
    token.name = change.name.value_or(token.name);
    token.note = change.note.value_or(token.note);
    const Json after = description_of(token);
    if (before.text() == after.text())
        return found;
    // Each change is an event of the audit log, which keeps it.
    if (Status room = check_times_a_day(rows, context, caller.value(), change_action); !room)
        return room.failure();
    if (Status updated = rows.update(token); !updated)
        return updated.failure();
    const Object object{token.prefix, found.value().workspace_id};
    if (Status told = record(rows, context, change_action, object, before, after); !told)
        return told.failure();
    return found;
}

// --- revocation ----------------------------------------------------------------------------------

/// Each once, in the order they are named.
Result<std::vector<TokenView>> named_tokens(Rows& rows, const std::optional<Caller>& caller,
                                            const std::vector<std::string>& prefixes) {
    std::vector<TokenView> views;
    for (auto prefix = prefixes.begin(); prefix != prefixes.end(); ++prefix) {
        if (std::find(prefixes.begin(), prefix, *prefix) != prefix)
            continue;  // named twice
        Result<TokenView> found = find_token_for(rows, caller, *prefix);
        if (!found)
            return found.failure();
        views.push_back(std::move(found).value());
    }
    return views;
}

Result<Revocation> concerned(Rows& rows, const Context& context, const RevokeMany& asked) {
    Revocation all;
    if (!asked.prefixes.empty()) {
        auto named = named_tokens(rows, std::nullopt, asked.prefixes);
        if (!named)
            return named.failure();
        all.tokens = std::move(named).value();
    } else {
        const auto which =
            rows_of(rows, std::nullopt, {asked.workspace, asked.member}, context.now.wall_ms);
        if (!which)
            return which.failure();
        auto found = rows.tokens(which.value(), {});
        if (!found)
            return found.failure();
        all.tokens = std::move(found.value().items);
    }
    for (const TokenView& view : all.tokens) {
        const std::string_view status = status_of(view, context.now.wall_ms);
        const bool works = status == "live" || status == "grace";
        all.live += works ? 1 : 0;
        const auto used_ms = view.use.used_ms;
        all.used_lately += works && used_ms && *used_ms > context.now.wall_ms - ms_per_hour ? 1 : 0;
    }
    return all;
}

Status check_one_way(const RevokeMany& asked) {
    const int ways = (asked.prefixes.empty() ? 0 : 1) + (asked.member.empty() ? 0 : 1) +
                     (asked.workspace.empty() ? 0 : 1);
    if (ways == 1)
        return Done{};
    return Failure{Fault::usage, "which tokens are meant is not said in just one way",
                   "give prefixes, or a member, or a workspace", "which_tokens", "prefixes"};
}

}  // namespace

Status check_life(const Context& context, std::int64_t life_s, std::string_view typed) {
    const std::int64_t most_s = context.tokens.line_max_s;
    if (life_s <= most_s)
        return Done{};
    return Failure{
        Fault::usage,
        "an expiry of " + said(life_s, typed) + " from now is later than a token may live",
        "ask for at most " + span_like(typed, most_s) + ", as [tokens] line_max says",
        "expiry_too_late", "expiresIn"};
}

Status check_grace(const Context& context, std::int64_t grace_s, std::string_view typed) {
    if (grace_s < 0 || grace_s > grace_s_max)
        return Failure{
            Fault::usage, "a grace of " + said(grace_s, typed) + " is out of bounds",
            "give at most " + span_like(typed, grace_s_max) + ", or 0 to end the old token at once",
            "bad_grace", "grace"};
    const std::int64_t own_max_s = context.tokens.rotate_grace_s;
    if (context.actor.power == Power::workspace && grace_s > own_max_s)
        return Failure{Fault::usage,
                       "a grace of " + said(grace_s, typed) + " is longer than this gate gives",
                       "ask for at most " + span_like(typed, own_max_s) + ", or for none",
                       "bad_grace", "grace"};
    return Done{};
}

Result<MintedToken> mint_token(const Context& context, const NewToken& asked) {
    if (Status named = check_name(asked.name); !named)
        return named.failure();
    if (Status noted = check_note(asked.note); !noted)
        return noted.failure();
    if (Status keyed = check_key(asked.idempotency_key); !keyed)
        return keyed.failure();
    if (Status scoped = check_scopes(context, asked.scopes); !scoped)
        return scoped.failure();
    if (Status lives = check_expiry(context, asked.expires_ms); !lives)
        return lives.failure();
    return in_write(context, [&](Rows& rows) { return mint_for_member(rows, context, asked); });
}

Result<MintedToken> mint_operator(const Context& context, std::string_view name,
                                  std::optional<std::int64_t> expires_ms) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    if (Status named = check_name(name); !named)
        return named.failure();
    if (Status lives = check_expiry(context, expires_ms); !lives)
        return lives.failure();
    TokenView view;
    view.token.is_operator = true;
    view.token.name = name;
    view.token.env = context.tokens.env;
    view.token.expires_ms = expires_ms;
    Json after = state_of(view.token);
    after.add("kind", "operator");
    return in_write(context, [&](Rows& rows) { return mint_in(rows, context, view, after); });
}

Result<Slice<TokenView>> list_tokens(const Context& context, const TokenQuery& query,
                                     const Page& page) {
    return in_read(context, [&](Rows& rows) -> Result<Slice<TokenView>> {
        const auto caller = caller_of(rows, context);
        if (!caller)
            return caller.failure();
        const auto which = rows_of(rows, caller.value(), query, context.now.wall_ms);
        if (!which)
            return which.failure();
        return rows.tokens(which.value(), page);
    });
}

Result<std::int64_t> count_tokens(const Context& context, const TokenQuery& query) {
    return in_read(context, [&](Rows& rows) -> Result<std::int64_t> {
        const auto caller = caller_of(rows, context);
        if (!caller)
            return caller.failure();
        const auto which = rows_of(rows, caller.value(), query, context.now.wall_ms);
        if (!which)
            return which.failure();
        return rows.count_tokens(which.value());
    });
}

Result<TokenView> show_token(const Context& context, std::string_view prefix) {
    return in_read(context, [&](Rows& rows) -> Result<TokenView> {
        const auto caller = caller_of(rows, context);
        if (!caller)
            return caller.failure();
        return find_token_for(rows, caller.value(), prefix);
    });
}

Result<TokenLinks> links_of(const Context& context, const TokenRecord& token) {
    return in_read(context, [&](Rows& rows) -> Result<TokenLinks> {
        auto predecessor = predecessor_of(rows, token);
        if (!predecessor)
            return predecessor.failure();
        auto successor = successor_of(rows, token);
        if (!successor)
            return successor.failure();
        return TokenLinks{std::move(predecessor).value(), std::move(successor).value()};
    });
}

Result<TokenView> change_token(const Context& context, std::string_view prefix,
                               const TokenChange& change) {
    if (change.name)
        if (Status named = check_name(*change.name); !named)
            return named.failure();
    if (change.note)
        if (Status noted = check_note(*change.note); !noted)
            return noted.failure();
    return in_write(context, [&](Rows& rows) { return change_in(rows, context, prefix, change); });
}

Result<MintedToken> rotate_token(const Context& context, std::string_view prefix,
                                 std::optional<std::int64_t> grace_s) {
    if (grace_s)
        if (Status fits = check_grace(context, *grace_s); !fits)
            return fits.failure();
    Rotation asked{prefix, grace_s};
    // A rotation is repeated hardly ever, and only then it matters what was counted lately.
    const auto rotated = in_read(context, [&](Rows& rows) -> Result<bool> {
        const auto token = rows.token(prefix);
        if (!token)
            return token.failure();
        return token.value() && token.value()->token.rotated_ms.has_value();
    });
    if (!rotated)
        return rotated.failure();
    if (rotated.value() && context.settle_usage && context.settle_usage())
        asked.usage = Usage::settled;
    return in_write(context, [&](Rows& rows) { return rotate_in(rows, context, asked); });
}

Result<std::vector<TokenView>> revoke_tokens(const Context& context,
                                             const std::vector<std::string>& prefixes) {
    return in_write(context, [&](Rows& rows) -> Result<std::vector<TokenView>> {
        const auto caller = caller_of(rows, context);
        if (!caller)
            return caller.failure();
        auto views = named_tokens(rows, caller.value(), prefixes);
        if (!views)
            return views;
        for (TokenView& view : views.value())
            if (Status revoked = revoke_in(rows, context, view); !revoked)
                return revoked.failure();
        return views;
    });
}

Result<std::vector<TokenView>> revoke_operators(const Context& context,
                                                const std::vector<std::string>& prefixes) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    return in_write(context, [&](Rows& rows) -> Result<std::vector<TokenView>> {
        auto views = named_tokens(rows, std::nullopt, prefixes);
        if (!views) {
            Failure failure = views.failure();
            if (failure.fault == Fault::not_found)
                failure.next = "see `hourgate operator list`";
            return failure;
        }
        for (TokenView& view : views.value()) {
            if (!view.token.is_operator)
                return Failure{Fault::not_found,
                               "token " + view.token.prefix + " is not an operator token",
                               "see `hourgate operator list`; for the others: `hourgate token "
                               "revoke`",
                               "not_found"};
            if (Status revoked = revoke_in(rows, context, view); !revoked)
                return revoked.failure();
        }
        return views;
    });
}

Result<Revocation> preview_revocation(const Context& context, const RevokeMany& asked) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    if (Status said = check_one_way(asked); !said)
        return said.failure();
    return in_read(context, [&](Rows& rows) { return concerned(rows, context, asked); });
}

Result<Revocation> revoke_many(const Context& context, const RevokeMany& asked) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    if (Status said = check_one_way(asked); !said)
        return said.failure();
    return in_write(context, [&](Rows& rows) -> Result<Revocation> {
        Result<Revocation> all = concerned(rows, context, asked);
        if (!all)
            return all;
        for (TokenView& view : all.value().tokens)
            if (Status revoked = revoke_in(rows, context, view); !revoked)
                return revoked.failure();
        return all;
    });
}

Result<PruneStep> prune_tokens(Ledger& ledger, Now now, std::int64_t keep_s,
                               std::int64_t after_row) {
    const std::int64_t before_ms = now.wall_ms - keep_s * ms_per_s;
    EndedTokens found;
    const Status looked = ledger.read([&](Rows& rows) -> Status {
        auto ended = rows.ended_tokens(after_row, limits::prune_looked_at_max, before_ms);
        if (!ended)
            return ended.failure();
        found = std::move(ended).value();
        return Done{};
    });
    if (!looked)
        return looked.failure();
    PruneStep step{found.more ? found.last_row : 0, found.more};
    const Status done = ledger.write([&](Rows& rows) -> Status {
        std::int64_t left = limits::prune_rows_max;
        const auto keys = rows.prune_keys(now.wall_ms - limits::idempotency_keep_ms, left);
        if (!keys)
            return keys.failure();
        left -= keys.value();
        for (const std::int64_t row : found.rows) {
            std::int64_t usage = 0;
            if (left > 0) {
                const auto removed = rows.remove_ended_token(row, before_ms, left);
                if (!removed)
                    return removed.failure();
                usage = removed.value();
            }
            if (usage == left) {  // no room for it, or for all of its usage: the next step's first
                step = {row - 1, true};
                break;
            }
            left -= usage + 1;
        }
        return Done{};
    });
    if (!done)
        return done.failure();
    return step;
}

}  // namespace hourgate::manage
