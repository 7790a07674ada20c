#include "store/sqlite_rows.h"

#include "store/errors.h"
#include "store/paging.h"
#include "store/rows.h"

namespace hourgate::store {

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

Result<std::string> SqliteRows::cursor_key() {
    return guarded(path_, [&]() -> Result<std::string> {
        SQLite::Statement query = prepare("SELECT key FROM cursor_seal");
        if (!query.executeStep())
            throw ImpossibleRow("no cursor seal");
        return text_from(query, 0);
    });
}

}  // namespace hourgate::store
