// Unix milliseconds to and from RFC 3339 text. Text is always written in UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hourgate {

/// Returns "2026-11-25T14:03:09Z": whole seconds, rounded down. RFC 3339 section 5.6.
[[nodiscard]] std::string format_time(std::int64_t wall_ms);
/// Returns "2026-11-25T14:03:09.123Z": for logs.
[[nodiscard]] std::string format_time_ms(std::int64_t wall_ms);

/// Which instant of its day (UTC) a bare date means.
enum class DateMeans : std::uint8_t {
    its_beginning,  ///< 00:00, for "from" this day
    its_end,        ///< 24:00, for "until" the end of this day
};

/// Reads an RFC 3339 date-time: any offset, optional fraction, 't' and 'z' accepted; a leap second
/// counts as the next second. Also reads a bare date "2026-11-25", which `means` turns into the
/// beginning or the end of that day. Returns nullopt if it is neither, if the day does not exist,
/// or if the year is before 1970 or after 9999. The last day, "9999-12-31", ends a millisecond
/// early, because written years have four digits.
[[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text,
                                                     DateMeans means = DateMeans::its_end) noexcept;

/// Whether a span of time is counted backwards or forwards from now.
enum class SpanMeans : std::uint8_t { ago, ahead };
/// How to read a time that is not an exact instant.
struct TimeForm {
    DateMeans date = DateMeans::its_end;
    SpanMeans span = SpanMeans::ahead;
};
inline constexpr TimeForm from_form = {DateMeans::its_beginning, SpanMeans::ago};
inline constexpr TimeForm until_form = {DateMeans::its_end, SpanMeans::ago};
inline constexpr TimeForm end_form = {DateMeans::its_end, SpanMeans::ahead};

/// Reads a time as people type it. Returns nullopt if the text has none of these forms:
/// - an RFC 3339 instant, whose seconds are optional: "2026-11-25T14:20Z";
/// - a date, yesterday, today or tomorrow: the beginning or the end of that day (UTC);
/// - now, or a span such as "2h".
[[nodiscard]] std::optional<std::int64_t> time_from(std::string_view text, TimeForm form,
                                                    std::int64_t now_ms) noexcept;

/// The longest span of time that is accepted: 100 years.
inline constexpr std::int64_t span_s_max = 36'525 * std::int64_t{86'400};
/// Returns whether the text is a number with a unit of a span, as in "365000d", however large.
[[nodiscard]] bool is_span(std::string_view text) noexcept;
/// Returns `seconds` in the unit of the span that somebody typed: 365 days become "8760h" if they
/// typed "9600h". Returns what format_duration() does if that is not a whole number of the unit.
/// REQUIRES: seconds is not negative.
[[nodiscard]] std::string span_like(std::string_view typed, std::int64_t seconds);

}  // namespace hourgate
