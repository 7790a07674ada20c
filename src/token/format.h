// The grammar of a token: brand "_" env "_" prefix "_" secret, secret = 26 random digits + 6 check
// digits (PRODUCT.md section 3 gives the reason for each part). Text in, parts out; no look-up, no
// secret is copied.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hourgate::token {

/// The numbers are stored and never renumbered.
enum class Env : std::uint8_t { live = 0, test = 1 };

[[nodiscard]] std::string_view to_text(Env env) noexcept;  ///< "live", "test"
[[nodiscard]] std::optional<Env> env_from(std::string_view text) noexcept;

constexpr std::size_t prefix_digits = 12;  ///< lower-case hex: the public id
constexpr std::size_t random_digits = 26;  ///< base 62: 154 bits
constexpr std::size_t check_digits = 6;    ///< base 62 of the CRC-32 of everything before them
constexpr std::size_t secret_digits = random_digits + check_digits;
constexpr std::string_view base62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What is off about a text that should be a token, the first thing a reader would notice.
enum class Flaw : std::uint8_t {
    none,
    empty,
    quotes,       ///< begins or ends with a quotation mark (ASCII or typographic)
    spaces,       ///< a space, tab or line end inside or at an end
    brand,        ///< does not begin with brand "_"
    environment,  ///< neither "live_" nor "test_" after the brand
    length,       ///< another number of characters than a token has
    prefix,       ///< the prefix is not 12 lower-case hex digits
    separator,    ///< no "_" between prefix and secret
    secret,       ///< the secret has a character that is no base-62 digit
    check,        ///< right shape, wrong check digits: mistyped or altered
    // What token/mistake.h tells beside these, of a text that has not the shape:
    line_end,      ///< a line end in it, as such or written out as \\n
    bearer_twice,  ///< "Bearer" once more before the token
    bearer_mark,   ///< ':' or '=' after "Bearer"
    placeholder,   ///< what a token should have been put in for: $TOKEN, {{token}}, undefined
    around,        ///< a whole token with something before or after it
    letter_case,   ///< brand or environment are there in other letter case
    masked,        ///< dots or stars where a token was shortened for being shown
    prefix_only,   ///< the public prefix without a secret
    web_token,     ///< a JSON Web Token (RFC 7519), which some other service takes
};

/// A text taken apart. `prefix` is a view of the given text and valid when flaw is none or check.
struct Parsed {
    Flaw flaw = Flaw::empty;
    Env env = Env::live;  ///< valid when flaw is none or check
    std::string_view prefix;
};

/// Takes `text` apart; any bytes, any length (time is bounded by the length of a token). `brand` is
/// [a-z0-9]{1,16}.
[[nodiscard]] Parsed parse(std::string_view text, std::string_view brand) noexcept;

/// parse() in two steps, for who can tell that a token is whole without its check digits: the parts
/// alone (never Flaw::check), and whether the check digits of a text of right shape fit.
[[nodiscard]] Parsed shape_of(std::string_view text, std::string_view brand) noexcept;
[[nodiscard]] bool is_whole(std::string_view text) noexcept;

/// Characters of a whole token: 54 for "hsk".
[[nodiscard]] constexpr std::size_t length(std::string_view brand) noexcept {
    return brand.size() + 1 + 4 + 1 + prefix_digits + 1 + secret_digits;
}

/// The six check digits of everything before them, underscores included: CRC-32 (zlib's) in base
/// 62, most significant digit first, padded with "0".
[[nodiscard]] std::array<char, check_digits> check_of(std::string_view before) noexcept;

/// Whether `text` means to be a token of this brand: begins with brand "_", ASCII case and stray
/// quotes or spaces before it aside. Public resources pass other credentials on untouched.
[[nodiscard]] bool of_brand(std::string_view text, std::string_view brand) noexcept;

/// Bytes of the quotation mark that `text` begins with (ASCII or typographic); 0: with none.
[[nodiscard]] std::size_t opening_quote(std::string_view text) noexcept;
/// Whether it ends with one.
[[nodiscard]] bool ends_with_quote(std::string_view text) noexcept;

/// 12 lower-case hex digits.
[[nodiscard]] bool is_prefix(std::string_view text) noexcept;
/// [a-z0-9]{1,limits::brand_bytes_max}.
[[nodiscard]] bool is_brand(std::string_view text) noexcept;

/// Returns `text` with the secret of every token in it replaced by "...", for answers, logs and
/// records: of tokens as they are minted, and of those that were altered (token/blot.h). The brand
/// does not matter. Where "%hh" escapes stand for parts of a token, the text is shown with as few
/// of them as can be. Takes time that is linear in the length of the text.
[[nodiscard]] std::string blotted(std::string_view text);
/// Returns whether there is a token in `text`, of whatever brand, as it is minted, whole or cut at
/// its end: what was sent in a wrong place. An altered token is not looked for.
[[nodiscard]] bool holds_token(std::string_view text) noexcept;

}  // namespace hourgate::token
