// base/visible.h: text of others shows all that is in it.
#include "base/visible.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/text.h"
#include "support/catch.h"

using namespace hourgate;

namespace {

/// Bidirectional controls, characters that show nothing, separators of lines, tags.
const std::vector<std::string> hidden = {
    "\xc2\xad",          // U+00AD soft hyphen
    "\xd8\x9c",          // U+061C Arabic letter mark
    "\xe1\xa0\x8e",      // U+180E Mongolian vowel separator
    "\xe2\x80\x8b",      // U+200B zero-width space
    "\xe2\x80\x8d",      // U+200D zero-width joiner
    "\xe2\x80\x8f",      // U+200F right-to-left mark
    "\xe2\x80\xa8",      // U+2028 line separator
    "\xe2\x80\xaa",      // U+202A left-to-right embedding
    "\xe2\x80\xae",      // U+202E right-to-left override
    "\xe2\x81\xa0",      // U+2060 word joiner
    "\xe2\x81\xa6",      // U+2066 left-to-right isolate
    "\xe2\x81\xa9",      // U+2069 pop directional isolate
    "\xe3\x85\xa4",      // U+3164 Hangul filler
    "\xef\xb8\x8f",      // U+FE0F variation selector 16
    "\xef\xbb\xbf",      // U+FEFF byte order mark
    "\xef\xbf\xb9",      // U+FFF9 interlinear annotation anchor
    "\xf3\xa0\x80\x81",  // U+E0001 language tag
    "\xf3\xa0\x81\x81",  // U+E0041 tag A
    "\xf3\xa0\x84\x80",  // U+E0100 variation selector 17
};

const std::vector<std::string> shown = {
    "a",
    "\xc3\xa9",
    "\xe2\x82\xac",
    "\xe6\x9d\xb1",
    "\xd7\xa9",
    "\xf0\x9f\x98\x80",
    "\xe2\x80\x94",
    "\xe2\x80\xa2",
    "\xe2\x80\x90",
    "\xef\xb9\x80",
};

}  // namespace

TEST_CASE("no name has a character that shows nothing or turns the direction of text") {
    for (const std::string& character : hidden) {
        INFO(printable(character));
        CHECK(has_hidden(character));
        CHECK(has_hidden("Acme" + character));
        CHECK_FALSE(is_plain_name("Ac" + character + "me", 200));
        CHECK_FALSE(is_email("ann" + character + "@acme.example"));
    }
    for (const std::string& character : shown) {
        INFO(printable(character));
        CHECK_FALSE(has_hidden(character));
        CHECK(is_plain_name("Ac" + character + "me", 200));
    }
    CHECK_FALSE(has_hidden(""));
    CHECK_FALSE(has_hidden("\xe2\x80"));  // a character cut short is no character
}

TEST_CASE("what is hidden in an old name is spelled out for people, and the rest stays") {
    for (const std::string& character : hidden) {
        const std::string text = visible("name " + character + "x\n");
        INFO(text);
        CHECK(text == "name " + printable(character) + "x\n");
    }
    for (const std::string& character : shown)
        CHECK(visible("a" + character) == "a" + character);
    CHECK(visible("a\x1b[31m\x7f\xff") == "a\\x1b[31m\\x7f\\xff");
}

TEST_CASE("what is hidden in a JSON text is escaped, and the values stay the same") {
    using Json = nlohmann::json;
    for (const std::string& character : hidden) {
        const Json json = {{"na" + character + "me", character + "x\x7f\xc2\x85"}};
        const std::string text = visible_json(json.dump());
        INFO(text);
        CHECK_FALSE(has_hidden(text));
        CHECK(text.find('\x7f') == text.npos);
        CHECK(text.find("\\u0085") != text.npos);
        CHECK(Json::parse(text) == json);
    }
    for (const std::string& character : shown)
        CHECK(visible_json(Json(character).dump()) == Json(character).dump());
    CHECK(visible_json(R"({"a":"\u202e"})") == R"({"a":"\u202e"})");
}
