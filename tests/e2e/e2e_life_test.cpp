// How a server starts and ends: killed, asked to stop, in an empty root, from a bare executable.
#include <elf.h>
#include <sys/stat.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <string>

#include "e2e/installation.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

constexpr std::size_t executable_bytes_max = 10U * 1'024U * 1'024U;

/// A request whose body is waited for once the server has said so.
std::string head_of_verify(std::size_t body_bytes) {
    return "POST /_hourgate/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
           "application/json\r\n"
           "Expect: 100-continue\r\nContent-Length: " +
           std::to_string(body_bytes) + "\r\n\r\n";
}

}  // namespace

TEST_CASE("what was acknowledged is there after kill -9 of server and command") {
    const Installation here;
    here.populate();
    Arguments acknowledged;
    for (int round = 0; round < 5; ++round) {
        Server server(here);
        for (int at = 0; at < 4; ++at) {
            const std::string token = here.mint("manager@acme.example");
            CHECK(server.status(token) == 200);
            acknowledged.push_back(prefix_of(token));
        }
        here.must({"token", "revoke", acknowledged.back()});
        // One command more is under way when both are killed.
        Program command(
            here.words({"token", "mint", "admin@acme.example", "--name", "half", "--json"}));
        server.program().signal(SIGKILL);
        command.signal(SIGKILL);
        CHECK(server.program().wait() == 128 + SIGKILL);
        static_cast<void>(command.wait());
        if (contains(command.out(), "\n"))
            acknowledged.push_back(Json::parse(command.out()).at("prefix"));
    }
    Server server(here);
    for (const std::string& prefix : acknowledged)
        CHECK(here.json({"token", "show", prefix}).at("prefix") == prefix);
    int revoked = 0;
    for (const Json& token : here.json({"token", "list", "Acme", "--status", "all"}))
        if (token.at("status") == "revoked")
            ++revoked;
    CHECK(revoked == 5);
    here.must({"backup", here.folder().file("copy.db")});  // which checks the whole file
    CHECK(server.stop() == 0);
}

TEST_CASE("a command killed at any moment leaves a sound database") {
    const Installation here;
    here.populate();
    std::size_t known = here.json({"token", "list"}).size();
    for (int at = 0; at < 30; ++at) {
        Program command(here.words({"token", "mint", "admin@acme.example", "--name", "x"}));
        // Some before they have begun, some in the middle, some after: told apart by what they
        // wrote.
        if (at % 3 == 1)
            while (!exists(here.database() + "-wal") && !contains(command.out(), "hsk_")) {
            }
        if (at % 3 == 2)
            command.wait_for("hsk_");
        command.signal(SIGKILL);
        static_cast<void>(command.wait());
        const std::size_t now = here.json({"token", "list"}).size();
        CHECK(now >= known);
        CHECK(now <= known + 1);
        if (at % 3 == 2)
            CHECK(now == known + 1);
        known = now;
    }
    here.must({"backup", here.folder().file("copy.db")});
}

TEST_CASE("SIGTERM finishes the request in flight, then ends with 0") {
    const Installation here;
    here.populate();
    const std::string token = here.mint("manager@acme.example");
    for (const int number : {SIGTERM, SIGINT}) {
        Server server(here);
        const std::string body =
            "{\"token\":\"" + token + "\",\"method\":\"GET\",\"path\":\"/api/v1/clients\"}";
        Wire wire(server.ports().ask), idle(server.ports().ask);
        REQUIRE(idle.ask(question(token, "/api/v1/clients")).status == 200);
        wire.send(head_of_verify(body.size()));
        REQUIRE(wire.receive().status == 100);  // it has begun
        server.program().signal(number);
        server.program().wait_for("msg=stopping");
        wire.send(body);
        const Answered answered = wire.receive();
        CHECK(answered.status == 200);
        CHECK(contains(answered.body, "\"granted\":true"));
        CHECK(server.program().wait() == 0);
        CHECK(contains(server.program().err(), "msg=stopped cut=0"));
    }
}

TEST_CASE("what is not finished within server.drain is cut, and counted") {
    const Installation here;
    std::string config = read_file(here.config());
    config.insert(config.find("[database]"), "drain = \"0\"\n");
    write_file(here.config(), config);
    here.populate();
    Server server(here);
    Wire wire(server.ports().ask);
    wire.send(head_of_verify(100));
    REQUIRE(wire.receive().status == 100);
    CHECK(server.stop() == 0);
    CHECK(contains(server.program().err(), "msg=stopped cut=1"));
    CHECK(wire.receive().status == 0);
}

