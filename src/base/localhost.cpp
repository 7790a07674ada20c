#include "base/localhost.h"

#include <netdb.h>
#include <sys/socket.h>

#include "base/text.h"

namespace hourgate {

bool is_localhost(std::string_view host) noexcept {
    if (host.ends_with('.'))
        host.remove_suffix(1);
    constexpr std::string_view name = "localhost";
    if (host.size() < name.size() ||
        !same_ignoring_case(host.substr(host.size() - name.size()), name))
        return false;
    return host.size() == name.size() || host[host.size() - name.size() - 1] == '.';
}

std::string resolvable(const std::string& host) {
    if (!is_localhost(host))
        return host;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0)
        return "127.0.0.1";
    freeaddrinfo(found);
    return host;
}

}  // namespace hourgate
