#include "cli/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>

#include "base/clock.h"
#include "base/visible.h"

namespace hourgate::cli {

namespace {

struct Range {
    char32_t first;
    char32_t last;
};

/// East Asian Width W and F of Unicode 15, in order. Ranges are joined if nothing else is assigned
/// between them.
constexpr std::array wide = {
    Range{0x1100, 0x115f},   Range{0x231a, 0x231b},   Range{0x2329, 0x232a},
    Range{0x23e9, 0x23ec},   Range{0x23f0, 0x23f0},   Range{0x23f3, 0x23f3},
    Range{0x25fd, 0x25fe},   Range{0x2614, 0x2615},   Range{0x2648, 0x2653},
    Range{0x267f, 0x267f},   Range{0x2693, 0x2693},   Range{0x26a1, 0x26a1},
    Range{0x26aa, 0x26ab},   Range{0x26bd, 0x26be},   Range{0x26c4, 0x26c5},
    Range{0x26ce, 0x26ce},   Range{0x26d4, 0x26d4},   Range{0x26ea, 0x26ea},
    Range{0x26f2, 0x26f3},   Range{0x26f5, 0x26f5},   Range{0x26fa, 0x26fa},
    Range{0x26fd, 0x26fd},   Range{0x2705, 0x2705},   Range{0x270a, 0x270b},
    Range{0x2728, 0x2728},   Range{0x274c, 0x274c},   Range{0x274e, 0x274e},
    Range{0x2753, 0x2755},   Range{0x2757, 0x2757},   Range{0x2795, 0x2797},
    Range{0x27b0, 0x27b0},   Range{0x27bf, 0x27bf},   Range{0x2b1b, 0x2b1c},
    Range{0x2b50, 0x2b50},   Range{0x2b55, 0x2b55},   Range{0x2e80, 0x303e},
    Range{0x3041, 0x4dbf},   Range{0x4e00, 0xa4cf},   Range{0xa960, 0xa97c},
    Range{0xac00, 0xd7a3},   Range{0xf900, 0xfaff},   Range{0xfe10, 0xfe19},
    Range{0xfe30, 0xfe6b},   Range{0xff01, 0xff60},   Range{0xffe0, 0xffe6},
    Range{0x16fe0, 0x18cff}, Range{0x1aff0, 0x1b2fb}, Range{0x1f004, 0x1f004},
    Range{0x1f0cf, 0x1f0cf}, Range{0x1f18e, 0x1f18e}, Range{0x1f191, 0x1f19a},
    Range{0x1f200, 0x1f320}, Range{0x1f32d, 0x1f335}, Range{0x1f337, 0x1f37c},
    Range{0x1f37e, 0x1f393}, Range{0x1f3a0, 0x1f3ca}, Range{0x1f3cf, 0x1f3d3},
    Range{0x1f3e0, 0x1f3f0}, Range{0x1f3f4, 0x1f3f4}, Range{0x1f3f8, 0x1f43e},
    Range{0x1f440, 0x1f440}, Range{0x1f442, 0x1f4fc}, Range{0x1f4ff, 0x1f53d},
    Range{0x1f54b, 0x1f54e}, Range{0x1f550, 0x1f567}, Range{0x1f57a, 0x1f57a},
    Range{0x1f595, 0x1f596}, Range{0x1f5a4, 0x1f5a4}, Range{0x1f5fb, 0x1f64f},
    Range{0x1f680, 0x1f6c5}, Range{0x1f6cc, 0x1f6cc}, Range{0x1f6d0, 0x1f6d2},
    Range{0x1f6d5, 0x1f6df}, Range{0x1f6eb, 0x1f6ec}, Range{0x1f6f4, 0x1f6fc},
    Range{0x1f7e0, 0x1f7f0}, Range{0x1f90c, 0x1f93a}, Range{0x1f93c, 0x1f945},
    Range{0x1f947, 0x1f9ff}, Range{0x1fa70, 0x1faff}, Range{0x20000, 0x3fffd},
};

/// Combining marks of the scripts that names are likely to use, in order.
constexpr std::array combining = {
    Range{0x0300, 0x036f}, Range{0x0483, 0x0489}, Range{0x0591, 0x05bd}, Range{0x05bf, 0x05bf},
    Range{0x05c1, 0x05c2}, Range{0x05c4, 0x05c5}, Range{0x05c7, 0x05c7}, Range{0x0610, 0x061a},
    Range{0x064b, 0x065f}, Range{0x0670, 0x0670}, Range{0x06d6, 0x06dc}, Range{0x06df, 0x06e4},
    Range{0x06e7, 0x06e8}, Range{0x06ea, 0x06ed}, Range{0x0900, 0x0902}, Range{0x093a, 0x093a},
    Range{0x093c, 0x093c}, Range{0x0941, 0x0948}, Range{0x094d, 0x094d}, Range{0x0951, 0x0957},
    Range{0x0e31, 0x0e31}, Range{0x0e34, 0x0e3a}, Range{0x0e47, 0x0e4e}, Range{0x1ab0, 0x1aff},
    Range{0x1dc0, 0x1dff}, Range{0x20d0, 0x20f0}, Range{0x302a, 0x302d}, Range{0x3099, 0x309a},
    Range{0xfe20, 0xfe2f},
};

bool is_in(std::span<const Range> ranges, char32_t character) noexcept {
    const auto range =
        std::lower_bound(ranges.begin(), ranges.end(), character,
                         [](const Range& one, char32_t wanted) { return one.last < wanted; });
    return range != ranges.end() && character >= range->first;
}

/// REQUIRES: `bytes` are one well-formed character.
char32_t character_in(std::string_view bytes) noexcept {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
    if (bytes.size() == 1)
        return byte(0);
    char32_t character = byte(0) & (0x7fU >> bytes.size());
    for (std::size_t at = 1; at < bytes.size(); ++at)
        character = character << 6U | (byte(at) & 0x3fU);
    return character;
}

}  // namespace

std::size_t terminal_columns(std::string_view text) noexcept {
    std::size_t columns = 0;
    while (!text.empty()) {
        const std::size_t bytes = character_bytes(text);
        const char32_t character = bytes == 0 ? U'?' : character_in(text.substr(0, bytes));
        if (!is_in(combining, character))
            columns += is_in(wide, character) ? 2U : 1U;
        text.remove_prefix(std::max<std::size_t>(bytes, 1));
    }
    return columns;
}

std::string relative_time(std::int64_t wall_ms, std::int64_t now_ms) {
    constexpr std::int64_t minute_s = 60, hour_s = 3'600, day_s = 86'400;
    struct Unit {
        std::int64_t from_s;  // least age for which the unit is used
        std::int64_t length_s;
        std::string_view one, many;
    };
    constexpr std::array units = {
        Unit{730 * day_s, 365 * day_s, " year", " years"},
        Unit{60 * day_s, 30 * day_s, " month", " months"},
        Unit{2 * day_s, day_s, " day", " days"},
        Unit{hour_s, hour_s, " h", " h"},
        Unit{minute_s, minute_s, " min", " min"},
        Unit{1, 1, " s", " s"},
    };
    const std::int64_t apart_s = std::abs(now_ms - wall_ms) / ms_per_s;
    for (const Unit& unit : units) {
        if (apart_s < unit.from_s)
            continue;
        const std::int64_t count = apart_s / unit.length_s;
        const std::string span =
            std::to_string(count) + std::string(count == 1 ? unit.one : unit.many);
        return wall_ms > now_ms ? "in " + span : span + " ago";
    }
    return "now";
}

bool is_terminal(int fd) noexcept {
    return ::isatty(fd) != 0;
}

bool wants_colour(int fd) noexcept {
    const char* const unwanted = std::getenv("NO_COLOR");
    const char* const kind = std::getenv("TERM");
    return is_terminal(fd) && (unwanted == nullptr || *unwanted == '\0') &&
           (kind == nullptr || std::string_view(kind) != "dumb");
}

}  // namespace hourgate::cli
