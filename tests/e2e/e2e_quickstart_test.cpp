// hourgate quickstart: a gate for somebody's own API in one folder, whole or not at all.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/text.h"
#include "e2e/installation.h"
#include "e2e/upstream.h"
#include "places.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

unsigned mode_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

bool is_free(int port) {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool bound =
        ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    return bound;
}

/// A port of this machine, with one before and one behind it, that nobody listens on.
int free_port() {
    for (int port = 10'001 + ::getpid() % 20'000; port < 60'000; port += 3)
        if (is_free(port - 1) && is_free(port) && is_free(port + 1))
            return port;
    throw std::runtime_error("no three free ports");
}

/// Somebody else who listens there.
class Listening {
public:
    explicit Listening(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(fd_, 1) == 0);
    }
    ~Listening() { ::close(fd_); }
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

private:
    const int fd_;
};

struct Place {
    Folder parent;
    std::string gate = parent.file("gate");
    std::string port = std::to_string(free_port());
    [[nodiscard]] Words words(const std::string& api, const Words& more = {}) const {
        Words words = {binary(), "quickstart", "--api", api, "--folder", gate};
        if (std::find(more.begin(), more.end(), "--port") == more.end())
            words.insert(words.end(), {"--port", port});
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }
    [[nodiscard]] Ran quickstart(const std::string& api, const Words& more = {}) const {
        return run(words(api, more));
    }
};

/// The line that begins so.
std::string line_of(const std::string& text, const std::string& begin) {
    for (const std::string_view line : hourgate::split(text, '\n'))
        if (line.starts_with(begin))
            return std::string(line);
    return "";
}

}  // namespace

TEST_CASE("quickstart makes a gate that answers the printed curl line from the API behind it") {
    Place place;
    Upstream api;
    const Ran made = place.quickstart("http://127.0.0.1:" + std::to_string(api.port()));
    CHECK(made.exit_code == 0);
    CHECK(made.err.empty());
    CHECK(names_in(place.parent.path()) == Words{"gate"});
    CHECK(mode_of(place.gate) == 0700);
    CHECK(mode_of(place.gate + "/config.toml") == 0600);
    CHECK(mode_of(place.gate + "/hourgate.db") == 0600);
    CHECK(run({binary(), "config", "check", "--config", place.gate + "/config.toml"}).out ==
          place.gate + "/config.toml: OK\n");
    // The look at the API, which is no call of anybody.
    (void)api.take();

    const std::string start = line_of(made.out, binary());
    const std::string curl = line_of(made.out, "curl ");
    REQUIRE_FALSE(start.empty());
    REQUIRE_FALSE(curl.empty());
    CHECK(contains(curl, "http://127.0.0.1:" + place.port + "/"));
    Program server({"sh", "-c", "exec " + start});
    server.wait_for("msg=listening");
    if (installed("curl")) {
        const Ran answered = run({"sh", "-c", curl + " -s"});
        CHECK(contains(answered.out, "HTTP/1.1 200"));
        CHECK(api.take().size() == 1);
    }
    const std::string ready = run({binary(), "ready", "--config", place.gate + "/config.toml"}).out;
    CHECK(ready == "ready\n");
    server.signal(SIGTERM);
    CHECK(server.wait() == 0);
}

TEST_CASE("quickstart --dry-run shows the configuration and makes nothing") {
    Place place;
    const Ran shown = place.quickstart("http://127.0.0.1:3000/", {"--dry-run"});
    CHECK(shown.exit_code == 0);
    CHECK(contains(shown.out, "Nothing was made"));
    CHECK(contains(shown.out, "url = \"http://127.0.0.1:3000\"\n"));
    CHECK(contains(shown.out, "curl -i -H 'Authorization: Bearer TOKEN' http://127.0.0.1:" +
                                  place.port + "/"));
    CHECK(names_in(place.parent.path()).empty());
    const Ran json = place.quickstart("http://127.0.0.1:3000", {"--dry-run", "--json"});
    CHECK(Json::parse(json.out).at("dryRun") == true);
    CHECK(names_in(place.parent.path()).empty());
    // What it shows is what is made then.
    const Json made = Json::parse(place.quickstart("http://127.0.0.1:3000", {"--json"}).out);
    CHECK(made.at("token").get<std::string>().size() == 54);
    CHECK(read_file(place.gate + "/config.toml") ==
          Json::parse(json.out).at("configText").get<std::string>());
    CHECK(contains(shown.out, "\n" + read_file(place.gate + "/config.toml") + "\n"));
}

