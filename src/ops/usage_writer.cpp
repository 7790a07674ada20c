#include "ops/usage_writer.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "base/limits.h"
#include "manage/usage.h"

namespace hourgate::ops {

void UsageWriter::run(bool last) noexcept {
    try {
        write();
        if (!last)
            prune();
    } catch (...) {
        log_.line(Level::error, "usage could not be written: out of memory");
    }
}

void UsageWriter::write() {
    for (std::size_t part = 0; part < limits::usage_shards; ++part) {
        if (pending_.size() >= limits::usage_notes_per_write && !write_pending())
            return;
        std::vector<manage::UsageNote> taken = meter_.take(part);
        std::move(taken.begin(), taken.end(), std::back_inserter(pending_));
    }
    if (!write_pending())
        return;
    if (failing_)
        log_.line(Level::notice, "usage is written again");
    failing_ = false;
}

/// In parts: a change that somebody waits for comes between two of them.
bool UsageWriter::write_pending() {
    while (!pending_.empty()) {
        const std::size_t count = std::min(pending_.size(), limits::usage_notes_per_write);
        const auto begin = pending_.end() - static_cast<std::ptrdiff_t>(count);
        const Status done = manage::write_usage(ledger_, std::span(begin, pending_.end()));
        if (!done) {
            if (!failing_)
                log_.line(Level::warning, "usage cannot be written; it is kept and tried again",
                          {{"why", done.failure().what}});
            failing_ = true;
            return false;
        }
        pending_.erase(begin, pending_.end());
    }
    return true;
}

void UsageWriter::prune() {
    const std::int64_t before = (clock_.now().wall_ms - keep_s_ * ms_per_s) / ms_per_hour;
    if (before <= pruned_hour_)
        return;
    const auto pruned = manage::prune_usage(ledger_, before);
    if (pruned && pruned.value() == 0)
        pruned_hour_ = before;
}

}  // namespace hourgate::ops
