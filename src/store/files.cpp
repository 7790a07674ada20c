#include "store/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/file_kind.h"
#include "base/time_text.h"
#include "store/errors.h"
#include "store/file_header.h"

namespace hourgate::store {

namespace fs = std::filesystem;

File::~File() {
    if (fd_ >= 0)
        ::close(fd_);
}

int File::release() noexcept {
    return std::exchange(fd_, -1);
}

FileId id_of(const File& file) noexcept {
    struct stat status {};
    (void)::fstat(file.fd(), &status);
    return {status.st_dev, status.st_ino};
}

Result<Standing> what_is_at(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0)
        return errno == ENOENT ? Result<Standing>(Standing{})
                               : Result<Standing>(system_failure("look at", path, errno));
    const FileId id{status.st_dev, status.st_ino};
    const std::int64_t changed_ns =
        static_cast<std::int64_t>(status.st_ctim.tv_sec) * 1'000'000'000 + status.st_ctim.tv_nsec;
    using Kind = Standing::Kind;
    const Kind kind = S_ISREG(status.st_mode)   ? Kind::file
                      : S_ISDIR(status.st_mode) ? Kind::folder
                      : S_ISLNK(status.st_mode) ? Kind::link
                                                : Kind::other;
    return Standing{kind, id, changed_ns, std::string(noun_of_file(status.st_mode))};
}

namespace {

/// What stands where SQLite would open a file by name.
Status check_beside(const std::string& path) {
    for (const char* const end : {"-wal", "-shm", "-journal"}) {
        const Result<Standing> found = what_is_at(path + end);
        if (!found)
            return found.failure();
        if (found.value().kind != Standing::Kind::nothing &&
            found.value().kind != Standing::Kind::file)
            return Failure{Fault::conflict,
                           path + end + " is " + found.value().noun + ": nothing was changed",
                           "move it away; hourgate did not make it"};
    }
    return Done{};
}

/// Removes what an earlier run left at the name of a draft.
Status clear(const std::string& path) {
    if (Status beside = check_beside(path); !beside)
        return beside;
    const Result<Standing> found = what_is_at(path);
    if (!found)
        return found.failure();
    if (found.value().kind != Standing::Kind::nothing && !is_leftover_file(path))
        return Failure{
            Fault::conflict,
            path + " is " + found.value().noun + " that hourgate did not make: nothing was changed",
            "move it away: hourgate needs that name for a moment"};
    remove_database(path);
    return Done{};
}

}  // namespace

bool rename_to_nothing(const std::string& from, const std::string& to) noexcept {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    // The file system has no such rename: a link never overwrites, either. Some have no links.
    if (::link(from.c_str(), to.c_str()) == 0)
        return ::unlink(from.c_str()) == 0;
    if (errno == EEXIST)
        return false;
    if (exists(to)) {
        errno = EEXIST;
        return false;
    }
    return ::rename(from.c_str(), to.c_str()) == 0;
}

Result<PendingFile> PendingFile::make(const std::string& target, const std::string& suffix) {
    const std::string path = target + suffix;
    if (Status cleared = clear(path); !cleared)
        return cleared.failure();
    File file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.fd() < 0)
        return system_failure("write", target, errno);
    PendingFile draft(target, path, std::move(file));
    // The mode again: the process may have a mask that took more than it should. A file system that
    // keeps no modes refuses or ignores it, which the caller learns from open_to_others().
    constexpr mode_t wanted = S_IRUSR | S_IWUSR;
    struct stat status {};
    if (::fchmod(draft.file_.fd(), wanted) != 0 &&
        (::fstat(draft.file_.fd(), &status) != 0 || (status.st_mode & wanted) != wanted))
        return system_failure("write", target, errno);
    return draft;
}

PendingFile::PendingFile(PendingFile&& other) noexcept
    : target_(std::move(other.target_)),
      path_(std::exchange(other.path_, std::string())),
      file_(std::move(other.file_)) {}

PendingFile::~PendingFile() {
    if (!path_.empty())
        remove_database(path_);
}

