#include "http/link.h"

#include <unistd.h>

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

Link* Neighbours::longest_idle(const Address& peer) const {
    using Phase = Dialogue::Phase;
    const auto mine = links_.find(peer.limiter_key());
    if (mine == links_.end())
        return nullptr;
    Link* longest = nullptr;
    for (Link* const link : mine->second)
        if ((link->listed == Phase::idle || link->listed == Phase::goodbye) &&
            (longest == nullptr || link->listing < longest->listing))
            longest = link;
    return longest;
}

}  // namespace hourgate::http
