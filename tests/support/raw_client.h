// A client that sends given bytes and reads what arrives, so that tests can send what no proper
// library would. It never waits longer than ten seconds.
#pragma once

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace hourgate::test {

class RawClient {
public:
    explicit RawClient(std::uint16_t port)
        : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    /// Connects from another address of this machine: all of 127.0.0.0/8 belongs to it.
    RawClient(std::uint16_t port, const std::string& from)
        : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        inet_pton(AF_INET, from.c_str(), &address.sin_addr);
        (void)bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    /// Connects to a port of another address of this machine.
    RawClient(const std::string& host, std::uint16_t port)
        : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        inet_pton(AF_INET, host.c_str(), &address.sin_addr);
        connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    explicit RawClient(const std::string& path)
        : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    /// Begins to connect to a port of this machine, and does not wait.
    static RawClient connecting(std::uint16_t port) {
        RawClient client(Accepted{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)});
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        (void)connect(client.socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        return client;
    }
    /// Returns the other end of an accepted connection.
    static RawClient accepted(int socket) { return RawClient(Accepted{socket}); }
    ~RawClient() {
        if (socket_ >= 0)
            close(socket_);
    }
    RawClient(RawClient&& other) noexcept
        : socket_(std::exchange(other.socket_, -1)),
          connected_(other.connected_),
          unread_(std::move(other.unread_)) {}
    RawClient& operator=(RawClient&&) = delete;

    [[nodiscard]] bool connected() const { return connected_; }

    /// Sends `bytes`. Drops what the other side, having closed, does not accept.
    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0)
                return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    /// Waits until the other side's kernel has received everything, or the connection is closed.
    /// After a reset, the kernel keeps counting unacknowledged bytes for ever.
    void wait_until_received() const {
        for (tcp_info state{}; state.tcpi_state != TCP_CLOSE;) {
            int unsent = 0;
            if (ioctl(socket_, SIOCOUTQ, &unsent) != 0 || unsent == 0)
                return;
            socklen_t size = sizeof state;
            if (getsockopt(socket_, IPPROTO_TCP, TCP_INFO, &state, &size) != 0)
                return;
            std::this_thread::yield();
        }
    }
    /// Returns true if something has arrived that was not read.
    [[nodiscard]] bool has_more() const {
        char byte = 0;
        return !unread_.empty() || recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
    }
    /// Disappears without a packet, like a machine that fails, if this user may do that
    /// (CAP_NET_ADMIN). Otherwise stays silent from now on.
    void vanish() {
        const int on = 1;
        if (setsockopt(socket_, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) == 0)
            close(std::exchange(socket_, -1));
    }
    /// Will close with a reset, like a program that is killed.
    void reset_at_end() const {
        const linger at_once{1, 0};
        setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    void finish_sending() { shutdown(socket_, SHUT_WR); }

    /// Returns one response, head and body; only its beginning if the connection ended early.
    std::string answer(std::string_view method = "GET") {
        std::size_t end = std::string::npos;
        while ((end = unread_.find("\r\n\r\n")) == std::string::npos)
            if (!receive())
                return std::exchange(unread_, {});
        end += 4;
        const std::string head = unread_.substr(0, end);
        const std::size_t length = head.find("Content-Length: ");
        if (length != std::string::npos && method != "HEAD")
            end += std::stoul(head.substr(length + 16));
        while (unread_.size() < end)
            if (!receive())
                break;
        const std::string whole = unread_.substr(0, end);
        unread_.erase(0, whole.size());
        return whole;
    }
    /// Returns a head with its empty line; only its beginning if the connection ended early.
    std::string head() {
        std::size_t end = std::string::npos;
        while ((end = unread_.find("\r\n\r\n")) == std::string::npos)
            if (!receive())
                return std::exchange(unread_, {});
        return read(end + 4);
    }
    /// Returns so many bytes; fewer if the connection ended early.
    std::string read(std::size_t bytes) {
        while (unread_.size() < bytes)
            if (!receive())
                break;
        std::string some = unread_.substr(0, bytes);
        unread_.erase(0, some.size());
        return some;
    }
    /// Reads and drops at least `bytes` bytes, or until the connection ends. Returns how many
    /// arrived.
    std::size_t read_over(std::size_t bytes) {
        std::size_t got = std::exchange(unread_, {}).size();
        while (got < bytes && receive())
            got += std::exchange(unread_, {}).size();
        return got;
    }
    /// Returns everything that arrives until the other side closes.
    std::string until_end() {
        while (receive()) {
        }
        return std::exchange(unread_, {});
    }
    /// Returns true if the other side has closed and nothing is left to read.
    bool ended() { return unread_.empty() && !receive(); }

private:
    struct Accepted {
        int socket;
    };
    explicit RawClient(Accepted accepted) : socket_(accepted.socket), connected_(true) {
        limit_waiting();
    }
    void limit_waiting() const {
        const timeval ten_seconds{10, 0};
        setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &ten_seconds, sizeof ten_seconds);
        setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &ten_seconds, sizeof ten_seconds);
    }
    void connect_to(const sockaddr* address, socklen_t size) {
        limit_waiting();
        connected_ = connect(socket_, address, size) == 0;
    }
    bool receive() {
        std::array<char, 65'536> buffer;
        const ssize_t got = recv(socket_, buffer.data(), buffer.size(), 0);
        if (got <= 0)
            return false;
        unread_.append(buffer.data(), static_cast<std::size_t>(got));
        return true;
    }

    int socket_;
    bool connected_ = false;
    std::string unread_;
};

}  // namespace hourgate::test
