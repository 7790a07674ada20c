#include "store/backup.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/connection.h"
#include "store/copy.h"
#include "store/database_file.h"
#include "store/errors.h"
#include "store/files.h"
#include "store/lock_file.h"

namespace hourgate::store {

namespace {

Status copy_into(const std::string& database, const std::string& target, const Draft& draft,
                 const Progress& progress) {
    return guarded(database, [&]() -> Status {
        Connection source(database, Access::read, command_busy_ms);
        return guarded(target, [&]() -> Status {
            try {
                Connection copy(draft.path(), Access::draft, command_busy_ms);
                copy_all(source, copy, progress);
                return Done{};
            } catch (const SQLite::Exception& error) {
                // Only what is read can be damaged: the copy is new.
                if (error.getErrorCode() == SQLITE_CORRUPT)
                    return failure_in_flight(database);
                throw;
            }
        });
    });
}

Result<BackupReport> check_copy(const Draft& draft, const std::string& database) {
    return guarded(database, [&]() -> Result<BackupReport> {
        Connection copy(draft.path(), Access::look, command_busy_ms);
        const std::string flaw = flaw_in(copy);
        if (!flaw.empty())  // page by page, the copy is what the database was
            return Failure{Fault::store, "the database " + database + " is damaged: " + flaw,
                           "stop the server, then `hourgate restore FILE` with an earlier backup"};
        BackupReport report;
        report.workspaces = count(copy, "workspaces");
        report.members = count(copy, "members");
        report.tokens = count(copy, "tokens");
        struct stat status {};
        if (::stat(draft.path().c_str(), &status) == 0)
            report.bytes = status.st_size;
        return report;
    });
}

/// The database, as long as it says that it is ours: a damaged one is found by reading it all.
Status check_source(const std::string& database, const std::string& target) {
    const Result<FileState> state = look_at_header(database);
    if (!state)
        return state.failure();
    if (state.value().kind != FileState::Kind::ours)
        return unusable(database, state.value());
    struct stat there {};
    if (::stat(target.c_str(), &there) == 0 && !S_ISREG(there.st_mode))
        return Failure{Fault::usage, target + " is not a regular file",
                       "name the file to write the backup to"};
    if (same_file(database, target))
        return Failure{Fault::usage, target + " is the database itself", "name another file"};
    return Done{};
}

}  // namespace

Result<BackupReport> backup(const std::string& database, const std::string& target,
                            const Progress& progress) {
    if (Status source = check_source(database, target); !source)
        return source.failure();
    const Result<InUse> use = InUse::take(database);
    if (!use)
        return use.failure();
    Result<Draft> draft = Draft::make(target, ".part-" + std::to_string(::getpid()));
    if (!draft)
        return draft.failure();
    if (Status copied = copy_into(database, target, draft.value(), progress); !copied)
        return copied.failure();
    Result<BackupReport> report = check_copy(draft.value(), database);
    if (!report)
        return report;
    if (Status placed = draft.value().replace(); !placed)
        return placed.failure();
    return report;
}

}  // namespace hourgate::store
