#include "ops/log.h"

#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <optional>

#include "base/text.h"
#include "base/time_text.h"
#include "policy/path.h"
#include "token/format.h"

namespace hourgate::ops {

namespace {

// Pipes keep writes up to PIPE_BUF (4,096 on Linux) whole: pipe(7).
constexpr std::size_t line_bytes_max = 4'096;
constexpr std::size_t message_bytes_max = 1'000;
constexpr std::size_t value_bytes_max = 500;
constexpr std::size_t method_bytes_max = 32;
constexpr std::size_t request_id_bytes_max = 128;

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

std::string_view to_text(Level level) noexcept {
    switch (level) {
        case Level::error:
            return "error";
        case Level::warning:
            return "warning";
        case Level::notice:
            return "notice";
        case Level::info:
            return "info";
    }
    return "";
}

std::string begin(std::int64_t wall_ms, Level level, std::string_view message) {
    return "time=" + format_time_ms(wall_ms) + " level=" + std::string(to_text(level)) +
           " msg=" + logfmt_value(message, message_bytes_max);
}

void add(std::string& line, std::string_view key, std::string_view value,
         std::size_t bytes_max = value_bytes_max) {
    line.append(" ").append(key).append("=").append(logfmt_value(value, bytes_max));
}

std::string refusal_line(const Decision& decision, Level level, int status) {
    const Facts* facts = decision.facts.get();
    std::string line =
        begin(decision.now.wall_ms, level, decision.granted() ? "observed" : "refused");
    line.append(" decision=dec_").append(decision.id.data(), decision.id.size());
    add(line, "reason", hourgate::to_text(decision.reason));
    line.append(" status=").append(std::to_string(status));
    add(line, "prefix", decision.prefix);
    add(line, "workspace", facts != nullptr ? facts->workspace->public_id : "");
    add(line, "member", facts != nullptr ? facts->member->public_id : "");
    add(line, "method", token::blotted(decision.method), method_bytes_max);
    add(line, "path", token::blotted(policy::path_part(decision.target)));
    add(line, "address", decision.address ? decision.address->text() : "");
    if (!decision.request_id.empty())
        add(line, "request", token::blotted(decision.request_id), request_id_bytes_max);
    if (decision.reason == Reason::too_many_failures)
        add(line, "because", hourgate::to_text(decision.because));
    return line;
}

}  // namespace

Log::Log(int fd) noexcept : Log(fd, system_clock) {}

Log::Log(int fd, const Clock& clock) noexcept : fd_(fd), clock_(clock), journal_(is_journal(fd)) {}

void Log::line(Level level, std::string_view message,
               const std::vector<std::pair<std::string_view, std::string>>& fields) const noexcept {
    try {
        std::string line = begin(clock_.now().wall_ms, level, message);
        for (const auto& [key, value] : fields)
            add(line, key, value);
        write_line(level, std::move(line));
    } catch (const std::bad_alloc&) {
        // A line that finds no memory is lost like one that finds no room on the disk.
    }
}

void Log::refusal(const Decision& decision, int status) const noexcept {
    if (decision.reason == Reason::granted)
        return;
    const Level level = decision.reason == Reason::store_failed ? Level::error : Level::notice;
    try {
        write_line(level, refusal_line(decision, level, status));
    } catch (const std::bad_alloc&) {
        // As above.
    }
}

void Log::write_line(Level level, std::string line) const noexcept {
    if (journal_)
        line.insert(0, "<" + std::to_string(static_cast<int>(level)) + ">");
    if (line.size() >= line_bytes_max)
        line.resize(line_bytes_max - 1);
    line += '\n';
    ssize_t written = -1;
    do {
        written = write(fd_, line.data(), line.size());
    } while (written < 0 && errno == EINTR);
}

}  // namespace hourgate::ops
