// Unix milliseconds to and from RFC 3339 text. UTC only in what is written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hourgate {

/// "2026-11-25T14:03:09Z": whole seconds, rounded down. RFC 3339 section 5.6.
[[nodiscard]] std::string format_time(std::int64_t wall_ms);
/// "2026-11-25T14:03:09.123Z": for logs.
[[nodiscard]] std::string format_time_ms(std::int64_t wall_ms);

/// Which instant of its day (UTC) a bare date names.
enum class DateMeans : std::uint8_t {
    its_beginning,  ///< 00:00: "from" this day on
    its_end,        ///< 24:00: "until" this day is over
};

/// Reads an RFC 3339 date-time (any offset, optional fraction, 't' and 'z' accepted, a leap second
/// counts as the next second), or a bare date "2026-11-25", which names the beginning or the end of
/// that day as `means` says. Returns nullopt if it is neither, if the day does not exist, or if the
/// year is before 1970 or after 9999. The last day, "9999-12-31", ends a millisecond early: what is
/// written must have four digits of year.
[[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text,
                                                     DateMeans means = DateMeans::its_end) noexcept;

/// What a span of time is measured from now: backwards or forwards.
enum class SpanMeans : std::uint8_t { ago, ahead };
/// How a time is read that names no instant of its own.
struct TimeForm {
    DateMeans date = DateMeans::its_end;
    SpanMeans span = SpanMeans::ahead;
};
inline constexpr TimeForm from_form = {DateMeans::its_beginning, SpanMeans::ago};
inline constexpr TimeForm until_form = {DateMeans::its_end, SpanMeans::ago};
inline constexpr TimeForm end_form = {DateMeans::its_end, SpanMeans::ahead};

/// Reads a time as people type it: an instant of RFC 3339, whose seconds may be left out, as in
/// "2026-11-25T14:20Z"; a date, or yesterday, today or tomorrow, which name the beginning or the
/// end of their day (UTC); now; or a span as in "2h". Returns nullopt if the text has none of
/// these forms.
[[nodiscard]] std::optional<std::int64_t> time_from(std::string_view text, TimeForm form,
                                                    std::int64_t now_ms) noexcept;

/// The longest span of time that is read as in "90d": 100 years.
inline constexpr std::int64_t span_s_max = 36'525 * std::int64_t{86'400};
/// Whether the text is a number with the unit of a span, as in "365000d", however long it is.
[[nodiscard]] bool is_span(std::string_view text) noexcept;
/// Returns `seconds` in the unit that somebody typed a span in: 365 days are "8760h" beside
/// "9600h". Returns what format_duration() does if that is no whole number of the unit.
/// REQUIRES: seconds is not negative.
[[nodiscard]] std::string span_like(std::string_view typed, std::int64_t seconds);

}  // namespace hourgate
