#include "store/sqlite_rows.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "base/text.h"
#include "store/errors.h"
#include "store/rows.h"

namespace hourgate::store {

using manage::Page;
using manage::Slice;
using manage::TokenRecord;
using manage::TokenView;
using manage::WorkspaceView;

namespace {

std::string select_workspaces(const char* where) {
    return std::string("SELECT") + workspace_columns + "FROM workspaces w " + where;
}

std::string select_members(const char* where) {
    return std::string("SELECT") + member_columns + "FROM members m " + where;
}

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

/// Present members, and live tokens, of each workspace.
std::string select_workspace_views(const char* where) {
    return std::string("SELECT") + workspace_columns +
           ", (SELECT p.name FROM plans p WHERE p.id = w.plan_id)"
           ", (SELECT count(*) FROM members m WHERE m.workspace_id = w.id AND m.removed_ms IS NULL)"
           ", (SELECT count(*) FROM members m JOIN tokens t ON t.member_id = m.id"
           "   WHERE m.workspace_id = w.id AND" +
           live_token +
           ")"
           " FROM workspaces w " +
           where;
}

// --- pages ---
// A query of a page asks for one row more than the page has: whether there is a next one.

/// ?8 and ?9: after which row, and how many.
constexpr const char* oldest_first = " AND %.id > ?8 ORDER BY %.id LIMIT ?9";
constexpr const char* newest_first = " AND %.id < ?8 ORDER BY %.id DESC LIMIT ?9";

constexpr const char* never_used_first =
    " AND u.used_ms IS NULL AND t.id > ?8 ORDER BY t.id LIMIT ?9";
constexpr const char* longest_unused_first =
    " AND (u.used_ms, u.token_id) > (?7, ?8) ORDER BY u.used_ms, u.token_id LIMIT ?9";
constexpr const char* latest_used_first =
    " AND (u.used_ms, u.token_id) < (?7, ?8) ORDER BY u.used_ms DESC, u.token_id DESC LIMIT ?9";

/// `order` with the table's letter put in.
std::string page_of(const char* order, char table) {
    std::string sql(order);
    std::replace(sql.begin(), sql.end(), '%', table);
    return sql;
}

void bind_page(SQLite::Statement& query, const manage::Page& page, std::int64_t from_the_start) {
    query.bind(8, page.after ? page.after->minor : from_the_start);
    query.bind(9, page.limit == 0 ? std::int64_t{-1} : page.limit + 1);
}

constexpr std::int64_t from_oldest = 0;
constexpr std::int64_t from_newest = INT64_MAX;

/// By row number, the oldest first unless the page is reversed.
std::string by_row(const Page& page, char table) {
    return page_of(page.reversed ? newest_first : oldest_first, table);
}

/// Where bind_page() starts then.
std::int64_t start_of(const Page& page) noexcept {
    return page.reversed ? from_newest : from_oldest;
}

/// By a column, "name COLLATE NOCASE", and rows with the same value by number. A page goes on
/// behind the value that the last row has now, ?8.
std::string by_column(const Page& page, char table, const char* rows, const std::string& column) {
    const std::string own = std::string(1, table) + ".", down = page.reversed ? " DESC" : "";
    std::string sql = " AND ?8 IS NOT NULL";
    if (page.after)
        sql = " AND (" + own + column + ", " + own + "id) " + (page.reversed ? "<" : ">") +
              " ((SELECT " + column + " FROM " + rows + " WHERE id = ?8), ?8)";
    return sql + " ORDER BY " + own + column + down + ", " + own + "id" + down + " LIMIT ?9";
}

/// A condition on texts that may hold the one that is looked for, `text`. SQLite's lower() is of
/// ASCII letters alone, as ours is.
std::string found_in(const Page& page, std::initializer_list<const char*> columns,
                     const char* text = "?4") {
    if (page.search.empty())
        return "";
    std::string any;
    for (const char* const column : columns)
        any.append(any.empty() ? "instr(lower(" : " OR instr(lower(")
            .append(column)
            .append("), ")
            .append(text)
            .append(") > 0");
    return " AND (" + any + ")";
}

void bind_search(SQLite::Statement& query, const Page& page) {
    if (!page.search.empty())
        query.bind(4, lower(page.search));
}

/// Leaves what is on the page; `position_of` says where an item stands in the order.
template <typename T, typename PositionOf>
manage::Slice<T> sliced(std::vector<T> items, const manage::Page& page, PositionOf position_of) {
    manage::Slice<T> slice{std::move(items), {}};
    if (page.limit == 0 || static_cast<std::int64_t>(slice.items.size()) <= page.limit)
        return slice;
    slice.items.resize(static_cast<std::size_t>(page.limit));
    slice.next = position_of(slice.items.back());
    return slice;
}

}  // namespace

// --- workspaces ----------------------------------------------------------------------------------

std::optional<Workspace> SqliteRows::one_workspace(SQLite::Statement& query) {
    if (!query.executeStep())
        return std::nullopt;
    return workspace_from(query, 0);
}

Result<std::optional<Workspace>> SqliteRows::workspace(std::string_view id_or_name) {
    return guarded(path_, [&]() -> Result<std::optional<Workspace>> {
        // An id before a name: somebody may have named a workspace after the id of another.
        for (const char* where : {"WHERE w.public_id = ?1", "WHERE w.name = ?1"}) {
            SQLite::Statement query = prepare(select_workspaces(where));
            bind_text(query, 1, id_or_name);
            if (auto found = one_workspace(query))
                return found;
        }
        return std::optional<Workspace>();
    });
}

Result<std::optional<Workspace>> SqliteRows::workspace_by_row(std::int64_t id) {
    return guarded(path_, [&]() -> Result<std::optional<Workspace>> {
        SQLite::Statement query = prepare(select_workspaces("WHERE w.id = ?1"));
        query.bind(1, id);
        return one_workspace(query);
    });
}

Result<std::optional<std::string>> SqliteRows::closed_workspace(std::string_view id_or_name) {
    return guarded(path_, [&]() -> Result<std::optional<std::string>> {
        for (const char* what : {"e.object = ?1", "json_extract(e.before, '$.name') = ?1"}) {
            SQLite::Statement query = prepare(
                "SELECT e.object FROM audit_events e WHERE e.action = 'workspace.close' AND " +
                std::string(what) + " ORDER BY e.id DESC LIMIT 1");
            bind_text(query, 1, id_or_name);
            if (query.executeStep())
                return std::optional(text_from(query, 0));
        }
        return std::optional<std::string>();
    });
}

std::vector<WorkspaceView> SqliteRows::workspace_views(SQLite::Statement& query) {
    std::vector<WorkspaceView> views;
    constexpr int after = workspace_column_count;
    while (query.executeStep())
        views.push_back({workspace_from(query, 0), text_from(query, after),
                         int_from(query, after + 1), int_from(query, after + 2)});
    return views;
}

namespace {

/// ?1 is the instant, ?2 the plan, ?3 the length of the grace.
std::string where_of(const manage::WorkspaceRows& which) {
    std::string where = "WHERE true";
    if (which.plan)
        where += " AND w.plan_id = ?2";
    if (!which.standing)
        return where;
    switch (*which.standing) {
        case Paid::yes:
            return where + " AND (w.paid_until_ms IS NULL OR w.paid_until_ms > ?1)";
        case Paid::in_grace:
            return where + " AND w.paid_until_ms <= ?1 AND w.paid_until_ms > ?1 - ?3";
        case Paid::lapsed:
            return where + " AND w.paid_until_ms <= ?1 - ?3";
    }
    return where;
}

}  // namespace

Result<Slice<WorkspaceView>> SqliteRows::workspaces(const manage::WorkspaceRows& which,
                                                    const Page& page) {
    return guarded(path_, [&]() -> Result<Slice<WorkspaceView>> {
        const bool all_by_name = page.limit == 0 && !page.reversed;
        const bool by_name = page.by == manage::OrderBy::name || all_by_name;
        if (by_name)
            if (Status there = check_still_there("workspaces", page); !there)
                return there.failure();
        SQLite::Statement query = prepare(select_workspace_views(
            (where_of(which) + found_in(page, {"w.name", "w.public_id"}) +
             (by_name ? by_column(page, 'w', "workspaces", "name") : by_row(page, 'w')))
                .c_str()));
        query.bind(1, which.now_ms);
        if (which.plan)
            query.bind(2, *which.plan);
        query.bind(3, which.lapse.grace_ms);
        bind_search(query, page);
        bind_page(query, page, start_of(page));
        return sliced(workspace_views(query), page, [](const WorkspaceView& view) {
            return manage::Position{0, view.workspace.id};
        });
    });
}

Result<std::optional<WorkspaceView>> SqliteRows::workspace_view(std::int64_t now_ms,
                                                                std::int64_t row) {
    return guarded(path_, [&]() -> Result<std::optional<WorkspaceView>> {
        SQLite::Statement query = prepare(select_workspace_views("WHERE w.id = ?2"));
        query.bind(1, now_ms);
        query.bind(2, row);
        std::vector<WorkspaceView> views = workspace_views(query);
        if (views.empty())
            return std::optional<WorkspaceView>();
        return std::optional<WorkspaceView>(std::move(views.front()));
    });
}

Status SqliteRows::add(Workspace& workspace) {
    return guarded(path_, [&]() -> Status {
        SQLite::Statement insert = prepare(
            "INSERT INTO workspaces (public_id, name, plan_id, paid_until_ms, created_ms, id)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
        workspace.id = next_number("workspaces");
        insert.bind(1, workspace.public_id);
        insert.bind(2, workspace.name);
        insert.bind(3, workspace.plan_id);
        bind_or_null(insert, 4, workspace.paid_until_ms);
        insert.bind(5, workspace.created_ms);
        insert.bind(6, workspace.id);
        insert.exec();
        return Done{};
    });
}

std::int64_t SqliteRows::next_number(const char* table) {
    const std::string sql =
        "SELECT 1 + max((SELECT deleted_version FROM meta), (SELECT coalesce(max(id), 0) FROM " +
        std::string(table) + "))";
    return connection_.number(sql.c_str());
}

/// A page by a column goes on behind a row, and needs it.
Status SqliteRows::check_still_there(const char* table, const Page& page) {
    if (!page.after)
        return Done{};
    SQLite::Statement row = prepare("SELECT 1 FROM " + std::string(table) + " WHERE id = ?1");
    row.bind(1, page.after->minor);
    if (row.executeStep())
        return Done{};
    return Failure{Fault::usage, "the entry that the page before ended with is gone",
                   "leave the cursor out to begin with the first page", "invalid_fields", "cursor"};
}

Status SqliteRows::remove_workspace(std::int64_t row) {
    return guarded(path_, [&]() -> Status {
        for (const char* const sql : {"DELETE FROM idempotency_keys WHERE member_id IN"
                                      " (SELECT id FROM members WHERE workspace_id = ?1)",
                                      "DELETE FROM members WHERE workspace_id = ?1",
                                      "DELETE FROM workspaces WHERE id = ?1"}) {
            SQLite::Statement remove = prepare(sql);
            remove.bind(1, row);
            remove.exec();
        }
        return Done{};
    });
}

Status SqliteRows::update(const Workspace& workspace) {
    return guarded(path_, [&]() -> Status {
        SQLite::Statement change = prepare(
            "UPDATE workspaces SET name = ?2, plan_id = ?3, paid_until_ms = ?4 WHERE id = ?1");
        change.bind(1, workspace.id);
        change.bind(2, workspace.name);
        change.bind(3, workspace.plan_id);
        bind_or_null(change, 4, workspace.paid_until_ms);
        change.exec();
        return Done{};
    });
}

// --- members -------------------------------------------------------------------------------------

std::optional<Member> SqliteRows::one_member(SQLite::Statement& query) {
    if (!query.executeStep())
        return std::nullopt;
    return member_from(query, 0);
}

Result<std::optional<Member>> SqliteRows::member_by_row(std::int64_t id) {
    return guarded(path_, [&]() -> Result<std::optional<Member>> {
        SQLite::Statement query = prepare(select_members("WHERE m.id = ?1"));
        query.bind(1, id);
        return one_member(query);
    });
}

Result<std::optional<Member>> SqliteRows::member_by_id(std::string_view public_id) {
    return guarded(path_, [&]() -> Result<std::optional<Member>> {
        SQLite::Statement query = prepare(select_members("WHERE m.public_id = ?1"));
        bind_text(query, 1, public_id);
        return one_member(query);
    });
}

Result<std::vector<Member>> SqliteRows::members_by_email(
    std::string_view email, std::optional<std::int64_t> workspace_row) {
    return guarded(path_, [&]() -> Result<std::vector<Member>> {
        SQLite::Statement query = prepare(select_members(
            workspace_row
                ? "WHERE m.kind = 0 AND m.email = ?1 COLLATE NOCASE AND m.workspace_id = ?2"
                : "WHERE m.kind = 0 AND m.email = ?1 COLLATE NOCASE ORDER BY m.id"));
        bind_text(query, 1, email);
        if (workspace_row)
            query.bind(2, *workspace_row);
        std::vector<Member> members;
        while (auto member = one_member(query))
            members.push_back(*std::move(member));
        return members;
    });
}

Result<std::optional<Member>> SqliteRows::service(std::int64_t workspace_row,
                                                  std::string_view name) {
    return guarded(path_, [&]() -> Result<std::optional<Member>> {
        SQLite::Statement query =
            prepare(select_members("WHERE m.kind = 1 AND m.workspace_id = ?1 AND m.name = ?2"));
        query.bind(1, workspace_row);
        bind_text(query, 2, name);
        return one_member(query);
    });
}

Result<std::vector<Member>> SqliteRows::present_members(std::int64_t workspace_row,
                                                        std::span<const Role> roles,
                                                        std::int64_t members_max,
                                                        std::optional<std::int64_t> rows_max) {
    return guarded(path_, [&]() -> Result<std::vector<Member>> {
        std::string of_roles;  // numbers of an enumeration
        for (const Role role : roles)
            of_roles.append(of_roles.empty() ? "" : ",").append(std::to_string(index(role)));
        SQLite::Statement query = prepare(select_members(
            ("WHERE m.id IN (SELECT id FROM members WHERE workspace_id = ?1 ORDER BY id LIMIT ?2)"
             " AND m.removed_ms IS NULL AND m.role IN (" +
             of_roles + ") ORDER BY m.id LIMIT ?3")
                .c_str()));
        query.bind(1, workspace_row);
        query.bind(2, rows_max.value_or(-1));
        query.bind(3, members_max);
        std::vector<Member> members;
        while (auto member = one_member(query))
            members.push_back(*std::move(member));
        return members;
    });
}

namespace {

/// ?1 is the workspace, ?2 the role, ?3 the kind, ?5 the member.
std::string where_of(const manage::MemberRows& which) {
    std::string where = "WHERE m.workspace_id = ?1";
    if (which.role)
        where += " AND m.role = ?2";
    if (which.kind)
        where += " AND m.kind = ?3";
    if (which.member)
        where += " AND m.id = ?5";
    if (which.removed)
        where += *which.removed ? " AND m.removed_ms IS NOT NULL" : " AND m.removed_ms IS NULL";
    return where;
}

std::string order_of_members(const Page& page) {
    switch (page.by) {
        case manage::OrderBy::standard:
            return by_row(page, 'm');
        case manage::OrderBy::name:
            return by_column(page, 'm', "members", "name");
        case manage::OrderBy::email:
            return by_column(page, 'm', "members", "email COLLATE NOCASE");
    }
    return "";
}

}  // namespace

Result<Slice<Member>> SqliteRows::members(const manage::MemberRows& which, const Page& page) {
    return guarded(path_, [&]() -> Result<Slice<Member>> {
        if (page.by != manage::OrderBy::standard)
            if (Status there = check_still_there("members", page); !there)
                return there.failure();
        SQLite::Statement query = prepare(
            select_members((where_of(which) + found_in(page, {"m.name", "m.email", "m.public_id"}) +
                            order_of_members(page))
                               .c_str()));
        query.bind(1, which.workspace);
        if (which.role)
            query.bind(2, static_cast<int>(*which.role));
        if (which.kind)
            query.bind(3, static_cast<int>(*which.kind));
        if (which.member)
            query.bind(5, *which.member);
        bind_search(query, page);
        bind_page(query, page, start_of(page));
        std::vector<Member> members;
        while (auto member = one_member(query))
            members.push_back(*std::move(member));
        return sliced(std::move(members), page, [](const Member& member) {
            return manage::Position{0, member.id};
        });
    });
}

Result<std::int64_t> SqliteRows::live_tokens_of(std::int64_t member_row, std::int64_t now_ms) {
    return guarded(path_, [&]() -> Result<std::int64_t> {
        SQLite::Statement query = prepare(
            std::string("SELECT count(*) FROM tokens t WHERE t.member_id = ?2 AND") + live_token);
        query.bind(1, now_ms);
        query.bind(2, member_row);
        query.executeStep();
        return int_from(query, 0);
    });
}

Status SqliteRows::add(Member& member) {
    return guarded(path_, [&]() -> Status {
        SQLite::Statement insert = prepare(
            "INSERT INTO members (public_id, workspace_id, kind, email, name, role, removed_ms,"
            " created_ms, id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
        member.id = next_number("members");
        insert.bind(1, member.public_id);
        insert.bind(2, member.workspace_id);
        insert.bind(3, static_cast<int>(member.kind));
        insert.bind(4, member.email);
        insert.bind(5, member.name);
        insert.bind(6, static_cast<int>(member.role));
        bind_or_null(insert, 7, member.removed_ms);
        insert.bind(8, member.created_ms);
        insert.bind(9, member.id);
        insert.exec();
        return Done{};
    });
}

Status SqliteRows::update(const Member& member) {
    return guarded(path_, [&]() -> Status {
        SQLite::Statement change = prepare(
            "UPDATE members SET email = ?2, name = ?3, role = ?4, removed_ms = ?5 WHERE id = ?1");
        change.bind(1, member.id);
        change.bind(2, member.email);
        change.bind(3, member.name);
        change.bind(4, static_cast<int>(member.role));
        bind_or_null(change, 5, member.removed_ms);
        change.exec();
        return Done{};
    });
}

// --- plans ---------------------------------------------------------------------------------------

Result<PlanBook> SqliteRows::plans() {
    return guarded(path_, [&]() -> Result<PlanBook> { return PlanBook(read_plans(connection_)); });
}

Result<std::int64_t> SqliteRows::workspaces_on(std::int64_t plan_row) {
    return guarded(path_, [&]() -> Result<std::int64_t> {
        SQLite::Statement query = prepare("SELECT count(*) FROM workspaces WHERE plan_id = ?1");
        query.bind(1, plan_row);
        query.executeStep();
        return int_from(query, 0);
    });
}

void SqliteRows::add_windows(const Plan& plan) {
    for (const Window& window : plan.windows) {
        SQLite::Statement insert = prepare(
            "INSERT INTO windows (plan_id, name, calls, seconds, per) VALUES (?1, ?2, ?3, ?4, ?5)");
        insert.bind(1, plan.id);
        insert.bind(2, window.name);
        insert.bind(3, std::int64_t{window.limit});
        insert.bind(4, std::int64_t{window.seconds});
        insert.bind(5, static_cast<int>(window.per));
        insert.exec();
    }
}

Status SqliteRows::add(Plan& plan) {
    return guarded(path_, [&]() -> Status {
        SQLite::Statement insert =
            prepare("INSERT INTO plans (name, api, rank) VALUES (?1, ?2, ?3)");
        insert.bind(1, plan.name);
        insert.bind(2, plan.api ? 1 : 0);
        insert.bind(3, plan.rank);
        insert.exec();
        plan.id = connection_.db().getLastInsertRowid();
        add_windows(plan);
        return Done{};
    });
}

Status SqliteRows::update(const Plan& plan) {
    return guarded(path_, [&]() -> Status {
        SQLite::Statement change =
            prepare("UPDATE plans SET name = ?2, api = ?3, rank = ?4 WHERE id = ?1");
        change.bind(1, plan.id);
        change.bind(2, plan.name);
        change.bind(3, plan.api ? 1 : 0);
        change.bind(4, plan.rank);
        change.exec();
        SQLite::Statement clear = prepare("DELETE FROM windows WHERE plan_id = ?1");
        clear.bind(1, plan.id);
        clear.exec();
        add_windows(plan);
        return Done{};
    });
}

Status SqliteRows::remove_plan(std::int64_t plan_row) {
    return guarded(path_, [&]() -> Status {
        SQLite::Statement remove = prepare("DELETE FROM plans WHERE id = ?1");  // and its windows
        remove.bind(1, plan_row);
        remove.exec();
        return Done{};
    });
}

// --- tokens --------------------------------------------------------------------------------------

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

// --- idempotency keys ----------------------------------------------------------------------------

Result<std::optional<std::string>> SqliteRows::minted_under(std::int64_t member_row,
                                                            std::string_view key,
                                                            std::int64_t since_ms) {
    return guarded(path_, [&]() -> Result<std::optional<std::string>> {
        SQLite::Statement query = prepare(
            "SELECT prefix FROM idempotency_keys"
            " WHERE member_id = ?1 AND key = ?2 AND created_ms > ?3");
        query.bind(1, member_row);
        bind_text(query, 2, key);
        query.bind(3, since_ms);
        if (!query.executeStep())
            return std::optional<std::string>();
        return std::optional<std::string>(text_from(query, 0));
    });
}

Status SqliteRows::remember(std::int64_t member_row, std::string_view key, std::string_view prefix,
                            std::int64_t now_ms) {
    return guarded(path_, [&]() -> Status {
        SQLite::Statement insert = prepare(
            "INSERT OR REPLACE INTO idempotency_keys (member_id, key, prefix, created_ms)"
            " VALUES (?1, ?2, ?3, ?4)");
        insert.bind(1, member_row);
        bind_text(insert, 2, key);
        bind_text(insert, 3, prefix);
        insert.bind(4, now_ms);
        insert.exec();
        return Done{};
    });
}

Result<std::int64_t> SqliteRows::prune_keys(std::int64_t before_ms, std::int64_t rows_max) {
    return guarded(path_, [&]() -> Result<std::int64_t> {
        SQLite::Statement prune = prepare(
            "DELETE FROM idempotency_keys WHERE (member_id, key) IN"
            " (SELECT member_id, key FROM idempotency_keys WHERE created_ms <= ?1 LIMIT ?2)");
        prune.bind(1, before_ms);
        prune.bind(2, rows_max);
        return std::int64_t{prune.exec()};
    });
}

// --- audit ---------------------------------------------------------------------------------------

Status SqliteRows::record(const manage::AuditEvent& event) {
    return guarded(path_, [&]() -> Status {
        SQLite::Statement insert = prepare(
            "INSERT INTO audit_events (at_ms, actor, source, action, object, workspace_id, before,"
            " after, token) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
        insert.bind(1, event.at_ms);
        insert.bind(2, event.actor);
        insert.bind(3, event.from);
        insert.bind(4, event.action);
        insert.bind(5, event.object);
        insert.bind(6, event.workspace_id);
        insert.bind(7, event.before);
        insert.bind(8, event.after);
        insert.bind(9, event.token);
        insert.exec();
        return Done{};
    });
}

Result<std::vector<std::int64_t>> SqliteRows::instants_of(std::string_view actor,
                                                          std::string_view action,
                                                          std::int64_t since_ms,
                                                          std::size_t count_max) {
    return guarded(path_, [&]() -> Result<std::vector<std::int64_t>> {
        SQLite::Statement query = prepare(
            "SELECT at_ms, action = ?2 FROM audit_events WHERE actor = ?1 ORDER BY id DESC");
        bind_text(query, 1, actor);
        bind_text(query, 2, action);
        std::vector<std::int64_t> instants;
        // Read by hand and not with a condition: at the first event that is too old it stops.
        while (instants.size() < count_max && query.executeStep()) {
            const std::int64_t at_ms = int_from(query, 0);
            if (at_ms <= since_ms)
                break;
            if (int_from(query, 1) != 0)
                instants.push_back(at_ms);
        }
        return instants;
    });
}

namespace {

/// The events on an object; of a token that a rotation made also that rotation, which is on its
/// predecessor. By the index of objects: only those of its line are looked at.
constexpr const char* on_object =
    "e.object IN (SELECT ?4 UNION SELECT p.prefix FROM tokens s JOIN tokens p ON p.line = s.line"
    " WHERE s.prefix = ?4) AND (e.object = ?4 OR (e.action = 'token.rotate' AND"
    " instr(e.after, '\"successor\":\"' || ?4 || '\"') > 0))";

/// One condition for each thing that is given, in the order in which bind_filter binds.
std::string where_of(const manage::AuditFilter& filter) {
    std::string where = "WHERE true";
    const auto add = [&](bool given, const char* condition) {
        if (given)
            where.append(" AND ").append(condition);
    };
    add(!filter.workspace_id.empty(), "e.workspace_id = ?1");
    add(!filter.actor.empty(), "e.actor = ?2");
    add(!filter.action.empty(), "e.action = ?3");
    add(!filter.object.empty(), on_object);
    add(filter.from_ms.has_value(), "e.at_ms >= ?5");
    add(filter.until_ms.has_value(), "e.at_ms < ?6");
    return where;
}

void bind_filter(SQLite::Statement& query, const manage::AuditFilter& filter) {
    int index = 0;
    for (const std::string* text :
         {&filter.workspace_id, &filter.actor, &filter.action, &filter.object}) {
        ++index;
        if (!text->empty())
            query.bind(index, *text);
    }
    if (filter.from_ms)
        query.bind(5, *filter.from_ms);
    if (filter.until_ms)
        query.bind(6, *filter.until_ms);
}

}  // namespace

Result<Slice<manage::AuditEvent>> SqliteRows::events(const manage::AuditFilter& filter,
                                                     const Page& page) {
    return guarded(path_, [&]() -> Result<Slice<manage::AuditEvent>> {
        SQLite::Statement query = prepare(
            "SELECT e.id, e.at_ms, e.actor, e.token, e.source, e.action, e.object, e.workspace_id,"
            " e.before, e.after, " +
            name_of_workspace("e.workspace_id") + " FROM audit_events e " + where_of(filter) +
            found_in(page, {"e.actor", "e.action", "e.object"}, "?7") +
            page_of(page.reversed ? oldest_first : newest_first, 'e'));
        bind_filter(query, filter);
        if (!page.search.empty())
            query.bind(7, lower(page.search));
        bind_page(query, page, page.reversed ? from_oldest : from_newest);
        std::vector<manage::AuditEvent> events;
        while (query.executeStep())
            events.push_back({int_from(query, 0), int_from(query, 1), text_from(query, 2),
                              text_from(query, 3), text_from(query, 4), text_from(query, 5),
                              text_from(query, 6), text_from(query, 7), text_from(query, 8),
                              text_from(query, 9), text_from(query, 10)});
        return sliced(std::move(events), page, [](const manage::AuditEvent& event) {
            return manage::Position{0, event.id};
        });
    });
}

Result<std::string> SqliteRows::cursor_key() {
    return guarded(path_, [&]() -> Result<std::string> {
        SQLite::Statement query = prepare("SELECT key FROM cursor_seal");
        if (!query.executeStep())
            throw ImpossibleRow("no cursor seal");
        return text_from(query, 0);
    });
}

}  // namespace hourgate::store
