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

using State = UpstreamConnection::State;

constexpr std::int64_t never_ms = INT64_MAX;
constexpr std::array<State, 3> with_exchange = {State::connecting, State::awaiting,
                                                State::streaming};

Response too_few_descriptors(const ErrorFrame& frame) {
    Response answer = plain_error(503, "unavailable", "too_busy",
                                  "The gate has no room for another connection to the API.",
                                  "Send the call again in a second.", frame);
    answer.headers.push_back({"Retry-After", "1"});
    return answer;
}

Response body_too_slow(const ErrorFrame& frame) {
    return plain_error(408, "bad_request", "timed_out",
                       "The body of the request came too slowly, or not at all.",
                       "Send at least " + std::to_string(limits::body_bytes_per_s_min) +
                           " bytes a second, and pause for less than " +
                           std::to_string(limits::body_pause_ms / 1'000) + " s.",
                       frame);
}

Response too_long(const ErrorFrame& frame) {
    return plain_error(408, "bad_request", "timed_out", "The call took longer than a call may.",
                       "Send it in parts.", frame);
}

std::int64_t steady_us() noexcept {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// Returns true if the connection is open and no byte has come.
bool is_quiet(int fd) noexcept {
    char byte = 0;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

UpstreamConnection::~UpstreamConnection() {
    if (fd >= 0)
        close(fd);
}

UpstreamPool::~UpstreamPool() {
    for (const auto& connections : connections_)
        for (const UpstreamConnection& connection : connections)
            upstream_.counts.open.fetch_sub(connection.fd >= 0 ? 1 : 0);
}

bool UpstreamPool::busy() const noexcept {
    return std::any_of(with_exchange.begin(), with_exchange.end(),
                       [&](State state) { return !connections_[index(state)].empty(); });
}

// --- lists ---------------------------------------------------------------------------------------

std::int64_t UpstreamPool::patience_ms(State state) const noexcept {
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

/// Moves a connection to a list and starts its deadline.
void UpstreamPool::list(UpstreamConnection& connection, State state, std::int64_t now_ms) noexcept {
    auto& to = of(state);
    to.splice(to.end(), of(connection.state), connection.here);
    connection.state = state;
    connection.late_ms = state == State::closed ? never_ms : now_ms + patience_ms(state);
}

void UpstreamPool::expect(UpstreamConnection& connection, std::uint32_t events) const {
    // epoll reports these two in any case. They are included so that 0 means "not registered".
    const std::uint32_t wanted = events | EPOLLERR | EPOLLHUP;
    if (connection.interest == wanted)
        return;
    epoll_event event{};
    event.events = wanted;
    event.data.ptr = static_cast<EpollTarget*>(&connection);
    const int operation = connection.interest == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (epoll_ctl(epoll_, operation, connection.fd, &event) != 0)
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    connection.interest = wanted;
}

/// Removes the connection from epoll. An end that cannot be handled yet would wake the event loop
/// endlessly.
void UpstreamPool::ignore(UpstreamConnection& connection) const noexcept {
    if (connection.interest != 0)
        (void)epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.fd, nullptr);
    connection.interest = 0;
}

void UpstreamPool::hang_up(UpstreamConnection& connection) noexcept {
    if (connection.fd < 0)
        return;
    close(connection.fd);
    upstream_.counts.open.fetch_sub(1);
    connection.fd = -1;
    connection.interest = 0;
    connection.readable = connection.shut = false;
}

// --- connections ---------------------------------------------------------------------------------

void UpstreamPool::begin(Exchange& exchange, ExchangeOwner& owner, std::uint64_t caller,
                         UpstreamConnection*& connection, std::int64_t now_ms) {
    std::shared_ptr<const Upstream::Target> target = upstream_.pick(targets(), now_ms);
    connection = idle_connection(*target, caller);
    const bool anew = connection == nullptr;
    if (anew) {
        auto& connecting = of(State::connecting);
        connection = &connecting.emplace_back(*this);
        connection->here = std::prev(connecting.end());
        connection->target = std::move(target);
    }
    connection->exchange = &exchange;
    connection->owner = &owner;
    connection->caller = caller;
    connection->sent = 0;
    connection->began_ms = now_ms;
    // `now_ms` is when the turn began, which is too coarse for a quick API.
    connection->began_us = steady_us();
    connection->attempts = 0;
    if (anew)
        return connect(*connection, now_ms);
    list(*connection, State::awaiting, now_ms);
}

/// Returns the upstream's current targets. Reads them only if they have changed.
const Upstream::Targets& UpstreamPool::targets() {
    if (const std::uint64_t version = upstream_.version(); version != places_version_) {
        targets_ = upstream_.targets();
        places_version_ = version;
    }
    return *targets_;
}

UpstreamConnection* UpstreamPool::idle_connection(const Upstream::Target& target,
                                                  std::uint64_t caller) noexcept {
    if (UpstreamConnection* const connection = quiet_one(State::settling, target, caller))
        return connection;
    return quiet_one(State::idle, target, caller);
}

/// Returns the connection that was used last, so that the others expire, or null. Drops those that
/// have closed or received a byte: such bytes were not requested, so they are no response.
UpstreamConnection* UpstreamPool::quiet_one(State from, const Upstream::Target& target,
                                            std::uint64_t caller) noexcept {
    auto& connections = of(from);
    for (auto at = connections.end(); at != connections.begin();) {
        UpstreamConnection& connection = *--at;
        if (connection.target.get() != &target ||
            (from == State::settling && connection.caller != caller))
            continue;
        if (is_quiet(connection.fd))
            return &connection;
        ++at;
        drop(connection);
    }
    return nullptr;
}

void UpstreamPool::connect(UpstreamConnection& connection, std::int64_t now_ms) {
    ++connection.attempts;
    connection.used = false;
    connection.sent = 0;
    list(connection, State::connecting, now_ms);
    const SocketAddress& at = connection.target->at;
    if (!connection.target->has_address())
        return not_connected(connection, 0, now_ms);
    const int family = at.address.ss_family;
    const auto open = [family] {
        return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    };
    connection.fd = open();
    for (const State kept : {State::idle, State::settling}) {
        if (connection.fd >= 0 || of(kept).empty())
            continue;
        drop(of(kept).front());  // frees a descriptor, of another address or client
        connection.fd = open();
    }
    if (connection.fd < 0)
        return connection.exchange->fail(
            too_few_descriptors(frame_of(*connection.exchange->forwarded_call())));
    upstream_.counts.open.fetch_add(1);
    if (family != AF_UNIX) {
        const int on = 1;
        (void)setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    const auto* address = reinterpret_cast<const sockaddr*>(&at.address);
    if (::connect(connection.fd, address, at.size) == 0)
        return connected(connection, now_ms);
    if (errno != EINPROGRESS)
        return not_connected(connection, errno, now_ms);
    try {
        expect(connection, EPOLLOUT);
    } catch (const std::system_error&) {  // on_time() calls this outside of any guard
        connection.exchange->fail(
            too_few_descriptors(frame_of(*connection.exchange->forwarded_call())));
    }
}

void UpstreamPool::connected(UpstreamConnection& connection, std::int64_t now_ms) {
    Upstream::worked(*connection.target);
    list(connection, State::awaiting, now_ms);
}

/// Tries the next address. Any call allows that, because nothing was sent.
void UpstreamPool::not_connected(UpstreamConnection& connection, int error, std::int64_t now_ms) {
    connection.error = error;
    hang_up(connection);
    upstream_.failed(*connection.target, now_ms);
    if (connection.attempts >= targets().size()) {
        fail(connection, UpstreamFault::unreachable);
        return;
    }
    upstream_.counts.retried.fetch_add(1);
    connection.target = upstream_.pick(targets(), now_ms, connection.target.get());
    connect(connection, now_ms);
}

/// Handles a connection that ended before the response did.
void UpstreamPool::lost(UpstreamConnection& connection, std::int64_t now_ms) {
    Exchange& exchange = *connection.exchange;
    hang_up(connection);
    // The bound matters for an API that ends every connection at once.
    if (connection.attempts <= targets().size() && exchange.may_start_over(connection.used)) {
        upstream_.counts.retried.fetch_add(1);
        exchange.start_over();
        connect(connection, now_ms);
        return;
    }
    if (!exchange.answering())
        upstream_.failed(*connection.target, now_ms);
    exchange.upstream_ended();
    if (exchange.broke())
        note(connection, UpstreamFault::broken);
}

void UpstreamPool::end(UpstreamConnection& connection, std::int64_t now_ms) noexcept {
    Exchange& exchange = *connection.exchange;
    if (exchange.answered() && !exchange.broken())
        upstream_.counts.forwarded.fetch_add(1, std::memory_order_relaxed);
    const State kept = exchange.bodiless() ? State::settling : State::idle;
    const std::size_t settling = of(State::settling).size();
    const bool keep = connection.fd >= 0 && exchange.answered() && exchange.keeps_upstream() &&
                      of(State::idle).size() + settling < limits::upstream_idle_connections &&
                      (kept == State::idle || settling < limits::upstream_settling_connections);
    connection.exchange = nullptr;
    connection.owner = nullptr;
    connection.used = true;
    connection.readable = false;
    if (keep) {
        try {
            expect(connection, EPOLLIN);
            return list(connection, kept, now_ms);
        } catch (...) {
        }
    }
    hang_up(connection);
    list(connection, State::closed, now_ms);
}

// --- bytes ---------------------------------------------------------------------------------------

bool UpstreamPool::pump(UpstreamConnection& connection, std::int64_t now_ms) {
    if (connection.state == State::connecting || connection.state == State::closed ||
        connection.fd < 0)
        return false;
    bool moved = send_some(connection);
    if (connection.fd >= 0 && connection.state != State::connecting)
        moved |= receive_some(connection, now_ms);
    if (connection.fd < 0 || connection.state == State::connecting)
        return true;  // it has ended, or starts again
    Exchange& exchange = *connection.exchange;
    if (connection.readable)
        ignore(connection);
    else
        expect(connection, (exchange.upstream_space() > 0 ? std::uint32_t{EPOLLIN} : 0U) |
                               (exchange.to_upstream().empty() ? 0U : std::uint32_t{EPOLLOUT}));
    return moved;
}

void UpstreamPool::progressed(UpstreamConnection& connection, std::int64_t now_ms) noexcept {
    if (connection.state == State::awaiting || connection.state == State::streaming)
        list(connection, connection.exchange->answering() ? State::streaming : State::awaiting,
             now_ms);
}

bool UpstreamPool::send_some(UpstreamConnection& connection) {
    Exchange& exchange = *connection.exchange;
    bool moved = false;
    while (!exchange.to_upstream().empty() && !exchange.over()) {
        const std::string_view bytes = exchange.to_upstream();
        const ssize_t sent = send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return moved;
        if (sent < 0) {
            // What the API sent before it stopped reading can still be received.
            connection.readable = true;
            return moved;
        }
        exchange.sent_upstream(static_cast<std::size_t>(sent));
        connection.sent += static_cast<std::size_t>(sent);
        moved = true;
    }
    if (exchange.closes_upstream() && !connection.shut) {
        shutdown(connection.fd, SHUT_WR);
        connection.shut = true;
    }
    return moved;
}

/// Returns true if the bytes on a reused connection were sent before the API got a byte of this
/// call; they belong to an earlier one. TCP tells: an API that answers a request has acknowledged
/// it. Bytes that an API sends unasked after that cannot be told from the response.
/// REQUIRES: bytes have come.
bool UpstreamPool::is_stray(const UpstreamConnection& connection) const noexcept {
    if (!connection.used || connection.exchange->heard())
        return false;
    if (connection.sent == 0)
        return true;
    int unacknowledged = 0;
    return connection.target->at.address.ss_family != AF_UNIX &&
           ioctl(connection.fd, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0 &&
           static_cast<std::size_t>(unacknowledged) >= connection.sent;
}

bool UpstreamPool::receive_some(UpstreamConnection& connection, std::int64_t now_ms) {
    Exchange& exchange = *connection.exchange;
    const std::size_t room = std::min(scratch_.size(), exchange.upstream_space());
    if (!connection.readable || room == 0 || exchange.over())
        return false;
    connection.readable = false;  // if there is more, epoll reports it again
    if (is_stray(connection)) {
        lost(connection, now_ms);
        return true;
    }
    const ssize_t got = recv(connection.fd, scratch_.data(), room, 0);
    if (got > 0) {
        const bool awaited = !exchange.answering();
        exchange.from_upstream({scratch_.data(), static_cast<std::size_t>(got)});
        if (awaited && exchange.answering())
            upstream_.counts.answer_time.observe(steady_us() - connection.began_us);
        if (exchange.broke()) {
            note(connection, UpstreamFault::broken);
            hang_up(connection);
        }
        return true;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    lost(connection, now_ms);
    return true;
}

void UpstreamPool::on_event(UpstreamConnection& connection, std::uint32_t events,
                            std::int64_t now_ms) {
    if (connection.state != State::connecting) {
        connection.readable |= (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
        return;
    }
    int error = 0;
    socklen_t size = sizeof error;
    if (connection.fd < 0)
        return;
    if (getsockopt(connection.fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    if (error != 0)
        not_connected(connection, error, now_ms);
    else
        connected(connection, now_ms);
}

void UpstreamPool::drop(UpstreamConnection& connection) noexcept {
    hang_up(connection);
    list(connection, State::closed, 0);
}

// --- time ----------------------------------------------------------------------------------------

std::int64_t UpstreamPool::next_ms() const noexcept {
    std::int64_t next = never_ms;
    for (const auto& connections : connections_)
        if (!connections.empty())
            next = std::min(next, connections.front().late_ms);
    return busy() ? std::min(next, checked_ms_ + limits::stream_check_ms) : next;
}

void UpstreamPool::on_time(std::int64_t now_ms, const std::function<void(ExchangeOwner&)>& resume) {
    auto& settling = of(State::settling);
    while (!settling.empty() && settling.front().late_ms <= now_ms)
        list(settling.front(), State::idle, now_ms);
    auto& idle = of(State::idle);
    while (!idle.empty() && idle.front().late_ms <= now_ms)
        drop(idle.front());
    for (const State state : with_exchange) {
        auto& connections = of(state);
        while (!connections.empty() && connections.front().late_ms <= now_ms) {
            UpstreamConnection& connection = connections.front();
            list(connection, state, now_ms);  // a new deadline: it is not handled twice
            if (state == State::connecting) {
                not_connected(connection, 0, now_ms);
            } else if (connection.exchange->waits_for_client()) {
                connection.exchange->fail(
                    body_too_slow(frame_of(*connection.exchange->forwarded_call())));
            } else {
                if (state == State::awaiting)
                    upstream_.failed(*connection.target, now_ms);
                fail(connection, UpstreamFault::timed_out);
            }
            resume(*connection.owner);
        }
    }
    if (now_ms >= checked_ms_ + limits::stream_check_ms)
        end_slow(now_ms, resume);
}

/// Fails the exchanges whose bodies arrive too slowly. Runs once every limits::stream_check_ms.
void UpstreamPool::end_slow(std::int64_t now_ms,
                            const std::function<void(ExchangeOwner&)>& resume) {
    std::vector<UpstreamConnection*> slow;
    for (const State state : with_exchange)
        for (UpstreamConnection& connection : of(state))
            if (connection.exchange->is_body_too_slow(now_ms -
                                                      std::max(checked_ms_, connection.began_ms)))
                slow.push_back(&connection);
    for (UpstreamConnection* const connection : slow) {
        connection->exchange->fail(
            body_too_slow(frame_of(*connection->exchange->forwarded_call())));
        resume(*connection->owner);
    }
}

std::vector<std::shared_ptr<ForwardedCall>> UpstreamPool::to_be_checked(std::int64_t now_ms) {
    std::vector<std::shared_ptr<ForwardedCall>> forwarded_calls;
    if (now_ms < checked_ms_ + limits::stream_check_ms)
        return forwarded_calls;
    checked_ms_ = now_ms;
    for (const State state : with_exchange)
        for (const UpstreamConnection& connection : of(state))
            if (now_ms - connection.began_ms >= limits::stream_check_ms)
                forwarded_calls.push_back(connection.exchange->forwarded_call());
    return forwarded_calls;
}

void UpstreamPool::end_refused(std::int64_t now_ms,
                               const std::function<void(ExchangeOwner&)>& resume) {
    std::vector<UpstreamConnection*> ending;
    for (const State state : with_exchange)
        for (UpstreamConnection& connection : of(state))
            if (connection.exchange->forwarded_call()->ended() ||
                now_ms - connection.began_ms >= upstream_.settings().stream_max_ms)
                ending.push_back(&connection);
    for (UpstreamConnection* const connection : ending) {
        upstream_.counts.ended.fetch_add(1);
        const ForwardedCall& forwarded_call = *connection->exchange->forwarded_call();
        connection->exchange->fail(forwarded_call.ended() ? forwarded_call.ending()
                                                          : too_long(frame_of(forwarded_call)));
        resume(*connection->owner);
    }
}

void UpstreamPool::fail(UpstreamConnection& connection, UpstreamFault fault) {
    note(connection, fault);
    connection.exchange->fail(answer_to(fault, *connection.exchange->forwarded_call()));
}

/// Returns a clause for people: what happened, and which bound was exceeded.
std::string UpstreamPool::what(const UpstreamConnection& connection, UpstreamFault fault) const {
    const UpstreamSettings& settings = upstream_.settings();
    const auto within = [](std::int64_t bound_ms, std::string_view key) {
        return std::to_string(bound_ms / 1'000) + " s (" + std::string(key) + ")";
    };
    switch (fault) {
        case UpstreamFault::unreachable:
            if (!connection.target->has_address())
                return "its name does not resolve: " + connection.target->why;
            if (connection.error != 0)
                return "it cannot be connected to: " +
                       std::generic_category().message(connection.error);
            return "it took no connection within " +
                   within(settings.connect_ms, "[upstream] connect_timeout");
        case UpstreamFault::broken:
            return connection.exchange->broke_by();
        case UpstreamFault::timed_out:
            if (connection.exchange->answering())
                return "its answer stopped for " +
                       within(settings.idle_ms, "[upstream] idle_timeout");
            return "no answer began within " +
                   within(settings.answer_ms, "[upstream] answer_timeout");
    }
    return "";
}

void UpstreamPool::note(const UpstreamConnection& connection, UpstreamFault fault) {
    UpstreamFailure failure;
    failure.place = shown(connection.target->endpoint);
    failure.reason = reason_of(fault);
    failure.what = what(connection, fault);
    failure.status = status_of(fault);
    if (connection.exchange->answering())
        failure.what += "; its answer had begun, so the caller's connection was cut";
    switch (fault) {
        case UpstreamFault::unreachable:
            upstream_.counts.unreachable.fetch_add(1);
            failure.how = "unreachable";
            break;
        case UpstreamFault::broken:
            upstream_.counts.broken.fetch_add(1);
            failure.how = "broken: " + connection.exchange->broke_by();
            break;
        case UpstreamFault::timed_out:
            upstream_.counts.timed_out.fetch_add(1);
            failure.how = "timed_out";
            break;
    }
    failed_(connection.exchange->forwarded_call()->decision, failure);
}

}  // namespace hourgate::http
