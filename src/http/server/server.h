// Listeners: the sockets that cpp-httplib binds, the loops that serve them
// (http/server/event_loop.h), and the library's bounded thread pool for work that may take longer.
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

/// How much of the machine a listener may take.
struct Capacity {
    std::size_t connections_max = limits::connections_max;
    std::size_t loops = 0;  ///< threads that move bytes; 0: one for each core it may run on
    /// Of one client address (IPv6: per /64); those of a Unix socket, or in `exempt`, aside.
    std::size_t connections_per_address_max = limits::connections_max;
    AddressSet exempt = {};
};

class Server {
public:
    /// Listens at each of `endpoints`. Binds at once, so that a taken port is known before the
    /// program says it is ready. An old socket file that nobody listens on is replaced.
    /// Failure::system names the address and who might hold it: "127.0.0.1:8402 is taken by another
    /// process" and how to find it or which key to change.
    ///
    /// `passed` are sockets that were passed on. Each must listen at one of `endpoints`; otherwise
    /// Failure::system says where it listens (http/wire/endpoint.h). The server owns them from now
    /// on, also on failure. It closes them and never shuts them down, so connections that it did
    /// not accept wait for the next process that has the socket, and a Unix socket keeps its file.
    /// REQUIRES: at least one endpoint.
    [[nodiscard]] static Result<std::unique_ptr<Server>> open(
        Listener listener, const std::vector<Endpoint>& endpoints, std::vector<int> passed,
        Service& service, const Capacity& capacity = {});
    /// The same at one endpoint, where nothing was passed on.
    [[nodiscard]] static Result<std::unique_ptr<Server>> bind(Listener listener,
                                                              const Endpoint& endpoint,
                                                              Service& service,
                                                              const Capacity& capacity = {}) {
        return open(listener, {endpoint}, {}, service, capacity);
    }
    ~Server();

    /// Starts serving, on threads of its own.
    void start();
    /// Stops accepting at once; requests under way, and those new connections bring, are finished.
    void stop_accepting();
    /// Requests that are coming or being answered.
    [[nodiscard]] std::int64_t in_flight() const noexcept;
    /// Waits until nothing is in flight or until `deadline_boot_us`, cuts what is left, joins.
    /// Returns how many requests were cut.
    std::int64_t finish(const Clock& clock, std::int64_t deadline_boot_us);

    /// Connections: open now; told 503 on arrival, and ended early to make room, since the start.
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
