// hourgate reload: it returns when the configuration is in force or refused, and says which.
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "e2e/installation.h"
#include "places.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

constexpr const char* open_rules = "[policy]\nunlisted = \"allow\"\n";

struct Site {
    Site() {
        here.populate();
        owner = here.mint("Acme/owner@acme.example");
    }
    Installation here;
    std::string owner;
};

}  // namespace

TEST_CASE("hourgate reload returns when the new configuration decides calls") {
    Site site;
    Server server(site.here);
    REQUIRE(server.status(site.owner, "/unlisted") == 403);
    for (int round = 0; round < 10; ++round) {
        site.here.configure(open_rules);
        const Ran opened = site.here.run({"reload"});
        CHECK(server.status(site.owner, "/unlisted") == 200);
        CHECK(opened.exit_code == 0);
        CHECK(opened.out == site.here.config() + ": in force in process " +
                                std::to_string(server.program().pid()) + "\n");
        site.here.configure("");
        CHECK(site.here.run({"reload"}).exit_code == 0);
        CHECK(server.status(site.owner, "/unlisted") == 403);
    }
    const Json json = site.here.json({"reload"});
    CHECK(json.at("inForce") == true);
    CHECK(json.at("file") == site.here.config());
    CHECK(json.at("pid") == server.program().pid());
    CHECK(json.at("afterRestart").empty());
    CHECK(server.stop() == 0);
}

TEST_CASE("hourgate reload with a mistyped file signals nobody, and exits with 1") {
    Site site;
    Server server(site.here);
    write_file(site.here.config(),
               "[database]\npath = \"" + site.here.database() + "\"\n[gate]\nnonsense = 1\n");
    const Ran refused = site.here.run({"reload"});
    CHECK(refused.exit_code == 1);
    CHECK(contains(refused.err, "config.toml:4: gate.nonsense: unknown key"));
    CHECK(contains(refused.err, "the server was not asked to reload"));
    CHECK(refused.out.empty());
    site.here.configure("");
    CHECK(site.here.run({"reload"}).exit_code == 0);
    CHECK(server.stop() == 0);  // all that it says is there then
    CHECK(contains(server.program().err(), "reload=1"));
    CHECK_FALSE(contains(server.program().err(), "reload=2"));
}

TEST_CASE("hourgate reload exits with 1 and the reason when the server refuses a sound file") {
    Site site;
    Server server(site.here);
    write_file(site.here.config(), "[server]\npublic = \"127.0.0.1:0\"\n[database]\npath = \"" +
                                       site.here.database() + "\"\n");
    REQUIRE(site.here.run({"config", "check"}).exit_code == 0);
    const Ran refused = site.here.run({"reload"});
    CHECK(refused.exit_code == 1);
    CHECK(contains(refused.err, "reload refused; the previous configuration stays in force"));
    CHECK(contains(refused.err, site.here.config() + ": has no [[resource]] row any more"));
    CHECK(contains(refused.err, "next: restore the file and reload again"));
    CHECK(server.status(site.owner, "/unlisted") == 403);
    const Ran json = site.here.run({"reload", "--json"});
    CHECK(json.exit_code == 1);
    CHECK(Json::parse(json.err).at("error").at("mistakes").size() == 2);
    site.here.configure("");
    CHECK(server.stop() == 0);
}

TEST_CASE("hourgate reload names the keys that take effect after a restart") {
    Site site;
    Server server(site.here);
    site.here.configure("[usage]\nkeep = \"5d\"\n");
    const Ran done = site.here.run({"reload"});
    CHECK(done.exit_code == 0);
    CHECK(contains(done.err, "usage.keep: takes effect after a restart"));
    CHECK(site.here.json({"reload"}).at("afterRestart") == Json({"usage.keep"}));
    CHECK(server.stop() == 0);
}

TEST_CASE("hourgate reload checks the file that the server reads, wherever it is called") {
    Site site;
    Server server(site.here);
    const std::string other = site.here.folder().file("other.toml");
    write_file(other, read_file(site.here.config()));
    const Arguments by_other = {binary(), "--config", other, "reload"};
    const Ran warned = run(by_other);
    CHECK(warned.exit_code == 0);
    CHECK(contains(warned.err, "the server reads " + site.here.config() + ", and not " + other));
    write_file(site.here.config(), "[gate]\nnonsense = 1\n");
    const Ran refused = run(by_other);
    CHECK(refused.exit_code == 1);
    CHECK(contains(refused.err, site.here.config() + ":2: gate.nonsense: unknown key"));
    CHECK_FALSE(contains(server.program().err(), "reload=2"));
    // A name that is relative means the same file.
    site.here.configure("");
    const Ran relative =
        run({binary(), "--config", "config.toml", "reload"}, {}, site.here.folder().path());
    CHECK(relative.exit_code == 0);
    CHECK_FALSE(contains(relative.err, "the server reads"));
    CHECK(server.stop() == 0);
}

