// A server that root starts on the database of another user: it opens what only root can open, and
// has nothing of root's from then on.
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "e2e/installation.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

constexpr const char* service_user = "64321";  // nobody else's

/// The four numbers of a line of /proc/PID/status: real, effective, saved, of the file system.
std::string ids_of(pid_t pid, const std::string& line) {
    const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
    const std::size_t at = status.find(line + ":\t");
    REQUIRE(at != status.npos);
    const std::size_t begin = at + line.size() + 2;
    return status.substr(begin, status.find('\n', begin) - begin);
}

const std::string four_times =
    std::string(service_user) + "\t" + service_user + "\t" + service_user + "\t" + service_user;

}  // namespace

TEST_CASE("a server that root starts on another user's database is that user once it listens") {
    if (!is_root()) {
        WARN("skipped: needs root");
        return;
    }
    const Installation here;
    here.populate();
    const std::string token = here.mint("owner@acme.example");
    const std::string data = here.folder().file("data");
    REQUIRE(run({"chown", "-R", std::string(service_user) + ":" + service_user, data}).exit_code ==
            0);
    // A socket where root alone can make one, as in /run.
    const std::string socket = here.folder().file("ask.sock");
    write_file(here.config(), [&] {
        std::string text = read_file(here.config());
        const std::string any = "ask = \"127.0.0.1:0\"";
        return text.replace(text.find(any), any.size(), "ask = \"unix:" + socket + "\"");
    }());

    Server server(here);
    const std::string said = server.program().wait_for("gave up root's rights");
    CHECK(contains(said, std::string("uid=") + service_user));
    CHECK(ids_of(server.program().pid(), "Uid") == four_times);
    CHECK(ids_of(server.program().pid(), "Gid") == four_times);
    CHECK(Wire(socket).ask(question(token, "/api/v1/clients")).status == 200);

    // Root's commands work on, and what they change is in force.
    here.must({"token", "revoke", prefix_of(token)});
    CHECK(Wire(socket).ask(question(token, "/api/v1/clients")).status == 401);
    CHECK(here.run({"reload"}).exit_code == 0);
    CHECK(server.stop() == 0);
    for (const auto& entry : std::filesystem::directory_iterator(data)) {
        struct stat status {};
        REQUIRE(::lstat(entry.path().c_str(), &status) == 0);
        INFO(entry.path());
        CHECK(std::to_string(status.st_uid) == service_user);
    }
    // What the first one left in the way is no hindrance to the next.
    Server again(here);
    CHECK(Wire(socket).ask(question("", "/api/v1/clients")).status == 401);
    CHECK(again.stop() == 0);
}

TEST_CASE("root opens no socket of its own for a configuration that another user can write") {
    if (!is_root()) {
        WARN("skipped: needs root");
        return;
    }
    const Installation here;
    here.populate();
    const std::string data = here.folder().file("data");
    const std::string owner = std::string(service_user) + ":" + service_user;
    REQUIRE(run({"chown", "-R", owner, data}).exit_code == 0);
    const std::string socket = here.folder().file("ask.sock");  // in a folder of root's
    std::string text = read_file(here.config());
    const std::string any = "ask = \"127.0.0.1:0\"";
    text.replace(text.find(any), any.size(), "ask = \"unix:" + socket + "\"");
    write_file(here.config(), text);
    REQUIRE(run({"chown", owner, here.config()}).exit_code == 0);

    const Ran refused = here.run({"serve"});
    CHECK(refused.exit_code != 0);
    INFO(refused.err);
    CHECK(contains(refused.err, "may not listen on unix:" + socket));
    CHECK(contains(refused.err, std::string("uid ") + service_user));
    CHECK(contains(refused.err, here.config()));
    CHECK_FALSE(std::filesystem::exists(socket));

    // The same where the file is root's, and a group or everybody may write it.
    for (const mode_t mode : {0660U, 0606U}) {
        REQUIRE(::chown(here.config().c_str(), 0, 64321) == 0);
        REQUIRE(::chmod(here.config().c_str(), mode) == 0);
        const Ran open = here.run({"serve"});
        INFO(open.err);
        CHECK(open.exit_code != 0);
        CHECK(contains(open.err, "users other than root can write " + here.config()));
        CHECK(contains(open.err, "chmod go-w " + here.config()));
        CHECK_FALSE(std::filesystem::exists(socket));
    }
}

TEST_CASE("a server that root starts on its own database stays root, and says nothing") {
    if (!is_root()) {
        WARN("skipped: needs root");
        return;
    }
    const Installation here;
    here.populate();
    Server server(here);
    CHECK(ids_of(server.program().pid(), "Uid") == "0\t0\t0\t0");
    CHECK(server.stop() == 0);
    CHECK_FALSE(contains(server.program().err(), "gave up root's rights"));
}
