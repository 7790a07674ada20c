#include "store/file_header.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "store/errors.h"
#include "store/files.h"
#include "store/migrate.h"

namespace hourgate::store {

namespace {

constexpr char magic[] = "SQLite format 3";  // the null byte at its end is part of it

/// nullopt: it is no regular file, or cannot be read; errno says why.
std::optional<FileHeader> header_of(const std::string& path) noexcept {
    // Without waiting for a writer at the other end of a pipe.
    const File file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (file.fd() < 0 || ::fstat(file.fd(), &status) != 0)
        return std::nullopt;
    errno = EINVAL;
    if (!S_ISREG(status.st_mode))
        return std::nullopt;
    FileHeader header;
    header.file_bytes = status.st_size;
    if (::pread(file.fd(), header.bytes.data(), header.bytes.size(), 0) < 0)
        return std::nullopt;
    return header;
}

}  // namespace

bool FileHeader::has_magic() const noexcept {
    return std::memcmp(bytes.data(), magic, sizeof(magic)) == 0;
}

bool FileHeader::all_zero() const noexcept {
    return std::all_of(bytes.begin(), bytes.end(), [](unsigned char byte) { return byte == 0; });
}

std::int64_t FileHeader::expected_bytes() const noexcept {
    const std::int64_t page_bytes = big_endian(16, 2);  // 1 stands for 65536
    return big_endian(28, 4) * (page_bytes == 1 ? 65'536 : page_bytes);
}

std::int64_t FileHeader::big_endian(std::size_t at, std::size_t count) const noexcept {
    std::int64_t number = 0;
    for (std::size_t i = 0; i < count; ++i)
        number = number << 8 | bytes[at + i];
    return number;
}

Result<bool> is_backup(const std::string& path) {
    const auto header = header_of(path);
    if (!header)
        return errno == EINVAL ? Result<bool>(false)
                               : Result<bool>(system_failure("read", path, errno));
    return header->has_magic() && header->application_id() == application_id &&
           !header->in_wal_mode();
}

bool is_leftover_file(const std::string& path) noexcept {
    const auto header = header_of(path);
    if (!header)
        return false;
    return header->all_zero() ||
           (header->has_magic() &&
            (header->application_id() == application_id || header->application_id() == 0));
}

}  // namespace hourgate::store
