// The connections of one event loop to one upstream: they are kept alive between calls and carry
// the bytes of exchanges. A pool is used on the thread of its loop only. What loops share about the
// upstream is in http/proxy/upstream.h.
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

/// What an epoll event is about. The event's data points to one of these.
struct EpollTarget {
    enum class Kind : std::uint8_t { wake, listening, connection, upstream_connection };
    explicit EpollTarget(Kind kind_) noexcept : kind(kind_) {}
    const Kind kind;
};

class UpstreamPool;

/// The owner of an exchange. The pool hands it back and knows nothing else about it.
struct ExchangeOwner {};

/// A connection to the upstream, or one that is being made.
struct UpstreamConnection final : EpollTarget {
    explicit UpstreamConnection(UpstreamPool& by_) noexcept
        : EpollTarget(Kind::upstream_connection), by(by_) {}
    ~UpstreamConnection();
    UpstreamConnection(const UpstreamConnection&) = delete;
    UpstreamConnection& operator=(const UpstreamConnection&) = delete;

    /// Where it is listed. All in a list may wait equally long.
    enum class State : std::uint8_t {
        connecting,
        awaiting,   ///< an answer to begin
        streaming,  ///< the answer has begun
        settling,   ///< kept for the same caller alone, in case something follows its answer
        idle,       ///< kept for the next call
        closed,     ///< forgotten at the end of the turn: events may still name it
    };

    UpstreamPool& by;  ///< whose it is
    State state = State::connecting;
    int fd = -1;
    std::uint32_t interest = 0;  // what epoll tells of; 0: it does not know the connection
    std::shared_ptr<const Upstream::Target> target;
    std::size_t attempts = 0;  // to connect, for this exchange
    int error = 0;             // of the last attempt that failed; 0: it took too long
    bool used = false;         // it has carried an answer before
    std::size_t sent = 0;      // bytes of this exchange
    std::uint64_t caller = 0;  // whose connection the exchange, or the last one, belongs to
    bool readable = false;
    bool shut = false;               // our half of it is closed
    Exchange* exchange = nullptr;    // null when settling, idle or closed
    ExchangeOwner* owner = nullptr;  // of the exchange
    std::int64_t began_ms = 0;       // the exchange
    std::int64_t began_us = 0;       // the same, of a clock of its own: see answer_time
    std::int64_t late_ms = 0;
    std::list<UpstreamConnection>::iterator here;
};

class UpstreamPool {
public:
    /// Called for each granted call that failed behind the gate.
    using Failed = std::function<void(const Decision& granted, const UpstreamFailure& failure)>;

    /// `epoll` outlives it, and so does an `upstream` that nobody shares.
    UpstreamPool(Upstream& upstream, int epoll, Failed failed)
        : kept_(upstream.weak_from_this().lock()),
          upstream_(upstream),
          epoll_(epoll),
          failed_(std::move(failed)) {}
    ~UpstreamPool();
    UpstreamPool(const UpstreamPool&) = delete;
    UpstreamPool& operator=(const UpstreamPool&) = delete;

    [[nodiscard]] const Upstream& upstream() const noexcept { return upstream_; }
    /// Whether an exchange is under way.
    [[nodiscard]] bool busy() const noexcept;

    /// Sets `connection` to an idle connection, or begins a new one. A new one may have failed
    /// already, and the exchange with it. `caller` is the number of the caller's connection; no two
    /// have the same. Throws std::bad_alloc; `connection` is set then if it knows the exchange.
    void begin(Exchange& exchange, ExchangeOwner& owner, std::uint64_t caller,
               UpstreamConnection*& connection, std::int64_t now_ms);
    /// Sends and receives a bounded number of bytes without waiting. Returns true if anything has
    /// changed for the caller's side.
    [[nodiscard]] bool pump(UpstreamConnection& connection, std::int64_t now_ms);
    /// Starts the time for progress again, because bytes have moved on either side.
    void progressed(UpstreamConnection& connection, std::int64_t now_ms) noexcept;
    /// Ends the exchange: it is over, or its caller is gone. Keeps the connection if possible.
    void end(UpstreamConnection& connection, std::int64_t now_ms) noexcept;

    /// Handles an epoll event of a connection that has an owner; the owner must continue then.
    void on_event(UpstreamConnection& connection, std::uint32_t events, std::int64_t now_ms);
    /// Closes a connection without an owner: the upstream has closed it, has sent bytes that nobody
    /// asked for, or another connection needs room.
    void drop(UpstreamConnection& connection) noexcept;

    /// Returns when the next connection is late or streams must be decided again; INT64_MAX: never.
    [[nodiscard]] std::int64_t next_ms() const noexcept;
    /// Fails the exchanges that are late, and calls `visit` with the owner of each.
    void on_time(std::int64_t now_ms, const std::function<void(ExchangeOwner&)>& resume);

    /// The calls of exchanges that have been under way for a while, to be decided again, once every
    /// limits::stream_check_ms; empty in between.
    [[nodiscard]] std::vector<std::shared_ptr<ForwardedCall>> to_be_checked(std::int64_t now_ms);
    /// Fails those that may go on no longer.
    void end_refused(std::int64_t now_ms, const std::function<void(ExchangeOwner&)>& resume);

    /// Once a turn, after all events.
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
    std::array<std::list<UpstreamConnection>, 6>
        connections_;                                   // by state, the next to be late in front
    std::shared_ptr<const Upstream::Targets> targets_;  // null: not asked for yet
    std::uint64_t places_version_ = 0;
    std::int64_t checked_ms_ = 0;
    std::array<char, 32'768> scratch_{};
};

}  // namespace hourgate::http
