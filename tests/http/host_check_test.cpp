// Under which names the ask and admin listeners answer, whichever way a request takes.
#include <string>
#include <vector>

#include "http/decision/host_check.h"
#include "http/server/session.h"
#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using http::Carrier;
using http::Listener;
using http::Response;

namespace {

const std::vector<std::string> names = {"gate.example", "hourgate_ask"};

/// A gate that answers under `names`; what it says to a GET, the short way and the long way.
struct Gatehouse {
    Gatehouse() {
        http::Service::Settings settings = bench.settings();
        settings.trust.hosts = names;
        service.emplace(std::move(settings), bench.gate, bench.clock, bench.notes);
    }

    Response long_way(Listener listener, const http::Request& request) {
        return service->handle(listener, request);
    }

    /// The status line of the answer to these bytes.
    std::string said_to(Listener listener, const std::string& bytes,
                        Carrier carrier = Carrier::tcp) {
        const std::atomic<bool> ending{false};
        http::Session session(listener, Address::loopback(), *service, ending, nullptr, carrier);
        session.take(bytes);
        if (session.phase() == http::Session::Phase::work)
            session.work();
        const std::string said(session.output());
        return said.substr(0, said.find("\r\n"));
    }

    HttpBench bench;
    std::optional<http::Service> service;
};

std::string get(const std::string& target, const std::string& host,
                const std::string& version = "1.1") {
    return "GET " + target + " HTTP/" + version + "\r\n" + (host.empty() ? "" : host + "\r\n") +
           "\r\n";
}

}  // namespace

TEST_CASE("an IP address, localhost and a configured name are known, with a port or without") {
    for (const std::string host :
         {"127.0.0.1", "127.0.0.1:8403", "192.0.2.7", "192.0.2.7:1", "[::1]", "[::1]:8403",
          "[2001:db8::7]:80", "localhost", "LocalHost", "localhost:8403", "localhost.",
          "localhost.:8403", "localhost:", "127.0.0.1:", "127.0.0.1.", "gate.example",
          "GATE.Example:443", "gate.example.", "hourgate_ask:8401"}) {
        INFO(host);
        CHECK(http::is_known_host(host, names));
    }
}

TEST_CASE("no other name is known, whatever it looks like") {
    for (const std::string host : {"",
                                   ":",
                                   ":8403",
                                   ".",
                                   "evil.example",
                                   "evil.example:8403",
                                   "localhost.evil.example",
                                   "127.0.0.1.evil.example",
                                   "127.0.0.1.nip.io",
                                   "localhost..",
                                   "alocalhost",
                                   "localhos",
                                   "gate.example.evil",
                                   "evil.gate.example",
                                   "gate",
                                   "gate.example@evil.example",
                                   "evil.example#localhost",
                                   "localhost:80:80",
                                   "localhost:http",
                                   "localhost:70000",
                                   "[::1",
                                   "::1]",
                                   "[localhost]",
                                   "[gate.example]",
                                   "127.0.0.1:80:80",
                                   "2130706433",
                                   "0x7f.1",
                                   "127.1",
                                   "localhost evil",
                                   "localhost,evil.example",
                                   "localhost\t"}) {
        INFO(host);
        CHECK_FALSE(http::is_known_host(host, names));
    }
}

TEST_CASE("a page that has its own name resolve to the gate reads nothing and decides nothing") {
    Gatehouse gate;
    for (const std::string path :
         {"/metrics", "/admin/v1/tokens", "/_hourgate/healthz", "/_hourgate/readyz",
          "/_hourgate/openapi.json", "/_hourgate/errors", "/nowhere"}) {
        INFO(path);
        CHECK(gate.said_to(Listener::admin, get(path, "Host: evil.example:8403")) ==
              "HTTP/1.1 421 Misdirected Request");
    }
    for (const std::string path :
         {"/_hourgate/auth/nginx", "/_hourgate/denied", "/_hourgate/auth/caddy",
          "/_hourgate/auth/traefik", "/_hourgate/auth/envoy/clients", "/_hourgate/errors"}) {
        INFO(path);
        CHECK(gate.said_to(Listener::ask, get(path, "Host: evil.example")) ==
              "HTTP/1.1 421 Misdirected Request");
    }
    for (const std::string path : {"/_hourgate/verify", "/_hourgate/introspect"}) {
        INFO(path);  // before its body is read
        CHECK(gate.said_to(Listener::ask, "POST " + path +
                                              " HTTP/1.1\r\nHost: evil\r\nContent-Type: "
                                              "application/json\r\nContent-Length: 100\r\n\r\n") ==
              "HTTP/1.1 421 Misdirected Request");
    }
    CHECK(gate.said_to(Listener::admin,
                       "POST /admin/v1/workspaces HTTP/1.1\r\nHost: evil\r\nContent-Type: "
                       "application/json\r\nContent-Length: 100\r\n\r\n") ==
          "HTTP/1.1 421 Misdirected Request");
    CHECK(gate.bench.notes.told.empty());
    CHECK(gate.bench.failures.entries() == 0);
    CHECK(gate.bench.notes.hosts.size() == 7 + 6 + 2 + 1);
    CHECK(gate.bench.notes.hosts.front() == "admin evil.example:8403");
}

