#include "store/server_lock.h"

#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "store/errors.h"
#include "store/lock_file.h"

namespace hourgate::store {

namespace {

/// For those who find the lock taken. On a full disk the lock holds without it; a wrong number
/// would be worse than none.
void write_pid(int fd) noexcept {
    const std::string pid = std::to_string(::getpid()) + "\n";
    const ssize_t written = ::pwrite(fd, pid.data(), pid.size(), 0);
    const off_t length = written == static_cast<ssize_t>(pid.size()) ? written : 0;
    [[maybe_unused]] const int cut = ::ftruncate(fd, length);
}

}  // namespace

Result<std::unique_ptr<ServerLock>> ServerLock::take(const std::string& database_path) {
    return guarded(database_path, [&]() -> Result<std::unique_ptr<ServerLock>> {
        Result<std::optional<File>> file =
            lock(database_path, LockedPart::server, LockKind::exclusive, 0);
        if (!file)
            return file.failure();
        if (!file.value())
            return Failure{Fault::conflict, holder(database_path) + " is using " + database_path,
                           "one server per database: stop that one first"};
        write_pid(file.value()->fd());
        return std::unique_ptr<ServerLock>(new ServerLock(file.value()->release()));
    });
}

ServerLock::~ServerLock() {
    ::close(fd_);
}

Result<ServerSeen> find_server(const std::string& database_path) {
    return guarded(database_path, [&]() -> Result<ServerSeen> {
        const Result<bool> held = is_locked(database_path, LockedPart::server);
        if (!held)
            return held.failure();
        if (!held.value())
            return ServerSeen{};
        return ServerSeen{true, holder_pid(database_path)};
    });
}

}  // namespace hourgate::store
