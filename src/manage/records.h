// What use cases hand back, and who asked for them. Plain data for adapters to show; no secret in
// it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "account/member.h"
#include "account/workspace.h"
#include "base/clock.h"
#include "base/secret.h"
#include "plan/plan.h"
#include "plan/subscription.h"
#include "policy/scope.h"
#include "token/digest.h"
#include "token/format.h"

namespace hourgate::manage {

/// A token as stored, without its digest. `kind_operator` tokens belong to no member.
struct TokenRecord {
    std::int64_t id = 0;
    std::int64_t line = 0;
    bool is_operator = false;
    std::int64_t member_id = 0;  ///< 0 for an operator token
    std::string prefix;
    std::string name;
    std::string note = {};  ///< for people; may be empty; the directory does not read it
    token::Env env = token::Env::live;
    std::vector<policy::Scope> scopes;
    std::int64_t created_ms = 0;
    std::int64_t line_created_ms = 0;
    std::optional<std::int64_t> expires_ms;
    std::optional<std::int64_t> rotated_ms;
    std::optional<std::int64_t> works_until_ms;
    std::optional<std::int64_t> revoked_ms;

    /// Whether it works at `now_ms`, its member not looked at: live or in grace.
    [[nodiscard]] bool ends_after(std::int64_t now_ms) const noexcept {
        return !revoked_ms && (!works_until_ms || *works_until_ms > now_ms) &&
               (!expires_ms || *expires_ms > now_ms);
    }
};

/// Returns "live", "revoked", "expired", "grace" (rotated, still working) or "rotated" (grace
/// over); of several the one the gate would name. Does not look at the member.
[[nodiscard]] std::string_view status_of(const TokenRecord& token, std::int64_t now_ms) noexcept;

struct WorkspaceView {
    Workspace workspace;
    std::string plan;          ///< name of its plan
    std::int64_t members = 0;  ///< present members
    std::int64_t tokens = 0;   ///< live or in grace (status_of), removed members' included
    // At the instant it was looked up:
    Standing standing = {};
    /// Days, rounded up, until it is not paid any more, in its grace until it lapses; 0 once it has
    /// lapsed; none when it is paid without end.
    std::optional<std::int64_t> days_left = {};
};

struct MemberView {
    Member member;
    std::string workspace_id;  ///< public
    std::string workspace_name;
    std::int64_t tokens = 0;  ///< live or in grace
};

/// The last call that was granted to a token, and the last that was refused to it, as far as they
/// are written down: a few seconds late.
struct TokenUse {
    std::optional<std::int64_t> used_ms;
    std::string used_from;  ///< client address; empty when not known
    std::optional<std::int64_t> refused_ms;
    std::string refused_from;
    std::string refused_reason;  ///< to_text(Reason)
};

/// What became of a token's calls in one hour, to be added to what is on record.
struct UsageNote {
    std::int64_t token_id = 0;
    std::int64_t hour = 0;                                    ///< Unix hours
    std::vector<std::pair<std::string, std::int64_t>> calls;  ///< by reason
    TokenUse last;
};

/// The same as it is looked up.
struct UsageRow {
    std::int64_t token_id = 0;
    std::int64_t hour = 0;
    std::vector<std::pair<std::string, std::int64_t>> calls;
    std::string prefix;
    std::string token_name;
    std::string member_id;     ///< public; empty for an operator token
    std::string workspace_id;  ///< public; empty for an operator token
    std::string workspace_name = {};
};

struct TokenView {
    TokenRecord token;
    Member member;             ///< empty for an operator token
    std::string workspace_id;  ///< public; empty for an operator token
    std::string workspace_name;
    TokenUse use;
};

/// Returns what status_of its record returns, and "member_removed" where that would be a token that
/// works although its member was removed: the gate refuses it.
[[nodiscard]] std::string_view status_of(const TokenView& view, std::int64_t now_ms) noexcept;

/// What whoever acts may do at most.
enum class Power : std::uint8_t {
    gate,       ///< an operator, at the command line or by an operator token: everything
    workspace,  ///< a member, by the token they sent: what its rules allow (manage/rights.h)
};

/// Who asks, and from where: goes into the audit event.
struct Actor {
    std::string who;         ///< "cli:root", "mem_…" or "operator:<prefix>"
    std::string from;        ///< client address, or "local"
    std::string token = {};  ///< prefix of the token that was sent; empty at the command line
    Power power = Power::gate;
};

/// [tokens] of the configuration.
struct TokenSettings {
    std::string brand = "hsk";
    token::Env env = token::Env::live;  ///< default for a mint that names none
    std::int64_t rotate_grace_s = 86'400;
    std::int64_t line_max_s = 365 * 86'400;
    std::int64_t live_max = 50;        ///< tokens per member that are live or in grace
    std::int64_t mints_per_day = 100;  ///< a member's own mints, and as many rotations, in any 24 h
    policy::WriteScope write_scope = policy::WriteScope::changes;
};

/// One audit event, written in the same transaction as the change. Never a secret.
struct AuditEvent {
    std::int64_t id = 0;  ///< in the order they happened; given when it is written
    std::int64_t at_ms = 0;
    std::string actor;
    std::string token;  ///< prefix of the token the actor sent; empty when none
    std::string from;
    std::string action;        ///< "token.mint", "member.role", …
    std::string object;        ///< public id or prefix
    std::string workspace_id;  ///< public id; empty when none
    std::string before;        ///< JSON object or empty
    std::string after;         ///< JSON object or empty
    /// As it is now, or was when the workspace was closed; empty when none. Not written.
    std::string workspace_name = {};
};

/// Which audit events: all that fit everything given. Empty: any.
struct AuditFilter {
    std::string workspace_id;  ///< public id
    std::string actor;
    std::string action;
    std::string object;
    std::optional<std::int64_t> from_ms;   ///< at or after
    std::optional<std::int64_t> until_ms;  ///< before
};

/// A decision on record: what was asked, what was looked at, what came of it. Never a secret, never
/// a query string.
struct DecisionRecord {
    /// Each has a bound of its own, so that none of them drives out another. The numbers are
    /// stored and never renumbered.
    enum class Kind : std::uint8_t {
        refused_nobody = 0,  ///< no secret matched
        refused_token = 1,
        granted = 2,
    };

