#include "http/server/server.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "base/localhost.h"
#include "http/server/cpp_httplib.h"
#include "http/server/event_loop.h"

namespace hourgate::http {

namespace {

/// Sets the umask, so that a new socket has exactly this mode. The umask belongs to the whole
/// process. REQUIRES: no other thread creates files meanwhile.
class FileMode {
public:
    explicit FileMode(mode_t mode) noexcept : before_(umask(0777 & ~mode)) {}
    ~FileMode() { umask(before_); }
    FileMode(const FileMode&) = delete;
    FileMode& operator=(const FileMode&) = delete;

private:
    const mode_t before_;
};

/// Lets the library resolve and bind. Our own code reads every byte of a connection
/// (http/wire/request_head.h), because a gate can afford none of these habits of the library. It
/// percent-decodes header values, loses the order of repeated headers and cuts a target at '#'. It
/// drops pipelined requests, accepts only ten methods, and reads on after a head that it refused.
class BindingServer final : public httplib::Server {
public:
    BindingServer() {
        set_ipv6_v6only(false);
        set_error_logger(
            [this](const httplib::Error&, const httplib::Request*) { error_ = errno; });
    }
    ~BindingServer() override { shut(); }

    /// Binds. Returns the port, or -1 and sets error().
    [[nodiscard]] int open(const Endpoint& endpoint) {
        error_ = 0;
        if (!endpoint.path.empty()) {
            set_address_family(AF_UNIX);
            set_tcp_nodelay(false);
            // The file is created with its mode, so that no other user can connect in between.
            // chmod(2) is avoided, because another user might replace the name by a link.
            const FileMode mode(endpoint.for_every_user ? 0666 : 0660);
            return bind_to_port(endpoint.path, 1) ? 0 : -1;
        }
        set_address_family(AF_UNSPEC);
        set_tcp_nodelay(true);
        // Not SO_REUSEPORT, the library's default: two gates could share the port unnoticed.
        set_socket_options([](socket_t socket) {
            const int on = 1;
            setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        });
        const std::string host = resolvable(endpoint.host);
        if (endpoint.port == 0)
            return bind_to_any_port(host);
        return bind_to_port(host, endpoint.port) ? endpoint.port : -1;
    }
    [[nodiscard]] int error() const noexcept { return error_; }

    [[nodiscard]] int socket() const noexcept { return svr_sock_; }  ///< REQUIRES: open()
    void shut() noexcept {
        const socket_t socket = svr_sock_.exchange(INVALID_SOCKET);
        if (socket != INVALID_SOCKET)
            close(socket);
    }

private:
    std::atomic<int> error_{0};
};

/// Returns the number of cores that this process may use. A container or taskset(1) may allow fewer
/// than exist, and two event loops on one core only slow each other down.
std::size_t usable_cores() noexcept {
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof cores, &cores) == 0)
        return static_cast<std::size_t>(CPU_COUNT(&cores));
    return std::thread::hardware_concurrency();
}

Failure failure(std::string what, std::string next) {
    return {Fault::system, std::move(what), std::move(next)};
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

/// Removes a stale socket file; anything else is left alone.
Status clear_path(Listener listener, const Endpoint& endpoint) {
    const std::string& path = endpoint.path;
    sockaddr_un address{};
    if (path.size() >= sizeof address.sun_path)
        return failure(shown(endpoint) + " is too long for a socket, which takes " +
                           std::to_string(sizeof address.sun_path - 1) + " bytes",
                       "change " + std::string(key_of(listener)) + " in the configuration");
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0)
        return Done{};  // bind() reports what else is wrong
    if (!S_ISSOCK(status.st_mode))
        return failure(path + " exists and is no socket",
                       "move it away, or change " + std::string(key_of(listener)));
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return failure(std::string("no socket: ") + std::strerror(errno), "");
    const bool answered =
        connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    // EAGAIN: a process listens, and its backlog is full.
    const int error = answered || errno == EAGAIN ? EADDRINUSE : errno;
    close(probe);
    if (error != ECONNREFUSED)
        return cannot_bind(listener, endpoint, error);
    if (unlink(path.c_str()) != 0)
        return cannot_bind(listener, endpoint, errno);
    return Done{};
}

