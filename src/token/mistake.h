// What is off about a text that should be a token, in finer words than the grammar needs: what a
// person or a script has done to it, how long it is, and where. Looked for only once a text has
// turned out to have no token's shape, so a token at hand pays nothing for it.
// Refuses to: hand on a character of the text. Lengths and places are told; they are the caller's
// own.
#pragma once

#include <cstdint>
#include <string_view>

#include "token/format.h"

namespace hourgate::token {

struct Mistake {
    Flaw flaw = Flaw::none;
    std::uint32_t characters = 0;  ///< the text has; UTF-8 is counted by the character
    std::uint32_t at = 0;  ///< the first that does not fit, from 1 on; 0: none, or not known
};

/// REQUIRES: shape_of(text, brand) has a flaw. Any bytes; time is bounded by the length of the
/// text.
[[nodiscard]] Mistake mistake_of(std::string_view text, std::string_view brand) noexcept;

/// Whether all letters of the secret, and it has many, are in one case: of 32 random digits that is
/// no chance, but what a form or a database did. REQUIRES: shape_of(text, …) has no flaw.
[[nodiscard]] bool is_in_one_case(std::string_view text) noexcept;

}  // namespace hourgate::token
