#include "http/proxy/resolver.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/limits.h"

namespace hourgate::http {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds patience{1'000};  // for a running look-up, at the end

}  // namespace

/// Shared by the resolver and its thread, which may outlive it.
struct Resolver::State {
    State(Told told_, Upstream::LookUp look_up_)
        : look_up(std::move(look_up_)), told(std::move(told_)) {}

    const Upstream::LookUp look_up;

    std::mutex mutex;
    std::condition_variable wake;                      // for the thread
    std::condition_variable was_done;                  // for those who called ask()
    std::vector<std::shared_ptr<Upstream>> upstreams;  // guarded by mutex
    std::uint64_t asked = 0;                           // guarded by mutex; number of calls of ask()
    std::uint64_t done = 0;  // guarded by mutex; the last call that was done
    bool soon = false;       // guarded by mutex
    bool stopping = false;   // guarded by mutex
    bool ended = false;      // guarded by mutex

    std::mutex telling;
    Told told;  // guarded by telling; empty once the resolver is gone
};

Resolver::Resolver(Told told, Upstream::LookUp look_up)
    : state_(std::make_shared<State>(std::move(told), std::move(look_up))) {
    std::thread([state = state_] { run(state); }).detach();
}

Resolver::~Resolver() {
    {
        std::unique_lock lock(state_->mutex);
        state_->stopping = true;
        state_->wake.notify_all();
        state_->was_done.wait_for(lock, patience, [&] { return state_->ended; });
    }
    const std::lock_guard lock(state_->telling);
    state_->told = nullptr;
}

void Resolver::watch(std::vector<std::shared_ptr<Upstream>> upstreams) {
    const std::lock_guard lock(state_->mutex);
    state_->upstreams.swap(upstreams);
}

bool Resolver::ask(std::int64_t wait_ms) {
    std::unique_lock lock(state_->mutex);
    const auto& upstreams = state_->upstreams;
    if (std::none_of(upstreams.begin(), upstreams.end(),
                     [](const auto& upstream) { return upstream->has_names(); }))
        return true;
    const std::uint64_t mine = ++state_->asked;
    state_->wake.notify_all();
    return state_->was_done.wait_for(lock, milliseconds(wait_ms),
                                     [&] { return state_->done >= mine; });
}

std::function<void()> Resolver::asking_soon() const {
    return [weak = std::weak_ptr(state_)] {
        const auto state = weak.lock();
        if (!state)
            return;
        const std::lock_guard lock(state->mutex);
        if (!std::exchange(state->soon, true))
            state->wake.notify_all();
    };
}

void Resolver::run(const std::shared_ptr<State>& state) {
    auto rested = Clock::now();  // the earliest time for a look-up for asking_soon()
    auto due = rested;           // the latest time for the next look-up
    std::unique_lock lock(state->mutex);
    while (!state->stopping) {
        const bool now = state->asked > state->done;
        if (!now && (state->soon ? Clock::now() < rested : Clock::now() < due)) {
            state->wake.wait_until(lock, state->soon ? rested : due);
            continue;
        }
        const std::uint64_t asked = state->asked;
        state->soon = false;
        const std::vector<std::shared_ptr<Upstream>> upstreams = state->upstreams;
        lock.unlock();
        milliseconds every = std::chrono::hours(24);  // if there are no names
        try {
            for (const auto& upstream : upstreams) {
                const auto changes = upstream->resolve(state->look_up);
                if (upstream->has_names())
                    every = std::min(every, milliseconds(upstream->settings().resolve_ms));
                const std::lock_guard telling(state->telling);
                for (const Upstream::Change& change : changes)
                    if (state->told)
                        state->told(change);
            }
        } catch (...) {  // out of memory: the next look-up tries again
        }
        rested = Clock::now() + milliseconds(limits::resolve_rest_ms);
        due = Clock::now() + every;
        lock.lock();
        state->done = asked;
        state->was_done.notify_all();
    }
    state->ended = true;
    state->was_done.notify_all();
}

}  // namespace hourgate::http
