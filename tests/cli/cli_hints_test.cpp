// Commands in messages: written so that they work when they are pasted.
#include <string>

#include "cli/hints.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::cli;

TEST_CASE("a command in a message names the configuration and the database that were given") {
    const Hints both("hourgate", "/g/c.toml", "/g/x.db");
    CHECK(both.in("see `hourgate plan list`") ==
          "see `hourgate plan list --config /g/c.toml --database /g/x.db`");
    CHECK(both.in("`hourgate check GET /path < FILE`") ==
          "`hourgate check GET /path --config /g/c.toml < FILE`");
    CHECK(both.in("`mkdir /b && sudo -u ann hourgate backup /b --verify`; or not") ==
          "`mkdir /b && sudo -u ann hourgate backup /b --verify --config /g/c.toml --database "
          "/g/x.db`; or not");
    const Hints config("hourgate", "/g/c.toml", std::nullopt);
    CHECK(config.in("add one: hourgate workspace add NAME --plan studio") ==
          "add one: hourgate workspace add NAME --plan studio --config /g/c.toml");
    CHECK(config.in("hourgate member add WS EMAIL, or hourgate member add WS --service NAME") ==
          "hourgate member add WS EMAIL --config /g/c.toml, or hourgate member add WS --service "
          "NAME --config /g/c.toml");
    CHECK(config.in("start it: `systemctl start hourgate`, or `hourgate serve`") ==
          "start it: `systemctl start hourgate`, or `hourgate serve --config /g/c.toml`");
    const Hints spaced("hourgate", "/my gate/c.toml", std::nullopt);
    CHECK(spaced.in("`hourgate init`") == "`hourgate init --config '/my gate/c.toml'`");
}

TEST_CASE("what is no command of this program, or is complete, stays as it is in a message") {
    const Hints hints("/opt/hourgate", "/g/c.toml", std::nullopt);
    for (const std::string text :
         {"", "`hourgate` has no command", "run the server as hourgate: User= in its unit",
          "sudo -u hourgate /opt/hourgate --config /g/c.toml init", "chown -h hourgate /d/x.db",
          "set [hourgate] token", "hourgate-backup.timer", "`journalctl -u hourgate -n 50`"})
        CHECK(hints.in(text) == text);
    CHECK(hints.in("`hourgate init --config /other.toml`") ==
          "`/opt/hourgate init --config /other.toml`");
    CHECK(hints.in("sudo -u hourgate hourgate init") ==
          "sudo -u hourgate /opt/hourgate init --config /g/c.toml");
    CHECK(hints.in("`hourgate version`") == "`/opt/hourgate version`");
    const std::string once = hints.in("see `hourgate token list`");
    CHECK(once == "see `/opt/hourgate token list --config /g/c.toml`");
    CHECK(hints.in(once) == once);
    CHECK(Hints().in("see `hourgate token list`") == "see `hourgate token list`");
}