/// One endpoint that is listened on.
struct BoundEndpoint {
    BoundEndpoint() = default;
    ~BoundEndpoint() { close_socket(); }
    BoundEndpoint(const BoundEndpoint&) = delete;
    BoundEndpoint& operator=(const BoundEndpoint&) = delete;

    BindingServer door;  // not opened if the socket was passed on
    int passed = -1;     // the socket that was passed on, or -1
    std::uint16_t port = 0;
    std::string path;     // of a Unix socket that was made here
    struct stat file {};  // identifies that file; nothing else is removed

    Status bind(Listener listener, const Endpoint& endpoint) {
        if (!endpoint.path.empty())
            if (Status status = clear_path(listener, endpoint); !status)
                return status;
        const int bound = door.open(endpoint);
        if (bound < 0)
            return cannot_bind(listener, endpoint, door.error());
        port = static_cast<std::uint16_t>(bound);
        if (endpoint.path.empty())
            return Done{};
        path = endpoint.path;
        if (lstat(path.c_str(), &file) != 0)
            return cannot_bind(listener, endpoint, errno);
        return Done{};
    }

    void remove_file() noexcept {
        struct stat now {};
        if (path.empty() || lstat(path.c_str(), &now) != 0)
            return;
        if (now.st_dev == file.st_dev && now.st_ino == file.st_ino)
            unlink(path.c_str());
        path.clear();
    }

    [[nodiscard]] ListeningSocket listening() const noexcept {
        if (passed >= 0)
            return {passed, ListeningSocket::After::lives};
        return {door.socket(), ListeningSocket::After::shut};
    }

    void close_socket() noexcept {
        door.shut();
        if (passed >= 0)
            close(passed);
        passed = -1;
    }
};

}  // namespace

struct Server::State {
    /// Returns how many unfinished bodies an address may have, given its limit of connections.
    static constexpr std::size_t bodies_max(std::size_t connections_max) noexcept {
        const std::size_t part = connections_max / limits::bodies_per_address_part;
        return std::min(connections_max, std::max(part, limits::bodies_per_address_min));
    }
    /// Returns how many connections, or unfinished bodies, one IPv6 /48 may have.
    static std::size_t net_max(const Capacity& capacity) noexcept {
        return std::max(capacity.connections_max / connections_per_net_part,
                        capacity.connections_per_address_max);
    }
    State(Listener listener_, Service& service_, const Capacity& capacity_)
        : listener(listener_),
          service(service_),
          capacity(capacity_),
          per_address(capacity.connections_per_address_max, net_max(capacity), capacity.exempt),
          bodies(bodies_max(capacity.connections_per_address_max), net_max(capacity), {}) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    const Listener listener;
    Service& service;
    const Capacity capacity;
    std::vector<std::unique_ptr<BoundEndpoint>> places;  // in the order of the endpoints
    ListenerCounts listener_counts;
    PerAddressLimit per_address;
    PerAddressLimit bodies;
    std::vector<std::unique_ptr<EventLoop>> loops;  // they use the sockets of `places`
    std::vector<std::thread> threads;               // one for each running event loop
    std::optional<httplib::ThreadPool> workers;

    /// Assigns each socket that was passed on to the endpoint at which it listens.
    Status adopt(const std::vector<Endpoint>& endpoints, std::vector<int>& passed) {
        while (!passed.empty()) {
            const int socket = passed.back();
            std::optional<Failure> first;
            bool taken = false;
            for (std::size_t at = 0; at < endpoints.size() && !taken; ++at) {
                if (places[at]->passed >= 0)
                    continue;
                const auto there = listening_at(socket, listener, endpoints[at]);
                if (!there) {
                    if (!first)
                        first = there.failure();
                    continue;
                }
                places[at]->passed = socket;
                places[at]->port = there.value().port;
                taken = true;
            }
            if (!taken)
                return first.value_or(
                    failure("more sockets were passed on for " + std::string(key_of(listener)) +
                                " than it has places",
                            "leave one ListenStream= for each of them in the .socket units"));
            passed.pop_back();
        }
        return Done{};
    }

