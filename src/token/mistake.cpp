#include "token/mistake.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace hourgate::token {

namespace {

constexpr std::string_view bearer = "Bearer";
constexpr CharacterSet hex_digits("0123456789abcdef");
constexpr CharacterSet base62_digits(base62);
constexpr CharacterSet marks_of_variables("${}<>");

/// Texts that programs write when a value is missing.
constexpr std::array<std::string_view, 12> no_values = {
    "undefined", "null",  "none",  "nil",     "nan",     "(null)",
    "true",      "false", "token", "api_key", "api-key", "secret"};
/// Parts of placeholders in examples and templates.
constexpr std::array<std::string_view, 4> of_templates = {"your", "process.env", "os.environ",
                                                          "secrets."};

std::uint32_t characters_of(std::string_view text) noexcept {
    return static_cast<std::uint32_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80;  // RFC 3629: a first byte
    }));
}

/// Returns where `part` begins in `text`, ignoring ASCII case; npos if it does not occur.
std::size_t find_ignoring_case(std::string_view text, std::string_view part) noexcept {
    const auto place = std::search(text.begin(), text.end(), part.begin(), part.end(),
                                   [](char a, char b) { return lower_of(a) == lower_of(b); });
    return place == text.end() ? text.npos : static_cast<std::size_t>(place - text.begin());
}

std::string_view without_quotes(std::string_view text) noexcept {
    text = trimmed(text);
    text.remove_prefix(opening_quote(text));
    for (std::size_t bytes = 1; bytes <= std::min<std::size_t>(3, text.size()); ++bytes)
        if (opening_quote(text.substr(text.size() - bytes)) == bytes)
            return text.substr(0, text.size() - bytes);
    return text;
}

Flaw bearer_before(std::string_view text) noexcept {
    if (!same_ignoring_case(text.substr(0, bearer.size()), bearer))
        return Flaw::none;
    text.remove_prefix(bearer.size());
    if (text.starts_with(':') || text.starts_with('='))
        return Flaw::bearer_mark;
    return text.empty() || text.starts_with(' ') || text.starts_with('\t') ? Flaw::bearer_twice
                                                                           : Flaw::none;
}

bool is_placeholder(std::string_view text, std::string_view brand) noexcept {
    text = without_quotes(text);
    if (text.empty() || text.size() == length(brand))
        return false;  // a token with one wrong character is not a template
    if (std::any_of(no_values.begin(), no_values.end(),
                    [&](std::string_view value) { return same_ignoring_case(text, value); }))
        return true;
    if (std::any_of(of_templates.begin(), of_templates.end(), [&](std::string_view part) {
            return find_ignoring_case(text, part) != text.npos;
        }))
        return true;
    const bool in_marks = (text.starts_with('%') && text.ends_with('%')) ||
                          (text.starts_with('[') && text.ends_with(']'));
    return in_marks || marks_of_variables.has_any_of(text);
}

/// Returns the position of the first line end in the text, as a byte or written out; npos if there
/// is none.
std::size_t find_line_end(std::string_view text) noexcept {
    std::size_t place = text.find_first_of("\r\n");
    for (const std::string_view written : {"\\n", "\\r", "%0a", "%0d"})
        place = std::min(place, find_ignoring_case(text, written));
    return place;
}

/// Returns where a whole token of this brand begins in `text`; npos if there is none.
std::size_t find_whole(std::string_view text, std::string_view brand) noexcept {
    const std::size_t size = length(brand);
    for (std::size_t at = text.find(brand); at != text.npos; at = text.find(brand, at + 1)) {
        const std::string_view part = text.substr(at, size);
        if (parse(part, brand).flaw == Flaw::none)
            return at;
    }
    return text.npos;
}

