// The ledger of the server. A change is in force for every request that arrives after write() has
// returned. Reads use their own database connection, so that a list does not wait for a change that
// is being synced.
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

/// Threads: any.
class InForceLedger final : public manage::Ledger {
public:
    /// REQUIRES: `directory`, `clock` and `log` outlive this object.
    InForceLedger(std::unique_ptr<manage::Ledger> writing, std::unique_ptr<manage::Ledger> reading,
                  store::LeasedDirectory& directory, const Clock& clock, const ops::Log& log);

    Status write(const std::function<Status(manage::Rows&)>& change) override;
    Status read(const std::function<Status(manage::Rows&)>& look) override;
    /// Returns the ledger for rows outside the directory, which need not be in force: usage and
    /// decisions.
    [[nodiscard]] manage::Ledger& apart() noexcept { return records_; }

    [[nodiscard]] ops::StoreGauges changes() const noexcept { return changes_.gauges(); }
    [[nodiscard]] ops::StoreGauges records() const noexcept { return records_.gauges(); }

private:
    void tell(const Status& done);

    const std::unique_ptr<manage::Ledger> writing_;
    MeteredLedger changes_, records_;  // both write to writing_
    const std::unique_ptr<manage::Ledger> reading_;
    store::LeasedDirectory& directory_;
    const ops::Log& log_;
    std::atomic<bool> failing_{false};
};

}  // namespace hourgate
