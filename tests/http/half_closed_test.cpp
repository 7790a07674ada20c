// A client that has sent all its requests and says so by closing its half of the connection: each
// request that came whole is answered, on every listener and by every thread.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/forwarding.h"

using namespace hourgate;
using namespace hourgate::test;

namespace {

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

}  // namespace

TEST_CASE("two calls sent at once are both answered after the client's half is closed") {
    const std::string healthz = get("/_hourgate/healthz");
    const std::string is_gate_route = call("GET", "/_hourgate/api/v1/me");
    const std::string refused = get("/clients/1");
    const std::string upload = call("POST", "/clients", "Content-Length: 4\r\n") + "body";
    const std::vector<std::pair<std::string, std::string>> ours = {
        {healthz, "HTTP/1.1 200 "}, {is_gate_route, "HTTP/1.1 200 "}, {refused, "HTTP/1.1 401 "}};
    // One of ours behind a forwarded one, which is answered before or after the end is seen.
    for (const auto& [second, status] : ours) {
        for (const bool seen_first : {false, true}) {
            CAPTURE(second, seen_first);
            Forwarding gate({}, Mode::enforce, 1);
            RawClient client = gate.client();
            client.send(call() + second);
            client.finish_sending();
            RawClient api = gate.api.accept();
            (void)api.head();
            if (seen_first) {
                // Another connection of the same loop is answered after the end was read.
                RawClient other = gate.client();
                other.send(healthz);
                (void)other.answer();
            }
            api.send(ok);
            CHECK(client.answer().ends_with("\r\n\r\nhello"));
            const std::string answer = client.answer();
            CHECK(answer.starts_with(status));
            CHECK(client.ended());
        }
    }
    // A forwarded one behind one of ours.
    for (const auto& [first, status] : ours) {
        CAPTURE(first);
        Forwarding gate({}, Mode::enforce, 1);
        RawClient client = gate.client();
        client.send(first + upload);
        client.finish_sending();
        RawClient api = gate.api.accept();
        (void)api.head();
        CHECK(api.read(4) == "body");
        api.send(ok);
        CHECK(client.answer().starts_with(status));
        CHECK(client.answer().ends_with("\r\n\r\nhello"));
        CHECK(client.ended());
    }
    // Three to the API, the second with a body.
    Forwarding gate({}, Mode::enforce, 1);
    RawClient client = gate.client();
    client.send(call("GET", "/clients/1") + upload + call("GET", "/clients/3"));
    client.finish_sending();
    RawClient api = gate.api.accept();
    for (const char* line : {"GET /clients/1 ", "POST /clients ", "GET /clients/3 "}) {
        CHECK(has(api.head(), line));
        if (std::string_view(line).starts_with("POST"))
            CHECK(api.read(4) == "body");
        api.send(ok);
        CHECK(client.answer().ends_with("\r\n\r\nhello"));
    }
    CHECK(client.ended());
    CHECK_FALSE(gate.api.has_caller());
}

TEST_CASE("requests sent at once on the ask and admin listeners are all answered after the end") {
    const std::string body = R"({"token":"","method":"GET","path":"/clients/1"})";
    const std::string verify =
        "POST /_hourgate/verify HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
        "Content-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
    const std::vector<std::pair<http::Listener, std::vector<std::string>>> cases = {
        {http::Listener::ask, {nginx("/clients/1"), verify, nginx("/clients/2")}},
        {http::Listener::ask, {verify, verify}},
        {http::Listener::admin, {get("/metrics"), get("/_hourgate/healthz"), get("/metrics")}},
        {http::Listener::public_, {get("/_hourgate/healthz"), get("/_hourgate/readyz")}}};
    for (const auto& [listener, requests] : cases) {
        Running running(listener);
        RawClient client = running.client();
        std::string all;
        for (const std::string& request : requests)
            all += request;
        client.send(all);
        client.finish_sending();
        const std::string said = client.until_end();
        CAPTURE(all, said);
        CHECK(times(said, "HTTP/1.1 ") == requests.size());
        CHECK(times(said, "HTTP/1.1 20") == requests.size());
    }
}

TEST_CASE("a part of a second request after which nothing comes is not answered") {
    Forwarding gate({}, Mode::enforce, 1);
    RawClient client = gate.client();
    client.send(call() + "GET /clients/2 HTTP/1.1\r\nHo");
    client.finish_sending();
    RawClient api = gate.api.accept();
    (void)api.head();
    api.send(ok);
    CHECK(client.answer().ends_with("\r\n\r\nhello"));
    CHECK(client.ended());
    CHECK_FALSE(gate.api.has_caller());
}
