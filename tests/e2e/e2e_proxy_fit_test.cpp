// Behind a proxy that asks the gate, an API gets what it would get without one: WebSockets, bodies of
// any length, long heads. What is the proxy's own stays its own.
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "e2e/stage.h"
#include "support/catch.h"
#include "support/forwarding.h"
#include "support/waiting.h"

using namespace hourgate::e2e;
using hourgate::test::comes_true;
using hourgate::test::RawClient;
using hourgate::test::RawUpstream;

namespace {

/// A granted call's head, up to its last line.
std::string head_of(const Stage& stage, const std::string& method = "GET",
                    const std::string& more = "") {
    return method + " " + clients +
           " HTTP/1.1\r\nHost: api.example:8443\r\nAuthorization: Bearer " + stage.manager +
           "\r\n" + more;
}

constexpr const char* ok = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";

/// Waits until the API has a call or the client an answer. Returns whether the API has one.
bool reaches(const RawUpstream& api, const RawClient& client) {
    REQUIRE(comes_true([&] { return api.has_caller() || client.has_more(); }));
    return api.has_caller();
}

/// What the operator of nginx writes at the head of the location.
Edit in_location(const std::string& lines) {
    return [=](const std::string& text) {
        return replaced(text, "    location / {\n", "    location / {\n" + lines);
    };
}

}  // namespace

