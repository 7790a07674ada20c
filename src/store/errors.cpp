#include "store/errors.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

#include "base/text.h"
#include "store/as_owner.h"

namespace hourgate::store {

namespace {

std::string message_of(int error) {
    return std::generic_category().message(error);
}

Failure full_disk(const std::string& path) {
    return {Fault::system, "the disk that holds " + path + " is full: nothing was changed",
            "free some space and try again"};
}

/// What has a name that SQLite opens, and is no file of its own.
std::optional<Failure> strange_beside(const std::string& path) {
    for (const char* const end : {"", "-wal", "-shm", "-journal"}) {
        struct stat status {};
        const std::string name = path + end;
        if (::lstat(name.c_str(), &status) != 0)
            continue;
        const bool link = S_ISLNK(status.st_mode) && *end != '\0';
        if (link || (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) ||
            (status.st_nlink > 1 && *end != '\0'))
            return Failure{Fault::store,
                           name +
                               (link                      ? " is a symbolic link"
                                : S_ISREG(status.st_mode) ? " has a second name (a hard link)"
                                                          : " is not a regular file") +
                               ", which is not opened",
                           "find out who put it there; move it away if it is not the database's"};
    }
    return std::nullopt;
}

/// SQLite reports a write that the system refused as a mere I/O error, and a file it may not write
/// as one that cannot be opened: the words come from what the error was about.
Failure failure_of(const SQLite::Exception& error, const std::string& path) {
    const std::string said = ": " + one_line(error.what());
    switch (error.getErrorCode() & 0xff) {  // the primary code, whichever was thrown
        case SQLITE_FULL:
            return full_disk(path);
        case SQLITE_NOTADB:
            return {Fault::store, path + " is not a database, or was overwritten",
                    "restore a backup: `hourgate restore FILE`"};
        case SQLITE_CORRUPT:
            return {Fault::store, "the database " + path + " is damaged" + said,
                    "stop the server and restore a backup: `hourgate restore FILE`"};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {Fault::store,
                    "the database " + path + " is busy: another process is writing to it",
                    "try again; `fuser " + path + "` names the process"};
        case SQLITE_READONLY:
        case SQLITE_PERM:
            return permission_failure("write", path);
        case SQLITE_CANTOPEN:
            if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT)
                return {Fault::store, "there is no database at " + path, "run `hourgate init`"};
            if (auto strange = strange_beside(path))
                return *std::move(strange);
            return permission_failure("open, or write next to,", path);
        case SQLITE_IOERR:
            return {Fault::system, "reading or writing " + path + " failed" + said,
                    "look at the disk with `df` and `dmesg`, then at what was to be changed"};
        default:
            return {Fault::store, "the database " + path + " refused" + said,
                    "this is a mistake in hourgate: please report it"};
    }
}

}  // namespace

std::string one_line(std::string_view said) {
    std::string line;
    for (const std::string_view part : split(said, '\n'))
        if (!part.empty())
            line.append(line.empty() ? "" : "; ").append(part);
    return printable(line);
}

Failure failure_in_flight(const std::string& path) noexcept {
    try {
        throw;
    } catch (const SQLite::Exception& error) {
        return failure_of(error, path);
    } catch (const ImpossibleRow& error) {
        return {
            Fault::store,
            "the database " + path + " holds what hourgate never writes: " + one_line(error.what()),
            "restore a backup: `hourgate restore FILE`"};
    } catch (const Stopped&) {
        return {Fault::system, "stopped by a signal; what was begun is removed", "run it again"};
    } catch (const std::exception& error) {
        return {Fault::system, path + ": " + error.what(), "try again"};
    } catch (...) {
        return {Fault::system, path + ": something unexpected happened", "try again"};
    }
}

Failure permission_failure(const std::string& what, const std::string& path) {
    struct stat status {};
    const std::string folder = std::filesystem::path(path).parent_path().string();
    std::string next = "run it as the user that owns the file";
    const bool found = ::stat(path.c_str(), &status) == 0;
    const bool absent = !found && errno == ENOENT;
    if (found)
        next += " (uid " + std::to_string(status.st_uid) + ")";
    else if (absent && !folder.empty() && ::stat(folder.c_str(), &status) == 0)
        next = "run it as the user that owns the folder (uid " + std::to_string(status.st_uid) +
               "), or name a folder of this user's";
    if (const auto user = AsOwner::working_as())
        return {Fault::permission,
                "root works as the user that can rearrange this folder (uid " +
                    std::to_string(*user) + "), who may not " + what + " " + path,
                "give the file to that user (`chown -h " + std::to_string(*user) + " '" + path +
                    "'`), or use a folder that root alone can rearrange"};
    return {Fault::permission,
            "this user (uid " + std::to_string(::geteuid()) + ") may not " + what + " " + path,
            std::move(next)};
}

Failure system_failure(const std::string& what, const std::string& path, int error) {
    if (error == EACCES || error == EPERM || error == EROFS)
        return permission_failure(what, path);
    if (error == ENOSPC || error == EDQUOT || error == EFBIG)
        return full_disk(path);
    return {Fault::system, "cannot " + what + " " + path + ": " + message_of(error),
            error == ENOENT
                ? "make the folder " + std::filesystem::path(path).parent_path().string() +
                      " first, or name another place"
                : ""};
}

}  // namespace hourgate::store
