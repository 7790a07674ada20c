#include "store/lock_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>
#include <string_view>
#include <thread>
#include <utility>

#include "base/text.h"
#include "store/errors.h"

namespace hourgate::store {

namespace {

constexpr int use_wait_ms = 5'000;  // a restore holds the part for as long as two renames take
constexpr int poll_ms = 10;
constexpr std::size_t command_bytes_max = 80;
constexpr off_t lock_bytes_max = 16;  // the number of a process, and the end of its line

/// A regular file with one name that is empty or holds the number of a process: what a server
/// wrote.
bool is_lock_file(const File& file) {
    struct stat status {};
    if (::fstat(file.fd(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink > 1 ||
        status.st_size > lock_bytes_max)
        return false;
    std::array<char, lock_bytes_max> bytes{};
    const ssize_t got = ::pread(file.fd(), bytes.data(), bytes.size(), 0);
    return got >= 0 && std::all_of(bytes.begin(), bytes.begin() + got,
                                   [](char c) { return c == '\n' || (c >= '0' && c <= '9'); });
}

/// Opens, or makes, the lock file. When root makes it, it is given to the owner of the database or
/// of its folder: the server is not root and must be able to open it.
Result<File> open_lock_file(const std::string& database, const std::string& path) {
    constexpr int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;  // no wait for a pipe's other end
    File file(::open(path.c_str(), O_RDWR | flags));
    if (file.fd() >= 0 && is_lock_file(file))
        return file;
    if (file.fd() >= 0 || errno == ELOOP || errno == EISDIR || errno == ENXIO)
        return Failure{Fault::conflict, path + " is not a lock file of hourgate",
                       "move it away; nothing was changed in it"};
    if (errno != ENOENT)
        return system_failure("open", path, errno);
    File made(::open(path.c_str(), O_RDWR | O_CREAT | flags, 0600));
    if (made.fd() < 0)
        return system_failure("write", path, errno);
    struct stat owner {};
    const std::string like = exists(database) ? database : folder_of(database);
    if (::geteuid() == 0 && ::lstat(like.c_str(), &owner) == 0 && is_lock_file(made) &&
        ::fchown(made.fd(), owner.st_uid, owner.st_gid) != 0)
        return system_failure("change the owner of", path, errno);
    return made;
}

/// Whether the lock was taken; an errno other than "taken by another" is a failure.
Result<bool> try_lock(const File& file, LockedPart part, LockKind kind, const std::string& path) {
    struct flock request {};
    request.l_type = kind == LockKind::exclusive ? F_WRLCK : F_RDLCK;
    request.l_whence = SEEK_SET;
    request.l_start = static_cast<off_t>(part);
    request.l_len = 1;
    if (::fcntl(file.fd(), F_OFD_SETLK, &request) == 0)
        return true;
    if (errno == EAGAIN || errno == EACCES)
        return false;
    return system_failure("lock", path, errno);
}

/// Somebody may have deleted the file while this one was opening it: then the lock is on a file
/// that nobody else will find.
bool still_there(const File& file, const std::string& path) {
    struct stat mine {
    }, theirs{};
    return ::fstat(file.fd(), &mine) == 0 && ::lstat(path.c_str(), &theirs) == 0 &&
           mine.st_ino == theirs.st_ino && mine.st_dev == theirs.st_dev;
}

/// Of a lock file; "" if it is none.
std::string first_line(const std::string& path) {
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file.fd() < 0 || !is_lock_file(file))
        return "";
    std::string line(lock_bytes_max, '\0');
    const ssize_t got = ::pread(file.fd(), line.data(), line.size(), 0);
    line.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return line.substr(0, line.find('\n'));
}

/// The words of a command line, program name without its folder; empty when it cannot be read.
std::string command_of(const std::string& pid) {
    std::ifstream in("/proc/" + pid + "/cmdline", std::ios::binary);
    std::string words((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    while (!words.empty() && words.back() == '\0')
        words.pop_back();
    if (const std::size_t slash = words.substr(0, words.find('\0')).rfind('/'); slash != words.npos)
        words.erase(0, slash + 1);
    for (char& c : words)
        if (c == '\0')
            c = ' ';
    return words.empty() ? "" : printable(words, command_bytes_max);
}

std::string lock_path(const std::string& database) {
    return database + ".lock";
}

}  // namespace

Result<std::optional<File>> lock(const std::string& database, LockedPart part, LockKind kind,
                                 int wait_ms) {
    const Result<std::string> name = true_path(database);
    if (!name)
        return name.failure();
    const std::string path = lock_path(name.value());
    for (int waited_ms = 0;;) {
        Result<File> file = open_lock_file(name.value(), path);
        if (!file)
            return file.failure();
        const Result<bool> taken = try_lock(file.value(), part, kind, path);
        if (!taken)
            return taken.failure();
        if (taken.value() && still_there(file.value(), path))
            return std::optional<File>(std::move(file).value());
        if (taken.value())
            continue;
        if (waited_ms >= wait_ms)
            return std::optional<File>();
        std::this_thread::sleep_for(std::chrono::milliseconds(poll_ms));
        waited_ms += poll_ms;
    }
}

Result<bool> is_locked(const std::string& database, LockedPart part) {
    const Result<std::string> name = true_path(database);
    if (!name)
        return name.failure();
    const std::string path = lock_path(name.value());
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file.fd() < 0 && errno == ENOENT)
        return false;
    if (file.fd() < 0)
        return system_failure("open", path, errno);
    struct flock question {};
    question.l_type = F_RDLCK;
    question.l_whence = SEEK_SET;
    question.l_start = static_cast<off_t>(part);
    question.l_len = 1;
    if (::fcntl(file.fd(), F_OFD_GETLK, &question) != 0)
        return system_failure("look at", path, errno);
    return question.l_type != F_UNLCK;
}

std::optional<int> holder_pid(const std::string& database) {
    const Result<std::string> name = true_path(database);
    const auto pid = parse_number(name ? first_line(lock_path(name.value())) : "", 1U << 30U);
    return pid ? std::optional<int>(static_cast<int>(*pid)) : std::nullopt;
}

std::string holder(const std::string& database) {
    const std::optional<int> pid = holder_pid(database);
    if (!pid)
        return "another process";
    const std::string number = std::to_string(*pid);
    const std::string command = command_of(number);
    return "process " + number + (command.empty() ? "" : " (" + command + ")");
}

Result<InUse> InUse::take(const std::string& database) {
    Result<std::optional<File>> file =
        lock(database, LockedPart::use, LockKind::shared, use_wait_ms);
    if (!file)
        return file.failure();
    if (!file.value())
        return Failure{Fault::conflict, "a restore is replacing the database " + database,
                       "try again when `hourgate restore` has ended"};
    return InUse(*std::move(file).value());
}

}  // namespace hourgate::store
