// A refusal reaches a caller who sends a large body, also one who looks for no answer before all of
// it is sent: straight from the gate, and through a proxy that forwards to it.
#include <csignal>
#include <string>
#include <thread>

#include "e2e/front.h"
#include "e2e/installation.h"
#include "e2e/stage.h"
#include "e2e/upstream.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

constexpr std::size_t piece_bytes = 1U << 20U;
constexpr std::size_t pieces = 96;

std::string head(const std::string& target, const std::string& more = "") {
    return "POST " + target + " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n" + more +
           "Content-Length: " + std::to_string(pieces * piece_bytes) + "\r\n\r\n";
}

/// What a caller gets who sends everything first. It may be told to stop earlier.
Answered after_all(Wire& wire, const std::string& bytes) {
    const std::string piece(piece_bytes, ' ');
    bool goes_on = wire.send(bytes);
    for (std::size_t sent = 0; goes_on && sent < pieces; ++sent)
        goes_on = wire.send(piece);
    return wire.receive();
}

/// A gate that forwards, with the ports that it has in its configuration.
class Gate {
public:
    explicit Gate(std::uint16_t api_port)
        : here("[trust]\nproxies = [\"127.0.0.1/32\"]\n[upstream]\nurl = \"http://127.0.0.1:" +
               std::to_string(api_port) + "\"\n") {
        here.populate();
        server = std::make_unique<Server>(here);
        write_file(
            here.config(),
            replaced(read_file(here.config()), "public = \"127.0.0.1:0\"",
                     "public = \"127.0.0.1:" + std::to_string(server->ports().public_) + "\""));
    }
    const Installation here;
    std::unique_ptr<Server> server;
};

}  // namespace

TEST_CASE("a refusal reaches a caller who sends 96 MB before looking for it") {
    Upstream api;
    const Gate gate(api.port());
    for (const char* target : {"/api/v1/clients", "/_hourgate/api/v1/tokens"}) {
        INFO(target);
        Wire wire(gate.server->ports().public_);
        const Answered answer = after_all(wire, head(target));
        CHECK(answer.status == 401);
        CHECK(reason_of(answer) == "no_credentials");
    }
    Wire wire(gate.server->ports().public_);
    const Answered path = after_all(wire, head("/api/v1//clients"));
    CHECK(path.status == 400);
    CHECK(reason_of(path) == "path_ambiguous");
    CHECK(api.take().empty());
}

TEST_CASE("through a proxy in front, the refusal of a large body is the gate's") {
    with_each_proxy([](const std::string& proxy) {
        Upstream api;
        const Gate gate(api.port());
        const Folder folder;
        const Front front(proxy, folder, in_front(proxy, gate.here.config()));
        const std::string place = front.url().substr(7);
        const std::size_t colon = place.find(':');
        for (int round = 0; round < 3; ++round) {
            Wire wire(place.substr(0, colon),
                      static_cast<std::uint16_t>(std::stoi(place.substr(colon + 1))),
                      Front::client);
            const Answered answer = after_all(wire, head("/api/v1/clients"));
            INFO(answer.body);
            CHECK(answer.status == 401);
            CHECK(reason_of(answer) == "no_credentials");
        }
        CHECK(api.take().empty());
    });
}

TEST_CASE("a stop does not wait for callers who go on sending after their refusal") {
    Upstream api;
    const Gate gate(api.port());
    Wire wire(gate.server->ports().public_);
    REQUIRE(wire.send(head("/api/v1/clients") + std::string(1'000, ' ')));
    CHECK(wire.receive().status == 401);
    std::thread sender([&] {
        const std::string piece(1'000, ' ');
        while (wire.send(piece))
            std::this_thread::yield();
    });
    CHECK(gate.server->stop() == 0);
    sender.join();
}