TEST_CASE("without a server, and after one was killed, hourgate reload signals no process") {
    Site site;
    const auto nobody = [&] {
        const Ran ran = site.here.run({"reload"});
        return ran.exit_code == 1 &&
               contains(ran.err, "no server is running on " + site.here.database());
    };
    CHECK(nobody());
    {
        Server server(site.here);
        server.program().signal(SIGKILL);
        CHECK(server.program().wait() == 128 + SIGKILL);
        CHECK(exists(site.here.database() + ".reload"));
        CHECK(nobody());
    }
    Server next(site.here);
    CHECK(site.here.run({"reload"}).exit_code == 0);
    CHECK(next.stop() == 0);
    CHECK(nobody());
    CHECK_FALSE(exists(site.here.database() + ".reload"));
}

TEST_CASE("a server that ends at the signal is told from one that reloaded") {
    Site site;
    Server server(site.here);
    server.program().signal(SIGSTOP);
    Program waiting(site.here.words({"reload"}));
    server.program().signal(SIGKILL);
    CHECK(waiting.wait() == 1);
    CHECK(waiting.out().empty());
}

TEST_CASE("several reloads at once are each answered") {
    Site site;
    Server server(site.here);
    std::vector<std::unique_ptr<Program>> all;
    for (int i = 0; i < 8; ++i)
        all.push_back(std::make_unique<Program>(site.here.words({"reload"})));
    for (const auto& one : all)
        CHECK(one->wait() == 0);
    CHECK(server.stop() == 0);
}

TEST_CASE("who may not reach the server is shown who may") {
    if (!is_root() || !installed("setpriv"))
        return;
    Site site;
    Server server(site.here);
    REQUIRE(run({"chmod", "0644", site.here.config()}).exit_code == 0);
    REQUIRE(run({"chmod", "0700", site.here.folder().file("data")}).exit_code == 0);
    Arguments words = as_nobody();
    for (const std::string& word : site.here.words({"reload"}))
        words.push_back(word);
    const Ran refused = run(words);
    CHECK(refused.exit_code == 1);
    CHECK(contains(refused.err, "next: sudo "));
    CHECK_FALSE(contains(server.program().err(), "reload=1"));
    CHECK(server.stop() == 0);
}

TEST_CASE("the unit reloads by hourgate alone, so a refused reload fails there, too") {
    const std::string unit = read_file(HOURGATE_SOURCE_DIR "/systemd/hourgate.service");
    CHECK(contains(unit, "\nExecReload=/usr/local/bin/hourgate reload\n"));
    CHECK_FALSE(contains(unit, "/bin/kill"));
}

TEST_CASE("hourgate reload with a file that was emptied says so, and what the server does") {
    Site site;
    Server server(site.here);
    for (const std::string& text : {std::string(), std::string("# nothing\n\n")}) {
        write_file(site.here.config(), text);
        const Ran ran = site.here.run({"reload"});
        INFO(ran.err);
        CHECK(ran.exit_code == 1);
        CHECK(contains(ran.err, site.here.config() + " has no key"));
        CHECK(contains(ran.err, "put back what the file had"));
        CHECK(contains(ran.err, "a server that runs keeps its previous configuration"));
    }
    write_file(site.here.config(), "[gate]\nmode = \"observe\"\n");
    CHECK(contains(site.here.run({"reload"}).err, " has no [database] path"));
    CHECK(server.status(site.owner) == 200);
    CHECK(server.stop() == 0);
}

TEST_CASE("ready asks the server where it listens, not where a changed file says") {
    Site site;
    Server server(site.here);
    CHECK(site.here.json({"ready"}).at("ready") == true);  // port 0: only the server knows it
    const std::string before = read_file(site.here.config());
    const std::size_t at = before.find("public = \"127.0.0.1:0\"");
    REQUIRE(at != std::string::npos);
    std::string changed = before;
    changed.replace(at, std::string("public = \"127.0.0.1:0\"").size(), "public = \"127.0.0.1:1\"");
    write_file(site.here.config(), changed);
    for (const bool reloaded : {false, true}) {
        if (reloaded)
            CHECK(site.here.run({"reload"}).exit_code == 0);
        const Ran ready = site.here.run({"ready"});
        INFO(ready.err);
        CHECK(ready.exit_code == 0);
        CHECK(ready.out == "ready\n");
        CHECK(contains(ready.err, "the server listens on 127.0.0.1:" +
                                      std::to_string(server.ports().public_)));
        CHECK(contains(ready.err, "takes effect after a restart"));
    }
    CHECK(server.stop() == 0);
    const Ran down = site.here.run({"ready"});
    CHECK(down.exit_code == 1);
    CHECK(contains(down.err, "127.0.0.1:1"));
}
