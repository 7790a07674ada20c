#include "ops/log_line.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "base/time_text.h"
#include "token/format.h"

namespace hourgate::ops {

namespace {

constexpr std::size_t around_bytes = 8;      // "<5>" in front; "}" and the line end behind
constexpr std::size_t around_key_bytes = 4;  // of a field: ,"":
constexpr std::size_t message_written_bytes_max = 2'048;

/// At most so many bytes, not ending within a character.
std::string_view first_characters(std::string_view text, std::size_t bytes_max) noexcept {
    if (text.size() <= bytes_max)
        return text;
    std::size_t end = bytes_max;
    while (end > 0 && bytes_max - end < 4 &&
           (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80)
        --end;
    return text.substr(0, bytes_max - end < 4 ? end : bytes_max);
}

/// A JSON text in ASCII: what is not UTF-8 becomes U+FFFD, and what some terminal or reader of
/// lines might take for something (controls, U+2028, bidirectional marks) is written \uXXXX.
std::string json_value(std::string_view text, std::size_t bytes_max) {
    const bool cut = text.size() > bytes_max;
    text = first_characters(text, bytes_max);
    std::string written =
        nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
    if (cut)
        written.insert(written.size() - 1, "\\u2026");
    return written;
}

std::string value_of(LogFormat format, std::string_view text, std::size_t bytes_max) {
    return format == LogFormat::json ? json_value(text, bytes_max) : logfmt_value(text, bytes_max);
}

/// As a value, of at most `room` bytes; "" when there is no room for any.
std::string fitting(LogFormat format, std::string_view value, std::size_t bytes_max,
                    std::size_t room) {
    constexpr std::size_t around = 8;  // quotes, and "…" or \u2026
    std::string written = value_of(format, value, bytes_max);
    if (written.size() <= room)
        return written;
    if (room < around)
        return "";
    const std::size_t most_of_a_byte = format == LogFormat::json ? 6 : 4;  // \u00XX, \xXX
    return value_of(format, value, (room - around) / most_of_a_byte);
}

}  // namespace

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

LogLine::LogLine(LogFormat format, Level level, std::int64_t wall_ms, std::string_view message)
    : format_(format), level_(level) {
    const std::string time = format_time_ms(wall_ms);
    if (format_ == LogFormat::json)
        text_.append("{\"time\":\"").append(time).append("\",\"level\":\"");
    else
        text_.append("time=").append(time).append(" level=");
    text_.append(to_text(level));
    if (format_ == LogFormat::json)
        text_ += '"';
    put("msg",
        fitting(format_, token::blotted(message), message_bytes_max, message_written_bytes_max));
}

std::size_t LogLine::room(std::string_view key) const noexcept {
    const std::size_t used = text_.size() + key.size() + around_key_bytes + around_bytes;
    return log_line_bytes_max - std::min(used, log_line_bytes_max);
}

void LogLine::add(std::string_view key, std::string_view value, std::size_t bytes_max) {
    put(key, fitting(format_, token::blotted(value), bytes_max, room(key)));
}

void LogLine::add(std::string_view key, std::int64_t number) {
    const std::string written(Digits{number});
    if (written.size() <= room(key))
        put(key, written);
}

void LogLine::put(std::string_view key, std::string_view written) {
    if (written.empty())
        return;
    if (format_ == LogFormat::json)
        text_.append(",\"").append(key).append("\":").append(written);
    else
        text_.append(" ").append(key).append("=").append(written);
}

std::string LogLine::finish(bool journal) && {
    if (format_ == LogFormat::json)
        text_ += '}';
    if (journal)
        text_.insert(0, "<" + std::to_string(static_cast<int>(level_)) + ">");
    text_ += '\n';
    return std::move(text_);
}

}  // namespace hourgate::ops
