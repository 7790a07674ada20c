#include "ops/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "base/text.h"

namespace hourgate::ops {

void notify(std::string_view state) noexcept {
    const char* named = std::getenv("NOTIFY_SOCKET");
    if (named == nullptr)
        return;
    const std::string_view path = named;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const bool abstract = path.starts_with('@');
    if ((!abstract && !path.starts_with('/')) || path.size() >= sizeof address.sun_path)
        return;
    std::copy(path.begin(), path.end(), address.sun_path);
    if (abstract)
        address.sun_path[0] = '\0';  // unix(7)
    // The name of an abstract socket is all its bytes, so no NUL is counted behind it.
    const std::size_t size = offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1);

    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    static_cast<void>(sendto(fd, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                             reinterpret_cast<const sockaddr*>(&address),
                             static_cast<socklen_t>(size)));
    close(fd);
}

std::int64_t watchdog_interval_us() noexcept {
    const char* interval = std::getenv("WATCHDOG_USEC");
    if (interval == nullptr)
        return 0;
    if (const char* process = std::getenv("WATCHDOG_PID")) {
        const auto id = parse_number(process, INT32_MAX);
        if (!id || *id != static_cast<std::uint64_t>(getpid()))
            return 0;
    }
    return static_cast<std::int64_t>(parse_number(interval, INT64_MAX).value_or(0) / 2);
}

}  // namespace hourgate::ops
