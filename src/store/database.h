// The database file: the only place that opens it and sets its pragmas. Only store/ includes
// SQLiteCpp. Pragmas on every connection: WAL, synchronous=FULL, foreign_keys,
// busy_timeout first, mmap off, trusted_schema off.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace hourgate::store {

/// What a file is, looked at without changing it.
struct FileState {
    enum class Kind : std::uint8_t { absent, ours, older, newer, foreign, damaged };
    Kind kind = Kind::absent;
    int schema = 0;    ///< its schema version, when ours, older or newer
    std::string flaw;  ///< foreign or damaged: "is cut off: it has 4096 of 98304 bytes"
};
/// Costs the same for a database of any size: looks at the header and a few rows.
/// Failure::permission when this user may not use it.
[[nodiscard]] Result<FileState> look_at(const std::string& path);

/// The same by the bytes of the file alone, for one that is not in use: a backup. Not opened as a
/// database; `ours` means that it says it is.
[[nodiscard]] Result<FileState> inspect_file(const std::string& path);

/// Failure::conflict when something stands at `path`, or the WAL of a database that is gone stands
/// beside it: SQLite would play it into a new one.
[[nodiscard]] Status check_free(const std::string& path);

/// Makes a new database (0600; folders are not made) with the newest schema. REQUIRES nothing:
/// fails as check_free does. Nothing is left behind on failure. When root makes it, it belongs to
/// the owner of its folder.
[[nodiscard]] Status create_database(const std::string& path);

/// Whether the file can be used as it is: absent ("run `hourgate init`"), not a database, not ours,
/// damaged, truncated, newer than this program, not readable or writable by this user: each its own
/// message and next step. An older schema: `migrate` brings it up (serve), otherwise
/// Failure::conflict that says to start the server once.
enum class Migrate : std::uint8_t { no, yes };
[[nodiscard]] Status check_database(const std::string& path, Migrate migrate);

/// Failure::conflict when the database, its -wal or its -shm may be read or written by any user of
/// the machine (mode & 07), or written by its group: digests and whose calls they are lie in it.
[[nodiscard]] Status check_private(const std::string& path);

/// The schema version this program writes: the number of migrations.
[[nodiscard]] int schema_version() noexcept;
/// Failure::system when the linked SQLite is older than 3.51.3 (WAL-reset bug).
[[nodiscard]] Status check_library();
[[nodiscard]] std::string library_version();

/// Sleeps until every lease taken before now is over (limits::writer_wait_us): a change committed
/// before this call is in force for every request received after it returns.
void wait_out_leases();

}  // namespace hourgate::store
