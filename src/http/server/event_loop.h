// One thread that moves the bytes of many connections (epoll, level-triggered). It accepts, reads,
// writes and keeps the time; what is said is the Dialogue's. Work that may take long is done by the
// workers, so that no connection waits for another's, and no worker ever waits for a peer: it gets
// a request that is there as a whole.
//
// A connection waits in the list of its phase. All in a list may wait equally long, so the one at
// the front is always the next to be late: a deadline costs one move to the back of a list.
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

/// How many connections are in each Dialogue::Phase.
using ByPhase = std::array<std::uint64_t, phase_count>;

/// What the loops of a listener share. Any thread.
struct Tally {
    std::atomic<std::int64_t> in_flight{0};  ///< requests that are coming or being answered
    std::atomic<std::int64_t> cut{0};        ///< requests that ended without an answer
    std::atomic<bool> ending{false};         ///< every answer from now on is its connection's last
    std::atomic<int> accepting{0};           ///< loops that run and have not heard of that
    std::atomic<std::int64_t> open{0};       ///< connections
    std::atomic<std::uint64_t> refused{0};   ///< connections told 503 on arrival
    std::atomic<std::uint64_t> evicted{0};   ///< connections ended early, to make room for others
};

/// A socket that listens, and what becomes of it when the loops stop.
struct ListeningSocket {
    enum class After : std::uint8_t {
        shut,   ///< nobody listens any more: who still comes is refused, rather than left waiting
        lives,  ///< another process goes on with it: who still comes waits for that
    };
    int fd = -1;
    After after = After::shut;
};

class Loop {
public:
    /// Runs a job on another thread soon. False: there is no room for it.
    using Workers = std::function<bool(std::function<void()>)>;

    /// `listening` are non-blocking and stay the caller's, as what it shares with other loops does:
    /// themselves, the tally and the crowds. `bodies` counts calls to the API whose bodies have not
    /// come as a whole: one more of an address that has all it may have is answered 503. Who
    /// arrives from an address that has all the connections it may have gets the place of that
    /// address' connection that has been idle longest; else a 503. At most `connections_max`
    /// connections at a time: who arrives after that gets the place of who has been idle longest,
    /// then of who has been slowest to send a request; else a 503.
    /// Throws std::system_error when the kernel has no descriptor left.
    Loop(const std::vector<ListeningSocket>& listening, Listener listener, Service& service,
         Workers workers, Tally& tally, Crowd& crowd, Crowd& bodies,
         std::size_t connections_max);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Serves until cut(), or until stop() and the last connection has ended. On its own thread.
    void run();

    /// From any thread: accepts what has arrived, unless another process will, then no more. Idle
    /// connections are closed, others after the request they are at; one that was made and not yet
    /// used is given a second to send its first. Answers say so at once, those of other loops, too.
    void stop() noexcept;
    /// From any thread: closes every connection. run() returns when the workers are done with what
    /// they have.
    void cut() noexcept;

    /// Connections by Dialogue::Phase, as of the end of the last turn. Any thread.
    [[nodiscard]] ByPhase connections() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hourgate::http
