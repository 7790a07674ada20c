// A thread that resolves the names of upstreams: at an interval, when an address fails, and on
// request. No thread that serves calls ever waits for a name server.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "http/proxy/upstream.h"

namespace hourgate::http {

class Resolver {
public:
    /// Called with each change of a name, on the resolver's thread. Must not throw.
    using Told = std::function<void(const Upstream::Change&)>;

    explicit Resolver(Told told, Upstream::LookUp look_up = Upstream::look_up);
    /// Waits at most one second for a running look-up, then abandons it, because the system's
    /// resolver cannot be interrupted. Its result is not reported.
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// Replaces the set of upstreams whose names are resolved. Does not resolve them yet. REQUIRES:
    /// no pointer is null. Threads: any.
    void watch(std::vector<std::shared_ptr<Upstream>> upstreams);

    /// Resolves the names now and waits for that, at most `wait_ms`. Returns true if it was done,
    /// or if there are no names. Threads: any that may block.
    bool ask(std::int64_t wait_ms);

    /// Returns a function that requests a look-up soon. However often it is called, names are
    /// resolved at most once every limits::resolve_rest_ms. The function does not wait, and may be
    /// called after the resolver is gone.
    [[nodiscard]] std::function<void()> asking_soon() const;

private:
    struct State;
    static void run(const std::shared_ptr<State>& state);

    const std::shared_ptr<State> state_;
};

}  // namespace hourgate::http
