// The ledger of the server: a change is in force for every request received after it returns. It
// reads on a connection of its own, so that a list waits for no change being synced.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "app/metered_ledger.h"
#include "base/clock.h"
#include "base/result.h"
#include "manage/ledger.h"
#include "ops/log.h"
#include "store/leased_directory.h"

namespace hourgate {

/// All methods: any thread.
class InForceLedger final : public manage::Ledger {
public:
    /// `directory`, `clock` and `log` must outlive it.
    InForceLedger(std::unique_ptr<manage::Ledger> writing, std::unique_ptr<manage::Ledger> reading,
                  store::LeasedDirectory& directory, const Clock& clock, const ops::Log& log);

    Status write(const std::function<Status(manage::Rows&)>& change) override;
    Status read(const std::function<Status(manage::Rows&)>& look) override;
    /// For what is no part of the directory, and need not be in force: usage, decisions.
    [[nodiscard]] manage::Ledger& apart() noexcept { return records_; }

    [[nodiscard]] ops::StoreGauges changes() const noexcept { return changes_.gauges(); }
    [[nodiscard]] ops::StoreGauges records() const noexcept { return records_.gauges(); }

private:
    void tell(const Status& done);

    const std::unique_ptr<manage::Ledger> writing_;
    MeteredLedger changes_, records_;  // both into writing_
    const std::unique_ptr<manage::Ledger> reading_;
    store::LeasedDirectory& directory_;
    const ops::Log& log_;
    std::atomic<bool> failing_{false};
};

}  // namespace hourgate
