// What Traefik and Envoy ask, byte for byte as their documentation and sources say, and which of the
// answers let a call pass there: Traefik any 2xx, Envoy exactly 200. Neither is started by a test.
#include <atomic>
#include <string>

#include "http/decision/request_refusals.h"
#include "http/server/session.h"
#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Listener;
using hourgate::http::Session;

namespace {

/// The answer to these bytes, with the id of the decision as dec_ID and without its Date.
std::string answer_to(HttpBench& bench, const std::string& bytes) {
    const std::atomic<bool> ending{false};
    Session session(Listener::ask, Address::loopback(), bench.service, ending);
    session.take(bytes);
    if (session.phase() == Session::Phase::work)
        session.work();
    REQUIRE(session.phase() == Session::Phase::answer);
    std::string text(session.output());
    if (const auto at = text.find("dec_"); at != text.npos)
        text.replace(at + 4, 32, "ID");
    if (const auto at = text.find("Date: "); at != text.npos)
        text.erase(at, text.find('\n', at) + 1 - at);
    return text;
}

std::string status_line(const std::string& answer) {
    return answer.substr(0, answer.find("\r\n"));
}

/// doc.traefik.io, ForwardAuth: a GET with all headers of the client's but the hop-by-hop ones, and
/// X-Forwarded-Method, -Proto, -Host, -Uri and -For of its own.
std::string traefik(const std::string& method, const std::string& uri,
                    const std::string& more = "Authorization: Bearer " + HttpBench::token() +
                                              "\r\n") {
    return "GET /_hourgate/auth/traefik HTTP/1.1\r\n"
           "Host: 127.0.0.1:8401\r\n"
           "User-Agent: curl/8.5.0\r\n"
           "Accept: */*\r\n" +
           more +
           "X-Forwarded-For: 192.0.2.1\r\n"
           "X-Forwarded-Host: api.example.com\r\n"
           "X-Forwarded-Method: " +
           method +
           "\r\n"
           "X-Forwarded-Port: 443\r\n"
           "X-Forwarded-Proto: https\r\n"
           "X-Forwarded-Server: edge\r\n"
           "X-Forwarded-Uri: " +
           uri +
           "\r\n"
           "X-Real-Ip: 192.0.2.1\r\n"
           "Accept-Encoding: gzip\r\n\r\n";
}

/// envoyproxy.io, ext_authz of an HTTP service: the client's method, path_prefix before the client's
/// path, Content-Length 0, Authorization, and the allowed headers. `hops` is X-Forwarded-For with
/// use_remote_address.
std::string envoy(const std::string& method, const std::string& path,
                  const std::string& hops = "192.0.2.1",
                  const std::string& more = "authorization: Bearer " + HttpBench::token() +
                                            "\r\n") {
    return method + " /_hourgate/auth/envoy" + path +
           " HTTP/1.1\r\n"
           "host: api.example.com\r\n"
           "content-length: 0\r\n" +
           more +
           "accept: */*\r\n"
           "x-forwarded-for: " +
           hops +
           "\r\n"
           "x-envoy-internal: true\r\n"
           "x-envoy-expected-rq-timeout-ms: 2000\r\n\r\n";
}

constexpr const char* granted = R"(HTTP/1.1 200 OK
X-Hourgate-Workspace: ws_a
X-Hourgate-Member: mem_a
X-Hourgate-Role: manager
X-Hourgate-Plan: studio
X-Hourgate-Token: 4f8a2c1bdedf
X-Hourgate-Env: live
X-Hourgate-Scopes: 
X-Hourgate-Own: 
X-Hourgate-Decision: dec_ID
Cache-Control: no-store
X-RateLimit-Limit: 5
X-RateLimit-Remaining: 4
X-RateLimit-Reset: 1780000060
RateLimit-Policy: "burst";q=3;w=10, "sustained";q=5;w=60
RateLimit: "burst";r=2;t=10, "sustained";r=4;t=60
Content-Length: 0
Connection: keep-alive
)";

