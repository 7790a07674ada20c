// Listening sockets that a service manager made and passed on (systemd's socket activation,
// sd_listen_fds(3), without libsystemd). They outlive this process, so who connects while one
// server ends and the next one starts waits instead of being refused.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace hourgate::ops {

class PassedSockets {
public:
    PassedSockets() = default;  ///< none
    ~PassedSockets();           ///< closes those that nobody took
    PassedSockets(PassedSockets&& other) noexcept : sockets_(std::exchange(other.sockets_, {})) {}
    PassedSockets& operator=(PassedSockets&&) = delete;

    /// Those that $LISTEN_FDS says and $LISTEN_PID says are for this process; from now on they are
    /// not passed on to another program. The variables are gone afterwards, whatever comes of it.
    /// Failure::system names the socket that has none of the names `known`, and the setting to
    /// change. To be called before anything opens a file or starts a
    /// thread.
    [[nodiscard]] static Result<PassedSockets> from_environment(
        const std::vector<std::string_view>& known);

    /// Those of that name, from now on the caller's to close.
    [[nodiscard]] std::vector<int> take(std::string_view name);

private:
    std::vector<std::pair<std::string, int>> sockets_;
};

}  // namespace hourgate::ops
