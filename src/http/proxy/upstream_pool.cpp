#include "http/proxy/upstream_pool.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "base/check.h"
#include "base/limits.h"
#include "http/decision/reply.h"
#include "http/decision/request_refusals.h"

namespace hourgate::http {

namespace {

using State = Leg::State;

constexpr std::int64_t never_ms = INT64_MAX;
constexpr std::array<State, 3> with_exchange = {State::connecting, State::awaiting,
                                                State::streaming};

Answer too_few_descriptors(const ErrorFrame& frame) {
    Answer answer = plain_error(503, "unavailable", "too_busy",
                                "The gate has no room for another connection to the API.",
                                "Send the call again in a second.", frame);
    answer.headers.push_back({"Retry-After", "1"});
    return answer;
}

Answer body_too_slow(const ErrorFrame& frame) {
    return plain_error(408, "bad_request", "timed_out",
                       "The body of the request came too slowly, or not at all.",
                       "Send at least " + std::to_string(limits::body_bytes_per_s_min) +
                           " bytes a second, and pause for less than " +
                           std::to_string(limits::body_pause_ms / 1'000) + " s.",
                       frame);
}

Answer too_long(const ErrorFrame& frame) {
    return plain_error(408, "bad_request", "timed_out", "The call took longer than a call may.",
                       "Send it in parts.", frame);
}

std::int64_t steady_us() noexcept {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// Nothing has come on it, and it is not closed.
bool is_quiet(int fd) noexcept {
    char byte = 0;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

Leg::~Leg() {
    if (fd >= 0)
        close(fd);
}

Forwarder::~Forwarder() {
    for (const auto& legs : legs_)
        for (const Leg& leg : legs)
            upstream_.counts.open.fetch_sub(leg.fd >= 0 ? 1 : 0);
}

bool Forwarder::busy() const noexcept {
    return std::any_of(with_exchange.begin(), with_exchange.end(),
                       [&](State state) { return !legs_[index(state)].empty(); });
}

// --- lists ---------------------------------------------------------------------------------------

std::int64_t Forwarder::patience_ms(State state) const noexcept {
    switch (state) {
        case State::connecting:
            return upstream_.settings().connect_ms;
        case State::awaiting:
            return upstream_.settings().answer_ms;
        case State::streaming:
            return upstream_.settings().idle_ms;
        case State::settling:
            return limits::upstream_settle_ms;
        case State::idle:
            return limits::upstream_idle_ms;
        case State::closed:
            break;
    }
    return never_ms;
}

/// Its time begins again.
void Forwarder::list(Leg& leg, State state, std::int64_t now_ms) noexcept {
    auto& to = of(state);
    to.splice(to.end(), of(leg.state), leg.here);
    leg.state = state;
    leg.late_ms = state == State::closed ? never_ms : now_ms + patience_ms(state);
}

void Forwarder::expect(Leg& leg, std::uint32_t events) const {
    // Of an end it is told in any case; they are written down so that 0 means: not known to epoll.
    const std::uint32_t wanted = events | EPOLLERR | EPOLLHUP;
    if (leg.interest == wanted)
        return;
    epoll_event event{};
    event.events = wanted;
    event.data.ptr = static_cast<Mark*>(&leg);
    const int operation = leg.interest == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (epoll_ctl(epoll_, operation, leg.fd, &event) != 0)
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    leg.interest = wanted;
}

/// An end that cannot be looked at yet would wake the loop without end.
void Forwarder::ignore(Leg& leg) const noexcept {
    if (leg.interest != 0)
        (void)epoll_ctl(epoll_, EPOLL_CTL_DEL, leg.fd, nullptr);
    leg.interest = 0;
}

void Forwarder::hang_up(Leg& leg) noexcept {
    if (leg.fd < 0)
        return;
    close(leg.fd);
    upstream_.counts.open.fetch_sub(1);
    leg.fd = -1;
    leg.interest = 0;
    leg.readable = leg.shut = false;
}

// --- connections ---------------------------------------------------------------------------------

void Forwarder::begin(Exchange& exchange, void* owner, std::uint64_t caller, Leg*& leg,
                      std::int64_t now_ms) {
    std::shared_ptr<const Upstream::Place> place = upstream_.pick(places(), now_ms);
    leg = idle_leg(*place, caller);
    const bool anew = leg == nullptr;
    if (anew) {
        auto& connecting = of(State::connecting);
        leg = &connecting.emplace_back(*this);
        leg->here = std::prev(connecting.end());
        leg->place = std::move(place);
    }
    leg->exchange = &exchange;
    leg->owner = owner;
    leg->caller = caller;
    leg->sent = 0;
    leg->began_ms = now_ms;
    leg->began_us = steady_us();  // `now_ms` is when the turn began: too coarse for a quick API
    leg->attempts = 0;
    if (anew)
        return connect(*leg, now_ms);
    list(*leg, State::awaiting, now_ms);
}

/// As the upstream has them now; it is asked only when they have changed.
const Upstream::Places& Forwarder::places() {
    if (const std::uint64_t version = upstream_.version(); version != places_version_) {
        places_ = upstream_.places();
        places_version_ = version;
    }
    return *places_;
}

Leg* Forwarder::idle_leg(const Upstream::Place& place, std::uint64_t caller) noexcept {
    if (Leg* const leg = quiet_one(State::settling, place, caller))
        return leg;
    return quiet_one(State::idle, place, caller);
}

/// Returns the one used last (the others grow old and go), or null. One that has closed, or on
/// which something has come, is dropped: nobody asked for that, so it is nobody's answer.
Leg* Forwarder::quiet_one(State from, const Upstream::Place& place, std::uint64_t caller) noexcept {
    auto& legs = of(from);
    for (auto at = legs.end(); at != legs.begin();) {
        Leg& leg = *--at;
        if (leg.place.get() != &place || (from == State::settling && leg.caller != caller))
            continue;
        if (is_quiet(leg.fd))
            return &leg;
        ++at;
        drop(leg);
    }
    return nullptr;
}

void Forwarder::connect(Leg& leg, std::int64_t now_ms) {
    ++leg.attempts;
    leg.used = false;
    leg.sent = 0;
    list(leg, State::connecting, now_ms);
    const SocketAddress& at = leg.place->at;
    if (!leg.place->has_address())
        return not_connected(leg, 0, now_ms);
    const int family = at.address.ss_family;
    const auto open = [family] {
        return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    };
    leg.fd = open();
    for (const State kept : {State::idle, State::settling}) {
        if (leg.fd >= 0 || of(kept).empty())
            continue;
        drop(of(kept).front());  // another address' connection makes room, or another caller's
        leg.fd = open();
    }
    if (leg.fd < 0)
        return leg.exchange->fail(too_few_descriptors(frame_of(*leg.exchange->passage())));
    upstream_.counts.open.fetch_add(1);
    if (family != AF_UNIX) {
        const int on = 1;
        (void)setsockopt(leg.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    const auto* address = reinterpret_cast<const sockaddr*>(&at.address);
    if (::connect(leg.fd, address, at.size) == 0)
        return connected(leg, now_ms);
    if (errno != EINPROGRESS)
        return not_connected(leg, errno, now_ms);
    try {
        expect(leg, EPOLLOUT);
    } catch (const std::system_error&) {  // it may be another address' turn, outside of any call
        leg.exchange->fail(too_few_descriptors(frame_of(*leg.exchange->passage())));
    }
}

void Forwarder::connected(Leg& leg, std::int64_t now_ms) {
    Upstream::worked(*leg.place);
    list(leg, State::awaiting, now_ms);
}

/// Nothing was sent, so the next address may be asked whatever the call is.
void Forwarder::not_connected(Leg& leg, int error, std::int64_t now_ms) {
    leg.error = error;
    hang_up(leg);
    upstream_.failed(*leg.place, now_ms);
    if (leg.attempts >= places().size()) {
        fail(leg, UpstreamFault::unreachable);
        return;
    }
    upstream_.counts.retried.fetch_add(1);
    leg.place = upstream_.pick(places(), now_ms, leg.place.get());
    connect(leg, now_ms);
}

/// The connection ended before the answer did.
void Forwarder::lost(Leg& leg, std::int64_t now_ms) {
    Exchange& exchange = *leg.exchange;
    hang_up(leg);
    // An API that ends every connection at once must not be tried without end.
    if (leg.attempts <= places().size() && exchange.may_start_over(leg.used)) {
        upstream_.counts.retried.fetch_add(1);
        exchange.start_over();
        connect(leg, now_ms);
        return;
    }
    if (!exchange.answering())
        upstream_.failed(*leg.place, now_ms);
    exchange.upstream_ended();
    if (exchange.broke())
        note(leg, UpstreamFault::broken);
}

void Forwarder::end(Leg& leg, std::int64_t now_ms) noexcept {
    Exchange& exchange = *leg.exchange;
    if (exchange.answered() && !exchange.broken())
        upstream_.counts.forwarded.fetch_add(1, std::memory_order_relaxed);
    const State kept = exchange.bodiless() ? State::settling : State::idle;
    const std::size_t settling = of(State::settling).size();
    const bool keep = leg.fd >= 0 && exchange.answered() && exchange.keeps_upstream() &&
                      of(State::idle).size() + settling < limits::upstream_idle_connections &&
                      (kept == State::idle || settling < limits::upstream_settling_connections);
    leg.exchange = nullptr;
    leg.owner = nullptr;
    leg.used = true;
    leg.readable = false;
    if (keep) {
        try {
            expect(leg, EPOLLIN);
            return list(leg, kept, now_ms);
        } catch (...) {
        }
    }
    hang_up(leg);
    list(leg, State::closed, now_ms);
}

// --- bytes ---------------------------------------------------------------------------------------

bool Forwarder::pump(Leg& leg, std::int64_t now_ms) {
    if (leg.state == State::connecting || leg.state == State::closed || leg.fd < 0)
        return false;
    bool moved = send_some(leg);
    if (leg.fd >= 0 && leg.state != State::connecting)
        moved |= receive_some(leg, now_ms);
    if (leg.fd < 0 || leg.state == State::connecting)
        return true;  // it has ended, or begins again
    Exchange& exchange = *leg.exchange;
    if (leg.readable)
        ignore(leg);
    else
        expect(leg, (exchange.upstream_room() > 0 ? std::uint32_t{EPOLLIN} : 0U) |
                        (exchange.to_upstream().empty() ? 0U : std::uint32_t{EPOLLOUT}));
    return moved;
}

void Forwarder::progressed(Leg& leg, std::int64_t now_ms) noexcept {
    if (leg.state == State::awaiting || leg.state == State::streaming)
        list(leg, leg.exchange->answering() ? State::streaming : State::awaiting, now_ms);
}

bool Forwarder::send_some(Leg& leg) {
    Exchange& exchange = *leg.exchange;
    bool moved = false;
    while (!exchange.to_upstream().empty() && !exchange.over()) {
        const std::string_view bytes = exchange.to_upstream();
        const ssize_t sent = send(leg.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return moved;
        if (sent < 0) {
            leg.readable = true;  // what it said before it stopped reading is still to be had
            return moved;
        }
        exchange.sent_upstream(static_cast<std::size_t>(sent));
        leg.sent += static_cast<std::size_t>(sent);
        moved = true;
    }
    if (exchange.closes_upstream() && !leg.shut) {
        shutdown(leg.fd, SHUT_WR);
        leg.shut = true;
    }
    return moved;
}

/// Whether what has come on a connection that was used before was sent before the API had a byte of
/// this call: it belongs to an earlier one. TCP tells: an API that answers a request has
/// acknowledged it. What an API sends out of turn after that looks like the answer, and nobody can
/// tell.
/// REQUIRES: something has come.
bool Forwarder::is_stray(const Leg& leg) const noexcept {
    if (!leg.used || leg.exchange->heard())
        return false;
    if (leg.sent == 0)
        return true;
    int unacknowledged = 0;
    return leg.place->at.address.ss_family != AF_UNIX &&
           ioctl(leg.fd, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0 &&
           static_cast<std::size_t>(unacknowledged) >= leg.sent;
}

bool Forwarder::receive_some(Leg& leg, std::int64_t now_ms) {
    Exchange& exchange = *leg.exchange;
    const std::size_t room = std::min(scratch_.size(), exchange.upstream_room());
    if (!leg.readable || room == 0 || exchange.over())
        return false;
    leg.readable = false;  // if there is more, epoll says so again
    if (is_stray(leg)) {
        lost(leg, now_ms);
        return true;
    }
    const ssize_t got = recv(leg.fd, scratch_.data(), room, 0);
    if (got > 0) {
        const bool awaited = !exchange.answering();
        exchange.from_upstream({scratch_.data(), static_cast<std::size_t>(got)});
        if (awaited && exchange.answering())
            upstream_.counts.answer_time.observe(steady_us() - leg.began_us);
        if (exchange.broke()) {
            note(leg, UpstreamFault::broken);
            hang_up(leg);
        }
        return true;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    lost(leg, now_ms);
    return true;
}

void Forwarder::on_event(Leg& leg, std::uint32_t events, std::int64_t now_ms) {
    if (leg.state != State::connecting) {
        leg.readable |= (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
        return;
    }
    int error = 0;
    socklen_t size = sizeof error;
    if (leg.fd < 0)
        return;
    if (getsockopt(leg.fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    if (error != 0)
        not_connected(leg, error, now_ms);
    else
        connected(leg, now_ms);
}

void Forwarder::drop(Leg& leg) noexcept {
    hang_up(leg);
    list(leg, State::closed, 0);
}

// --- time ----------------------------------------------------------------------------------------

std::int64_t Forwarder::next_ms() const noexcept {
    std::int64_t next = never_ms;
    for (const auto& legs : legs_)
        if (!legs.empty())
            next = std::min(next, legs.front().late_ms);
    return busy() ? std::min(next, checked_ms_ + limits::stream_check_ms) : next;
}

void Forwarder::on_time(std::int64_t now_ms, const std::function<void(void*)>& visit) {
    auto& settling = of(State::settling);
    while (!settling.empty() && settling.front().late_ms <= now_ms)
        list(settling.front(), State::idle, now_ms);
    auto& idle = of(State::idle);
    while (!idle.empty() && idle.front().late_ms <= now_ms)
        drop(idle.front());
    for (const State state : with_exchange) {
        auto& legs = of(state);
        while (!legs.empty() && legs.front().late_ms <= now_ms) {
            Leg& leg = legs.front();
            list(leg, state, now_ms);  // not twice, whatever becomes of it
            if (state == State::connecting) {
                not_connected(leg, 0, now_ms);
            } else if (leg.exchange->waits_for_client()) {
                leg.exchange->fail(body_too_slow(frame_of(*leg.exchange->passage())));
            } else {
                if (state == State::awaiting)
                    upstream_.failed(*leg.place, now_ms);
                fail(leg, UpstreamFault::timed_out);
            }
            visit(leg.owner);
        }
    }
    if (now_ms >= checked_ms_ + limits::stream_check_ms)
        end_slow(now_ms, visit);
}

/// Fails the exchanges whose bodies come too slowly. Once every limits::stream_check_ms.
void Forwarder::end_slow(std::int64_t now_ms, const std::function<void(void*)>& visit) {
    std::vector<Leg*> slow;
    for (const State state : with_exchange)
        for (Leg& leg : of(state))
            if (leg.exchange->is_body_too_slow(now_ms - std::max(checked_ms_, leg.began_ms)))
                slow.push_back(&leg);
    for (Leg* const leg : slow) {
        leg->exchange->fail(body_too_slow(frame_of(*leg->exchange->passage())));
        visit(leg->owner);
    }
}

std::vector<std::shared_ptr<Passage>> Forwarder::to_be_checked(std::int64_t now_ms) {
    std::vector<std::shared_ptr<Passage>> passages;
    if (now_ms < checked_ms_ + limits::stream_check_ms)
        return passages;
    checked_ms_ = now_ms;
    for (const State state : with_exchange)
        for (const Leg& leg : of(state))
            if (now_ms - leg.began_ms >= limits::stream_check_ms)
                passages.push_back(leg.exchange->passage());
    return passages;
}

void Forwarder::end_refused(std::int64_t now_ms, const std::function<void(void*)>& visit) {
    std::vector<Leg*> ending;
    for (const State state : with_exchange)
        for (Leg& leg : of(state))
            if (leg.exchange->passage()->ended() ||
                now_ms - leg.began_ms >= upstream_.settings().stream_max_ms)
                ending.push_back(&leg);
    for (Leg* const leg : ending) {
        upstream_.counts.ended.fetch_add(1);
        const Passage& passage = *leg->exchange->passage();
        leg->exchange->fail(passage.ended() ? passage.ending() : too_long(frame_of(passage)));
        visit(leg->owner);
    }
}

void Forwarder::fail(Leg& leg, UpstreamFault fault) {
    note(leg, fault);
    leg.exchange->fail(answer_to(fault, *leg.exchange->passage()));
}

/// A clause for people: what was met, and which bound it is.
std::string Forwarder::what(const Leg& leg, UpstreamFault fault) const {
    const UpstreamSettings& settings = upstream_.settings();
    const auto within = [](std::int64_t bound_ms, std::string_view key) {
        return std::to_string(bound_ms / 1'000) + " s (" + std::string(key) + ")";
    };
    switch (fault) {
        case UpstreamFault::unreachable:
            if (!leg.place->has_address())
                return "its name does not resolve: " + leg.place->why;
            if (leg.error != 0)
                return "it cannot be connected to: " + std::generic_category().message(leg.error);
            return "it took no connection within " +
                   within(settings.connect_ms, "[upstream] connect_timeout");
        case UpstreamFault::broken:
            return leg.exchange->broke_by();
        case UpstreamFault::timed_out:
            if (leg.exchange->answering())
                return "its answer stopped for " +
                       within(settings.idle_ms, "[upstream] idle_timeout");
            return "no answer began within " +
                   within(settings.answer_ms, "[upstream] answer_timeout");
    }
    return "";
}

void Forwarder::note(const Leg& leg, UpstreamFault fault) {
    UpstreamFailure failure;
    failure.place = shown(leg.place->endpoint);
    failure.reason = reason_of(fault);
    failure.what = what(leg, fault);
    failure.status = status_of(fault);
    if (leg.exchange->answering())
        failure.what += "; its answer had begun, so the caller's connection was cut";
    switch (fault) {
        case UpstreamFault::unreachable:
            upstream_.counts.unreachable.fetch_add(1);
            failure.how = "unreachable";
            break;
        case UpstreamFault::broken:
            upstream_.counts.broken.fetch_add(1);
            failure.how = "broken: " + leg.exchange->broke_by();
            break;
        case UpstreamFault::timed_out:
            upstream_.counts.timed_out.fetch_add(1);
            failure.how = "timed_out";
            break;
    }
    failed_(leg.exchange->passage()->decision, failure);
}

}  // namespace hourgate::http
