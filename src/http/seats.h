// Who holds a thread, who waits for one, and who has to give it back. While a connection has a
// thread of its own (until part 3), idle ones must not keep others waiting:
//   - whoever arrives when all seats are taken gets the seat of who has sat idle longest;
//   - while somebody waits, a connection that has had its turn is closed with its next answer
//     ("Connection: close"), and one that falls idle is closed when its turn is over.
// So nobody waits much longer than a turn, unless all are busy with one request each.
// All methods may be called from any thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace hourgate::http {

class Seats {
public:
    /// `count`: seats there are. The times are milliseconds: how long an idle connection may sit
    /// when nobody waits, and how long its turn is when somebody does.
    Seats(std::size_t count, std::int64_t idle_ms, std::int64_t turn_ms) noexcept
        : count_(count), idle_ms_(idle_ms), turn_ms_(turn_ms) {}

    void queue();    ///< a connection waits for a seat
    void unqueue();  ///< it was turned away

    /// It has one. False when all are being cut: it is to be closed at once.
    [[nodiscard]] bool sit(int socket);
    /// Between two requests. Returns how long to wait for the next one; 0: only one that has come.
    [[nodiscard]] std::int64_t rest(int socket);
    void work(int socket);                    ///< a request has begun to come
    [[nodiscard]] bool may_stay(int socket);  ///< whether the connection may be kept after it
    void part(int socket);                    ///< its last answer is out
    void rise(int socket);                    ///< before the socket is closed

    /// Idle connections are closed, others after the request they are at.
    void stop();
    /// Requests being answered, and connections waiting, each of which may carry one.
    [[nodiscard]] std::int64_t in_flight() const;
    /// Returns when nothing is in flight, or after `timeout_ms`.
    void await_calm(std::int64_t timeout_ms) const;
    /// Ends every connection, now and later.
    void cut();
    /// Requests that ended without an answer because of cut(). To be asked when all have risen.
    [[nodiscard]] std::int64_t cut_count() const;

private:
    enum class State : std::uint8_t { idle, working, parting };
    struct Seat {
        State state = State::idle;
        std::int64_t since_ms = 0;  // of this state
        std::int64_t turn_over_ms = 0;
    };

    void make_room();  // REQUIRES: mutex_
    void calm_down();  // REQUIRES: mutex_
    [[nodiscard]] std::int64_t busy() const noexcept { return working_ + queued_; }

    const std::size_t count_;
    const std::int64_t idle_ms_;
    const std::int64_t turn_ms_;

    mutable std::mutex mutex_;
    mutable std::condition_variable calm_;
    // guarded by mutex_:
    std::unordered_map<int, Seat> seats_;  // by socket
    std::int64_t queued_ = 0;
    std::int64_t working_ = 0;
    bool stopping_ = false;
    bool cutting_ = false;
    std::int64_t cut_count_ = 0;
};

}  // namespace hourgate::http
