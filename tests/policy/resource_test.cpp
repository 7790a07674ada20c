// policy/resource.h: access rows and patterns as an operator writes them.
#include "policy/resource.h"

#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::policy;

namespace {

/// Checks that the text is refused and hands back what was said.
template <typename T>
std::string refused(const Result<T>& result) {
    if (result.ok())
        return "";
    CHECK(result.failure().fault == Fault::config);
    CHECK_FALSE(result.failure().next.empty());
    return result.failure().what;
}

Pattern pattern(std::string_view text) {
    auto parsed = parse_pattern(text);
    INFO(text);
    REQUIRE(parsed.ok());
    return std::move(parsed).value();
}

}  // namespace

TEST_CASE("Every row of access is written and read back") {
    for (unsigned actions = 0; actions < 16; ++actions)
        for (const bool own : {false, true}) {
            if (actions == 0 && own)
                continue;
            const Access access{static_cast<std::uint8_t>(actions), own};
            const auto parsed = parse_access(to_text(access));
            INFO(to_text(access));
            REQUIRE(parsed.ok());
            CHECK(parsed.value() == access);
        }
    CHECK(to_text(Access{15, false}) == "full");
    CHECK(to_text(Access{0, false}) == "none");
    CHECK(to_text(Access{5, true}) == "read update own");
    CHECK(to_text(Access{15, true}) == "read create update delete own");
    CHECK(to_text(Access{0, true}) == "none");
}

TEST_CASE("The words of a row come in any order and mean one action each") {
    const auto bits = [](std::string_view text) {
        const auto access = parse_access(text);
        REQUIRE(access.ok());
        return access.value();
    };
    CHECK(bits("own delete read") == Access{9, true});
    CHECK(bits("read") == Access{1, false});
    CHECK(bits("create") == Access{2, false});
    CHECK(bits("update") == Access{4, false});
    CHECK(bits("delete") == Access{8, false});
    CHECK(bits(" read  create ") == Access{3, false});
    for (const Action action : all_actions)
        for (const Action other : all_actions)
            CHECK(bits(to_text(action)).has(other) == (action == other));
}

TEST_CASE("A row that says nothing, too much or something unknown is refused") {
    for (const auto* text :
         {"", " ", "own", "read read", "own read own", "write", "Read", "full own", "full read",
          "read full", "none read", "none own", "read,create", "all", "*", "read\tcreate"}) {
        INFO(text);
        CHECK_FALSE(refused(parse_access(text)).empty());
    }
    CHECK(refused(parse_access("read wriet")).find("'wriet'") != std::string::npos);
    CHECK(refused(parse_access("own")).find("narrows nothing") != std::string::npos);
}

TEST_CASE("A pattern is literals, captures and a final rest") {
    using Kind = Segment::Kind;
    const Pattern clients = pattern("/api/v1/clients/{id}/**");
    CHECK(clients.text == "/api/v1/clients/{id}/**");
    CHECK(clients.segments == std::vector<Segment>{{Kind::literal, "api"},
                                                   {Kind::literal, "v1"},
                                                   {Kind::literal, "clients"},
                                                   {Kind::capture, "id"}});
    CHECK(clients.rest);
    CHECK(clients.member_at == -1);
    CHECK(pattern("/{org}/members/{member}").member_at == 2);
    CHECK(pattern("/{Member}").member_at == -1);
    CHECK_FALSE(pattern("/a").rest);
    CHECK(pattern("/").segments.empty());
    CHECK_FALSE(pattern("/").rest);
    CHECK(pattern("/**").segments.empty());
    CHECK(pattern("/**").rest);
    CHECK(pattern("/a b/é;x").segments.size() == 2);
    CHECK(pattern("/a.b/..c").segments[0].text == "a.b");
}

TEST_CASE("A pattern that could be misread is refused, and it says where") {
    for (const auto* text : {"",         "a",       "a/b",     "*",        "**",
                             "//",       "/a//b",   "/a/",     "/**/",     "/.",
                             "/..",      "/a/../b", "/a/./b",  "/*",       "/a/*/b",
                             "/a*",      "/**/a",   "/a/**/b", "/a/**b",   "/a/***",
                             "/{}",      "/{a",     "/a}",     "/x{a",     "/a}x",
                             "/{a}{b}",  "/{a/b}",  "/{{a}}",  "/{a}x}",   "/{{a}x",
                             "/{a}-{b}", "/x{1a}y", "/{}x",    "/{a}*",    "/x}{a}",
                             "/{a}:{a}", "/{1a}",   "/{a b}",  "/{a}/{a}", "/{member}/{member}",
                             "/a%20b",   "/100%",   "/a?b",    "/a#b",     "/a\nb",
                             "/\x7f",    "/\xff"}) {
        INFO(text);
        CHECK_FALSE(refused(parse_pattern(text)).empty());
    }
    CHECK(refused(parse_pattern("/a/{b")).find("'/a/{b'") != std::string::npos);
    CHECK(refused(parse_pattern("/{a}/{a}")).find("{a} twice") != std::string::npos);
}

TEST_CASE("The bounds of a pattern hold at their edge") {
    std::string segments;
    for (std::size_t count = 0; count < limits::path_segments_max; ++count)
        segments += "/a";
    CHECK(pattern(segments).segments.size() == limits::path_segments_max);
    CHECK(pattern(segments + "/**").rest);
    CHECK_FALSE(refused(parse_pattern(segments + "/a")).empty());
    const std::string longest = "/" + std::string(limits::target_bytes_max - 1, 'a');
    CHECK(pattern(longest).text == longest);
    CHECK_FALSE(refused(parse_pattern(longest + "a")).empty());
    CHECK(pattern("/{" + std::string(capture_name_bytes_max, 'a') + "}").segments.size() == 1);
    CHECK_FALSE(
        refused(parse_pattern("/{" + std::string(capture_name_bytes_max + 1, 'a') + "}")).empty());
}

TEST_CASE("A capture may have something fixed before and behind it") {
    struct Example {
        std::string text, before, name, after;
    };
    for (const Example& one :
         {Example{"/v1/{item}:publish", "", "item", ":publish"},
          Example{"/files/{name}.json", "", "name", ".json"}, Example{"/x/v{n}", "v", "n", ""},
          Example{"/x/Products({id})", "Products(", "id", ")"},
          Example{"/x/@{scope} é", "@", "scope", " é"}}) {
        INFO(one.text);
        const Segment segment = pattern(one.text).segments.back();
        CHECK(segment.kind == Segment::Kind::capture);
        CHECK(segment.text == one.name);
        CHECK(segment.before == one.before);
        CHECK(segment.after == one.after);
        CHECK(segment.is_affixed());
        CHECK(segment.captured(one.before + "it" + one.after) == "it");
    }
    CHECK_FALSE(pattern("/{a}").segments[0].is_affixed());
    CHECK(pattern("/m/{member}.json").member_at == 1);
    CHECK_FALSE(refused(parse_pattern("/{a}.x/{a}.y")).empty());
}
