// base/time_text.h
#include "base/time_text.h"

#include <array>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "support/catch.h"

using hourgate::end_form;
using hourgate::format_time;
using hourgate::format_time_ms;
using hourgate::from_form;
using hourgate::ms_per_day;
using hourgate::parse_time;
using hourgate::time_from;
using hourgate::TimeForm;
using hourgate::until_form;

namespace {

std::string two(int number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

/// A calendar that only knows how to turn a page.
struct Page {
    int year = 1970;
    int month = 1;
    int day = 1;

    [[nodiscard]] std::string text() const {
        return std::to_string(year) + "-" + two(month) + "-" + two(day);
    }
    [[nodiscard]] int days_in_month() const {
        if (month == 2)
            return year % 400 == 0 || (year % 4 == 0 && year % 100 != 0) ? 29 : 28;
        return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
    }
    void turn() {
        if (++day <= days_in_month())
            return;
        day = 1;
        if (++month <= 12)
            return;
        month = 1;
        ++year;
    }
};

}  // namespace

TEST_CASE("Every day of a whole cycle of leap years is read and written as the calendar has it") {
    Page page;
    for (std::int64_t day = 0; page.year < 2'400; ++day, page.turn()) {
        const std::string date = page.text();
        if (parse_time(date) != (day + 1) * ms_per_day)
            FAIL(date);
        if (parse_time(date + "T00:00:00Z") != day * ms_per_day)
            FAIL(date);
        if (format_time(day * ms_per_day) != date + "T00:00:00Z")
            FAIL(date);
        if (format_time((day + 1) * ms_per_day - 1) != date + "T23:59:59Z")
            FAIL(date);
        if (page.day == page.days_in_month()) {
            const std::string none = date.substr(0, 8) + two(page.day + 1);
            if (parse_time(none))
                FAIL(none << " does not exist");
        }
    }
}

TEST_CASE("Leap years follow the Gregorian rule") {
    CHECK(parse_time("2024-02-29"));
    CHECK(parse_time("2000-02-29"));
    CHECK_FALSE(parse_time("2026-02-29"));
    CHECK_FALSE(parse_time("2100-02-29"));
    CHECK_FALSE(parse_time("2024-02-30"));
}

TEST_CASE("A bare date ends at 24:00 UTC of that day") {
    CHECK(parse_time("2026-11-25") == parse_time("2026-11-26T00:00:00Z"));
    CHECK(parse_time("1970-01-01") == ms_per_day);
    CHECK(parse_time("2024-12-31") == parse_time("2025-01-01T00:00:00Z"));
}

TEST_CASE("What is written has four digits of year to the very end") {
    REQUIRE(parse_time("9999-12-31"));
    CHECK(format_time_ms(*parse_time("9999-12-31")) == "9999-12-31T23:59:59.999Z");
    CHECK(format_time_ms(*parse_time("9999-12-31T23:59:59.999Z")) == "9999-12-31T23:59:59.999Z");
    CHECK_FALSE(parse_time("9999-12-31T23:59:59-00:01"));
    CHECK_FALSE(parse_time("9999-12-31T23:59:60Z"));
}

TEST_CASE("Known instants are written in UTC, rounded down") {
    CHECK(format_time(0) == "1970-01-01T00:00:00Z");
    CHECK(format_time(999) == "1970-01-01T00:00:00Z");
    CHECK(format_time(1'795'615'389'000) == "2026-11-25T14:03:09Z");
    CHECK(format_time_ms(1'795'615'389'123) == "2026-11-25T14:03:09.123Z");
    CHECK(format_time_ms(7) == "1970-01-01T00:00:00.007Z");
    CHECK(format_time(-1) == "1969-12-31T23:59:59Z");
    CHECK(format_time_ms(-1) == "1969-12-31T23:59:59.999Z");
    CHECK_FALSE(format_time(INT64_MIN).empty());
    CHECK_FALSE(format_time(INT64_MAX).empty());
}

TEST_CASE("Every second of a day is read back as written") {
    for (std::int64_t second = 0; second < 86'400; ++second) {
        const std::int64_t ms = 1'795'564'800'000 + second * 1'000;
        if (parse_time(format_time(ms)) != ms)
            FAIL(format_time(ms));
    }
}

TEST_CASE("Offsets are subtracted, whichever way they point") {
    const auto noon = parse_time("2026-11-25T12:00:00Z");
    REQUIRE(noon);
    CHECK(parse_time("2026-11-25T13:30:00+01:30") == noon);
    CHECK(parse_time("2026-11-25T04:00:00-08:00") == noon);
    CHECK(parse_time("2026-11-26T11:59:00+23:59") == noon);
    CHECK(parse_time("2026-11-25T12:00:00-00:00") == noon);
    CHECK(parse_time("2026-11-25t12:00:00z") == noon);
    for (int minutes = -23 * 60 - 59; minutes <= 23 * 60 + 59; ++minutes) {
        const int size = minutes < 0 ? -minutes : minutes;
        const std::string offset =
            (minutes < 0 ? "-" : "+") + two(size / 60) + ":" + two(size % 60);
        if (parse_time("2026-11-25T12:00:00" + offset) != *noon - minutes * std::int64_t{60'000})
            FAIL(offset);
    }
}

TEST_CASE("A fraction counts to the millisecond") {
    const auto whole = parse_time("2026-11-25T12:00:00Z");
    REQUIRE(whole);
    CHECK(parse_time("2026-11-25T12:00:00.5Z") == *whole + 500);
    CHECK(parse_time("2026-11-25T12:00:00.05Z") == *whole + 50);
    CHECK(parse_time("2026-11-25T12:00:00.123999999999Z") == *whole + 123);
    CHECK_FALSE(parse_time("2026-11-25T12:00:00.Z"));
    CHECK_FALSE(parse_time("2026-11-25T12:00:00,5Z"));
}

TEST_CASE("A leap second counts as the next second, at the end of a UTC day only") {
    CHECK(parse_time("1990-12-31T23:59:60Z") == parse_time("1991-01-01T00:00:00Z"));
    CHECK(parse_time("1990-12-31T15:59:60-08:00") == parse_time("1991-01-01T00:00:00Z"));
    CHECK_FALSE(parse_time("1990-12-31T23:58:60Z"));
    CHECK_FALSE(parse_time("1990-12-31T23:59:60+01:00"));
    CHECK_FALSE(parse_time("1990-12-31T23:59:61Z"));
}

TEST_CASE("Junk, half a time and days outside 1970 to 9999 are no time") {
    for (const auto* text : {"",
                             "now",
                             "2026",
                             "2026-11",
                             "2026-1-5",
                             "26-11-25",
                             "2026/11/25",
                             "2026-11-25 ",
                             " 2026-11-25",
                             "2026-00-10",
                             "2026-13-10",
                             "2026-01-00",
                             "2026-01-32",
                             "2026-04-31",
                             "1969-12-31",
                             "10000-01-01",
                             "0000-01-01",
                             "+2026-11-25",
                             "-026-11-25",
                             "2026-11-25T",
                             "2026-11-25T12",
                             "2026-11-25T12:00",
                             "2026-11-25T12:00Z",
                             "2026-11-25T12:00:00",
                             "2026-11-25 12:00:00Z",
                             "2026-11-25T24:00:00Z",
                             "2026-11-25T12:60:00Z",
                             "2026-11-25T12:00:00ZZ",
                             "2026-11-25T12:00:00+1:00",
                             "2026-11-25T12:00:00+0100",
                             "2026-11-25T12:00:00+24:00",
                             "2026-11-25T12:00:00+00:60",
                             "2026-11-25T12:00:00UTC",
                             "1970-01-01T00:00:00+00:01",
                             "2026-11-25T12:00:0 Z",
                             "1795564800",
                             "2026-11-25T12:00:00Z\n",
                             "2026-11-25T-1:00:00Z"}) {
        INFO(text);
        CHECK_FALSE(parse_time(text));
    }
    CHECK_FALSE(parse_time(std::string_view("2026-11-25\0", 11)));
}

TEST_CASE("A time that people type may leave out its seconds, and nothing more") {
    const std::int64_t now_ms = *parse_time("2026-11-25T12:00:00Z");
    for (const TimeForm form : {from_form, until_form, end_form}) {
        const auto read = [&](std::string_view text) { return time_from(text, form, now_ms); };
        CHECK(read("2026-12-01T14:20Z") == parse_time("2026-12-01T14:20:00Z"));
        CHECK(read("2026-12-01t14:20z") == parse_time("2026-12-01T14:20:00Z"));
        CHECK(read("2026-12-01T14:20+02:00") == parse_time("2026-12-01T12:20:00Z"));
        CHECK(read("2026-12-01T14:20:09.5Z") == parse_time("2026-12-01T14:20:09.5Z"));
        for (const char* text : {"2026-12-01T14Z", "2026-12-01T14:20", "2026-12-01T14:20.5Z",
                                 "2026-12-01T14:20:Z", "2026-12-01T14:60Z", "2026-12-01 14:20Z"}) {
            INFO(text);
            CHECK_FALSE(read(text));
        }
    }
}

TEST_CASE("No single wrong character in a time goes unnoticed as another shape") {
    const std::string good = "2026-11-25T14:03:09Z";
    for (std::size_t at = 0; at < good.size(); ++at)
        for (int byte = 0; byte < 256; ++byte) {
            std::string text = good;
            text[at] = static_cast<char>(byte);
            const auto read = parse_time(text);
            const bool digit_place = good[at] >= '0' && good[at] <= '9';
            const bool digit = byte >= '0' && byte <= '9';
            const bool same_letter = text[at] == good[at] || (text[at] | 0x20) == (good[at] | 0x20);
            if (!digit_place && !same_letter && read)
                FAIL(text);
            if (digit_place && !digit && read)
                FAIL(text);
            if (digit_place && digit && read && format_time(*read) != text)
                FAIL(text);
        }
}

TEST_CASE("a date names the beginning of its day or its end; an instant is what it is") {
    using hourgate::DateMeans;
    CHECK(parse_time("2026-11-30", DateMeans::its_beginning) == parse_time("2026-11-30T00:00:00Z"));
    CHECK(parse_time("2026-11-30", DateMeans::its_end) == parse_time("2026-12-01T00:00:00Z"));
    CHECK(parse_time("1970-01-01", DateMeans::its_beginning) == 0);
    for (const DateMeans means : {DateMeans::its_beginning, DateMeans::its_end}) {
        CHECK(parse_time("2026-11-30T12:00:00Z", means) == parse_time("2026-11-30T12:00:00Z"));
        CHECK_FALSE(parse_time("2026-02-29", means));
    }
}
