// What concerns several keys: listeners on one address, and the warnings of `config check`.
#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "config/parsing.h"
#include "support/temp_folder.h"

using parsing::read;
using parsing::wrong_with;

namespace {

std::string server(const std::string& public_, const std::string& ask, const std::string& admin) {
    return "[server]\npublic = \"" + public_ + "\"\nask = \"" + ask + "\"\nadmin = \"" + admin +
           "\"\n";
}

std::vector<std::string> warnings_of(const std::string& text) {
    return hourgate::config::warnings(read(text));
}

const std::string worked = "[[resource]]\nname = \"a\"\npaths = [\"/a\"]\n";

bool has(const std::vector<std::string>& all, const std::string& part) {
    return std::any_of(all.begin(), all.end(),
                       [&](const std::string& text) { return text.find(part) != text.npos; });
}

}  // namespace

TEST_CASE("an API where Hourgate itself listens is refused: calls would go round without end") {
    CHECK(wrong_with("[upstream]\nurl = \"http://127.0.0.1:8402\"\n") ==
          "gate.toml:2: upstream.url: http://127.0.0.1:8402 is where Hourgate itself listens "
          "(127.0.0.1:8402); allowed: where the API does");
    CHECK(wrong_with("[server]\nask = \"unix:/run/a\"\n[upstream]\nurl = [\"http://h:1\", "
                     "\"unix:/run/a\"]\n") ==
          "gate.toml:4: upstream.url: unix:/run/a is where Hourgate itself listens (unix:/run/a); "
          "allowed: where the API does");
    CHECK(wrong_with("[server]\npublic = \"0.0.0.0:80\"\n[upstream]\nurl = "
                     "\"http://127.0.0.1\"\n") ==
          "gate.toml:4: upstream.url: http://127.0.0.1 is where Hourgate itself listens "
          "(0.0.0.0:80); allowed: where the API does");
    CHECK(read("[upstream]\nurl = \"http://192.0.2.1:8402\"\n").upstream_urls.size() == 1);
}

TEST_CASE("two listeners on the same address are refused, at the later line") {
    CHECK(wrong_with(server("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:1")) ==
          "gate.toml:4: server.admin: 127.0.0.1:1 is taken by server.public (127.0.0.1:1); "
          "allowed: an address of its own");
    CHECK(wrong_with("\n[server]\nask = \"127.0.0.1:8403\"\n") ==
          "gate.toml:3: server.ask: 127.0.0.1:8403 is taken by server.admin (127.0.0.1:8403); "
          "allowed: an address of its own");
    CHECK(wrong_with(server("127.0.0.1:1", "unix:/run/a", "unix:/run/a")) ==
          "gate.toml:4: server.admin: unix:/run/a is taken by server.ask (unix:/run/a); allowed: "
          "an address of its own");
}

TEST_CASE("the ask listener has as many places as a list names, each of its own") {
    const auto config = read("[server]\nask = [\"127.0.0.1:1\", \"unix:/run/a\"]\n");
    REQUIRE(config.ask.size() == 2);
    CHECK(config.ask[0].text() == "127.0.0.1:1");
    CHECK(config.ask[1].text() == "unix:/run/a");
    CHECK(show_toml(config).find("ask = [\"127.0.0.1:1\", \"unix:/run/a\"]") != std::string::npos);
    CHECK(read("[server]\nask = []\n").ask.empty());
    CHECK(wrong_with("\n[server]\nask = [\"127.0.0.1:1\", \"127.0.0.1:2\", \"127.0.0.1:1\"]\n") ==
          "gate.toml:3: server.ask: 127.0.0.1:1 is taken by server.ask (127.0.0.1:1); allowed: an "
          "address of its own");
    CHECK(wrong_with("\n[server]\nask = [\"127.0.0.1:1\", \"127.0.0.1:8402\"]\n") ==
          "gate.toml:3: server.ask: 127.0.0.1:8402 is taken by server.public (127.0.0.1:8402); "
          "allowed: an address of its own");
    const std::string allowed =
        "; allowed: a list, each \"host:port\", \"[IPv6 address]:port\", \"unix:/path\"";
    CHECK(wrong_with("\n[server]\nask = [\"127.0.0.1:1\", \"8402\"]\n") ==
          "gate.toml:3: server.ask: '8402' has no port" + allowed);
    CHECK(wrong_with("\n[server]\nask = [\"127.0.0.1:1\", \"\"]\n") ==
          "gate.toml:3: server.ask: cannot be off in a list" + allowed);
    std::string many;
    for (int i = 1; i <= 9; ++i)
        many += (i == 1 ? "\"h:" : ", \"h:") + std::to_string(i) + "\"";
    CHECK(wrong_with("\n[server]\nask = [" + many + "]\n") ==
          "gate.toml:3: server.ask: 9 items; allowed: at most 8");
}