    void make_loops() {
        std::vector<ListeningSocket> sockets;
        for (const auto& place : places) {
            sockets.push_back(place->listening());
            const int fd = sockets.back().fd;
            fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        }
        const std::size_t wanted = capacity.loops > 0 ? capacity.loops : usable_cores();
        const std::size_t count = std::clamp<std::size_t>(wanted, 1, limits::loops_max);
        for (std::size_t i = 0; i < count; ++i)
            loops.push_back(std::make_unique<EventLoop>(
                sockets, listener, service,
                [this](std::function<void()> job) { return workers->enqueue(std::move(job)); },
                listener_counts, per_address, bodies,
                std::max<std::size_t>(capacity.connections_max / count, 1)));
    }

    /// `noexcept` ends the program if an event loop fails. A gate that serves nothing would look
    /// alive to everybody but its callers; a supervisor restarts one that has ended.
    static void run(EventLoop& loop) noexcept { loop.run(); }
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
    (void)end();
}

Result<std::unique_ptr<Server>> Server::open(Listener listener,
                                             const std::vector<Endpoint>& endpoints,
                                             std::vector<int> passed, Service& service,
                                             const Capacity& capacity) {
    auto state = std::make_unique<State>(listener, service, capacity);
    for (std::size_t at = 0; at < endpoints.size(); ++at)
        state->places.push_back(std::make_unique<BoundEndpoint>());
    const Status adopted = state->adopt(endpoints, passed);
    for (const int socket : passed)
        close(socket);
    if (!adopted)
        return adopted.failure();
    for (std::size_t at = 0; at < endpoints.size(); ++at)
        if (state->places[at]->passed < 0)
            if (Status bound = state->places[at]->bind(listener, endpoints[at]); !bound)
                return bound.failure();
    try {
        state->make_loops();
    } catch (const std::system_error& error) {
        return failure("cannot wait for connections: " + std::string(error.what()),
                       "see how many files this user may open: ulimit -n");
    }
    return std::unique_ptr<Server>(new Server(std::move(state)));
}

void Server::start() {
    bool started = false;
    try {
        state_->workers.emplace(limits::workers_per_listener, limits::workers_per_listener,
                                limits::work_queued_max);
        for (const auto& loop : state_->loops) {
            state_->listener_counts.accepting.fetch_add(1);
            state_->threads.emplace_back([&running = *loop] { State::run(running); });
        }
        started = true;
    } catch (const std::system_error&) {
    }
    HOURGATE_CHECK(started);
}

void Server::stop_accepting() {
    for (const auto& place : state_->places)
        place->remove_file();
    for (const auto& loop : state_->loops)
        loop->stop();
}

std::int64_t Server::in_flight() const noexcept {
    return state_->listener_counts.in_flight.load();
}

std::int64_t Server::finish(const Clock& clock, std::int64_t deadline_boot_us) {
    stop_accepting();
    // An event loop that has not begun to stop may still read a request.
    const auto under_way = [&] {
        return state_->listener_counts.accepting.load() > 0 || in_flight() > 0;
    };
    while (under_way() && clock.now().boot_us < deadline_boot_us)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return end();
}

/// Cuts the remaining requests. Event loops wait for their workers, so the pool is shut down after
/// them.
std::int64_t Server::end() {
    stop_accepting();
    for (const auto& loop : state_->loops)
        loop->cut();
    for (std::thread& thread : state_->threads)
        thread.join();
    state_->threads.clear();
    if (state_->workers)
        state_->workers->shutdown();
    state_->workers.reset();
    for (const auto& place : state_->places)
        place->close_socket();
    return state_->listener_counts.cut.load();
}

Server::Counts Server::counts() const noexcept {
    const ListenerCounts& shared = state_->listener_counts;
    Counts counts{static_cast<std::uint64_t>(shared.open.load()), shared.refused.load(),
                  shared.evicted.load()};
    for (const auto& loop : state_->loops) {
        const ByPhase some = loop->connections();
        for (std::size_t phase = 0; phase < phase_count; ++phase)
            counts.by_phase[phase] += some[phase];
    }
    return counts;
}

std::vector<std::uint16_t> Server::ports() const {
    std::vector<std::uint16_t> ports;
    for (const auto& place : state_->places)
        ports.push_back(place->port);
    return ports;
}

}  // namespace hourgate::http