TEST_CASE("a WebSocket opens behind a proxy, and its bytes go both ways") {
    with_each_proxy([](const std::string& proxy) {
        const RawUpstream api;
        const Stage stage(proxy, "", Ask::by_port, {}, api.port());
        RawClient client = stage.front->connect();
        client.send(head_of(stage, "GET",
                            "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
                            "Sec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
        RawClient at_api = api.accept();
        const std::string head = hourgate::lower(at_api.head());
        INFO(head);
        CHECK(contains(head, "\r\nupgrade: websocket\r\n"));
        CHECK(contains(head, "\r\nconnection: upgrade\r\n"));
        at_api.send(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
        CHECK(contains(client.head(), " 101 "));
        client.send("ping");
        CHECK(at_api.read(4) == "ping");
        at_api.send("pong");
        CHECK(client.read(4) == "pong");
    });
}

// The gate would not see the calls that come after: h2c is how gates are passed by.
TEST_CASE("behind a proxy no caller begins a protocol that the gate does not see") {
    with_each_proxy([](const std::string& proxy) {
        const RawUpstream api;
        const Stage stage(proxy, "", Ask::by_port, {}, api.port());
        for (const std::string upgrade :
             {"h2c", "websocket, h2c", "h2c, websocket", "h2c\r\nUpgrade: websocket",
              "h2c\r\nUpgrade: h2c", "websocket/13", "TLS/1.0"}) {
            INFO(upgrade);
            RawClient client = stage.front->connect();
            client.send(head_of(stage, "GET",
                                "Connection: Upgrade, HTTP2-Settings\r\n"
                                "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nUpgrade: " +
                                    upgrade + "\r\n\r\n"));
            if (!reaches(api, client)) {  // HAProxy refuses a half-hearted WebSocket by itself
                CHECK(contains(client.head(), " 400 "));
                continue;
            }
            RawClient at_api = api.accept();
            const std::string head = hourgate::lower(at_api.head());
            INFO(head);
            CHECK_FALSE(contains(head, "\r\nupgrade: h2c"));
            CHECK_FALSE(contains(head, ", h2c"));
            CHECK_FALSE(contains(head, "\r\nupgrade: tls"));
            CHECK_FALSE(contains(head, "/13"));
            at_api.send(ok);
            CHECK(contains(client.head(), " 200 "));
        }
    });
}

// An API that builds its own address from scheme, Host and target reads another path otherwise.
TEST_CASE(
    "behind a proxy neither Host nor an absolute target leads to another path than was judged") {
    with_each_proxy([](const std::string& proxy) {
        const RawUpstream api;
        const Stage stage(proxy, "", Ask::by_port, {}, api.port());
        const std::vector<std::pair<std::string, std::string>> calls = {
            {"/health", ""},
            {"/health", "a\\api\\v1\\clients?"},
            {"/health", "a/api/v1/clients?"},
            {"/health", "a b"},
            {"/health", "x@y"},
            {"/health", "x?y"},
            {"/health", "x#y"},
            {"/health", "a,b"},
            {"/health", "a;b"},
            {"/health", "${x}"},
            {"/health", "evil\"><script>"},
            {"/health", "[::1"},
            {"http:///health/../api/v1/clients", ""},
            {"http:///health", ""},
            {"http://api.example/health", "api.example"},
            {"HTTP://api.example/health", "api.example"},
            {"ws://api.example/health", "api.example"},
            {"http://x@y/health", "x@y"},
            {"http://x?/health", "x?"},
            {"foo://api.example/health", "api.example"},
        };
        for (const auto& [target, host] : calls) {
            INFO(target << " at " << host);
            RawClient client = stage.front->connect();
            client.send("GET " + target + " HTTP/1.1\r\nHost: " + host +
                        "\r\nConnection: close\r\n\r\n");
            if (!reaches(api, client)) {
                const std::string answer = client.head();
                CHECK((contains(answer, " 400 ") || contains(answer, " 403 ") ||
                       contains(answer, " 404 ") || contains(answer, " 401 ")));
                continue;
            }
            RawClient at_api = api.accept();
            const std::string head = hourgate::lower(at_api.head());
            INFO(head);
            CHECK(head.find("get /health http/1.1\r\n") == 0);
            const std::size_t at = head.find("\r\nhost: ") + 8;
            const std::string name = head.substr(at, head.find("\r\n", at) - at);
            CHECK_FALSE(name.empty());
            CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_:") == name.npos);
            at_api.send(ok);
            CHECK(contains(client.head(), " 200 "));
        }
    });
}

TEST_CASE("behind a proxy bodies of any length reach the API, as they come") {
    with_each_proxy([](const std::string& proxy) {
        const RawUpstream api;
        const Stage stage(proxy, "", Ask::by_port, {}, api.port());
        constexpr std::size_t size = 3 << 20;
        RawClient client = stage.front->connect();
        client.send(head_of(stage, "POST", "Content-Length: " + std::to_string(size) + "\r\n\r\n") +
                    std::string(1'000, 'b'));
        RawClient at_api = api.accept();
        CHECK(contains(hourgate::lower(at_api.head()), "\r\nhost: api.example:8443\r\n"));
        CHECK(at_api.read(1'000).size() == 1'000);  // the rest is not sent yet
        client.send(std::string(size - 1'000, 'b'));
        CHECK(at_api.read_over(size - 1'000) == size - 1'000);
        at_api.send(ok);
        CHECK(contains(client.head(), " 200 "));
    });
}

TEST_CASE("behind a proxy an API's answer streams, and its head may be long") {
    with_each_proxy([](const std::string& proxy) {
        const RawUpstream api;
        const Stage stage(proxy, "", Ask::by_port, {}, api.port());
        for (const std::size_t size : {3'000U, 7'000U}) {
            RawClient client = stage.front->connect();
            client.send(
                head_of(stage, "GET", "Cookie: session=" + std::string(7'000, 'c') + "\r\n\r\n"));
            RawClient at_api = api.accept();
            CHECK(contains(at_api.head(), std::string(7'000, 'c')));
            at_api.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Long: " +
                        std::string(size, 'h') + "\r\nConnection: close\r\n\r\ndata: one\n\n");
            CHECK(contains(client.head(), std::string(size, 'h')));
            // The API has not ended its answer: what it said so far is here.
            std::string some = client.read(1);
            while (!contains(some, "data: one\n\n") && some.size() < 100)
                some += client.read(1);
            CHECK(contains(some, "data: one\n\n"));
        }
    });
}

TEST_CASE("what nginx refuses by itself keeps its status, and the gate's refusals theirs") {
    if (executable("nginx").empty()) {
        WARN("skipped: nginx is not installed");
        return;
    }
    const std::string deny = "        deny " + std::string(Front::client) + "; allow all;\n";
    const Stage denied("nginx", "", Ask::by_port, in_location(deny));
    const Answered refused = denied.get(denied.manager);
    CHECK(refused.status == 403);
    CHECK(refused.count("Retry-After") == 0);
    CHECK(contains(refused.body, "nginx"));
    const Stage broken("nginx", "", Ask::by_port, in_location("        return 500;\n"));
    CHECK(broken.get(broken.manager).status == 500);
    CHECK(contains(broken.get(broken.manager).body, "nginx"));
    const RawUpstream api;
    const Stage larger("nginx", "", Ask::by_port,
                       in_location("        client_max_body_size 100m;\n"), api.port());
    RawClient client = larger.front->connect();
    client.send(head_of(larger, "POST", "Content-Length: 2000000\r\n\r\n"));
    client.send(std::string(2'000'000, 'b'));
    RawClient at_api = api.accept();
    (void)at_api.head();
    CHECK(at_api.read_over(2'000'000) == 2'000'000);
    at_api.send(ok);
    CHECK(contains(client.head(), " 200 "));
    CHECK(reason_of(larger.get(larger.member)) == "role_forbidden");
    CHECK(reason_of(larger.get("")) == "no_credentials");
}