TEST_CASE("quickstart overwrites nothing: no folder, no file, no link") {
    const auto refused = [](const Place& place) {
        const Ran ran = place.quickstart("http://127.0.0.1:3000");
        CHECK(contains(ran.err, "exists already: nothing was changed"));
        return ran.exit_code == 1;
    };
    Place file;
    write_file(file.gate, "mine");
    CHECK(refused(file));
    CHECK(read_file(file.gate) == "mine");
    Place folder;
    REQUIRE(::mkdir(folder.gate.c_str(), 0755) == 0);
    CHECK(refused(folder));
    CHECK(names_in(folder.gate).empty());
    Place link;
    REQUIRE(::symlink("/nowhere/at/all", link.gate.c_str()) == 0);
    CHECK(refused(link));
    CHECK(names_in(link.parent.path()) == Words{"gate"});
    Place twice;
    CHECK(twice.quickstart("http://127.0.0.1:3000").exit_code == 0);
    const std::string config = read_file(twice.gate + "/config.toml");
    const Ran again = twice.quickstart("http://127.0.0.1:4000");
    CHECK(again.exit_code == 1);
    CHECK(contains(again.err, "start the gate that is there: "));
    CHECK(read_file(twice.gate + "/config.toml") == config);
}

TEST_CASE("quickstart with an API that cannot be meant makes nothing, and says how to write it") {
    const std::vector<std::pair<std::string, std::string>> wrong = {
        {"https://api.example", "its scheme is https"},
        {"ftp://127.0.0.1", "its scheme is not http"},
        {"http://a/v1", "it has a path after the host"},
        {"http://a?x=1", "it has a query"},
        {"http://ann:secret@a", "before '@'"},
        {"http://", "its host is missing"},
        {"http://a:99999", "its port is not a number from 1 to 65535"},
        {"http://a b", "its host is not a name"},
        {"unix:api.sock", "must begin with '/'"},
        {"", "names no API"},
        {"x", "its scheme is missing"}};
    for (const auto& [api, why] : wrong) {
        Place place;
        const Ran ran = place.quickstart(api);
        INFO(api << "\n" << ran.err);
        CHECK(ran.exit_code == 2);
        CHECK(contains(ran.err, why));
        CHECK(contains(ran.err, "http://127.0.0.1:3000"));
        CHECK_FALSE(contains(ran.err, "config.toml"));  // which does not exist
        CHECK(names_in(place.parent.path()).empty());
    }
    Place place;
    for (const char* const port : {"0", "1", "65535", "70000", "x"}) {
        const Ran refused = place.quickstart("http://127.0.0.1:3000", {"--port", port});
        INFO(refused.err);
        CHECK(refused.exit_code == 2);
        CHECK(contains(refused.err, "from 2 to 65534"));
    }
    CHECK(names_in(place.parent.path()).empty());
    // A host and a port are enough.
    const Ran plain = place.quickstart("localhost:3000", {"--dry-run"});
    CHECK(plain.exit_code == 0);
    CHECK(contains(plain.out, "url = \"http://localhost:3000\""));
    // One that is down is a warning: it may be started later.
    const Ran down = place.quickstart("http://127.0.0.1:1");
    CHECK(down.exit_code == 0);
    CHECK(contains(down.err, "does not answer yet"));
}

