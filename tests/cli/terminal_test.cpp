// cli/terminal.h: widths and ages as a terminal shows them.
#include "cli/terminal.h"

#include <string>

#include "base/clock.h"
#include "cli/output.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::cli;

TEST_CASE("a wide character takes two columns, a combining one none, any other byte one") {
    CHECK(terminal_columns("") == 0);
    CHECK(terminal_columns("Acme") == 4);
    CHECK(terminal_columns("Zo\u00eb") == 3);
    CHECK(terminal_columns("Zoe\u0308") == 3);
    CHECK(terminal_columns("\u682a\u5f0f\u4f1a\u793e") == 8);  // kanji
    CHECK(terminal_columns("\uff21\uff22") == 4);              // fullwidth A, B
    CHECK(terminal_columns("\ud55c\uad6d") == 4);              // hangul
    CHECK(terminal_columns("\U0001f680") == 2);                // a rocket
    CHECK(terminal_columns("\u0e01\u0e34\u0e19") == 2);        // Thai, a vowel above
    CHECK(terminal_columns("\u2713 \u2014") == 3);             // a tick, a dash
    CHECK(terminal_columns("\xff\xfe") == 2);
}

TEST_CASE("columns stand below each other whatever script a name is in") {
    const std::string table =
        columns_of({{"NAME", "PLAN"}, {"\u682a\u5f0f\u4f1a\u793e", "free"}, {"Acme", "studio"}});
    CHECK(table == "NAME      PLAN\n\u682a\u5f0f\u4f1a\u793e  free\nAcme      studio\n");
}

TEST_CASE("an age is whole units, rounded down, on either side of now") {
    const std::int64_t now = 1'800'000'000'000;
    const auto ago = [&](std::int64_t seconds) {
        return relative_time(now - seconds * 1'000, now);
    };
    CHECK(ago(0) == "now");
    CHECK(ago(1) == "1 s ago");
    CHECK(ago(59) == "59 s ago");
    CHECK(ago(60) == "1 min ago");
    CHECK(ago(3'599) == "59 min ago");
    CHECK(ago(3 * 3'600 + 3'599) == "3 h ago");
    CHECK(ago(47 * 3'600) == "47 h ago");
    CHECK(ago(48 * 3'600) == "2 days ago");
    CHECK(ago(59 * 86'400) == "59 days ago");
    CHECK(ago(60 * 86'400) == "2 months ago");
    CHECK(ago(800 * 86'400) == "2 years ago");
    CHECK(ago(-90 * 86'400) == "in 3 months");
    CHECK(ago(-3'600) == "in 1 h");
    CHECK(relative_time(now - 999, now) == "now");
}

TEST_CASE("every kind of failure has a stable code in JSON") {
    CHECK(code_of(Fault::usage) == "usage");
    CHECK(code_of(Fault::not_found) == "not_found");
    CHECK(code_of(Fault::conflict) == "conflict");
    CHECK(code_of(Fault::forbidden) == "forbidden");
    CHECK(code_of(Fault::full) == "full");
    CHECK(code_of(Fault::config) == "config");
    CHECK(code_of(Fault::store) == "store");
    CHECK(code_of(Fault::permission) == "permission");
    CHECK(code_of(Fault::system) == "system");
}
