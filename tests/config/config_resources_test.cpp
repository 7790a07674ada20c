// [[resource]] tables: what they take, and where a refusal says it is.
#include <string>

#include "config/parsing.h"
#include "policy/policy.h"

using hourgate::Role;
using parsing::read;
using parsing::wrong_with;

namespace {

/// `lines` are the second and following lines of the file.
std::string one(const std::string& lines) {
    return "[[resource]]\n" + lines;
}

const std::string named = "name = \"a\"\npaths = [\"/a\"]\n";

}  // namespace

TEST_CASE("a resource is read with all its keys") {
    const auto config = read(one(R"(name = "cache"
paths = ["/cache/{id}", "/members/{member}/**"]
owner = "full"
admin = "read update"
manager = "read own"
own_by = "upstream"
methods = { PURGE = "delete", SEARCH = "read" }
)"));
    REQUIRE(config.rules.resources.size() == 1);
    const auto& resource = config.rules.resources[0];
    CHECK(resource.name == "cache");
    REQUIRE(resource.patterns.size() == 2);
    CHECK(resource.patterns[1].text == "/members/{member}/**");
    CHECK(to_text(resource.access[index(Role::owner)]) == "full");
    CHECK(to_text(resource.access[index(Role::admin)]) == "read update");
    CHECK(to_text(resource.access[index(Role::manager)]) == "read own");
    CHECK(to_text(resource.access[index(Role::member)]) == "none");
    CHECK(resource.own_by_upstream);
    CHECK_FALSE(resource.is_public);
    using hourgate::policy::Action;
    const std::vector<std::pair<std::string, Action>> methods = {{"PURGE", Action::delete_},
                                                                 {"SEARCH", Action::read}};
    CHECK(resource.methods == methods);
}

TEST_CASE("a resource has its own path switches, and each turns off its own rule and no other") {
    using hourgate::policy::PathSwitches;
    const std::vector<std::pair<const char*, PathSwitches::Switch PathSwitches::*>> switches = {
        {"encoded_slash", &PathSwitches::encoded_slash},
        {"backslash", &PathSwitches::backslash},
        {"control_byte", &PathSwitches::control_byte},
        {"not_utf8", &PathSwitches::not_utf8},
        {"dot_segment", &PathSwitches::dot_segment},
        {"empty_segment", &PathSwitches::empty_segment},
        {"semicolon", &PathSwitches::semicolon},
        {"double_encoding", &PathSwitches::double_encoding},
        {"case_variant", &PathSwitches::case_variant},
        {"reading_variant", &PathSwitches::reading_variant},
    };
    for (const auto& [key, one_of] : switches) {
        INFO(key);
        for (const char* word : {"allow", "refuse"}) {
            const auto config = read(one(named + std::string(key) + " = \"" + word + "\"\n"));
            const auto& resource = config.rules.resources.at(0);
            for (const auto& other : switches)
                CHECK((resource.switches.*other.second).has_value() == (other.second == one_of));
            CHECK(*(resource.switches.*one_of) == (std::string(word) == "refuse"));
        }
    }
}

TEST_CASE("a resource may say what a usual method means") {
    const auto config = read(one(named + "methods = { POST = \"read\", GET = \"create\" }\n"));
    using hourgate::policy::Action;
    const auto& resource = config.rules.resources.at(0);
    CHECK(action_of("POST", &resource) == Action::read);
    CHECK(action_of("GET", &resource) == Action::create);
    CHECK(action_of("HEAD", &resource) == Action::create);
    CHECK(action_of("OPTIONS", &resource) == Action::read);
    CHECK(action_of("DELETE", &resource) == Action::delete_);
}

TEST_CASE("resources keep the order of the file") {
    std::string text, names;
    for (const char* name : {"z", "a", "m"})
        text += "[[resource]]\nname = \"" + std::string(name) + "\"\npaths = [\"/" + name + "\"]\n";
    for (const auto& resource : read(text).rules.resources)
        names += resource.name;
    CHECK(names == "zam");
}

TEST_CASE("a public resource is read without rows") {
    const auto config = read(one(named + "public = true\n"));
    CHECK(config.rules.resources.at(0).is_public);
}

TEST_CASE("each key of a resource refuses what it cannot take, with file, line and key") {
    struct Case {
        std::string line;
        std::string wrong;
    };
    const std::string access =
        R"(; allowed: "full", "none", or words of read create update delete own)";
    const std::string methods =
        "; allowed: methods and what they do, as in { PURGE = \"delete\" }: read, create, update, "
        "delete";
    const std::vector<Case> cases = {
        {"owner = true", "owner: true or false where a text belongs" + access},
        {"admin = 1", "admin: a whole number where a text belongs" + access},
        {"manager = []", "manager: a list where a text belongs" + access},
        {"member = {}", "member: a table where a text belongs" + access},
        {"methods = \"PURGE\"", "methods: a text where a table belongs" + methods},
        {"methods = { PURGE = true }", "methods: true or false where a text belongs" + methods},
        {"methods = { PURGE = \"remove\" }", "methods: 'remove' is not an action" + methods},
        {"public = \"yes\"", "public: a text where true or false belongs; allowed: true, false"},
        {"own_by = \"gate\"", "own_by: 'gate' is not one of its words; allowed: \"upstream\""},
        {"own_by = true", "own_by: true or false where a text belongs; allowed: \"upstream\""},
        {"onwer = \"full\"", "onwer: unknown key; did you mean owner?"},
        {"roles = \"full\"",
         "roles: unknown key; known here: name, api, paths, owner, admin, manager, "
         "member, methods, public, own_by, other_bearers, encoded_slash, backslash, control_byte, "
         "not_utf8, dot_segment, empty_segment, semicolon, double_encoding, case_variant, "
         "reading_variant"},
        {"other_bearers = \"strip\"",
         "other_bearers: 'strip' is not one of its words; allowed: \"pass\""},
        {"encoded_slash = true",
         "encoded_slash: true or false where a text belongs; allowed: \"refuse\", \"allow\""},
    };
    for (const Case& c : cases) {
        INFO(c.line);
        CHECK(wrong_with(one(named + c.line + "\n")) == "gate.toml:4: resource.a." + c.wrong);
    }
    // What the policy says of a row or a path is passed on.
    for (const char* role : {"owner", "admin", "manager", "member"}) {
        const std::string wrong = wrong_with(one(named + role + " = \"reed\"\n"));
        INFO(wrong);
        CHECK(wrong.rfind("gate.toml:4: resource.a." + std::string(role) + ": ", 0) == 0);
        CHECK(wrong.find("reed") != wrong.npos);
        CHECK(wrong.find("read create update delete own") != wrong.npos);
    }
}

TEST_CASE("name and paths must be there and be of their kind") {
    const std::string name = "; allowed: a name for scopes and answers, such as \"clients\"";
    const std::string paths = "; allowed: a list of paths, such as [\"/api/v1/clients/**\"]";
    CHECK(wrong_with("\n" + one("paths = [\"/a\"]\n")) ==
          "gate.toml:2: resource.1.name: is missing" + name);
    CHECK(wrong_with(one("name = 1\npaths = [\"/a\"]\n")) ==
          "gate.toml:2: resource.1.name: a whole number where a text belongs" + name);
    CHECK(wrong_with(one("name = \"a\"\n")) == "gate.toml:1: resource.a.paths: is missing" + paths);
    CHECK(wrong_with(one("name = \"a\"\npaths = \"/a\"\n")) ==
          "gate.toml:3: resource.a.paths: a text where a list belongs" + paths);
    CHECK(wrong_with(one("name = \"a\"\npaths = [\n\"/a\",\n7]\n")) ==
          "gate.toml:5: resource.a.paths: a whole number where a text belongs" + paths);
    const std::string wrong = wrong_with(one("name = \"a\"\npaths = [\n\"/a\",\n\"/b//c\"]\n"));
    CHECK(wrong.rfind("gate.toml:5: resource.a.paths: path '/b//c': ", 0) == 0);
}

TEST_CASE("a resource that is not a list of tables says how to write one") {
    const std::string write =
        " where a list of tables belongs; write [[resource]] and the keys of one below";
    CHECK(wrong_with("[resource]\nname = \"a\"\n") == "gate.toml:1: resource: [resource]" + write);
    CHECK(wrong_with("resource = 5\n") == "gate.toml:1: resource: a whole number" + write);
    CHECK(wrong_with("resource = [1, 2]\n") == "gate.toml:1: resource: a list" + write);
    CHECK(wrong_with("resource = []\n").empty());
    CHECK(wrong_with("resource = [{ name = \"a\", paths = [\"/a\"] }]\n").empty());
}

TEST_CASE("what the policy refuses is told with the line of the resource") {
    const auto begins = [](const std::string& text, const std::string& with) {
        INFO(text);
        return text.rfind(with, 0) == 0;
    };
    // Each file has a good resource on line 1 and the bad one on line 5.
    const auto second = [](const std::string& lines) {
        return wrong_with(one(named) + "\n" + one(lines));
    };
    const std::string b = "name = \"b\"\npaths = [\"/b\"]\n", at_b = "gate.toml:5: resource.b: ";
    CHECK(begins(second("name = \"a\"\npaths = [\"/b\"]\n"), "gate.toml:5: resource.a: "));
    CHECK(begins(second("name = \"hourgate\"\npaths = [\"/b\"]\n"),
                 "gate.toml:5: resource.hourgate: "));
    CHECK(begins(second("name = \"B b\"\npaths = [\"/b\"]\n"), "gate.toml:5: resource.2: "));
    CHECK(begins(second("name = \"b\"\npaths = []\n"), at_b));
    CHECK(begins(second("name = \"b\"\npaths = [\"/_hourgate/api/v1/me\"]\n"), at_b));
    CHECK(begins(second(b + "member = \"read own\"\n"), at_b));
    CHECK(begins(second(b + "public = true\nowner = \"full\"\n"), at_b));
    CHECK(begins(second(b + "methods = { get = \"create\" }\n"), at_b));
    CHECK(begins(second(b + "public = true\nother_bearers = \"pass\"\n"), at_b));
    CHECK(begins(wrong_with("[server]\napi_prefix = \"/a\"\n\n\n" + one(named)),
                 "gate.toml:5: resource.a: "));
}

TEST_CASE("own without a captured member says how the upstream takes over") {
    const std::string wrong = wrong_with(one(named + "member = \"read own\"\n"));
    INFO(wrong);
    CHECK(wrong.find("own_by = \"upstream\"") != wrong.npos);
    CHECK(wrong_with(one(named + "member = \"read own\"\nown_by = \"upstream\"\n")).empty());
    const std::string captured = "name = \"a\"\npaths = [\"/a/{member}\"]\n";
    CHECK(wrong_with(one(captured + "member = \"read own\"\n")).empty());
}

TEST_CASE("256 resources are taken and the one after is refused on its line") {
    std::string text;
    for (int at = 0; at < 256; ++at) {
        const std::string name = "r" + std::to_string(at);
        text += one("name = \"" + name + "\"\npaths = [\"/" + name + "\"]\n");
    }
    CHECK(read(text).rules.resources.size() == 256);
    const std::string wrong = wrong_with(text + one("name = \"last\"\npaths = [\"/last\"]\n"));
    CHECK(wrong.rfind("gate.toml:769: resource.last: ", 0) == 0);
}
