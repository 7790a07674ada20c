#include "ops/state_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace hourgate::ops {

namespace {

constexpr std::string_view magic = "HGSTATE\n";
constexpr std::uint64_t version = 1;
constexpr std::size_t boot_id_bytes = 36;
constexpr std::size_t database_bytes = 32;
constexpr std::size_t head_bytes = magic.size() + 4 + boot_id_bytes + database_bytes;
constexpr std::size_t piece_head_bytes = 5;
constexpr unsigned char end_part = 255;
constexpr std::size_t end_bytes = piece_head_bytes + 16;
constexpr std::size_t seal_bytes = token::Sealing::Seal{}.size();
constexpr std::size_t block_bytes = 65'536;

void put(std::string& out, std::uint64_t value, int bytes) {
    for (; bytes > 0; --bytes, value >>= 8)
        out.push_back(static_cast<char>(value & 0xFF));
}

std::uint64_t number_in(std::string_view bytes) noexcept {
    std::uint64_t value = 0;
    for (std::size_t at = bytes.size(); at > 0; --at)
        value = value << 8 | static_cast<unsigned char>(bytes[at - 1]);
    return value;
}

/// Not the database's key itself: it seals other things, too.
std::string file_key(std::string_view key) {
    return token::seal_of("hourgate.state", key);
}

std::string database_mark(std::string_view key) {
    return token::seal_of("hourgate.state: which database", key);
}

Failure failure(const char* verb, const std::string& path, int error) {
    const Fault fault = error == EACCES || error == EPERM ? Fault::permission : Fault::system;
    return {fault, "cannot " + std::string(verb) + " " + path + ": " + std::strerror(error), ""};
}

Status sync_folder_of(const std::string& path) {
    const auto parent = std::filesystem::path(path).parent_path();
    const std::string folder = parent.empty() ? "." : parent.string();
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = fd >= 0 && ::fsync(fd) == 0;
    const int error = errno;
    if (fd >= 0)
        ::close(fd);
    return synced ? Status(Done{}) : Status(failure("sync", folder, error));
}

}  // namespace

std::string state_path_of(const std::string& database) {
    constexpr std::string_view end = ".db";
    const bool usual = database.size() > end.size() && database.ends_with(end) &&
                       database[database.size() - end.size() - 1] != '/';
    return (usual ? database.substr(0, database.size() - end.size()) : database) + ".state";
}

std::string read_boot_id() {
    std::string id(boot_id_bytes, '\0');
    const int fd = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    const ssize_t got = fd < 0 ? -1 : ::read(fd, id.data(), id.size());
    if (fd >= 0)
        ::close(fd);
    return got == static_cast<ssize_t>(boot_id_bytes) ? id : std::string();
}

// --- writing -------------------------------------------------------------------------------------

StateFileWriter::StateFileWriter(const std::string& path, std::string_view key,
                                 const std::string& boot_id)
    : path_(path), draft_path_(path + ".new"), sealing_(file_key(key)) {
    std::string head(magic);
    put(head, version, 4);
    head += boot_id;
    head.resize(head_bytes - database_bytes, '\0');
    head += database_mark(key);
    append(head);
}

StateFileWriter::~StateFileWriter() {
    if (fd_ < 0)
        return;
    ::close(fd_);
    ::unlink(draft_path_.c_str());
}

void StateFileWriter::append(std::string_view bytes) {
    sealing_.add(bytes);
    bytes_ += bytes.size();
    pending_ += bytes;
}

