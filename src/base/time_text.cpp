#include "base/time_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/clock.h"
#include "base/text.h"

// Dates use days-from-civil arithmetic (Howard Hinnant, "chrono-Compatible Low-Level Date
// Algorithms"). The C library's functions depend on the locale, the time zone and the environment.

namespace hourgate {

namespace {

constexpr std::int64_t s_per_day = 86'400;
constexpr std::int64_t time_ms_max = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z

struct Date {
    std::int64_t year = 0;
    std::int64_t month = 0;  // 1 to 12
    std::int64_t day = 0;    // 1 to 31
};

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept {
    return a / b - (a % b < 0 ? 1 : 0);
}

/// Returns the days since 1970-01-01. Years begin in March here, so that the leap day is the last.
constexpr std::int64_t days_of(Date date) noexcept {
    const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    const std::int64_t era = floor_div(year, 400);
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t month_from_march = (date.month + 9) % 12;
    const std::int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    const std::int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146'097 + day_of_era - 719'468;
}

constexpr Date date_of(std::int64_t days) noexcept {
    days += 719'468;
    const std::int64_t era = floor_div(days, 146'097);
    const std::int64_t day_of_era = days - era * 146'097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const std::int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
    const std::int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    const std::int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return Date{year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

static_assert(days_of({1970, 1, 1}) == 0);
static_assert(days_of({9999, 12, 31}) == time_ms_max / ms_per_day);

bool exists(Date date) noexcept {
    constexpr std::array<std::int64_t, 13> days = {0,  31, 28, 31, 30, 31, 30,
                                                   31, 31, 30, 31, 30, 31};
    if (date.month < 1 || date.month > 12 || date.day < 1)
        return false;
    const bool leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
    const std::int64_t last =
        date.month == 2 && leap ? 29 : days[static_cast<std::size_t>(date.month)];
    return date.day <= last;
}

/// Reads a text from the left. Once something has not matched, `ok` stays false.
struct Reader {
    std::string_view rest;
    bool ok = true;

    std::int64_t digits(std::size_t count, std::int64_t max) noexcept {
        const auto number = parse_number(rest.substr(0, count), static_cast<std::uint64_t>(max));
        if (rest.size() < count || !number) {
            ok = false;
            return 0;
        }
        rest.remove_prefix(count);
        return static_cast<std::int64_t>(*number);
    }

    /// Reads and returns one of `characters`.
    char one_of(std::string_view characters) noexcept {
        if (rest.empty() || characters.find(rest.front()) == characters.npos) {
            ok = false;
            return '\0';
        }
        const char c = rest.front();
        rest.remove_prefix(1);
        return c;
    }

    /// Reads "." and digits, of which the first three count; 0 if there is no fraction.
    std::int64_t fraction_ms() noexcept {
        if (!rest.starts_with('.'))
            return 0;
        rest.remove_prefix(1);
        std::int64_t ms = 0;
        std::size_t count = 0;
        for (; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; ++count) {
            if (count < 3)
                ms = ms * 10 + (rest.front() - '0');
            rest.remove_prefix(1);
        }
        if (count == 0)
            ok = false;
        for (; count < 3; ++count)
            ms *= 10;
        return ms;
    }

    /// Reads "Z", "z", "+hh:mm" or "-hh:mm".
    std::int64_t offset_s() noexcept {
        const char sign = one_of("Zz+-");
        if (sign != '+' && sign != '-')
            return 0;
        const std::int64_t hours = digits(2, 23);
        one_of(":");
        const std::int64_t offset = hours * 3'600 + digits(2, 59) * 60;
        return sign == '+' ? offset : -offset;
    }
};

/// Returns "2026-11-25T14:03:09"; the caller appends the rest.
std::string date_and_time(std::int64_t seconds) {
    const std::int64_t days = floor_div(seconds, s_per_day);
    const std::int64_t in_day = seconds - days * s_per_day;
    const Date date = date_of(days);
    std::array<char, 96> text{};
    const int size = std::snprintf(
        text.data(), text.size(), "%04lld-%02lld-%02lldT%02lld:%02lld:%02lld",
        static_cast<long long>(date.year), static_cast<long long>(date.month),
        static_cast<long long>(date.day), static_cast<long long>(in_day / 3'600),
        static_cast<long long>(in_day / 60 % 60), static_cast<long long>(in_day % 60));
    return std::string(text.data(), static_cast<std::size_t>(size));
}

}  // namespace

std::string format_time(std::int64_t wall_ms) {
    return date_and_time(floor_div(wall_ms, ms_per_s)) + 'Z';
}

std::string format_time_ms(std::int64_t wall_ms) {
    const std::int64_t seconds = floor_div(wall_ms, ms_per_s);
    const auto ms = static_cast<int>(wall_ms - seconds * ms_per_s);
    std::array<char, 16> end{};
    const int size = std::snprintf(end.data(), end.size(), ".%03dZ", ms);
    return date_and_time(seconds).append(end.data(), static_cast<std::size_t>(size));
}

namespace {

/// Whether an instant must have seconds.
enum class Seconds : std::uint8_t { needed, optional };

std::optional<std::int64_t> instant_from(std::string_view text, DateMeans means,
                                         Seconds seconds_are) noexcept {
    Reader reader{text};
    Date date;
    date.year = reader.digits(4, 9'999);
    reader.one_of("-");
    date.month = reader.digits(2, 12);
    reader.one_of("-");
    date.day = reader.digits(2, 31);
    if (!reader.ok || date.year < 1970 || !exists(date))
        return std::nullopt;
    const std::int64_t days = days_of(date);
    if (reader.rest.empty())
        return means == DateMeans::its_beginning ? days * ms_per_day
                                                 : std::min((days + 1) * ms_per_day, time_ms_max);

    reader.one_of("Tt");
    const std::int64_t hour = reader.digits(2, 23);
    reader.one_of(":");
    const std::int64_t minute = reader.digits(2, 59);
    std::int64_t second = 0, fraction = 0;
    if (seconds_are == Seconds::needed || reader.rest.starts_with(':')) {
        reader.one_of(":");
        second = reader.digits(2, 60);
        fraction = reader.fraction_ms();
    }
    const std::int64_t offset = reader.offset_s();
    if (!reader.ok || !reader.rest.empty())
        return std::nullopt;
    const std::int64_t seconds = days * s_per_day + hour * 3'600 + minute * 60 + second - offset;
    // A leap second is the last second of a UTC day, whatever the local time is.
    if (second == 60 && seconds % s_per_day != 0)
        return std::nullopt;
    const std::int64_t ms = seconds * ms_per_s + fraction;
    if (ms < 0 || ms > time_ms_max)
        return std::nullopt;
    return ms;
}

/// Returns the offset in days from today: -1 for "yesterday".
std::optional<std::int64_t> named_day(std::string_view text) noexcept {
    if (text == "yesterday")
        return -1;
    if (text == "today")
        return 0;
    if (text == "tomorrow")
        return 1;
    return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> parse_time(std::string_view text, DateMeans means) noexcept {
    return instant_from(text, means, Seconds::needed);
}

bool is_span(std::string_view text) noexcept {
    constexpr std::string_view units = "smhd";
    return text.size() > 1 && units.find(text.back()) != units.npos &&
           text.find_first_not_of("0123456789") == text.size() - 1;
}

std::string span_like(std::string_view typed, std::int64_t seconds) {
    if (!is_span(typed))
        return format_duration(seconds);
    const char unit = typed.back();
    const std::int64_t unit_s = unit == 'd'   ? s_per_day
                                : unit == 'h' ? 3'600
                                : unit == 'm' ? 60
                                              : 1;
    if (seconds == 0 || seconds % unit_s != 0)
        return format_duration(seconds);
    return std::to_string(seconds / unit_s) + unit;
}

std::optional<std::int64_t> time_from(std::string_view text, TimeForm form,
                                      std::int64_t now_ms) noexcept {
    if (text == "now")
        return now_ms;
    if (const auto days = named_day(text)) {
        const std::int64_t begin_ms = (now_ms / ms_per_day + *days) * ms_per_day;
        return form.date == DateMeans::its_beginning ? begin_ms : begin_ms + ms_per_day;
    }
    if (const auto span_s = parse_duration_s(text))
        return form.span == SpanMeans::ago ? std::max<std::int64_t>(now_ms - *span_s * ms_per_s, 0)
                                           : now_ms + *span_s * ms_per_s;
    return instant_from(text, form.date, Seconds::optional);
}

}  // namespace hourgate
