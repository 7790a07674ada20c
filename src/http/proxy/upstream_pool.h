// The API's side of a loop: connections to one upstream, kept alive in between, and the bytes of
// exchanges on them. Belongs to one loop and is used on its thread alone; what loops share about
// the upstream is in http/upstream.
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

/// What an event of epoll is about: its data points to one of these.
struct Mark {
    enum class Of : std::uint8_t { wake, listening, link, leg };
    explicit Mark(Of of_) noexcept : of(of_) {}
    const Of of;
};

class Forwarder;

/// A connection to the upstream, or the wish for one.
struct Leg final : Mark {
    explicit Leg(Forwarder& by_) noexcept : Mark(Of::leg), by(by_) {}
    ~Leg();
    Leg(const Leg&) = delete;
    Leg& operator=(const Leg&) = delete;

    /// Where it is listed. All in a list may wait equally long.
    enum class State : std::uint8_t {
        connecting,
        awaiting,   ///< an answer to begin
        streaming,  ///< the answer has begun
        settling,   ///< kept for the same caller alone, in case something follows its answer
        idle,       ///< kept for the next call
        closed,     ///< forgotten at the end of the turn: events may still name it
    };

    Forwarder& by;  ///< whose it is
    State state = State::connecting;
    int fd = -1;
    std::uint32_t interest = 0;  // what epoll tells of; 0: it does not know the connection
    std::shared_ptr<const Upstream::Place> place;
    std::size_t attempts = 0;  // to connect, for this exchange
    int error = 0;             // of the last attempt that failed; 0: it took too long
    bool used = false;         // it has carried an answer before
    std::size_t sent = 0;      // bytes of this exchange
    std::uint64_t caller = 0;  // whose connection the exchange, or the last one, belongs to
    bool readable = false;
    bool shut = false;             // our half of it is closed
    Exchange* exchange = nullptr;  // null when settling, idle or closed
    void* owner = nullptr;         // whose exchange it is
    std::int64_t began_ms = 0;     // the exchange
    std::int64_t began_us = 0;     // the same, of a clock of its own: see answer_time
    std::int64_t late_ms = 0;
    std::list<Leg>::iterator here;
};

class Forwarder {
public:
    /// Called for each granted call that failed behind the gate.
    using Failed = std::function<void(const Decision& granted, const UpstreamFailure& failure)>;

    /// `epoll` outlives it, and so does an `upstream` that nobody shares.
    Forwarder(Upstream& upstream, int epoll, Failed failed)
        : kept_(upstream.weak_from_this().lock()),
          upstream_(upstream),
          epoll_(epoll),
          failed_(std::move(failed)) {}
    ~Forwarder();
    Forwarder(const Forwarder&) = delete;
    Forwarder& operator=(const Forwarder&) = delete;

    [[nodiscard]] const Upstream& upstream() const noexcept { return upstream_; }
    /// Whether an exchange is under way.
    [[nodiscard]] bool busy() const noexcept;

    /// A connection for an exchange, into `leg`: one that is idle, or one that begins. It may have
    /// failed at once, and the exchange with it. `caller` numbers the caller's connection; no two
    /// have the same. Throws when there is no memory; `leg` is set then if anything knows of the
    /// exchange.
    void begin(Exchange& exchange, void* owner, std::uint64_t caller, Leg*& leg,
               std::int64_t now_ms);
    /// Sends and receives as far as that goes without waiting, a bounded part of it. Whether
    /// anything has changed for the caller's side.
    [[nodiscard]] bool pump(Leg& leg, std::int64_t now_ms);
    /// Bytes have moved on either side: it is not late for as long again.
    void progressed(Leg& leg, std::int64_t now_ms) noexcept;
    /// The exchange is over, or its caller gone: the connection is kept if it can be.
    void end(Leg& leg, std::int64_t now_ms) noexcept;

    /// What epoll says of a leg with an owner, whose exchange is to be gone on with.
    void on_event(Leg& leg, std::uint32_t events, std::int64_t now_ms);
    /// Closes one without: it has closed on its side, or says what nobody asked for, or is in the
    /// way.
    void drop(Leg& leg) noexcept;

    /// When the next leg is late, or streams are to be decided again; INT64_MAX: never.
    [[nodiscard]] std::int64_t next_ms() const noexcept;
    /// Fails the exchanges that are late; `visit` is called for the owner of each.
    void on_time(std::int64_t now_ms, const std::function<void(void*)>& visit);

    /// The calls of exchanges that have been under way for a while, to be decided again, once every
    /// limits::stream_check_ms; empty in between.
    [[nodiscard]] std::vector<std::shared_ptr<Passage>> to_be_checked(std::int64_t now_ms);
    /// Fails those that may go on no longer.
    void end_refused(std::int64_t now_ms, const std::function<void(void*)>& visit);

    /// Once a turn, after all events.
    void forget_closed() noexcept { legs_[index(Leg::State::closed)].clear(); }

private:
    static constexpr std::size_t index(Leg::State state) noexcept {
        return static_cast<std::size_t>(state);
    }
    [[nodiscard]] std::list<Leg>& of(Leg::State state) noexcept { return legs_[index(state)]; }
    [[nodiscard]] std::int64_t patience_ms(Leg::State state) const noexcept;
    void list(Leg& leg, Leg::State state, std::int64_t now_ms) noexcept;
    void expect(Leg& leg, std::uint32_t events) const;
    void ignore(Leg& leg) const noexcept;
    [[nodiscard]] const Upstream::Places& places();
    [[nodiscard]] Leg* idle_leg(const Upstream::Place& place, std::uint64_t caller) noexcept;
    [[nodiscard]] Leg* quiet_one(Leg::State from, const Upstream::Place& place,
                                 std::uint64_t caller) noexcept;
    [[nodiscard]] bool is_stray(const Leg& leg) const noexcept;
    void connect(Leg& leg, std::int64_t now_ms);
    void connected(Leg& leg, std::int64_t now_ms);
    void not_connected(Leg& leg, int error, std::int64_t now_ms);
    void lost(Leg& leg, std::int64_t now_ms);
    [[nodiscard]] bool send_some(Leg& leg);
    [[nodiscard]] bool receive_some(Leg& leg, std::int64_t now_ms);
    void hang_up(Leg& leg) noexcept;
    void end_slow(std::int64_t now_ms, const std::function<void(void*)>& visit);
    void fail(Leg& leg, UpstreamFault fault);
    void note(const Leg& leg, UpstreamFault fault);
    [[nodiscard]] std::string what(const Leg& leg, UpstreamFault fault) const;

    const std::shared_ptr<const Upstream> kept_;
    Upstream& upstream_;
    const int epoll_;
    const Failed failed_;
    std::array<std::list<Leg>, 6> legs_;              // by state, the next to be late in front
    std::shared_ptr<const Upstream::Places> places_;  // null: not asked for yet
    std::uint64_t places_version_ = 0;
    std::int64_t checked_ms_ = 0;
    std::array<char, 32'768> scratch_{};
};

}  // namespace hourgate::http
