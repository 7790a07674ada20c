// The part of SqliteRows that remembers the idempotency keys of mints.
#include <utility>

#include "store/errors.h"
#include "store/rows.h"
#include "store/sqlite_rows.h"

namespace hourgate::store {

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

}  // namespace hourgate::store
