// SIGHUP: rules change from the next call on, a bad file changes nothing, and no connection,
// counter or call is lost.
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <iostream>
#include <string>

#include "e2e/installation.h"
#include "e2e/upstream.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

class Site {
public:
    explicit Site(const std::string& more = "") : here(more) {
        here.populate();
        owner = here.mint("Acme/owner@acme.example");
        member = here.mint("Acme/member@acme.example");
    }
    /// Another configuration file, and SIGHUP; what the log says of it.
    std::string reload(Server& server, const std::string& more) {
        here.configure(more);
        return hang_up(server);
    }
    std::string hang_up(Server& server) {
        server.program().signal(SIGHUP);
        return server.program().wait_for("reload=" + std::to_string(++reloads_));
    }

    Installation here;
    std::string owner, member;

private:
    int reloads_ = 0;
};

std::string reason(const Server& server, const std::string& token, const std::string& uri) {
    Wire wire(server.ports().ask);
    const Answered answer = wire.ask(question(token, uri));
    return answer.status == 200 ? "granted" : Json::parse(answer.body)["error"]["reason"];
}

constexpr const char* clients = "/api/v1/clients";

}  // namespace

TEST_CASE("at SIGHUP rules change from the next call on, on a connection that stays open") {
    Site site;
    Server server(site.here);
    Wire kept(server.ports().ask);
    REQUIRE(kept.ask(question(site.owner, "/unlisted")).status == 403);
    const std::string said = site.reload(server, "[policy]\nunlisted = \"allow\"\n");
    CHECK(contains(said, "configuration was read again"));
    CHECK(kept.ask(question(site.owner, "/unlisted")).status == 200);
    CHECK(kept.ask(question(site.member, clients)).status == 403);
    CHECK(server.stop() == 0);
}

TEST_CASE("at SIGHUP mode, plans' lapse, docs and trust change, too") {
    Site site;
    Server server(site.here);
    REQUIRE(reason(server, site.member, clients) == "role_forbidden");
    (void)site.reload(server,
                      "[gate]\nmode = \"observe\"\ndocs = \"https://d.example/e\"\n"
                      "[trust]\npeers = [\"127.0.0.0/8\"]\n");
    Wire wire(server.ports().ask);
    const Answered observed = wire.ask(question(site.member, clients));
    CHECK(observed.status == 200);
    CHECK(observed.header("X-Hourgate-Would") == "403 role_forbidden");
    Wire own(server.ports().public_);
    CHECK(
        contains(own.ask(get("/_hourgate/api/v1/me")).body, "https://d.example/e#no_credentials"));
}

TEST_CASE("a reload gives nobody a fresh window") {
    Site site("[failures]\nlimit = 3\nwindow_s = 600\n");
    Server server(site.here);
    site.here.must({"plan", "set", "studio", "--window", "burst=4/600"});
    for (int i = 0; i < 4; ++i)
        REQUIRE(reason(server, site.owner, clients) == "granted");
    for (int i = 0; i < 3; ++i)
        REQUIRE(reason(server, "", clients) == "no_credentials");
    REQUIRE(reason(server, site.owner, clients) == "window_full");
    REQUIRE(reason(server, "", clients) == "too_many_failures");
    (void)site.reload(server, "[failures]\nlimit = 3\nwindow_s = 300\n");
    CHECK(reason(server, site.owner, clients) == "window_full");
    CHECK(reason(server, "", clients) == "too_many_failures");
    (void)site.reload(server, "[failures]\nlimit = 5\nwindow_s = 300\n");
    CHECK(reason(server, "", clients) == "no_credentials");
    CHECK(reason(server, "", clients) == "no_credentials");
    CHECK(reason(server, "", clients) == "too_many_failures");
}

TEST_CASE("a bad file is refused with file, line and key, and the former rules stay") {
    Site site;
    Server server(site.here);
    write_file(site.here.config(), "[gate]\nmode = \"observe\"\nnonsense = 1\n");
    const std::string said = site.hang_up(server);
    CHECK(contains(said, "level=error"));
    CHECK(contains(said, "config.toml:3: gate.nonsense: unknown key"));
    CHECK(reason(server, site.member, clients) == "role_forbidden");
    CHECK(reason(server, site.owner, clients) == "granted");
    write_file(site.here.config(), "");
    CHECK(server.stop() == 0);
}

