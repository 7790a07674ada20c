// The only place that opens a database file and sets its pragmas (every connection has
// them). Throws SQLite::Exception; its callers are inside store/ and catch (errors.h).
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "store/files.h"

namespace hourgate::store {

/// What a connection is for.
enum class Access : std::uint8_t {
    read,   ///< the live database: WAL, query_only
    write,  ///< the live database: WAL, synchronous=FULL
    look,   ///< a file to be looked at as it lies: opened read-only, its journal mode left alone
    draft,  ///< a file nobody else knows yet: no WAL, no journal; synced once, when it is whole
};

/// How long to wait for a lock another process holds. A command can wait; a decision cannot, and
/// only waits where SQLite repairs its index after a crashed process, which takes a moment.
constexpr int command_busy_ms = 10'000;
constexpr int decision_busy_ms = 50;

/// Bounded waiting for such a lock, as SQLite's busy handler. SQLite's own waits up to 100 ms
/// between two looks: a busy server has the lock again by then, and a command may never get it.
class LockWait {
public:
    explicit LockWait(int wait_ms) noexcept : wait_us_(wait_ms * std::int64_t{1'000}) {}
    /// Returns how long to sleep before the next look: 1 to 4 ms, another time after each look, so
    /// that processes that wait do not look in step. Returns 0 once the time is used up. `looks` is
    /// how many there were since waiting began at `now_us`; 0 begins a new wait.
    [[nodiscard]] std::int64_t next_pause_us(int looks, std::int64_t now_us) noexcept;

private:
    const std::int64_t wait_us_;
    std::int64_t end_us_ = 0;
};

/// One connection. Used by one thread at a time.
class DatabaseConnection {
public:
    /// SQLite follows no link that has the name of the file or of what it keeps beside it, and
    /// takes nothing there but a regular file. REQUIRES: the file exists.
    DatabaseConnection(const std::string& path, Access access, int busy_ms);
    /// The same for a draft, with Access::look if it is only read: refused if its name leads to
    /// another file by now.
    DatabaseConnection(const PendingFile& draft, Access access, int busy_ms);
    ~DatabaseConnection();
    DatabaseConnection(const DatabaseConnection&) =
        delete;  // also because SQLite knows where wait_ is
    DatabaseConnection& operator=(const DatabaseConnection&) = delete;

    [[nodiscard]] SQLite::Database& db() noexcept { return db_; }
    void run(const char* sql) { db_.exec(sql); }
    /// The first column of the first row.
    [[nodiscard]] std::int64_t number(const char* sql);
    [[nodiscard]] std::string text(const char* sql);

    /// Whether another file stands at this connection's path by now, or none.
    [[nodiscard]] bool moved() noexcept;

private:
    void prepare(Access access);

    LockWait wait_;  // outlives the database, which calls it
    SQLite::Database db_;
};

/// Ends a use of a statement: a statement left on a row would pin its snapshot, and the WAL would
/// grow for as long.
class Use {
public:
    explicit Use(SQLite::Statement& statement) noexcept : statement_(statement) {}
    ~Use() { statement_.tryReset(); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

private:
    SQLite::Statement& statement_;
};

/// A transaction that is rolled back unless committed.
class Transaction {
public:
    /// BEGIN takes a snapshot at its first reading; BEGIN IMMEDIATE takes the right to write now.
    enum class Kind : std::uint8_t { snapshot, immediate };
    Transaction(DatabaseConnection& connection, Kind kind);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit();

private:
    DatabaseConnection& connection_;
    bool open_ = true;
};

/// Binds text without a null byte at its end.
void bind_text(SQLite::Statement& statement, int index, std::string_view text);

}  // namespace hourgate::store
