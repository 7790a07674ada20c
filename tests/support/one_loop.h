// A gate with one event loop in front of a scripted API. A test can hold the loop, so that several
// events are pending at once, in the order in which the test made them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "support/forwarding.h"
#include "support/waiting.h"

namespace hourgate::test {

/// Holds the event loop that answers a request from memory, until the test releases it.
class Holding final : public http::Observer {
public:
    void decided(const Decision& /*decision*/, int /*status*/) noexcept override {}
    void address_unknown(http::Listener /*listener*/, const Address& /*peer*/) noexcept override {}
    void answered(http::Listener /*listener*/, http::Answerer /*by*/,
                  std::int64_t /*took_us*/) noexcept override {
        std::unique_lock lock(mutex_);
        if (!armed_)
            return;
        armed_ = false;
        held_ = true;
        changed_.notify_all();
        changed_.wait(lock, [&] { return !held_; });
    }

    void hold_the_next() {
        const std::lock_guard lock(mutex_);
        armed_ = true;
    }
    void wait_until_held() {
        std::unique_lock lock(mutex_);
        REQUIRE(changed_.wait_for(lock, waits_at_most, [&] { return held_; }));
    }
    void let_go() {
        const std::lock_guard lock(mutex_);
        held_ = false;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool armed_ = false;
    bool held_ = false;
};

/// A public listener with one event loop in front of a scripted API.
struct OneLoop {
    OneLoop()
        : bench(Mode::enforce, small_rules(), HttpBench::reply_settings(),
                upstream_at(api.port(), counts)),
          service(bench.settings(), bench.gate, bench.clock, observer) {
        bench.directory.plans = std::make_shared<PlanBook>(
            std::vector<Plan>{make_plan(2, "studio", true, 10, {{"wide", 2'000, 60, Per::token}})});
        http::Capacity capacity;
        capacity.loops = 1;
        auto bound =
            http::Server::bind(http::Listener::public_, {"127.0.0.1", 0, ""}, service, capacity);
        REQUIRE(bound.ok());
        server = std::move(bound).value();
        server->start();
    }
    [[nodiscard]] RawClient client() const { return RawClient(server->port()); }
    /// Waits until the loop has handled everything that came before.
    void wait_a_turn() const {
        RawClient other = client();
        other.send(get("/_hourgate/healthz"));
        (void)other.answer();
    }
    /// Runs `meanwhile` while the loop is held.
    template <typename Meanwhile>
    void while_held(const Meanwhile& meanwhile) {
        observer.hold_the_next();
        RawClient other = client();
        other.send(get("/_hourgate/healthz"));
        observer.wait_until_held();
        meanwhile();
        observer.let_go();
        (void)other.answer();
    }
    /// Stops the server. Returns how many calls were cut off.
    [[nodiscard]] std::int64_t finish() {
        return server->finish(bench.clock, bench.now.boot_us + 10 * us_per_s);
    }

    RawUpstream api;
    http::Upstream::Counts counts;
    Holding observer;
    HttpBench bench;
    http::Service service;
    std::unique_ptr<http::Server> server;
};

}  // namespace hourgate::test
