// A trail: the newest calls of one thing in order of time, small enough to keep for 100,000 things.
// Each run of calls is coded as the time since the run before it, seven bits a byte: about three
// bytes for a call a second, exact to the microsecond. Pure arithmetic: no clock, no lock, no I/O.
//
// Windows share a trail; each has a Mark in it, which only ever moves towards the newest call. So a
// question costs what has aged since the last one, not what is held.
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

/// How finely a trail tells instants apart.
enum class Grain : std::uint8_t {
    instant,     ///< to the microsecond
    sub_window,  ///< calls within 1/256 of the horizon of the first of them are one run
};

/// Calls that are counted and freed together, as of the newest of them: late, never early.
struct Run {
    std::int64_t at_us = 0;
    std::uint32_t calls = 0;
};

/// A place in a trail. Stays valid while it is not behind the trail's own start; see Trail::age.
struct TrailPosition {
    std::int64_t before_us = 0;  ///< the instant of the run before
    std::uint32_t position = 0;  ///< of the run in front, in the stream of bytes, modulo 2^32
    std::uint32_t calls = 0;     ///< from the run in front to the newest; 0: nothing is in front
};

/// Not thread-safe. Instants are microseconds, 0 or more, and never go back.
class Trail {
public:
    Trail() noexcept : Trail(Grain::instant, 0) {}

    /// Remembers calls for `horizon_s`, of which never more than the newest calls_max(grain) count.
    Trail(Grain grain, std::uint32_t horizon_s) noexcept;

    /// A new trail that knows of the last `horizon_s` all that any of `finest_first` knows. Each of
    /// them must know the newest calls of one and the same history, so that who knows more calls
    /// knows all the others know: those more are taken from it, the others from the finer one.
    static Trail joined(Grain grain, std::uint32_t horizon_s, std::span<const Trail> finest_first,
                        std::int64_t now_us);

    /// The largest limit a window over this grain can have: what is older than so many calls is
    /// never looked at.
    static constexpr std::uint32_t calls_max(Grain grain) noexcept {
        return grain == Grain::instant ? limits::exact_calls_max : limits::window_calls_max;
    }

    [[nodiscard]] Grain grain() const noexcept { return grain_; }
    [[nodiscard]] std::uint32_t horizon_s() const noexcept { return horizon_s_; }
    [[nodiscard]] std::int64_t horizon_us() const noexcept { return horizon_s_ * us_per_s; }

    /// REQUIRES: seconds < horizon_s(), and every mark belongs to a window of at most `seconds`.
    void shorten(std::uint32_t seconds) noexcept { horizon_s_ = seconds; }

    /// The oldest call held.
    [[nodiscard]] const TrailPosition& start() const noexcept { return start_; }

    /// Whether everything has left the horizon at `now_us`.
    [[nodiscard]] bool idle(std::int64_t now_us) const noexcept;

    /// The run in front of `mark`. REQUIRES: mark.calls != 0.
    [[nodiscard]] Run front(const TrailPosition& mark) const noexcept { return read(mark).run; }

    /// Moves `mark` over what a window of `limit` calls in `window_us` ignores at `now_us`:
    /// runs that have left it, and runs behind which there are still `limit` calls. The run that is
    /// in front then; one without calls when there is none.
    Run age(TrailPosition& mark, std::int64_t window_us, std::uint32_t limit,
            std::int64_t now_us) const noexcept;

    /// Forgets what no window can look at any more at `now_us`. Marks must have been aged before.
    void forget(std::int64_t now_us) noexcept;

    /// Appends calls. REQUIRES: at_us not before the newest; calls <= limits::window_calls_max.
    /// Every mark must be told with count() at once.
    void add(std::int64_t at_us, std::uint32_t calls);

    /// Lets `mark` know of calls just added.
    void count(TrailPosition& mark, std::uint32_t calls) const noexcept;

    /// Gives back memory beyond twice of what is needed.
    void shrink();

    [[nodiscard]] std::size_t bytes() const noexcept { return capacity_; }

    /// Appends all it holds to `out`: its bytes as they are, and a dozen more.
    void save(std::string& out) const;
    /// The trail that was saved; `in` has failed when it is none, or has an instant after
    /// `until_us`, and then the trail is of no use.
    static Trail load(SavedReader& in, std::int64_t until_us);

private:
    struct Coded {
        Run run;
        std::uint32_t next = 0;  ///< position of the run after it
    };
    [[nodiscard]] Coded read(const TrailPosition& mark) const noexcept;
    [[nodiscard]] std::int64_t step_us() const noexcept;
    [[nodiscard]] std::uint32_t live_bytes() const noexcept;
    [[nodiscard]] std::uint32_t ample_bytes() const noexcept;
    void seal();
    void load_coded(SavedReader& in, std::int64_t until_us);
    void reallocate(std::uint32_t capacity);

    // The newest run is open: it stands in members, at position end_, and is coded when the next
    // one begins. `bytes_` holds the stream from position begin_ to end_.
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
