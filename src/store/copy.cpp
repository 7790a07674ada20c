#include "store/copy.h"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "store/errors.h"

namespace hourgate::store {

namespace {

constexpr int step_pages = 1'024;
constexpr std::int64_t progress_every_us = us_per_s / 4;

}  // namespace

void copy_all(DatabaseConnection& source, DatabaseConnection& draft, const Progress& progress,
              const std::function<void()>& meanwhile) {
    // The copy would begin again with each commit, were the snapshot not held from here to the end.
    Transaction snapshot(source, Transaction::Kind::snapshot);
    source.run("SELECT count(*) FROM sqlite_schema");
    if (meanwhile)
        meanwhile();
    const SystemClock clock;
    std::int64_t told_us = clock.now().boot_us;
    SQLite::Backup copy(draft.db(), source.db());
    for (int result = SQLITE_OK; result != SQLITE_DONE;) {
        result = copy.executeStep(step_pages);
        if (result != SQLITE_OK && result != SQLITE_DONE)
            throw SQLite::Exception("another process holds the copy", result);
        const std::int64_t all = copy.getTotalPageCount();
        const std::int64_t now_us = clock.now().boot_us;
        if (!progress || (result != SQLITE_DONE && now_us - told_us < progress_every_us))
            continue;
        if (!progress(all - copy.getRemainingPageCount(), all))
            throw Stopped();
        told_us = now_us;
    }
    // What was copied says that it is in WAL mode. The copy is to be one file: to be carried about,
    // to be read where nothing may be written, and with nothing beside it that a rename could
    // leave.
    if (draft.text("PRAGMA journal_mode=DELETE") != "delete")
        throw SQLite::Exception("the copy stays in WAL mode", SQLITE_CANTOPEN);
}

std::string flaw_in(DatabaseConnection& connection) {
    const std::string found = connection.text("PRAGMA integrity_check(1)");
    if (found != "ok")
        return one_line(found);
    SQLite::Statement orphan(connection.db(), "PRAGMA foreign_key_check");
    if (orphan.executeStep())
        return "a row of " + one_line(orphan.getColumn(0).getString()) + " refers to nothing";
    return "";
}

std::int64_t count(DatabaseConnection& connection, const char* table) {
    return connection.number((std::string("SELECT count(*) FROM ") + table).c_str());
}

}  // namespace hourgate::store
