#include "config/nearest.h"

#include "support/catch.h"

using hourgate::config::alike;
using hourgate::config::distance;
using hourgate::config::nearest;

TEST_CASE("the distance of two words counts letters inserted, dropped, changed and swapped") {
    CHECK(distance("", "") == 0);
    CHECK(distance("", "abc") == 3);
    CHECK(distance("abc", "") == 3);
    CHECK(distance("mode", "mode") == 0);
    CHECK(distance("mod", "mode") == 1);
    CHECK(distance("moode", "mode") == 1);
    CHECK(distance("mide", "mode") == 1);
    CHECK(distance("mdoe", "mode") == 1);
    CHECK(distance("kitten", "sitting") == 3);
    CHECK(distance("ca", "abc") == 3);
}

TEST_CASE("a mistyped word finds the known one, and another word finds nothing") {
    const std::vector<std::string_view> known = {"public", "ask", "admin", "api_prefix", "drain"};
    CHECK(nearest("publik", known) == "public");
    CHECK(nearest("pubilc", known) == "public");
    CHECK(nearest("api-prefix", known) == "api_prefix");
    CHECK(nearest("apiprefix", known) == "api_prefix");
    CHECK(nearest("ak", known) == "ask");
    CHECK_FALSE(nearest("port", known).has_value());
    CHECK_FALSE(nearest("", known).has_value());
    CHECK_FALSE(nearest("publik", {}).has_value());
    CHECK_FALSE(nearest(std::string(65, 'a'), {std::string_view("a")}).has_value());
}

TEST_CASE("of words equally near the first is found") {
    CHECK(nearest("abcx", {"abcd", "abce"}) == "abcd");
}

TEST_CASE("words are alike but for case, a dash for an underscore and a plural") {
    CHECK(alike("path", "paths"));
    CHECK(alike("Api-Prefix", "api_prefix"));
    CHECK(alike("urls", "url"));
    CHECK(alike("s", "s"));
    CHECK_FALSE(alike("", "s"));
    CHECK_FALSE(alike("path", "patch"));
}
