// The part of SqliteRows that usage is: written in batches, looked up by hour.
#include <utility>

#include "base/text.h"
#include "store/errors.h"
#include "store/rows.h"
#include "store/sqlite_rows.h"

namespace hourgate::store {

namespace {

/// "granted 12,window_full 3"
std::vector<std::pair<std::string, std::int64_t>> calls_from(const std::string& text) {
    std::vector<std::pair<std::string, std::int64_t>> calls;
    for (const std::string_view part : split(text, ',')) {
        const std::size_t space = part.find(' ');
        const auto count = parse_number(part.substr(space + 1), INT64_MAX);
        if (space == part.npos || !count)
            throw ImpossibleRow("usage");
        calls.emplace_back(std::string(part.substr(0, space)), static_cast<std::int64_t>(*count));
    }
    return calls;
}

/// ?10 is the text that is looked for.
std::string where_of(const manage::UsageFilter& filter, const manage::Page& page) {
    std::string where = page.reversed ? " WHERE (g.hour, g.token_id) > (?7, ?8)"
                                      : " WHERE (g.hour, g.token_id) < (?7, ?8)";
    if (!page.search.empty())
        where += " AND (instr(lower(t.name), ?10) > 0 OR instr(t.prefix, ?10) > 0)";
    if (filter.tokens.workspace)
        where += " AND m.workspace_id = ?1";
    if (filter.tokens.member)
        where += " AND t.member_id = ?2";
    if (filter.tokens.line)
        where += " AND t.line = ?6";
    if (filter.token)
        where += " AND g.token_id = ?3";
    if (filter.from_hour)
        where += " AND g.hour >= ?4";
    if (filter.until_hour)
        where += " AND g.hour < ?5";
    return where;
}

void bind_filter(SQLite::Statement& query, const manage::UsageFilter& filter) {
    int index = 0;
    for (const auto& value : {filter.tokens.workspace, filter.tokens.member, filter.token,
                              filter.from_hour, filter.until_hour, filter.tokens.line}) {
        ++index;
        if (value)
            query.bind(index, *value);
    }
}

}  // namespace

Status SqliteRows::add_usage(const manage::UsageNote& note) {
    return guarded(path_, [&]() -> Status {
        SQLite::Statement add = prepare(
            "INSERT INTO usage (hour, token_id, reason, calls)"
            " SELECT ?1, id, ?3, ?4 FROM tokens WHERE id = ?2"
            " ON CONFLICT DO UPDATE SET calls = calls + excluded.calls");
        for (const auto& [reason, calls] : note.calls) {
            add.bind(1, note.hour);
            add.bind(2, note.token_id);
            add.bind(3, reason);
            add.bind(4, calls);
            add.exec();
            add.reset();
        }
        // What is said later is later, unless the clock was set back: then the later instant stays.
        SQLite::Statement last = prepare(
            "INSERT INTO token_use (token_id, used_ms, used_from, refused_ms, refused_from,"
            " refused_reason) SELECT id, ?2, ?3, ?4, ?5, ?6 FROM tokens WHERE id = ?1"
            " ON CONFLICT DO UPDATE SET"
            " used_from = iif(excluded.used_ms >= coalesce(used_ms, 0), excluded.used_from,"
            "   used_from),"
            " used_ms = max(coalesce(used_ms, excluded.used_ms), coalesce(excluded.used_ms,"
            "   used_ms)),"
            " refused_from = iif(excluded.refused_ms >= coalesce(refused_ms, 0),"
            "   excluded.refused_from, refused_from),"
            " refused_reason = iif(excluded.refused_ms >= coalesce(refused_ms, 0),"
            "   excluded.refused_reason, refused_reason),"
            " refused_ms = max(coalesce(refused_ms, excluded.refused_ms),"
            "   coalesce(excluded.refused_ms, refused_ms))");
        last.bind(1, note.token_id);
        bind_or_null(last, 2, note.last.used_ms);
        last.bind(3, note.last.used_from);
        bind_or_null(last, 4, note.last.refused_ms);
        last.bind(5, note.last.refused_from);
        last.bind(6, note.last.refused_reason);
        last.exec();
        return Done{};
    });
}

Result<std::int64_t> SqliteRows::prune_usage(std::int64_t before_hour, std::int64_t rows_max) {
    return guarded(path_, [&]() -> Result<std::int64_t> {
        SQLite::Statement prune = prepare(
            "DELETE FROM usage WHERE (hour, token_id, reason) IN"
            " (SELECT hour, token_id, reason FROM usage WHERE hour < ?1 LIMIT ?2)");
        prune.bind(1, before_hour);
        prune.bind(2, rows_max);
        return std::int64_t{prune.exec()};
    });
}

Result<manage::Slice<manage::UsageRow>> SqliteRows::usage(const manage::UsageFilter& filter,
                                                          const manage::Page& page) {
    return guarded(path_, [&]() -> Result<manage::Slice<manage::UsageRow>> {
        SQLite::Statement query = prepare(
            "SELECT g.token_id, g.hour, group_concat(g.reason || ' ' || g.calls), t.prefix, t.name,"
            " coalesce(m.public_id, ''), coalesce(w.public_id, ''),"
            " coalesce(w.name, '') FROM usage g"
            " JOIN tokens t ON t.id = g.token_id LEFT JOIN members m ON m.id = t.member_id"
            " LEFT JOIN workspaces w ON w.id = m.workspace_id" +
            where_of(filter, page) + " GROUP BY g.hour, g.token_id ORDER BY " +
            (page.reversed ? "g.hour, g.token_id" : "g.hour DESC, g.token_id DESC") + " LIMIT ?9");
        bind_filter(query, filter);
        if (!page.search.empty())
            query.bind(10, lower(page.search));
        const std::int64_t start = page.reversed ? -1 : INT64_MAX;
        query.bind(7, page.after ? page.after->major : start);
        query.bind(8, page.after ? page.after->minor : start);
        query.bind(9, page.limit == 0 ? std::int64_t{-1} : page.limit + 1);
        manage::Slice<manage::UsageRow> slice;
        while (query.executeStep())
            slice.items.push_back({int_from(query, 0), int_from(query, 1),
                                   calls_from(text_from(query, 2)), text_from(query, 3),
                                   text_from(query, 4), text_from(query, 5), text_from(query, 6),
                                   text_from(query, 7)});
        if (page.limit == 0 || static_cast<std::int64_t>(slice.items.size()) <= page.limit)
            return slice;
        slice.items.resize(static_cast<std::size_t>(page.limit));
        slice.next = manage::Position{slice.items.back().hour, slice.items.back().token_id};
        return slice;
    });
}

Result<std::int64_t> SqliteRows::calls_granted(std::int64_t from_hour, std::int64_t until_hour) {
    return guarded(path_, [&]() -> Result<std::int64_t> {
        SQLite::Statement sum = prepare(
            "SELECT coalesce(sum(calls), 0) FROM usage WHERE hour >= ?1 AND hour < ?2"
            " AND reason = 'granted'");
        sum.bind(1, from_hour);
        sum.bind(2, until_hour);
        if (!sum.executeStep())
            throw ImpossibleRow("usage");
        return int_from(sum, 0);
    });
}

}  // namespace hourgate::store