TEST_CASE("a reload does not wait at a configuration that became a pipe, and the server ends") {
    Site site;
    Server server(site.here);
    std::filesystem::remove(site.here.config());
    REQUIRE(mkfifo(site.here.config().c_str(), 0600) == 0);
    const std::string said = site.hang_up(server);
    CHECK(contains(said, "level=error"));
    CHECK(contains(said, "is not a regular file but a pipe"));
    CHECK(reason(server, site.owner, clients) == "granted");
    CHECK(server.stop() == 0);
    const Ran checked = site.here.run({"config", "check"});
    CHECK(checked.exit_code == 1);
    CHECK(contains(checked.err, "is not a regular file but a pipe"));
    std::filesystem::remove(site.here.config());
    write_file(site.here.config(), "");
}

TEST_CASE("a file without any resource takes no resource away at a reload, however it got so") {
    Site site;
    Server server(site.here);
    REQUIRE(reason(server, site.owner, "/unlisted") == "path_unlisted");
    for (const std::string file : {"", "\n# nothing\n", "[gate]\nmode = \"enforce\"\n"}) {
        INFO(file);
        write_file(site.here.config(), file);
        const std::string said = site.hang_up(server);
        CHECK(contains(said, "level=error"));
        CHECK(contains(said, "the previous configuration stays in force"));
        CHECK(contains(said, site.here.config() + ": has no [[resource]] row any more"));
        CHECK(contains(said, "restart the server if you mean it"));
        CHECK(reason(server, site.owner, "/unlisted") == "path_unlisted");
        CHECK(reason(server, site.member, clients) == "role_forbidden");
    }
    CHECK(contains(site.reload(server, ""), "configuration was read again"));
    CHECK(server.stop() == 0);
}

TEST_CASE("a server that was started without resources reloads such a file, and others") {
    Site site;
    const std::string bare =
        "[server]\npublic = \"127.0.0.1:0\"\nask = \"127.0.0.1:0\"\nadmin "
        "= \"127.0.0.1:0\"\n[database]\npath = \"" +
        site.here.database() + "\"\n";
    write_file(site.here.config(), bare);
    Server server(site.here);
    CHECK(reason(server, site.owner, "/unlisted") == "granted");
    CHECK(contains(site.hang_up(server), "configuration was read again"));
    CHECK(contains(site.reload(server, ""), "configuration was read again"));
    CHECK(reason(server, site.owner, "/unlisted") == "path_unlisted");
    CHECK(server.stop() == 0);
}

TEST_CASE("a reload that failed names no next step where there is none") {
    Site site;
    Server server(site.here);
    write_file(site.here.config(), "[gate]\nmode = \n");
    const std::string said = site.hang_up(server);
    CHECK(contains(said, "level=error"));
    CHECK_FALSE(contains(said, "next=\"\""));
    CHECK(server.stop() == 0);
}

TEST_CASE("what takes a start is named, and the rest changes all the same") {
    Site site;
    Server server(site.here);
    site.here.configure(
        "[policy]\nunlisted = \"allow\"\n[decisions]\nrows = 7\n[usage]\nkeep = \"5d\"\n");
    (void)site.hang_up(server);
    server.program().wait_for("usage.keep: takes effect after a restart");
    server.program().wait_for("decisions.rows: takes effect after a restart");
    CHECK(reason(server, site.owner, "/unlisted") == "granted");
}

TEST_CASE(
    "the API behind the gate is another from the next call on, and one not found is refused") {
    Site site;
    Upstream api;
    Server server(site.here);
    Wire wire(server.ports().public_);
    const std::string asked = get("/api/v1/clients/7", {{"Authorization", "Bearer " + site.owner}});
    CHECK(wire.ask(asked).status == 404);
    const std::string said = site.reload(
        server, "[upstream]\nurl = \"http://127.0.0.1:" + std::to_string(api.port()) + "\"\n");
    CHECK(contains(said, "upstream=http://127.0.0.1:" + std::to_string(api.port())));
    CHECK(wire.ask(asked).status == 200);
    REQUIRE(api.take().size() == 1);

    site.here.configure("[upstream]\nurl = \"http://no-such-host.invalid:1\"\n");
    const std::string unresolved = site.hang_up(server);
    CHECK(contains(unresolved, "no-such-host.invalid:1 does not resolve"));
    CHECK(contains(unresolved, site.here.config() + ":"));
    CHECK(contains(unresolved, ": upstream.url: "));
    CHECK(contains(unresolved, "the previous configuration stays in force"));
    CHECK(Wire(server.ports().public_).ask(asked).status == 200);
    CHECK(api.take().size() == 1);
    site.here.configure("");
    CHECK(server.stop() == 0);
}

