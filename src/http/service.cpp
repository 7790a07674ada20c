#include "http/service.h"

#include <utility>

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
    for (std::size_t at = 0; at < stripe_count; ++at) {
        const std::lock_guard lock(copies_[at].mutex);
        copies_[at].routes.swap(next[at]);
    }
    upstream_.store(routes->upstream(), std::memory_order_release);
}  // the previous ones are freed here, outside the locks

}  // namespace hourgate::http
