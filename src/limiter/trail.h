// A trail: the newest calls of one subject in order of time, small enough to keep for 100,000
// subjects. Each run of calls is coded as the time since the previous run, seven bits a byte. That
// is about three bytes for a call a second, exact to the microsecond. Pure arithmetic: no clock, no
// lock, no I/O.
//
// Windows share a trail. Each has a TrailPosition in it, which only moves towards the newest call.
// So a question costs what has aged since the last one, not what is held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/limits.h"
#include "limiter/saved.h"

namespace hourgate {

/// How precisely a trail keeps instants.
enum class Grain : std::uint8_t {
    instant,     ///< to the microsecond
    sub_window,  ///< calls within 1/256 of the horizon after the first of them are one run
};

/// Calls that are counted and freed together, at the instant of the newest: late, never early.
struct Run {
    std::int64_t at_us = 0;
    std::uint32_t calls = 0;
};

/// A position in a trail. Valid while it is not behind the trail's start; see Trail::age().
struct TrailPosition {
    std::int64_t before_us = 0;  ///< the instant of the previous run
    std::uint32_t position = 0;  ///< of the run in front, in the byte stream, modulo 2^32
    std::uint32_t calls = 0;     ///< from the run in front to the newest; 0: no run is in front
};

/// Not thread-safe. Instants are microseconds, not negative, and never go back.
class Trail {
public:
    Trail() noexcept : Trail(Grain::instant, 0) {}

    /// Keeps calls for `horizon_s`. Of these, at most the newest calls_max(grain) count.
    Trail(Grain grain, std::uint32_t horizon_s) noexcept;

    /// Returns a new trail that knows everything about the last `horizon_s` that any of
    /// `finest_first` knows. REQUIRES: each of them knows the newest calls of the same history, so
    /// that one that knows more calls knows all calls of the others. The calls that only it knows
    /// are taken from it, the others from the finer trail.
    static Trail joined(Grain grain, std::uint32_t horizon_s, std::span<const Trail> finest_first,
                        std::int64_t now_us);

    /// Returns the largest limit that a window over this grain can have. Calls older than the
    /// newest so many are never read.
    static constexpr std::uint32_t calls_max(Grain grain) noexcept {
        return grain == Grain::instant ? limits::exact_calls_max : limits::window_calls_max;
    }

    [[nodiscard]] Grain grain() const noexcept { return grain_; }
    [[nodiscard]] std::uint32_t horizon_s() const noexcept { return horizon_s_; }
    [[nodiscard]] std::int64_t horizon_us() const noexcept { return horizon_s_ * us_per_s; }

    /// Shortens the horizon. REQUIRES: seconds < horizon_s(), and every position belongs to a
    /// window of at most `seconds`.
    void shorten(std::uint32_t seconds) noexcept { horizon_s_ = seconds; }

    /// Returns the position of the oldest call held.
    [[nodiscard]] const TrailPosition& start() const noexcept { return start_; }

    /// Returns whether all calls have left the horizon at `now_us`.
    [[nodiscard]] bool idle(std::int64_t now_us) const noexcept;

    /// Returns the run in front of `mark`. REQUIRES: mark.calls != 0.
    [[nodiscard]] Run front(const TrailPosition& mark) const noexcept { return read(mark).run; }

    /// Moves `mark` past the runs that a window of `limit` calls in `window_us` ignores at
    /// `now_us`. Those are runs that have left the window, and runs that at least `limit` newer
    /// calls follow. Returns the run that is then in front; a run without calls if there is none.
    Run age(TrailPosition& mark, std::int64_t window_us, std::uint32_t limit,
            std::int64_t now_us) const noexcept;

    /// Forgets what no window can use any more at `now_us`. REQUIRES: all positions have been aged.
    void forget(std::int64_t now_us) noexcept;

    /// Appends calls. REQUIRES: at_us is not before the newest call; calls <=
    /// limits::window_calls_max; count() is called at once for every position.
    void add(std::int64_t at_us, std::uint32_t calls);

    /// Adds the calls that add() just appended to `mark`.
    void count(TrailPosition& mark, std::uint32_t calls) const noexcept;

    /// Releases memory beyond twice of what is needed.
    void shrink();

    [[nodiscard]] std::size_t bytes() const noexcept { return capacity_; }

    /// Appends the whole trail to `out`: its bytes as they are, and a dozen more.
    void save(std::string& out) const;
    /// Returns the saved trail. If `in` has failed afterwards, the trail must not be used: the
    /// bytes were not valid, or have an instant after `until_us`.
    static Trail load(SavedReader& in, std::int64_t until_us);

private:
    struct Coded {
        Run run;
        std::uint32_t next = 0;  ///< position of the next run
    };
    [[nodiscard]] Coded read(const TrailPosition& mark) const noexcept;
    [[nodiscard]] std::int64_t step_us() const noexcept;
    [[nodiscard]] std::uint32_t live_bytes() const noexcept;
    [[nodiscard]] std::uint32_t ample_bytes() const noexcept;
    void seal();
    void load_coded(SavedReader& in, std::int64_t until_us);
    void reallocate(std::uint32_t capacity);

    // The newest run is open: it is in members, at position end_, and is coded when the next run
    // begins. `bytes_` holds the stream from position begin_ to end_.
    std::unique_ptr<std::uint8_t[]> bytes_;
    std::int64_t sealed_us_ = 0;  ///< instant of the newest coded run
    std::int64_t opened_us_ = 0;  ///< instant of the open run's first call
    std::int64_t newest_us_ = 0;  ///< instant of the open run's newest call
    TrailPosition start_;
    std::uint32_t open_calls_ = 0;
    std::uint32_t capacity_ = 0;
    std::uint32_t begin_ = 0;
    std::uint32_t end_ = 0;
    std::uint32_t horizon_s_;
    Grain grain_;
};

}  // namespace hourgate
