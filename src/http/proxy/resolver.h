// A thread that asks for the names of upstreams again: at an interval, when an address fails, and
// when it is told to. Nobody else waits for a name server; no thread that answers calls waits here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "http/proxy/upstream.h"

namespace hourgate::http {

class Resolver {
public:
    /// Called for what is new about a name, on the thread of this resolver. It throws nothing.
    using Told = std::function<void(const Upstream::Change&)>;

    explicit Resolver(Told told, Upstream::LookUp look_up = Upstream::look_up);
    /// Waits a second for a look-up that is under way, then leaves it to itself: the system's
    /// resolver cannot be interrupted. Nobody is told what comes of it.
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// Asks for the names of these upstreams from now on, and of no other. They are not asked for
    /// yet. REQUIRES: none is null. Any thread.
    void watch(std::vector<std::shared_ptr<Upstream>> upstreams);

    /// Asks for them now, and waits until that was done, but not longer than `wait_ms`. Returns
    /// whether it was done; true if there are none. Any thread that may wait.
    bool ask(std::int64_t wait_ms);

    /// A function that has them asked for soon, at most once every limits::resolve_rest_ms, however
    /// often it is called. It does not wait, and outlives the resolver.
    [[nodiscard]] std::function<void()> asking_soon() const;

private:
    struct State;
    static void run(const std::shared_ptr<State>& state);

    const std::shared_ptr<State> state_;
};

}  // namespace hourgate::http
