// A caller's connection as a loop keeps it, and who of a loop's connections come from one address.
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

struct Link final : Mark {
    /// Takes over `fd`. All references outlive it. `bodies` as of Dialogue.
    Link(int fd_, Listener listener, const Address& peer_, Crowd::Place place_, Service& service,
         const std::atomic<bool>& ending, Crowd& bodies, Carrier carrier)
        : Mark(Of::link),
          fd(fd_),
          peer(peer_),
          place(std::move(place_)),
          dialogue(listener, peer, service, ending, &bodies, carrier) {}
    ~Link() { hang_up(); }
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    void hang_up() noexcept;  ///< closes it, and gives its place back

    int fd;  // -1: closed
    const Address peer;
    std::uint64_t number = 0;              // no other connection of the loop has or had it
    std::optional<Crowd::Place> place;     // none: closed
    std::list<Link*>::iterator neighbour;  // in the list of its address
    bool has_neighbours = false;           // it is in such a list
    Dialogue dialogue;
    std::list<Link>::iterator here;  // in the list of `listed`
    Dialogue::Phase listed = Dialogue::Phase::idle;
    std::size_t request = 0;    // the one it was listed for
    std::uint64_t listing = 0;  // the higher, the later it was
    std::int64_t late_ms = 0;
    std::uint32_t interest = EPOLLIN;  // what epoll tells of
    bool busy = false;                 // counted as in flight
    bool with_a_worker = false;
    bool resting = false;  // has more to be asked, in the next turn
    bool cut = false;
    bool client_ended = false;   // in phase forward: there is nothing more to read
    Leg* leg = nullptr;          // in phase forward: the connection to the API
    std::size_t read_over = 0;   // bytes after the last answer
    std::int64_t parted_ms = 0;  // in phase goodbye: since when
};

/// The connections of a loop by address, those that are counted (Crowd). Of the loop's thread.
class Neighbours {
public:
    /// Throws std::bad_alloc, with nothing changed.
    void add(Link& link);
    void forget(Link& link) noexcept;  ///< also one that was not added
    /// Who of that address has waited longest for nothing; null: all are being answered.
    [[nodiscard]] Link* longest_idle(const Address& peer) const;
    /// The same among all addresses of its IPv6 /48. REQUIRES: an IPv6 address.
    [[nodiscard]] Link* longest_idle_in_net(const Address& peer) const;

private:
    // A tree, so that nobody can choose addresses that make it slow.
    std::map<std::array<std::uint8_t, 9>, std::list<Link*>> links_;
};

}  // namespace hourgate::http
