// The words of the command line: what they mean, and what is said when they mean nothing.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/parser.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::cli;

namespace {

const Table& table() {
    static const Table all = all_commands();
    return all;
}

Arguments read(const std::vector<std::string>& words, const std::string& path) {
    const auto parsed = parse(words, table());
    INFO((parsed ? "" : parsed.failure().what));
    REQUIRE(parsed.ok());
    REQUIRE(parsed.value().command != nullptr);
    CHECK(parsed.value().command->path() == path);
    return parsed.value().arguments;
}

Failure refused(const std::vector<std::string>& words) {
    const auto parsed = parse(words, table());
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.failure().fault == Fault::usage);
    CHECK_FALSE(parsed.failure().next.empty());
    return parsed.failure();
}

std::string help(const std::vector<std::string>& words) {
    const auto parsed = parse(words, table());
    REQUIRE(parsed.ok());
    CHECK(parsed.value().command == nullptr);
    return parsed.value().help;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("words by place and options are told apart, in any order") {
    for (const Words& words : {Words{"workspace", "add", "Acme Inc", "--plan", "studio"},
                               Words{"workspace", "add", "--plan", "studio", "Acme Inc"},
                               Words{"workspace", "add", "--plan=studio", "Acme Inc"},
                               Words{"workspace", "add", "--plan", "studio", "--", "Acme Inc"}}) {
        const Arguments arguments = read(words, "workspace add");
        CHECK(arguments.one("NAME") == "Acme Inc");
        CHECK(arguments.find("--plan") == "studio");
        CHECK_FALSE(arguments.given("--paid-until"));
        CHECK_FALSE(arguments.given("--json"));
    }
}

TEST_CASE("--config and --json are taken before, between and after the words of a command") {
    for (const Words& words : {Words{"--config", "f", "--json", "workspace", "list"},
                               Words{"workspace", "--json", "--config=f", "list"},
                               Words{"workspace", "list", "--config", "f", "--json"},
                               Words{"--json", "workspace", "list", "--config", "f", "--json"}}) {
        const Arguments arguments = read(words, "workspace list");
        CHECK(arguments.one("--config") == "f");
        CHECK(arguments.given("--json"));
    }
    CHECK(has(refused({"--config", "a", "workspace", "list", "--config", "b"}).what, "2 times"));
}

TEST_CASE("a value may be the name of a command, begin with a dash after --, or be empty") {
    CHECK(read({"workspace", "show", "list"}, "workspace show").one("WS") == "list");
    CHECK(read({"workspace", "show", "workspace"}, "workspace show").one("WS") == "workspace");
    CHECK(read({"workspace", "add", "plan", "--plan", "version"}, "workspace add").one("NAME") ==
          "plan");
    CHECK(read({"workspace", "show", "--", "--json"}, "workspace show").one("WS") == "--json");
    CHECK(read({"workspace", "show", ""}, "workspace show").one("WS").empty());
    const Arguments empty = read({"workspace", "add", "A", "--plan=", "--json"}, "workspace add");
    CHECK(empty.one("--plan").empty());
    CHECK(empty.given("--json"));
    CHECK(read({"workspace", "add", "[a,b]"}, "workspace add").one("NAME") == "[a,b]");
    CHECK(read({"workspace", "add", "{}"}, "workspace add").one("NAME") == "{}");
    CHECK(read({"workspace", "add", "Zo\xc3\xab"}, "workspace add").one("NAME") == "Zo\xc3\xab");
}

TEST_CASE("an option that repeats keeps all its values, and swallows no word by place") {
    const Arguments arguments =
        read({"token", "mint", "--name", "n", "--scope", "a:read", "--scope", "b:write", "mem_x"},
             "token mint");
    CHECK(arguments.all("--scope") == Words{"a:read", "b:write"});
    CHECK(arguments.one("MEMBER") == "mem_x");
    CHECK(read({"token", "revoke", "a", "b", "c"}, "token revoke").all("PREFIX") ==
          Words{"a", "b", "c"});
}

TEST_CASE(
    "what is missing, too much, twice or unknown is named, with the form or the nearest word") {
    CHECK(refused({"workspace", "add"}).what == "NAME is missing");
    CHECK(has(refused({"token", "mint", "m"}).what, "--name is missing"));
    CHECK(has(refused({"workspace", "add", "a", "b"}).what, "'b' is one argument too many"));
    CHECK(has(refused({"workspace", "add", "a", "--plan"}).what, "--plan needs a value"));
    CHECK(has(refused({"workspace", "add", "a", "--plan", "x", "--plan", "y"}).what, "2 times"));
    CHECK(has(refused({"version", "--json=no"}).what, "--json takes no value"));

    CHECK(refused({"wokspace", "list"}).next == "did you mean `hourgate workspace`?");
    CHECK(refused({"workspace", "lst"}).next == "did you mean `hourgate workspace list`?");
    CHECK(has(refused({"frobnicate"}).next,
              "init, serve, reload, ready, workspace, member, plan, token, operator"));
    CHECK(has(refused({"token", "frobnicate"}).next,
              "mint, list, show, rename, note, rotate, revoke"));
    CHECK(has(refused({}).next, "init, serve"));
    CHECK(has(refused({"token"}).next, "mint, list"));

    CHECK(refused({"workspace", "add", "a", "--paid-untill", "x"}).next ==
          "did you mean --paid-until?");
    CHECK(refused({"--jsn", "version"}).next == "did you mean --json?");
    CHECK(has(refused({"version", "--frobnicate"}).next, "--config, --json, --help"));
    CHECK(has(refused({"version", "-x"}).what, "'-x'"));
}

TEST_CASE("a mistyped word before a command is named, with the one that was meant") {
    CHECK(refused({"confg", "check"}).what == "`hourgate` has no command 'confg'");
    CHECK(refused({"confg", "check"}).next == "did you mean `hourgate config`?");
    CHECK(refused({"tokn", "restore", "x"}).next == "did you mean `hourgate token`?");
    CHECK(has(refused({"serve", "--port", "80"}).next, "did you mean [server] public"));
    CHECK(has(refused({"serve", "-p", "80"}).next, "did you mean [server] public"));
    CHECK(has(refused({"serve", "--listen=0.0.0.0:80"}).next, "did you mean [server] public"));
    // An argument behind a command is another matter.
    CHECK(has(refused({"version", "confg"}).what, "one argument too many"));
}

TEST_CASE("a command that is none is named before its options, with the one that was meant") {
    const Failure set = refused({"member", "set", "Acme/ann@acme.example", "--role", "admin"});
    CHECK(set.what == "`hourgate member` has no command 'set'");
    CHECK(set.next == "did you mean `hourgate member role`?");
    for (const auto& [words, meant] : std::vector<std::pair<Words, std::string>>{
             {{"token", "create", "Acme/ann", "--name", "x"}, "token mint"},
             {{"token", "delete", "4f8a2c1bdedf"}, "token revoke"},
             {{"token", "ls"}, "token list"},
             {{"workspace", "create", "--plan", "studio"}, "workspace add"},
             {{"workspace", "update", "Acme", "--plan", "x"}, "workspace plan"},
             {{"member", "delete", "x"}, "member remove"},
             {{"plan", "create", "x", "--api", "yes"}, "plan set"},
             {{"user", "add"}, "member"},
             {{"config", "validate"}, "config check"},
             {{"start", "--demo"}, "serve"}}) {
        INFO(meant);
        CHECK(refused(words).next == "did you mean `hourgate " + meant + "`?");
    }
    // An option of no command is still named where no word stands.
    CHECK(has(refused({"--frobnicate"}).what, "--frobnicate"));
}

TEST_CASE("the database can be named to every command that works on it, and to no other") {
    for (const Command& command : table().commands) {
        INFO(command.path());
        const bool takes =
            std::any_of(command.parameters.begin(), command.parameters.end(),
                        [](const Parameter& one) { return one.name == database_option.name; });
        const bool works_on_it = !command.group.empty()
                                     ? command.group != "config"
                                     : command.name == "why" || command.name == "replay" ||
                                           command.name == "audit" || command.name == "usage" ||
                                           command.name == "backup" || command.name == "restore" ||
                                           command.name == "doctor";
        CHECK(takes == works_on_it);
    }
    CHECK(read({"token", "revoke", "a", "b", "--database", "/d.db"}, "token revoke")
              .one("--database") == "/d.db");
}

TEST_CASE("help is given on every level, for every command, with an example") {
    CHECK(has(help({"--help"}), "hourgate serve --demo"));
    CHECK(help({"-h"}) == help({"--help"}));
    CHECK(help({"help"}) == help({"--help"}));
    CHECK(help({"help", "workspace", "add"}) == help({"workspace", "add", "--help"}));
    for (const Group& group : table().groups)
        CHECK(has(help({std::string(group.name), "--help"}), "Example:"));
    for (const Command& command : table().commands) {
        Words words;
        if (!command.group.empty())
            words.emplace_back(command.group);
        words.emplace_back(command.name);
        words.emplace_back("--help");
        const std::string text = help(words);
        INFO(text);
        CHECK(has(text, "usage: hourgate " + command.path()));
        CHECK(has(text, "Example:\n  "));
        CHECK(has(text, "hourgate " + command.path()));
        CHECK(has(text, "--json"));
        for (const Parameter& parameter : command.parameters)
            CHECK(has(text, std::string(parameter.name)));
    }
}

TEST_CASE("every example in the help is a command that can be read") {
    for (const Command& command : table().commands) {
        const std::string example(command.example);
        INFO(example);
        CHECK(has(example, "hourgate " + command.path()));
        CHECK(command.summary.back() != '.');
    }
}

TEST_CASE(
    "an argument with a control character or that is not UTF-8 is refused, and shown escaped") {
    for (const std::string bad : {"a\tb", "a\nb", "\x1b[31mred", "a\x7f",
                                  "a\xc2\x9b"
                                  "b",
                                  "\x01"}) {
        const Failure failure = refused({"workspace", "add", bad});
        CHECK(has(failure.what, "argument 3"));
        CHECK(has(failure.what, "control character"));
        CHECK(failure.what.find_first_of("\t\n\x1b\x7f\x01") == std::string::npos);
    }
    for (const std::string bad : {"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\xaf"})
        CHECK(has(refused({"workspace", "add", bad}).what, "is not UTF-8"));
}

TEST_CASE("a whole token among the arguments is refused and not repeated") {
    const std::string secret(32, 'S');
    for (const std::string before : {"hsk_live_", "acme_test_", "Bearer hsk_live_", "'hsk_test_"}) {
        const Failure failure = refused({"token", "revoke", before + "4f8a2c1bdedf_" + secret});
        CHECK(has(failure.next, "4f8a2c1bdedf"));
        CHECK_FALSE(has(failure.what + failure.next, "SSSS"));
    }
    CHECK(prefix_of_token_in("a hsk_live_4f8a2c1bdedf_x b") == "4f8a2c1bdedf");
    CHECK(prefix_of_token_in("4f8a2c1bdedf").empty());
    CHECK(prefix_of_token_in("go_live_party_2027").empty());
    CHECK(prefix_of_token_in("x_live_4f8a2c1bdedf_").empty());
}

TEST_CASE("a token given as an argument is answered with where it belongs, and is not repeated") {
    const std::string secret(32, 'S');
    const std::string token = "hsk_live_4f8a2c1bdedf_" + secret;
    const Failure checked = refused({"check", "GET", "/x", token});
    CHECK(has(checked.next, "`hourgate check GET /path < FILE`"));
    CHECK_FALSE(has(checked.next, "give its prefix"));
    CHECK(has(refused({"--config", "check", "token", "revoke", token}).next, "give its prefix"));
    CHECK(has(refused({"why", "--token", token}).next, "give its prefix"));
    CHECK(has(refused({"workspace", "add", token}).next, "leave it out"));
    CHECK(has(refused({"config", "check", token}).next, "leave it out"));
    // One that is not known as a token: of another service, or a part of one.
    for (const std::string& other :
         {secret, std::string("ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
          std::string("open sesame")}) {
        for (const Words& words :
             {Words{"check", "GET", "/x", other}, Words{"check", "GET", "/x", "--token", other},
              Words{"check", "GET", "/x", "--token=" + other},
              Words{"check", "GET", "/x", "-H", "Authorization: Bearer " + other}}) {
            const Failure failure = refused(words);
            CHECK_FALSE(has(failure.what + failure.next, other));
            CHECK(has(failure.next, "< FILE"));
        }
    }
    // Every command that reads one says so.
    int reading = 0;
    for (const Command& command : table().commands)
        reading += command.reads_token ? 1 : 0;
    CHECK(reading == 1);
}

TEST_CASE("-V and --version are what version is") {
    read({"-V"}, "version");
    read({"--version"}, "version");
}
