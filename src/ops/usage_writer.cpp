#include "ops/usage_writer.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "base/limits.h"
#include "manage/tokens.h"
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
    const Status done = write_all();
    if (!done) {
        if (!failing_)
            log_.line(Level::warning, "usage cannot be written; it is kept and tried again",
                      {{"why", done.failure().what}});
        failing_ = true;
        return;
    }
    if (failing_)
        log_.line(Level::notice, "usage is written again");
    failing_ = false;
}

Status UsageWriter::settle() {
    if (meter_.dropped() > 0)
        return Failure{Fault::store, "some calls could not be counted, so usage is not complete",
                       "restart the server"};
    return write_all();
}

Status UsageWriter::write_all() {
    const std::lock_guard lock(mutex_);
    for (std::size_t part = 0; part < limits::usage_shards; ++part) {
        if (pending_.size() >= limits::usage_notes_per_write)
            if (Status written = write_pending(); !written)
                return written;
        std::vector<manage::UsageNote> taken = meter_.take(part);
        std::move(taken.begin(), taken.end(), std::back_inserter(pending_));
    }
    return write_pending();
}

/// In parts: a change that somebody waits for comes between two of them.
Status UsageWriter::write_pending() {
    while (!pending_.empty()) {
        const std::size_t count = std::min(pending_.size(), limits::usage_notes_per_write);
        const auto begin = pending_.end() - static_cast<std::ptrdiff_t>(count);
        if (Status done = manage::write_usage(ledger_, std::span(begin, pending_.end())); !done)
            return done;
        pending_.erase(begin, pending_.end());
    }
    return Done{};
}

void UsageWriter::prune() {
    const Now now = clock_.now();
    prune_usage(now);
    prune_tokens(now);
}

void UsageWriter::prune_usage(Now now) {
    const std::int64_t before = (now.wall_ms - keep_.usage_s * ms_per_s) / ms_per_hour;
    if (before <= pruned_hour_)
        return;
    const auto pruned = manage::prune_usage(ledger_, before);
    if (pruned && pruned.value() == 0)
        pruned_hour_ = before;
}

/// A walk over all tokens, one step each time, and then a rest.
void UsageWriter::prune_tokens(Now now) {
    const std::int64_t now_ms = now.boot_us / 1'000;
    if (now_ms < next_walk_ms_)
        return;
    const auto step = manage::prune_tokens(ledger_, now, keep_.ended_tokens_s, pruned_token_);
    if (!step)
        return;  // that the database takes nothing is logged where usage is written
    pruned_token_ = step.value().after_row;
    if (!step.value().more)
        next_walk_ms_ = now_ms + limits::prune_rest_ms;
}

}  // namespace hourgate::ops
