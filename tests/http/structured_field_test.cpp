// A header whose value is one string of RFC 8941.
#include "http/wire/structured_field.h"

#include "support/catch.h"

using hourgate::http::read_string_item;

TEST_CASE("a string item is what stands between its quotes, and plain text is taken as it is") {
    CHECK(read_string_item("\"a-1\"") == "a-1");
    CHECK(read_string_item("a-1") == "a-1");
    CHECK(read_string_item("  \"a-1\"  ") == "a-1");
    CHECK(read_string_item("\"a b\"") == "a b");
    CHECK(read_string_item(R"("a\"b\\c")") == R"(a"b\c)");
    CHECK(read_string_item("\"a\";p=1;q") == "a");
    CHECK(read_string_item("\"\"") == "");
    CHECK(read_string_item("") == "");
}

TEST_CASE("what is neither a string item nor plain text is not read") {
    for (const char* bad : {"\"", "\"a", "\"a\\", "\"a\\x\"", "\"a\"b", "\"a\" b", "a b",
                            "\"a\x01\"", "a\x7f", "\"\xc3\xa9\"", "\"a\";\x01"}) {
        CAPTURE(bad);
        CHECK_FALSE(read_string_item(bad).has_value());
    }
}
