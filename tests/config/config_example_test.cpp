// config.example.toml says in words what the program has built in. This holds the two together.
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "config/parsing.h"
#include "places.h"

using hourgate::config::show_toml;

namespace {

std::string example() {
    std::ifstream in(HOURGATE_SOURCE_DIR "/config.example.toml");
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

/// The keys written below each header, in order. Keys of [[api]] and [[resource]] count in comments,
/// too.
std::map<std::string, std::vector<std::string>> keys_of(const std::string& text) {
    std::map<std::string, std::vector<std::string>> keys;
    std::string section;
    for (std::string line : lines_of(text)) {
        const bool comment = line.rfind("# ", 0) == 0;
        if (comment)
            line = line.substr(2);
        if (line.rfind("[[resource]]", 0) == 0)
            section = "resource";
        else if (line.rfind("[[api]]", 0) == 0)
            section = "api";
        else if (!comment && line.rfind("[", 0) == 0)
            section = line.substr(1, line.find(']') - 1);
        const std::size_t equals = line.find(" = ");
        if (equals == line.npos || line.substr(0, equals).find(' ') != line.npos)
            continue;
        if (!comment || section == "resource" || section == "api")
            keys[section].push_back(line.substr(0, equals));
    }
    return keys;
}

}  // namespace

TEST_CASE("the example has every key outside its resources, in order, at its built-in default") {
    auto config = parsing::read(example());
    config.rules.resources.clear();
    config.file.clear();
    // The installed gate listens on a Unix socket, too: the service's unit makes the folder.
    REQUIRE(config.ask.size() == 2);
    CHECK(config.ask.back().text() == "unix:/run/hourgate/ask.sock");
    config.ask.pop_back();
    // A new installation begins with the example: a write scope reads there. An old file, without
    // the key, keeps what it meant.
    CHECK(config.rules.write_scope == hourgate::policy::WriteScope::reads_too);
    config.rules.write_scope = hourgate::policy::WriteScope::changes;
    const std::string defaults = show_toml({});
    CHECK(show_toml(config) == defaults);

    auto written = keys_of(example());
    written.erase("resource");
    written.erase("api");
    CHECK(written == keys_of(defaults));
}

TEST_CASE("the example has every key of a resource") {
    std::string text =
        "[[api]]\nname = \"b\"\nhosts = [\"b.example\"]\nupstream = \"http://127.0.0.1:1\"\n"
        "[[resource]]\nname = \"a\"\npaths = [\"/\"]\nown_by = \"upstream\"\napi = \"b\"\n"
        "other_bearers = \"pass\"\n";
    for (const char* key :
         {"encoded_slash", "backslash", "control_byte", "not_utf8", "dot_segment", "empty_segment",
          "semicolon", "double_encoding", "case_variant", "reading_variant"})
        text += std::string(key) + " = \"refuse\"\n";
    const auto config = parsing::read(text);
    const auto known = keys_of(show_toml(config)).at("resource");
    const auto written = keys_of(example()).at("resource");
    CHECK(known.size() == 21);
    CHECK(std::set<std::string>(written.begin(), written.end()) ==
          std::set<std::string>(known.begin(), known.end()));
    auto of_apis = keys_of(show_toml(config)).at("api");
    const auto written_of_apis = keys_of(example()).at("api");
    CHECK(of_apis.size() == 3);
    CHECK(std::set<std::string>(written_of_apis.begin(), written_of_apis.end()) ==
          std::set<std::string>(of_apis.begin(), of_apis.end()));
    of_apis.insert(of_apis.end(), known.begin(), known.end());
    // Each is explained at the head of the part, too.
    for (const std::string& key : of_apis) {
        INFO(key);
        const std::string all = example();
        const auto has = [&](const std::string& part) { return all.find(part) != all.npos; };
        CHECK((has("#   " + key + " ") || has("#   " + key + ",") || has(", " + key) ||
               has("#   " + key + "\n")));
    }
}

TEST_CASE("the example's policy is the worked one") {
    const auto config = parsing::read(example());
    std::string rows;
    for (const auto& resource : config.rules.resources) {
        REQUIRE(resource.patterns.size() == 1);
        rows += resource.name + " " + resource.patterns[0].text + ":";
        for (const hourgate::Role role : hourgate::all_roles)
            rows += " " + to_text(resource.access[index(role)]) + ",";
        rows += resource.own_by_upstream ? " upstream\n" : "\n";
        CHECK(resource.methods.empty());
        CHECK_FALSE(resource.is_public);
    }
    CHECK(rows ==
          "clients /api/v1/clients/**: full, full, full, none,\n"
          "expenses /api/v1/expenses/**: full, full, full, none,\n"
          "projects /api/v1/projects/**: full, full, full, read own, upstream\n"
          "tasks /api/v1/tasks/**: full, full, full, read update own, upstream\n"
          "time-entries /api/v1/time-entries/**: full, full, full, read create update "
          "delete own, upstream\n"
          "invoices /api/v1/invoices/**: read, read, read, none,\n");
    CHECK(hourgate::config::warnings(config).empty());
}

TEST_CASE("what the example has in comments is right too") {
    std::string text;
    bool inside = false;
    for (const std::string& line : lines_of(example())) {
        if (line == "# [[api]]" || line == "# [[resource]]")
            inside = true;
        if (line.rfind("# Resources", 0) == 0)
            inside = false;
        if (line == "#")
            continue;
        if (line.rfind("# The example:", 0) == 0)
            break;
        if (inside)
            text += line.substr(2) + "\n";
    }
    const auto config = parsing::read(text);
    CHECK(config.apis.size() == 3);
    REQUIRE(config.rules.resources.size() == 5);
    CHECK(config.rules.resources.back().is_public);
}

TEST_CASE("the example can be embedded in the program, and is readable in a terminal") {
    const std::string text = example();
    CHECK(text.find(")hourgate\"") == text.npos);
    CHECK(text.back() == '\n');
    for (const std::string& line : lines_of(text)) {
        INFO(line);
        CHECK(line.size() <= 100);
        CHECK(line.find('\t') == line.npos);
        CHECK((line.empty() || line.back() != ' '));
    }
}

TEST_CASE("the example says where its rules come from and that nobody there is behind Hourgate") {
    CHECK(example().find("Hourgate is not affiliated with Hoursmith.") != std::string::npos);
}
