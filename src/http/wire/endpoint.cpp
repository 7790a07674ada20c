#include "http/wire/endpoint.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>

#include "base/check.h"
#include "base/localhost.h"
#include "base/text.h"

namespace hourgate::http {

namespace {

Failure failure(std::string what, std::string next) {
    return {Fault::system, std::move(what), std::move(next)};
}

/// Returns "public" from "[server] public": the name under which a socket is passed on.
std::string_view name_of(Listener listener) noexcept {
    const std::string_view key = key_of(listener);
    return key.substr(key.find(' ') + 1);
}

/// Returns a numeric option of the socket level, or nullopt if `socket` is not a socket.
std::optional<int> option_of(int socket, int option) noexcept {
    int value = 0;
    socklen_t size = sizeof value;
    if (getsockopt(socket, SOL_SOCKET, option, &value, &size) != 0)
        return std::nullopt;
    return value;
}

std::string path_of(const sockaddr_storage& storage, socklen_t size) {
    const auto& address = reinterpret_cast<const sockaddr_un&>(storage);
    constexpr std::size_t before = offsetof(sockaddr_un, sun_path);
    if (size <= before)
        return "";
    std::string path(address.sun_path, size - before);
    if (path.front() == '\0')
        return "@" + path.substr(1);  // as others show an abstract one, unix(7)
    return path.substr(0, path.find('\0'));
}

std::uint16_t port_of(const sockaddr_storage& storage) noexcept {
    return ntohs(storage.ss_family == AF_INET6
                     ? reinterpret_cast<const sockaddr_in6&>(storage).sin6_port
                     : reinterpret_cast<const sockaddr_in&>(storage).sin_port);
}

/// Returns true if `host` is this address, or a name that resolves to it.
bool names(const std::string& host, const Address& address) {
    if (const auto numeric = Address::parse(host))
        return *numeric == address;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(resolvable(host).c_str(), nullptr, &hints, &found) != 0)
        return false;
    bool same = false;
    for (const addrinfo* one = found; one != nullptr && !same; one = one->ai_next) {
        sockaddr_storage storage{};
        std::memcpy(&storage, one->ai_addr, one->ai_addrlen);
        same = address_of(storage) == address;
    }
    freeaddrinfo(found);
    return same;
}

bool is_at(const Endpoint& there, const sockaddr_storage& storage, const Endpoint& wanted) {
    if (!wanted.path.empty() || !there.path.empty())
        return wanted.path == there.path;
    return (wanted.port == 0 || wanted.port == there.port) &&
           names(wanted.host, address_of(storage));
}

}  // namespace

std::string shown(const Endpoint& endpoint) {
    if (!endpoint.path.empty())
        return "unix:" + endpoint.path;
    const bool v6 = endpoint.host.find(':') != std::string::npos;
    return (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

std::string_view key_of(Listener listener) noexcept {
    switch (listener) {
        case Listener::public_:
            return "[server] public";
        case Listener::ask:
            return "[server] ask";
        case Listener::admin:
            return "[server] admin";
    }
    return "";
}

Address address_of(const sockaddr_storage& storage) noexcept {
    if (storage.ss_family == AF_UNIX)
        return Address::loopback();
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool v6 = storage.ss_family == AF_INET6;
    const void* bytes =
        v6 ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr)
           : static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr);
    inet_ntop(storage.ss_family, bytes, text.data(), text.size());
    const auto address = Address::parse(text.data());
    HOURGATE_CHECK(address.has_value());
    return *address;
}

Result<Endpoint> listening_at(int socket, Listener listener, const Endpoint& endpoint) {
    const std::string subject = "what was passed on as '" + std::string(name_of(listener)) + "'";
    const auto type = option_of(socket, SO_TYPE);
    if (!type)
        return failure(subject + " is no socket", "leave LISTEN_FDS to the service manager");
    if (*type != SOCK_STREAM)
        return failure(subject + " is no stream socket",
                       "use ListenStream= for it in its .socket unit");
    if (option_of(socket, SO_ACCEPTCONN) != 1)
        return failure(subject + " does not listen", "set Accept=no in its .socket unit");
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    const bool known = getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size) == 0;
    const int family = known ? storage.ss_family : AF_UNSPEC;
    Endpoint there;
    if (family == AF_UNIX) {
        there.path = path_of(storage, size);
    } else if (family == AF_INET || family == AF_INET6) {
        there.host = address_of(storage).text();
        there.port = port_of(storage);
    } else {
        return failure(subject + " is a socket of neither IP nor Unix",
                       "name " + shown(endpoint) + " in its .socket unit");
    }
    if (!is_at(there, storage, endpoint))
        return failure(subject + " listens on " + shown(there) + ", but " +
                           std::string(key_of(listener)) + " is " + shown(endpoint),
                       "make the two the same: ListenStream= in its .socket unit, and " +
                           std::string(key_of(listener)) + " in the configuration");
    return there;
}

bool is_host(std::string_view text) noexcept {
    constexpr CharacterSet in_names(
        "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    constexpr CharacterSet in_brackets(":.0123456789ABCDEFabcdef");
    std::size_t end = std::min(text.find(':'), text.size());
    if (text.starts_with('[')) {
        end = text.find(']');
        if (end == text.npos)
            return false;
        const std::string_view address = text.substr(1, end - 1);
        if (!in_brackets.has_all_of(address) || address.find(':') == address.npos ||
            !Address::parse(address))
            return false;
        ++end;
    } else if (end == 0 || !in_names.has_all_of(text.substr(0, end))) {
        return false;
    }
    const std::string_view port = text.substr(end);
    return port.empty() || (port.starts_with(':') && parse_number(port.substr(1), 65'535));
}

}  // namespace hourgate::http
