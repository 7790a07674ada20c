// Writes what the meter counted into the database every limits::usage_write_ms, and deletes what is
// older than it is to be kept, on a thread of its own. What a crash can lose is what was counted
// since the last writing; a clean stop loses nothing.
#pragma once

#include <cstdint>
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
    /// References must outlive the writer.
    UsageWriter(UsageMeter& meter, manage::Ledger& ledger, const Clock& clock, const Log& log,
                std::int64_t keep_s)
        : meter_(meter),
          ledger_(ledger),
          clock_(clock),
          log_(log),
          keep_s_(keep_s),
          thread_(limits::usage_write_ms, [this](bool last) { run(last); }) {}

    void start() { thread_.start(); }
    /// Writes what is left, once, and ends the thread. REQUIRES: nothing is decided any more.
    void stop() noexcept { thread_.stop(); }

    /// What the thread does each time. When the database does not take it, what was counted waits
    /// for the next time: some of it here, the rest in the meter. Not from two threads at once.
    void write();

private:
    void run(bool last) noexcept;
    [[nodiscard]] bool write_pending();
    void prune();

    UsageMeter& meter_;
    manage::Ledger& ledger_;
    const Clock& clock_;
    const Log& log_;
    const std::int64_t keep_s_;
    std::vector<manage::UsageNote> pending_;  // taken, not written
    std::int64_t pruned_hour_ = 0;
    bool failing_ = false;

    Periodic thread_;  // the last: it uses all the others
};

}  // namespace hourgate::ops
