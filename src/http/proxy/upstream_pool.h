// The connections of one event loop to one upstream. They are kept alive between calls and carry
// the bytes of exchanges. Threads: the event loop's only. http/proxy/upstream.h holds what event
// loops share about the upstream.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/kept_decision.h"
#include "http/proxy/exchange.h"
#include "http/proxy/upstream.h"

namespace hourgate::http {

/// The object that an epoll event refers to. The event's data points to it.
struct EpollTarget {
    enum class Kind : std::uint8_t { wake, listening, connection, upstream_connection };
    explicit EpollTarget(Kind kind_) noexcept : kind(kind_) {}
    const Kind kind;
};

class UpstreamPool;

/// The owner of an exchange. The pool only hands it back, and knows nothing else about it.
struct ExchangeOwner {};

/// A connection to the upstream, open or being opened.
struct UpstreamConnection final : EpollTarget {
    explicit UpstreamConnection(UpstreamPool& by_) noexcept
        : EpollTarget(Kind::upstream_connection), by(by_) {}
    ~UpstreamConnection();
    UpstreamConnection(const UpstreamConnection&) = delete;
    UpstreamConnection& operator=(const UpstreamConnection&) = delete;

    /// The list that holds the connection. All connections of a list may wait equally long.
    enum class State : std::uint8_t {
        connecting,
        awaiting,   ///< waits for a response to begin
        streaming,  ///< a response has begun
        settling,   ///< kept for the same client only, in case bytes follow the response
        idle,       ///< kept for the next call
        closed,     ///< removed at the end of the turn, since events may still refer to it
    };

    UpstreamPool& by;  ///< the pool that owns it
    State state = State::connecting;
    int fd = -1;
    std::uint32_t interest = 0;  // the events that epoll reports; 0: not registered
    std::shared_ptr<const Upstream::Target> target;
    std::size_t attempts = 0;  // attempts to connect, for this exchange
    int error = 0;             // of the last attempt that failed; 0: it timed out
    bool used = false;         // has carried a response before
    std::size_t sent = 0;      // bytes sent of this exchange
    std::uint64_t caller = 0;  // the client's connection of this exchange, or of the last one
    bool readable = false;
    bool shut = false;               // the write half is closed
    Exchange* exchange = nullptr;    // null when settling, idle or closed
    ExchangeOwner* owner = nullptr;  // of the exchange
    std::int64_t began_ms = 0;       // when the exchange began
    std::int64_t began_us = 0;       // the same in microseconds, for answer_time
    std::int64_t late_ms = 0;
    std::list<UpstreamConnection>::iterator here;
};

class UpstreamPool {
public:
    /// Called for each granted call that failed behind the gate.
    using Failed = std::function<void(const Decision& granted, const UpstreamFailure& failure)>;

    /// `epoll` outlives the pool, and so must an `upstream` that no shared_ptr owns.
    UpstreamPool(Upstream& upstream, int epoll, Failed failed)
        : kept_(upstream.weak_from_this().lock()),
          upstream_(upstream),
          epoll_(epoll),
          failed_(std::move(failed)) {}
    ~UpstreamPool();
    UpstreamPool(const UpstreamPool&) = delete;
    UpstreamPool& operator=(const UpstreamPool&) = delete;

    [[nodiscard]] const Upstream& upstream() const noexcept { return upstream_; }
    /// Returns true while any exchange is running.
    [[nodiscard]] bool busy() const noexcept;

    /// Sets `connection` to an idle connection, or opens a new one. The new connection may have
    /// failed already, and the exchange with it. `caller` is the unique number of the client's
    /// connection. Throws std::bad_alloc; `connection` is set then if it refers to the exchange.
    void begin(Exchange& exchange, ExchangeOwner& owner, std::uint64_t caller,
               UpstreamConnection*& connection, std::int64_t now_ms);
    /// Sends and receives a bounded number of bytes without waiting. Returns true if anything has
    /// changed for the caller's side.
    [[nodiscard]] bool pump(UpstreamConnection& connection, std::int64_t now_ms);
    /// Restarts the deadline for progress, because bytes have moved on either side.
    void progressed(UpstreamConnection& connection, std::int64_t now_ms) noexcept;
    /// Ends the exchange, because it is over or the client is gone. Keeps the connection if
    /// possible.
    void end(UpstreamConnection& connection, std::int64_t now_ms) noexcept;

