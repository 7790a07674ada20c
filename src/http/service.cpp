#include "http/service.h"

#include <utility>

namespace hourgate::http {

Service::Service(Settings settings, Gate& gate, const Clock& clock, Observer& observer)
    : clock_(clock), observer_(observer) {
    all_.push_back(std::make_unique<Routes>(std::move(settings), gate, clock_, observer_));
    now_.store(all_.back().get(), std::memory_order_release);
}

Routes& Service::use(Settings settings, Gate& gate) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::make_unique<Routes>(std::move(settings), gate, clock_, observer_));
    use(*all_.back());
    return *all_.back();
}

}  // namespace hourgate::http
