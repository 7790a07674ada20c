#include "http/server/connection.h"

#include <unistd.h>

#include <algorithm>

namespace hourgate::http {

void Connection::hang_up() noexcept {
    if (fd >= 0)
        close(fd);
    fd = -1;
    slot.reset();
}

void ConnectionsByAddress::add(Connection& connection) {
    auto& mine = connections_[connection.peer.limiter_key()];
    connection.here_by_address = mine.insert(mine.end(), &connection);
    connection.is_by_address = true;
}

void ConnectionsByAddress::forget(Connection& connection) noexcept {
    if (!connection.is_by_address)
        return;
    connection.is_by_address = false;
    const auto mine = connections_.find(connection.peer.limiter_key());
    mine->second.erase(connection.here_by_address);
    if (mine->second.empty())
        connections_.erase(mine);
}

namespace {

/// Returns the longest idle or parting one of `longest` and `connections`. Null counts as none.
Connection* longer_idle(Connection* longest, const std::list<Connection*>& connections) noexcept {
    using Phase = Session::Phase;
    for (Connection* const connection : connections)
        if ((connection->listed == Phase::idle || connection->listed == Phase::goodbye) &&
            (longest == nullptr || connection->listing < longest->listing))
            longest = connection;
    return longest;
}

}  // namespace

Connection* ConnectionsByAddress::longest_idle(const Address& peer) const {
    const auto mine = connections_.find(peer.limiter_key());
    return mine == connections_.end() ? nullptr : longer_idle(nullptr, mine->second);
}

Connection* ConnectionsByAddress::longest_idle_in_net(const Address& peer) const {
    const auto net = net_key(peer);  // sorts before all keys of this /48
    Connection* longest = nullptr;
    for (auto at = connections_.lower_bound(net); at != connections_.end(); ++at) {
        if (!std::equal(net.begin(), net.end() - 2, at->first.begin()))
            break;
        longest = longer_idle(longest, at->second);
    }
    return longest;
}

}  // namespace hourgate::http
