// CONNECT, TRACE and TRACK go nowhere; any other method is decided by the rows, and a public
// resource lets every one through.
#include <string>
#include <string_view>

#include "policy/off.h"
#include "support/catch.h"
#include "support/forwarding.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Request;
using hourgate::http::Response;

namespace {

constexpr std::string_view refused[] = {"CONNECT", "TRACE", "TRACK", "Trace", "connect"};
constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::string bare(std::string_view method, std::string_view target) {
    return std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: api.example\r\n" +
           (method == "CONNECT" ? "" : "X-Forwarded-For: 192.0.2.1\r\n") + "\r\n";
}

int status_in(const Response& answer) {
    const std::string told = header(answer, "X-Hourgate-Status");
    return told == "(absent)" ? answer.status : std::stoi(told);
}

}  // namespace

TEST_CASE("CONNECT, TRACE and TRACK reach no API, public resources and mode observe included") {
    for (const Mode mode : {Mode::enforce, Mode::observe}) {
        const Forwarding gate({}, mode);
        for (const std::string_view method : refused)
            for (const std::string& bytes :
                 {bare(method, "/health"), call(method, "/health"), call(method, "/clients/1"),
                  call(method, "/nowhere")}) {
                INFO(bytes);
                RawClient client = gate.client();
                client.send(bytes);
                const std::string answer = client.answer();
                CHECK(has(answer, "HTTP/1.1 405 "));
                CHECK(has(answer, "\r\nAllow: "));
                CHECK(has(answer, R"("reason":"method_not_allowed")"));
            }
        CHECK_FALSE(gate.api.has_caller());
    }
}

TEST_CASE("a method that the gate does not know is the API's to judge on a public resource alone") {
    const Forwarding gate;
    for (const std::string_view method : {"PROPFIND", "BREW", "OPTIONS", "HEAD"}) {
        INFO(method);
        RawClient client = gate.client();
        client.send(bare(method, "/health"));
        RawClient at_api = gate.api.accept();
        CHECK(at_api.head().starts_with(std::string(method) + " /health "));
        at_api.send(method == "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : ok);
        CHECK(has(client.head(), " 200 "));
    }
    RawClient client = gate.client();
    client.send(call("BREW", "/clients/1"));
    CHECK(has(client.answer(), "role_forbidden"));
}

TEST_CASE("a proxy that asks about CONNECT, TRACE or TRACK is told 405") {
    HttpBench bench;
    for (const std::string_view method : refused) {
        INFO(method);
        CHECK(status_in(bench.ask(HttpBench::nginx(method, "/health"))) == 405);
        CHECK(status_in(bench.ask(HttpBench::forwarded(method, "/health"))) == 405);
        CHECK(status_in(bench.ask(
                  HttpBench::request(std::string(method), "/_hourgate/auth/envoy/health"))) == 405);
    }
    CHECK(bench.left() == 3);
}

TEST_CASE("no resource can list a method that is passed on nowhere") {
    for (const char* method : {"CONNECT", "TRACE", "TRACK"}) {
        policy::PolicyConfig rules = small_rules();
        rules.resources[0].methods = {{method, policy::Action::read}};
        CHECK(says(off(rules), "which the gate passes on to no API"));
    }
}
