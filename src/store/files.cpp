#include "store/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/time_text.h"
#include "store/errors.h"

namespace hourgate::store {

namespace fs = std::filesystem;

File::~File() {
    if (fd_ >= 0)
        ::close(fd_);
}

int File::release() noexcept {
    return std::exchange(fd_, -1);
}

namespace {

Status sync(const std::string& path, int flags, const std::string& named) {
    const File file(::open(path.c_str(), flags | O_CLOEXEC));
    if (file.fd() < 0 || ::fsync(file.fd()) != 0)
        return system_failure("sync", named, errno);
    return Done{};
}

}  // namespace

Result<Draft> Draft::make(const std::string& target, const std::string& suffix) {
    Draft draft(target, suffix);
    remove_database(draft.path_);
    const File file(::open(draft.path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    // The mode again: the process may have a mask that took more than it should.
    if (file.fd() < 0 || ::fchmod(file.fd(), 0600) != 0)
        return system_failure("write", target, errno);
    return draft;
}

Draft::Draft(Draft&& other) noexcept
    : target_(std::move(other.target_)), path_(std::exchange(other.path_, std::string())) {}

Draft::~Draft() {
    if (!path_.empty())
        remove_database(path_);
}

Status Draft::give_to_owner_of(const std::string& like) const {
    struct stat owner {};
    if (::geteuid() != 0)
        return Done{};
    if (::stat(like.c_str(), &owner) != 0)
        return system_failure("look at", like, errno);
    if (::chown(path_.c_str(), owner.st_uid, owner.st_gid) != 0)
        return system_failure("change the owner of", target_, errno);
    return Done{};
}

Status Draft::flush() const {
    const File file(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
    if (file.fd() < 0 || ::fsync(file.fd()) != 0)
        return system_failure("sync", target_, errno);
    // Advice: a file system in memory has nowhere else to read them from.
    static_cast<void>(::posix_fadvise(file.fd(), 0, 0, POSIX_FADV_DONTNEED));
    return Done{};
}

Status Draft::replace() {
    if (Status synced = sync(path_, O_RDWR, target_); !synced)
        return synced;
    if (::rename(path_.c_str(), target_.c_str()) != 0)
        return system_failure("write", target_, errno);
    path_.clear();
    return sync_folder_of(target_);
}

Status Draft::place() {
    if (Status synced = sync(path_, O_RDWR, target_); !synced)
        return synced;
    // A link never overwrites; a rename would.
    if (::link(path_.c_str(), target_.c_str()) != 0) {
        if (errno == EEXIST)
            return Failure{Fault::conflict, target_ + " exists already", "it is left as it is"};
        return system_failure("write", target_, errno);
    }
    return sync_folder_of(target_);
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
    return sync(folder_of(path), O_RDONLY | O_DIRECTORY, folder_of(path));
}

bool exists(const std::string& path) noexcept {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0;
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
