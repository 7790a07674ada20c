// Port: the rows that use cases read and change, one transaction at a time. store/sqlite_ledger
// implements it.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "manage/records.h"

namespace hourgate::manage {

/// Rows inside one transaction. A failure is of the store (Fault::store, permission or system); a
/// use case passes it on.
class Rows {
public:
    virtual ~Rows() = default;

    // Workspaces
    [[nodiscard]] virtual Result<std::optional<Workspace>> workspace(
        std::string_view id_or_name) = 0;
    [[nodiscard]] virtual Result<std::optional<Workspace>> workspace_by_row(std::int64_t id) = 0;
    /// The public id of a closed workspace, by that or by its last name, as the audit log has it.
    /// Of several with one name, the one closed last.
    [[nodiscard]] virtual Result<std::optional<std::string>> closed_workspace(
        std::string_view id_or_name) = 0;
    /// In the order they were added; all at once by name. Found by name or id.
    [[nodiscard]] virtual Result<Slice<WorkspaceView>> workspaces(const WorkspaceRows& which,
                                                                  const Page& page) = 0;
    [[nodiscard]] virtual Result<std::optional<WorkspaceView>> workspace_view(std::int64_t now_ms,
                                                                              std::int64_t row) = 0;
    /// Sets `id` of the row made.
    [[nodiscard]] virtual Status add(Workspace& workspace) = 0;
    [[nodiscard]] virtual Status update(const Workspace& workspace) = 0;
    /// Deletes a workspace with its members. No other row ever gets their numbers. REQUIRES: no
    /// token of theirs is there.
    [[nodiscard]] virtual Status remove_workspace(std::int64_t row) = 0;

    // Members
    [[nodiscard]] virtual Result<std::optional<Member>> member_by_row(std::int64_t id) = 0;
    [[nodiscard]] virtual Result<std::optional<Member>> member_by_id(
        std::string_view public_id) = 0;
    /// All persons with this e-mail, ASCII case ignored, in any workspace or in one.
    [[nodiscard]] virtual Result<std::vector<Member>> members_by_email(
        std::string_view email, std::optional<std::int64_t> workspace_row) = 0;
    /// The service of this name.
    [[nodiscard]] virtual Result<std::optional<Member>> service(std::int64_t workspace_row,
                                                                std::string_view name) = 0;
    /// Returns members of these roles who are not removed, the longest there first, at most
    /// `members_max` of them. Looks at no more than the first `rows_max` members of the workspace;
    /// none given: at all. A role without an index of its own is why: that bounds the work.
    [[nodiscard]] virtual Result<std::vector<Member>> present_members(
        std::int64_t workspace_row, std::span<const Role> roles, std::int64_t members_max,
        std::optional<std::int64_t> rows_max) = 0;
    /// In the order they were added, removed ones included. Found by name, e-mail or id.
    [[nodiscard]] virtual Result<Slice<Member>> members(const MemberRows& which,
                                                        const Page& page) = 0;
    /// Counts the tokens whose status_of is "live" or "grace".
    [[nodiscard]] virtual Result<std::int64_t> live_tokens_of(std::int64_t member_row,
                                                              std::int64_t now_ms) = 0;
    [[nodiscard]] virtual Status add(Member& member) = 0;
    [[nodiscard]] virtual Status update(const Member& member) = 0;

    // Plans
    [[nodiscard]] virtual Result<PlanBook> plans() = 0;
    [[nodiscard]] virtual Result<std::int64_t> workspaces_on(std::int64_t plan_row) = 0;
    [[nodiscard]] virtual Status add(Plan& plan) = 0;
    [[nodiscard]] virtual Status update(const Plan& plan) = 0;  ///< windows included
    [[nodiscard]] virtual Status remove_plan(std::int64_t plan_row) = 0;

    // Tokens
    [[nodiscard]] virtual Result<std::optional<TokenView>> token(std::string_view prefix) = 0;
    /// In the order asked for; operator tokens only when neither workspace nor member is named.
    /// Found by name, note, prefix, or the name or e-mail of the member.
    [[nodiscard]] virtual Result<Slice<TokenView>> tokens(const TokenRows& which,
                                                          const Page& page) = 0;
    [[nodiscard]] virtual Result<std::int64_t> count_tokens(const TokenRows& which) = 0;
    /// Returns a member's tokens that are live or in grace, in the order they were minted.
    [[nodiscard]] virtual Result<std::vector<TokenView>> working_tokens_of(std::int64_t member_row,
                                                                           std::int64_t now_ms) = 0;
    /// Returns the tokens of the same line that were minted after this one, in that order.
    [[nodiscard]] virtual Result<std::vector<TokenView>> later_in_line(
        const TokenRecord& token) = 0;
    /// Sets `id`, and `line` to it when line is 0. No other token ever had that number, pruned ones
    /// included. Fault::conflict when the prefix is taken.
    [[nodiscard]] virtual Status add(TokenRecord& token, const token::Digest& digest) = 0;
    /// Name, note, rotation, revocation and expiry; the rest of a token never changes.
    [[nodiscard]] virtual Status update(const TokenRecord& token) = 0;
    /// Looks at `rows_max` tokens behind row `after_row`, and returns those that ended at or before
    /// `before_ms` and that nothing needs any more. The first token of a line stays as long as a
    /// later one of the line is there, and so does the newest of all.
    [[nodiscard]] virtual Result<EndedTokens> ended_tokens(std::int64_t after_row,
                                                           std::int64_t rows_max,
                                                           std::int64_t before_ms) = 0;
    /// Deletes at most `usage_rows_max` usage rows of a token that ended at or before `before_ms`
    /// and then, if none is left, the token itself. Returns how many usage rows it deleted.
    [[nodiscard]] virtual Result<std::int64_t> remove_ended_token(std::int64_t token_row,
                                                                  std::int64_t before_ms,
                                                                  std::int64_t usage_rows_max) = 0;

