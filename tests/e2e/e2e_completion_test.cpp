// What shells complete, and the manual page: both come from the table of commands, so both have all.
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
std::string offered(const Words& typed) {
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
