// What people, shells, editors and attackers do to a token before it appears where none belongs.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "token/format.h"

namespace hourgate::test {

struct Alteration {
    std::string name;
    std::function<std::string(const std::string& token)> make;
    bool alone = false;  ///< hardly more than the secret is left of the token
};

/// Returns the length of the longest run of characters of `secret` in `text`, ignoring ASCII case.
inline std::size_t longest_run(std::string_view text, std::string_view secret) {
    std::size_t longest = 0;
    for (std::size_t at = 0; at < text.size(); ++at)
        for (std::size_t from = 0; from < secret.size(); ++from) {
            std::size_t run = 0;
            while (at + run < text.size() && from + run < secret.size() &&
                   lower_of(text[at + run]) == lower_of(secret[from + run]))
                ++run;
            longest = std::max(longest, run);
        }
    return longest;
}

/// Replaces the three separators of a token.
inline std::string separated(const std::string& token, std::string_view by) {
    std::string text;
    for (const char c : token)
        if (c == '_')
            text += by;
        else
            text += c;
    return text;
}

inline std::string upper(std::string text) {
    for (char& c : text)
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return text;
}

/// Replaces '_', or every character if `letters`, by its full-width form.
inline std::string full_width(const std::string& text, bool letters) {
    std::string out;
    for (const char c : text) {
        const int place = c - 0x20;
        if (c == '_' || letters)
            out.append("\xef")
                .append(1, place < 0x40 ? '\xbc' : '\xbd')
                .append(1, static_cast<char>(0x80 + (place & 0x3f)));
        else
            out += c;
    }
    return out;
}

inline std::string secret_of(const std::string& token) {
    return token.substr(token.size() - token::secret_digits);
}
inline std::string before_secret_of(const std::string& token) {
    return token.substr(0, token.size() - token::secret_digits);
}

inline const std::vector<Alteration> alterations = {
    {"as it is", [](const std::string& token) { return token; }},
    {"with hyphens", [](const std::string& token) { return separated(token, "-"); }},
    {"with dots", [](const std::string& token) { return separated(token, "."); }},
    {"with spaces", [](const std::string& token) { return separated(token, " "); }},
    {"with slashes", [](const std::string& token) { return separated(token, "/"); }},
    {"with colons", [](const std::string& token) { return separated(token, ":"); }},
    {"with two underscores", [](const std::string& token) { return separated(token, "__"); }},
    {"with %5F", [](const std::string& token) { return separated(token, "%5F"); }},
    {"with %2D", [](const std::string& token) { return separated(token, "%2D"); }},
    {"with %255f", [](const std::string& token) { return separated(token, "%255f"); }},
    {"with spaced hyphens", [](const std::string& token) { return separated(token, " - "); }},
    {"with dashes", [](const std::string& token) { return separated(token, "\xe2\x80\x93"); }},
    {"with tabs", [](const std::string& token) { return separated(token, "\t"); }},
    {"without separators", [](const std::string& token) { return separated(token, ""); }},
    {"with full-width underscores",
     [](const std::string& token) { return full_width(token, false); }},
    {"with the separators of a Markdown text",
     [](const std::string& token) { return separated(token, "\\_"); }},
    {"in upper case", [](const std::string& token) { return upper(token); }},
    {"in upper case with hyphens",
     [](const std::string& token) { return upper(separated(token, "-")); }},
    {"in lower case", [](const std::string& token) { return lower(token); }},
    {"with an upper-case start",
     [](const std::string& token) { return upper(before_secret_of(token)) + secret_of(token); }},
    {"with a full-width start",
     [](const std::string& token) {
         return full_width(before_secret_of(token), true) + secret_of(token);
     }},
    {"in quotes", [](const std::string& token) { return "\"" + token + "\""; }},
    {"in typographic quotes, with hyphens",
     [](const std::string& token) {
         return "\xe2\x80\x9c" + separated(token, "-") + "\xe2\x80\x9d";
     }},
    {"behind Bearer", [](const std::string& token) { return "Bearer " + separated(token, "-"); }},
    {"cut by its first character", [](const std::string& token) { return token.substr(1); }},
    {"cut by its last character",
     [](const std::string& token) { return token.substr(0, token.size() - 1); }},
    {"cut by its last character, with hyphens",
     [](const std::string& token) { return separated(token, "-").substr(0, token.size() - 1); }},
    {"without its brand",
     [](const std::string& token) { return token.substr(token.find('_') + 1); }},
    {"without a digit of its prefix",
     [](const std::string& token) {
         std::string text = token;
         return text.erase(text.size() - token::secret_digits - 2, 1);
     }},
    {"without the first digit of its secret, with hyphens",
     [](const std::string& token) {
         return separated(before_secret_of(token), "-") + secret_of(token).substr(1);
     }},
    {"with a zero-width space in each part",
     [](const std::string& token) {
         std::string text = separated(token, "\xe2\x80\x8b_");
         return text.insert(text.size() - 16, "\xe2\x80\x8b");
     }},
    {"wrapped in the middle of its secret",
     [](const std::string& token) {
         std::string text = separated(token, "-");
         return text.insert(text.size() - 14, "\n");
     }},
    {"with its secret in two, by a hyphen",
     [](const std::string& token) {
         std::string text = separated(token, "-");
         return text.insert(text.size() - 16, "-");
     }},
    {"prefix and secret alone",
     [](const std::string& token) {
         return token.substr(token.size() - token::secret_digits - 1 - token::prefix_digits);
     }},
    {"with another word for its environment",
     [](const std::string& token) {
         const std::string brand = token.substr(0, token.find('_'));
         return brand + "-prod-" + separated(token.substr(brand.size() + 6), "-");
     }},
    {"its secret alone", [](const std::string& token) { return secret_of(token); }, true},
    {"its secret, but for a character",
     [](const std::string& token) { return secret_of(token).substr(1); }, true},
};

}  // namespace hourgate::test
