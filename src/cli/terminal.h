// What a terminal shows: how wide a text is, how long ago an instant was, whether colours are
// wanted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hourgate::cli {

/// Columns that `text` takes on a terminal: two for a wide character (East Asian Width W and F,
/// UAX #11, emoji among them), none for one that is put onto the character before it. A byte that
/// is not UTF-8 counts as one.
[[nodiscard]] std::size_t terminal_columns(std::string_view text) noexcept;

/// "3 h ago", "in 2 days", "now": whole units, rounded down.
[[nodiscard]] std::string relative_time(std::int64_t wall_ms, std::int64_t now_ms);

/// Whether people look at this descriptor: it is a terminal.
[[nodiscard]] bool is_terminal(int fd) noexcept;
/// The same, if colours are not unwanted: NO_COLOR is not set (no-color.org), TERM is not "dumb".
[[nodiscard]] bool wants_colour(int fd) noexcept;

}  // namespace hourgate::cli
