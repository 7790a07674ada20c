// What the three listeners answer: routes (http/routes.h) by the configuration in force, which may
// be another one from any request on. A request that is being answered is answered by the one it
// began with; what it points to stays where it is until the end.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "http/routes.h"

namespace hourgate::http {

class Service {
public:
    using Settings = Routes::Settings;
    using Admission = Routes::Admission;
    using Passing = Routes::Passing;

    /// References must outlive the service.
    Service(Settings settings, Gate& gate, const Clock& clock, Observer& observer);

    /// Answers by other settings and another gate from now on: by what it returns, which may be
    /// used again. What was used before stays in memory: decisions and calls on their way point to
    /// it. The API behind the gate may be another one, too; the former has to stay as well. Any
    /// thread. Throws std::bad_alloc, and changes nothing then.
    Routes& use(Settings settings, Gate& gate);
    /// The same by routes that were used before. Any thread.
    void use(Routes& again) noexcept { now_.store(&again, std::memory_order_release); }
    /// What answers now.
    [[nodiscard]] Routes& routes() noexcept { return now(); }

    // As of Routes, by those in force.
    [[nodiscard]] std::size_t body_bytes_max(Listener listener, std::string_view method,
                                             std::string_view target) const noexcept {
        return now().body_bytes_max(listener, method, target);
    }
    [[nodiscard]] std::optional<Answer> admit(Listener listener, const Request& request,
                                              Admission& admission) noexcept {
        return now().admit(listener, request, admission);
    }
    [[nodiscard]] Upstream* upstream() const noexcept { return now().upstream(); }
    [[nodiscard]] bool is_forwarded(Listener listener, std::string_view target) const {
        return now().is_forwarded(listener, target);
    }
    /// What answers say, by the configuration in force. It stays where it is.
    [[nodiscard]] const ReplySettings& reply() const noexcept { return now().reply(); }
    [[nodiscard]] Passing pass(const Head& head) noexcept { return now().pass(head); }
    [[nodiscard]] std::optional<Passing> pass_at_hand(const Head& head) {
        return now().pass_at_hand(head);
    }
    [[nodiscard]] Address caller_address(const RequestView& request) const {
        return now().caller_address(request);
    }
    void check(Passage& passage) noexcept { now().check(passage); }
    void upstream_failed(const Decision& granted, const UpstreamFailure& failure) noexcept {
        observer_.upstream_failed(granted, failure);
    }
    /// As of Observer.
    void request_refused(Listener listener, std::string_view reason, std::string_view bound,
                         const Address& peer) noexcept {
        observer_.request_refused(listener, reason, bound, peer);
    }
    /// When something is ready for a worker, as of the clock of answered().
    [[nodiscard]] std::int64_t boot_us() const noexcept { return clock_.boot_us(); }
    /// A worker has answered what was ready at `ready_us`.
    void answered(Listener listener, std::int64_t ready_us) noexcept {
        observer_.answered(listener, Answerer::worker, clock_.boot_us() - ready_us);
    }
    [[nodiscard]] Lane& lane() noexcept { return now().lane(); }
    [[nodiscard]] bool refresh_due() noexcept { return now().refresh_due(); }
    void refresh() noexcept { now().refresh(); }
    [[nodiscard]] Answer handle(Listener listener, const Request& request,
                                Admission admission = {}) noexcept {
        return now().handle(listener, request, std::move(admission));
    }

private:
    [[nodiscard]] Routes& now() const noexcept { return *now_.load(std::memory_order_acquire); }

    const Clock& clock_;
    Observer& observer_;
    std::atomic<Routes*> now_{nullptr};
    std::mutex mutex_;
    std::vector<std::unique_ptr<Routes>> all_;  // guarded by mutex_; the last is in force
};

}  // namespace hourgate::http
