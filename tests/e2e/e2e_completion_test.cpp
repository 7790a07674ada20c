// What shells complete, and the manual page: both come from the table of commands, so both have all.
#include <algorithm>
#include <string>

#include "cli/commands.h"
#include "e2e/installation.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

/// What a shell prints of a line.
std::string by_shell(const std::string& line) {
    return run({"bash", "-c", line}).out;
}

/// What bash offers for the words typed so far, one a line. The last is the one at the cursor.
std::string offered(const Arguments& typed) {
    std::string words;
    for (const std::string& word : typed)
        words += "'" + word + "' ";
    return by_shell("source <(" + binary() + " completion bash); COMP_WORDS=(hourgate " + words +
                    "); COMP_CWORD=" + std::to_string(typed.size()) +
                    "; _hourgate; printf '%s\\n' \"${COMPREPLY[@]}\"");
}

}  // namespace

TEST_CASE("bash completes commands, words of groups, options and files") {
    if (!installed("bash"))
        return;
    CHECK(contains(offered({"work"}), "workspace\n"));
    CHECK(offered({"work"}) == "workspace\n");
    CHECK(contains(offered({"token", ""}), "mint\n"));
    CHECK(contains(offered({"token", ""}), "revoke\n"));
    CHECK_FALSE(contains(offered({"token", ""}), "workspace\n"));
    CHECK(offered({"token", "mint", "Acme/x", "--exp"}) == "--expires\n");
    CHECK(contains(offered({"token", "mint", "--"}), "--quiet\n"));
    CHECK_FALSE(contains(offered({"token", "list", "--"}), "--quiet\n"));
    CHECK(offered({"--config", "some.toml", "plan", "s"}) == "show\nset\n");
    CHECK(offered({"completion", "f"}) == "fish\n");
    Folder folder;
    write_file(folder.file("gate.toml"), "");
    CHECK(offered({"serve", "--config", folder.file("ga")}) == folder.file("gate.toml") + "\n");
}

TEST_CASE("every command and every option is offered by bash, and named in the other texts") {
    if (!installed("bash"))
        return;
    const std::string zsh = run({binary(), "completion", "zsh"}).out;
    const std::string fish = run({binary(), "completion", "fish"}).out;
    std::string script = "source <(" + binary() + " completion bash);\n";
    std::string expected;
    for (const hourgate::cli::Command& command : hourgate::cli::all_commands().commands) {
        INFO(command.path());
        std::string words = command.path(), count = "2";
        if (!command.group.empty())
            count = "3";
        for (const hourgate::cli::Parameter& parameter : command.parameters) {
            if (!parameter.name.starts_with('-'))
                continue;
            const std::string name(parameter.name);
            script +=
                "COMP_WORDS=(hourgate " + words + " " + name + "); COMP_CWORD=" + count +
                "; _hourgate; printf '%s\\n' \"${COMPREPLY[*]}\" | tr ' ' '\\n' | grep -Fx -- " +
                name + "\n";
            expected += name + "\n";
            CHECK(contains(fish, " -l " + name.substr(2)));
        }
        CHECK(contains(zsh, "'" + command.path() + "')"));
        CHECK(contains(fish, " -a " + std::string(command.name) + " "));
    }
    CHECK(by_shell(script) == expected);
    CHECK(contains(zsh, "#compdef hourgate"));
    const Ran wrong = run({binary(), "completion", "powershell"});
    CHECK(wrong.exit_code == 2);
    CHECK(contains(wrong.err, "write bash, zsh or fish"));
}

TEST_CASE("the manual page names every command and option, and man finds nothing to warn of") {
    const std::string page = run({binary(), "man"}).out;
    for (const hourgate::cli::Command& command : hourgate::cli::all_commands().commands) {
        INFO(command.path());
        CHECK(contains(page, ".SS \"hourgate " + command.path()));
    }
    Folder folder;
    write_file(folder.file("hourgate.1"), page);
    if (installed("man")) {
        const Ran shown = run({"man", "--warnings", "-l", folder.file("hourgate.1")},
                              {"MANWIDTH=100", "LC_ALL=C.UTF-8", "MAN_KEEP_FORMATTING="});
        CHECK(shown.exit_code == 0);
        CHECK(shown.err.empty());
        CHECK(contains(shown.out, "--expires WHEN"));
        CHECK(contains(shown.out, "hourgate token mint"));
    }
    if (installed("mandoc"))
        CHECK(run({"mandoc", "-Tlint", "-Werror", folder.file("hourgate.1")}).exit_code == 0);
}

