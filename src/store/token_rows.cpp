// The part of SqliteRows that reads and writes tokens.
#include <utility>

#include "store/errors.h"
#include "store/paging.h"
#include "store/rows.h"
#include "store/sqlite_rows.h"

namespace hourgate::store {

using manage::Slice;
using manage::TokenRecord;
using manage::TokenView;

namespace {

constexpr const char* never_used_first =
    " AND u.used_ms IS NULL AND t.id > ?8 ORDER BY t.id LIMIT ?9";
constexpr const char* longest_unused_first =
    " AND (u.used_ms, u.token_id) > (?7, ?8) ORDER BY u.used_ms, u.token_id LIMIT ?9";
constexpr const char* latest_used_first =
    " AND (u.used_ms, u.token_id) < (?7, ?8) ORDER BY u.used_ms DESC, u.token_id DESC LIMIT ?9";

/// `from`: how tokens t and their token_use u are found.
std::string select_token_views(const char* where, const char* from =
                                                      "tokens t LEFT JOIN token_use u"
                                                      " ON u.token_id = t.id") {
    return std::string("SELECT") + token_columns + "," + member_columns +
           ", w.public_id, w.name, t.note, u.used_ms, coalesce(u.used_from, ''), u.refused_ms,"
           " coalesce(u.refused_from, ''), coalesce(u.refused_reason, '') FROM " +
           from +
           " LEFT JOIN members m ON m.id = t.member_id"
           " LEFT JOIN workspaces w ON w.id = m.workspace_id " +
           where;
}

}  // namespace

std::vector<TokenView> SqliteRows::token_views(SQLite::Statement& query) {
    constexpr int member = token_column_count, workspace = member + member_column_count;
    std::vector<TokenView> views;
    while (query.executeStep()) {
        TokenView view;
        view.token = token_from(query, 0);
        if (!view.token.is_operator) {
            view.member = member_from(query, member);
            view.workspace_id = text_from(query, workspace);
            view.workspace_name = text_from(query, workspace + 1);
        }
        view.token.note = text_from(query, workspace + 2);
        view.use = {optional_from(query, workspace + 3), text_from(query, workspace + 4),
                    optional_from(query, workspace + 5), text_from(query, workspace + 6),
                    text_from(query, workspace + 7)};
        views.push_back(std::move(view));
    }
    return views;
}

namespace {

/// The condition of a status, as manage::status_of has it; ?5 is the instant.
std::string_view condition_of(manage::TokenStatus status) {
    using manage::TokenStatus;
    switch (status) {
        case TokenStatus::any:
            return "";
        case TokenStatus::working:
            return " AND t.ends_ms > ?5 AND m.removed_ms IS NULL";
        case TokenStatus::ended:
            return " AND (t.ends_ms <= ?5 OR m.removed_ms IS NOT NULL)";
        case TokenStatus::live:
            return " AND t.ends_ms > ?5 AND m.removed_ms IS NULL AND t.rotated_ms IS NULL";
        case TokenStatus::grace:
            return " AND t.ends_ms > ?5 AND m.removed_ms IS NULL AND t.rotated_ms IS NOT NULL";
        case TokenStatus::rotated:
            return " AND t.revoked_ms IS NULL AND t.works_until_ms <= ?5";
        case TokenStatus::revoked:
            return " AND t.revoked_ms IS NOT NULL";
        case TokenStatus::expired:
            return " AND t.revoked_ms IS NULL AND ifnull(t.works_until_ms > ?5, true)"
                   " AND t.expires_ms <= ?5";
        case TokenStatus::member_removed:
            return " AND t.ends_ms > ?5 AND m.removed_ms IS NOT NULL";
    }
    return "";
}

/// ?1 is the workspace, ?2 the member, ?3 the line, ?6 the environment.
std::string where_of(const manage::TokenRows& which) {
    std::string where = "WHERE true";
    if (which.workspace)
        where += " AND m.workspace_id = ?1";
    if (which.member)
        where += " AND t.member_id = ?2";
    if (which.line)
        where += " AND t.line = ?3";
    if (which.env)
        where += " AND t.env = ?6";
    if (which.operators)
        where += *which.operators ? " AND t.kind = 1" : " AND t.kind = 0";
    return where.append(condition_of(which.status));
}

SQLite::Statement bound(SQLite::Statement query, const manage::TokenRows& which) {
    if (which.workspace)
        query.bind(1, *which.workspace);
    if (which.member)
        query.bind(2, *which.member);
    if (which.line)
        query.bind(3, *which.line);
    if (which.status != manage::TokenStatus::any && which.status != manage::TokenStatus::revoked)
        query.bind(5, which.now_ms);
    if (which.env)
        query.bind(6, static_cast<int>(*which.env));
    return query;
}

}  // namespace

std::vector<TokenView> SqliteRows::some_tokens(const manage::TokenRows& which, const Page& page,
                                               const TokenPart& part) {
    SQLite::Statement query = bound(
        prepare(select_token_views(
            (where_of(which) +
             found_in(page, {"t.name", "t.note", "t.prefix", "m.email", "m.name"}) + part.order)
                .c_str(),
            part.from)),
        which);
    bind_search(query, page);
    if (part.after.major != 0)
        query.bind(7, part.after.major);
    query.bind(8, part.after.minor);
    query.bind(9, part.rows_max);
    return token_views(query);
}

/// The orders by use come in two parts, each in the order of an index: tokens that were never used,
/// by row, and the others, by last use. One order over both would sort all tokens for each page.
/// Narrowed to a workspace or a member, that one's tokens may be sorted.
std::vector<TokenView> SqliteRows::tokens_by_use(const manage::TokenRows& which, const Page& page,
                                                 std::int64_t rows_max) {
    constexpr const char* used = "token_use u JOIN tokens t ON t.id = u.token_id";
    constexpr const char* all = "tokens t LEFT JOIN token_use u ON u.token_id = t.id";
    const bool unused_first = which.order == manage::TokenOrder::unused_first;
    const bool in_unused = page.after && page.after->major == 0;
    const manage::Position first_used =
        unused_first ? manage::Position{1, -1} : manage::Position{INT64_MAX, INT64_MAX};
    const TokenPart never{all, never_used_first, {0, in_unused ? page.after->minor : -1}, 0};
    const TokenPart later{used, unused_first ? longest_unused_first : latest_used_first,
                          page.after && !in_unused ? *page.after : first_used, 0};
    std::vector<TokenPart> parts =
        unused_first ? std::vector{never, later} : std::vector{later, never};
    if (in_unused != unused_first && page.after)  // the first part is behind the page
        parts.erase(parts.begin());
    std::vector<TokenView> views;
    for (TokenPart& part : parts) {
        part.rows_max = rows_max - static_cast<std::int64_t>(views.size());
        if (part.rows_max <= 0)
            break;
        for (TokenView& view : some_tokens(which, page, part))
            views.push_back(std::move(view));
    }
    return views;
}

Result<Slice<TokenView>> SqliteRows::tokens(const manage::TokenRows& which, const Page& page) {
    using manage::TokenOrder;
    return guarded(path_, [&]() -> Result<Slice<TokenView>> {
        const std::int64_t rows_max = page.limit == 0 ? INT64_MAX : page.limit + 1;
        if (which.order == TokenOrder::unused_first || which.order == TokenOrder::used_first)
            return sliced(tokens_by_use(which, page, rows_max), page, [](const TokenView& view) {
                return manage::Position{view.use.used_ms.value_or(0), view.token.id};
            });
        const bool oldest = which.order == TokenOrder::oldest_first;
        const TokenPart part{"tokens t LEFT JOIN token_use u ON u.token_id = t.id",
                             page_of(oldest ? oldest_first : newest_first, 't'),
                             {0, page.after ? page.after->minor
                                 : oldest   ? from_oldest
                                            : from_newest},
                             rows_max};
        return sliced(some_tokens(which, page, part), page, [](const TokenView& view) {
            return manage::Position{0, view.token.id};
        });
    });
}

Result<std::int64_t> SqliteRows::count_tokens(const manage::TokenRows& which) {
    return guarded(path_, [&]() -> Result<std::int64_t> {
        SQLite::Statement query = bound(
            prepare("SELECT count(*) FROM tokens t LEFT JOIN members m ON m.id = t.member_id " +
                    where_of(which)),
            which);
        query.executeStep();
        return int_from(query, 0);
    });
}

Result<std::optional<TokenView>> SqliteRows::token(std::string_view prefix) {
    return guarded(path_, [&]() -> Result<std::optional<TokenView>> {
        SQLite::Statement query = prepare(select_token_views("WHERE t.prefix = ?1"));
        bind_text(query, 1, prefix);
        std::vector<TokenView> views = token_views(query);
        if (views.empty())
            return std::optional<TokenView>();
        return std::optional<TokenView>(std::move(views.front()));
    });
}

Result<std::vector<TokenView>> SqliteRows::working_tokens_of(std::int64_t member_row,
                                                             std::int64_t now_ms) {
    return guarded(path_, [&]() -> Result<std::vector<TokenView>> {
        SQLite::Statement query = prepare(select_token_views(
            (std::string("WHERE t.member_id = ?2 AND") + live_token + "ORDER BY t.id").c_str()));
        query.bind(1, now_ms);
        query.bind(2, member_row);
        return token_views(query);
    });
}

Result<std::vector<TokenView>> SqliteRows::later_in_line(const TokenRecord& token) {
    return guarded(path_, [&]() -> Result<std::vector<TokenView>> {
        SQLite::Statement query =
            prepare(select_token_views("WHERE t.line = ?1 AND t.id > ?2 ORDER BY t.id"));
        query.bind(1, token.line);
        query.bind(2, token.id);
        return token_views(query);
    });
}

Status SqliteRows::add(TokenRecord& token, const token::Digest& digest) {
    return guarded(path_, [&]() -> Status {
        SQLite::Statement taken = prepare("SELECT 1 FROM tokens WHERE prefix = ?1");
        taken.bind(1, token.prefix);
        if (taken.executeStep())
            return Failure{Fault::conflict, "the prefix " + token.prefix + " is taken",
                           "try again"};
        // The number is drawn first: the first token of a line carries its own. Nobody else writes.
        // Windows, usage and records that still name a pruned token never meet another of its
        // number.
        token.id = next_number("tokens");
        if (token.line == 0)
            token.line = token.id;
        SQLite::Statement insert = prepare(
            "INSERT INTO tokens (id, line, line_created_ms, kind, member_id, prefix, digest, name,"
            " env, scopes, created_ms, expires_ms, rotated_ms, works_until_ms, revoked_ms, note)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)");
        insert.bind(1, token.id);
        insert.bind(2, token.line);
        insert.bind(3, token.line_created_ms);
        insert.bind(4, token.is_operator ? 1 : 0);
        if (!token.is_operator)
            insert.bind(5, token.member_id);
        insert.bind(6, token.prefix);
        insert.bind(7, digest.data(), static_cast<int>(digest.size()));
        insert.bind(8, token.name);
        insert.bind(9, static_cast<int>(token.env));
        insert.bind(10, policy::to_text(token.scopes));
        insert.bind(11, token.created_ms);
        bind_or_null(insert, 12, token.expires_ms);
        bind_or_null(insert, 13, token.rotated_ms);
        bind_or_null(insert, 14, token.works_until_ms);
        bind_or_null(insert, 15, token.revoked_ms);
        insert.bind(16, token.note);
        insert.exec();
        return Done{};
    });
}

Status SqliteRows::update(const TokenRecord& token) {
    return guarded(path_, [&]() -> Status {
        SQLite::Statement change = prepare(
            "UPDATE tokens SET expires_ms = ?2, rotated_ms = ?3, works_until_ms = ?4,"
            " revoked_ms = ?5, name = ?6, note = ?7 WHERE id = ?1");
        change.bind(1, token.id);
        bind_or_null(change, 2, token.expires_ms);
        bind_or_null(change, 3, token.rotated_ms);
        bind_or_null(change, 4, token.works_until_ms);
        bind_or_null(change, 5, token.revoked_ms);
        change.bind(6, token.name);
        change.bind(7, token.note);
        change.exec();
        return Done{};
    });
}

Result<manage::EndedTokens> SqliteRows::ended_tokens(std::int64_t after_row, std::int64_t rows_max,
                                                     std::int64_t before_ms) {
    return guarded(path_, [&]() -> Result<manage::EndedTokens> {
        SQLite::Statement query = prepare(
            "SELECT t.id, t.ends_ms <= ?2 AND t.id < (SELECT max(id) FROM tokens)"
            " AND NOT EXISTS (SELECT 1 FROM tokens s WHERE s.line = t.id AND s.id <> t.id)"
            " FROM tokens t WHERE t.id > ?1 ORDER BY t.id LIMIT ?3");
        query.bind(1, after_row);
        query.bind(2, before_ms);
        query.bind(3, rows_max);
        manage::EndedTokens found;
        std::int64_t seen = 0;
        while (query.executeStep()) {
            ++seen;
            found.last_row = int_from(query, 0);
            if (int_from(query, 1) != 0)
                found.rows.push_back(found.last_row);
        }
        found.more = seen == rows_max;
        return found;
    });
}

Result<std::int64_t> SqliteRows::remove_ended_token(std::int64_t token_row, std::int64_t before_ms,
                                                    std::int64_t usage_rows_max) {
    return guarded(path_, [&]() -> Result<std::int64_t> {
        SQLite::Statement usage = prepare(
            "DELETE FROM usage WHERE (hour, token_id, reason) IN"
            " (SELECT hour, token_id, reason FROM usage WHERE token_id = ?1 LIMIT ?2)");
        usage.bind(1, token_row);
        usage.bind(2, usage_rows_max);
        const std::int64_t deleted = usage.exec();
        if (deleted == usage_rows_max)
            return deleted;  // there may be more
        // The trigger on deletions looks at this: nobody need forget a token that had ended.
        SQLite::Statement note =
            prepare("UPDATE meta SET pruned_until_ms = ?1 WHERE pruned_until_ms < ?1");
        note.bind(1, before_ms);
        note.exec();
        // Nor is its number given out again: see next_number(). Pruning leaves the newest token.
        SQLite::Statement newest = prepare(
            "UPDATE meta SET directory_version = directory_version + 1,"
            " deleted_version = directory_version + 1"
            " WHERE ?1 = (SELECT max(id) FROM tokens)");
        newest.bind(1, token_row);
        newest.exec();
        SQLite::Statement remove = prepare("DELETE FROM tokens WHERE id = ?1 AND ends_ms <= ?2");
        remove.bind(1, token_row);
        remove.bind(2, before_ms);
        remove.exec();
        return deleted;
    });
}

}  // namespace hourgate::store