TEST_CASE("an address of all addresses takes the port of each") {
    const auto clash = [](const std::string& a, const std::string& b) {
        return !wrong_with(server(a, b, "")).empty();
    };
    CHECK(clash("0.0.0.0:1", "127.0.0.1:1"));
    CHECK(clash("127.0.0.1:1", "0.0.0.0:1"));
    CHECK(clash("[::]:1", "127.0.0.1:1"));
    CHECK(clash("[::]:1", "[::1]:1"));
    CHECK(clash("[::1]:1", "[0:0:0:0:0:0:0:1]:1"));
    CHECK(clash("[::ffff:127.0.0.1]:1", "127.0.0.1:1"));
    CHECK(clash("gate.internal:1", "Gate.Internal:1"));
    CHECK_FALSE(clash("0.0.0.0:1", "[::1]:1"));
    CHECK_FALSE(clash("0.0.0.0:1", "127.0.0.1:2"));
    CHECK_FALSE(clash("127.0.0.1:1", "127.0.0.2:1"));
    CHECK_FALSE(clash("127.0.0.1:0", "127.0.0.1:0"));
    CHECK_FALSE(clash("unix:/run/a", "unix:/run/b"));
}

TEST_CASE("several listeners may be off") {
    CHECK(wrong_with(server("127.0.0.1:1", "", "")).empty());
}

TEST_CASE("a configuration with resources and loopback listeners warns of nothing") {
    CHECK(warnings_of(worked).empty());
    CHECK(warnings_of(worked + server("127.0.0.2:1", "[::1]:2", "localhost:3")).empty());
    CHECK(warnings_of(worked + server("unix:/run/a", "", "unix:/run/b")).empty());
}

TEST_CASE("a listener that others reach is warned of, by key") {
    const auto all = warnings_of(worked + server("0.0.0.0:1", "[::]:2", "gate.internal:3"));
    REQUIRE(all.size() == 3);
    CHECK(all[0] ==
          "server.public: 0.0.0.0:1 is outside loopback: Hourgate has no TLS of its own; put nginx "
          "or Caddy in front of it");
    CHECK(all[1].rfind("server.ask: [::]:2 is outside loopback: ", 0) == 0);
    CHECK(all[2].rfind("server.admin: gate.internal:3 is outside loopback: ", 0) == 0);
    CHECK(has(warnings_of(worked + server("127.0.0.1:0", "", "")),
              "server.public: 127.0.0.1:0 is another free port at each start"));
}

TEST_CASE("a role that may do more than one above it is warned of") {
    const auto rows = [](const std::string& of_roles) {
        return warnings_of("[[resource]]\nname = \"r\"\npaths = [\"/r\"]\nown_by = \"upstream\"\n" +
                           of_roles);
    };
    CHECK(rows("owner = \"full\"\nadmin = \"full\"\nmanager = \"read\"\nmember = \"read own\"\n")
              .empty());
    CHECK(rows("owner = \"read\"\nadmin = \"read\"\n").empty());
    const auto forgotten = rows("manager = \"full\"\n");
    REQUIRE(forgotten.size() == 2);
    CHECK(
        forgotten[0] ==
        "resource 'r': role manager may do more than role owner, which is \"none\": read, create, "
        "update, delete");
    CHECK(forgotten[1].find("more than role admin") != std::string::npos);
    const auto own = rows("owner = \"read own\"\nadmin = \"read\"\n");
    REQUIRE(own.size() == 1);
    CHECK(own[0] ==
          "resource 'r': role admin may do more than role owner, which is \"read own\": read");
}

