#include "http/service.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace hourgate::http {

Service::Service(Settings settings, Gate& gate, const Clock& clock, Observer& observer)
    : clock_(clock), observer_(observer) {
    use(std::move(settings), gate);
}

void Service::use(Settings settings, Gate& gate) {
    const auto routes = std::make_shared<Routes>(std::move(settings), gate, clock_, observer_);
    std::array<Held, stripe_count> next;
    for (Held& one : next)
        one = Held(routes.get(), [routes](Routes*) {});
    const std::vector<Upstream*> upstreams = routes->upstreams();
    for (std::size_t at = 0; at < stripe_count; ++at) {
        const std::lock_guard lock(copies_[at].mutex);
        copies_[at].routes.swap(next[at]);
    }
    for (Upstream* const upstream : upstreams)
        if (upstream != nullptr)
            upstream->in_force.store(true, std::memory_order_release);
    for (Upstream* const former : next[0] ? next[0]->upstreams() : std::vector<Upstream*>())
        if (former != nullptr &&
            std::find(upstreams.begin(), upstreams.end(), former) == upstreams.end())
            former->in_force.store(false, std::memory_order_release);
}  // the previous routes are freed here, outside the locks

}  // namespace hourgate::http
