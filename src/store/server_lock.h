// One server per database: an exclusive lock on "<database>.lock", held for the server's life and
// released by the kernel however it ends. Holds the process id for those who find it taken.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace hourgate::store {

class ServerLock {
public:
    /// Failure::conflict names the process that holds it: "process 4711 (hourgate serve)".
    [[nodiscard]] static Result<std::unique_ptr<ServerLock>> take(const std::string& database_path);
    ~ServerLock();
    ServerLock(const ServerLock&) = delete;
    ServerLock& operator=(const ServerLock&) = delete;

private:
    explicit ServerLock(int fd) noexcept : fd_(fd) {}
    const int fd_;
};

/// Who serves a database, seen from outside. Takes no lock, so it is in nobody's way, and makes no
/// file.
struct ServerSeen {
    bool running = false;
    std::optional<int> pid;  ///< as it wrote it down; in another container it means another process
};
[[nodiscard]] Result<ServerSeen> find_server(const std::string& database_path);

}  // namespace hourgate::store