TEST_CASE("what lets calls through is warned of, by key") {
    const auto warned = [](const std::string& text, const std::string& key) {
        const auto all = warnings_of(text);
        return all.size() == 1 && all[0].rfind(key + ": ", 0) == 0;
    };
    CHECK(warned("", "gate.toml"));
    CHECK(warned(worked + "[gate]\nmode = \"observe\"\n", "gate.mode"));
    CHECK(warned(worked + "[trust]\npeers = []\n", "trust.peers"));
    CHECK(warned(worked + "[trust]\npeers = [\"::/0\"]\n", "trust.peers"));
    CHECK(warned(worked + "[trust]\nproxies = [\"0.0.0.0/0\"]\n", "trust.proxies"));
    CHECK(warnings_of(worked + "[server]\nask = \"\"\n[trust]\npeers = []\n").empty());
    for (const std::string key :
         {"unlisted", "encoded_slash", "backslash", "control_byte", "not_utf8", "dot_segment",
          "empty_segment", "semicolon", "double_encoding", "case_variant", "reading_variant",
          "method_override"})
        CHECK(warned(worked + "[policy]\n" + key + " = \"allow\"\n", "policy." + key));
}

TEST_CASE("where no resource is, it is said which roles may use every path, and by which file") {
    const std::string rule =
        "by the default rule owner, admin and manager may use every path with every method, and "
        "role member none";
    CHECK(has(warnings_of(""), "gate.toml: sets no key, so there is no [[resource]]: " + rule));
    CHECK(has(warnings_of("# all of it\n[gate]\n"), "gate.toml: sets no key"));
    CHECK(has(warnings_of("[gate]\nmode = \"observe\"\n"),
              "gate.toml: has no [[resource]]: " + rule));
    CHECK(has(hourgate::config::warnings(hourgate::config::Config()),
              "no configuration file was read, so there is no [[resource]]: " + rule));
    CHECK_FALSE(has(warnings_of(worked), rule));
}

TEST_CASE("a placeholder of another router is warned about, with file and line") {
    const hourgate::test::TempFolder folder;
    const std::string file = folder.file("gate.toml");
    const auto warnings_about = [&](const std::string& path) {
        const std::string text =
            "[[resource]]\nname = \"a\"\npaths = [\n  \"/a\",\n  \"" + path + "\",\n]\n";
        std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
        const auto config = hourgate::config::load(file);
        INFO((config ? "" : config.failure().what));
        REQUIRE(config.ok());
        return hourgate::config::warnings(config.value());
    };
    for (const std::string placeholder :
         {":id", "<id>", "<int:id>", "[id]", "[...slug]", "$id", ":id.json"}) {
        INFO(placeholder);
        const auto said = warnings_about("/b/" + placeholder + "/c");
        REQUIRE(said.size() == 1);
        CHECK(said.front() == file + ":5: resource 'a', path \"/b/" + placeholder + "/c\": '" +
                                  placeholder +
                                  "' is taken literally; a placeholder is written {id}, and the "
                                  "rest of a path /**");
    }
    for (const std::string plain :
         {"/b/{id}/c", "/b/v1:batch", "/b/:", "/b/$5", "/b/a<b", "/b/**"}) {
        INFO(plain);
        CHECK(warnings_about(plain).empty());
    }
    // What no pattern can have is refused, so it needs no warning.
    for (const char* refused : {"/b/*", "/b/{id:int}", "/b/x{id", "/b/.*"}) {
        INFO(refused);
        CHECK_FALSE(
            wrong_with("[[resource]]\nname = \"a\"\npaths = [\"" + std::string(refused) + "\"]\n")
                .empty());
    }
}