TEST_CASE("an API that moves is found again: by its name, without a restart") {
    // In a chroot that is no mount of its own, unshare cannot make mounts private.
    if (!is_root() || !installed("unshare") ||
        run({"unshare", "-m", "test", "-f", "/etc/hosts"}).exit_code != 0) {
        std::cout << "skipped: needs root and unshare, for an /etc/hosts of its own\n";
        return;
    }
    Site site;
    Upstream api;
    const std::string hosts = site.here.folder().file("hosts");
    const std::string by_name =
        "[upstream]\nurl = \"http://api.test:" + std::to_string(api.port()) + "\"\n";
    const std::string local = "127.0.0.1 localhost\n";
    write_file(hosts, local + "127.0.0.9 api.test\n");  // where nobody listens
    site.here.configure(by_name);
    Arguments words = {"unshare", "-m", "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\"",
                       hosts};
    for (const std::string& word : site.here.words({"serve"}))
        words.push_back(word);
    Program server(words);
    const Ports ports = ports_in(server.wait_for("msg=listening "));
    const auto status = [&] {
        return Wire(ports.public_)
            .ask(get("/api/v1/clients/7", {{"Authorization", "Bearer " + site.owner}}))
            .status;
    };
    CHECK(status() == 502);
    // An address that fails has the name asked for again: no reload is needed.
    write_file(hosts, local + "127.0.0.1 api.test\n");
    server.wait_for("addresses=127.0.0.1");
    CHECK(status() == 200);
    CHECK(api.take().size() == 1);
    // So has a reload of the very same file.
    write_file(hosts, local + "127.0.0.9 api.test\n");
    server.signal(SIGHUP);
    server.wait_for("reload=1");
    CHECK(status() == 502);
    write_file(hosts, local + "127.0.0.1 api.test\n");
    server.signal(SIGHUP);
    server.wait_for("reload=2");
    CHECK(status() == 200);
    // And an [upstream] that is left out for a while.
    site.here.configure("");
    server.signal(SIGHUP);
    server.wait_for("reload=3");
    site.here.configure(by_name);
    server.signal(SIGHUP);
    server.wait_for("reload=4");
    CHECK(status() == 200);
    server.signal(SIGTERM);
    CHECK(server.wait() == 0);
}

TEST_CASE("reloads take no memory: a configuration is freed when its last call has ended") {
    Site site;
    Upstream api;
    Server server(site.here);
    int made = 0;
    // Each configuration is a new one: 200 resources of its own, and another way to the API.
    const auto reload = [&] {
        std::string config = "[upstream]\nurl = \"http://127.0.0.1:" + std::to_string(api.port()) +
                             "\"\nanswer_timeout = \"" + std::to_string(100 + ++made) + "s\"\n";
        for (int row = 0; row < 200; ++row)
            config += "[[resource]]\nname = \"r" + std::to_string(row) + "-" +
                      std::to_string(made) + "\"\npaths = [\"/api/v1/clients/" +
                      std::to_string(row) + "\"]\n";
        (void)site.reload(server, config);
        CHECK(Wire(server.ports().public_)
                  .ask(get("/api/v1/clients/7", {{"Authorization", "Bearer " + site.owner}}))
                  .status < 500);
    };
    const auto turn = [&](int times) {
        for (int i = 0; i < times; ++i)
            reload();
        return resident_kib_of(server.program().pid());
    };
    const long before_kib = turn(10), after_kib = turn(40);
    INFO(before_kib << " KiB, then " << after_kib << " KiB");
    if (is_shipped_kind())
        CHECK(after_kib < before_kib + 1'024);
    CHECK(server.stop() == 0);
}

TEST_CASE("calls go on while the configuration is read again and again, and each is decided") {
    Site site;
    Server server(site.here);
    site.here.must({"plan", "set", "studio", "--window", "burst=1000000/10"});
    Wire wire(server.ports().ask);
    std::string questions;
    for (int i = 0; i < 50; ++i)
        questions += question(site.owner, clients);
    for (int round = 0; round < 40; ++round) {
        REQUIRE(wire.send(questions));
        server.program().signal(SIGHUP);
        for (int i = 0; i < 50; ++i)
            REQUIRE(wire.receive().status == 200);
    }
    CHECK(server.stop() == 0);
}
