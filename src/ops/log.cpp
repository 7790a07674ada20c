#include "ops/log.h"

#include <sys/stat.h>
#include <cstdlib>
#include <new>

#include "base/limits.h"
#include "base/text.h"
#include "policy/path.h"

namespace hourgate::ops {

namespace {

constexpr std::size_t method_bytes_max = 32;
constexpr std::size_t request_id_bytes_max = 128;

constexpr RefusalBudget::Bounds refusals_told = {
    limits::refusal_lines_per_token, limits::stranger_lines_per_net, limits::stranger_lines_at_once,
    limits::stranger_lines_per_second};

const SystemClock system_clock;

/// Whether `fd` is what $JOURNAL_STREAM names, "device:inode" (systemd.exec(5)). Standard error may
/// have been redirected since systemd set it.
bool is_journal(int fd) noexcept {
    const char* named = std::getenv("JOURNAL_STREAM");
    if (named == nullptr)
        return false;
    const std::string_view text = named;
    const std::size_t colon = text.find(':');
    if (colon == text.npos)
        return false;
    const auto device = parse_number(text.substr(0, colon), UINT64_MAX);
    const auto inode = parse_number(text.substr(colon + 1), UINT64_MAX);
    struct stat status {};
    return device && inode && fstat(fd, &status) == 0 && status.st_dev == *device &&
           status.st_ino == *inode;
}

/// What every line about a decision has, whatever came of it.
LogLine decision_line(LogFormat format, const Decision& decision, Level level,
                      std::string_view message, int status) {
    const Facts* facts = decision.facts.get();
    LogLine line(format, level, decision.now.wall_ms, message);
    line.add("decision",
             decision.has_id() ? "dec_" + std::string(decision.id.data(), decision.id.size()) : "");
    line.add("reason", hourgate::to_text(decision.reason));
    line.add("status", status);
    line.add("prefix", decision.prefix);
    line.add("workspace", facts != nullptr ? facts->workspace->public_id : "");
    line.add("member", facts != nullptr ? facts->member->public_id : "");
    line.add("method", decision.method, method_bytes_max);
    if (!decision.match.api.empty())
        line.add("api", decision.match.api);
    if (!decision.match.host_listed)
        line.add("host", decision.host);
    line.add("path", policy::path_part(decision.target));
    line.add("address", decision.address ? decision.address->text() : "");
    if (!decision.address && decision.peer)
        line.add("peer", decision.peer->text());
    if (!decision.request_id.empty())
        line.add("request", decision.request_id, request_id_bytes_max);
    if (decision.reason == Reason::too_many_failures)
        line.add("because", hourgate::to_text(decision.because));
    return line;
}

}  // namespace

Log::Log(int fd) : Log(fd, system_clock) {}

Log::Log(int fd, const Clock& clock)
    : clock_(clock),
      journal_(is_journal(fd)),
      refusals_(refusals_told),
      writer_(std::make_unique<LogWriter>(fd, [this](std::uint64_t dropped) {
          LogLine line(format_.load(std::memory_order_relaxed), Level::warning,
                       clock_.now().wall_ms,
                       "lines of the log were dropped: their reader is too slow");
          line.add("lines", static_cast<std::int64_t>(dropped));
          return std::move(line).finish(journal_);
      })) {}

void Log::use(const LogSettings& settings) noexcept {
    level_.store(settings.level, std::memory_order_relaxed);
    format_.store(settings.format, std::memory_order_relaxed);
    granted_every_.store(settings.granted_every, std::memory_order_relaxed);
}

void Log::write(LogLine&& line, Level level) const {
    writer_->put(level, std::move(line).finish(journal_));
}

void Log::line(Level level, std::string_view message,
               const std::vector<std::pair<std::string_view, std::string>>& fields) const noexcept {
    if (!wanted(level))
        return;
    try {
        LogLine line(format_.load(std::memory_order_relaxed), level, clock_.now().wall_ms, message);
        for (const auto& [key, value] : fields)
            line.add(key, value);
        write(std::move(line), level);
    } catch (...) {
        // A line that finds no memory is lost like one that finds no room on the disk.
    }
}

void Log::refusal(const Decision& decision, int status) const noexcept {
    const Level level = decision.reason == Reason::store_failed ? Level::error : Level::notice;
    if (decision.reason == Reason::granted || !wanted(level))
        return;
    try {
        if (!refusals_.take(decision)) {
            left_out_.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        write(decision_line(format_.load(std::memory_order_relaxed), decision, level,
                            decision.granted() ? "observed" : "refused", status),
              level);
    } catch (...) {
        // As above.
    }
}

void Log::tell_left_out() const noexcept {
    const std::uint64_t all = left_out_.load(std::memory_order_relaxed);
    const std::uint64_t told = left_out_told_.exchange(all, std::memory_order_relaxed);
    if (all > told)
        line(Level::warning, "calls were refused that have no line here: there were too many",
             {{"lines", std::to_string(all - told)}});
}

void Log::granted(const Decision& decision, int status) const noexcept {
    const std::uint32_t every = granted_every_.load(std::memory_order_relaxed);
    if (every == 0 || decision.reason != Reason::granted || !wanted(Level::info) ||
        granted_.fetch_add(1, std::memory_order_relaxed) % every != 0)
        return;
    try {
        LogLine line = decision_line(format_.load(std::memory_order_relaxed), decision, Level::info,
                                     "granted", status);
        line.add("took_us", clock_.boot_us() - decision.now.boot_us);
        write(std::move(line), Level::info);
    } catch (...) {
        // As above.
    }
}

}  // namespace hourgate::ops
