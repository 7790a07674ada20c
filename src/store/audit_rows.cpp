// The part of SqliteRows that reads and writes audit events.
#include <utility>

#include "base/text.h"
#include "store/errors.h"
#include "store/paging.h"
#include "store/rows.h"
#include "store/sqlite_rows.h"

namespace hourgate::store {

using manage::Slice;

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

}  // namespace hourgate::store
