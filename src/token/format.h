// The grammar of a token: brand "_" env "_" prefix "_" secret, secret = 26 random digits + 6 check
// digits. Text in, parts out; no look-up, and no secret is copied.
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

/// The first thing wrong with a text that should be a token, as a reader would notice it.
enum class Flaw : std::uint8_t {
    none,
    empty,
    quotes,       ///< begins or ends with a quotation mark (ASCII or typographic)
    spaces,       ///< a space, tab or line end, inside or at an end
    brand,        ///< does not begin with brand "_"
    environment,  ///< neither "live_" nor "test_" after the brand
    length,       ///< more or fewer characters than a token has
    prefix,       ///< the prefix is not 12 lower-case hex digits
    separator,    ///< no "_" between prefix and secret
    secret,       ///< the secret has a character that is not a base-62 digit
    check,        ///< right shape, wrong check digits: mistyped or altered
    // Only token/mistake.h finds these, for a text without the shape of a token:
    line_end,      ///< has a line end, as a byte or written as \\n
    bearer_twice,  ///< a second "Bearer" before the token
    bearer_mark,   ///< ':' or '=' after "Bearer"
    placeholder,   ///< a template instead of the token: $TOKEN, {{token}}, undefined
    around,        ///< a whole token with something before or after it
    letter_case,   ///< the brand or environment in a different letter case
    masked,        ///< dots or stars where a program shortened the token for display
    prefix_only,   ///< the public prefix without a secret
    web_token,     ///< a JSON Web Token (RFC 7519), meant for another service
};

/// The parts of a text. `prefix` is a view of the given text, valid if flaw is none or check.
struct Parsed {
    Flaw flaw = Flaw::empty;
    Env env = Env::live;  ///< valid if flaw is none or check
    std::string_view prefix;
};

/// Splits `text`, which may be any bytes of any length, into its parts. Time is bounded by the
/// length of a token. REQUIRES: `brand` is [a-z0-9]{1,16}.
[[nodiscard]] Parsed parse(std::string_view text, std::string_view brand) noexcept;

/// The two steps of parse(), for callers that can tell without the check digits that a token is
/// whole. shape_of() finds the parts and never returns Flaw::check. is_whole() returns whether the
/// check digits are right; it REQUIRES a text of the right shape.
[[nodiscard]] Parsed shape_of(std::string_view text, std::string_view brand) noexcept;
[[nodiscard]] bool is_whole(std::string_view text) noexcept;

/// Returns the length of a whole token: 54 for "hsk".
[[nodiscard]] constexpr std::size_t length(std::string_view brand) noexcept {
    return brand.size() + 1 + 4 + 1 + prefix_digits + 1 + secret_digits;
}

/// Returns the six check digits for everything before them, underscores included: CRC-32 (zlib's)
/// in base 62, most significant digit first, padded with "0".
[[nodiscard]] std::array<char, check_digits> check_of(std::string_view before) noexcept;

/// Returns whether `text` is meant as a token of this brand: it begins with brand "_". ASCII case,
/// and stray quotes or spaces before it, are ignored. Public resources forward other credentials
/// unchanged.
[[nodiscard]] bool of_brand(std::string_view text, std::string_view brand) noexcept;

/// Returns the size in bytes of the quotation mark that `text` begins with (ASCII or typographic);
/// 0 if there is none.
[[nodiscard]] std::size_t opening_quote(std::string_view text) noexcept;
/// Returns whether `text` ends with a quotation mark.
[[nodiscard]] bool ends_with_quote(std::string_view text) noexcept;

/// Returns whether `text` is 12 lower-case hex digits.
[[nodiscard]] bool is_prefix(std::string_view text) noexcept;
/// Returns whether `text` is [a-z0-9]{1,limits::brand_bytes_max}.
[[nodiscard]] bool is_brand(std::string_view text) noexcept;

/// Returns `text` with "..." instead of the secret of every token, for responses, logs and records.
/// Finds tokens as minted and altered ones (token/blot.h), of any brand. If "%hh" escapes hide
/// parts of a token, the returned text has as few escapes as possible. Takes time linear in the
/// length of the text.
[[nodiscard]] std::string blotted(std::string_view text);
/// Returns whether `text` has a token as minted, of any brand, whole or cut off at its end. Used
/// for tokens sent in a wrong place. Does not look for altered tokens.
[[nodiscard]] bool holds_token(std::string_view text) noexcept;

}  // namespace hourgate::token