std::optional<mode_t> PendingFile::open_to_others() const noexcept {
    struct stat status {};
    if (::fstat(file_.fd(), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) == 0)
        return std::nullopt;
    return status.st_mode & 07777U;
}

Status PendingFile::give_to_owner_of(const std::string& like) const {
    struct stat owner {
    }, mine{};
    if (::geteuid() != 0)
        return Done{};
    if (::stat(like.c_str(), &owner) != 0)
        return system_failure("look at", like, errno);
    if (::fstat(file_.fd(), &mine) == 0 && mine.st_uid == owner.st_uid &&
        mine.st_gid == owner.st_gid)
        return Done{};
    if (::fchown(file_.fd(), owner.st_uid, owner.st_gid) != 0)
        return system_failure("change the owner of", target_, errno);
    return Done{};
}

Status PendingFile::flush() const {
    if (::fsync(file_.fd()) != 0)
        return system_failure("sync", target_, errno);
    // Advice: a file system in memory has nowhere else to read them from.
    static_cast<void>(::posix_fadvise(file_.fd(), 0, 0, POSIX_FADV_DONTNEED));
    return Done{};
}

Status PendingFile::replace(const Standing& former) {
    if (::fsync(file_.fd()) != 0)
        return system_failure("sync", target_, errno);
    const Failure taken{Fault::conflict, target_ + " exists already", "it is left as it is"};
    const Result<Standing> mine = what_is_at(path_), now = what_is_at(target_);
    if (!mine || !now)
        return mine ? now.failure() : mine.failure();
    if (mine.value().id != id())
        return Failure{Fault::conflict,
                       "another program moved " + path_ + " away: nothing was changed",
                       "find out which program writes in " + folder_of(target_)};
    if (now.value().kind != former.kind || now.value().id != former.id ||
        now.value().changed_ns != former.changed_ns)
        return former.kind == Standing::Kind::nothing
                   ? taken
                   : Failure{Fault::conflict, target_ + " is another file by now",
                             "it is left as it is; see who writes it, then try again"};
    const bool moved = former.kind == Standing::Kind::nothing
                           ? rename_to_nothing(path_, target_)
                           : ::rename(path_.c_str(), target_.c_str()) == 0;
    if (!moved)
        return errno == EEXIST ? taken : system_failure("write", target_, errno);
    path_.clear();
    return sync_folder_of(target_);
}

Failure keeps_no_modes(const std::string& path, mode_t mode) {
    return {Fault::conflict,
            "the file system of " + folder_of(path) + " keeps no modes: a new file there has " +
                fmt::format("{:04o}", mode) + ", so other users of this machine may use it",
            "mount it so that its files belong to the gate's user alone (as with "
            "uid=hourgate,fmask=0177), or put the database on another file system"};
}

void remove_database(const std::string& path) noexcept {
    for (const char* end : {"", "-wal", "-shm", "-journal"})
        ::unlink((path + end).c_str());
}

std::string folder_of(const std::string& path) {
    const fs::path folder = fs::path(path).parent_path();
    return folder.empty() ? "." : folder.string();
}

Status sync_folder_of(const std::string& path) {
    const File folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // EINVAL: a file system that has nothing to sync there, such as CIFS.
    if (folder.fd() < 0 || (::fsync(folder.fd()) != 0 && errno != EINVAL))
        return system_failure("sync", folder_of(path), errno);
    return Done{};
}

bool exists(const std::string& path) noexcept {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

bool is_folder(const std::string& path) noexcept {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool same_file(const std::string& a, const std::string& b) noexcept {
    std::error_code error;
    return fs::equivalent(a, b, error) && !error;
}

std::string time_in_name(std::int64_t wall_ms) {
    std::string time = format_time(wall_ms);
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    return time;
}

Result<std::string> true_path(const std::string& path) {
    std::error_code error;
    if (fs::path whole = fs::canonical(path, error); !error)
        return whole.string();
    const fs::path folder = fs::canonical(folder_of(path), error);
    if (error)
        return system_failure("use", folder_of(path), error.value());
    return (folder / fs::path(path).filename()).string();
}

}  // namespace hourgate::store