namespace {

/// Whether a regular file begins as a state file does, as far as it goes: a server that was killed
/// may have written a part of it.
bool begins_as_state(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return false;
    struct stat status {};
    std::array<char, magic.size()> bytes{};
    const bool file = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    const ssize_t got = file ? ::pread(fd, bytes.data(), bytes.size(), 0) : -1;
    ::close(fd);
    return got >= 0 && magic.starts_with({bytes.data(), static_cast<std::size_t>(got)});
}

/// Neither what is replaced nor what is removed may be anybody else's.
Status check_ours(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0)
        return errno == ENOENT ? Status(Done{}) : Status(failure("look at", path, errno));
    if (begins_as_state(path) || S_ISLNK(status.st_mode))  // a link is removed, and not followed
        return Done{};
    return Failure{Fault::conflict, path + " is not a state file of hourgate, and is left as it is",
                   "move it away, or give the database another name"};
}

}  // namespace

Status StateFileWriter::open() {
    for (const std::string& path : {path_, draft_path_})
        if (Status ours = check_ours(path); !ours)
            return ours;
    ::unlink(draft_path_.c_str());  // what a server that was killed left there
    fd_ = ::open(draft_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd_ < 0)
        return failure("write", draft_path_, errno);
    (void)!::fchmod(fd_, 0600);  // some file systems give other modes, and keep them
    // A command that root gives must not take the file from the server.
    struct stat present {};
    if (::geteuid() == 0 && ::lstat(path_.c_str(), &present) == 0 &&
        ::fchown(fd_, present.st_uid, present.st_gid) != 0)
        return failure("change the owner of", draft_path_, errno);
    return Done{};
}

