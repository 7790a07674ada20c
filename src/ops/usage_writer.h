// Writes what the meter counted into the database every limits::usage_write_ms, on a thread of its
// own, and deletes usage and ended tokens that are older than they are to be kept. What a crash can
// lose is what was counted since the last writing; a clean stop loses nothing.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "manage/ledger.h"
#include "ops/log.h"
#include "ops/periodic.h"
#include "ops/usage_meter.h"

namespace hourgate::ops {

class UsageWriter {
public:
    /// How long what is kept.
    struct Keep {
        std::int64_t usage_s = 0;
        std::int64_t ended_tokens_s = 0;
    };
    /// References must outlive the writer.
    UsageWriter(UsageMeter& meter, manage::Ledger& ledger, const Clock& clock, const Log& log,
                Keep keep)
        : meter_(meter),
          ledger_(ledger),
          clock_(clock),
          log_(log),
          keep_(keep),
          thread_(limits::usage_write_ms, [this](bool last) { run(last); }) {
        meter_.on_fresh_successor([this] { thread_.soon(); });
    }

    void start() { thread_.start(); }
    /// Writes what is left, once, and ends the thread. REQUIRES: nothing is decided any more.
    void stop() noexcept { thread_.stop(); }

    /// Puts on record everything that was counted before this call. If the database does not take
    /// it, returns why; what was counted then waits for the next time, some of it here, the rest in
    /// the meter. Also fails if the meter ever had no room for a call: then nobody knows. Any
    /// thread; waits while the writer's own thread writes.
    [[nodiscard]] Status settle();
    /// What the thread does each time: the same, and logs when writing begins to fail.
    void write();
    /// One step of pruning: what the thread does after writing.
    void prune();

private:
    void run(bool last) noexcept;
    [[nodiscard]] Status write_all();
    [[nodiscard]] Status write_pending();
    void prune_usage(Now now);
    void prune_tokens(Now now);

    UsageMeter& meter_;
    manage::Ledger& ledger_;
    const Clock& clock_;
    const Log& log_;
    const Keep keep_;
    std::mutex mutex_;
    std::vector<manage::UsageNote> pending_;  // guarded by mutex_: taken, not written
    // Of the thread alone.
    std::int64_t pruned_hour_ = 0;
    std::int64_t pruned_token_ = 0;  // row: where the walk over all tokens goes on
    std::int64_t next_walk_ms_ = 0;  // CLOCK_BOOTTIME
    bool failing_ = false;

    Periodic thread_;  // the last: it uses all the others
};

}  // namespace hourgate::ops