/// Returns how many leading characters of `text` a token could begin with.
std::size_t fitting(std::string_view text, std::string_view brand) noexcept {
    const std::size_t env_at = brand.size() + 1;
    const std::size_t prefix_at = env_at + 5;
    const std::size_t mark_at = prefix_at + prefix_digits;
    const std::string_view env = text.size() > env_at && text[env_at] == 't' ? "test_" : "live_";
    const auto fits = [&](std::size_t at) {
        const char c = text[at];
        if (at < brand.size())
            return c == brand[at];
        if (at < env_at)
            return c == '_';
        if (at < prefix_at)
            return c == env[at - env_at];
        if (at < mark_at)
            return hex_digits.has(c);
        return at == mark_at ? c == '_' : base62_digits.has(c);
    };
    std::size_t at = 0;
    while (at < text.size() && at < length(brand) && fits(at))
        ++at;
    return at;
}

bool is_masked(std::string_view text) noexcept {
    for (const std::string_view mark : {"...", "\xe2\x80\xa6", "***", "\xe2\x80\xa2", "xxxxxxxx"})
        if (find_ignoring_case(text, mark) != text.npos)
            return true;
    return false;
}

/// Returns whether brand, "_" and environment would be right in lower case, and are not as sent.
bool is_in_other_case(std::string_view text, std::string_view brand) noexcept {
    const std::string_view start = text.substr(0, brand.size());
    const std::string_view rest = text.substr(std::min(brand.size(), text.size()));
    const std::string_view env = rest.substr(0, 6);
    const bool same = same_ignoring_case(start, brand) &&
                      (same_ignoring_case(env, "_live_") || same_ignoring_case(env, "_test_"));
    return same && !(start == brand && (env == "_live_" || env == "_test_"));
}

bool is_prefix_only(std::string_view text, std::string_view brand, std::size_t fits) noexcept {
    const std::size_t before_secret = length(brand) - secret_digits;
    return is_prefix(text) || (fits == text.size() &&
                               (text.size() == before_secret || text.size() + 1 == before_secret));
}

/// A JSON Web Token begins so: base 64 of '{"'.
bool is_web_token(std::string_view text) noexcept {
    return text.starts_with("eyJ") && text.find('.') != text.npos;
}

}  // namespace

Mistake mistake_of(std::string_view text, std::string_view brand) noexcept {
    const auto found = [text](Flaw flaw, std::size_t place) {
        const bool known = place < text.size();
        return Mistake{flaw, characters_of(text),
                       known ? characters_of(text.substr(0, place)) + 1 : 0};
    };
    if (text.empty())
        return found(Flaw::empty, text.npos);
    if (const Flaw flaw = bearer_before(text); flaw != Flaw::none)
        return found(flaw, text.npos);
    const std::size_t whole = find_whole(text, brand);
    if (whole == text.npos && is_placeholder(text, brand))
        return found(Flaw::placeholder, text.npos);
    if (opening_quote(text) != 0 || ends_with_quote(text))
        return found(Flaw::quotes, text.npos);
    if (const std::size_t place = find_line_end(text); place != text.npos)
        return found(Flaw::line_end, place);
    if (whole != text.npos && trimmed(text).size() != length(brand))
        return found(Flaw::around, whole == 0 ? length(brand) : text.npos);
    if (const std::size_t place = text.find_first_of(" \t"); place != text.npos)
        return found(Flaw::spaces, place);
    if (is_masked(text))
        return found(Flaw::masked, text.npos);
    if (is_in_other_case(text, brand))
        return found(Flaw::letter_case, text.npos);
    if (is_web_token(text))
        return found(Flaw::web_token, text.npos);
    const std::size_t fits = fitting(text, brand);
    if (is_prefix_only(text, brand, fits))
        return found(Flaw::prefix_only, text.npos);
    if (fits == text.size())
        return found(Flaw::length, text.npos);  // correct, but too short
    return found(shape_of(text, brand).flaw, fits);
}

bool is_in_one_case(std::string_view text) noexcept {
    constexpr std::ptrdiff_t letters_least = 8;
    const std::string_view secret = text.substr(text.size() - std::min(secret_digits, text.size()));
    const auto uppers =
        std::count_if(secret.begin(), secret.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    const auto lowers =
        std::count_if(secret.begin(), secret.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    return std::min(uppers, lowers) == 0 && std::max(uppers, lowers) >= letters_least;
}

}  // namespace hourgate::token
