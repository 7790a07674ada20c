// What a running server takes from a file that is read again, and what it names as taking a start.
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "config/live.h"
#include "config/load.h"
#include "config/parsing.h"
#include "embedded.h"
#include "support/catch.h"

using hourgate::config::Config;
using parsing::read;

namespace {

/// Another value for each key that changes at a start alone.
constexpr const char* takes_a_start =
    "[server]\npublic = \"127.0.0.1:1\"\nask = \"127.0.0.1:2\"\nadmin = \"127.0.0.1:3\"\n"
    "connections_per_address = 7\nloops = 3\n[database]\npath = \"/tmp/x.db\"\n"
    "[tokens]\nkeep = \"4d\"\n[usage]\nkeep = \"5d\"\n"
    "[decisions]\ngrants = \"all\"\nkeep = \"6d\"\nrows = 7\n";

/// "section.key" of every line in which two configurations differ.
std::set<std::string> differences(const Config& a, const Config& b) {
    const auto lines_of = [](const Config& config) {
        std::set<std::string> lines;
        std::string section;
        std::istringstream text(hourgate::config::show_toml(config));
        for (std::string line; std::getline(text, line);) {
            if (line.starts_with("["))
                section = line;
            if (!line.starts_with("#"))
                lines.insert(section + " " + line);
        }
        return lines;
    };
    std::set<std::string> only;
    const auto first = lines_of(a), second = lines_of(b);
    for (const std::string& line : second)
        if (first.count(line) == 0)
            only.insert(line);
    return only;
}

}  // namespace

TEST_CASE("a configuration that did not change keeps nothing back") {
    std::vector<std::string> kept;
    (void)hourgate::config::live(Config(), Config(), kept);
    CHECK(kept.empty());
}

TEST_CASE("what listens, is open and writes takes a start, and is named") {
    const Config next = read(takes_a_start);
    std::vector<std::string> kept;
    const Config live = hourgate::config::live(Config(), next, kept);
    CHECK(kept == std::vector<std::string>{"server.public", "server.ask", "server.admin",
                                           "server.connections_per_address", "server.loops",
                                           "database.path", "tokens.keep", "usage.keep",
                                           "decisions.grants", "decisions.keep", "decisions.rows"});
    CHECK(differences(Config(), live) == std::set<std::string>());
}

TEST_CASE("the example says of just those keys that they take effect after a restart") {
    std::vector<std::string> kept;
    (void)hourgate::config::live(Config(), read(takes_a_start), kept);
    std::string section, comment;
    std::set<std::string> said;
    std::istringstream text(hourgate::embedded::config_example);
    for (std::string line; std::getline(text, line);) {
        if (line.starts_with("[["))
            break;  // resources all change at a reload
        if (line.starts_with("["))
            section = line.substr(1, line.find(']') - 1);
        if (line.starts_with("# ")) {
            comment += line.substr(1);
            continue;
        }
        const std::size_t equals = line.find(" = ");
        if (equals != line.npos && comment.find(" after a restart.") != comment.npos)
            said.insert(section + "." + line.substr(0, equals));
        comment.clear();
    }
    CHECK(said == std::set<std::string>(kept.begin(), kept.end()));
}

TEST_CASE("everything else is taken from the file") {
    const Config next = read(
        "[gate]\nmode = \"observe\"\n[server]\napi_prefix = \"/own\"\ndrain = \"1s\"\n"
        "[tokens]\nbrand = \"abc\"\nenv = \"test\"\nlive_max = 3\nmints_per_day = "
        "4\n[plans]\ngrace_days = 9\n"
        "[trust]\npeers = []\nproxies = []\nask_id = \"X-Ask-Id\"\n[failures]\nlimit = 1\n"
        "[public]\nlimit = 2\n[cors]\norigins = [\"https://a.example\"]\n"
        "[upstream]\nurl = \"http://127.0.0.1:9\"\nauthorization = \"pass\"\n"
        "connect_timeout = \"1s\"\nanswer_timeout = \"2s\"\nidle_timeout = \"3s\"\n"
        "stream_max = \"4s\"\n"
        "[log]\nlevel = \"error\"\nformat = \"json\"\ngranted_every = 5\n[policy]\nunlisted = "
        "\"allow\"\n"
        "[[resource]]\nname = \"a\"\npaths = [\"/a/**\"]\nowner = \"full\"\n");
    std::vector<std::string> kept;
    const Config live = hourgate::config::live(Config(), next, kept);
    CHECK(kept.empty());
    CHECK(differences(next, live) == std::set<std::string>());
}
