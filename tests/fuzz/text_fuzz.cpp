// Times, spans of time, numbers, and what is made of any bytes for terminals and logs.
#include <string>

#include "base/text.h"
#include "base/time_text.h"
#include "fuzz/fuzz.h"

using namespace hourgate;

namespace {

void check_shown(std::string_view text) {
    std::string shown = printable(text, 100);
    HOURGATE_LAW(shown.size() <= 4 * 100 + 3);
    constexpr std::string_view more = "\xe2\x80\xa6";
    HOURGATE_LAW(shown.ends_with(more) == (text.size() > 100));
    if (shown.ends_with(more))
        shown.resize(shown.size() - more.size());
    HOURGATE_LAW(is_printable_ascii(shown));
    if (is_printable_ascii(text) && text.size() <= 100 && text.find('\\') == text.npos)
        HOURGATE_LAW(shown == text);

    // A value ends where it ends: nobody can begin another field of the line.
    const std::string value = logfmt_value(text, 100);
    HOURGATE_LAW(std::none_of(value.begin(), value.end(), is_control_byte) && !value.empty());
    if (value.starts_with('"')) {
        HOURGATE_LAW(value.size() >= 2 && value.ends_with('"'));
        for (std::size_t at = 1; at + 1 < value.size(); ++at) {
            HOURGATE_LAW(value[at] != '"');
            at += value[at] == '\\';
        }
    } else {
        HOURGATE_LAW(value.find_first_of(" =\"") == value.npos);
    }
}

void check_values(std::string_view text) {
    if (const auto at_ms = parse_time(text)) {
        const std::string shown = format_time_ms(*at_ms);
        HOURGATE_LAW(shown.size() == 24 && parse_time(shown) == at_ms);
        HOURGATE_LAW(format_time(*at_ms) == shown.substr(0, 19) + "Z");
    }
    if (const auto seconds = parse_duration_s(text)) {
        HOURGATE_LAW(*seconds >= 0);
        const std::string shown = format_duration(*seconds);
        HOURGATE_LAW(parse_duration_s(shown) == seconds && shown.size() <= text.size());
    }
    for (const std::uint64_t max : {std::uint64_t{0}, std::uint64_t{65'535}, UINT64_MAX})
        if (const auto number = parse_number(text, max)) {
            HOURGATE_LAW(*number <= max);
            HOURGATE_LAW(parse_number(std::string(Digits(*number)), max) == number);
        }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    check_shown(text);
    check_values(text);
    std::string joined;
    for (const std::string_view part : split(text, ','))
        joined += std::string(part) + ",";
    HOURGATE_LAW(joined == std::string(text) + ",");
    HOURGATE_LAW(same_ignoring_case(text, lower(text)) && lower(lower(text)) == lower(text));
    if (is_email(text) || is_plain_name(text, 200) || is_slug(text, 200))
        HOURGATE_LAW(is_utf8(text) && std::none_of(text.begin(), text.end(), is_control_byte));
    if (is_printable_ascii(text))
        HOURGATE_LAW(is_utf8(text));
    return 0;
}
