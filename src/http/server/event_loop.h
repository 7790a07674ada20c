// One thread that moves the bytes of many connections (epoll, level-triggered). It accepts, reads,
// writes and keeps the deadlines; a Session decides what is written. Workers do whatever may take
// long, so that no connection waits for another one. A worker gets a whole request and never waits
// for a client.
//
// Each connection is in the list of its phase. All connections of a list may wait equally long, so
// the first one always has the next deadline. A new deadline costs one move to the end of a list.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "http/server/per_address_limit.h"
#include "http/server/session.h"
#include "http/service.h"

namespace hourgate::http {

/// The number of connections in each Session::Phase.
using ByPhase = std::array<std::uint64_t, phase_count>;

/// What the event loops of a listener share. Threads: any.
struct ListenerCounts {
    std::atomic<std::int64_t> in_flight{0};  ///< requests that are arriving or being answered
    std::atomic<std::int64_t> cut{0};        ///< requests that ended without a response
    std::atomic<bool> ending{false};  ///< every response from now on is the last on its connection
    std::atomic<int> accepting{0};    ///< running event loops that have not yet handled stop()
    std::atomic<std::int64_t> open{0};      ///< open connections
    std::atomic<std::uint64_t> refused{0};  ///< connections that got 503 on arrival
    std::atomic<std::uint64_t> evicted{0};  ///< connections closed to free a slot for others
};

/// A listening socket, and what happens to it when the event loops stop.
struct ListeningSocket {
    enum class After : std::uint8_t {
        shut,   ///< no process listens any more: later connections are refused
        lives,  ///< another process takes it over: later connections are queued for it
    };
    int fd = -1;
    After after = After::shut;
};

class EventLoop {
public:
    /// Queues a job for another thread. Returns false if the queue is full.
    using Workers = std::function<bool(std::function<void()>)>;

    /// Serves the sockets in `listening`, which must be non-blocking. The caller owns them and
    /// everything else that event loops share. `per_address` limits connections: if an address is
    /// at its limit, a new connection evicts that address's longest-idle one, or gets 503. `bodies`
    /// limits forwarded calls whose body has not arrived completely: if an address is at its limit,
    /// the next such call gets 503. The event loop has at most `connections_max` connections. A
    /// further one evicts the one that has been idle longest, then the one that has been slowest to
    /// send a request, or gets 503. Throws std::system_error if the kernel has no descriptor left.
    EventLoop(const std::vector<ListeningSocket>& listening, Listener listener, Service& service,
              Workers workers, ListenerCounts& counts, PerAddressLimit& per_address,
              PerAddressLimit& bodies, std::size_t connections_max);
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Serves until cut(), or until stop() was called and the last connection has ended.
    void run();

    /// Stops accepting. Connections that have already arrived are accepted first, unless another
    /// process takes over the socket. Closes idle connections at once, and others after their
    /// current request. A new connection has one second to send its first request. Every response
    /// announces that the connection closes. Threads: any.
    void stop() noexcept;
    /// Closes every connection. run() returns once the workers have finished. Threads: any.
    void cut() noexcept;

    /// Returns the connections by phase at the end of the last turn. Threads: any.
    [[nodiscard]] ByPhase connections() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hourgate::http
