// Listeners: the sockets that cpp-httplib binds, the event loops that serve them
// (http/server/event_loop.h), and the library's bounded thread pool for longer work.
// http/server/session.h reads and writes every byte of a connection; server.cpp says why.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "http/server/event_loop.h"
#include "http/service.h"
#include "http/wire/endpoint.h"

namespace hourgate::http {

/// How much of the machine a listener may use.
struct Capacity {
    std::size_t connections_max = limits::connections_max;
    std::size_t loops = 0;  ///< event loops; 0: one for each core that the process may use
    /// The limit for one client address (IPv6: per /64). Unix sockets and addresses in `exempt`
    /// have none.
    std::size_t connections_per_address_max = limits::connections_max;
    AddressSet exempt = {};
};

class Server {
public:
    /// Listens at each of `endpoints`. Binds at once, so that a taken port is known before the
    /// program reports that it is ready. Replaces an old socket file that no process listens on.
    /// Failure::system names the address and the likely cause ("127.0.0.1:8402 is taken by another
    /// process"), and says how to find it or which key to change.
    ///
    /// `passed` are sockets that were passed on by another process. Each must listen at one of
    /// `endpoints`; otherwise Failure::system says where it listens (http/wire/endpoint.h). The
    /// server owns them from now on, also on failure. It closes them but never shuts them down.
    /// Connections that it did not accept are thus queued for the next process that has the socket,
    /// and a Unix socket keeps its file. REQUIRES: at least one endpoint.
    [[nodiscard]] static Result<std::unique_ptr<Server>> open(
        Listener listener, const std::vector<Endpoint>& endpoints, std::vector<int> passed,
        Service& service, const Capacity& capacity = {});
    /// Opens one endpoint, without sockets that were passed on.
    [[nodiscard]] static Result<std::unique_ptr<Server>> bind(Listener listener,
                                                              const Endpoint& endpoint,
                                                              Service& service,
                                                              const Capacity& capacity = {}) {
        return open(listener, {endpoint}, {}, service, capacity);
    }
    ~Server();

    /// Starts the event loops, each on its own thread.
    void start();
    /// Stops accepting at once. Current requests, and those that new connections bring, are
    /// finished.
    void stop_accepting();
    /// Returns how many requests are arriving or being answered.
    [[nodiscard]] std::int64_t in_flight() const noexcept;
    /// Waits until no request is in flight or until `deadline_boot_us`. Then cuts the remaining
    /// requests and joins the threads. Returns how many requests were cut.
    std::int64_t finish(const Clock& clock, std::int64_t deadline_boot_us);

    /// Counts of connections. `refused` (503 on arrival) and `evicted` (closed to free a slot)
    /// count since the start.
    struct Counts {
        std::uint64_t open = 0;
        std::uint64_t refused = 0;
        std::uint64_t evicted = 0;
        ByPhase by_phase{};  ///< those open, as each loop had them a moment ago
    };
    [[nodiscard]] Counts counts() const noexcept;

    /// The ports in the order of the endpoints; 0 for a Unix socket.
    [[nodiscard]] std::vector<std::uint16_t> ports() const;
    /// That of the first endpoint.
    [[nodiscard]] std::uint16_t port() const { return ports().front(); }

private:
    struct State;
    std::int64_t end();
    explicit Server(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hourgate::http
