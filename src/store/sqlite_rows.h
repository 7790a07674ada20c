// manage::Rows over one connection, inside a transaction that SqliteLedger began. Statements live
// for one call: management is rare, and nothing is left on a row.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "manage/ledger.h"
#include "store/database_connection.h"

namespace hourgate::store {

class SqliteRows final : public manage::Rows {
public:
    /// `path` is for messages. Both must outlive this.
    SqliteRows(DatabaseConnection& connection, const std::string& path) noexcept
        : connection_(connection), path_(path) {}

    Result<std::optional<Workspace>> workspace(std::string_view id_or_name) override;
    Result<std::optional<Workspace>> workspace_by_row(std::int64_t id) override;
    [[nodiscard]] Result<std::optional<std::string>> closed_workspace(
        std::string_view id_or_name) override;
    Result<manage::Slice<manage::WorkspaceView>> workspaces(const manage::WorkspaceRows& which,
                                                            const manage::Page& page) override;
    Result<std::optional<manage::WorkspaceView>> workspace_view(std::int64_t now_ms,
                                                                std::int64_t row) override;
    Status add(Workspace& workspace) override;
    Status update(const Workspace& workspace) override;
    Status remove_workspace(std::int64_t row) override;

    Result<std::optional<Member>> member_by_row(std::int64_t id) override;
    Result<std::optional<Member>> member_by_id(std::string_view public_id) override;
    Result<std::vector<Member>> members_by_email(
        std::string_view email, std::optional<std::int64_t> workspace_row) override;
    Result<std::optional<Member>> service(std::int64_t workspace_row,
                                          std::string_view name) override;
    Result<std::vector<Member>> present_members(std::int64_t workspace_row,
                                                std::span<const Role> roles,
                                                std::int64_t members_max,
                                                std::optional<std::int64_t> rows_max) override;
    Result<manage::Slice<Member>> members(const manage::MemberRows& which,
                                          const manage::Page& page) override;
    Result<std::int64_t> live_tokens_of(std::int64_t member_row, std::int64_t now_ms) override;
    Status add(Member& member) override;
    Status update(const Member& member) override;

    Result<PlanBook> plans() override;
    Result<std::int64_t> workspaces_on(std::int64_t plan_row) override;
    Status add(Plan& plan) override;
    Status update(const Plan& plan) override;
    Status remove_plan(std::int64_t plan_row) override;

    Result<std::optional<manage::TokenView>> token(std::string_view prefix) override;
    Result<manage::Slice<manage::TokenView>> tokens(const manage::TokenRows& which,
                                                    const manage::Page& page) override;
    Result<std::int64_t> count_tokens(const manage::TokenRows& which) override;
    Result<std::vector<manage::TokenView>> working_tokens_of(std::int64_t member_row,
                                                             std::int64_t now_ms) override;
    Result<std::vector<manage::TokenView>> later_in_line(const manage::TokenRecord& token) override;
    Status add(manage::TokenRecord& token, const token::Digest& digest) override;
    Status update(const manage::TokenRecord& token) override;
    Result<manage::EndedTokens> ended_tokens(std::int64_t after_row, std::int64_t rows_max,
                                             std::int64_t before_ms) override;
    Result<std::int64_t> remove_ended_token(std::int64_t token_row, std::int64_t before_ms,
                                            std::int64_t usage_rows_max) override;

    Result<std::optional<std::string>> minted_under(std::int64_t member_row, std::string_view key,
                                                    std::int64_t since_ms) override;
    Status remember(std::int64_t member_row, std::string_view key, std::string_view prefix,
                    std::int64_t now_ms) override;
    Result<std::int64_t> prune_keys(std::int64_t before_ms, std::int64_t rows_max) override;

    Status add_usage(const manage::UsageNote& note) override;
    Result<std::int64_t> prune_usage(std::int64_t before_hour, std::int64_t rows_max) override;
    Result<manage::Slice<manage::UsageRow>> usage(const manage::UsageFilter& filter,
                                                  const manage::Page& page) override;

    Result<std::int64_t> calls_granted(std::int64_t from_hour, std::int64_t until_hour) override;

    Result<std::int64_t> add_decision(const manage::DecisionRecord& record, bool alone) override;
    Result<std::optional<manage::DecisionRecord>> decision(std::string_view id) override;
    Result<manage::Slice<manage::DecisionRecord>> decisions(const manage::DecisionFilter& filter,
                                                            const manage::Page& page) override;
    Result<manage::Slice<manage::DecisionRecord>> decisions_in_order(
        std::int64_t from_ms, std::int64_t until_ms, const manage::Page& page) override;
    Result<std::array<std::int64_t, manage::decision_kinds>> count_decisions() override;
    Result<std::int64_t> prune_decisions(manage::DecisionRecord::Kind kind,
                                         std::int64_t rows_max) override;
    Result<std::array<std::int64_t, manage::decision_kinds>> prune_decisions_before(
        std::int64_t before_ms, std::int64_t rows_max) override;

    Status record(const manage::AuditEvent& event) override;
    Result<std::vector<std::int64_t>> instants_of(std::string_view actor, std::string_view action,
                                                  std::int64_t since_ms,
                                                  std::size_t count_max) override;
    Result<manage::Slice<manage::AuditEvent>> events(const manage::AuditFilter& filter,
                                                     const manage::Page& page) override;
    Result<std::string> cursor_key() override;

private:
    [[nodiscard]] SQLite::Statement prepare(const std::string& sql) {
        return {connection_.db(), sql};
    }
    [[nodiscard]] std::optional<Workspace> one_workspace(SQLite::Statement& query);
    [[nodiscard]] std::optional<Member> one_member(SQLite::Statement& query);
    [[nodiscard]] std::vector<manage::WorkspaceView> workspace_views(SQLite::Statement& query);
    [[nodiscard]] std::vector<manage::TokenView> token_views(SQLite::Statement& query);
    /// A stretch of a list of tokens, in one order.
    struct TokenPart {
        const char* from;  ///< how tokens t and their token_use u are found
        std::string order;
        manage::Position after;
        std::int64_t rows_max;
    };
    [[nodiscard]] std::vector<manage::TokenView> some_tokens(const manage::TokenRows& which,
                                                             const manage::Page& page,
                                                             const TokenPart& part);
    [[nodiscard]] std::vector<manage::TokenView> tokens_by_use(const manage::TokenRows& which,
                                                               const manage::Page& page,
                                                               std::int64_t rows_max);
    void add_windows(const Plan& plan);
    /// The next row number of a table. No row ever had it, deleted ones included: each insertion
    /// raises directory_version by one at least, so that no number is above it, and a deletion
    /// leaves that version behind as deleted_version. The newest token is never pruned in silence.
    [[nodiscard]] std::int64_t next_number(const char* table);
    [[nodiscard]] Status check_still_there(const char* table, const manage::Page& page);

    DatabaseConnection& connection_;
    const std::string& path_;
};

}  // namespace hourgate::store
