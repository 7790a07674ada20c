// How many calls have been granted to one subject (a token line, a member, a workspace, an
// address), for all its windows at once. Pure arithmetic: no clock, no lock, no I/O.
//
// Windows of at most limits::exact_calls_max calls share one trail of exact instants. For larger
// windows there is a trail of limits::sub_windows runs for each length. Its only error is to free a
// call up to W/256 late, never early.
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

/// One window as a response shows it.
struct WindowState {
    std::uint32_t remaining = 0;  ///< calls that would still be granted now
    /// Whole seconds, rounded up, until the oldest counted call leaves this window; `seconds` of
    /// the window if none is counted. If more than `limit` calls are counted (a limit was lowered),
    /// only the newest `limit` matter, so a full window has room after exactly this long.
    std::uint32_t reset_s = 0;
    bool full = false;

    friend bool operator==(const WindowState&, const WindowState&) = default;
};

/// Returns the state of a window in which nothing is counted.
[[nodiscard]] WindowState untouched(const Window& window) noexcept;

/// Not thread-safe; the limiter holds its lock around every call.
class WindowLog {
public:
    /// Makes a log in which nothing is counted. No call will ever be counted before `since_us`.
    explicit WindowLog(std::int64_t since_us = 0) noexcept : latest_us_(since_us) {}

    /// Returns the latest instant, in microseconds, at which this log was asked. What has aged by
    /// then is forgotten, so time in a log never goes back. When threads race, a call may come with
    /// an older reading of the clock; it is counted as of this instant.
    [[nodiscard]] std::int64_t latest_us() const noexcept { return latest_us_; }

    /// Makes the log fit `windows` (of one `per`). Keeps what is known of earlier calls: a change
    /// of plan within a window never refills it, nor does changing forth and back. A count that is
    /// known only for a sub-window is dated at the newest call in it, which frees it late, never
    /// early. Cheap if nothing changed.
    /// REQUIRES: now_us >= latest_us(); at most limits::windows_per_plan_max windows.
    void fit(std::span<const Window* const> windows, std::int64_t now_us);

    /// Writes the state of window i of fit() at `now_us` to `states[i]`.
    /// REQUIRES: now_us >= latest_us(); states.size() is that of fit().
    void look(std::int64_t now_us, std::span<WindowState> states);

    /// Records one call at `now_us`; `states` become those after it. REQUIRES: look() was called
    /// for the same instant, and no window was full.
    void record(std::int64_t now_us, std::span<WindowState> states);

    /// Takes over all that `other` knows. REQUIRES: nothing was asked of this log yet.
    void inherit(const WindowLog& other, std::int64_t now_us);

    /// Returns whether nothing counts any more at `now_us`, for windows now or recently in force,
    /// so that the log may be forgotten.
    [[nodiscard]] bool idle(std::int64_t now_us) const noexcept;

    /// Releases memory that is free at `now_us`. REQUIRES: now_us >= latest_us().
    void tidy(std::int64_t now_us);

    /// Appends all it knows to `out`.
    void save(std::string& out) const;
    /// Returns the saved log, of which nothing can be asked before `until_us`. If `in` has failed
    /// afterwards, the log must not be used: the bytes were not valid, or have an instant after
    /// `until_us`.
    static WindowLog load(SavedReader& in, std::int64_t until_us);

    /// Returns the heap bytes held, for the memory metric.
    [[nodiscard]] std::size_t bytes() const noexcept;

private:
    struct Counted {
        std::uint32_t seconds = 0;
        std::uint32_t limit = 0;
        TrailPosition mark;  ///< in this window's trail
    };

    void refit(std::span<const Window* const> windows, std::int64_t now_us);
    void remember(Grain grain, std::uint32_t seconds, std::int64_t now_us);
    void bound_trails();
    [[nodiscard]] bool has_trail_for(const Counted& window) const noexcept;
    Run age(Counted& window, const Trail& trail) const noexcept;
    [[nodiscard]] WindowState state_of(const Counted& window, const Run& front) const noexcept;
    [[nodiscard]] std::uint32_t wanted_s(const Trail& trail) const noexcept;
    [[nodiscard]] const Trail& trail_of(const Counted& window) const noexcept;

    // Finest first: the exact trail if there is one, then the others by length. Trails of windows
    // that a change of plan has ended stay as long as those windows may come back.
    Few<Trail, 1> trails_;
    Few<Counted, 2> windows_;
    std::int64_t latest_us_;
    std::int64_t changed_us_ = 0;  ///< when fit() last found different windows
};

}  // namespace hourgate
