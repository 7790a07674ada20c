#include "http/seats.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>

namespace hourgate::http {

namespace {

std::int64_t now_ms() noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

void Seats::queue() {
    const std::lock_guard lock(mutex_);
    ++queued_;
    if (seats_.size() >= count_)
        make_room();
}

void Seats::unqueue() {
    const std::lock_guard lock(mutex_);
    --queued_;
    calm_down();
}

/// Wakes the thread of who has been idle longest: it finds the end of its connection, unless a
/// request has just come, which is answered first.
void Seats::make_room() {
    auto longest = seats_.end();
    for (auto seat = seats_.begin(); seat != seats_.end(); ++seat) {
        if (seat->second.state != State::idle)
            continue;
        if (longest == seats_.end() || seat->second.since_ms < longest->second.since_ms)
            longest = seat;
    }
    if (longest == seats_.end())
        return;
    longest->second.state = State::parting;
    shutdown(longest->first, SHUT_RD);
}

bool Seats::sit(int socket) {
    const std::lock_guard lock(mutex_);
    --queued_;
    calm_down();
    if (cutting_) {
        ++cut_count_;
        return false;
    }
    const std::int64_t now = now_ms();
    seats_[socket] = {State::idle, now, now + turn_ms_};
    return true;
}

std::int64_t Seats::rest(int socket) {
    const std::lock_guard lock(mutex_);
    Seat& seat = seats_[socket];
    if (seat.state == State::working)
        --working_;
    const std::int64_t now = now_ms();
    seat.state = State::idle;
    seat.since_ms = now;
    calm_down();
    if (stopping_)
        return 0;
    return queued_ > 0 ? std::max<std::int64_t>(seat.turn_over_ms - now, 0) : idle_ms_;
}

void Seats::work(int socket) {
    const std::lock_guard lock(mutex_);
    Seat& seat = seats_[socket];
    seat.state = State::working;
    ++working_;
}

bool Seats::may_stay(int socket) {
    const std::lock_guard lock(mutex_);
    return !stopping_ && (queued_ == 0 || now_ms() < seats_[socket].turn_over_ms);
}

void Seats::part(int socket) {
    const std::lock_guard lock(mutex_);
    Seat& seat = seats_[socket];
    if (seat.state == State::working)
        --working_;
    seat.state = State::parting;
    calm_down();
}

void Seats::rise(int socket) {
    const std::lock_guard lock(mutex_);
    const auto seat = seats_.find(socket);
    if (seat == seats_.end())
        return;
    if (seat->second.state == State::working) {
        --working_;
        if (cutting_)
            ++cut_count_;
    }
    seats_.erase(seat);
    calm_down();
}

void Seats::stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (auto& [socket, seat] : seats_)
        if (seat.state == State::idle)
            shutdown(socket, SHUT_RD);
}

std::int64_t Seats::in_flight() const {
    const std::lock_guard lock(mutex_);
    return busy();
}

void Seats::calm_down() {
    if (busy() == 0)
        calm_.notify_all();
}

void Seats::await_calm(std::int64_t timeout_ms) const {
    std::unique_lock lock(mutex_);
    calm_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return busy() == 0; });
}

void Seats::cut() {
    const std::lock_guard lock(mutex_);
    stopping_ = cutting_ = true;
    for (const auto& [socket, seat] : seats_)
        shutdown(socket, SHUT_RDWR);
}

std::int64_t Seats::cut_count() const {
    const std::lock_guard lock(mutex_);
    return cut_count_;
}

}  // namespace hourgate::http
