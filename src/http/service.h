// Answers what the three listeners serve, by the routes (http/routes.h) of the configuration in
// force. A reload may replace the routes at any time. A request is answered by the routes that it
// began with. Replaced routes are freed after their last request.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/stripes.h"
#include "http/routes.h"
#include "http/wire/response_writer.h"

namespace hourgate::http {

class Service {
public:
    using Settings = Routes::Settings;
    using Admission = Routes::Admission;
    using ForwardOutcome = Routes::ForwardOutcome;

    /// REQUIRES: the references outlive the service; `settings` may own the gate.
    Service(Settings settings, Gate& gate, const Clock& clock, Observer& observer);

    /// Puts other settings and another gate in force. Sets Upstream::in_force of the new and the
    /// previous upstreams. The previous routes are freed, on any thread, after the last call that
    /// they decided. Throws std::bad_alloc; nothing has been changed then. Threads: any.
    void use(Settings settings, Gate& gate);

    // These do what Routes does, with the routes in force.
    [[nodiscard]] std::size_t body_bytes_max(Listener listener, std::string_view method,
                                             std::string_view target) const noexcept {
        return now()->body_bytes_max(listener, method, target);
    }
    [[nodiscard]] std::optional<Response> admit(Listener listener, const Request& request,
                                                Admission& admission) noexcept {
        admission.by = now();
        return admission.by->admit(listener, request, admission);
    }
    [[nodiscard]] bool is_forwarded(Listener listener, const RequestView& request) const {
        return now()->is_forwarded(listener, request);
    }
    /// Returns the reply settings of the configuration in force.
    [[nodiscard]] std::shared_ptr<const ReplySettings> reply() const noexcept {
        const Held routes = now();
        return {routes, &routes->reply()};
    }
    [[nodiscard]] ForwardOutcome pass(const RequestHead& head) noexcept {
        const Held routes = now();
        return keeping(routes, routes->pass(head));
    }
    [[nodiscard]] std::optional<ForwardOutcome> forward_from_memory(const RequestHead& head) {
        const Held routes = now();
        auto outcome = routes->forward_from_memory(head);
        if (!outcome)
            return std::nullopt;
        return keeping(routes, *std::move(outcome));
    }
    [[nodiscard]] Address caller_address(const RequestView& request) const {
        return now()->caller_address(request);
    }
    void check(ForwardedCall& forwarded_call) noexcept { now()->check(forwarded_call); }
    void upstream_failed(const Decision& granted, const UpstreamFailure& failure) noexcept {
        observer_.upstream_failed(granted, failure);
    }
    /// See Observer.
    void request_refused(Listener listener, std::string_view reason, std::string_view bound,
                         const Address& peer) noexcept {
        observer_.request_refused(listener, reason, bound, peer);
    }
    /// Returns the time at which a request became ready for a worker, for answered().
    [[nodiscard]] std::int64_t boot_us() const noexcept { return clock_.boot_us(); }
    /// Reports that a worker has answered a request that was ready at `ready_us`.
    void answered(Listener listener, std::int64_t ready_us) noexcept {
        observer_.answered(listener, Answerer::worker, clock_.boot_us() - ready_us);
    }
    /// See FastPath::answer.
    [[nodiscard]] bool answer_at_once(Listener listener, const RequestHead& head, After after,
                                      std::string& out) {
        return now()->fast_path().answer(listener, head, after, out);
    }
    [[nodiscard]] bool refresh_due() noexcept { return now()->refresh_due(); }
    void refresh() noexcept { now()->refresh(); }
    /// Uses the routes that admitted the request, if it was admitted.
    [[nodiscard]] Response handle(Listener listener, const Request& request,
                                  Admission admission = {}) noexcept {
        const Held routes = admission.by ? admission.by : now();
        return routes->handle(listener, request, std::move(admission));
    }

private:
    using Held = std::shared_ptr<Routes>;

    /// There is one copy for each of a few threads. The references to each copy are counted
    /// separately, so event loops do not write to the same cache line for every call.
    struct alignas(64) Copy {
        mutable std::mutex mutex;
        Held routes;  // guarded by mutex
    };

    [[nodiscard]] Held now() const noexcept {
        const Copy& copy = copies_[own_stripe()];
        const std::lock_guard lock(copy.mutex);
        return copy.routes;
    }
    [[nodiscard]] static ForwardOutcome keeping(const Held& routes,
                                                ForwardOutcome outcome) noexcept {
        if (outcome.forwarded_call)
            outcome.forwarded_call->kept = routes;
        return outcome;
    }

    const Clock& clock_;
    Observer& observer_;
    std::array<Copy, stripe_count> copies_;
};

}  // namespace hourgate::http
