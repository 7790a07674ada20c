#include "http/server/connection.h"

#include <unistd.h>

#include <algorithm>

namespace hourgate::http {

void Link::hang_up() noexcept {
    if (fd >= 0)
        close(fd);
    fd = -1;
    place.reset();
}

void Neighbours::add(Link& link) {
    auto& mine = links_[link.peer.limiter_key()];
    link.neighbour = mine.insert(mine.end(), &link);
    link.has_neighbours = true;
}

void Neighbours::forget(Link& link) noexcept {
    if (!link.has_neighbours)
        return;
    link.has_neighbours = false;
    const auto mine = links_.find(link.peer.limiter_key());
    mine->second.erase(link.neighbour);
    if (mine->second.empty())
        links_.erase(mine);
}

namespace {

/// The one that has waited longest for nothing of `longest` and of `links`.
Link* longer_idle(Link* longest, const std::list<Link*>& links) noexcept {
    using Phase = Dialogue::Phase;
    for (Link* const link : links)
        if ((link->listed == Phase::idle || link->listed == Phase::goodbye) &&
            (longest == nullptr || link->listing < longest->listing))
            longest = link;
    return longest;
}

}  // namespace

Link* Neighbours::longest_idle(const Address& peer) const {
    const auto mine = links_.find(peer.limiter_key());
    return mine == links_.end() ? nullptr : longer_idle(nullptr, mine->second);
}

Link* Neighbours::longest_idle_in_net(const Address& peer) const {
    const auto net = net_key(peer);  // before all keys of this /48
    Link* longest = nullptr;
    for (auto at = links_.lower_bound(net); at != links_.end(); ++at) {
        if (!std::equal(net.begin(), net.end() - 2, at->first.begin()))
            break;
        longest = longer_idle(longest, at->second);
    }
    return longest;
}

}  // namespace hourgate::http
