// `hourgate check` with a server and without, and introspection, as their users have them.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "base/text.h"
#include "e2e/installation.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::e2e;

namespace {

/// With the ask listener on a Unix socket, so that a command finds it.
void listen_on_socket(const Installation& here) {
    std::string text = read_file(here.config());
    const std::string any = "ask = \"127.0.0.1:0\"";
    text.replace(text.find(any), any.size(),
                 "ask = \"unix:" + here.folder().file("ask.sock") + "\"");
    write_file(here.config(), text);
}

/// Runs `hourgate check` with `input` as its standard input.
Ran check(const Installation& here, const std::string& input, Arguments more) {
    const std::string file = here.folder().file("input");
    write_file(file, input);
    more.insert(more.begin(), "check");
    Arguments words = here.words(more);
    words.insert(words.begin(), {"sh", "-c", "exec \"$@\" <\"$0\"", file});
    return run(words);
}

Json json_of(const Ran& ran) {
    INFO(ran.err);
    return Json::parse(ran.out);
}

}  // namespace

TEST_CASE("check asks the running server: its windows as they are, nothing spent, nothing logged") {
    const Installation here;
    listen_on_socket(here);
    here.populate();
    const std::string token = here.mint("manager@acme.example");
    const std::string member = here.mint("member@acme.example");
    Server server(here);
    Wire ask(here.folder().file("ask.sock"));
    CHECK(ask.ask(question(token, "/api/v1/clients")).status == 200);

    for (int i = 0; i < 3; ++i) {
        const Ran granted = check(here, token + "\n", {"GET", "/api/v1/clients", "--json"});
        CHECK(granted.exit_code == 0);
        const Json json = json_of(granted);
        CHECK(json.at("granted") == true);
        CHECK(json.at("live") == true);
        CHECK(json.at("note").is_null());
        CHECK(json.at("limits").at(1).at("remaining") == 599);
        CHECK_FALSE(json.contains("decision"));
    }
    const Ran refused = check(here, member, {"GET", "/api/v1/clients"});
    CHECK(refused.exit_code == 1);
    CHECK(contains(refused.out,
                   "granted           no\nstatus            403\n"
                   "reason            role_forbidden\nmessage           "));
    CHECK(contains(refused.out,
                   "\nwindow sustained  per member: 600 of 600 calls left in 60 s\n"
                   "decided           by the running server; nothing was spent\n"));
    CHECK(contains(refused.err, "the call would be refused: 403 role_forbidden"));
    CHECK_FALSE(contains(refused.out + refused.err, member.substr(22)));
    // Pasted with quotes: told as the caller would be.
    const Ran quoted = check(here, "\"" + token + "\"\n", {"GET", "/api/v1/clients", "--json"});
    CHECK(quoted.exit_code == 1);
    CHECK(json_of(quoted).at("reason") == "malformed_token");
    CHECK_FALSE(contains(quoted.out + quoted.err, token.substr(22)));
    const Ran nobody = check(here, "", {"GET", "/x", "--address", "192.0.2.1", "--json"});
    CHECK(json_of(nobody).at("reason") == "no_credentials");

    // Introspection, beside it.
    const auto introspected = [&](const std::string& body) {
        return ask.ask(
            "POST /_hourgate/introspect HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
            "application/x-www-form-urlencoded\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body);
    };
    const Answered active = introspected("token=" + token);
    CHECK(active.status == 200);
    CHECK(active.header("Cache-Control") == "no-store");
    const Json said = Json::parse(active.body);
    CHECK(said.at("active") == true);
    CHECK(said.at("username") == "manager@acme.example");
    CHECK(said.at("client_id") == prefix_of(token));
    CHECK(said.at("plan") == "studio");
    here.must({"token", "revoke", prefix_of(token)});
    CHECK(introspected("token=" + token).body == "{\"active\":false}\n");
    CHECK(introspected("token=" + member + "&token=x").status == 400);

    const Answered metrics = Wire(server.ports().admin).ask(get("/metrics"));
    CHECK(contains(metrics.body, "hourgate_decisions_total{reason=\"granted\"} 1\n"));
    CHECK(contains(metrics.body, "hourgate_decisions_total{reason=\"role_forbidden\"} 0\n"));
    CHECK(server.stop() == 0);
    CHECK_FALSE(contains(server.program().err(), "role_forbidden"));
    CHECK_FALSE(contains(server.program().err(), token.substr(22)));
}

TEST_CASE("without a server check decides from configuration and database, and says so") {
    const Installation here;
    here.populate();
    const std::string token = here.mint("manager@acme.example", {"--scope", "clients:read"});
    for (const bool is_off : {false, true}) {
        if (is_off)
            listen_on_socket(here);  // where nobody listens
        const Ran granted = check(here, token + "\r\n", {"GET", "/api/v1/clients?q=1", "--json"});
        CHECK(granted.exit_code == 0);
        CHECK(json_of(granted).at("live") == false);
        CHECK(json_of(granted).at("note").is_string());
        CHECK(json_of(granted).at("limits").at(0).at("remaining") == 30);
        const Ran refused = check(here, token, {"POST", "/api/v1/clients"});
        CHECK(refused.exit_code == 1);
        CHECK(contains(refused.out, "scope_missing"));
        CHECK(contains(refused.out, "windows are shown as if nothing had been called"));
    }
    here.must({"token", "revoke", prefix_of(token)});
    CHECK(contains(check(here, token, {"GET", "/api/v1/clients"}).out, "revoked_token"));
}

TEST_CASE("what is no question is wrong usage, and a token is no argument") {
    const Installation here;
    here.populate();
    const std::string token = here.mint("manager@acme.example");
    for (const Arguments& wrong :
         {Arguments{"GET"}, Arguments{"G T", "/x"}, Arguments{"GET", "x"},
          Arguments{"GET", "/x", "--address", "y"}, Arguments{"GET", "/x", "--token", "y"},
          Arguments{"GET", "/x?t=" + token}, Arguments{token, "/x"},
          Arguments{"GET", "/" + std::string(20'000, 'a')}}) {
        const Ran ran = check(here, "", wrong);
        CHECK(ran.exit_code == 2);
        CHECK(ran.out.empty());
        CHECK_FALSE(contains(ran.err, token.substr(22)));
    }
    CHECK(check(here, std::string(20'000, 'a'), {"GET", "/x"}).exit_code == 2);
    CHECK(check(here, "\xff", {"GET", "/x"}).exit_code == 2);
    const Ran help = run({binary(), "check", "--help"});
    CHECK(contains(help.out, "usage: hourgate check METHOD PATH [--address ADDRESS]"));
    CHECK(contains(help.out, "hourgate check GET /api/v1/clients < token.txt"));
}

namespace {

/// Somebody who listens where the ask listener should be, and notes who comes.
class Squatter {
public:
    Squatter() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof name;
        REQUIRE(bind(fd_, reinterpret_cast<const sockaddr*>(&name), size) == 0);
        REQUIRE(listen(fd_, 8) == 0);
        REQUIRE(getsockname(fd_, reinterpret_cast<sockaddr*>(&name), &size) == 0);
        port_ = ntohs(name.sin_port);
    }
    ~Squatter() { close(fd_); }
    Squatter(const Squatter&) = delete;
    Squatter& operator=(const Squatter&) = delete;

    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    /// Whether anybody has connected since this was asked before.
    [[nodiscard]] bool was_called() const {
        const int came = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
        if (came >= 0)
            close(came);
        return came >= 0;
    }
    /// From now on another user listens there, as far as the kernel knows.
    void belongs_to(uid_t user) const { REQUIRE(fchown(fd_, user, static_cast<gid_t>(-1)) == 0); }

private:
    const int fd_;
    std::uint16_t port_ = 0;
};

void ask_at(const Installation& here, const std::string& address) {
    std::string text = read_file(here.config());
    const std::string any = "ask = \"127.0.0.1:0\"";
    text.replace(text.find(any), any.size(), "ask = \"" + address + "\"");
    write_file(here.config(), text);
}

}  // namespace

TEST_CASE("while no server runs, whoever listens on the ask port is not sent the token") {
    const Installation here;
    here.populate();
    const std::string token = here.mint("manager@acme.example");
    const Squatter squatter;
    ask_at(here, squatter.address());
    const Ran ran = check(here, token + "\n", {"GET", "/api/v1/clients", "--json"});
    CHECK(ran.exit_code == 0);
    CHECK(json_of(ran).at("live") == false);
    CHECK(contains(json_of(ran).at("note").get<std::string>(), "no server runs on "));
    CHECK_FALSE(squatter.was_called());
}

TEST_CASE("while the server runs elsewhere, another user on the ask port is not sent the token") {
    if (geteuid() != 0)
        return;  // nobody else can be had
    const Installation here;
    here.populate();
    const std::string token = here.mint("manager@acme.example");
    Server server(here);
    const Squatter squatter;
    ask_at(here, squatter.address());
    squatter.belongs_to(65'534);
    const Ran ran = check(here, token + "\n", {"GET", "/api/v1/clients", "--json"});
    CHECK(ran.exit_code == 0);
    CHECK(contains(json_of(ran).at("note").get<std::string>(),
                   "another user listens on " + squatter.address()));
    CHECK_FALSE(squatter.was_called());
}

TEST_CASE("check repeats no argument that may be a token, wherever it stands") {
    const Installation here;
    here.populate();
    const std::string secret = "opensesame0123456789";
    for (const Arguments& words :
         {Arguments{"check", "GET", secret}, Arguments{"check", "Bearer " + secret, "/x"},
          Arguments{"check", secret, "GET", "/x"}, Arguments{"check", "GET", "/x", secret},
          Arguments{"check", "GET", "/x", "--token", secret}}) {
        const Ran ran = here.run(words);
        INFO(ran.err);
        CHECK(ran.exit_code == 2);
        CHECK_FALSE(contains(ran.out + ran.err, secret));
        CHECK(contains(ran.err, "next: "));
    }
}