    /// Handles an epoll event of a connection that has an owner. The owner must resume afterwards.
    void on_event(UpstreamConnection& connection, std::uint32_t events, std::int64_t now_ms);
    /// Closes a connection without an owner: the upstream has closed it or sent unexpected bytes,
    /// or another connection needs its descriptor.
    void drop(UpstreamConnection& connection) noexcept;

    /// Returns the next deadline or time of a recheck; INT64_MAX if there is none.
    [[nodiscard]] std::int64_t next_ms() const noexcept;
    /// Fails the exchanges that missed a deadline, and calls `resume` with the owner of each.
    void on_time(std::int64_t now_ms, const std::function<void(ExchangeOwner&)>& resume);

    /// Returns the calls of long exchanges, to be rechecked. Returns them once every
    /// limits::stream_check_ms, and none in between.
    [[nodiscard]] std::vector<std::shared_ptr<ForwardedCall>> to_be_checked(std::int64_t now_ms);
    /// Fails the exchanges whose recheck was refused, and calls `resume` with the owner of each.
    void end_refused(std::int64_t now_ms, const std::function<void(ExchangeOwner&)>& resume);

    /// Must be called once a turn, after all events.
    void forget_closed() noexcept {
        connections_[index(UpstreamConnection::State::closed)].clear();
    }

private:
    static constexpr std::size_t index(UpstreamConnection::State state) noexcept {
        return static_cast<std::size_t>(state);
    }
    [[nodiscard]] std::list<UpstreamConnection>& of(UpstreamConnection::State state) noexcept {
        return connections_[index(state)];
    }
    [[nodiscard]] std::int64_t patience_ms(UpstreamConnection::State state) const noexcept;
    void list(UpstreamConnection& connection, UpstreamConnection::State state,
              std::int64_t now_ms) noexcept;
    void expect(UpstreamConnection& connection, std::uint32_t events) const;
    void ignore(UpstreamConnection& connection) const noexcept;
    [[nodiscard]] const Upstream::Targets& targets();
    [[nodiscard]] UpstreamConnection* idle_connection(const Upstream::Target& target,
                                                      std::uint64_t caller) noexcept;
    [[nodiscard]] UpstreamConnection* quiet_one(UpstreamConnection::State from,
                                                const Upstream::Target& target,
                                                std::uint64_t caller) noexcept;
    [[nodiscard]] bool is_stray(const UpstreamConnection& connection) const noexcept;
    void connect(UpstreamConnection& connection, std::int64_t now_ms);
    void connected(UpstreamConnection& connection, std::int64_t now_ms);
    void not_connected(UpstreamConnection& connection, int error, std::int64_t now_ms);
    void lost(UpstreamConnection& connection, std::int64_t now_ms);
    [[nodiscard]] bool send_some(UpstreamConnection& connection);
    [[nodiscard]] bool receive_some(UpstreamConnection& connection, std::int64_t now_ms);
    void hang_up(UpstreamConnection& connection) noexcept;
    void end_slow(std::int64_t now_ms, const std::function<void(ExchangeOwner&)>& resume);
    void fail(UpstreamConnection& connection, UpstreamFault fault);
    void note(const UpstreamConnection& connection, UpstreamFault fault);
    [[nodiscard]] std::string what(const UpstreamConnection& connection, UpstreamFault fault) const;

    const std::shared_ptr<const Upstream> kept_;
    Upstream& upstream_;
    const int epoll_;
    const Failed failed_;
    // By state; the next deadline is in front.
    std::array<std::list<UpstreamConnection>, 6> connections_;
    std::shared_ptr<const Upstream::Targets> targets_;  // null until the first call
    std::uint64_t places_version_ = 0;
    std::int64_t checked_ms_ = 0;
    std::array<char, 32'768> scratch_{};
};

}  // namespace hourgate::http
