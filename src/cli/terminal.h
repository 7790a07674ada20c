// Terminal output: the width of a text, relative times, and whether to use colours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hourgate::cli {

/// Returns the columns that `text` takes on a terminal. A wide character takes two (East Asian
/// Width W and F, UAX #11, including emoji). One that combines with the character before it takes
/// none. A byte that is not UTF-8 counts as one.
[[nodiscard]] std::size_t terminal_columns(std::string_view text) noexcept;

/// Returns "3 h ago", "in 2 days" or "now", in whole units, rounded down.
[[nodiscard]] std::string relative_time(std::int64_t wall_ms, std::int64_t now_ms);

/// Returns true if this descriptor is a terminal.
[[nodiscard]] bool is_terminal(int fd) noexcept;
/// Returns true if it is a terminal, NO_COLOR is not set (no-color.org), and TERM is not "dumb".
[[nodiscard]] bool wants_colour(int fd) noexcept;

}  // namespace hourgate::cli
