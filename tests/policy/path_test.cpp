// policy/path.h: every rule with its switch on and off, and every byte.
#include "policy/path.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.h"

namespace hourgate {

bool operator==(const Few<std::string_view, 8>& read, const std::vector<std::string>& expected) {
    return std::equal(read.begin(), read.end(), expected.begin(), expected.end());
}

}  // namespace hourgate

using namespace hourgate;
using namespace hourgate::policy;

namespace {

using Texts = std::vector<std::string>;

/// One switch and the flaw it is for.
struct Rule {
    PathFlaw flaw;
    bool PathChecks::*on;
};

constexpr std::array<Rule, 8> rules_of_reading = {{
    {PathFlaw::encoded_slash, &PathChecks::encoded_slash},
    {PathFlaw::backslash, &PathChecks::backslash},
    {PathFlaw::control_byte, &PathChecks::control_byte},
    {PathFlaw::not_utf8, &PathChecks::not_utf8},
    {PathFlaw::dot_segment, &PathChecks::dot_segment},
    {PathFlaw::empty_segment, &PathChecks::empty_segment},
    {PathFlaw::semicolon, &PathChecks::semicolon},
    {PathFlaw::double_encoding, &PathChecks::double_encoding},
}};

PathChecks all_off() {
    PathChecks rules;
    for (const Rule& rule : rules_of_reading)
        rules.*rule.on = false;
    rules.case_variant = rules.reading_variant = false;
    return rules;
}

Path read(std::string_view target) {
    return read_path(target, PathChecks{});
}

std::string escaped(int byte) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto value = static_cast<std::size_t>(byte);
    return {'%', digits[value / 16], digits[value % 16]};
}

}  // namespace

TEST_CASE("A sound path is its segments, percent-decoded once") {
    CHECK(read("/").segments.empty());
    CHECK(read("/a").segments == Texts{"a"});
    CHECK(read("/api/v1/clients").segments == Texts{"api", "v1", "clients"});
    CHECK(read("/a%20b/%C3%A9").segments == Texts{"a b", "é"});
    CHECK(read("/\xc3\xa9").segments == Texts{"é"});
    CHECK(read("/%41%62").segments == Texts{"Ab"});
    CHECK(read("/a%3Fb%23c").segments == Texts{"a?b#c"});
    CHECK(read("/.../.a/a./..a").segments == Texts{"...", ".a", "a.", "..a"});
    CHECK(read("/a+b&c=d,e!$'()*:@~_-").segments == Texts{"a+b&c=d,e!$'()*:@~_-"});
    CHECK(read("/100%25").segments == Texts{"100%"});
    CHECK(read("/%25zz").segments == Texts{"%zz"});
    CHECK(read("/a").flaw == PathFlaw::none);
}

TEST_CASE("One trailing slash is not a segment") {
    CHECK(read("/a/").segments == Texts{"a"});
    CHECK(read("/a/b/?q").segments == Texts{"a", "b"});
    CHECK(read("/a//").flaw == PathFlaw::empty_segment);
    CHECK(read("//").flaw == PathFlaw::empty_segment);
    CHECK(read_path("//", all_off()).segments == Texts{""});
    CHECK(read_path("/a//", all_off()).segments == Texts{"a", ""});
}

TEST_CASE("The query is not part of the path") {
    CHECK(read("/a?b=/../%2F//;\\%zz").segments == Texts{"a"});
    CHECK(read("/?").segments.empty());
    CHECK(path_part("/a/b?c?d") == "/a/b");
    CHECK(path_part("/a") == "/a");
    CHECK(path_part("?x").empty());
    CHECK(path_part("").empty());
}

TEST_CASE("A target that is not a path is unreadable, whatever is switched off") {
    for (const auto* target :
         {"", "a", "*", "?", "http://example.com/a", "example.com:443", "/a#b", "/a?b#c", "#",
          "/a b", "/a?b c", "/\t", "/a\r\nHost: x", " /a", "/\x7f", "/a?\x01"}) {
        INFO(target);
        CHECK(read(target).flaw == PathFlaw::unreadable);
        CHECK(read_path(target, all_off()).flaw == PathFlaw::unreadable);
        CHECK(read(target).segments.empty());
    }
    CHECK(read(std::string_view("/a\0b", 4)).flaw == PathFlaw::unreadable);
}

TEST_CASE("A target is taken up to the bound that is configured, its query included") {
    const std::string longest = "/" + std::string(limits::target_bytes_default - 1, 'a');
    CHECK(read(longest).flaw == PathFlaw::none);
    CHECK(read(longest + "a").flaw == PathFlaw::target_too_long);
    CHECK(read("/?" + longest).flaw == PathFlaw::target_too_long);
    PathChecks rules = all_off();
    CHECK(read_path(longest + "a", rules).flaw == PathFlaw::target_too_long);
    rules.target_bytes_max = limits::target_bytes_max;
    CHECK(read_path(longest + "a", rules).flaw == PathFlaw::none);
    rules.target_bytes_max = 3;
    CHECK(read_path("/a?", rules).flaw == PathFlaw::none);
    CHECK(read_path("/a?b", rules).flaw == PathFlaw::target_too_long);
}

