// A ledger that tells how long its writes take and how many fail: whose they are, says which of two
// such ledgers before one database they went through.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "base/clock.h"
#include "base/histogram.h"
#include "base/result.h"
#include "manage/ledger.h"
#include "ops/metrics.h"

namespace hourgate {

/// Whether a failure is the database's or the machine's, and not what was asked for.
[[nodiscard]] inline bool is_of_the_machine(Fault fault) noexcept {
    return fault == Fault::store || fault == Fault::system || fault == Fault::permission;
}

/// All methods: any thread.
class MeteredLedger final : public manage::Ledger {
public:
    /// References must outlive it.
    MeteredLedger(manage::Ledger& ledger, const Clock& clock) : ledger_(ledger), clock_(clock) {}

    /// What was written is on the disk when it returns (synchronous=FULL), and so is what it took.
    Status write(const std::function<Status(manage::Rows&)>& change) override {
        const std::int64_t begun_us = clock_.boot_us();
        Status done = ledger_.write(change);
        if (done)
            writes_.observe(clock_.boot_us() - begun_us);
        else if (is_of_the_machine(done.failure().fault))
            failures_.fetch_add(1, std::memory_order_relaxed);
        return done;
    }
    Status read(const std::function<Status(manage::Rows&)>& look) override {
        return ledger_.read(look);
    }

    [[nodiscard]] ops::StoreGauges gauges() const noexcept {
        return {writes_.read(), failures_.load(std::memory_order_relaxed)};
    }

private:
    manage::Ledger& ledger_;
    const Clock& clock_;
    Histogram writes_;
    std::atomic<std::uint64_t> failures_{0};
};

}  // namespace hourgate
