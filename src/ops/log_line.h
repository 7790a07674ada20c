// One line of the log, as logfmt or as a JSON object: the same fields in the same order. Whatever a
// value holds, it is one line of printable ASCII (and "…" in logfmt), log_line_bytes_max at most:
// values are cut, never the line, so that a JSON object is always a whole one.
// Refuses to: show a token. Its secret is blotted out of every value, wherever it comes from; and
// nothing makes a value of a Secret (base/secret.h), which has no text but for who says reveal().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hourgate::ops {

/// Less urgent is more; the numbers are those of syslog(3), which journald reads.
enum class Level : std::uint8_t { error = 3, warning = 4, notice = 5, info = 6 };
[[nodiscard]] std::string_view to_text(Level level) noexcept;

enum class LogFormat : std::uint8_t { logfmt, json };

/// With its line end. Pipes keep writes up to PIPE_BUF (4,096 on Linux) whole: pipe(7).
constexpr std::size_t log_line_bytes_max = 4'096;

class LogLine {
public:
    /// time=… level=… msg=…, `message` of 1,000 bytes at most.
    LogLine(LogFormat format, Level level, std::int64_t wall_ms, std::string_view message);

    /// ` key=value`. Keys are the program's own words. Of `value`, which may be any bytes,
    /// `bytes_max` at most are shown, and less where the line is full; "…" says that it was cut. A
    /// field for which there is no room at all is left out.
    void add(std::string_view key, std::string_view value, std::size_t bytes_max = value_bytes_max);
    void add(std::string_view key, std::int64_t number);

    /// The whole line. With `journal`, its level in front as sd-daemon(3) has it: "<5>".
    [[nodiscard]] std::string finish(bool journal) &&;

    static constexpr std::size_t message_bytes_max = 1'000;
    static constexpr std::size_t value_bytes_max = 500;

private:
    [[nodiscard]] std::size_t room(std::string_view key) const noexcept;
    void put(std::string_view key, std::string_view written);

    const LogFormat format_;
    const Level level_;
    std::string text_;
};

}  // namespace hourgate::ops
