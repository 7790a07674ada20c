#include "store/migrate.h"

#include "base/clock.h"
#include "embedded.h"
#include "store/database.h"

namespace hourgate::store {

namespace {

/// True when one was applied, false when there is none left.
bool apply_next(DatabaseConnection& connection) {
    Transaction transaction(connection, Transaction::Kind::immediate);
    // Read under the lock: another process may have applied it a moment ago.
    const std::int64_t done = connection.number("PRAGMA user_version");
    if (done >= schema_version())
        return false;
    const embedded::File& next = embedded::migrations[done];
    connection.run(next.text);
    SQLite::Statement record(connection.db(), "INSERT INTO migrations VALUES (?1, ?2, ?3)");
    record.bind(1, done + 1);
    record.bind(2, next.name);
    record.bind(3, SystemClock().now().wall_ms);
    record.exec();
    connection.run(("PRAGMA user_version = " + std::to_string(done + 1)).c_str());
    transaction.commit();
    return true;
}

}  // namespace

void migrate(DatabaseConnection& connection) {
    while (apply_next(connection)) {
    }
}

}  // namespace hourgate::store
