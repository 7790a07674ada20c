// A gate in front of an API that the test plays. The test reads from sockets the bytes that reach
// the API, and sends its responses as bytes.
#pragma once

#include <poll.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "support/running_server.h"

namespace hourgate::test {

class RawUpstream {
public:
    RawUpstream() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const int on = 1;
        setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        listen_at(0);
    }
    ~RawUpstream() { stop(); }
    RawUpstream(const RawUpstream&) = delete;
    RawUpstream& operator=(const RawUpstream&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// Returns the next connection, within ten seconds.
    [[nodiscard]] RawClient accept() const {
        pollfd waiting{socket_, POLLIN, 0};
        REQUIRE(poll(&waiting, 1, 10'000) == 1);
        return RawClient::accepted(::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC));
    }
    /// Returns true if a connection is waiting to be accepted.
    [[nodiscard]] bool has_caller() const {
        pollfd waiting{socket_, POLLIN, 0};
        return poll(&waiting, 1, 0) == 1;
    }
    /// Resets a waiting connection at once. Returns false if there is none. Safe from any thread.
    [[nodiscard]] bool slam() const {
        if (!has_caller())
            return false;
        const int fd = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd >= 0)
            RawClient::accepted(fd).reset_at_end();
        return fd >= 0;
    }
    /// From now on, the kernel queues at most one connection.
    void keep_few() const { REQUIRE(listen(socket_, 0) == 0); }
    /// From now on, the kernel buffers only about 2 KiB of a connection's unread bytes.
    void hold_little() const {
        const int least = 1;
        REQUIRE(setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &least, sizeof least) == 0);
    }
    /// Stops listening, and remembers the port.
    void stop() {
        if (socket_ >= 0)
            close(std::exchange(socket_, -1));
    }
    /// Listens on the same port again.
    void start() {
        socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int on = 1;
        setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        listen_at(port_);
    }

private:
    void listen_at(std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        REQUIRE(bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
        REQUIRE(listen(socket_, 64) == 0);
        REQUIRE(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
    }

    int socket_;
    std::uint16_t port_ = 0;
};

using UpstreamChange = std::function<void(http::UpstreamSettings&)>;

/// Returns an API at a port of this machine. REQUIRES: `counts` outlives it.
[[nodiscard]] inline std::unique_ptr<http::Upstream> upstream_at(
    std::uint16_t port, http::Upstream::Counts& counts, const UpstreamChange& change = {}) {
    http::UpstreamSettings settings;
    settings.addresses = {{"127.0.0.1", port, ""}};
    if (change)
        change(settings);
    auto made = http::Upstream::make(std::move(settings), counts);
    REQUIRE(made.ok());
    return std::move(made).value();
}

/// The gate's public listener in front of a RawUpstream.
class Forwarding {
public:
    using Change = UpstreamChange;

    explicit Forwarding(const Change& change = {}, Mode mode = Mode::enforce, std::size_t loops = 0)
        : bench(mode, small_rules(), HttpBench::reply_settings(),
                upstream_at(api.port(), its_counts, change)) {
        bench.directory.plans = std::make_shared<PlanBook>(
            std::vector<Plan>{make_plan(1, "free", false, 0, {}),
                              make_plan(2, "studio", true, 10, {{"wide", 2'000, 60, Per::token}})});
        http::Capacity capacity;
        capacity.loops = loops;
        auto bound = http::Server::bind(http::Listener::public_, {"127.0.0.1", 0, ""},
                                        bench.service, capacity);
        REQUIRE(bound.ok());
        server = std::move(bound).value();
        server->start();
    }
    [[nodiscard]] RawClient client() const { return RawClient(server->port()); }
    [[nodiscard]] const http::Upstream::Counts& counts() const { return its_counts; }

    /// Puts another API behind the gate; null for none. REQUIRES: it outlives the gate.
    void use(http::Upstream* other) {
        http::Service::Settings settings = bench.settings();
        settings.upstream = other;
        bench.service.use(std::move(settings), bench.gate);
    }
    /// Does the same with an API that only the configuration snapshot in force owns.
    void use(std::shared_ptr<http::Upstream> other) {
        http::Service::Settings settings = bench.settings();
        settings.upstream = other.get();
        settings.kept = {std::move(other)};
        bench.service.use(std::move(settings), bench.gate);
    }

    RawUpstream api;
    http::Upstream::Counts its_counts;
    HttpBench bench;
    std::unique_ptr<http::Server> server;
};

/// Returns a call that is granted.
inline std::string call(std::string_view method = "GET", std::string_view target = "/clients/1",
                        std::string_view more = "") {
    return std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: api.example\r\n" +
           with_token() + std::string(more) + "\r\n";
}

/// Replaces what differs each time: the decision's id by dec_ID, the date by DATE.
inline std::string steady(std::string text) {
    for (std::size_t at = text.find("dec_"); at != text.npos; at = text.find("dec_", at + 4))
        text.replace(at + 4, 32, "ID");
    if (const std::size_t at = text.find("\r\nDate: "); at != text.npos)
        text.replace(at + 8, 29, "DATE");
    return text;
}

inline bool has(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

inline std::size_t times(const std::string& text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1))
        ++count;
    return count;
}

}  // namespace hourgate::test
