// Pages of lists, as SQL: order, position, search and the end of a page. Used by the files of
// SqliteRows only.
#pragma once

#include <SQLiteCpp/Statement.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "manage/ledger.h"

namespace hourgate::store {

using manage::Page;

// A query of a page asks for one row more than the page has: whether there is a next one.

/// ?8 and ?9: after which row, and how many.
inline constexpr const char* oldest_first = " AND %.id > ?8 ORDER BY %.id LIMIT ?9";
inline constexpr const char* newest_first = " AND %.id < ?8 ORDER BY %.id DESC LIMIT ?9";

/// `order` with the table's letter put in.
inline std::string page_of(const char* order, char table) {
    std::string sql(order);
    std::replace(sql.begin(), sql.end(), '%', table);
    return sql;
}

inline void bind_page(SQLite::Statement& query, const manage::Page& page,
                      std::int64_t from_the_start) {
    query.bind(8, page.after ? page.after->minor : from_the_start);
    query.bind(9, page.limit == 0 ? std::int64_t{-1} : page.limit + 1);
}

inline constexpr std::int64_t from_oldest = 0;
inline constexpr std::int64_t from_newest = INT64_MAX;

/// By row number, the oldest first unless the page is reversed.
inline std::string by_row(const Page& page, char table) {
    return page_of(page.reversed ? newest_first : oldest_first, table);
}

/// Where bind_page() starts then.
inline std::int64_t start_of(const Page& page) noexcept {
    return page.reversed ? from_newest : from_oldest;
}

/// By a column, "name COLLATE NOCASE", and rows with the same value by number. A page goes on
/// behind the value that the last row has now, ?8.
inline std::string by_column(const Page& page, char table, const char* rows,
                             const std::string& column) {
    const std::string own = std::string(1, table) + ".", down = page.reversed ? " DESC" : "";
    std::string sql = " AND ?8 IS NOT NULL";
    if (page.after)
        sql = " AND (" + own + column + ", " + own + "id) " + (page.reversed ? "<" : ">") +
              " ((SELECT " + column + " FROM " + rows + " WHERE id = ?8), ?8)";
    return sql + " ORDER BY " + own + column + down + ", " + own + "id" + down + " LIMIT ?9";
}

/// A condition on texts that may hold the one that is looked for, `text`. SQLite's lower() is of
/// ASCII letters alone, as ours is.
inline std::string found_in(const Page& page, std::initializer_list<const char*> columns,
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

inline void bind_search(SQLite::Statement& query, const Page& page) {
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

}  // namespace hourgate::store
