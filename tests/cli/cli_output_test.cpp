// cli/output.h: whatever a cell or a value holds, a row of a table stays one line.
#include "cli/output.h"

#include <algorithm>
#include <string>

#include "cli/doctor/check.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::cli;

namespace {

const std::string forged = "Acme\nws_000000000000  Bolt\x1b[31m\r\t\x7f \xe2\x80\xae x";
const std::string shown =
    "Acme\\x0aws_000000000000  Bolt\\x1b[31m\\x0d\\x09\\x7f \\xe2\\x80\\xae x";

std::ptrdiff_t lines_in(const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
}

}  // namespace

TEST_CASE("a name with a line end forges no row of a table") {
    const std::string table = columns_of({{"NAME", "PLAN"}, {forged, "free"}, {"Bolt", "free"}});
    CHECK(table == "NAME" + std::string(shown.size() - 2, ' ') + "PLAN\n" + shown + "  free\nBolt" +
                       std::string(shown.size() - 2, ' ') + "free\n");
    CHECK(lines_in(table) == 3);
}

TEST_CASE("a value with a line end forges no line of what is shown") {
    CHECK(lines_of({{"name", forged}, {"plan", ""}}) == "name  " + shown + "\nplan  -\n");
}

TEST_CASE("a row of the doctor stays one line, and its fix another") {
    const std::string row = line_of(is_bad("plan", forged, forged));
    CHECK(lines_in(row) == 2);
    CHECK(row.find('\x1b') == std::string::npos);
}
