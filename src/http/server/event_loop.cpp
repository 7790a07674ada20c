#include "http/server/event_loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "http/decision/reply.h"
#include "http/proxy/upstream_pool.h"
#include "http/server/connection.h"
#include "http/server/session.h"
#include "http/wire/endpoint.h"
#include "http/wire/response_writer.h"

namespace hourgate::http {

namespace {

using Phase = Session::Phase;

// After the last response, further bytes are read and discarded. The kernel resets a connection
// that is closed with unread bytes, and the response may be lost. Few bytes follow unless a body is
// arriving.
// The longest pause between two bytes; in total, if no body is arriving.
constexpr std::int64_t goodbye_ms = 2'000;
/// The total while a body is arriving. The same as lingering_time of nginx.
constexpr std::int64_t linger_ms = 30'000;
constexpr std::int64_t first_request_ms = 1'000;  // for a new connection, after stop()
constexpr std::size_t goodbye_bytes_max = 4U << 20U;
constexpr std::int64_t breath_ms = 50;  // before accepting again without a free descriptor
constexpr std::int64_t never_ms = INT64_MAX;
constexpr int events_max = 256;
constexpr int accepts_per_turn = 64;
constexpr int accept_turns_at_end = 64;  // 4,096 connections: the whole backlog

/// Returns how long a connection may be in a phase, in milliseconds.
constexpr std::int64_t patience_ms(Phase phase) noexcept {
    switch (phase) {
        case Phase::idle:
            return limits::idle_timeout_ms;
        case Phase::head:
        case Phase::body:
            return limits::read_timeout_ms;
        case Phase::answer:
            return limits::write_timeout_ms;
        case Phase::goodbye:
            return goodbye_ms;
        case Phase::work:
        case Phase::forward:  // UpstreamPool keeps that deadline
        case Phase::over:
            break;
    }
    return never_ms;
}

std::int64_t steady_ms() noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// A descriptor that is closed with its owner.
class Descriptor {
public:
    Descriptor(int fd, const char* what) : fd_(fd) {
        if (fd < 0)
            throw std::system_error(errno, std::generic_category(), what);
    }
    ~Descriptor() { close(fd_); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const noexcept { return fd_; }

private:
    const int fd_;
};

/// Overwrites bytes when the scope ends, also by an exception.
struct Wiping {
    char* const bytes;
    const std::size_t size;
    ~Wiping() { explicit_bzero(bytes, size); }
};

/// One of the sockets that an event loop listens on.
struct Listening final : EpollTarget {
    explicit Listening(ListeningSocket socket_) : EpollTarget(Kind::listening), socket(socket_) {}
    ListeningSocket socket;
};

}  // namespace

struct EventLoop::State {
    State(const std::vector<ListeningSocket>& sockets, Listener listener_, Service& service_,
          Workers workers_, ListenerCounts& listener_counts_, PerAddressLimit& per_address_,
          PerAddressLimit& bodies_, std::size_t connections_max_)
        : listening(sockets.begin(), sockets.end()),
          listener(listener_),
          service(service_),
          workers(std::move(workers_)),
          counts(listener_counts_),
          per_address(per_address_),
          bodies(bodies_),
          connections_max(connections_max_) {
        watch(EPOLL_CTL_ADD, wake.get(), EPOLLIN, wake_target);
        accept_more(true);
    }