Status StateFileWriter::flush() {
    if (bytes_ > limits::state_bytes_max)
        return Failure{Fault::system,
                       path_ + " would have more than " +
                           std::to_string(limits::state_bytes_max >> 20U) + " MiB",
                       ""};
    if (fd_ < 0) {
        if (Status opened = open(); !opened)
            return opened;
    }
    for (std::string_view rest = pending_; !rest.empty();) {
        const ssize_t written = ::write(fd_, rest.data(), rest.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return failure("write", draft_path_, written < 0 ? errno : ENOSPC);
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    pending_.clear();
    return Done{};
}

Status StateFileWriter::add(StatePart part, std::string_view piece) {
    HOURGATE_CHECK(piece.size() <= limits::state_piece_bytes_max);
    std::string head;
    put(head, static_cast<std::uint64_t>(part), 1);
    put(head, piece.size(), 4);
    append(head);
    append(piece);
    return pending_.size() < limits::state_piece_bytes ? Status(Done{}) : flush();
}

Status StateFileWriter::place(std::int64_t until_us, std::int64_t ahead_us) {
    std::string end;
    put(end, end_part, 1);
    put(end, end_bytes - piece_head_bytes, 4);
    put(end, static_cast<std::uint64_t>(until_us), 8);
    put(end, static_cast<std::uint64_t>(ahead_us), 8);
    append(end);
    const token::Sealing::Seal seal = sealing_.seal();
    append({reinterpret_cast<const char*>(seal.data()), seal.size()});
    if (Status written = flush(); !written)
        return written;
    if (::fsync(fd_) != 0)
        return failure("sync", draft_path_, errno);
    if (Status ours = check_ours(path_); !ours)
        return ours;
    if (::rename(draft_path_.c_str(), path_.c_str()) != 0)
        return failure("write", path_, errno);
    ::close(std::exchange(fd_, -1));
    return sync_folder_of(path_);
}

// --- reading -------------------------------------------------------------------------------------

Result<std::optional<StateFile>> StateFile::open(const std::string& path, std::string_view key) {
    // Not through a link, and without waiting for a writer at the other end of a pipe.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return std::optional<StateFile>();
    if (fd < 0)
        return failure("read", path, errno);
    StateFile file(fd, path);
    if (Status fine = file.check(key); !fine)
        return fine.failure();
    return std::optional<StateFile>(std::move(file));
}

StateFile::StateFile(StateFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      bytes_(other.bytes_),
      saved_(std::move(other.saved_)) {}

StateFile::~StateFile() {
    if (fd_ >= 0)
        ::close(fd_);
}

Failure StateFile::unusable(const std::string& why) const {
    return {Fault::system, path_ + " " + why, ""};
}

bool StateFile::read_at(std::uint64_t at, char* to, std::size_t count) const noexcept {
    while (count > 0) {
        const ssize_t got = ::pread(fd_, to, count, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        at += static_cast<std::uint64_t>(got);
        count -= static_cast<std::size_t>(got);
    }
    return true;
}

Status StateFile::check(std::string_view key) {
    struct stat status {};
    if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode))
        return unusable("is no plain file");
    bytes_ = static_cast<std::uint64_t>(status.st_size);
    if (bytes_ > limits::state_bytes_max)
        return unusable("is too large to be one");
    std::string head(head_bytes, '\0'), end(end_bytes, '\0');
    if (bytes_ < head_bytes + end_bytes + seal_bytes || !read_at(0, head.data(), head.size()) ||
        !read_at(bytes_ - seal_bytes - end_bytes, end.data(), end.size()))
        return unusable("is cut short");
    const std::string_view view = head;
    if (!view.starts_with(magic))
        return unusable("is of another kind");
    if (number_in(view.substr(magic.size(), 4)) != version)
        return unusable("is of another version");
    if (view.substr(head_bytes - database_bytes) != database_mark(key))
        return unusable("belongs to another database");
    if (Status sealed = check_seal(key); !sealed)
        return sealed;
    const std::uint64_t until = number_in(std::string_view(end).substr(piece_head_bytes, 8));
    const std::uint64_t ahead = number_in(std::string_view(end).substr(piece_head_bytes + 8));
    std::string expected;
    put(expected, end_part, 1);
    put(expected, end_bytes - piece_head_bytes, 4);
    if (!end.starts_with(expected) || ahead > until ||
        until > static_cast<std::uint64_t>(limits::state_instant_us_max))
        return unusable("is damaged at its end");
    saved_.boot_id = view.substr(magic.size() + 4, boot_id_bytes);
    saved_.boot_id.resize(std::min(saved_.boot_id.size(), saved_.boot_id.find('\0')));
    saved_.until_us = static_cast<std::int64_t>(until);
    saved_.ahead_us = static_cast<std::int64_t>(ahead);
    return Done{};
}

Status StateFile::check_seal(std::string_view key) const {
    token::Sealing sealing(file_key(key));
    std::string block(block_bytes, '\0');
    const std::uint64_t sealed_bytes = bytes_ - seal_bytes;
    for (std::uint64_t at = 0; at < sealed_bytes; at += block.size()) {
        block.resize(std::min<std::uint64_t>(block_bytes, sealed_bytes - at));
        if (!read_at(at, block.data(), block.size()))
            return unusable("cannot be read");
        sealing.add(block);
    }
    token::Sealing::Seal found{};
    if (!read_at(sealed_bytes, reinterpret_cast<char*>(found.data()), found.size()))
        return unusable("cannot be read");
    if (found != sealing.seal())
        return unusable("is damaged, or was not written by Hourgate");
    return Done{};
}

Status StateFile::read(const std::function<bool(StatePart, std::string_view)>& take) const {
    const std::uint64_t end = bytes_ - seal_bytes - end_bytes;
    std::string piece;
    for (std::uint64_t at = head_bytes; at != end;) {
        std::string head(piece_head_bytes, '\0');
        if (end - at < head.size() || !read_at(at, head.data(), head.size()))
            return unusable("is damaged");
        at += head.size();
        const std::uint64_t part = number_in(std::string_view(head).substr(0, 1));
        const std::uint64_t size = number_in(std::string_view(head).substr(1));
        if (part > static_cast<std::uint64_t>(StatePart::own) ||
            size > limits::state_piece_bytes_max || size > end - at)
            return unusable("is damaged");
        piece.resize(size);
        if (!read_at(at, piece.data(), piece.size()) || !take(static_cast<StatePart>(part), piece))
            return unusable("is damaged");
        at += size;
    }
    return Done{};
}

}  // namespace hourgate::ops
