#include "e2e/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "base/text.h"

namespace hourgate::e2e {

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr timeval patience = {30, 0};

int connected(int family, const sockaddr* address, socklen_t size,
              const sockaddr_in* from = nullptr) {
    const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (from != nullptr)
        (void)::bind(fd, reinterpret_cast<const sockaddr*>(from), sizeof *from);
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (::connect(fd, address, size) != 0) {
        const int error = errno;
        ::close(fd);
        throw std::runtime_error(std::string("cannot connect: ") + std::strerror(error));
    }
    return fd;
}

std::string with_headers(std::string text, const Headers& headers) {
    text += "Host: localhost\r\n";
    for (const auto& [name, value] : headers)
        text += name + ": " + value + "\r\n";
    return text + "\r\n";
}

}  // namespace

std::string Answered::header(std::string_view name) const {
    for (const auto& [known, value] : headers)
        if (same_ignoring_case(known, name))
            return value;
    return "";
}

std::size_t Answered::count(std::string_view name) const {
    std::size_t count = 0;
    for (const auto& [known, value] : headers)
        count += same_ignoring_case(known, name) ? 1U : 0U;
    return count;
}

Wire::Wire(const std::string& host, std::uint16_t port, const std::string& from) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    if (::inet_pton(AF_INET, host.c_str(), &to.sin_addr) != 1 ||
        ::inet_pton(AF_INET, from.c_str(), &own.sin_addr) != 1)
        throw std::runtime_error("no address: " + host + " or " + from);
    fd_ = connected(AF_INET, reinterpret_cast<const sockaddr*>(&to), sizeof to, &own);
}

Wire::Wire(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd_ = connected(AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Wire::Wire(const std::string& socket_path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
    fd_ = connected(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

Wire::~Wire() {
    ::close(fd_);
}

bool Wire::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool Wire::read_more() {
    std::array<char, 65'536> block{};
    const ssize_t got = ::recv(fd_, block.data(), block.size(), 0);
    if (got <= 0)
        return false;
    unread_.append(block.data(), static_cast<std::size_t>(got));
    return true;
}

Answered Wire::receive(bool has_body) {
    std::size_t end = 0;
    while ((end = unread_.find("\r\n\r\n")) == std::string::npos)
        if (!read_more())
            return {};
    Answered answered;
    const std::string head = unread_.substr(0, end);
    unread_.erase(0, end + 4);
    for (std::string_view line : split(head, '\n')) {
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        const std::size_t colon = line.find(':');
        if (answered.status == 0)
            answered.status = static_cast<int>(parse_number(line.substr(9, 3), 999).value_or(0));
        else if (colon != line.npos)
            answered.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
    }
    const auto bytes = parse_number(answered.header("Content-Length"), 1U << 30U).value_or(0);
    while (has_body && unread_.size() < bytes)
        if (!read_more())
            break;
    if (has_body) {
        answered.body = unread_.substr(0, bytes);
        unread_.erase(0, bytes);
    }
    return answered;
}

Answered Wire::ask(std::string_view bytes) {
    send(bytes);
    return receive();
}

std::string get(std::string_view target, const Headers& headers) {
    return with_headers("GET " + std::string(target) + " HTTP/1.1\r\n", headers);
}

std::string post(std::string_view target, std::string_view body, const Headers& headers) {
    Headers all = headers;
    all.emplace_back("Content-Type", "application/json");
    all.emplace_back("Content-Length", std::to_string(body.size()));
    return with_headers("POST " + std::string(target) + " HTTP/1.1\r\n", all) + std::string(body);
}

std::string question(std::string_view token, std::string_view uri, std::string_view method) {
    Headers headers = {{"X-Forwarded-Method", std::string(method)},
                       {"X-Forwarded-Uri", std::string(uri)},
                       {"X-Forwarded-For", "192.0.2.7"}};
    if (!token.empty())
        headers.emplace_back("Authorization", "Bearer " + std::string(token));
    return get("/_hourgate/auth/caddy", headers);
}

}  // namespace hourgate::e2e
