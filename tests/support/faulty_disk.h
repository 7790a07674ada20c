// A disk that fails on demand, below SQLite: a VFS (https://www.sqlite.org/vfs.html) in front of
// the default one.
#pragma once

#include <cstdint>
#include <string>

namespace hourgate::test {

/// While it lives, every database that this process opens is on it. One at a time. Connections
/// opened meanwhile may outlive it: it is a sound disk to them then. Any thread may use the
/// databases; the methods are for the test's own.
class FaultyDisk {
public:
    FaultyDisk();
    ~FaultyDisk();
    FaultyDisk(const FaultyDisk&) = delete;
    FaultyDisk& operator=(const FaultyDisk&) = delete;

    enum class Fault {
        full,       ///< SQLITE_FULL; of the write that fails, the first half arrives
        io_error,   ///< SQLITE_IOERR_WRITE, _FSYNC, _TRUNCATE
        read_only,  ///< as remounted read-only: as io_error, and opening to write is refused
    };
    /// From now on, so many writes, syncs and truncations succeed; then `times` of them fail.
    void fail_after(int successes, Fault fault, int times = for_good);
    static constexpr int for_good = 1 << 30;
    /// A sound disk again. Gives how many calls failed.
    int heal();

    /// From now on, each file's bytes as of its last sync that succeeded are in `folder`, under the
    /// file's name: what a power failure leaves at worst. Files not synced yet are not there.
    void keep_synced(const std::string& folder);

    /// Of files whose name has `part`: what is written to the page of that number, from 0 on (4,096
    /// bytes), arrives with one bit flipped.
    void corrupt_page(const std::string& part, std::int64_t page);
};

}  // namespace hourgate::test