TEST_CASE("bash completes what a word can be: proxies, roles, states, plans, fields and files") {
    if (!installed("bash"))
        return;
    CHECK(offered({"snippets", "ha"}) == "haproxy\nhaproxy.lua\n");
    CHECK(offered({"snippets", "nginx", "t"}) == "\n");  // one proxy
    CHECK(offered({"member", "role", "Acme/x", ""}) == "owner\nadmin\nmanager\nmember\n");
    CHECK(offered({"member", "add", "Acme", "x@y.z", "--role", "man"}) == "manager\n");
    CHECK(offered({"token", "list", "--status", "r"}) == "rotated\nrevoked\n");
    CHECK(offered({"workspace", "add", "Acme", "--plan", "s"}) == "studio\n");
    CHECK(offered({"workspace", "plan", "Acme", "a"}) == "agency\n");
    CHECK(offered({"plan", "set", "team", "--api", ""}) == "yes\nno\n");
    CHECK(offered({"token", "mint", "x", "--expires", "n"}) == "never\n");
    CHECK(offered({"member", "list", "Acme", "--sort", "-e"}) == "-email\n");
    CHECK(offered({"workspace", "list", "--sort", "n"}) == "name\n");
    CHECK(offered({"audit", "--action", "plan."}) == "plan.remove\nplan.set\n");
    CHECK(offered({"check", "GE"}) == "GET\n");
    // Options come before a command, and their values are no commands.
    CHECK(offered({"--c"}) == "--config\n");
    CHECK(offered({"--"}) == "--config\n--json\n--version\n--help\n");
    CHECK(offered({"--json", "work"}) == "workspace\n");
    CHECK(offered({"--config", "token", "work"}) == "workspace\n");
    CHECK(offered({"token", "--"}) == "--config\n--json\n--help\n");
    CHECK(offered({"token", "--config", "f", "mi"}) == "mint\n");
    CHECK(offered({"token", "mint", "--name", "note", "--qu"}) == "--quiet\n");
    // --option=value comes to bash as three words.
    CHECK(offered({"member", "add", "x", "y", "--role", "=", "man"}) == "manager\n");
    CHECK(offered({"--config", "=", "x", "work"}) == "workspace\n");

    Folder folder;
    write_file(folder.file("my gate.toml"), "");
    write_file(folder.file("my gate[1].toml"), "");
    write_file(folder.file("my gate1.toml"), "");  // what that name would mean as a pattern
    const std::string begin = folder.file("my");
    const auto both = [&](const Arguments& typed) {
        const std::string found = offered(typed);
        CHECK(std::count(found.begin(), found.end(), '\n') == 3);
        return contains(found, folder.file("my gate.toml") + "\n") &&
               contains(found, folder.file("my gate[1].toml") + "\n") &&
               contains(found, folder.file("my gate1.toml") + "\n");
    };
    CHECK(both({"serve", "--config", begin}));
    CHECK(both({"--config", begin}));
    CHECK(both({"serve", "--config", "=", begin}));
    CHECK(both({"serve", "--config", "\"" + begin + " g"}));
    CHECK(both({"serve", "--config", begin + "\\ g"}));
    CHECK(both({"backup", begin}));
    CHECK(both({"restore", "--dry-run", begin}));
}

TEST_CASE("zsh and fish complete the same values, where they are installed and in their texts") {
    const std::string zsh = run({binary(), "completion", "zsh"}).out;
    const std::string fish = run({binary(), "completion", "fish"}).out;
    for (const std::string words :
         {"nginx caddy haproxy haproxy.lua traefik envoy", "owner admin manager member",
          "free studio agency", "yes no", "created -created name -name email -email"}) {
        CHECK(contains(zsh, "'" + words + "'"));
        CHECK(contains(fish, "-a '" + words + "'"));
    }
    CHECK(contains(fish, "complete -c hourgate -l config -rF"));
    Folder folder;
    write_file(folder.file("_hourgate"), zsh);
    write_file(folder.file("hourgate.fish"), fish);
    if (installed("zsh"))
        CHECK(run({"zsh", "-n", folder.file("_hourgate")}).exit_code == 0);
    if (installed("fish")) {
        const auto offers = [&](const std::string& typed) {
            return run({"fish", "--no-config", "-c",
                        "source " + folder.file("hourgate.fish") + "; complete -C '" + typed + "'"})
                .out;
        };
        CHECK(contains(offers("hourgate --config x work"), "workspace"));
        CHECK(contains(offers("hourgate snippets ng"), "nginx"));
        CHECK(contains(offers("hourgate member role x man"), "manager"));
        CHECK(contains(offers("hourgate --conf"), "--config"));
        CHECK(contains(offers("hourgate token mint a --env l"), "live"));
        CHECK(contains(offers("hourgate workspace add x --plan s"), "studio"));
        CHECK_FALSE(contains(offers("hourgate token "), "Customers"));
    }
}

TEST_CASE("with --json the texts for shells and man come in an object") {
    const Json manual = Json::parse(run({binary(), "man", "--json"}).out);
    CHECK(manual.at("text") == run({binary(), "man"}).out);
    const Json bash = Json::parse(run({binary(), "completion", "bash", "--json"}).out);
    CHECK(bash.at("shell") == "bash");
    CHECK(bash.at("text") == run({binary(), "completion", "bash"}).out);
}
