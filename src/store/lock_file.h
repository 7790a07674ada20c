// "<database>.lock": who is at work on a database. Two bytes of it are locked, with locks that
// belong to the open file and go when it is closed, however the process ends (fcntl_locking(2),
// open file description locks):
//   server  exclusive for the server's life: one server per database, and no restore under it;
//   use     shared by all who have the database open, exclusive while restore puts another file in
//           its place. Without it a command that ends just then would close the old file, find
//           itself the last to do so, and delete the WAL by name: that of the new one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/files.h"

namespace hourgate::store {

enum class LockedPart : std::uint8_t { server = 0, use = 1 };
enum class LockKind : std::uint8_t { shared, exclusive };

/// The open lock file with the lock on it; nothing when another holds it still after `wait_ms`.
/// REQUIRES: the folder of the database exists.
[[nodiscard]] Result<std::optional<File>> lock(const std::string& database, LockedPart part,
                                               LockKind kind, int wait_ms);

/// Whether another holds that part for itself alone. Takes nothing and makes no file.
/// REQUIRES: the folder of the database exists.
[[nodiscard]] Result<bool> is_locked(const std::string& database, LockedPart part);

/// The process that wrote its number down when it took the server's part.
[[nodiscard]] std::optional<int> holder_pid(const std::string& database);

/// "process 4711 (hourgate serve)": who holds the server's part, as far as can be told.
[[nodiscard]] std::string holder(const std::string& database);

/// Held for as long as connections to a database are open.
class InUse {
public:
    /// Failure::conflict while a restore puts another file in the database's place.
    [[nodiscard]] static Result<InUse> take(const std::string& database);

private:
    explicit InUse(File file) noexcept : file_(std::move(file)) {}
    File file_;
};

}  // namespace hourgate::store
