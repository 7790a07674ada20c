#include "store/connection.h"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <filesystem>

namespace hourgate::store {

namespace {

/// Absolute, so that no path has a second meaning to SQLite: "", ":memory:".
SQLite::Database open(const std::string& path, Access access, int busy_ms) {
    const int flags = access == Access::look ? SQLite::OPEN_READONLY : SQLite::OPEN_READWRITE;
    // The time-out is given at the opening: every statement below may meet a lock.
    return SQLite::Database(std::filesystem::absolute(path).string(), flags, busy_ms);
}

void use_wal(Connection& connection) {
    if (connection.text("PRAGMA journal_mode=WAL") != "wal")
        throw SQLite::Exception("cannot be switched to WAL", SQLITE_CANTOPEN);
    connection.run("PRAGMA synchronous=FULL");
}

}  // namespace

Connection::Connection(const std::string& path, Access access, int busy_ms)
    : db_(open(path, access, busy_ms)) {
    // SQLite opens what it may not write for reading only, and would say so at the first change.
    // Who only reads goes on: decisions need nothing written, on a disk gone read-only neither.
    const bool writes = access == Access::write || access == Access::draft;
    if (writes && sqlite3_db_readonly(db_.getHandle(), "main") != 0)
        throw SQLite::Exception("opened for reading only", SQLITE_READONLY);
    run("PRAGMA foreign_keys=ON");
    run("PRAGMA trusted_schema=OFF");
    run("PRAGMA mmap_size=0");
    // The file may come from anywhere (https://www.sqlite.org/security.html).
    run("PRAGMA cell_size_check=ON");
    if (access != Access::draft)  // which needs journal_mode=OFF
        sqlite3_db_config(db_.getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    switch (access) {
        case Access::read:
            use_wal(*this);
            run("PRAGMA query_only=ON");
            break;
        case Access::write:
            use_wal(*this);
            break;
        case Access::look:
            run("PRAGMA query_only=ON");
            break;
        case Access::draft:
            run("PRAGMA journal_mode=OFF");
            run("PRAGMA synchronous=OFF");
            break;
    }
}

Connection::~Connection() {
    // The last connection to close writes the WAL back and deletes it, by name. When another
    // database stands at that name by now, it would delete the WAL of that one.
    if (moved())
        sqlite3_db_config(db_.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

std::int64_t Connection::number(const char* sql) {
    return db_.execAndGet(sql).getInt64();
}

std::string Connection::text(const char* sql) {
    return db_.execAndGet(sql).getString();
}

bool Connection::moved() noexcept {
    int moved = 0;
    const int result =
        sqlite3_file_control(db_.getHandle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return result == SQLITE_OK && moved != 0;
}

Transaction::Transaction(Connection& connection, Kind kind) : connection_(connection) {
    connection.run(kind == Kind::immediate ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction() {
    if (open_)
        connection_.db().tryExec("ROLLBACK");  // refused when SQLite rolled back by itself
}

void Transaction::commit() {
    connection_.run("COMMIT");
    open_ = false;
}

void bind_text(SQLite::Statement& statement, int index, std::string_view text) {
    statement.bind(index, std::string(text));
}

}  // namespace hourgate::store
