// The description of the HTTP routes passes a linter that others use, where it is installed.
#include "e2e/program.h"
#include "places.h"
#include "support/catch.h"

using namespace hourgate::e2e;

TEST_CASE("the description of the HTTP routes passes redocly's recommended rules") {
    if (!installed("redocly")) {
        WARN("skipped: redocly is not installed (npm install -g @redocly/cli)");
        return;
    }
    const std::string file = std::string(HOURGATE_SOURCE_DIR) + "/schema/openapi.json";
    const Ran linted = run({"redocly", "lint", "--format=summary", file},
                           {"REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true"});
    INFO(linted.out + linted.err);
    CHECK(linted.exit_code == 0);
}
