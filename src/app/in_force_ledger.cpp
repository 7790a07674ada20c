#include "app/in_force_ledger.h"

#include <utility>

namespace hourgate {

InForceLedger::InForceLedger(std::unique_ptr<manage::Ledger> writing,
                             std::unique_ptr<manage::Ledger> reading,
                             store::LeasedDirectory& directory, const Clock& clock,
                             const ops::Log& log)
    : writing_(std::move(writing)),
      changes_(*writing_, clock),
      records_(*writing_, clock),
      reading_(std::move(reading)),
      directory_(directory),
      log_(log) {}

Status InForceLedger::write(const std::function<Status(manage::Rows&)>& change) {
    Status done = changes_.write(change);
    if (done)
        directory_.catch_up();
    if (done || is_of_the_machine(done.failure().fault))
        tell(done);
    return done;
}

Status InForceLedger::read(const std::function<Status(manage::Rows&)>& look) {
    return reading_->read(look);
}

/// Logs once when changes begin to fail, and once when they work again.
void InForceLedger::tell(const Status& done) {
    if (failing_.load(std::memory_order_relaxed) == !done || failing_.exchange(!done) == !done)
        return;
    if (done)
        return log_.line(ops::Level::notice, "changes work again");
    log_.line(ops::Level::error, "a change failed, and so will others; decisions go on",
              {{"why", done.failure().what}, {"next", done.failure().next}});
}

}  // namespace hourgate