    std::int64_t row = 0;  ///< in the order they were written
    std::string id;        ///< 32 hex digits; shown as "dec_" and these
    Kind kind = Kind::refused_nobody;
    std::int64_t at_ms = 0;
    std::int64_t boot_us = 0;   ///< the same by CLOCK_BOOTTIME
    std::string reason;         ///< to_text(Reason)
    int status = 0;             ///< what the caller got to see
    bool again = false;         ///< the repeat of one that was counted
    std::int64_t token_id = 0;  ///< row; 0: no secret matched
    std::int64_t line = 0;      ///< of that token
    std::string prefix;         ///< as claimed, where no secret matched
    std::string workspace_id;   ///< public; empty when not known
    std::string member_id;      ///< public; empty when not known
    std::string method;
    std::string path;
    std::string address;  ///< the client's; empty when not known
    std::string request_id;
    std::string resource;             ///< name; empty when none
    std::string document;             ///< JSON object: what is shown (http/why/why.h)
    std::string facts;                ///< JSON object: what it was decided by (http/why/why.h)
    std::string workspace_name = {};  ///< as of AuditEvent
};
constexpr std::size_t decision_kinds = 3;

/// Which decisions: all that fit everything given. Empty: any.
struct DecisionFilter {
    std::string workspace_id;  ///< public id
    std::string prefix;
    std::string reason;
    std::optional<std::int64_t> from_ms;   ///< at or after
    std::optional<std::int64_t> until_ms;  ///< before
};

/// What a look for tokens to prune found.
struct EndedTokens {
    std::vector<std::int64_t> rows;  ///< those that may go
    std::int64_t last_row = 0;       ///< where the next look goes on
    bool more = false;               ///< whether there are rows behind it
};

enum class TokenOrder : std::uint8_t {
    newest_first,
    oldest_first,
    /// Never granted a call first, the one used last at the end. A token that is used while the
    /// list is read moves to its end, and may be there twice.
    unused_first,
    /// Used last first, never granted a call at the end.
    used_first,
};

/// Tokens by what status_of says of them.
enum class TokenStatus : std::uint8_t {
    any,
    working,  ///< live or grace
    ended,    ///< all others
    live,
    grace,
    rotated,
    revoked,
    expired,
    member_removed,
};
/// "all" for any; else the name above.
[[nodiscard]] std::optional<TokenStatus> token_status_from(std::string_view text) noexcept;
/// All names, for messages.
inline constexpr std::string_view token_statuses =
    "working, ended, live, grace, rotated, revoked, expired, member_removed or all";

/// Which tokens, by rows: all that fit everything given.
struct TokenRows {
    std::optional<std::int64_t> workspace;
    std::optional<std::int64_t> member;
    std::optional<std::int64_t> line;  ///< the row of its first token
    TokenOrder order = TokenOrder::newest_first;
    TokenStatus status = TokenStatus::any;
    std::int64_t now_ms = 0;  ///< what `status` is looked at by
    std::optional<token::Env> env = {};
    std::optional<bool> operators = {};  ///< operator tokens alone, or none of them
};

/// Which workspaces: all that fit everything given.
struct WorkspaceRows {
    std::optional<std::int64_t> plan = {};
    std::optional<Paid> standing = {};
    std::int64_t now_ms = 0;  ///< what `standing` is looked at by
    LapseRule lapse = {};
};

/// Which members of a workspace: all that fit everything given.
struct MemberRows {
    std::int64_t workspace = 0;
    std::optional<Role> role = {};
    std::optional<MemberKind> kind = {};
    std::optional<bool> removed = {};
    std::optional<std::int64_t> member = {};  ///< this one alone
};

struct UsageFilter {
    TokenRows tokens;
    std::optional<std::int64_t> token;       ///< row
    std::optional<std::int64_t> from_hour;   ///< from it on
    std::optional<std::int64_t> until_hour;  ///< before it
};

// --- lists in pages ------------------------------------------------------------------------------

/// Where a list goes on: what its order is by, of the last item handed out. Rows added meanwhile
/// come before it or after it and move nothing.
struct Position {
    std::int64_t major = 0;  ///< an instant, an hour; 0 where the list is by `minor` alone
    std::int64_t minor = 0;  ///< row number
    friend bool operator==(const Position&, const Position&) = default;
};

/// What a list is ordered by. Each list has a standard, and takes those of the others that it has a
/// field for.
enum class OrderBy : std::uint8_t { standard, name, email };

struct Page {
    std::int64_t limit = 0;  ///< items at most; 0: all there are
    std::optional<Position> after = {};
    std::string search = {};  ///< a text that a field of the item has, ASCII case ignored; "": any
    OrderBy by = OrderBy::standard;
    bool reversed = false;  ///< the other way round
};

template <typename T>
struct Slice {
    std::vector<T> items;
    std::optional<Position> next;  ///< none: there are no more
};

}  // namespace hourgate::manage
