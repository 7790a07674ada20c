// The text of a token (token/format.h), what is off about one (token/mistake.h), and tokens found
// in other text.
#include <array>
#include <string>

#include "base/text.h"
#include "fuzz/fuzz.h"
#include "token/format.h"
#include "token/mistake.h"

using namespace hourgate;
using token::Flaw;

namespace {

// The second looks like a prefix itself.
constexpr std::array<std::string_view, 2> brands = {"hsk", "abcdef012345"};
constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOP";

std::string whole(std::string text) {
    const auto check = token::check_of(text);
    return text.append(check.begin(), check.end());
}

void check_accepted(const token::Parsed& parsed, std::string_view text, std::string_view brand) {
    const std::string before_secret = std::string(brand) + "_" +
                                      std::string(token::to_text(parsed.env)) + "_" +
                                      std::string(parsed.prefix) + "_";
    HOURGATE_LAW(token::is_prefix(parsed.prefix));
    HOURGATE_LAW(text.starts_with(before_secret));
    HOURGATE_LAW(text.size() == token::length(brand));
    HOURGATE_LAW(text == whole(std::string(text.substr(0, text.size() - token::check_digits))));
    HOURGATE_LAW(token::of_brand(text, brand));
    HOURGATE_LAW(token::holds_token(text));
    HOURGATE_LAW(token::blotted(text) == before_secret + "...");
    // It is that text and no other: not a part of it, nothing around it, no letter changed.
    for (std::size_t size = 0; size < text.size(); ++size)
        HOURGATE_LAW(token::parse(text.substr(0, size), brand).flaw != Flaw::none);
    for (const std::string_view more : {" ", "\n", "0", "_"}) {
        HOURGATE_LAW(token::parse(std::string(text) + std::string(more), brand).flaw != Flaw::none);
        HOURGATE_LAW(token::parse(std::string(more) + std::string(text), brand).flaw != Flaw::none);
    }
    std::string changed(text);
    for (char& c : changed) {
        c = static_cast<char>(c ^ 1);
        HOURGATE_LAW(token::parse(changed, brand).flaw != Flaw::none);
        c = static_cast<char>(c ^ 1);
    }
}

void check_refused(std::string_view text, std::string_view brand) {
    const token::Mistake mistake = token::mistake_of(text, brand);
    HOURGATE_LAW(mistake.flaw != Flaw::none && mistake.flaw != Flaw::check);
    HOURGATE_LAW(mistake.characters <= text.size());
    HOURGATE_LAW(mistake.at <= mistake.characters + 1);
    HOURGATE_LAW((mistake.flaw == Flaw::empty) == text.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    for (const std::string_view brand : brands) {
        const token::Parsed shape = token::shape_of(text, brand);
        const token::Parsed parsed = token::parse(text, brand);
        HOURGATE_LAW(shape.flaw != Flaw::check);
        HOURGATE_LAW((parsed.flaw == Flaw::none) ==
                     (shape.flaw == Flaw::none && token::is_whole(text)));
        const bool has_prefix = parsed.flaw == Flaw::none || parsed.flaw == Flaw::check;
        HOURGATE_LAW(has_prefix == (shape.flaw == Flaw::none));
        HOURGATE_LAW(has_prefix || parsed.prefix.empty());
        if (parsed.flaw == Flaw::none)
            check_accepted(parsed, text, brand);
        if (shape.flaw != Flaw::none)
            check_refused(text, brand);

        // Whatever stands around a token, its secret is never shown.
        const std::string secret =
            whole(std::string(brand) + "_live_4f8a2c1bdedf_" + std::string(digits));
        const std::string_view hidden = std::string_view(secret).substr(brand.size() + 19);
        const std::size_t middle = text.size() / 2;
        const std::string around =
            std::string(text.substr(0, middle)) + secret + "/" + std::string(text.substr(middle));
        HOURGATE_LAW(token::holds_token(around));
        if (text.find(hidden) == text.npos)
            HOURGATE_LAW(token::blotted(around).find(hidden) == std::string::npos);
    }
    HOURGATE_LAW(token::holds_token(text) == (token::blotted(text) != text) ||
                 token::blotted(text).find("...") != std::string::npos);
    return 0;
}
