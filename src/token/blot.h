// Decides whether text shows a secret of ours, for all text that is kept or shown: responses, log
// lines, rows, command output. People and programs alter a token before they paste it where it does
// not belong; its secret is still a secret.
// Text in, text out. Every function takes time linear in the length of the text.
#pragma once

#include <string_view>

#include "token/format.h"  // blotted(), holds_token()

namespace hourgate::token {

/// Returns whether `text` has a token, altered or not, that its prefix gives away. The prefix is 11
/// or more hex digits in a row, so that one may be missing. An environment is before it, or 16
/// letters and digits in disorder are after it. Letter case, full-width letters, invisible
/// characters, "%hh" escapes and separators between the parts make no difference. The secret may be
/// split by single characters, or up to half of it may be missing. Throws std::bad_alloc.
[[nodiscard]] bool looks_like_token(std::string_view text);

/// Returns whether blotted() changes the text: it has such a token, one as minted or cut off, or a
/// secret alone. A secret alone is 28 to 36 letters and digits in a row, in both letter cases and
/// in disorder. Throws std::bad_alloc.
[[nodiscard]] bool shows_secret(std::string_view text);

}  // namespace hourgate::token
