// The part of SqliteRows that the decision log is: written in batches, looked up by id, listed, run
// again in order.
#include <utility>

#include "base/text.h"
#include "manage/decisions.h"
#include "store/errors.h"
#include "store/rows.h"
#include "store/sqlite_rows.h"

namespace hourgate::store {

namespace {

using manage::DecisionRecord;
using Counts = std::array<std::int64_t, manage::decision_kinds>;

std::string select_decisions() {
    return "SELECT d.id, d.decision, d.kind, d.at_ms, d.boot_us, d.reason, d.status, d.again,"
           " d.token_id, d.line, d.prefix, d.workspace_id, d.member_id, d.method, d.path,"
           " d.address, d.request_id, d.resource, d.document, d.facts, " +
           name_of_workspace("d.workspace_id") + " FROM decisions d ";
}

std::size_t place_of(std::int64_t kind) {
    if (kind < 0 || kind >= static_cast<std::int64_t>(manage::decision_kinds))
        throw ImpossibleRow("decision kind");
    return static_cast<std::size_t>(kind);
}

DecisionRecord record_from(const SQLite::Statement& row) {
    DecisionRecord record;
    record.row = int_from(row, 0);
    record.id = text_from(row, 1);
    record.kind = static_cast<DecisionRecord::Kind>(place_of(int_from(row, 2)));
    record.at_ms = int_from(row, 3);
    record.boot_us = int_from(row, 4);
    record.reason = text_from(row, 5);
    record.status = static_cast<int>(int_from(row, 6));
    record.again = int_from(row, 7) != 0;
    record.token_id = int_from(row, 8);
    record.line = int_from(row, 9);
    record.prefix = text_from(row, 10);
    record.workspace_id = text_from(row, 11);
    record.member_id = text_from(row, 12);
    record.method = text_from(row, 13);
    record.path = text_from(row, 14);
    record.address = text_from(row, 15);
    record.request_id = text_from(row, 16);
    record.resource = text_from(row, 17);
    record.document = text_from(row, 18);
    record.facts = text_from(row, 19);
    record.workspace_name = text_from(row, 20);
    return record;
}

/// One row more than the page has was asked for.
template <typename PositionOf>
manage::Slice<DecisionRecord> slice_of(SQLite::Statement& query, const manage::Page& page,
                                       PositionOf position_of) {
    manage::Slice<DecisionRecord> slice;
    while (query.executeStep())
        slice.items.push_back(record_from(query));
    if (page.limit == 0 || static_cast<std::int64_t>(slice.items.size()) <= page.limit)
        return slice;
    slice.items.resize(static_cast<std::size_t>(page.limit));
    slice.next = position_of(slice.items.back());
    return slice;
}

std::int64_t rows_asked(const manage::Page& page) noexcept {
    return page.limit == 0 ? -1 : page.limit + 1;
}

/// ?6 is the text that is looked for.
std::string where_of(const manage::DecisionFilter& filter, const manage::Page& page) {
    std::string where = page.reversed ? "WHERE d.id > ?8" : "WHERE d.id < ?8";
    if (!page.search.empty())
        where +=
            " AND (instr(lower(d.path), ?6) > 0 OR instr(lower(d.request_id), ?6) > 0"
            " OR instr(d.address, ?6) > 0 OR instr(d.resource, ?6) > 0)";
    if (!filter.workspace_id.empty())
        where += " AND d.workspace_id = ?1 AND d.workspace_id <> ''";
    if (!filter.prefix.empty())
        where += " AND d.prefix = ?2 AND d.prefix <> ''";
    if (filter.reason == "granted")
        where += " AND d.reason = ?3 AND d.status < 400";
    else if (manage::is_after_grant(filter.reason))
        where +=
            " AND d.kind = 2 AND d.status >= 400"
            " AND json_extract(d.document, '$.upstream.reason') = ?3";
    else if (!filter.reason.empty())
        where += " AND d.reason = ?3";
    if (filter.from_ms)
        where += " AND d.at_ms >= ?4";
    if (filter.until_ms)
        where += " AND d.at_ms < ?5";
    return where;
}

void bind_filter(SQLite::Statement& query, const manage::DecisionFilter& filter) {
    int index = 0;
    for (const std::string* text : {&filter.workspace_id, &filter.prefix, &filter.reason}) {
        ++index;
        if (!text->empty())
            query.bind(index, *text);
    }
    if (filter.from_ms)
        query.bind(4, *filter.from_ms);
    if (filter.until_ms)
        query.bind(5, *filter.until_ms);
}

}  // namespace

Result<std::int64_t> SqliteRows::add_decision(const DecisionRecord& record, bool alone) {
    return guarded(path_, [&]() -> Result<std::int64_t> {
        std::int64_t fewer = 0;
        if (manage::has_failed(record)) {  // it may be on record as a granted call already
            SQLite::Statement same = prepare("DELETE FROM decisions WHERE decision = ?1");
            same.bind(1, record.id);
            fewer = same.exec();
        } else if (alone) {
            SQLite::Statement others = prepare(
                "DELETE FROM decisions WHERE kind = 2 AND token_id = ?1 AND resource = ?2"
                " AND status < 400");
            others.bind(1, record.token_id);
            others.bind(2, record.resource);
            fewer = others.exec();
        }
        SQLite::Statement insert = prepare(
            "INSERT INTO decisions (decision, kind, at_ms, boot_us, reason, status, again,"
            " token_id, line, prefix, workspace_id, member_id, method, path, address, request_id,"
            " resource, document, facts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
            " ?13, ?14, ?15, ?16, ?17, ?18, ?19) ON CONFLICT (decision) DO NOTHING");
        insert.bind(1, record.id);
        insert.bind(2, static_cast<std::int64_t>(record.kind));
        insert.bind(3, record.at_ms);
        insert.bind(4, record.boot_us);
        insert.bind(5, record.reason);
        insert.bind(6, record.status);
        insert.bind(7, record.again ? 1 : 0);
        insert.bind(8, record.token_id);
        insert.bind(9, record.line);
        int index = 9;
        for (const std::string* text :
             {&record.prefix, &record.workspace_id, &record.member_id, &record.method, &record.path,
              &record.address, &record.request_id, &record.resource, &record.document,
              &record.facts})
            insert.bind(++index, *text);
        return std::int64_t{insert.exec()} - fewer;
    });
}

Result<std::optional<DecisionRecord>> SqliteRows::decision(std::string_view id) {
    return guarded(path_, [&]() -> Result<std::optional<DecisionRecord>> {
        SQLite::Statement query = prepare(select_decisions() + "WHERE d.decision = ?1");
        query.bind(1, std::string(id));
        if (!query.executeStep())
            return std::optional<DecisionRecord>();
        return std::optional<DecisionRecord>(record_from(query));
    });
}

Result<manage::Slice<DecisionRecord>> SqliteRows::decisions(const manage::DecisionFilter& filter,
                                                            const manage::Page& page) {
    return guarded(path_, [&]() -> Result<manage::Slice<DecisionRecord>> {
        SQLite::Statement query =
            prepare(select_decisions() + where_of(filter, page) +
                    (page.reversed ? " ORDER BY d.id LIMIT ?9" : " ORDER BY d.id DESC LIMIT ?9"));
        bind_filter(query, filter);
        if (!page.search.empty())
            query.bind(6, lower(page.search));
        query.bind(8, page.after ? page.after->minor : page.reversed ? 0 : INT64_MAX);
        query.bind(9, rows_asked(page));
        return slice_of(query, page, [](const DecisionRecord& record) {
            return manage::Position{0, record.row};
        });
    });
}

Result<manage::Slice<DecisionRecord>> SqliteRows::decisions_in_order(std::int64_t from_ms,
                                                                     std::int64_t until_ms,
                                                                     const manage::Page& page) {
    return guarded(path_, [&]() -> Result<manage::Slice<DecisionRecord>> {
        SQLite::Statement query =
            prepare(select_decisions() +
                    "WHERE (d.at_ms, d.id) > (?1, ?2) AND d.at_ms < ?3 ORDER BY d.at_ms, d.id"
                    " LIMIT ?4");
        query.bind(1, page.after ? page.after->major : from_ms - 1);
        query.bind(2, page.after ? page.after->minor : INT64_MAX);
        query.bind(3, until_ms);
        query.bind(4, rows_asked(page));
        return slice_of(query, page, [](const DecisionRecord& record) {
            return manage::Position{record.at_ms, record.row};
        });
    });
}

Result<Counts> SqliteRows::count_decisions() {
    return guarded(path_, [&]() -> Result<Counts> {
        SQLite::Statement query = prepare("SELECT kind, count(*) FROM decisions GROUP BY kind");
        Counts counts{};
        while (query.executeStep())
            counts[place_of(int_from(query, 0))] = int_from(query, 1);
        return counts;
    });
}

Result<std::int64_t> SqliteRows::prune_decisions(DecisionRecord::Kind kind, std::int64_t rows_max) {
    return guarded(path_, [&]() -> Result<std::int64_t> {
        SQLite::Statement prune = prepare(
            "DELETE FROM decisions WHERE id IN"
            " (SELECT id FROM decisions WHERE kind = ?1 ORDER BY id LIMIT ?2)");
        prune.bind(1, static_cast<std::int64_t>(kind));
        prune.bind(2, rows_max);
        return std::int64_t{prune.exec()};
    });
}

Result<Counts> SqliteRows::prune_decisions_before(std::int64_t before_ms, std::int64_t rows_max) {
    return guarded(path_, [&]() -> Result<Counts> {
        SQLite::Statement prune = prepare(
            "DELETE FROM decisions WHERE id IN (SELECT id FROM decisions WHERE at_ms < ?1"
            " ORDER BY at_ms LIMIT ?2) RETURNING kind");
        prune.bind(1, before_ms);
        prune.bind(2, rows_max);
        Counts counts{};
        while (prune.executeStep())
            ++counts[place_of(int_from(prune, 0))];
        return counts;
    });
}

}  // namespace hourgate::store
