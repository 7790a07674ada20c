// Sockets that a service manager made and passed on, with the real program: a restart refuses
// nobody, and what does not fit is said before anything is answered.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "e2e/installation.h"
#include "support/catch.h"
#include "support/waiting.h"

using namespace hourgate::e2e;
using hourgate::test::comes_true;

namespace {

/// A socket as a .socket unit makes it: bound, and listening unless it is to be no good.
class Made {
public:
    enum class Kind { listening, bound, datagram };

    explicit Made(Kind kind = Kind::listening)
        : fd_(::socket(AF_INET, (kind == Kind::datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC,
                       0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
        if (kind == Kind::listening)
            REQUIRE(::listen(fd_, 4'096) == 0);
        REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
    }
    explicit Made(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(fd_, 4'096) == 0);
    }
    ~Made() { ::close(fd_); }
    Made(const Made&) = delete;
    Made& operator=(const Made&) = delete;

    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

private:
    int fd_;
    std::uint16_t port_ = 0;
};

/// What a server says that does not start, on one passed socket.
std::string refused(const Installation& here, const PassedOn& passed) {
    Program program(here.words({"serve"}), {}, passed);
    CHECK(program.wait() == 1);
    const std::string said = program.err();
    INFO(said);
    CHECK(contains(said, "hourgate: "));
    CHECK(contains(said, "  next: "));
    CHECK_FALSE(contains(said, "msg=listening"));
    return said;
}

void replace(const Installation& here, const std::string& from, const std::string& to) {
    std::string config = read_file(here.config());
    REQUIRE(contains(config, from));
    write_file(here.config(), config.replace(config.find(from), from.size(), to));
}

/// What clients of a server that is restarted again and again have met.
struct Met {
    std::atomic<int> answers{0};
    std::atomic<int> refused{0};  // no connection could be made
    std::atomic<int> lost{0};     // a new connection ended without the answer to its request
    std::atomic<int> broken{0};   // an answer that is not whole
    std::atomic<bool> over{false};
};

/// Asks until it is over, on one connection for as long as it is kept, or on a new one each time.
void keep_asking(std::uint16_t port, const std::string& asked, bool kept, Met& met) {
    using std::chrono::steady_clock;
    std::unique_ptr<Wire> wire;
    bool used = false;
    while (!met.over) {
        const auto before = steady_clock::now();
        if (!wire) {
            try {
                wire = std::make_unique<Wire>(port);
            } catch (const std::runtime_error&) {
                ++met.refused;
                return;
            }
            used = false;
        }
        wire->send(asked);
        // A new connection has a second for its first request; on a busy machine it may need more.
        const bool in_time = steady_clock::now() - before < std::chrono::milliseconds(500);
        const Answered answered = wire->receive();
        if (answered.status == 0 && !used && in_time)
            ++met.lost;
        if (answered.status != 0 && answered.body.empty() != (answered.status == 200))
            ++met.broken;
        if (answered.status != 0)
            ++met.answers;
        // Closed while it was idle: the request is sent again, as every client of HTTP/1.1 does.
        if (answered.status == 0 || !kept || answered.header("Connection") == "close")
            wire.reset();
        used = true;
    }
}

}  // namespace

TEST_CASE("a passed socket is served, and another server goes on with who came in between") {
    const Installation here;
    here.populate();
    const std::string token = here.mint("manager@acme.example");
    const Made ask;
    {
        Server server(here, {{"ask", ask.fd()}});
        CHECK(server.ports().ask == ask.port());
        CHECK(contains(
            server.program().err(),
            "msg=\"listening socket was passed on\" listener=ask address=" + ask.address() + "\n"));
        CHECK(server.status(token) == 200);
        CHECK(server.stop() == 0);
    }
    Wire between(ask.port());  // nobody is there to accept it
    between.send(question(token, "/api/v1/clients"));
    Server next(here, {{"ask", ask.fd()}});
    CHECK(between.receive().status == 200);
    CHECK(next.stop() == 0);
}

TEST_CASE("restarted under load, no connection is refused, no request on a new one is lost") {
    const Installation here;
    here.populate();
    here.must({"plan", "set", "studio", "--api", "yes", "--window", "wide=10000000/60"});
    const std::string asked = question(here.mint("manager@acme.example"), "/api/v1/clients");
    const Made ask;
    auto server = std::make_unique<Server>(here, PassedOn{{"ask", ask.fd()}});
    Met met;
    std::vector<std::thread> clients;
    for (int at = 0; at < 8; ++at)
        clients.emplace_back([&, at] { keep_asking(ask.port(), asked, at % 2 == 0, met); });
    for (int round = 0; round < 6; ++round) {
        const int before = met.answers;
        CHECK(comes_true([&] { return met.answers >= before + 200 || met.refused > 0; }));
        CHECK(server->stop() == 0);
        CHECK(contains(server->program().err(), "msg=stopped cut=0"));
        server = std::make_unique<Server>(here, PassedOn{{"ask", ask.fd()}});
    }
    met.over = true;
    for (std::thread& client : clients)
        client.join();
    CHECK(met.refused == 0);
    CHECK(met.lost == 0);
    CHECK(met.broken == 0);
    CHECK(server->stop() == 0);
}

TEST_CASE("all three listeners may be passed on, in any order, a Unix socket among them") {
    const Installation here;
    const std::string path = here.folder().file("ask.sock");
    replace(here, "ask = \"127.0.0.1:0\"", "ask = \"unix:" + path + "\"");
    here.populate();
    const std::string token = here.mint("manager@acme.example");
    const Made open, admin, ask(path);
    for (int round = 0; round < 2; ++round) {
        Server server(here, {{"admin", admin.fd()}, {"ask", ask.fd()}, {"public", open.fd()}});
        CHECK(server.ports().public_ == open.port());
        CHECK(server.ports().admin == admin.port());
        CHECK(Wire(path).ask(question(token, "/api/v1/clients")).status == 200);
        CHECK(Wire(open.port()).ask(get("/_hourgate/healthz")).status == 200);
        CHECK(Wire(admin.port()).ask(get("/metrics")).status == 200);
        CHECK(server.stop() == 0);
        CHECK(exists(path));  // it is not the server's to remove
    }
}

TEST_CASE("of the places of a listener some are passed on, and the server opens the others") {
    const Installation here;
    const std::string path = here.folder().file("own.sock");
    const Made ask;
    replace(here, "ask = \"127.0.0.1:0\"",
            "ask = [\"unix:" + path + "\", \"" + ask.address() + "\"]");
    here.populate();
    const std::string asked = question(here.mint("manager@acme.example"), "/api/v1/clients");
    for (int round = 0; round < 2; ++round) {
        Server server(here, {{"ask", ask.fd()}});
        CHECK(Wire(path).ask(asked).status == 200);
        CHECK(Wire(ask.port()).ask(asked).status == 200);
        CHECK(server.stop() == 0);
        CHECK_FALSE(exists(path));
    }
}

TEST_CASE("a passed socket that does not fit is named, with what to change, and nobody is served") {
    const Installation here;
    here.must({"init"});
    const Made good, other, bound(Made::Kind::bound), datagram(Made::Kind::datagram);
    CHECK(contains(refused(here, {{"hourgate.socket", good.fd()}}),
                   "a socket was passed on as 'hourgate.socket', and no listener is called so\n  "
                   "next: set FileDescriptorName= in its .socket unit to one of public, ask, "
                   "admin\n"));
    CHECK(contains(refused(here, {{"ask", good.fd()}, {"ask", other.fd()}}),
                   "more sockets were passed on for [server] ask than it has places"));
    CHECK(contains(refused(here, {{"ask", bound.fd()}}),
                   "what was passed on as 'ask' does not listen\n  next: set Accept=no"));
    CHECK(contains(refused(here, {{"ask", datagram.fd()}}),
                   "what was passed on as 'ask' is no stream socket\n  next: use ListenStream="));
    std::array<int, 2> pipe{};
    REQUIRE(::pipe(pipe.data()) == 0);
    CHECK(contains(refused(here, {{"ask", pipe[0]}}), "what was passed on as 'ask' is no socket"));
    ::close(pipe[0]);
    ::close(pipe[1]);
    // Each of them is as it was.
    for (const Made* one : {&good, &other}) {
        Wire waiting(one->port());
        Server server(here, {{"public", one->fd()}});
        CHECK(waiting.ask(get("/_hourgate/healthz")).status == 200);
    }
}

TEST_CASE("a passed socket elsewhere than the configuration says is refused, naming both places") {
    const Installation here;
    here.must({"init"});
    const Made made, elsewhere;
    replace(here, "ask = \"127.0.0.1:0\"", "ask = \"" + elsewhere.address() + "\"");
    CHECK(contains(refused(here, {{"ask", made.fd()}}),
                   "what was passed on as 'ask' listens on " + made.address() +
                       ", but [server] ask is " + elsewhere.address() +
                       "\n  next: make the two the same: ListenStream= in its .socket unit, and "
                       "[server] ask in the configuration\n"));
    replace(here, elsewhere.address(), "[::1]:" + std::to_string(made.port()));
    CHECK(contains(refused(here, {{"ask", made.fd()}}), "but [server] ask is [::1]:"));
    replace(here, "[::1]:" + std::to_string(made.port()), "unix:/run/x");
    CHECK(contains(refused(here, {{"ask", made.fd()}}), "but [server] ask is unix:/run/x"));
    const std::string path = here.folder().file("s");
    const Made unix_socket(path);
    CHECK(contains(refused(here, {{"ask", unix_socket.fd()}}), "listens on unix:" + path));
    replace(here, "unix:/run/x", "");
    CHECK(contains(refused(here, {{"ask", made.fd()}}),
                   "a socket was passed on as 'ask', but [server] ask is off\n  next: disable its "
                   ".socket unit"));
    replace(here, "ask = \"\"", "ask = \"localhost:" + std::to_string(made.port()) + "\"");
    Server server(here, {{"ask", made.fd()}});
    CHECK(contains(server.program().err(), "listener=ask address=localhost:"));
    CHECK(server.stop() == 0);
}

TEST_CASE("variables that are for another process are left alone") {
    const Installation here;
    here.must({"init"});
    const Made made;
    Program program(here.words({"serve"}), {"LISTEN_PID=1", "LISTEN_FDS=1", "LISTEN_FDNAMES=ask"});
    const Ports ports = ports_in(program.wait_for("msg=listening "));
    CHECK(ports.ask != 0);
    program.signal(SIGTERM);
    CHECK(program.wait() == 0);
    CHECK_FALSE(contains(program.err(), "passed on"));
}

TEST_CASE("systemd-socket-activate, where it is installed, starts a server that answers") {
    if (!installed("systemd-socket-activate")) {
        WARN("skipped: needs systemd-socket-activate");
        return;
    }
    const Installation here;
    const std::string path = here.folder().file("ask.sock");
    replace(here, "ask = \"127.0.0.1:0\"", "ask = \"unix:" + path + "\"");
    here.populate();
    const std::string token = here.mint("manager@acme.example");
    Arguments words = {"systemd-socket-activate", "--listen=" + path, "--fdname=ask"};
    for (const std::string& word : here.words({"serve"}))
        words.push_back(word);
    Program program(words);
    program.wait_for("Listening on");
    Wire first(path);  // the server is started for it
    CHECK(first.ask(question(token, "/api/v1/clients")).status == 200);
    program.wait_for("msg=\"listening socket was passed on\" listener=ask");
    program.signal(SIGTERM);
    CHECK(program.wait() == 0);
    CHECK(exists(path));
}
