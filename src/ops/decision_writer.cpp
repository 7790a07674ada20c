#include "ops/decision_writer.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "base/limits.h"

namespace hourgate::ops {

namespace {

constexpr std::int64_t prune_interval_ms = 60'000;
constexpr RefusalBudget::Bounds refusals_written = {
    limits::refusals_per_source, limits::stranger_records_per_net, limits::stranger_records_at_once,
    limits::stranger_records_per_second};

}  // namespace

DecisionWriter::DecisionWriter(DecisionLog& decisions, manage::Ledger& ledger, const Clock& clock,
                               const Log& log, Settings settings)
    : decisions_(decisions),
      ledger_(ledger),
      clock_(clock),
      log_(log),
      settings_(std::move(settings)),
      refusals_(refusals_written),
      thread_(limits::decisions_write_ms, [this](bool last) { run(last); }) {
    decisions_.on_half_full([this] { thread_.soon(); });
}

void DecisionWriter::run(bool last) noexcept {
    try {
        write();
        if (!last)
            prune();
    } catch (...) {
        try {
            log_.line(Level::error, "decisions could not be written: out of memory");
        } catch (...) {  // nor is there any for the line
        }
    }
}

void DecisionWriter::write() {
    take_over();
    if (waiting_.empty() || !count_rows())
        return;
    write_waiting();
}

/// Makes records of what is to be written.
void DecisionWriter::take_over() {
    for (const auto& kept : decisions_.take()) {
        if (settings_.rows_max == 0)
            continue;
        if (!within_bounds(*kept)) {
            passed_over_.fetch_add(1, std::memory_order_relaxed);
            continue;
        }
        if (waiting_.size() >= limits::decisions_waiting_max) {
            waiting_.pop_front();
            passed_over_.fetch_add(1, std::memory_order_relaxed);
        }
        waiting_.push_back(settings_.record_of(*kept));
    }
}

bool DecisionWriter::within_bounds(const KeptDecision& kept) {
    const Decision& decision = kept.decision();
    const std::int64_t second = decision.now.boot_us / us_per_s;
    if (second != second_) {
        second_ = second;
        in_second_ = 0;
    }
    if (decision.reason == Reason::granted && !kept.failed()) {
        // An operator who asks for all of them gets all that the disk takes.
        if (decisions_.grants() != Grants::all && ++in_second_ > limits::decisions_per_second)
            return false;
        return true;
    }
    if (in_second_ >= limits::decisions_per_second || !refusals_.take(decision))
        return false;
    ++in_second_;
    return true;
}

/// Once: nobody else writes decisions while the server runs.
bool DecisionWriter::count_rows() {
    if (counted_)
        return true;
    const auto counts = manage::count_decisions(ledger_);
    if (!counts) {
        failed(counts.failure());
        return false;
    }
    rows_ = counts.value();
    counted_ = true;
    return true;
}

/// In parts: a change that somebody waits for comes between two of them.
void DecisionWriter::write_waiting() {
    std::vector<manage::DecisionRecord> part;
    while (!waiting_.empty()) {
        const std::size_t count = std::min(waiting_.size(), limits::decisions_per_write);
        const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
        part.assign(waiting_.begin(), end);
        const Status done = manage::write_decisions(
            ledger_, part, decisions_.grants() == Grants::last, settings_.rows_max, rows_);
        if (!done)
            return failed(done.failure());
        waiting_.erase(waiting_.begin(), end);
        written_.fetch_add(count, std::memory_order_relaxed);
    }
    if (failing_)
        log_.line(Level::notice, "decisions are written again");
    failing_ = false;
}

void DecisionWriter::failed(const Failure& failure) noexcept {
    if (!std::exchange(failing_, true))
        log_.line(Level::warning, "decisions cannot be written; they are kept and tried again",
                  {{"why", failure.what}});
}

void DecisionWriter::prune() {
    const Now now = clock_.now();
    if (!counted_ && !count_rows())
        return;
    const std::int64_t now_ms = now.boot_us / 1'000;
    if (pruned_ms_ != 0 && now_ms - pruned_ms_ < prune_interval_ms)
        return;
    const auto pruned = manage::prune_decisions(ledger_, now.wall_ms - settings_.keep_s * ms_per_s);
    if (!pruned)
        return;
    bool more = false;
    for (std::size_t kind = 0; kind < rows_.size(); ++kind) {
        rows_[kind] -= pruned.value()[kind];
        more |= pruned.value()[kind] > 0;
    }
    if (!more)
        pruned_ms_ = now_ms;
}

}  // namespace hourgate::ops