TEST_CASE("what a killed quickstart left is taken away by the next, and nothing else is") {
    Place place;
    const std::string part = place.gate + ".part";
    REQUIRE(::mkdir(part.c_str(), 0700) == 0);
    for (const char* const name :
         {"/quickstart", "/config.toml", "/hourgate.db", "/hourgate.db-wal"})
        write_file(part + name, "half");
    CHECK(place.quickstart("http://127.0.0.1:3000").exit_code == 0);
    CHECK(names_in(place.parent.path()) == Words{"gate"});

    Place other;  // somebody's folder of that name
    const std::string theirs = other.gate + ".part";
    REQUIRE(::mkdir(theirs.c_str(), 0700) == 0);
    write_file(theirs + "/config.toml", "mine");
    CHECK(other.quickstart("http://127.0.0.1:3000").exit_code == 1);
    CHECK(read_file(theirs + "/config.toml") == "mine");

    Place busy;  // another one at work
    const std::string held = busy.gate + ".part";
    REQUIRE(::mkdir(held.c_str(), 0700) == 0);
    write_file(held + "/quickstart", "");
    const int mark = ::open((held + "/quickstart").c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(::flock(mark, LOCK_EX) == 0);
    CHECK(contains(busy.quickstart("http://127.0.0.1:3000").err, "another quickstart is making"));
    CHECK(names_in(held) == Words{"quickstart"});
    ::close(mark);
}

TEST_CASE("a quickstart that is killed at any moment leaves a whole gate or none") {
    for (int yields = 0; yields < 4'000; yields += 400) {
        Place place;
        const pid_t pid = start_silently(place.words("unix:/nowhere.sock"));
        for (int i = 0; i < yields; ++i)
            std::this_thread::yield();
        ::kill(pid, SIGKILL);
        while (!exit_code_if_ended(pid))
            std::this_thread::yield();
        const bool whole = exists(place.gate);
        const Ran again = place.quickstart("unix:/nowhere.sock");
        INFO(again.err);
        CHECK(again.exit_code == (whole ? 1 : 0));
        CHECK(names_in(place.parent.path()) == Words{"gate"});
        CHECK(run({binary(), "token", "list", "--config", place.gate + "/config.toml"}).exit_code ==
              0);
    }
}

TEST_CASE("of two quickstarts at once one makes the gate") {
    Place place;
    std::vector<std::unique_ptr<Program>> both;
    for (int i = 0; i < 2; ++i)
        both.push_back(std::make_unique<Program>(place.words("unix:/nowhere.sock")));
    int made = 0;
    for (const auto& one : both)
        made += one->wait() == 0;
    CHECK(made == 1);
    CHECK(names_in(place.parent.path()) == Words{"gate"});
}

TEST_CASE("quickstart makes nothing where a port is taken, and says which flag changes it") {
    for (const int offset : {-1, 0, 1}) {
        Place place;
        const int taken = std::stoi(place.port) + offset;
        const Listening other(static_cast<std::uint16_t>(taken));
        for (const Words& more : {Words{}, Words{"--dry-run"}}) {
            const Ran ran = place.quickstart("http://127.0.0.1:3000", more);
            INFO(ran.err);
            CHECK(ran.exit_code == 1);
            CHECK(contains(ran.err, "cannot listen on 127.0.0.1:" + std::to_string(taken) + ": "));
            CHECK(contains(ran.err, "name another with --port N"));
            CHECK(names_in(place.parent.path()).empty());
        }
    }
    Place place;  // the API is where the gate would be
    const Ran own = place.quickstart("http://127.0.0.1:" + place.port);
    CHECK(own.exit_code == 2);
    CHECK(contains(own.err, "the gate itself would listen there"));
    CHECK(contains(own.err, "--port N"));
    CHECK_FALSE(contains(own.err, "config.toml"));
}

TEST_CASE("the gate of quickstart has the write scope of the example, and is called through") {
    Place place;
    Upstream api;
    REQUIRE(place.quickstart("http://127.0.0.1:" + std::to_string(api.port())).exit_code == 0);
    const std::string config = place.gate + "/config.toml";
    const std::string scope = "write_scope = \"reads_too\"\n";
    CHECK(contains(read_file(config), scope));
    CHECK(contains(read_file(std::string(HOURGATE_SOURCE_DIR) + "/config.example.toml"), scope));
    Program server({binary(), "serve", "--config", config});
    server.wait_for("msg=listening");
    const Ran ran = run({binary(), "doctor", "--config", config, "--through",
                         "http://127.0.0.1:" + place.port, "--json"});
    INFO(ran.out << ran.err);
    std::string rows;
    const Json report = Json::parse(ran.out);
    for (const Json& check : report.at("checks")) {
        const std::string name = check.at("name");
        rows += name + " " + check.at("state").get<std::string>() + "\n";
        // What it says can be pasted: the configuration is named.
        const std::string fix = check.at("fix");
        for (std::size_t at = fix.find(binary()); at != std::string::npos;
             at = fix.find(binary(), at + 1))
            CHECK(contains(fix.substr(at, fix.find('`', at) - at), "--config " + config));
        CHECK_FALSE(contains(fix, "`hourgate "));
    }
    for (const char* const row : {"reach", "authorization", "401 who", "402 paid", "403 may",
                                  "429 room", "counted once", "API", "put away"}) {
        INFO(row);
        CHECK(contains(rows, std::string(row) + " ok\n"));
    }
    server.signal(SIGTERM);
    CHECK(server.wait() == 0);
}

TEST_CASE("a path after --database that is no database is blamed, and not the configuration") {
    const Place place;
    const std::string folder = place.parent.path(), text = folder + "/text";
    write_file(text, "hello\n");
    for (const std::string& path : {folder + "/none.db", folder, text})
        for (const char* const command : {"token list", "backup /nowhere/b.db", "doctor"}) {
            Words words = {binary()};
            for (const std::string_view word : hourgate::split(command, ' '))
                words.emplace_back(word);
            words.insert(words.end(), {"--database", path});
            const Ran ran = run(words);
            INFO(ran.out << ran.err);
            CHECK(ran.exit_code == 1);
            CHECK(contains(ran.out + ran.err, path));
            CHECK(contains(ran.out + ran.err, "check the path after --database"));
            CHECK_FALSE(contains(ran.out + ran.err, "check [database] path"));
        }
    CHECK(read_file(text) == "hello\n");
}

TEST_CASE("what commands say of other commands names the configuration that they were given") {
    Place place;
    REQUIRE(place.quickstart("unix:/nowhere.sock").exit_code == 0);
    const std::string config = place.gate + "/config.toml";
    const std::string named = " --config " + config;
    const auto said = [&](Words words) {
        words.insert(words.begin(), binary());
        words.insert(words.end(), {"--config", config});
        const Ran ran = run(words);
        return ran.out + ran.err;
    };
    CHECK(contains(said({"reload"}), "`" + binary() + " serve" + named + "`"));
    CHECK(contains(said({"ready"}), "`" + binary() + " serve" + named + "`"));
    CHECK(contains(said({"token", "show", "000000000000"}),
                   "`" + binary() + " token list" + named + "`"));
    CHECK(contains(said({"member", "list", "My API", "--search", "nobody has this"}),
                   binary() + " member add WORKSPACE EMAIL --role owner" + named + "\n"));
    // Also where the words cannot be read as a command.
    const std::string token = "hsk_live_000000000000_" + std::string(32, 'a');
    CHECK(contains(said({"token", "show", token}),
                   "`" + binary() + " token revoke 000000000000" + named + "`"));
    // So they do where the environment names it, which sudo does not pass on.
    const Ran by_environment =
        run({binary(), "token", "show", "000000000000"}, {"HOURGATE_CONFIG=" + config});
    CHECK(contains(by_environment.err, "`" + binary() + " token list" + named + "`"));
}
