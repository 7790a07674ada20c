// A caller's connection as an event loop keeps it, and the connections of one address.
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
    /// Takes over `fd`. All references outlive it. `bodies` as of Session.
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

    void hang_up() noexcept;  ///< closes it, and gives its place back

    int fd;  // -1: closed
    const Address peer;
    std::uint64_t number = 0;                   // no other connection of the loop has or had it
    std::optional<PerAddressLimit::Slot> slot;  // none: closed
    std::list<Connection*>::iterator here_by_address;  // in the list of its address
    bool is_by_address = false;                        // it is in such a list
    Session session;
    std::list<Connection>::iterator here;  // in the list of `listed`
    Session::Phase listed = Session::Phase::idle;
    std::size_t request = 0;    // the one it was listed for
    std::uint64_t listing = 0;  // the higher, the later it was
    std::int64_t late_ms = 0;
    std::uint32_t interest = EPOLLIN;  // what epoll tells of
    bool busy = false;                 // counted as in flight
    bool with_a_worker = false;
    bool resting = false;  // has more to be asked, in the next turn
    bool cut = false;
    bool client_ended = false;  // in phase forward: there is nothing more to read
    UpstreamConnection* upstream_connection =
        nullptr;                 // in phase forward: the connection to the API
    std::size_t read_over = 0;   // bytes after the last answer
    std::int64_t parted_ms = 0;  // in phase goodbye: since when
};

/// The counted connections of an event loop by address. Used on the thread of the loop only.
class ConnectionsByAddress {
public:
    /// Throws std::bad_alloc and changes nothing then.
    void add(Connection& connection);
    void forget(Connection& connection) noexcept;  ///< does nothing if it was not added
    /// Returns the connection of that address that has been idle longest, or null if none is idle.
    [[nodiscard]] Connection* longest_idle(const Address& peer) const;
    /// Does the same among all addresses of an IPv6 /48. REQUIRES: an IPv6 address.
    [[nodiscard]] Connection* longest_idle_in_net(const Address& peer) const;

private:
    // It is a tree, so no choice of addresses can make it slow.
    std::map<std::array<std::uint8_t, 9>, std::list<Connection*>> connections_;
};

}  // namespace hourgate::http
