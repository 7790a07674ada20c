// Keeps what the limiters have counted in a state file: every limits::state_write_ms and on a clean
// stop, on a thread of its own. A restart gives nobody a fresh window, a crash gives back at most
// 5 s of spending. Calls go on meanwhile: a few logs are locked at a time.
// 100,000 tokens with 100 calls each: 41 MiB and 0.14 s of processor time a writing, of which the
// copying is 0.06 s; 0.2 s to load. Few tokens: next to nothing.
//
// How much time has passed is told by CLOCK_BOOTTIME and the boot id, never by the wall clock. The
// same boot, and it is what the clock says; another boot, and it is how long this one is up, and no
// more than what the clock says where it says less (containers have boot ids of their own on one
// kernel's clock). So nothing has room earlier than it should; after a boot, later.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/limits.h"
#include "limiter/limiter.h"
#include "ops/log.h"
#include "ops/periodic.h"
#include "ops/state_file.h"

namespace hourgate::ops {

/// All that counts.
struct Counters {
    Limiter& limiter;
    Limiter& own;  ///< of the gate's own routes
    AddressLimiter& failures;
    AddressLimiter& public_calls;
    AddressLimiter& preflights;
};

/// The time a limiter goes on with at `now_us` of CLOCK_BOOTTIME in this boot; "" is an id that is
/// not known, which is another one.
[[nodiscard]] Timeline timeline_after(const Saved& saved, const std::string& boot_id,
                                      std::int64_t now_us) noexcept;

/// For a database that was put back to an earlier state, while no server runs: forgets what token
/// lines, members and workspaces above the row numbers of `last` have spent. They are not in it any
/// more, and those who get their numbers next begin with nothing spent; all others go on. Nothing
/// to do where there is no state file; when it cannot be used, it is left for the server to tell
/// of.
[[nodiscard]] Status forget_above(const std::string& path, std::string_view key, CountedFor last);

class CounterKeeper {
public:
    struct Settings {
        std::string path;     ///< of the state file
        std::string key;      ///< of the database, 16 to 64 bytes
        std::string boot_id;  ///< read_boot_id()
    };

    /// References must outlive the keeper.
    CounterKeeper(Settings settings, Counters counters, const Clock& clock, const Log& log)
        : settings_(std::move(settings)),
          counters_(counters),
          clock_(clock),
          log_(log),
          saved_us_(clock.now().boot_us),
          thread_(limits::state_write_ms, [this](bool last) { save(last); }) {}

    /// Goes on with what the state file has, if it is there. All of it is read and checked before
    /// any of it is taken over; a file that cannot be used is told of as a warning, and windows
    /// start empty. REQUIRES: nothing was decided yet, and nobody else uses the counters.
    void load() noexcept;

    void start() { thread_.start(); }
    /// Saves once more and ends the thread. REQUIRES: nothing is decided any more.
    void stop() noexcept { thread_.stop(); }

    /// What the thread does each time. Where nothing was counted since the last time, the file is
    /// left as it is for limits::state_rewrite_us, but for the last time. When the disk does not
    /// take it, the file of before stays. Not from two threads at once.
    void save(bool last) noexcept;

    // Any thread:
    /// Since the file last had all that was counted, in seconds; since the start when it never had.
    [[nodiscard]] std::int64_t age_s() const noexcept;
    [[nodiscard]] std::uint64_t failures() const noexcept { return failures_.load(); }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_.load(); }

private:
    [[nodiscard]] Status write(bool last);
    [[nodiscard]] Status take_over(const StateFile& file);

    const Settings settings_;
    const Counters counters_;
    const Clock& clock_;
    const Log& log_;
    std::int64_t ahead_us_ = 0;  // of the counters' time, see Timeline
    // Of the file in place, when this keeper has written it.
    token::Sealing::Seal seal_{};
    std::int64_t written_us_ = -limits::state_rewrite_us;
    bool failing_ = false;
    std::atomic<std::int64_t> saved_us_;  // the file has all that was counted until then
    std::atomic<std::uint64_t> failures_{0};
    std::atomic<std::uint64_t> bytes_{0};

    Periodic thread_;  // the last: it uses all the others
};

}  // namespace hourgate::ops
