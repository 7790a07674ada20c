#include "limiter/window_log.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/clock.h"

namespace hourgate {
namespace {

// One plan needs at most windows_per_plan_max trails; as many again are kept of earlier plans.
constexpr std::size_t trails_max = 2 * limits::windows_per_plan_max;

constexpr Grain grain_of(std::uint32_t limit) noexcept {
    return limit <= limits::exact_calls_max ? Grain::instant : Grain::sub_window;
}

constexpr std::uint32_t seconds_up(std::int64_t us) noexcept {
    return static_cast<std::uint32_t>((us + us_per_s - 1) / us_per_s);
}

}  // namespace

WindowState untouched(const Window& window) noexcept {
    return {window.limit, window.seconds, window.limit == 0};
}

const Trail& WindowLog::trail_of(const Counted& window) const noexcept {
    const Grain grain = grain_of(window.limit);
    for (const Trail& trail : trails_) {
        if (trail.grain() == grain &&
            (grain == Grain::instant || trail.horizon_s() == window.seconds)) {
            return trail;
        }
    }
    check_failed(__FILE__, __LINE__, "every window has a trail");
}

/// Returns how far back the windows in force look in `trail`; 0 if none uses it.
std::uint32_t WindowLog::wanted_s(const Trail& trail) const noexcept {
    std::uint32_t seconds = 0;
    for (const Counted& window : windows_) {
        if (&trail_of(window) == &trail) {
            seconds = std::max(seconds, window.seconds);
        }
    }
    return seconds;
}

void WindowLog::fit(std::span<const Window* const> windows, std::int64_t now_us) {
    const bool same =
        std::equal(windows.begin(), windows.end(), windows_.begin(), windows_.end(),
                   [](const Window* asked, const Counted& held) {
                       return asked->limit == held.limit && asked->seconds == held.seconds;
                   });
    if (!same) {
        refit(windows, now_us);
    }
}

void WindowLog::refit(std::span<const Window* const> windows, std::int64_t now_us) {
    HOURGATE_CHECK(now_us >= latest_us_ && windows.size() <= limits::windows_per_plan_max);
    latest_us_ = now_us;
    changed_us_ = now_us;
    for (const Window* window : windows) {
        remember(grain_of(window->limit), window->seconds, now_us);
    }
    windows_.clear();
    for (const Window* window : windows) {
        Counted counted{window->seconds, window->limit, {}};
        counted.mark = trail_of(counted).start();
        windows_.push_back(counted);
    }
    bound_trails();
}

/// Makes sure that there is a trail of this grain that looks back at least `seconds`.
void WindowLog::remember(Grain grain, std::uint32_t seconds, std::int64_t now_us) {
    const auto place = std::find_if(trails_.begin(), trails_.end(), [&](const Trail& trail) {
        return trail.grain() == Grain::instant
                   ? grain == Grain::instant
                   : grain == Grain::instant || trail.horizon_s() >= seconds;
    });
    const bool found = place != trails_.end() && place->grain() == grain &&
                       (grain == Grain::instant || place->horizon_s() == seconds);
    if (!found) {
        trails_.insert(place, Trail::joined(grain, seconds, trails_, now_us));
    } else if (place->horizon_s() < seconds) {
        *place = Trail::joined(grain, seconds, trails_, now_us);
    }
}

/// Drops trails of earlier plans beyond the bound. The one that knows least goes first, because
/// another one knows all of that.
void WindowLog::bound_trails() {
    while (trails_.size() > trails_max) {
        const Trail* least = nullptr;
        for (const Trail& trail : trails_) {
            const bool less = least == nullptr || trail.start().calls < least->start().calls;
            if (less && wanted_s(trail) == 0) {
                least = &trail;
            }
        }
        HOURGATE_CHECK(least != nullptr);  // a plan needs at most half the bound
        trails_.erase(least);
    }
}

Run WindowLog::age(Counted& window, const Trail& trail) const noexcept {
    return trail.age(window.mark, window.seconds * us_per_s, window.limit, latest_us_);
}

void WindowLog::look(std::int64_t now_us, std::span<WindowState> states) {
    HOURGATE_CHECK(now_us >= latest_us_ && states.size() == windows_.size());
    latest_us_ = now_us;
    auto next = states.begin();
    for (Counted& window : windows_) {
        *next++ = state_of(window, age(window, trail_of(window)));
    }
}

/// Returns the state of `window`; `front` is the run in front of its position, if there is one.
WindowState WindowLog::state_of(const Counted& window, const Run& front) const noexcept {
    const std::uint32_t calls = window.mark.calls;
    if (calls == 0) {
        return {window.limit, window.seconds, window.limit == 0};
    }
    const std::int64_t leaves_us = front.at_us + window.seconds * us_per_s;
    const bool full = calls >= window.limit;
    return {full ? 0 : window.limit - calls, seconds_up(leaves_us - latest_us_), full};
}

void WindowLog::record(std::int64_t now_us, std::span<WindowState> states) {
    HOURGATE_CHECK(now_us == latest_us_ && states.size() == windows_.size());
    for (Trail& trail : trails_) {
        trail.forget(now_us);
        trail.add(now_us, 1);
    }
    auto next = states.begin();
    for (Counted& window : windows_) {
        HOURGATE_CHECK(window.mark.calls < window.limit);
        const Trail& trail = trail_of(window);
        trail.count(window.mark, 1);
        *next++ = state_of(window, trail.front(window.mark));
    }
}

void WindowLog::inherit(const WindowLog& other, std::int64_t now_us) {
    HOURGATE_CHECK(trails_.size() == 0 && windows_.size() == 0);
    latest_us_ = std::max({latest_us_, other.latest_us_, now_us});
    changed_us_ = latest_us_;
    for (const Trail& trail : other.trails_) {
        trails_.push_back(
            Trail::joined(trail.grain(), trail.horizon_s(), other.trails_, latest_us_));
    }
}

bool WindowLog::idle(std::int64_t now_us) const noexcept {
    return std::all_of(trails_.begin(), trails_.end(),
                       [now_us](const Trail& trail) { return trail.idle(now_us); });
}

void WindowLog::tidy(std::int64_t now_us) {
    HOURGATE_CHECK(now_us >= latest_us_);
    latest_us_ = now_us;
    for (Counted& window : windows_) {
        age(window, trail_of(window));
    }
    for (auto trail = trails_.begin(); trail != trails_.end();) {
        const std::uint32_t wanted = wanted_s(*trail);
        if (wanted < trail->horizon_s() && now_us >= changed_us_ + trail->horizon_us()) {
            if (wanted == 0) {
                trails_.erase(trail);
                continue;
            }
            trail->shorten(wanted);
        }
        trail->forget(now_us);
        trail->shrink();
        ++trail;
    }
}

void WindowLog::save(std::string& out) const {
    put_instant(out, changed_us_);
    put_number(out, trails_.size());
    for (const Trail& trail : trails_) {
        trail.save(out);
    }
    put_number(out, windows_.size());
    for (const Counted& window : windows_) {
        put_number(out, window.seconds);
        put_number(out, window.limit);
    }
}

WindowLog WindowLog::load(SavedReader& in, std::int64_t until_us) {
    WindowLog log(until_us);
    log.changed_us_ = in.instant(until_us);
    for (std::uint64_t left = in.number(trails_max); left > 0 && !in.failed(); --left) {
        Trail trail = Trail::load(in, until_us);
        // Finest first, and no two alike: see trails_.
        const Trail* const before = log.trails_.empty() ? nullptr : log.trails_.end() - 1;
        if (before != nullptr &&
            (trail.grain() == Grain::instant ||
             (before->grain() == Grain::sub_window && before->horizon_s() >= trail.horizon_s()))) {
            in.fail();
        }
        log.trails_.push_back(std::move(trail));
    }
    for (std::uint64_t left = in.number(limits::windows_per_plan_max); left > 0 && !in.failed();
         --left) {
        Counted window;
        window.seconds = in.small(limits::window_seconds_max);
        window.limit = in.small(limits::window_calls_max);
        if (window.seconds == 0 || !log.has_trail_for(window)) {
            in.fail();
            break;
        }
        // age() moves the position to where it was.
        window.mark = log.trail_of(window).start();
        log.windows_.push_back(window);
    }
    return log;
}

bool WindowLog::has_trail_for(const Counted& window) const noexcept {
    const Grain grain = grain_of(window.limit);
    return std::any_of(trails_.begin(), trails_.end(), [&](const Trail& trail) {
        return trail.grain() == grain &&
               (grain == Grain::instant ? trail.horizon_s() >= window.seconds
                                        : trail.horizon_s() == window.seconds);
    });
}

std::size_t WindowLog::bytes() const noexcept {
    std::size_t bytes = trails_.bytes() + windows_.bytes();
    for (const Trail& trail : trails_) {
        bytes += trail.bytes();
    }
    return bytes;
}

}  // namespace hourgate
