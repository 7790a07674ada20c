// Counters that survive: a restart gives nobody a fresh window, however the server ended.
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include "e2e/installation.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

/// An installation with one token whose only window takes three calls an hour.
class Narrow {
public:
    Narrow() {
        here.must({"init"});
        here.must(
            {"plan", "set", "narrow", "--api", "yes", "--rank", "50", "--window", "hour=3/3600"});
        here.must({"workspace", "add", "Acme", "--plan", "narrow"});
        here.must({"member", "add", "Acme", "owner@acme.example", "--role", "owner"});
        token = here.mint("owner@acme.example");
    }
    [[nodiscard]] std::string state() const { return here.folder().file("data/hourgate.state"); }
    [[nodiscard]] Answered ask(const Server& server) const {
        return Wire(server.ports().ask).ask(question(token, "/api/v1/clients"));
    }
    void fill(const Server& server) const {
        for (int call = 0; call < 3; ++call)
            REQUIRE(ask(server).status == 200);
        REQUIRE(ask(server).status == 429);
    }

    const Installation here;
    std::string token;
};

int retry_after(const Answered& answered) {
    return std::atoi(answered.header("Retry-After").c_str());
}

std::string metrics(const Server& server) {
    return Wire(server.ports().admin).ask(get("/metrics")).body;
}

/// A failed call is counted, too: the file gets another content.
void wait_for_writing(const Narrow& narrow, const Server& server) {
    const auto content = [&] {
        return exists(narrow.state()) ? read_file(narrow.state()) : std::string();
    };
    const std::string before = content();
    REQUIRE(Wire(server.ports().ask).ask(question("hsk_none", "/api/v1/clients")).status == 401);
    while (content() == before)
        REQUIRE(contains(metrics(server), "\nhourgate_state_failures_total 0\n"));
}

}  // namespace

TEST_CASE("a full window is still full after SIGTERM and a start, and has room no later") {
    const Narrow narrow;
    int before = 0;
    {
        Server server(narrow.here);
        narrow.fill(server);
        before = retry_after(narrow.ask(server));
        CHECK(server.stop() == 0);
    }
    struct stat status {};
    REQUIRE(::stat(narrow.state().c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    CHECK_FALSE(exists(narrow.state() + ".new"));
    for (int start = 0; start < 3; ++start) {
        Server server(narrow.here);
        const Answered after = narrow.ask(server);
        CHECK(after.status == 429);
        CHECK(retry_after(after) <= before);
        CHECK(retry_after(after) > before - 300);
        CHECK(contains(server.program().err(), "msg=\"counters restored\" boot=same"));
        CHECK(server.stop() == 0);
    }
}

TEST_CASE("a full window is still full after kill -9, once it was written") {
    const Narrow narrow;
    {
        Server server(narrow.here);
        narrow.fill(server);
        // A writing may be under way that began before the last call; the next one has it.
        wait_for_writing(narrow, server);
        wait_for_writing(narrow, server);
        CHECK_FALSE(contains(metrics(server), "\nhourgate_state_bytes 0\n"));
        server.program().signal(SIGKILL);
        CHECK(server.program().wait() == 128 + SIGKILL);
    }
    Server server(narrow.here);
    CHECK(narrow.ask(server).status == 429);
    CHECK(server.stop() == 0);
}

TEST_CASE("a damaged state file is warned about once, and the server starts with empty windows") {
    const Narrow narrow;
    {
        Server server(narrow.here);
        narrow.fill(server);
        CHECK(server.stop() == 0);
    }
    std::string bytes = read_file(narrow.state());
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    write_file(narrow.state(), bytes);
    {
        Server server(narrow.here);
        CHECK(narrow.ask(server).status == 200);
        CHECK(server.stop() == 0);
        const std::string said = server.program().err();
        const std::size_t at = said.find("saved counters could not be loaded");
        REQUIRE(at != said.npos);
        CHECK(said.find("saved counters could not be loaded", at + 1) == said.npos);
    }
    Server server(narrow.here);  // and its own file is sound
    CHECK_FALSE(contains(server.program().err(), "cannot be used"));
    CHECK(server.stop() == 0);
}

TEST_CASE(
    "a backup has no counters; after a restore old windows go on and new tokens have theirs") {
    const Narrow narrow;
    const std::string copy = narrow.here.folder().file("copy.db");
    narrow.here.must({"backup", copy});
    const std::string lost = narrow.here.mint("owner@acme.example");
    const auto ask = [](const Server& server, const std::string& token) {
        return Wire(server.ports().ask).ask(question(token, "/api/v1/clients")).status;
    };
    {
        Server server(narrow.here);
        narrow.fill(server);
        for (int call = 0; call < 3; ++call)
            REQUIRE(ask(server, lost) == 200);
        REQUIRE(ask(server, lost) == 429);
        CHECK(server.stop() == 0);
    }
    narrow.here.must({"restore", copy});
    const std::string next = narrow.here.mint("owner@acme.example");  // gets the lost one's number
    Server server(narrow.here);
    CHECK(narrow.ask(server).status == 429);
    CHECK(ask(server, lost) == 401);
    CHECK(ask(server, next) == 200);
    CHECK(server.stop() == 0);
}
