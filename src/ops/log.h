// Lines to standard error in logfmt or JSON, with journald's level prefix when systemd reads it
// ($JOURNAL_STREAM). A line is written as a whole, so lines of threads never mix. Nothing of a
// token but its prefix, nothing of a query; every value goes through LogLine, which neither a line
// end nor a token's secret gets past, no matter who sent it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "gate/decision.h"
#include "ops/log_line.h"
#include "ops/log_writer.h"
#include "ops/refusal_budget.h"

namespace hourgate::ops {

struct LogSettings {
    Level level = Level::info;  ///< and what is more urgent
    LogFormat format = LogFormat::logfmt;
    std::uint32_t granted_every = 0;  ///< one line for so many granted calls; 0: none
};

/// All methods but start() and stop(): any thread.
class Log {
public:
    /// `fd` is standard error but in tests. It stays open and the caller's.
    explicit Log(int fd = 2);
    /// The same with another clock for line(). `clock` must outlive the log.
    Log(int fd, const Clock& clock);

    /// Writes by other settings from the next line on.
    void use(const LogSettings& settings) noexcept;

    /// From now on a thread of its own writes, so that no other waits for who reads the log; see
    /// LogWriter. A line may then be lost in a crash. Throws std::system_error.
    void start() { writer_->start(); }
    /// Writes what waits, for a second at most. Later lines are written by who says them.
    void stop() noexcept {
        tell_left_out();
        writer_->stop();
    }

    /// time=… level=… msg=… key=value …  Keys are the program's own words. A message has at most
    /// 1,000 bytes, a value 500, a line 4,096; what is over is cut off. What cannot be written is
    /// lost, and counted.
    void line(
        Level level, std::string_view message,
        const std::vector<std::pair<std::string_view, std::string>>& fields = {}) const noexcept;

    /// One line per refusal: time=… level=notice msg=refused decision=dec_… reason=… status=…
    /// prefix=… workspace=ws_… member=mem_… method=… path=… address=…, request=… where the client
    /// sent X-Request-Id, and because=… behind too_many_failures. What is not known is "".
    /// `status` is the one the caller gets to see. Granted calls write nothing; observed ones do,
    /// with msg=observed. store_failed is an error. A flood has no line for each: what goes beyond
    /// the bounds of limits::refusal_lines_per_token and limits::stranger_lines_* is left out and
    /// counted.
    void refusal(const Decision& decision, int status) const noexcept;

    /// Writes one line with the number of refusals that were left out since the last such line;
    /// nothing where there were none. To be called every few seconds.
    void tell_left_out() const noexcept;
    /// Lines about refusals that were left out, since the start.
    [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_.load(); }

    /// Of granted calls one in LogSettings::granted_every: the same fields at level info with
    /// msg=granted, and took_us=…, microseconds since the decision's clock was read. Costs one
    /// reading of a number when it is 0.
    void granted(const Decision& decision, int status) const noexcept;

    [[nodiscard]] LogCounts counts() const noexcept { return writer_->counts(); }

private:
    [[nodiscard]] bool wanted(Level level) const noexcept {
        return level <= level_.load(std::memory_order_relaxed);
    }
    void write(LogLine&& line, Level level) const;  ///< Throws std::bad_alloc.

    const Clock& clock_;
    const bool journal_;  // the descriptor is the journal's socket
    std::atomic<Level> level_{Level::info};
    std::atomic<LogFormat> format_{LogFormat::logfmt};
    std::atomic<std::uint32_t> granted_every_{0};
    mutable std::atomic<std::uint64_t> granted_{0};  // calls, as long as some are to be written
    mutable RefusalBudget refusals_;
    mutable std::atomic<std::uint64_t> left_out_{0};
    mutable std::atomic<std::uint64_t> left_out_told_{0};  // of these, in a line
    const std::unique_ptr<LogWriter> writer_;
};

}  // namespace hourgate::ops
