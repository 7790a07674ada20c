// Writes what the decision log holds into the database every limits::decisions_write_ms, sooner
// when the log fills up, and deletes what is older or more than is to be kept, on a thread of its
// own. What a crash can lose is what came since the last writing; a clean stop loses nothing.
//
// What is written has bounds, so that a flood of refusals neither keeps the disk busy nor drives
// out what others wait to read: so many refusals a minute for one token, so many for all callers
// nobody knows (RefusalBudget), and so many records a second in all. The rest can be read from
// memory alone, as long as it is there.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>

#include "base/clock.h"
#include "manage/decisions.h"
#include "ops/decision_log.h"
#include "ops/log.h"
#include "ops/periodic.h"
#include "ops/refusal_budget.h"

namespace hourgate::ops {

class DecisionWriter {
public:
    struct Settings {
        std::int64_t keep_s = 0;    ///< how long records are kept
        std::int64_t rows_max = 0;  ///< of each kind; 0: nothing is written
        std::function<manage::DecisionRecord(const KeptDecision&)> record_of;
    };

    /// References must outlive the writer.
    DecisionWriter(DecisionLog& decisions, manage::Ledger& ledger, const Clock& clock,
                   const Log& log, Settings settings);

    void start() { thread_.start(); }
    /// Writes what is left, once, and ends the thread. REQUIRES: nothing is decided any more.
    void stop() noexcept { thread_.stop(); }

    /// What the thread does each time. Not from two threads at once.
    void write();

    [[nodiscard]] std::uint64_t written() const noexcept { return written_.load(); }
    /// Over a bound, or there was no room to wait for a database that does not take them.
    [[nodiscard]] std::uint64_t passed_over() const noexcept { return passed_over_.load(); }

private:
    void run(bool last) noexcept;
    void take_over();
    [[nodiscard]] bool within_bounds(const KeptDecision& kept);
    [[nodiscard]] bool count_rows();
    void write_waiting();
    void prune();
    void failed(const Failure& failure) noexcept;

    DecisionLog& decisions_;
    manage::Ledger& ledger_;
    const Clock& clock_;
    const Log& log_;
    const Settings settings_;

    std::deque<manage::DecisionRecord> waiting_;  // taken, not written
    manage::DecisionCounts rows_{};               // in the database
    bool counted_ = false;                        // whether rows_ says so
    bool failing_ = false;
    RefusalBudget refusals_;
    std::int64_t second_ = 0;    // of in_second_
    std::size_t in_second_ = 0;  // records in it
    std::int64_t pruned_ms_ = 0;
    std::atomic<std::uint64_t> written_{0};
    std::atomic<std::uint64_t> passed_over_{0};

    Periodic thread_;  // the last: it uses all the others
};

}  // namespace hourgate::ops
