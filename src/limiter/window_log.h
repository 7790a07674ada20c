// How many calls one thing (a token line, a workspace, an address) has been granted, for all its
// windows at once. Pure arithmetic: no clock, no lock, no I/O.
//
// Windows of at most limits::exact_calls_max calls share one trail of exact instants. Larger
// windows keep a trail of limits::sub_windows runs for each length, whose only fault is to free a
// call up to W/256 late: never early.
//
// Intervals are half open: a call at t counts in [t, t + W).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/few.h"
#include "base/limits.h"
#include "limiter/trail.h"
#include "plan/window.h"

namespace hourgate {

/// One window as an answer shows it.
struct WindowState {
    std::uint32_t remaining = 0;  ///< calls that would still be granted now
    /// Whole seconds, rounded up, until the oldest counted call leaves this window; `seconds` of
    /// the window if none is counted. Of more than `limit` counted calls (a limit was lowered) only
    /// the newest `limit` are looked at, so a full window has room after exactly this long.
    std::uint32_t reset_s = 0;
    bool full = false;

    friend bool operator==(const WindowState&, const WindowState&) = default;
};

/// The state of a window in which nothing is counted.
[[nodiscard]] WindowState untouched(const Window& window) noexcept;

/// Not thread-safe; the limiter holds its lock around every call.
class WindowLog {
public:
    /// A log in which nothing is counted, and no call ever will be before `since_us`.
    explicit WindowLog(std::int64_t since_us = 0) noexcept : latest_us_(since_us) {}

    /// The latest instant this log was asked about in microseconds. What has aged then is
    /// forgotten, so time in a log never goes back: a call that comes with an older reading of the
    /// clock, as happens when threads race, is taken as of this instant.
    [[nodiscard]] std::int64_t latest_us() const noexcept { return latest_us_; }

    /// Makes the log fit `windows` (of one `per`). What is known of earlier calls is kept: a change
    /// of plan in mid-window never refills, also not by changing forth and back. An old count that
    /// is only known to a sub-window is taken as of the newest call in it, which frees it late,
    /// never early. Cheap when nothing changed.
    /// REQUIRES: now_us >= latest_us(); at most limits::windows_per_plan_max windows.
    void fit(std::span<const Window* const> windows, std::int64_t now_us);

    /// The state of window i of fit() at `now_us` into `states[i]`.
    /// REQUIRES: now_us >= latest_us(); states.size() is that of fit().
    void look(std::int64_t now_us, std::span<WindowState> states);

    /// Records one call at `now_us`; `states` become those after it. REQUIRES: look() at the same
    /// instant, and no window was full.
    void record(std::int64_t now_us, std::span<WindowState> states);

    /// Takes over all that `other` knows. REQUIRES: nothing was asked of this log yet.
    void inherit(const WindowLog& other, std::int64_t now_us);

    /// Whether nothing counts any more at `now_us`, for windows now or lately in force, so that the
    /// log may be forgotten.
    [[nodiscard]] bool idle(std::int64_t now_us) const noexcept;

    /// Gives back memory that `now_us` has freed. REQUIRES: now_us >= latest_us().
    void tidy(std::int64_t now_us);

    /// Appends all it knows to `out`.
    void save(std::string& out) const;
    /// The log that was saved, of which nothing can be asked before `until_us`. `in` has failed
    /// when it is none, or knows of an instant after `until_us`: then the log is of no use.
    static WindowLog load(SavedReader& in, std::int64_t until_us);

    /// Heap bytes held, for the memory metric.
    [[nodiscard]] std::size_t bytes() const noexcept;

private:
    struct Counted {
        std::uint32_t seconds = 0;
        std::uint32_t limit = 0;
        TrailPosition mark;  ///< in the trail of this window
    };

    void refit(std::span<const Window* const> windows, std::int64_t now_us);
    void remember(Grain grain, std::uint32_t seconds, std::int64_t now_us);
    void bound_trails();
    [[nodiscard]] bool has_trail_for(const Counted& window) const noexcept;
    Run age(Counted& window, const Trail& trail) const noexcept;
    [[nodiscard]] WindowState state_of(const Counted& window, const Run& front) const noexcept;
    [[nodiscard]] std::uint32_t wanted_s(const Trail& trail) const noexcept;
    [[nodiscard]] const Trail& trail_of(const Counted& window) const noexcept;

    // Finest first: the exact trail if there is one, then the others by length. Also those of
    // windows that a change of plan has ended, for as long as they may come back in force.
    Few<Trail, 1> trails_;
    Few<Counted, 2> windows_;
    std::int64_t latest_us_;
    std::int64_t changed_us_ = 0;  ///< when fit() last found other windows
};

}  // namespace hourgate