TEST_CASE("What was found in a path is told whether a rule refuses it or not") {
    CHECK(read("/a/b").found == 0);
    const FlawSet both = bit_of(PathFlaw::encoded_slash) | bit_of(PathFlaw::semicolon);
    CHECK(read("/a%2Fb;c").found == both);
    CHECK(read_path("/a%2Fb;c", all_off()).found == both);
    CHECK(first_of(refused_of(both, PathChecks{})) == PathFlaw::encoded_slash);
    CHECK(refused_of(both, all_off()) == 0);
    CHECK(first_of(0) == PathFlaw::none);
}

TEST_CASE(
    "Each rule refuses when on, whatever the others are, and takes the segment as decoded when "
    "off") {
    struct Example {
        PathFlaw flaw;
        std::string_view target;
        Texts when_off;
    };
    const std::vector<Example> examples = {
        {PathFlaw::encoded_slash, "/a%2Fb", {"a/b"}},
        {PathFlaw::encoded_slash, "/a%2f", {"a/"}},
        {PathFlaw::encoded_slash, "/%2F/b", {"/", "b"}},
        {PathFlaw::encoded_slash, "/a%2F..%2Fb", {"a/../b"}},
        {PathFlaw::backslash, "/a\\b", {"a\\b"}},
        {PathFlaw::backslash, "/a%5Cb", {"a\\b"}},
        {PathFlaw::backslash, "/..%5c..", {"..\\.."}},
        {PathFlaw::control_byte, "/a%00", {std::string("a\0", 2)}},
        {PathFlaw::control_byte, "/a%0d%0ab", {"a\r\nb"}},
        {PathFlaw::control_byte, "/%1F", {"\x1f"}},
        {PathFlaw::control_byte, "/%7F", {"\x7f"}},
        {PathFlaw::not_utf8, "/%FF", {"\xff"}},
        {PathFlaw::not_utf8, "/\xff", {"\xff"}},
        {PathFlaw::not_utf8, "/%C0%AF", {"\xc0\xaf"}},
        {PathFlaw::not_utf8, "/%c3/%a9", {"\xc3", "\xa9"}},
        {PathFlaw::dot_segment, "/a/../b", {"a", "..", "b"}},
        {PathFlaw::dot_segment, "/.", {"."}},
        {PathFlaw::dot_segment, "/a/..", {"a", ".."}},
        {PathFlaw::dot_segment, "/a/%2e%2E/b/", {"a", "..", "b"}},
        {PathFlaw::dot_segment, "/a/%2e", {"a", "."}},
        {PathFlaw::dot_segment, "/a/.%2e?x", {"a", ".."}},
        {PathFlaw::empty_segment, "/a//b", {"a", "", "b"}},
        {PathFlaw::empty_segment, "//a", {"", "a"}},
        {PathFlaw::empty_segment, "///", {"", ""}},
        {PathFlaw::semicolon, "/a;v=1/b", {"a;v=1", "b"}},
        {PathFlaw::semicolon, "/a%3Bb", {"a;b"}},
        {PathFlaw::semicolon, "/..;/b", {"..;", "b"}},
        {PathFlaw::double_encoding, "/%252e%252e", {"%2e%2e"}},
        {PathFlaw::double_encoding, "/a%252Fb", {"a%2Fb"}},
        {PathFlaw::double_encoding, "/%25%32%65", {"%2e"}},
    };
    std::vector<PathFlaw> seen;
    for (const Example& example : examples) {
        INFO(example.target);
        CHECK(read(example.target).flaw == example.flaw);
        CHECK(read(example.target).segments.empty());
        for (const Rule& rule : rules_of_reading) {
            if (rule.flaw != example.flaw)
                continue;
            seen.push_back(rule.flaw);
            PathChecks only_this = all_off();
            only_this.*rule.on = true;
            CHECK(read_path(example.target, only_this).flaw == example.flaw);
            PathChecks all_but_this;
            all_but_this.*rule.on = false;
            CHECK(read_path(example.target, all_but_this).flaw == PathFlaw::none);
            CHECK(read_path(example.target, all_but_this).segments == example.when_off);
        }
        CHECK(read_path(example.target, all_off()).segments == example.when_off);
    }
    CHECK(seen.size() == examples.size());
}

TEST_CASE("A '%' without two hex digits is refused whatever is switched off") {
    for (const auto* target : {"/%", "/%2", "/%2/a", "/%zz", "/%2g", "/%g2", "/a%", "/%%41",
                               "/%u0041", "/a%/41", "/% 1?"}) {
        INFO(target);
        const PathFlaw expected = std::string_view(target).find(' ') == std::string_view::npos
                                      ? PathFlaw::bad_escape
                                      : PathFlaw::unreadable;
        CHECK(read(target).flaw == expected);
        CHECK(read_path(target, all_off()).flaw == expected);
    }
    for (int a = 0; a < 256; ++a)
        for (int b = 0; b < 256; ++b) {
            if (a <= ' ' || a == 0x7f || b <= ' ' || b == 0x7f || a == '#' || b == '#')
                continue;
            const auto is_hex = [](int c) {
                return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
            };
            const std::string target = {'/', '%', static_cast<char>(a), static_cast<char>(b)};
            const bool good = is_hex(a) && is_hex(b);
            if ((read_path(target, all_off()).flaw == PathFlaw::bad_escape) == good)
                FAIL(target);
        }
}

