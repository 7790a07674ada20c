#include "e2e/upstream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>
#include <stdexcept>

#include "base/text.h"

namespace hourgate::e2e {

namespace {

constexpr timeval patience = {10, 0};

/// Listens on any port of `host`; where is left in `port`.
int listening_on(const std::string& host, std::uint16_t& port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
    socklen_t size = sizeof address;
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(fd, 64) != 0 ||
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::runtime_error("cannot listen on " + host);
    port = ntohs(address.sin_port);
    return fd;
}

bool read_more(int fd, std::string& text) {
    std::array<char, 65'536> block{};
    const ssize_t got = ::recv(fd, block.data(), block.size(), 0);
    if (got <= 0)
        return false;
    text.append(block.data(), static_cast<std::size_t>(got));
    return true;
}

std::string with_dashes(std::string_view name) {
    std::string text = lower(name);
    std::replace(text.begin(), text.end(), '_', '-');
    return text;
}

Seen head_of(std::string_view head) {
    Seen seen;
    for (std::string_view line : split(head, '\n')) {
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        const std::size_t colon = line.find(':');
        if (seen.method.empty()) {
            const auto words = split(line, ' ');
            seen.method = words.front();
            seen.target = words.size() > 1 ? words[1] : "";
        } else if (colon != line.npos) {
            seen.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
        }
    }
    return seen;
}

}  // namespace

std::string Seen::header(std::string_view name) const {
    std::string values;
    for (const auto& [known, value] : headers)
        if (with_dashes(known) == lower(name))
            values += (values.empty() ? "" : ",") + value;
    return values;
}

std::string Seen::text() const {
    std::string all = method + " " + target;
    for (const auto& [name, value] : headers)
        all += "\n" + name + ": " + value;
    return all + "\n\n" + body;
}

Upstream::Upstream() : listening_(listening_on("127.0.0.1", port_)), thread_([this] { serve(); }) {}

Upstream::~Upstream() {
    ending_ = true;
    ::shutdown(listening_, SHUT_RDWR);  // accept returns
    thread_.join();
    ::close(listening_);
}

std::vector<Seen> Upstream::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(seen_, {});
}

void Upstream::serve() {
    while (!ending_) {
        const int fd = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        answer(fd);
        ::close(fd);
    }
}

void Upstream::answer(int fd) {
    std::string text;
    while (text.find("\r\n\r\n") == text.npos)
        if (!read_more(fd, text))
            return;
    const std::size_t end = text.find("\r\n\r\n");
    Seen seen = head_of(text.substr(0, end));
    const bool chunked = seen.header("transfer-encoding") == "chunked";
    const std::size_t bytes = static_cast<std::size_t>(
        parse_number(seen.header("content-length"), 1U << 20U).value_or(0));
    const auto whole = [&] {
        return chunked ? text.ends_with("\r\n0\r\n\r\n") : text.size() >= end + 4 + bytes;
    };
    while (!whole())
        if (!read_more(fd, text))
            return;
    seen.body = text.substr(end + 4);
    std::string reply =
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n"
        "RateLimit: \"the API's own\"\r\n";
    if (seen.target == "/api/v1/clients/elsewhere")
        reply += "X-Accel-Redirect: /api/v1/clients/here\r\n";
    reply += "\r\nok\n";
    {
        const std::lock_guard lock(mutex_);  // known before it is answered
        seen_.push_back(std::move(seen));
    }
    (void)::send(fd, reply.data(), reply.size(), MSG_NOSIGNAL);
}

FreePlace::FreePlace() {
    std::random_device random;
    const auto byte = [&] { return std::to_string(random() % 254 + 1); };
    host = "127." + std::to_string(random() % 200 + 20) + "." + byte() + "." + byte();
    ::close(listening_on(host, port));
}

}  // namespace hourgate::e2e
