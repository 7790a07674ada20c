// Listeners on cpp-httplib: sockets in, http::Service asked, answers out. Only this folder includes
// httplib, which binds, accepts and lends its threads; what is said on a connection is read and
// written by http/conversation, byte for byte (server.cpp says why). One thread per open connection
// for now, limits::threads_per_listener of them, and as many waiting as
// limits::connections_queued_max; more are closed without an answer. http/seats.h says how those
// who wait get a thread. The connection engine takes this seam over: it needs Service and nothing
// else.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/service.h"

namespace hourgate::http {

/// Where to listen. `path` set: a Unix socket (0660, an old socket file nobody listens on is
/// replaced); else host and port, port 0 for any free one.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
    std::string path;
};

class Server {
public:
    /// Binds at once, so that a taken port is known before the program says it is ready.
    /// Failure::system names the address and who might hold it: "127.0.0.1:8402 is taken by another
    /// process" and how to find it or which key to change.
    [[nodiscard]] static Result<std::unique_ptr<Server>> bind(Listener listener,
                                                              const Endpoint& endpoint,
                                                              Service& service);
    ~Server();

    /// Starts serving on a thread of its own.
    void start();
    /// Stops accepting at once; requests under way are finished.
    void stop_accepting();
    /// Requests being answered now.
    [[nodiscard]] std::int64_t in_flight() const noexcept;
    /// Waits until nothing is in flight or until `deadline_boot_us`, cuts what is left, joins.
    /// Returns how many requests were cut.
    std::int64_t finish(const Clock& clock, std::int64_t deadline_boot_us);

    [[nodiscard]] std::uint16_t port() const noexcept;  ///< the one bound; 0 for a Unix socket

private:
    struct State;
    explicit Server(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hourgate::http