std::string without_carriage_returns(std::string text) {
    std::erase(text, '\r');
    return text;
}

/// A bench on which a GET of /clients/1 is refused with this status.
void prepare(HttpBench& bench, int status) {
    if (status == 401)
        bench.facts.token.revoked_ms = bench.now.wall_ms;
    if (status == 402)
        bench.facts.workspace.plan_id = 1;
    if (status == 403)
        bench.facts.member.role = Role::member;
    if (status == 429)
        bench.spend(3);
    if (status == 503)
        bench.directory.fails = true;
    bench.put();
}

}  // namespace

TEST_CASE("Traefik's question about a call is granted with 200, and counted") {
    for (const char* method : {"GET", "POST", "DELETE"}) {
        HttpBench bench;
        const std::string answer = answer_to(bench, traefik(method, "/clients/1?page=2"));
        CHECK(without_carriage_returns(answer) == std::string(granted) + "\n");
        CHECK(bench.left() == 2);
        CHECK(bench.notes.unknown == 0);
    }
}

TEST_CASE("Envoy's question about a call is granted with 200, and counted, whatever the method") {
    for (const char* method : {"GET", "POST", "PUT", "DELETE"}) {
        HttpBench bench;
        const std::string answer = answer_to(bench, envoy(method, "/clients/1?page=2"));
        CHECK(without_carriage_returns(answer) == std::string(granted) + "\n");
        CHECK(bench.left() == 2);
        CHECK(bench.notes.unknown == 0);
    }
}

TEST_CASE("no refusal is a status that Traefik or Envoy lets pass") {
    for (const int status : {401, 402, 403, 429, 503}) {
        for (const std::string& question :
             {traefik("GET", "/clients/1"), envoy("GET", "/clients/1")}) {
            HttpBench bench;
            prepare(bench, status);
            const std::uint32_t left = bench.left();
            const std::string answer = answer_to(bench, question);
            CHECK(status_line(answer).find("HTTP/1.1 " + std::to_string(status)) == 0);
            CHECK(answer.find("\"decision\":\"dec_") != answer.npos);
            CHECK((answer.find("\r\nRetry-After: ") != answer.npos) == (status == 429));
            CHECK((answer.find("\r\nWWW-Authenticate: ") != answer.npos) ==
                  (status == 401 || status == 403));
            CHECK(bench.left() == left);
        }
    }
    for (const std::string& question :
         {traefik("GET", "/clients//1"), traefik("GET", "/clients/1", "X-Hourgate-Role: owner\r\n"),
          traefik("GET", "/clients/1", "X_hourgate_role: owner\r\n"),
          envoy("GET", "/clients/..%2f1"),
          envoy("GET", "/clients/1", "192.0.2.1", "x-hourgate-role: owner\r\n")}) {
        HttpBench bench;
        CHECK(status_line(answer_to(bench, question)) == "HTTP/1.1 400 Bad Request");
        CHECK(bench.left() == 3);
    }
}

TEST_CASE("a failure is counted for the client that Traefik and Envoy name last") {
    const std::string none;
    for (const std::string& question :
         {traefik("GET", "/clients/1", none), envoy("GET", "/clients/1", "192.0.2.1", none),
          envoy("GET", "/clients/1", "203.0.113.9,192.0.2.1", none),
          // Envoy before 1.28 adds its own address, here one of trust.proxies.
          envoy("GET", "/clients/1", "203.0.113.9,192.0.2.1,127.0.0.2", none)}) {
        HttpBench bench;
        for (int i = 0; i < 10; ++i)
            CHECK(status_line(answer_to(bench, question)) == "HTTP/1.1 401 Unauthorized");
        CHECK(status_line(answer_to(bench, traefik("GET", "/clients/1", none))) ==
              "HTTP/1.1 429 Too Many Requests");
        CHECK(bench.failures.entries() == 1);
    }
}
