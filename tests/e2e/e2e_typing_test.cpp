// What people type and see: times, a terminal, a pipe that closes, a token alone, a health check.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "e2e/installation.h"
#include "support/catch.h"
#include "support/terminal_run.h"

using namespace hourgate::e2e;
using hourgate::test::has_terminals;
using hourgate::test::seen_on_terminal;

TEST_CASE("times are typed as people say them, for every command that takes one") {
    Installation here;
    here.populate();
    CHECK(here.json({"audit", "--since", "2h"}).size() == 9);
    CHECK(here.json({"audit", "--from", "yesterday", "--until", "yesterday"}).empty());
    CHECK(here.json({"audit", "--from", "today", "--until", "tomorrow"}).size() == 9);
    CHECK(here.json({"usage", "--since", "1d"}).empty());
    CHECK(here.json({"why", "--since", "10m"}).empty());
    CHECK(here.run({"replay", "--since", "2h"}).exit_code == 0);
    const Json paid = here.json({"workspace", "plan", "Acme", "studio", "--paid-until", "90d"});
    CHECK(paid["standing"] == "paid");
    CHECK(paid["daysLeft"] == 90);
    const Json minted = here.json(
        {"token", "mint", "Acme/owner@acme.example", "--name", "n", "--expires", "tomorrow"});
    CHECK(contains(std::string(minted["expiresAt"]), "T00:00:00Z"));
    const Ran wrong = here.run({"audit", "--since", "last week"});
    CHECK(wrong.exit_code == 2);
    CHECK(contains(wrong.err, "--since: 'last week' is not a time"));
    CHECK(contains(wrong.err, "yesterday, or a span, as in 2h"));
}

TEST_CASE("on a terminal a time says how long ago it was, and elsewhere it does not") {
    if (!has_terminals()) {
        WARN("skipped: there is no terminal here; mount /dev/pts");
        return;
    }
    Installation here;
    here.populate();
    const std::string shown =
        seen_on_terminal(here.words({"workspace", "show", "Acme"}), {"TERM=xterm"});
    CHECK((contains(shown, " ago)\r\n") || contains(shown, "Z (now)\r\n")));
    CHECK_FALSE(contains(here.run({"workspace", "show", "Acme"}).out, " ago"));
}

TEST_CASE("colours are for a terminal, unless NO_COLOR or TERM=dumb says no") {
    if (!has_terminals()) {
        WARN("skipped: there is no terminal here; mount /dev/pts");
        return;
    }
    Installation here;
    here.populate();
    const Arguments wrong = here.words({"workspace", "show", "Bolt"});
    CHECK(contains(seen_on_terminal(wrong, {"TERM=xterm"}), "\x1b[1;31mhourgate:\x1b[0m there"));
    CHECK_FALSE(contains(seen_on_terminal(wrong, {"TERM=xterm", "NO_COLOR=1"}), "\x1b"));
    CHECK_FALSE(contains(seen_on_terminal(wrong, {"TERM=dumb"}), "\x1b"));
    CHECK_FALSE(contains(run(wrong).err, "\x1b"));
}

TEST_CASE("a list whose reader has seen enough ends without a word, and a change does not") {
    Installation here;
    here.populate();
    for (const std::string command : {"audit", "workspace list", "token list --status all",
                                      "member list Acme", "config show", "--help", "why"}) {
        // The pipe is closed before the command writes into it.
        const Ran ran = run({"bash", "-c",
                             "set -o pipefail; " + binary() + " --config " + here.config() + " " +
                                 command + " | exec 0<&-"});
        INFO(command << ": " << ran.err);
        CHECK(ran.exit_code == 0);
        CHECK(ran.err.empty());
    }
    const Ran minted =
        run({"bash", "-c",
             "set -o pipefail; { sleep 0; " + binary() + " --config " + here.config() +
                 " token mint Acme/owner@acme.example --name lost; } | exec 0<&-"});
    // Whether the token was printed before the reader went is up to the pipe. If it was not, the
    // command says so.
    CHECK((minted.exit_code == 0 || contains(minted.err, "could not be printed")));
}

TEST_CASE("a token is printed alone when asked for") {
    Installation here;
    here.populate();
    Server server(here);
    const Ran minted =
        here.run({"token", "mint", "Acme/owner@acme.example", "--name", "n", "--quiet"});
    CHECK(minted.exit_code == 0);
    REQUIRE(minted.out.size() == 55);
    const std::string token = minted.out.substr(0, 54);
    CHECK(server.status(token) == 200);
    const Ran rotated = here.run({"token", "rotate", prefix_of(token), "--quiet"});
    REQUIRE(rotated.out.size() == 55);
    CHECK(server.status(rotated.out.substr(0, 54)) == 200);
    CHECK(here.run({"operator", "mint", "--name", "o", "--quiet"}).out.size() == 55);
    CHECK(server.stop() == 0);
}

TEST_CASE("ready says whether the server answers, by its exit code") {
    Installation here;
    write_file(here.config(), "[server]\npublic = \"unix:" + here.folder().file("p.sock") +
                                  "\"\nask = \"127.0.0.1:0\"\nadmin = \"\"\n[database]\npath = \"" +
                                  here.database() + "\"\n");
    here.must({"init"});
    const Ran down = here.run({"ready"});
    CHECK(down.exit_code == 1);
    CHECK(contains(down.err, "not ready"));
    {
        Server server(here);
        const Ran up = here.run({"ready"});
        CHECK(up.exit_code == 0);
        CHECK(up.out == "ready\n");
        CHECK(here.json({"ready"})["ready"] == true);
        CHECK(server.stop() == 0);
    }
    CHECK(here.run({"ready"}).exit_code == 1);
    Installation any;
    CHECK(contains(any.run({"ready"}).err, "set the port of [server] public"));
}

TEST_CASE("an error in JSON has a code that programs can go by") {
    Installation here;
    here.populate();
    const auto code = [&](Arguments command) {
        command.emplace_back("--json");
        return std::string(Json::parse(here.run(command).err).at("error").at("code"));
    };
    CHECK(code({"workspace", "show", "Bolt"}) == "not_found");
    CHECK(code({"workspace", "add", "Acme"}) == "conflict");
    CHECK(code({"workspace", "add"}) == "usage");
    CHECK(code({"plan", "remove", "studio"}) == "conflict");
    write_file(here.config(), "[gate]\nnonsense = 1\n");
    CHECK(code({"config", "check"}) == "config");
}
