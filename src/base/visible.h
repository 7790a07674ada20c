// Makes text that somebody else chose safe to display: nothing in it is hidden, reverses direction,
// or controls the terminal. Bytes in, bytes out; no locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hourgate {

/// Returns the size in bytes of the first character of `text`, by the table of RFC 3629 section 4;
/// 0 if it is not well-formed. REQUIRES: text is not empty.
[[nodiscard]] std::size_t character_bytes(std::string_view text) noexcept;

/// Returns whether `text` has a character that is invisible or changes the direction of what
/// follows. Two texts that look the same could differ in it. These characters are Unicode's
/// Default_Ignorable_Code_Point (variation selectors, joiners and tags among them), the
/// bidirectional controls (UAX #9), the line separators and the interlinear annotations.
[[nodiscard]] bool has_hidden(std::string_view text) noexcept;
/// Returns `text` for people who read UTF-8. Line ends and plain text (is_plain_name) stay; every
/// other byte, hidden characters included, becomes \xHH.
[[nodiscard]] std::string visible(std::string_view text);
/// Returns visible() for a table cell or a name within a line: line ends become \x0a, too.
[[nodiscard]] std::string visible_line(std::string_view text);
/// Returns an equal JSON text for programs, with DEL, C1 controls and hidden characters written as
/// \uXXXX. REQUIRES: `json` is a JSON text in UTF-8, so such characters occur only in strings.
[[nodiscard]] std::string visible_json(std::string json);

}  // namespace hourgate
