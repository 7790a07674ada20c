// Rows of the schema into the words of the program, in one place: the directory and the ledger read
// the same columns the same way. Numbers that stand for no word throw ImpossibleRow; so do scopes
// that cannot be read, which must never pass for "not narrowed".
#pragma once

#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "account/member.h"
#include "account/workspace.h"
#include "gate/facts.h"
#include "manage/records.h"
#include "plan/plan.h"
#include "store/database_connection.h"

namespace hourgate::store {

/// Columns of a query, in the order in which the functions below take them from `first` on.
inline constexpr const char* workspace_columns =
    " w.id, w.public_id, w.name, w.plan_id, w.paid_until_ms, w.created_ms ";
inline constexpr int workspace_column_count = 6;
inline constexpr const char* member_columns =
    " m.id, m.public_id, m.workspace_id, m.kind, m.email, m.name, m.role, m.removed_ms,"
    " m.created_ms ";
inline constexpr int member_column_count = 9;
inline constexpr const char* token_columns =
    " t.id, t.line, t.kind, t.member_id, t.prefix, t.name, t.env, t.scopes, t.created_ms,"
    " t.line_created_ms, t.expires_ms, t.rotated_ms, t.works_until_ms, t.revoked_ms ";
inline constexpr int token_column_count = 14;

/// The name of the workspace with the public id in `column`: the present one, or the one it had
/// when it was closed; '' if there is none.
[[nodiscard]] std::string name_of_workspace(const std::string& column);

/// A token that works at ?1: "live" or "grace" in manage::status_of.
inline constexpr const char* live_token = " t.ends_ms > ?1 ";

[[nodiscard]] Workspace workspace_from(const SQLite::Statement& row, int first);
[[nodiscard]] Member member_from(const SQLite::Statement& row, int first);
[[nodiscard]] manage::TokenRecord token_from(const SQLite::Statement& row, int first);
[[nodiscard]] token::Digest digest_from(const SQLite::Statement& row, int column);

[[nodiscard]] std::int64_t int_from(const SQLite::Statement& row, int column);
[[nodiscard]] std::string text_from(const SQLite::Statement& row, int column);
[[nodiscard]] std::optional<std::int64_t> optional_from(const SQLite::Statement& row, int column);
void bind_or_null(SQLite::Statement& statement, int index, std::optional<std::int64_t> value);

/// All plans with their windows, in the order validate() gives them.
[[nodiscard]] std::vector<Plan> read_plans(DatabaseConnection& connection);

/// What the gate knows of a token.
[[nodiscard]] TokenFacts facts_of(manage::TokenRecord token, const token::Digest& digest);

}  // namespace hourgate::store
