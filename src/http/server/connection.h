// A client's connection as an event loop keeps it, and the connections of each address.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <utility>

#include "base/address.h"
#include "http/proxy/upstream_pool.h"
#include "http/server/per_address_limit.h"
#include "http/server/session.h"

namespace hourgate::http {

struct Connection final : EpollTarget, ExchangeOwner {
    /// Takes ownership of `fd`. Every referenced object must outlive the connection. For `bodies`,
    /// see Session.
    Connection(int fd_, Listener listener, const Address& peer_, PerAddressLimit::Slot slot_,
               Service& service, const std::atomic<bool>& ending, PerAddressLimit& bodies,
               Carrier carrier)
        : EpollTarget(Kind::connection),
          fd(fd_),
          peer(peer_),
          slot(std::move(slot_)),
          session(listener, peer, service, ending, &bodies, carrier) {}
    ~Connection() { hang_up(); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void hang_up() noexcept;  ///< closes the socket and frees the slot

    int fd;  // -1 if closed
    const Address peer;
    std::uint64_t number = 0;  // unique among all connections that the event loop ever had
    std::optional<PerAddressLimit::Slot> slot;         // empty once closed
    std::list<Connection*>::iterator here_by_address;  // position in the list of its address
    bool is_by_address = false;                        // `here_by_address` is valid
    Session session;
    std::list<Connection>::iterator here;  // position in the list of phase `listed`
    Session::Phase listed = Session::Phase::idle;
    std::size_t request = 0;    // number of the request for which it was listed
    std::uint64_t listing = 0;  // grows with every listing, so a lower one is older
    std::int64_t late_ms = 0;
    std::uint32_t interest = EPOLLIN;  // the events that epoll reports
    bool busy = false;                 // counted in ListenerCounts::in_flight
    bool with_a_worker = false;
    bool resting = false;  // has more work, which continues in the next turn
    bool cut = false;
    bool client_ended = false;  // in phase forward: the client has ended its stream
    UpstreamConnection* upstream_connection = nullptr;  // in phase forward: to the API
    std::size_t read_over = 0;                          // bytes discarded in phase goodbye
    std::int64_t parted_ms = 0;                         // when phase goodbye began
};

/// Finds the counted connections of an event loop by address. Threads: the event loop's only.
class ConnectionsByAddress {
public:
    /// Throws std::bad_alloc; nothing has been changed then.
    void add(Connection& connection);
    void forget(Connection& connection) noexcept;  ///< does nothing if it was not added
    /// Returns the connection of `peer` that has been idle longest, or null if none is idle.
    [[nodiscard]] Connection* longest_idle(const Address& peer) const;
    /// Returns the same among all addresses of the IPv6 /48 of `peer`. REQUIRES: an IPv6 address.
    [[nodiscard]] Connection* longest_idle_in_net(const Address& peer) const;

private:
    // A tree: no choice of addresses can make it slow, unlike a hash table.
    std::map<std::array<std::uint8_t, 9>, std::list<Connection*>> connections_;
};

}  // namespace hourgate::http
