// A ledger that measures how long writes take and how many fail. With two of them in front of one
// database, each reports its own part.
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

/// Returns true if the database or the machine caused the failure, not the request.
[[nodiscard]] inline bool is_of_the_machine(Fault fault) noexcept {
    return fault == Fault::store || fault == Fault::system || fault == Fault::permission;
}

/// Threads: any.
class MeteredLedger final : public manage::Ledger {
public:
    /// REQUIRES: the references outlive this object.
    MeteredLedger(manage::Ledger& ledger, const Clock& clock) : ledger_(ledger), clock_(clock) {}

    /// The change is on disk when write() returns (synchronous=FULL), so the measured time includes
    /// the sync.
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
