// The one reading of "this looks like a secret of ours", for text that is kept or shown: answers,
// log lines, rows, what the command line prints. People and programs change a token before they
// paste it where it does not belong, and the secret is one all the same.
// Text in, text out. Every function takes time that is linear in the length of the text.
#pragma once

#include <string_view>

#include "token/format.h"  // blotted(), holds_token()

namespace hourgate::token {

/// Whether there is a token in `text` by its marks, altered or not. A mark is a prefix (11 or more
/// hex digits in a row, so one may be missing) that an environment stands before, or that 16
/// letters and digits in disorder follow. Letter case, full-width letters, characters that show
/// nothing, "%hh" escapes and what separates the parts make no difference. The secret may be
/// parted by single characters, or missing up to half. Throws std::bad_alloc.
[[nodiscard]] bool looks_like_token(std::string_view text);

/// Whether blotted() changes the text: a token by these marks, as minted or cut, or a secret alone,
/// which is 28 to 36 letters and digits in a row, in both letter cases and in disorder. Throws
/// std::bad_alloc.
[[nodiscard]] bool shows_secret(std::string_view text);

}  // namespace hourgate::token
