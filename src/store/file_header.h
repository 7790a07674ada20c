// The first 100 bytes of a file: what it says it is. Nothing it says is trusted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace hourgate::store {

/// The database header, https://www.sqlite.org/fileformat.html section 1.3.
struct FileHeader {
    static constexpr std::size_t size = 100;

    std::array<unsigned char, size> bytes{};
    std::int64_t file_bytes = 0;

    [[nodiscard]] bool has_magic() const noexcept;
    [[nodiscard]] std::int64_t application_id() const noexcept { return big_endian(68, 4); }
    /// Whether it was last closed in WAL mode: a database in use, not a backup.
    [[nodiscard]] bool in_wal_mode() const noexcept { return bytes[18] == 2 || bytes[19] == 2; }
    /// How long the file should be.
    [[nodiscard]] std::int64_t expected_bytes() const noexcept;
    [[nodiscard]] bool all_zero() const noexcept;

private:
    [[nodiscard]] std::int64_t big_endian(std::size_t at, std::size_t count) const noexcept;
};

/// Whether this regular file says that it is a backup: one of our databases, complete as one file.
/// A link is not followed. Not for a database that this process has open: to close a descriptor
/// drops its locks. Failure::permission if it may not be read.
[[nodiscard]] Result<bool> is_backup(const std::string& path);

/// Whether it can be a draft that a killed run of hourgate left: a regular file that is empty,
/// begins with zeros, or with the header of one of our databases, which may not be complete.
[[nodiscard]] bool is_leftover_file(const std::string& path) noexcept;

}  // namespace hourgate::store
