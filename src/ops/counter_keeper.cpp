#include "ops/counter_keeper.h"

#include <optional>
#include <utility>

#include "gate/gate.h"

namespace hourgate::ops {

Timeline timeline_after(const Saved& saved, const std::string& boot_id,
                        std::int64_t now_us) noexcept {
    const bool same_boot = !boot_id.empty() && saved.boot_id == boot_id;
    const std::int64_t clock_then_us = saved.until_us - saved.ahead_us;
    // A clock that went back in one boot: a machine put back to where it was. Nothing has passed.
    std::int64_t passed_us = same_boot ? 0 : now_us;
    if (now_us >= clock_then_us)
        passed_us = now_us - clock_then_us;
    const std::int64_t since_us = saved.until_us + passed_us;
    return {since_us, since_us - now_us};
}

namespace {

/// Counters that are not in use: what a file has goes into them, and comes out again.
struct Copy {
    Copy(Timeline time, Window failures_window, Window public_window)
        : limiter(time),
          own(time),
          failures(std::move(failures_window), time),
          public_calls(public_window, time),
          preflights(std::move(public_window), time) {}

    [[nodiscard]] Status load(const StateFile& file) {
        return file.read([this](StatePart part, std::string_view piece) {
            switch (part) {
                case StatePart::limiter:
                    return limiter.load(piece);
                case StatePart::urgent:
                    return true;  // of an earlier version: windows of a minute that are no more
                case StatePart::failures:
                    return failures.load(piece);
                case StatePart::public_calls:
                    return public_calls.load(piece);
                case StatePart::own:
                    return own.load(piece);
                case StatePart::preflights:
                    return preflights.load(piece);
            }
            return false;
        });
    }

    Limiter limiter, own;
    AddressLimiter failures, public_calls, preflights;
};

Status copy_into(StateFileWriter& draft, const Counters& counters, Now now) {
    Status status = Done{};
    const auto into = [&](StatePart part) {
        return [&draft, &status, part](std::string_view piece) {
            status = draft.add(part, piece);
            return status.ok();
        };
    };
    const bool all = counters.limiter.save(now, into(StatePart::limiter)) &&
                     counters.own.save(now, into(StatePart::own)) &&
                     counters.failures.save(now, into(StatePart::failures)) &&
                     counters.public_calls.save(now, into(StatePart::public_calls)) &&
                     counters.preflights.save(now, into(StatePart::preflights));
    if (!all && status)
        return Failure{Fault::system, "more is counted than the state file may hold", ""};
    return status;
}

}  // namespace

// --- loading -------------------------------------------------------------------------------------

void CounterKeeper::load() noexcept {
    std::string why;
    try {
        const auto file = StateFile::open(settings_.path, settings_.key);
        if (file && !file.value())
            return;  // the first start
        const Status done = file ? take_over(*file.value()) : Status(file.failure());
        if (done)
            return;
        why = done.failure().what;
    } catch (...) {
        why = "out of memory";
    }
    log_.line(Level::warning, "saved counters could not be loaded; all windows start empty",
              {{"why", why}});
}

Status CounterKeeper::take_over(const StateFile& file) {
    const std::int64_t now_us = clock_.now().boot_us;
    const Timeline time = timeline_after(file.saved(), settings_.boot_id, now_us);
    Copy copy(time, counters_.failures.window(), counters_.public_calls.window());
    if (Status loaded = copy.load(file); !loaded)
        return loaded;
    counters_.limiter.take_over(std::move(copy.limiter));
    counters_.own.take_over(std::move(copy.own));
    counters_.failures.take_over(std::move(copy.failures));
    counters_.public_calls.take_over(std::move(copy.public_calls));
    counters_.preflights.take_over(std::move(copy.preflights));
    ahead_us_ = time.ahead_us;
    bytes_ = file.bytes();
    log_.line(Level::info, "counters restored",
              {{"boot", file.saved().boot_id == settings_.boot_id ? "same" : "another"},
               {"passed", std::to_string((time.since_us - file.saved().until_us) / us_per_s) + "s"},
               {"entries", std::to_string(counters_.limiter.entries())}});
    return Done{};
}

// --- saving --------------------------------------------------------------------------------------

void CounterKeeper::save(bool last) noexcept {
    std::string why = "out of memory";
    try {
        const Status done = write(last);
        if (done) {
            if (std::exchange(failing_, false))
                log_.line(Level::notice, "counters are saved again");
            return;
        }
        why = done.failure().what;
    } catch (...) {  // said below
    }
    ++failures_;
    if (!std::exchange(failing_, true))
        log_.line(Level::warning,
                  "counters cannot be saved: a restart would give back what is spent from now on",
                  {{"why", why}});
}

Status CounterKeeper::write(bool last) {
    const Now begun = clock_.now();
    StateFileWriter draft(settings_.path, settings_.key, settings_.boot_id);
    if (Status copied = copy_into(draft, counters_, begun); !copied)
        return copied;
    const token::Sealing::Seal seal = draft.seal();
    const bool known = seal == seal_ && begun.boot_us - written_us_ < limits::state_rewrite_us;
    if (!known || last) {
        // Read after all was copied: no instant in the file is later.
        const std::int64_t until_us = clock_.now().boot_us + ahead_us_;
        if (Status placed = draft.place(until_us, ahead_us_); !placed)
            return placed;
        seal_ = seal;
        written_us_ = begun.boot_us;
        bytes_ = draft.bytes();
    }
    saved_us_ = begun.boot_us;
    return Done{};
}

std::int64_t CounterKeeper::age_s() const noexcept {
    return (clock_.now().boot_us - saved_us_.load()) / us_per_s;
}

// --- a database that was restored ----------------------------------------------------------------

Status forget_above(const std::string& path, std::string_view key, CountedFor last) {
    const auto file = StateFile::open(path, key);
    if (!file || !file.value())
        return Done{};
    const Saved& saved = file.value()->saved();
    // The time stands still, and no window is asked about: any will do.
    const Window any{"any", 1, 1, Per::token};
    Copy copy({saved.until_us, saved.ahead_us}, any, any);
    if (!copy.load(*file.value()))
        return Done{};
    copy.limiter.forget_above(last);
    copy.own.forget_above(last_gate_logs(last));
    StateFileWriter draft(path, key, saved.boot_id);
    const Now then{saved.until_us - saved.ahead_us, 0};
    const Counters counters{copy.limiter, copy.own, copy.failures, copy.public_calls,
                            copy.preflights};
    if (Status copied = copy_into(draft, counters, then); !copied)
        return copied;
    return draft.place(saved.until_us, saved.ahead_us);
}

}  // namespace hourgate::ops
