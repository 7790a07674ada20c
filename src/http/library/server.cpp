#include "http/library/server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/limits.h"
#include "http/conversation.h"
#include "http/library/cpp_httplib.h"
#include "http/seats.h"

namespace hourgate::http {

namespace {

/// While others wait, a connection keeps its thread this long.
constexpr std::int64_t turn_ms = 50;

constexpr mode_t socket_mode = 0660;

/// The key of [server] that says where a listener listens.
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

std::optional<Address> peer_of(int socket) noexcept {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (getpeername(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0)
        return std::nullopt;
    if (storage.ss_family == AF_UNIX)
        return Address::loopback();
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool v6 = storage.ss_family == AF_INET6;
    const void* bytes =
        v6 ? static_cast<const void*>(&reinterpret_cast<sockaddr_in6*>(&storage)->sin6_addr)
           : static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(&storage)->sin_addr);
    if (inet_ntop(v6 ? AF_INET6 : AF_INET, bytes, text.data(), text.size()) == nullptr)
        return std::nullopt;
    return Address::parse(text.data());
}

/// The library's threads and its bounded queue; the seats are told who waits.
class Queue final : public httplib::TaskQueue {
public:
    explicit Queue(Seats& seats)
        : seats_(seats),
          pool_(limits::threads_per_listener, limits::threads_per_listener,
                limits::connections_queued_max) {}

