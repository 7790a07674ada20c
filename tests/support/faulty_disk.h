// A disk that fails on demand, below SQLite: a VFS (https://www.sqlite.org/vfs.html) in front of
// the default one.
#pragma once

#include <cstdint>
#include <string>

namespace hourgate::test {

/// While it exists, every database that this process opens is on it. Only one may exist at a time.
/// Connections opened meanwhile may outlive it, and then see a sound disk. Any thread may use the
/// databases; only the test's thread may call the methods.
class FaultyDisk {
public:
    FaultyDisk();
    ~FaultyDisk();
    FaultyDisk(const FaultyDisk&) = delete;
    FaultyDisk& operator=(const FaultyDisk&) = delete;

    enum class Fault {
        full,       ///< SQLITE_FULL; half of the failed write is stored
        io_error,   ///< SQLITE_IOERR_WRITE, _FSYNC, _TRUNCATE
        read_only,  ///< like a read-only remount: as io_error, and opening for writing fails
    };
    /// Lets the next `successes` writes, syncs and truncations succeed; then `times` of them fail.
    void fail_after(int successes, Fault fault, int times = for_good);
    static constexpr int for_good = 1 << 30;
    /// Makes the disk sound again. Returns how many calls failed.
    int heal();

    /// From now on, keeps each file's bytes as of its last successful sync in `folder`, under the
    /// file's name. That is the least that a power failure leaves. Files that were never synced are
    /// not there.
    void keep_synced(const std::string& folder);

    /// Flips one bit of each write to page `page`, counted from 0 (4,096 bytes each), of files
    /// whose name contains `part`.
    void corrupt_page(const std::string& part, std::int64_t page);
};

}  // namespace hourgate::test