    std::vector<Listening> listening;
    const Listener listener;
    Service& service;
    const Workers workers;
    ListenerCounts& counts;
    PerAddressLimit& per_address;
    PerAddressLimit& bodies;
    const std::size_t connections_max;
    const Descriptor epoll{epoll_create1(EPOLL_CLOEXEC), "epoll_create1"};
    const Descriptor wake{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd"};
    EpollTarget wake_target{EpollTarget::Kind::wake};

    std::atomic<bool> cutting{false};
    std::atomic<bool> checked{false};  // a worker has rechecked the long exchanges
    std::mutex done_mutex;
    std::vector<Connection*> done;  // guarded by done_mutex: connections back from the workers

    // Used on the event loop's thread only:
    std::list<UpstreamPool> pools;  // one for each upstream in use
    bool checking = false;          // a worker is rechecking
    // By phase; the next deadline is in front.
    std::array<std::list<Connection>, phase_count> connections;
    // The sizes of these lists, for other threads.
    std::array<std::atomic<std::uint64_t>, phase_count> told{};
    std::vector<Connection*> resting;  // their turn continues; see rest()
    ConnectionsByAddress by_address;
    std::size_t count = 0;
    std::uint64_t listings = 0;
    std::uint64_t accepted = 0;
    std::int64_t now_ms = steady_ms();
    bool accepting = false;
    std::int64_t accept_again_ms = never_ms;
    bool wound_up = false;
    std::array<char, Inbox::bytes_max> scratch{};

    // --- epoll ---

    void watch(int operation, int fd, std::uint32_t events, EpollTarget& target) const {
        epoll_event event{};
        event.events = events;
        event.data.ptr = &target;
        if (epoll_ctl(epoll.get(), operation, fd, &event) != 0)
            throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }

    void accept_more(bool on) {
        if (on != accepting)
            for (Listening& one : listening)  // exclusive: one arrival wakes one event loop
                watch(on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, one.socket.fd, EPOLLIN | EPOLLEXCLUSIVE,
                      one);
        accepting = on;
    }

    void expect(Connection& connection, std::uint32_t events) const {
        if (connection.interest == events)
            return;
        if (connection.interest == 0)
            watch(EPOLL_CTL_ADD, connection.fd, events, connection);
        else
            watch(events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD, connection.fd, events, connection);
        connection.interest = events;
    }

    void nudge() const noexcept {
        const std::uint64_t one = 1;
        (void)!write(wake.get(), &one, sizeof one);
    }

    // --- turns ---

    void run() {
        std::array<epoll_event, events_max> events;
        while (!(wound_up && count == 0)) {
            const int got = epoll_wait(epoll.get(), events.data(), events_max, wait_ms());
            now_ms = steady_ms();
            for (int i = 0; i < got; ++i)
                on_event(events[static_cast<std::size_t>(i)]);
            take_back();
            go_on_with_resting();
            if (got > 0 && service.refresh_due() && !workers([this] { service.refresh(); }))
                service.refresh();
            on_time();
            if (counts.ending.load() && !wound_up)
                wind_up();
            if (cutting.load(std::memory_order_acquire))
                cut_all();
            connections[index(Phase::over)].clear();
            forget_what_is_over();
            for (std::size_t i = 0; i < phase_count; ++i)  // two plain moves each
                told[i].store(connections[i].size(), std::memory_order_relaxed);
        }
    }

    [[nodiscard]] int wait_ms() const noexcept {
        if (!resting.empty())
            return 0;
        std::int64_t next = accept_again_ms;
        for (const UpstreamPool& pool : pools)
            next = std::min(next, pool.next_ms());
        for (const auto& list : connections)
            if (!list.empty())
                next = std::min(next, list.front().late_ms);
        if (next == never_ms)
            return -1;
        return static_cast<int>(std::clamp<std::int64_t>(next - now_ms, 0, 60'000));
    }

    void on_event(const epoll_event& event) {
        EpollTarget& target = *static_cast<EpollTarget*>(event.data.ptr);
        switch (target.kind) {
            case EpollTarget::Kind::wake: {
                std::uint64_t times = 0;
                (void)!read(wake.get(), &times, sizeof times);
                return;
            }
            case EpollTarget::Kind::listening:
                accept_some(static_cast<Listening&>(target).socket.fd);
                return;
            case EpollTarget::Kind::connection: {
                Connection& connection = static_cast<Connection&>(target);
                return guard(connection, [&] { on_event(connection, event.events); });
            }
            case EpollTarget::Kind::upstream_connection:
                return on_upstream_event(static_cast<UpstreamConnection&>(target), event.events);
        }
    }

    void on_upstream_event(UpstreamConnection& upstream_connection, std::uint32_t events) {
        auto* const connection = static_cast<Connection*>(upstream_connection.owner);
        if (connection == nullptr)
            return upstream_connection.by.drop(upstream_connection);
        if (connection->resting)
            return;
        guard(*connection, [&] {
            upstream_connection.by.on_event(upstream_connection, events, now_ms);
            go_on(*connection);
        });
    }

    /// Runs `step`. If memory runs out, only this connection ends.
    template <typename Step>
    void guard(Connection& connection, Step step) noexcept {
        try {
            step();
        } catch (...) {
            connection.session.ended();
            connection.interest = 0;
            settle(connection);
        }
    }

    void on_event(Connection& connection, std::uint32_t events) {
        if (connection.listed == Phase::over)
            return;  // ended earlier in this turn
        if (connection.resting)
            return;  // it has its turn anyway
        if (connection.listed == Phase::forward)
            return on_forwarded(connection, events);
        if (connection.with_a_worker)
            return expect(connection, 0);  // handled when it comes back
        if (connection.listed != Phase::answer)
            receive(connection);
        go_on(connection);
    }

    /// A client that has reset the connection reads no response; one that only stopped sending
    /// does.
    void on_forwarded(Connection& connection, std::uint32_t events) {
        if ((events & (EPOLLERR | EPOLLHUP)) != 0)
            connection.session.ended();
        else if ((events & EPOLLIN) != 0)
            receive(connection);
        go_on(connection);
    }

    void on_time() {
        on_time_of_pools();
        for (const Phase phase :
             {Phase::idle, Phase::head, Phase::body, Phase::answer, Phase::goodbye}) {
            auto& list = connections[index(phase)];
            // late() takes each one out of the list. The count ends the loop in any case.
            for (std::size_t left = list.size();
                 left > 0 && !list.empty() && list.front().late_ms <= now_ms; --left) {
                Connection& connection = list.front();
                guard(connection, [&] {
                    connection.session.late();
                    go_on(connection);
                });
            }
        }
        if (accept_again_ms <= now_ms) {
            accept_again_ms = never_ms;
            try {
                accept_more(!wound_up);
            } catch (const std::system_error&) {
                accept_again_ms = now_ms + breath_ms;
            }
        }
    }

    /// Ends exchanges that missed a deadline. Long exchanges are rechecked on a worker, which may
    /// wait for the disk.
    void on_time_of_pools() {
        const auto resume = [this](ExchangeOwner& owner) {
            Connection& connection = static_cast<Connection&>(owner);
            guard(connection, [&] { go_on(connection); });
        };
        const bool have_been_checked = checked.exchange(false);
        if (have_been_checked)
            checking = false;
        std::vector<std::shared_ptr<ForwardedCall>> forwarded_calls;
        for (UpstreamPool& pool : pools) {
            pool.on_time(now_ms, resume);
            if (have_been_checked)
                pool.end_refused(now_ms, resume);
            for (auto& forwarded_call : pool.to_be_checked(now_ms))
                forwarded_calls.push_back(std::move(forwarded_call));
        }
        if (forwarded_calls.empty() || checking)
            return;
        checking = workers([this, these = std::move(forwarded_calls)] {
            for (const auto& forwarded_call : these)
                service.check(*forwarded_call);
            checked.store(true);
            nudge();
        });
    }

    /// Returns the pool for `upstream`; makes it on the first call.
    UpstreamPool& pool_to(Upstream& upstream) {
        for (UpstreamPool& pool : pools)
            if (&pool.upstream() == &upstream)
                return pool;
        return pools.emplace_back(upstream, epoll.get(),
                                  [this](const Decision& granted, const UpstreamFailure& failure) {
                                      service.upstream_failed(granted, failure);
                                  });
    }

    /// Runs at the end of a turn, when no event refers to a closed connection. Removes the pool of
    /// an upstream that is no longer configured once its last call is over.
    void forget_what_is_over() noexcept {
        for (auto at = pools.begin(); at != pools.end();) {
            at->forget_closed();
            const bool left = !at->upstream().in_force.load() && !at->busy();
            at = left ? pools.erase(at) : std::next(at);
        }
    }

    // --- connections ---

    /// Returns false if no connection is waiting, or none can be accepted.
    bool accept_some(int listening_fd) {
        for (int i = 0; i < accepts_per_turn && accepting; ++i) {
            sockaddr_storage storage{};
            socklen_t size = sizeof storage;
            const int fd = accept4(listening_fd, reinterpret_cast<sockaddr*>(&storage), &size,
                                   SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd >= 0) {
                welcome(fd, storage);
            } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                // The kernel reports this before it looks for a waiting connection. Nothing may be
                // evicted unless one is waiting.
                pollfd somebody{listening_fd, POLLIN, 0};
                if (poll(&somebody, 1, 0) != 1)
                    return false;
                if (reserve_space())
                    continue;
                // A connection that cannot be accepted would wake the event loop endlessly.
                accept_more(false);
                accept_again_ms = now_ms + breath_ms;
                return false;
            } else if (errno != ECONNABORTED && errno != EINTR && errno != EPROTO) {
                return false;
            }
        }
        return true;
    }

    void welcome(int fd, const sockaddr_storage& storage) {
        try {
            const Address peer = address_of(storage);
            auto slot = storage.ss_family == AF_UNIX ? PerAddressLimit::Slot() : slot_for(peer);
            if (!slot)
                return turn_away(fd, "too_many_connections",
                                 "Your address, or its IPv6 network (/48), has all the connections "
                                 "it may have.",
                                 "Close some, or send calls one after another on those you have.");
            if (count >= connections_max && !reserve_space())
                return turn_away(fd, "too_busy",
                                 "The gate has more connections than it has room for.",
                                 "Connect again in a second.");
            auto& idle = connections[index(Phase::idle)];
            const Carrier carrier =
                storage.ss_family == AF_UNIX ? Carrier::unix_socket : Carrier::tcp;
            idle.emplace_back(fd, listener, peer, *std::move(slot), service, counts.ending, bodies,
                              carrier);
        } catch (...) {
            close(fd);
            return;
        }
        if (storage.ss_family != AF_UNIX) {
            const int on = 1;
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        }
        begin(connections[index(Phase::idle)].back());
    }

    void begin(Connection& connection) {
        connection.here = std::prev(connections[index(Phase::idle)].end());
        connection.number = ++accepted;
        connection.late_ms = now_ms + patience_ms(Phase::idle);
        ++count;
        counts.open.fetch_add(1);
        guard(connection, [&] {
            if (connection.slot->counted())
                by_address.add(connection);
            watch(EPOLL_CTL_ADD, connection.fd, EPOLLIN, connection);
            receive(connection);  // the first request has often arrived already
            go_on(connection);
        });
    }

    /// Evicts the least important connection. Returns false if all of them are being answered.
    bool reserve_space() {
        for (const Phase phase : {Phase::goodbye, Phase::idle, Phase::head}) {
            auto& list = connections[index(phase)];
            if (list.empty())
                continue;
            evict(list.front());
            return true;
        }
        return false;
    }

    /// Returns a slot, or nullopt. May evict an idle connection of the same address or, if its /48
    /// is full, of the same /48. Never evicts others, or connections of another event loop.
    std::optional<PerAddressLimit::Slot> slot_for(const Address& peer) {
        if (auto slot = per_address.enter(peer))
            return slot;
        Connection* longest = by_address.longest_idle(peer);
        if (longest == nullptr && peer.family() == Address::Family::v6 &&
            !per_address.is_full(peer))
            longest = by_address.longest_idle_in_net(peer);
        if (longest == nullptr)
            return std::nullopt;
        evict(*longest);
        return per_address.enter(peer);
    }

    void evict(Connection& connection) {
        counts.evicted.fetch_add(1);
        connection.session.ended();
        settle(connection);
    }

    /// Answers 503 and closes. Discards what has arrived: the kernel resets a connection that is
    /// closed with unread bytes, and the response might be lost.
    void turn_away(int fd, std::string_view reason, std::string_view message,
                   std::string_view fix) {
        counts.refused.fetch_add(1);
        Response answer = plain_error(503, "unavailable", reason, message, fix, {*service.reply()});
        answer.headers.push_back({"Retry-After", "1"});
        std::string text;
        write_response(text, answer, "GET", After::close, std::time(nullptr));
        (void)!send(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        shutdown(fd, SHUT_WR);
        const Wiping wiping{scratch.data(), scratch.size()};
        (void)!recv(fd, scratch.data(), scratch.size(), MSG_DONTWAIT);
        close(fd);
    }

    /// Reads once. The session's phase counts, not `listed`: a connection may go through several
    /// phases before settle() lists it again.
    /// REQUIRES: phase idle, head, body, forward or goodbye, and no worker has the connection.
    /// ENSURES: the phase is idle afterwards only if no bytes had come and no stop was asked for.
    void receive(Connection& connection) {
        const Phase phase = connection.session.phase();
        const bool parting = phase == Phase::goodbye;
        const std::size_t room =
            parting ? scratch.size() : std::min(scratch.size(), connection.session.room());
        const ssize_t got = recv(connection.fd, scratch.data(), room, 0);
        if (got > 0) {
            const auto bytes = static_cast<std::size_t>(got);
            const Wiping wiping{scratch.data(), bytes};  // it may hold a token
            if (parting)
                read_over(connection, bytes);
            else
                connection.session.take({scratch.data(), bytes});
        } else if (got == 0) {
            connection.client_ended = true;
            connection.session.client_ended();
        } else if ((errno != EAGAIN && errno != EINTR) ||
                   (wound_up && phase == Phase::idle && !awaited(connection))) {
            connection.session.ended();
        }
    }

    /// Counts bytes that came in phase goodbye. Ends the connection at a bound.
    void read_over(Connection& connection, std::size_t bytes) {
        connection.read_over += bytes;
        if (connection.session.lingers() && !wound_up &&
            now_ms < connection.parted_ms + linger_ms) {
            auto& parting = connections[index(Phase::goodbye)];
            parting.splice(parting.end(), parting, connection.here);
            connection.late_ms = now_ms + goodbye_ms;
        } else if (connection.read_over > goodbye_bytes_max) {
            connection.session.ended();
        }
    }

    /// Drives the connection as far as possible without waiting.
    void go_on(Connection& connection) {
        for (std::size_t answered = 0;;) {
            const Phase phase = connection.session.phase();
            if (phase == Phase::work) {
                return hand_over(connection);
            } else if (phase == Phase::answer) {
                if (++answered == limits::requests_per_turn)
                    return rest(connection);
                if (!send_some(connection))
                    return settle(connection);
            } else if (phase == Phase::forward) {
                if (!forward(connection))
                    return settle(connection);
                if (++answered == limits::requests_per_turn && connection.session.busy())
                    return rest(connection);
            } else {
                if (phase == Phase::goodbye && connection.listed != Phase::goodbye)
                    shutdown(connection.fd, SHUT_WR);
                if (phase != Phase::idle || !wound_up || awaited(connection))
                    return settle(connection);
                receive(connection);  // answers a request that has arrived already
            }
        }
    }

    /// Moves bytes between the client and the API. The amount is bounded, so that others have their
    /// turn; epoll reports what is left. Returns false if it must wait for epoll.
    bool forward(Connection& connection) {
        constexpr int rounds_max = 8;
        Exchange& exchange = connection.session.exchange();
        bool moved = true;
        for (int round = 0; round < rounds_max && moved && !exchange.over(); ++round) {
            moved = connection.session.feed();
            if (connection.upstream_connection == nullptr && !exchange.over())
                pool_to(exchange.forwarded_call()->upstream)
                    .begin(exchange, connection, connection.number, connection.upstream_connection,
                           now_ms);
            if (connection.upstream_connection != nullptr)
                moved |= connection.upstream_connection->by.pump(*connection.upstream_connection,
                                                                 now_ms);
            if (!connection.session.output().empty())
                moved |= send_some(connection);
            if (connection.session.phase() == Phase::over)
                return false;
            if (moved && connection.upstream_connection != nullptr)
                connection.upstream_connection->by.progressed(*connection.upstream_connection,
                                                              now_ms);
        }
        if (!exchange.over())
            return false;
        part(connection);
        connection.client_ended = false;  // the next request reads the end of the stream again
        connection.session.exchange_over();
        return true;
    }

    /// Gives up the connection to the API.
    void part(Connection& connection) noexcept {
        if (UpstreamConnection* const upstream_connection =
                std::exchange(connection.upstream_connection, nullptr))
            upstream_connection->by.end(*upstream_connection, now_ms);
    }

    /// Continues with this connection in the next turn. A client that sends a hundred requests at
    /// once must not delay others. Its bytes are here already, so epoll would report nothing.
    void rest(Connection& connection) {
        resting.push_back(&connection);
        connection.resting = true;
        settle(connection);
    }

    void go_on_with_resting() {
        std::vector<Connection*> these;
        these.swap(resting);
        for (Connection* const connection : these) {
            connection->resting = false;
            guard(*connection, [&] { go_on(*connection); });
        }
    }

    /// Returns false if the client takes no more for now.
    bool send_some(Connection& connection) {
        const std::string_view bytes = connection.session.output();
        const ssize_t sent = send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0)
            connection.session.sent(static_cast<std::size_t>(sent));
        else if (errno == EAGAIN)
            return false;
        else if (errno != EINTR)
            connection.session.ended();
        return true;
    }

    /// Moves the connection to the list of its phase and updates the counts and the deadline.
    void settle(Connection& connection) {
        if (connection.listed == Phase::over)
            return;
        const Phase phase = connection.session.phase();
        const bool busy = connection.session.busy() || awaited(connection);
        if (busy != connection.busy)
            counts.in_flight.fetch_add(busy ? 1 : -1);
        connection.busy = busy;
        if (phase == Phase::over) {
            part(connection);
            --count;
            counts.open.fetch_sub(1);
            by_address.forget(connection);
            if (connection.resting)
                std::erase(resting, &connection);
            // Removed from its list at the end of the turn, since events may still refer to it.
            connection.hang_up();
        } else {
            expect(connection, wanted_of(connection, phase));
        }
        // A head, a body or a response gets no more time if it arrives in pieces. The next one has
        // a new deadline, as has an idle connection.
        const std::size_t request = connection.session.requests();
        if (phase == connection.listed && request == connection.request && phase != Phase::idle)
            return;
        connection.request = request;
        auto& to = connections[index(phase)];
        to.splice(to.end(), connections[index(connection.listed)], connection.here);
        connection.listed = phase;
        connection.listing = ++listings;
        if (phase == Phase::goodbye)
            connection.parted_ms = now_ms;
        const std::int64_t patience = awaited(connection) ? first_request_ms : patience_ms(phase);
        connection.late_ms = patience == never_ms ? never_ms : now_ms + patience;
    }

    /// Returns the events that epoll must report.
    [[nodiscard]] static std::uint32_t wanted_of(const Connection& connection,
                                                 Phase phase) noexcept {
        if (phase == Phase::work)
            return connection.interest;
        if (phase == Phase::answer)
            return EPOLLOUT;
        if (phase != Phase::forward)
            return EPOLLIN;
        const bool reads = !connection.client_ended && connection.session.room() > 0;
        const bool writes = !connection.session.output().empty();
        return (reads ? std::uint32_t{EPOLLIN} : 0U) | (writes ? std::uint32_t{EPOLLOUT} : 0U);
    }

    /// Returns true after stop() for a new connection, whose first request may still be arriving.
    [[nodiscard]] bool awaited(const Connection& connection) const noexcept {
        return wound_up && connection.session.phase() == Phase::idle &&
               connection.session.requests() == 0;
    }

    // --- workers ---

    void hand_over(Connection& connection) {
        settle(connection);
        connection.with_a_worker = true;
        if (workers([this, &connection] {
                connection.session.work();
                {
                    const std::lock_guard lock(done_mutex);
                    done.push_back(&connection);
                }
                nudge();
            }))
            return;
        connection.with_a_worker = false;
        connection.session.turn_away();
        go_on(connection);
    }

    void take_back() {
        std::vector<Connection*> back;
        {
            const std::lock_guard lock(done_mutex);
            back.swap(done);
        }
        for (Connection* const connection : back) {
            connection->with_a_worker = false;
            guard(*connection, [&] { go_on(*connection); });
        }
    }

    // --- ends ---

    void wind_up() {
        const auto is_last = [](const Listening& one) {
            return one.socket.after == ListeningSocket::After::shut;
        };
        // Accepts connections that have arrived. The bound keeps a flood of new ones from delaying
        // the stop.
        for (const Listening& one : listening)
            for (int turn = 0; is_last(one) && turn < accept_turns_at_end && accepting &&
                               accept_some(one.socket.fd);
                 ++turn) {
            }
        accept_more(false);
        for (const Listening& one : listening)
            if (is_last(one))
                shutdown(one.socket.fd, SHUT_RDWR);
        accept_again_ms = never_ms;
        wound_up = true;
        now_ms = steady_ms();
        // Each one leaves its position in front, or the list. The count ends the loop in any case.
        auto& idle = connections[index(Phase::idle)];
        for (std::size_t left = idle.size(); left > 0 && !idle.empty(); --left) {
            Connection& connection = idle.front();
            guard(connection, [&] {
                receive(connection);
                go_on(connection);
            });
        }
        counts.accepting.fetch_sub(1);
    }

    void cut_all() {
        for (std::size_t i = 0; i < phase_count; ++i) {
            const auto phase = static_cast<Phase>(i);
            if (phase == Phase::over)
                continue;
            for (auto at = connections[i].begin(); at != connections[i].end();) {
                Connection& connection = *at++;
                if (connection.busy && phase != Phase::idle && !connection.cut)
                    counts.cut.fetch_add(1);
                connection.cut = true;
                if (connection.with_a_worker) {  // closed when it comes back
                    shutdown(connection.fd, SHUT_RDWR);
                    continue;
                }
                connection.session.ended();
                settle(connection);
            }
        }
        resting.clear();
    }

    static constexpr std::size_t index(Phase phase) noexcept {
        return static_cast<std::size_t>(phase);
    }
};

EventLoop::EventLoop(const std::vector<ListeningSocket>& listening, Listener listener,
                     Service& service, Workers workers, ListenerCounts& counts,
                     PerAddressLimit& per_address, PerAddressLimit& bodies,
                     std::size_t connections_max)
    : state_(std::make_unique<State>(listening, listener, service, std::move(workers), counts,
                                     per_address, bodies, connections_max)) {}
EventLoop::~EventLoop() = default;

void EventLoop::run() {
    state_->run();
}

ByPhase EventLoop::connections() const noexcept {
    ByPhase all{};
    for (std::size_t i = 0; i < phase_count; ++i)
        all[i] = state_->told[i].load(std::memory_order_relaxed);
    return all;
}

void EventLoop::stop() noexcept {
    state_->counts.ending.store(true);
    state_->nudge();
}

void EventLoop::cut() noexcept {
    state_->cutting.store(true, std::memory_order_release);
    stop();
}

}  // namespace hourgate::http