    /// False when the queue is full: the library closes the connection without an answer.
    bool enqueue(std::function<void()> job) override {
        seats_.queue();
        if (pool_.enqueue(std::move(job)))
            return true;
        seats_.unqueue();
        return false;
    }
    void shutdown() override { pool_.shutdown(); }

private:
    Seats& seats_;
    httplib::ThreadPool pool_;
};

/// The library binds, accepts and hands out threads. What is said on a connection is ours from the
/// first byte (http/head.h): the library percent-decodes header values, forgets the order of
/// repeated headers, cuts a target at '#', drops pipelined requests, knows ten methods, and reads
/// on after a head it refused. A gate can afford none of these.
/// Without a free file descriptor the library accepts in a tight loop until there is one: the limit
/// of open files must be above what threads and queues of three listeners can hold, about 1,000.
class Door final : public httplib::Server {
public:
    Door(Listener listener, Service& service, Seats& seats)
        : listener_(listener), service_(service), seats_(seats) {
        new_task_queue = [this] { return new Queue(seats_); };
        set_read_timeout(limits::read_timeout_ms / 1'000, 0);
        set_write_timeout(limits::write_timeout_ms / 1'000, 0);
        set_keep_alive_timeout(limits::idle_timeout_ms / 1'000);
        set_keep_alive_max_count(limits::keep_alive_requests_max);
        set_payload_max_length(limits::verify_body_bytes_max);
        set_idle_interval(0, 0);
        set_ipv6_v6only(false);
        set_error_logger(
            [this](const httplib::Error&, const httplib::Request*) { error_ = errno; });
    }
    ~Door() override {
        if (!listening_ && svr_sock_ != INVALID_SOCKET)
            close(svr_sock_);
    }

    /// Binds; the port, or -1 with error() set.
    [[nodiscard]] int open(const Endpoint& endpoint) {
        error_ = 0;
        if (!endpoint.path.empty()) {
            set_address_family(AF_UNIX);
            set_tcp_nodelay(false);
            // Nobody else may connect between bind and chmod.
            set_socket_options([](socket_t socket) { fchmod(socket, socket_mode); });
            return bind_to_port(endpoint.path, 1) ? 0 : -1;
        }
        set_address_family(AF_UNSPEC);
        set_tcp_nodelay(true);
        // Not SO_REUSEPORT, the library's default: two gates would share the port unnoticed.
        set_socket_options([](socket_t socket) {
            const int on = 1;
            setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        });
        if (endpoint.port == 0)
            return bind_to_any_port(endpoint.host);
        return bind_to_port(endpoint.host, endpoint.port) ? endpoint.port : -1;
    }
    [[nodiscard]] int error() const noexcept { return error_; }

    /// Accepts until shut() and all connections have ended. False when it ended by itself.
    bool listen() {
        listening_ = true;
        return listen_after_bind() || shut_;
    }
    /// Unlike the library's stop() this may come before listen(), and closes nothing another thread
    /// is using.
    void shut() {
        // Once: listen() closes the socket then, and its number may be another's.
        if (!shut_.exchange(true))
            ::shutdown(svr_sock_, SHUT_RDWR);
    }

private:
    bool process_and_close_socket(socket_t socket) override {
        if (seats_.sit(socket)) {
            if (const auto peer = peer_of(socket))
                converse(socket, *peer, listener_, service_, seats_);
            seats_.rise(socket);
        }
        close(socket);
        return true;
    }

    const Listener listener_;
    Service& service_;
    Seats& seats_;
    std::atomic<int> error_{0};
    std::atomic<bool> listening_{false};
    std::atomic<bool> shut_{false};
};

Failure failure(std::string what, std::string next) {
    return {Fault::system, std::move(what), std::move(next)};
}

std::string shown(const Endpoint& endpoint) {
    if (!endpoint.path.empty())
        return "unix:" + endpoint.path;
    const bool v6 = endpoint.host.find(':') != std::string::npos;
    return (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

Failure cannot_bind(Listener listener, const Endpoint& endpoint, int error) {
    const std::string where = shown(endpoint);
    const std::string change = "change " + std::string(key_of(listener)) + " in the configuration";
    switch (error) {
        case EADDRINUSE:
            return failure(where + " is taken by another process",
                           (endpoint.path.empty() ? "see which with `ss -ltnp`, or "
                                                  : "see which with `ss -lxp`, or ") +
                               change);
        case EACCES:
            return failure("this user may not listen on " + where,
                           (endpoint.path.empty() ? "take a port from 1024 on: "
                                                  : "let this user write to its folder, or ") +
                               change);
        case EADDRNOTAVAIL:
            return failure("this machine has no address " + endpoint.host, change);
        case ENOENT:
            return failure("the folder of " + where + " does not exist", "make it, or " + change);
        case 0:
            return failure(endpoint.host + " is no address and no name that resolves", change);
        default:
            return failure("cannot listen on " + where + ": " + std::strerror(error), change);
    }
}

/// Makes way for a socket file: a stale one is removed, anything else is left alone.
Status clear_path(Listener listener, const Endpoint& endpoint) {
    const std::string& path = endpoint.path;
    sockaddr_un address{};
    if (path.size() >= sizeof address.sun_path)
        return failure(shown(endpoint) + " is too long for a socket, which takes " +
                           std::to_string(sizeof address.sun_path - 1) + " bytes",
                       "change " + std::string(key_of(listener)) + " in the configuration");
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0)
        return Done{};  // bind says what else is wrong
    if (!S_ISSOCK(status.st_mode))
        return failure(path + " exists and is no socket",
                       "move it away, or change " + std::string(key_of(listener)));
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return failure(std::string("no socket: ") + std::strerror(errno), "");
    const bool answered =
        connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const int error = answered ? EADDRINUSE : errno;
    close(probe);
    if (error != ECONNREFUSED)
        return cannot_bind(listener, endpoint, error);
    if (unlink(path.c_str()) != 0)
        return cannot_bind(listener, endpoint, errno);
    return Done{};
}

}  // namespace

struct Server::State {
    State(Listener listener, Service& service) : door(listener, service, seats) {}

    Seats seats{limits::threads_per_listener, limits::idle_timeout_ms, turn_ms};
    Door door;
    std::thread thread;
    std::uint16_t port = 0;
    std::string path;     // of a Unix socket
    struct stat file {};  // what was made there: nothing else is removed

    void remove_file() noexcept {
        struct stat now {};
        if (path.empty() || lstat(path.c_str(), &now) != 0)
            return;
        if (now.st_dev == file.st_dev && now.st_ino == file.st_ino)
            unlink(path.c_str());
        path.clear();
    }

    void run() noexcept {
        bool asked_to_end = false;
        try {
            asked_to_end = door.listen();
        } catch (...) {
        }
        // A gate that listens no more would look alive to all but its callers: better it ends, and
        // is started anew.
        HOURGATE_CHECK(asked_to_end);
    }
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
    stop_accepting();
    state_->seats.cut();
    if (state_->thread.joinable())
        state_->thread.join();
}

Result<std::unique_ptr<Server>> Server::bind(Listener listener, const Endpoint& endpoint,
                                             Service& service) {
    if (!endpoint.path.empty())
        if (Status status = clear_path(listener, endpoint); !status)
            return status.failure();
    auto state = std::make_unique<State>(listener, service);
    const int port = state->door.open(endpoint);
    if (port < 0)
        return cannot_bind(listener, endpoint, state->door.error());
    state->port = static_cast<std::uint16_t>(port);
    if (!endpoint.path.empty()) {
        state->path = endpoint.path;
        if (chmod(endpoint.path.c_str(), socket_mode) != 0 ||
            lstat(endpoint.path.c_str(), &state->file) != 0)
            return cannot_bind(listener, endpoint, errno);
    }
    return std::unique_ptr<Server>(new Server(std::move(state)));
}

void Server::start() {
    bool started = false;
    try {
        state_->thread = std::thread([state = state_.get()] { state->run(); });
        started = true;
    } catch (const std::system_error&) {
    }
    HOURGATE_CHECK(started);
}

void Server::stop_accepting() {
    state_->door.shut();
    state_->remove_file();
    state_->seats.stop();
}

std::int64_t Server::in_flight() const noexcept {
    return state_->seats.in_flight();
}

std::int64_t Server::finish(const Clock& clock, std::int64_t deadline_boot_us) {
    stop_accepting();
    while (in_flight() > 0) {
        const std::int64_t left_us = deadline_boot_us - clock.now().boot_us;
        if (left_us <= 0)
            break;
        state_->seats.await_calm(left_us / 1'000 + 1);
    }
    state_->seats.cut();
    if (state_->thread.joinable())
        state_->thread.join();
    return state_->seats.cut_count();
}

std::uint16_t Server::port() const noexcept {
    return state_->port;
}

}  // namespace hourgate::http
