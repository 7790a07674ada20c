// The real program in front of an API: a gigabyte either way in bounded memory, and an API that is
// killed and comes back.
#include <fstream>
#include <string>
#include <thread>

#include "e2e/installation.h"
#include "support/catch.h"
#include "support/forwarding.h"

using namespace hourgate::e2e;
using hourgate::test::has;
using hourgate::test::RawClient;
using hourgate::test::RawUpstream;
using hourgate::test::times;

namespace {

constexpr std::size_t gib = 1U << 30U;

long kib_of(pid_t pid, const std::string& what) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string word; status >> word;)
        if (word == what + ":") {
            long kib = 0;
            status >> kib;
            return kib;
        }
    return 0;
}

std::string upstream_at(std::uint16_t port) {
    return "[upstream]\nurl = \"http://127.0.0.1:" + std::to_string(port) + "\"\n";
}

std::string call(const std::string& token, const std::string& method,
                 const std::string& more = "") {
    return method + " /api/v1/clients HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + token +
           "\r\n" + more + "\r\n";
}

void send_bytes(RawClient& to, std::size_t bytes) {
    const std::string block(1U << 20U, 'x');
    for (std::size_t sent = 0; sent < bytes; sent += block.size())
        to.send(block);
}

}  // namespace

TEST_CASE("a gigabyte up and a gigabyte down pass in bounded memory") {
    RawUpstream api;
    const Installation here(upstream_at(api.port()));
    here.populate();
    const std::string token = here.mint("owner@acme.example");
    Server server(here);
    RawClient client(server.ports().public_);
    client.send(call(token, "GET"));
    RawClient behind = api.accept();
    CHECK_FALSE(has(behind.head(), "Authorization"));
    behind.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    (void)client.head();
    const long before = kib_of(server.program().pid(), "VmHWM");

    client.send(call(token, "POST", "Content-Length: " + std::to_string(gib) + "\r\n"));
    std::thread uploading([&] { send_bytes(client, gib); });
    (void)behind.head();
    CHECK(behind.read_over(gib) == gib);
    uploading.join();
    behind.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(gib) + "\r\n\r\n");
    std::thread downloading([&] { send_bytes(behind, gib); });
    CHECK(has(client.head(), "\r\nContent-Length: 1073741824\r\n"));
    CHECK(client.read_over(gib) == gib);
    downloading.join();
    const long after = kib_of(server.program().pid(), "VmHWM");
    INFO("KiB before " << before << ", at most " << after);
#ifndef __SANITIZE_ADDRESS__
    // A sanitizer keeps a note of every byte that was touched.
    CHECK(after - before < (is_shipped_kind() ? 2'048 : 65'536));
#endif
    CHECK(server.stop() == 0);
}

TEST_CASE("a token revoked from the command line ends the stream it opened") {
    RawUpstream api;
    const Installation here(upstream_at(api.port()));
    here.populate();
    const std::string token = here.mint("owner@acme.example");
    Server server(here);
    RawClient client(server.ports().public_);
    client.send(call(token, "GET"));
    RawClient behind = api.accept();
    (void)behind.head();
    behind.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
    (void)client.head();
    CHECK(client.read(14) == "9\r\ndata: 1\n\n\r\n");
    here.must({"token", "revoke", prefix_of(token)});
    CHECK(client.until_end().empty());
    CHECK(behind.ended());
    CHECK(server.stop() == 0);
}

TEST_CASE("an API that is killed and started again costs the calls between, and no more") {
    RawUpstream api;
    const Installation here(upstream_at(api.port()));
    here.populate();
    const std::string token = here.mint("owner@acme.example");
    Server server(here);
    RawClient client(server.ports().public_);
    const auto answered = [&] {
        RawClient behind = api.accept();
        (void)behind.head();
        behind.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
        return client.answer();
    };
    client.send(call(token, "GET"));
    CHECK(has(answered(), "\r\n\r\nok"));
    api.stop();
    client.send(call(token, "GET"));
    const std::string away = client.answer();
    CHECK(has(away, "HTTP/1.1 502 Bad Gateway\r\n"));
    CHECK(has(away, "\"reason\":\"upstream_unreachable\""));
    api.start();
    client.send(call(token, "GET"));
    CHECK(has(answered(), "\r\n\r\nok"));
    CHECK(server.stop() == 0);
}

TEST_CASE("an API whose name does not resolve is a warning at the start, and 502 until it does") {
    const Installation here("[upstream]\nurl = \"http://no-such-host.invalid:3000\"\n");
    here.populate();
    const std::string token = here.mint("owner@acme.example");
    Server server(here);
    CHECK(has(server.program().err(), "the name of an upstream does not resolve"));
    CHECK(has(server.program().err(), "upstream=no-such-host.invalid:3000"));
    RawClient client(server.ports().public_);
    client.send(call(token, "GET"));
    const std::string refused = client.answer();
    CHECK(has(refused, "HTTP/1.1 502 Bad Gateway\r\n"));
    CHECK(has(refused, "\"reason\":\"upstream_unreachable\""));
    server.program().wait_for("its name does not resolve");
    CHECK(server.stop() == 0);
}