TEST_CASE("a server can listen on a name and on Unix sockets") {
    const Installation here;
    std::string config = read_file(here.config());
    const std::string ask = "ask = \"127.0.0.1:0\"", open = "public = \"127.0.0.1:0\"";
    config.replace(config.find(ask), ask.size(),
                   "ask = \"unix:" + here.folder().file("ask.sock") + "\"");
    config.replace(config.find(open), open.size(), "public = \"localhost:0\"");
    write_file(here.config(), config);
    here.populate();
    const std::string token = here.mint("manager@acme.example");
    Server server(here);
    CHECK(Wire(here.folder().file("ask.sock")).ask(question(token, "/api/v1/clients")).status ==
          200);
    CHECK(contains(server.program().err(), "ask=unix:"));
    CHECK(server.stop() == 0);
    CHECK_FALSE(exists(here.folder().file("ask.sock")));
}

TEST_CASE("a gate is asked at a port and on a Unix socket, which any user may use like the port") {
    for (const bool port : {true, false}) {
        CAPTURE(port);
        const Installation here;
        const std::string socket = here.folder().file("ask.sock");
        std::string config = read_file(here.config());
        const std::string ask = "ask = \"127.0.0.1:0\"";
        config.replace(config.find(ask), ask.size(),
                       std::string("ask = [") + (port ? "\"127.0.0.1:0\", " : "") +
                           "\"unix:" + socket + "\"]");
        write_file(here.config(), config);
        here.populate();
        const std::string asked = question(here.mint("manager@acme.example"), "/api/v1/clients");
        Server server(here);
        CHECK(Wire(socket).ask(asked).status == 200);
        CHECK((server.ports().ask != 0) == port);
        if (port)
            CHECK(Wire(server.ports().ask).ask(asked).status == 200);
        struct stat file {};
        REQUIRE(stat(socket.c_str(), &file) == 0);
        CHECK((file.st_mode & 0777) == (port ? 0666 : 0660));
        CHECK(server.stop() == 0);
        CHECK_FALSE(exists(socket));
    }
}

TEST_CASE("serve --json says which ports it took") {
    const Installation here;
    here.populate();
    Program program(here.words({"serve", "--json"}));
    const Json said = Json::parse(program.wait_for("\"publicPort\""));
    const std::string token = here.mint("manager@acme.example");
    CHECK(Wire(said.at("askPort").get<std::uint16_t>())
              .ask(question(token, "/api/v1/clients"))
              .status == 200);
    const Answered me =
        Wire(said.at("publicPort").get<std::uint16_t>())
            .ask(get("/_hourgate/api/v1/me", {{"Authorization", "Bearer " + token}}));
    CHECK(me.status == 200);
}

TEST_CASE("the executable needs no loader and is small") {
    if (!is_shipped_kind()) {
        WARN("skipped: built for a sanitizer");
        return;
    }
    const std::string bytes = read_file(binary());
    REQUIRE(bytes.size() > sizeof(Elf64_Ehdr));
    Elf64_Ehdr header{};
    std::memcpy(&header, bytes.data(), sizeof header);
    for (std::size_t at = 0; at < header.e_phnum; ++at) {
        Elf64_Phdr segment{};
        std::memcpy(&segment, bytes.data() + header.e_phoff + at * header.e_phentsize,
                    sizeof segment);
        CHECK(segment.p_type != PT_INTERP);
    }
    const bool stripped = !contains(bytes, ".symtab");  // as a release is
    CHECK((!stripped || bytes.size() <= executable_bytes_max));
}

TEST_CASE("the executable makes its database and serves in an empty root directory") {
    if (!is_root() || !is_shipped_kind()) {
        WARN("skipped: needs root, to change the root directory, and a static executable");
        return;
    }
    const Folder root;
    std::filesystem::copy_file(binary(), root.file("hourgate"));
    write_file(
        root.file("config.toml"),
        "[server]\npublic = \"127.0.0.1:0\"\nask = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n"
        "[database]\npath = \"/data/hourgate.db\"\n");
    const auto inside = [&](Arguments command) {
        command.insert(command.begin(),
                       {"chroot", root.path(), "/hourgate", "--config", "/config.toml"});
        return command;
    };
    CHECK(run(inside({"version"})).exit_code == 0);
    REQUIRE(run(inside({"init"})).exit_code == 0);
    REQUIRE(run(inside({"workspace", "add", "Acme", "--plan", "studio"})).exit_code == 0);
    REQUIRE(run(inside({"member", "add", "Acme", "a@acme.example", "--role", "owner"})).exit_code ==
            0);
    const Ran minted = run(inside({"token", "mint", "a@acme.example", "--name", "x", "--json"}));
    REQUIRE(minted.exit_code == 0);
    Program server(inside({"serve"}));
    const Ports ports = ports_in(server.wait_for("msg=listening"));
    CHECK(Wire(ports.ask)
              .ask(question(Json::parse(minted.out).at("token").get<std::string>(), "/"))
              .status == 200);
    server.signal(SIGTERM);
    CHECK(server.wait() == 0);
}
