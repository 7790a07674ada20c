#include "store/database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "embedded.h"
#include "store/as_owner.h"
#include "store/database_connection.h"
#include "store/database_file.h"
#include "store/errors.h"
#include "store/files.h"
#include "store/lock_file.h"
#include "store/migrate.h"

namespace hourgate::store {

namespace {

constexpr int library_version_min = 3'051'003;

bool may(const std::string& path, int what) noexcept {
    return ::faccessat(AT_FDCWD, path.c_str(), what, AT_EACCESS) == 0;
}

/// SQLite keeps the -wal and -shm files in the folder of the database: that must be writable too.
Status check_writable(const std::string& path) {
    if (!may(path, R_OK | W_OK))
        return permission_failure("write", path);
    if (!may(folder_of(path), W_OK | X_OK))
        return permission_failure("write in the folder of the database,", folder_of(path));
    return Done{};
}

/// fsGroup makes a volume group-writable at each start of a pod, and its folders hand their group
/// on (setgid). The process has that group.
bool is_of_fs_group(const std::string& file, const struct stat& status) {
    struct stat folder {};
    constexpr mode_t of_group = S_IRGRP | S_IWGRP;
    if ((status.st_mode & (of_group | S_IRWXO)) != of_group ||
        ::stat(folder_of(file).c_str(), &folder) != 0 || (folder.st_mode & S_ISGID) == 0 ||
        folder.st_gid != status.st_gid)
        return false;
    std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
    const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
    groups.resize(static_cast<std::size_t>(std::max(count, 0)));
    groups.push_back(::getegid());
    return std::find(groups.begin(), groups.end(), status.st_gid) != groups.end();
}

}  // namespace

int schema_version() noexcept {
    return static_cast<int>(embedded::migration_count);
}

std::string library_version() {
    return sqlite3_libversion();
}

Status check_library() {
    if (sqlite3_libversion_number() >= library_version_min)
        return Done{};
    return Failure{Fault::system,
                   "this hourgate was linked with SQLite " + library_version() +
                       ", which can damage a database that two processes write to",
                   "build it with SQLite 3.51.3 or later: run scripts/setup, then scripts/build"};
}

Status check_free(const std::string& path) {
    if (exists(path))
        return Failure{Fault::conflict, path + " exists already",
                       "it is left as it is; to begin with an empty database, move it away first"};
    for (const char* end : {"-wal", "-journal"})
        if (exists(path + end))
            return Failure{Fault::conflict,
                           path + end + " is left over from a database that is gone",
                           "move it away first, or restore a backup: `hourgate restore FILE`"};
    return Done{};
}

Status create_database(const std::string& path) {
    return guarded(path, [&]() -> Status {
        const Result<AsOwner> owner = AsOwner::of(path);
        if (!owner)
            return owner.failure();
        if (Status free = check_free(path); !free)
            return free;
        // Built aside and linked into place: a half-made database is never seen, nor is one that
        // appears meanwhile overwritten.
        Result<PendingFile> draft = PendingFile::make(path, ".new-" + std::to_string(::getpid()));
        if (!draft)
            return draft.failure();
        if (const auto mode = draft.value().open_to_others())
            return keeps_no_modes(path, *mode);
        {
            DatabaseConnection connection(draft.value(), Access::draft, command_busy_ms);
            migrate(connection);
        }
        if (Status given = draft.value().give_to_owner_of(folder_of(path)); !given)
            return given;
        return draft.value().place();
    });
}

Result<FileState> look_at(const std::string& path) {
    Result<FileState> state = inspect_header(path);
    if (!state || state.value().kind != FileState::Kind::ours)
        return state;
    if (Status writable = check_writable(path); !writable)
        return writable.failure();
    const Result<InUse> use = InUse::take(path);
    if (!use)
        return use.failure();
    return inspect(path, Access::read);
}

Result<FileState> inspect_file(const std::string& path) {
    return inspect_header(path);
}

Status check_database(const std::string& path, Migrate migrate) {
    const Result<FileState> looked = look_at(path);
    if (!looked)
        return looked.failure();
    const FileState& state = looked.value();
    if (state.kind == FileState::Kind::ours)
        return Done{};
    if (state.kind != FileState::Kind::older || migrate == Migrate::no)
        return unusable(path, state);
    const Result<InUse> use = InUse::take(path);
    if (!use)
        return use.failure();
    return guarded(path, [&]() -> Status {
        DatabaseConnection connection(path, Access::write, command_busy_ms);
        store::migrate(connection);
        return Done{};
    });
}

Status check_private(const std::string& path) {
    constexpr mode_t others = S_IRWXO | S_IWGRP;
    for (const char* const end : {"", "-wal", "-shm"}) {
        const std::string file = path + end;
        struct stat status {};
        if (::stat(file.c_str(), &status) != 0 || (status.st_mode & others) == 0)
            continue;
        const std::string what = "other users of this machine may read or write " + file +
                                 ": its mode is " + fmt::format("{:04o}", status.st_mode & 07777U);
        if (is_of_fs_group(file, status))
            return Failure{Fault::conflict,
                           what + ", as Kubernetes' fsGroup leaves it (group " +
                               std::to_string(status.st_gid) + ", which its folder passes on)",
                           "set fsGroupChangePolicy: OnRootMismatch next to fsGroup in the pod's "
                           "securityContext, or leave fsGroup out; then, once, chmod 600 " +
                               file};
        return Failure{Fault::conflict, what,
                       "chmod 600 " + file +
                           "; if that changes nothing, its file system keeps no modes: mount it "
                           "with fmask=0177 (CIFS: file_mode=0600), or move the database"};
    }
    return Done{};
}

void wait_out_leases() {
    const SystemClock clock;
    const std::int64_t end_us = clock.now().boot_us + limits::writer_wait_us;
    for (std::int64_t left_us = 0; (left_us = end_us - clock.now().boot_us) > 0;)
        std::this_thread::sleep_for(std::chrono::microseconds(left_us));
}

}  // namespace hourgate::store
