#include "store/database_file.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/file_kind.h"
#include "store/database_connection.h"
#include "store/errors.h"
#include "store/file_header.h"
#include "store/files.h"
#include "store/migrate.h"
#include "store/shape.h"

namespace hourgate::store {

namespace {

/// Reads through SQLite's own file layer: closing a descriptor of a database directly would drop
/// the locks of every connection this process has to it (https://www.sqlite.org/howtocorrupt.html,
/// 2.2).
Result<FileHeader> read_header(const std::string& path) {
    const Result<std::string> whole_path = true_path(path);  // the layer follows no symbolic link
    if (!whole_path)
        return whole_path.failure();
    sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
    std::vector<std::max_align_t> room(
        static_cast<std::size_t>(vfs->szOsFile) / sizeof(std::max_align_t) + 1);
    auto* const file = reinterpret_cast<sqlite3_file*>(room.data());
    const std::string name = whole_path.value() + '\0';  // after it, SQLite looks for parameters
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB;
    if (vfs->xOpen(vfs, name.c_str(), file, flags, nullptr) != SQLITE_OK)
        return permission_failure("read", path);
    FileHeader header;
    sqlite3_int64 size = 0;
    int result = file->pMethods->xFileSize(file, &size);
    if (result == SQLITE_OK && size > 0) {
        result = file->pMethods->xRead(file, header.bytes.data(), FileHeader::size, 0);
        if (result == SQLITE_IOERR_SHORT_READ)
            result = SQLITE_OK;  // the rest is zero
    }
    const int error = errno;
    file->pMethods->xClose(file);
    if (result != SQLITE_OK)
        return system_failure("read", path, error);
    header.file_bytes = size;
    return header;
}

/// What is off about the bytes; nothing when they say that this is one of our databases.
std::optional<FileState> flaw_of(const FileHeader& header, const std::string& path) {
    using Kind = FileState::Kind;
    if (header.file_bytes == 0)
        return FileState{Kind::damaged, 0, "is empty"};
    if (!header.has_magic())
        return FileState{Kind::foreign, 0, "is not a SQLite database"};
    if (header.file_bytes < static_cast<std::int64_t>(FileHeader::size))
        return FileState{Kind::damaged, 0, "is cut off within its first 100 bytes"};
    if (header.application_id() != application_id)
        return FileState{Kind::foreign, 0, "is a SQLite database of another program"};
    // While a WAL is written back, page 1 may say more than the file has by then.
    struct stat wal {};
    const bool has_wal = ::stat((path + "-wal").c_str(), &wal) == 0 && wal.st_size > 0;
    if (!has_wal && header.file_bytes < header.expected_bytes())
        return FileState{Kind::damaged, 0,
                         "is cut off: it has " + std::to_string(header.file_bytes) + " of " +
                             std::to_string(header.expected_bytes()) + " bytes"};
    return std::nullopt;
}

/// Reads the meta row and both ends of the big tables and of their indexes: a few pages each. A
/// file cut off or overwritten usually shows there; only integrity_check (backup, restore) reads it
/// all.
void probe(DatabaseConnection& connection) {
    connection.run("SELECT directory_version FROM meta WHERE id = 1");
    for (const std::string table : {"plans", "workspaces", "members", "tokens"}) {
        // The index of stamps may leave out rows without one.
        for (const char* order : {" ORDER BY id", " WHERE stamp > 0 ORDER BY stamp"}) {
            const std::string rows = "SELECT * FROM " + table + order;
            connection.run((rows + " LIMIT 1").c_str());
            connection.run((rows + " DESC LIMIT 1").c_str());
        }
    }
}

}  // namespace

Result<FileState> inspect_header(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        if (errno == ENOENT)
            return FileState{};
        return system_failure("read", path, errno);
    }
    if (!S_ISREG(status.st_mode))
        return FileState{FileState::Kind::foreign, 0,
                         "is not a regular file but " + std::string(noun_of_file(status.st_mode))};
    const Result<FileHeader> header = read_header(path);
    if (!header)
        return header.failure();
    if (auto flaw = flaw_of(header.value(), path))
        return *std::move(flaw);
    return FileState{FileState::Kind::ours, 0, ""};
}

Result<FileState> inspect(const std::string& path, Access access) {
    return guarded(path, [&]() -> Result<FileState> {
        try {
            DatabaseConnection connection(path, access, command_busy_ms);
            const std::int64_t schema = connection.number("PRAGMA user_version");
            const int number = static_cast<int>(schema);
            if (schema > schema_version())
                return FileState{FileState::Kind::newer, number, ""};
            if (schema < 1)
                return FileState{FileState::Kind::damaged, 0, "has no schema"};
            if (auto flaw = flaw_of_shape(connection, number))
                return FileState{FileState::Kind::damaged, number, *std::move(flaw)};
            probe(connection);
            const bool newest = schema == schema_version();
            return FileState{newest ? FileState::Kind::ours : FileState::Kind::older, number, ""};
        } catch (const SQLite::Exception& error) {
            const int code = error.getErrorCode() & 0xff;
            // A table that is not there is an SQLITE_ERROR: the schema is not what its number says.
            if (code != SQLITE_CORRUPT && code != SQLITE_NOTADB && code != SQLITE_ERROR)
                throw;
            return FileState{FileState::Kind::damaged, 0, "is damaged: " + one_line(error.what())};
        }
    });
}

Failure unusable(const std::string& path, const FileState& state) {
    using Kind = FileState::Kind;
    const std::string number = std::to_string(state.schema);
    const std::string known = std::to_string(schema_version());
    switch (state.kind) {
        case Kind::absent:
            return {Fault::not_found, "there is no database at " + path, "run `hourgate init`"};
        case Kind::older:
            return {
                Fault::conflict,
                path + " has an older schema (" + number + ", this program writes " + known + ")",
                "start the server once: `hourgate serve` brings it up to date"};
        case Kind::newer:
            return {Fault::store,
                    path + " was written by a newer hourgate (schema " + number +
                        ", this program knows " + known + ")",
                    "install that version again, or restore a backup made by this one"};
        case Kind::foreign:
            return {Fault::store, path + " " + state.flaw,
                    "check [database] path; nothing was changed in the file"};
        case Kind::damaged:
        case Kind::ours:
            break;
    }
    return {Fault::store, "the database " + path + " " + state.flaw,
            "restore a backup: `hourgate restore FILE`"};
}

}  // namespace hourgate::store