    // Idempotency keys: of a member, with the prefix of the token that was minted under it.
    [[nodiscard]] virtual Result<std::optional<std::string>> minted_under(
        std::int64_t member_row, std::string_view key, std::int64_t since_ms) = 0;
    /// Remembers a key, in the place of the same one from before `since_ms`.
    [[nodiscard]] virtual Status remember(std::int64_t member_row, std::string_view key,
                                          std::string_view prefix, std::int64_t now_ms) = 0;
    /// Deletes at most so many keys of all members from `before_ms` or earlier: how many.
    [[nodiscard]] virtual Result<std::int64_t> prune_keys(std::int64_t before_ms,
                                                          std::int64_t rows_max) = 0;

    // Usage
    /// Adds to what is on record. A token that is not there is passed over.
    [[nodiscard]] virtual Status add_usage(const UsageNote& note) = 0;
    /// Deletes at most so many rows of hours before: how many.
    [[nodiscard]] virtual Result<std::int64_t> prune_usage(std::int64_t before_hour,
                                                           std::int64_t rows_max) = 0;
    /// Latest hour first, then by token.
    [[nodiscard]] virtual Result<Slice<UsageRow>> usage(const UsageFilter& filter,
                                                        const Page& page) = 0;

    /// Calls of all tokens that were granted, from an hour on, before another.
    [[nodiscard]] virtual Result<std::int64_t> calls_granted(std::int64_t from_hour,
                                                             std::int64_t until_hour) = 0;

    // Decisions
    /// How many more there are then: 0 when it is on record already, or takes the place of others.
    /// `alone`: of its token and resource no other granted one stays.
    [[nodiscard]] virtual Result<std::int64_t> add_decision(const DecisionRecord& record,
                                                            bool alone) = 0;
    [[nodiscard]] virtual Result<std::optional<DecisionRecord>> decision(std::string_view id) = 0;
    /// Newest first.
    [[nodiscard]] virtual Result<Slice<DecisionRecord>> decisions(const DecisionFilter& filter,
                                                                  const Page& page) = 0;
    /// In the order they were decided; `from` is past the end of the part before.
    [[nodiscard]] virtual Result<Slice<DecisionRecord>> decisions_in_order(std::int64_t from_ms,
                                                                           std::int64_t until_ms,
                                                                           const Page& page) = 0;
    /// All columns but the kind are looked past: how many there are of each.
    [[nodiscard]] virtual Result<std::array<std::int64_t, decision_kinds>> count_decisions() = 0;
    /// Deletes the oldest of a kind, at most so many: how many.
    [[nodiscard]] virtual Result<std::int64_t> prune_decisions(DecisionRecord::Kind kind,
                                                               std::int64_t rows_max) = 0;
    /// Deletes those from before, at most so many: how many, of each kind.
    [[nodiscard]] virtual Result<std::array<std::int64_t, decision_kinds>> prune_decisions_before(
        std::int64_t before_ms, std::int64_t rows_max) = 0;

    // Audit
    [[nodiscard]] virtual Status record(const AuditEvent& event) = 0;
    /// Returns when somebody did something after `since_ms`, newest first, at most so many.
    [[nodiscard]] virtual Result<std::vector<std::int64_t>> instants_of(std::string_view actor,
                                                                        std::string_view action,
                                                                        std::int64_t since_ms,
                                                                        std::size_t count_max) = 0;
    /// Newest first.
    [[nodiscard]] virtual Result<Slice<AuditEvent>> events(const AuditFilter& filter,
                                                           const Page& page) = 0;

    /// What cursors are sealed with: 32 bytes.
    [[nodiscard]] virtual Result<std::string> cursor_key() = 0;
};

class Ledger {
public:
    virtual ~Ledger() = default;
    /// Runs `change` in one BEGIN IMMEDIATE transaction: committed and on disk when it returns
    /// done, rolled back when it returns a failure. REQUIRES: `change` does not call the ledger.
    [[nodiscard]] virtual Status write(const std::function<Status(Rows&)>& change) = 0;
    /// Runs `look` on one snapshot.
    [[nodiscard]] virtual Status read(const std::function<Status(Rows&)>& look) = 0;
};

/// What every use case is handed.
struct Context {
    Ledger& ledger;
    Actor actor;
    Now now;
    TokenSettings tokens;
    /// Whether a scope may name this resource (Policy::knows).
    std::function<bool(std::string_view)> scope_known;
    /// How a paid plan ends ([plans] of the configuration).
    LapseRule lapse = {};
    /// Puts on record every granted call that was counted before, so that TokenUse is exact as of
    /// this call. Empty where another process counts: a command beside a running server.
    std::function<Status()> settle_usage = {};
    /// Whether a token of this role with these scopes may make any call that the rules list. Empty
    /// if the rules are not known: then nobody is warned.
    std::function<bool(Role, std::span<const policy::Scope>)> passes_something = {};
    /// The plan that a lapsed workspace counts as ([plans] lapse_to).
    std::string lapse_to = {};
    /// A change is made as it would be, and then taken back: nothing is written.
    bool preview = false;
};

}  // namespace hourgate::manage