TEST_CASE("the answer to an unknown name says which it was and which key lists the known ones") {
    Gatehouse gate;
    http::Request request = HttpBench::request("GET", "/metrics");
    request.headers[0].value = "evil.example\x1b[31m<b>";
    const Response answer = gate.long_way(Listener::admin, request);
    CHECK(answer.status == 421);
    CHECK(answer.body.find(R"("reason":"unknown_host")") != std::string::npos);
    CHECK(answer.body.find("[server] hosts") != std::string::npos);
    CHECK(answer.body.find("evil.example") != std::string::npos);
    CHECK(answer.body.find('\x1b') == std::string::npos);
    CHECK(answer.body.size() < 1'000);
}

TEST_CASE("under a known name, over a Unix socket and on the public listener all is as it was") {
    Gatehouse gate;
    CHECK(gate.said_to(Listener::admin, get("/metrics", "Host: gate.example")) ==
          "HTTP/1.1 200 OK");
    CHECK(gate.said_to(Listener::admin, get("/metrics", "Host: 127.0.0.1:8403")) ==
          "HTTP/1.1 200 OK");
    CHECK(gate.said_to(Listener::admin, get("/metrics", "Host: evil.example"),
                       Carrier::unix_socket) == "HTTP/1.1 200 OK");
    CHECK(gate.said_to(Listener::public_, get("/_hourgate/healthz", "Host: evil.example")) ==
          "HTTP/1.1 200 OK");
    CHECK(gate.bench.notes.hosts.empty());
}

TEST_CASE("a request of HTTP/1.0 that names no host is answered, one that names a wrong one not") {
    Gatehouse gate;
    CHECK(gate.said_to(Listener::admin, get("/_hourgate/readyz", "", "1.0")) == "HTTP/1.1 200 OK");
    CHECK(gate.said_to(Listener::admin, get("/_hourgate/readyz", "Host: evil.example", "1.0")) ==
          "HTTP/1.1 421 Misdirected Request");
    CHECK(gate.said_to(Listener::admin, get("/_hourgate/readyz", "Host:")) ==
          "HTTP/1.1 400 Bad Request");
}

TEST_CASE("a target in absolute form names a host, too") {
    Gatehouse gate;
    CHECK(gate.said_to(Listener::admin, get("http://evil.example/metrics", "Host: localhost")) ==
          "HTTP/1.1 421 Misdirected Request");
    CHECK(gate.said_to(Listener::ask,
                       get("http://evil.example/_hourgate/auth/caddy", "Host: localhost")) ==
          "HTTP/1.1 421 Misdirected Request");
    CHECK(gate.said_to(Listener::admin, get("http://localhost/metrics", "Host: localhost")) ==
          "HTTP/1.1 200 OK");
}

TEST_CASE("a stranger on the ask listener is told nothing, whatever name it calls, and is noted") {
    Gatehouse gate;
    for (const std::string host : {"localhost", "evil.example"}) {
        http::Request request = HttpBench::forwarded("GET", "/clients");
        request.headers[0].value = host;
        request.peer = *Address::parse("198.51.100.4");
        const Response answer = gate.long_way(Listener::ask, request);
        CHECK(answer.status == 404);
        CHECK(answer.body.empty());
    }
    CHECK(gate.bench.notes.strangers == std::vector<std::string>{"198.51.100.4", "198.51.100.4"});
    CHECK(gate.bench.notes.hosts.empty());
}
