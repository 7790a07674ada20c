#include "store/database_connection.h"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Exception.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"

namespace hourgate::store {

namespace {

/// Which file a name has to lead to when SQLite opens it next on this thread.
struct Expected {
    std::string name;  // without its folder
    FileId id;
};
thread_local std::optional<Expected> expected;

bool is_beside(std::string_view name) noexcept {
    return name.ends_with("-wal") || name.ends_with("-shm") || name.ends_with("-journal");
}

/// open(2), for SQLite: it has resolved links on the way to a database by then, so that another one
/// was put there meanwhile. What it keeps beside a database it would even follow a link to, give to
/// the owner of the database, and overwrite.
int open_in_place(const char* name, int flags, int mode) {
    const int fd = ::open(name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode);
    struct stat status {};
    if (fd < 0 || ::fstat(fd, &status) != 0)
        return fd;
    const bool other = expected && std::string_view(name).ends_with("/" + expected->name) &&
                       expected->id != FileId{status.st_dev, status.st_ino};
    // Another name of such a file may be anybody's: it matters where root writes into it.
    const bool strange =
        is_beside(name) && (!S_ISREG(status.st_mode) || (status.st_nlink > 1 && ::geteuid() == 0));
    if (!other && !strange)
        return fd;
    ::close(fd);
    errno = ELOOP;
    return -1;
}

void open_files_in_place() {
    static std::once_flag once;
    std::call_once(once, [] {
        sqlite3_vfs* const files = sqlite3_vfs_find("unix");
        files->xSetSystemCall(files, "open", reinterpret_cast<sqlite3_syscall_ptr>(&open_in_place));
    });
}

/// Absolute, so that no path has a second meaning to SQLite: "", ":memory:".
SQLite::Database open(const std::string& path, Access access) {
    open_files_in_place();
    const int flags = access == Access::look ? SQLite::OPEN_READONLY : SQLite::OPEN_READWRITE;
    return SQLite::Database(std::filesystem::absolute(path).string(), flags);
}

SQLite::Database open(const PendingFile& draft, Access access) {
    expected = Expected{std::filesystem::path(draft.path()).filename().string(), draft.id()};
    struct Forget {
        ~Forget() { expected.reset(); }
    } const forget;
    return open(draft.path(), access);
}

/// SQLite's busy handler: sleeps, or returns 0 when the time is used up.
int wait_for_lock(void* wait, int looks) {
    const std::int64_t pause_us =
        static_cast<LockWait*>(wait)->next_pause_us(looks, SystemClock().now().boot_us);
    if (pause_us == 0)
        return 0;
    std::this_thread::sleep_for(std::chrono::microseconds(pause_us));
    return 1;
}

void use_wal(DatabaseConnection& connection) {
    if (connection.text("PRAGMA journal_mode=WAL") != "wal")
        throw SQLite::Exception("cannot be switched to WAL", SQLITE_CANTOPEN);
    connection.run("PRAGMA synchronous=FULL");
}

}  // namespace

DatabaseConnection::DatabaseConnection(const std::string& path, Access access, int busy_ms)
    : wait_(busy_ms), db_(open(path, access)) {
    prepare(access);
}

DatabaseConnection::DatabaseConnection(const PendingFile& draft, Access access, int busy_ms)
    : wait_(busy_ms), db_(open(draft, access)) {
    prepare(access);
}

std::int64_t LockWait::next_pause_us(int looks, std::int64_t now_us) noexcept {
    constexpr std::int64_t shortest_us = 1'000, longest_us = 4'000;
    if (looks == 0)
        end_us_ = now_us + wait_us_;
    if (now_us >= end_us_)
        return 0;
    // The last digits of a clock of microseconds differ from process to process.
    const std::int64_t pause_us = shortest_us + now_us % (longest_us - shortest_us + 1);
    return std::min(pause_us, end_us_ - now_us);
}

void DatabaseConnection::prepare(Access access) {
    // Opening runs no statement. Every one below may meet a lock.
    sqlite3_busy_handler(db_.getHandle(), &wait_for_lock, &wait_);
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

DatabaseConnection::~DatabaseConnection() {
    // The last connection to close writes the WAL back and deletes it, by name. When another
    // database stands at that name by now, it would delete the WAL of that one.
    if (moved())
        sqlite3_db_config(db_.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

std::int64_t DatabaseConnection::number(const char* sql) {
    return db_.execAndGet(sql).getInt64();
}

std::string DatabaseConnection::text(const char* sql) {
    return db_.execAndGet(sql).getString();
}

bool DatabaseConnection::moved() noexcept {
    int moved = 0;
    const int result =
        sqlite3_file_control(db_.getHandle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return result == SQLITE_OK && moved != 0;
}

Transaction::Transaction(DatabaseConnection& connection, Kind kind) : connection_(connection) {
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
