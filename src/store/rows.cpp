#include "store/rows.h"

#include <SQLiteCpp/Column.h>

#include <cstring>
#include <utility>

#include "base/limits.h"
#include "store/errors.h"

namespace hourgate::store {

namespace {

/// A stored number as the word it stands for. NULL stands for none: it must not pass for 0, an
/// owner.
template <typename Word>
Word word_from(const SQLite::Statement& row, int column, std::int64_t max, const char* what) {
    const std::int64_t number = optional_from(row, column).value_or(-1);
    if (number < 0 || number > max)
        throw ImpossibleRow(std::string(what) + " " + std::to_string(number));
    return static_cast<Word>(number);
}

std::vector<policy::Scope> scopes_from(const SQLite::Statement& row, int column) {
    const std::string text = text_from(row, column);
    Result<std::vector<policy::Scope>> scopes = policy::parse_scopes(text);
    if (!scopes)
        throw ImpossibleRow(scopes.failure().what);
    return std::move(scopes).value();
}

Window window_from(const SQLite::Statement& row, int first) {
    Window window;
    window.name = text_from(row, first);
    window.limit = word_from<std::uint32_t>(row, first + 1, limits::window_calls_max, "a limit of");
    window.seconds =
        word_from<std::uint32_t>(row, first + 2, limits::window_seconds_max, "a length of");
    window.per = word_from<Per>(row, first + 3, 2, "a window per");
    return window;
}

}  // namespace

std::int64_t int_from(const SQLite::Statement& row, int column) {
    return row.getColumn(column).getInt64();
}

std::string text_from(const SQLite::Statement& row, int column) {
    return row.getColumn(column).getString();
}

std::optional<std::int64_t> optional_from(const SQLite::Statement& row, int column) {
    const SQLite::Column value = row.getColumn(column);
    if (value.isNull())
        return std::nullopt;
    return value.getInt64();
}

void bind_or_null(SQLite::Statement& statement, int index, std::optional<std::int64_t> value) {
    if (value)
        statement.bind(index, *value);
    else
        statement.bind(index);
}

std::string name_of_workspace(const std::string& column) {
    return "coalesce((SELECT ws.name FROM workspaces ws WHERE ws.public_id = " + column +
           "), (SELECT json_extract(closing.before, '$.name') FROM audit_events closing"
           " WHERE closing.object = " +
           column +
           " AND closing.action = 'workspace.close' ORDER BY closing.id DESC LIMIT 1), '')";
}

Workspace workspace_from(const SQLite::Statement& row, int first) {
    Workspace workspace;
    workspace.id = int_from(row, first);
    workspace.public_id = text_from(row, first + 1);
    workspace.name = text_from(row, first + 2);
    workspace.plan_id = int_from(row, first + 3);
    workspace.paid_until_ms = optional_from(row, first + 4);
    workspace.created_ms = int_from(row, first + 5);
    return workspace;
}

Member member_from(const SQLite::Statement& row, int first) {
    Member member;
    member.id = int_from(row, first);
    member.public_id = text_from(row, first + 1);
    member.workspace_id = int_from(row, first + 2);
    member.kind = word_from<MemberKind>(row, first + 3, 1, "a member of kind");
    member.email = text_from(row, first + 4);
    member.name = text_from(row, first + 5);
    member.role = word_from<Role>(row, first + 6, 3, "the role");
    member.removed_ms = optional_from(row, first + 7);
    member.created_ms = int_from(row, first + 8);
    return member;
}

manage::TokenRecord token_from(const SQLite::Statement& row, int first) {
    manage::TokenRecord token;
    token.id = int_from(row, first);
    token.line = int_from(row, first + 1);
    token.is_operator = word_from<int>(row, first + 2, 1, "a token of kind") == 1;
    token.member_id = optional_from(row, first + 3).value_or(0);
    token.prefix = text_from(row, first + 4);
    token.name = text_from(row, first + 5);
    token.env = word_from<token::Env>(row, first + 6, 1, "the environment");
    token.scopes = scopes_from(row, first + 7);
    token.created_ms = int_from(row, first + 8);
    token.line_created_ms = int_from(row, first + 9);
    token.expires_ms = optional_from(row, first + 10);
    token.rotated_ms = optional_from(row, first + 11);
    token.works_until_ms = optional_from(row, first + 12);
    token.revoked_ms = optional_from(row, first + 13);
    return token;
}

token::Digest digest_from(const SQLite::Statement& row, int column) {
    const SQLite::Column value = row.getColumn(column);
    token::Digest digest{};
    if (value.getBytes() != static_cast<int>(digest.size()))
        throw ImpossibleRow("a digest of " + std::to_string(value.getBytes()) + " bytes");
    std::memcpy(digest.data(), value.getBlob(), digest.size());
    return digest;
}

std::vector<Plan> read_plans(DatabaseConnection& connection) {
    std::vector<Plan> plans;
    SQLite::Statement row(connection.db(), "SELECT id, name, api, rank FROM plans");
    SQLite::Statement window(connection.db(),
                             "SELECT name, calls, seconds, per FROM windows WHERE plan_id = ?1"
                             " ORDER BY seconds, calls, name");
    while (row.executeStep()) {
        Plan plan;
        plan.id = int_from(row, 0);
        plan.name = text_from(row, 1);
        plan.api = int_from(row, 2) == 1;
        plan.rank = int_from(row, 3);
        window.bind(1, plan.id);
        while (window.executeStep())
            plan.windows.push_back(window_from(window, 0));
        window.reset();
        // The limiter has room for so many and no more.
        if (plan.windows.size() > limits::windows_per_plan_max)
            throw ImpossibleRow("a plan of " + std::to_string(plan.windows.size()) + " windows");
        plans.push_back(std::move(plan));
    }
    return plans;
}

TokenFacts facts_of(manage::TokenRecord token, const token::Digest& digest) {
    TokenFacts out;
    out.id = token.id;
    out.line = token.line;
    out.kind = token.is_operator ? TokenFacts::Kind::operator_ : TokenFacts::Kind::member;
    out.prefix = std::move(token.prefix);
    out.name = std::move(token.name);
    out.env = token.env;
    out.digest = digest;
    out.scopes = std::move(token.scopes);
    out.created_ms = token.created_ms;
    out.line_created_ms = token.line_created_ms;
    out.expires_ms = token.expires_ms;
    out.rotated_ms = token.rotated_ms;
    out.works_until_ms = token.works_until_ms;
    out.revoked_ms = token.revoked_ms;
    return out;
}

}  // namespace hourgate::store
