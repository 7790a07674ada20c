// The part of SqliteRows that reads and writes workspaces.
#include <utility>

#include "store/errors.h"
#include "store/paging.h"
#include "store/rows.h"
#include "store/sqlite_rows.h"

namespace hourgate::store {

using manage::Slice;
using manage::WorkspaceView;

namespace {

std::string select_workspaces(const char* where) {
    return std::string("SELECT") + workspace_columns + "FROM workspaces w " + where;
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

}  // namespace

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

}  // namespace hourgate::store