TEST_CASE("Every escaped byte is refused or stands for itself") {
    for (int byte = 0; byte < 256; ++byte) {
        PathFlaw expected = PathFlaw::none;
        if (byte < 0x20 || byte == 0x7f)
            expected = PathFlaw::control_byte;
        if (byte >= 0x80)
            expected = PathFlaw::not_utf8;
        if (byte == '/')
            expected = PathFlaw::encoded_slash;
        if (byte == '\\')
            expected = PathFlaw::backslash;
        if (byte == ';')
            expected = PathFlaw::semicolon;
        const std::string target = "/a" + escaped(byte) + "b";
        INFO(target);
        CHECK(read(target).flaw == expected);
        const Texts one = {"a" + std::string(1, static_cast<char>(byte)) + "b"};
        CHECK(read_path(target, all_off()).segments == one);
    }
}

TEST_CASE("Every byte as sent is refused, ends something or stands for itself") {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string target = "/a" + std::string(1, static_cast<char>(byte)) + "b";
        PathFlaw expected = PathFlaw::none;
        if (byte <= ' ' || byte == 0x7f || byte == '#')
            expected = PathFlaw::unreadable;
        if (byte >= 0x80)
            expected = PathFlaw::not_utf8;
        if (byte == '%')
            expected = PathFlaw::bad_escape;
        if (byte == '\\')
            expected = PathFlaw::backslash;
        if (byte == ';')
            expected = PathFlaw::semicolon;
        INFO("byte " << byte);
        CHECK(read(target).flaw == expected);
    }
}

TEST_CASE("Of several flaws the first in order is told") {
    const std::string everything = "/%2F/%5C/%00/%FF/../;//%2541";
    CHECK(read(everything + "/%").flaw == PathFlaw::bad_escape);
    CHECK(read(everything + "#").flaw == PathFlaw::unreadable);
    PathChecks rules;
    for (const Rule& rule : rules_of_reading) {
        CHECK(read_path(everything, rules).flaw == rule.flaw);
        rules.*rule.on = false;
    }
    CHECK(read_path(everything, rules).flaw == PathFlaw::none);
}

TEST_CASE("A path has at most 64 segments, whatever is switched off") {
    std::string path;
    for (std::size_t count = 0; count < limits::path_segments_max; ++count)
        path += "/a";
    CHECK(read(path).segments.size() == limits::path_segments_max);
    CHECK(read(path + "/").segments.size() == limits::path_segments_max);
    CHECK(read(path + "/a").flaw == PathFlaw::too_many_segments);
    CHECK(read_path(path + "/a", all_off()).flaw == PathFlaw::too_many_segments);
    CHECK(read(path + "/a/..").flaw == PathFlaw::dot_segment);
    CHECK(read_path(std::string(limits::target_bytes_default, '/'), all_off()).flaw ==
          PathFlaw::too_many_segments);
}

TEST_CASE("No short path that is accepted could be read in two ways") {
    // All targets of up to six pieces of what attacks are made of.
    const std::vector<std::string> pieces = {"/",   "a",  ".", "%2e", "%2F",
                                             "%25", "2e", ";", "\\",  "%"};
    std::vector<std::string> targets = {"/"};
    std::size_t accepted = 0;
    for (int length = 0; length < 5; ++length) {
        std::vector<std::string> longer;
        for (const std::string& target : targets)
            for (const std::string& piece : pieces)
                longer.push_back(target + piece);
        for (const std::string& target : longer) {
            const Path path = read(target);
            if (path.flaw != PathFlaw::none)
                continue;
            ++accepted;
            std::string decoded;
            for (const std::string_view segment : path.segments)
                decoded.append("/").append(segment);
            if (decoded.find("/../") != std::string::npos ||
                (decoded + "/").find("/./") != std::string::npos ||
                decoded.find("//") != std::string::npos ||
                decoded.find_first_of(";\\") != std::string::npos)
                FAIL(target);
            // Decoding it once more gives the same path.
            const Path again = read(decoded.empty() ? std::string_view("/") : decoded);
            if (again.flaw == PathFlaw::none ? again.segments != path.segments
                                             : decoded.find('%') == std::string::npos)
                FAIL(target << " then " << decoded);
        }
        targets = std::move(longer);
    }
    CHECK(accepted > 1'000);
}

TEST_CASE("Every flaw is explained in words of its own") {
    std::vector<std::string_view> told;
    for (int number = 0; number <= static_cast<int>(PathFlaw::reading_variant); ++number) {
        const std::string_view text = explain(static_cast<PathFlaw>(number));
        CHECK_FALSE(text.empty());
        for (const std::string_view other : told)
            CHECK(text != other);
        told.push_back(text);
    }
    CHECK(explain(PathFlaw::encoded_slash) == "the path has an encoded slash (%2F)");
}
