// Explains what is wrong with a text that should be a token, in more detail than the grammar needs.
// It reports what a person or a script did to the text, its length, and the position. Runs only
// after a text has turned out not to have the shape of a token, so it costs nothing for a good
// token.
// Never returns a character of the text, only lengths and positions, which the caller knows.
#pragma once

#include <cstdint>
#include <string_view>

#include "token/format.h"

namespace hourgate::token {

struct Mistake {
    Flaw flaw = Flaw::none;
    std::uint32_t characters = 0;  ///< of the text; UTF-8 is counted by character
    std::uint32_t at = 0;          ///< position of the first wrong one, from 1; 0: none or unknown
};

/// Returns the mistake in `text`, which may be any bytes. Time is bounded by the length of the
/// text. REQUIRES: shape_of(text, brand) has a flaw.
[[nodiscard]] Mistake mistake_of(std::string_view text, std::string_view brand) noexcept;

/// Returns whether the secret has at least 8 letters, all in one case. Among 32 random digits that
/// is no coincidence: a form or a database changed them. REQUIRES: shape_of(text, …) has no flaw.
[[nodiscard]] bool is_in_one_case(std::string_view text) noexcept;

}  // namespace hourgate::token
