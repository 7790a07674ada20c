// Text that somebody else chose, made safe to look at: nothing in it hides, turns round or steers
// what is next to it. Bytes in, bytes out; no locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hourgate {

/// Returns how many bytes the character has that `text` begins with, by the table of RFC 3629
/// section 4; 0 when it is not well-formed. REQUIRES: text is not empty.
[[nodiscard]] std::size_t character_bytes(std::string_view text) noexcept;

/// Whether there is a character that shows nothing by itself or turns the direction of what
/// follows: two texts that look the same could differ in it. Those are Unicode's
/// Default_Ignorable_Code_Point (variation selectors, joiners and tags among them), the
/// bidirectional controls (UAX #9), the separators of lines and the interlinear annotations.
[[nodiscard]] bool has_hidden(std::string_view text) noexcept;
/// For people who read UTF-8: line ends and plain text (is_plain_name) stay as they are, and every
/// other byte becomes \xHH, hidden characters included.
[[nodiscard]] std::string visible(std::string_view text);
/// The same for a cell or a name within a line: line ends are written as \x0a, too.
[[nodiscard]] std::string visible_line(std::string_view text);
/// For programs: a JSON text whose values are the same, with DEL, C1 controls and hidden characters
/// written as \uXXXX. REQUIRES: `json` is a JSON text in UTF-8, so they are inside of strings.
[[nodiscard]] std::string visible_json(std::string json);

}  // namespace hourgate
