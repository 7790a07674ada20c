// In front of an API: what reaches it, what comes back, and what the caller is told when it fails.
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/forwarding.h"
#include "support/temp_folder.h"

using namespace hourgate;
using namespace hourgate::test;

namespace {

constexpr std::string_view ok =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";

/// A call on its way: what its caller sees, and the API, which has read its head.
struct Begun {
    RawClient client;
    RawClient api;
};
Begun begin(Forwarding& gate, const std::string& sent = call()) {
    RawClient client = gate.client();
    client.send(sent);
    RawClient api = gate.api.accept();
    (void)api.head();
    return {std::move(client), std::move(api)};
}

/// One call through and back.
std::string through(Forwarding& gate, const std::string& sent, std::string_view answer,
                    std::string* seen = nullptr) {
    RawClient client = gate.client();
    client.send(sent);
    RawClient api = gate.api.accept();
    const std::string head = api.head();
    if (seen != nullptr)
        *seen = head;
    api.send(answer);
    return client.answer(sent.substr(0, sent.find(' ')));
}

/// No call has come to the API, and none of the plan's calls was spent.
void check_untouched(Forwarding& gate) {
    CHECK_FALSE(gate.api.has_caller());
    CHECK(gate.bench.left() == 2'000);
}

/// The next call is answered as if nothing had been.
void check_next_works(Forwarding& gate) {
    CHECK(has(through(gate, call(), ok), "\r\n\r\nhello"));
}

}  // namespace

TEST_CASE("a granted call reaches the API with who calls, and without the token") {
    Forwarding gate;
    std::string seen;
    through(gate, call("GET", "/clients/1?q=%20a", "Accept: */*\r\nCookie: a=b\r\n"), ok, &seen);
    CHECK(steady(seen) ==
          "GET /clients/1?q=%20a HTTP/1.1\r\n"
          "Host: api.example\r\n"
          "Accept: */*\r\n"
          "Cookie: a=b\r\n"
          "X-Forwarded-For: unknown, 127.0.0.1\r\n"
          "X-Forwarded-Proto: http\r\n"
          "X-Forwarded-Host: api.example\r\n"
          "Forwarded: for=unknown;host=\"api.example\";proto=http\r\n"
          "X-Hourgate-Workspace: ws_a\r\n"
          "X-Hourgate-Member: mem_a\r\n"
          "X-Hourgate-Role: manager\r\n"
          "X-Hourgate-Plan: studio\r\n"
          "X-Hourgate-Token: 4f8a2c1bdedf\r\n"
          "X-Hourgate-Env: live\r\n"
          "X-Hourgate-Scopes: \r\n"
          "X-Hourgate-Own: \r\n"
          "X-Hourgate-Decision: dec_ID\r\n"
          "\r\n");
    CHECK(gate.bench.left() == 1'999);
}

TEST_CASE("the API's answer comes back with the decision, the limits and nothing of the hop") {
    Forwarding gate;
    const std::string answer = through(
        gate, call(),
        "HTTP/1.1 203 Fine\r\nDate: Wed, 25 Nov 2026 14:03:09 GMT\r\nKeep-Alive: timeout=5\r\n"
        "Connection: keep-alive, X-Mine\r\nX-Mine: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
        "X-Hourgate-Role: owner\r\nX-RateLimit-Limit: 9\r\nCache-Control: max-age=60\r\n"
        "Content-Length: 5\r\n\r\nhello");
    CHECK(steady(answer) ==
          "HTTP/1.1 203 Fine\r\n"
          "Date: DATE\r\n"
          "Set-Cookie: a=1\r\n"
          "Set-Cookie: b=2\r\n"
          "Cache-Control: max-age=60\r\n"
          "Via: 1.1 hourgate\r\n"
          "X-Hourgate-Decision: dec_ID\r\n"
          "X-RateLimit-Limit: 2000\r\n"
          "X-RateLimit-Remaining: 1999\r\n"
          "X-RateLimit-Reset: 1780000060\r\n"
          "RateLimit-Policy: \"wide\";q=2000;w=60\r\n"
          "RateLimit: \"wide\";r=1999;t=60\r\n"
          "Content-Length: 5\r\n"
          "Connection: keep-alive\r\n\r\nhello");
}

TEST_CASE("a call that is refused never reaches the API") {
    Forwarding gate;
    const auto refused = [&](const std::string& sent) {
        RawClient client = gate.client();
        client.send(sent);
        const std::string answer = client.answer();
        CHECK(has(answer, "\r\nX-Hourgate-Decision: dec_"));
        check_untouched(gate);
        return status_of(answer);
    };
    CHECK(refused(get("/clients/1")) == "HTTP/1.1 401 Unauthorized");
    CHECK(refused(get("/clients/1", "Authorization: Bearer " + HttpBench::wrong_secret() +
                                        "\r\n")) == "HTTP/1.1 401 Unauthorized");
    CHECK(refused(call("GET", "/elsewhere")) == "HTTP/1.1 403 Forbidden");
    CHECK(refused(call("GET", "/clients//1")) == "HTTP/1.1 400 Bad Request");
    CHECK(refused(call("GET", "/clients/1", "X-Hourgate-Role: owner\r\n")) ==
          "HTTP/1.1 400 Bad Request");
    CHECK(refused(call("GET", "/clients/1", "x_hourgate_role: owner\r\n")) ==
          "HTTP/1.1 400 Bad Request");
    gate.bench.facts.workspace.plan_id = 1;
    gate.bench.put();
    CHECK(refused(call()) == "HTTP/1.1 402 Payment Required");
}

TEST_CASE("a call for which there is no room is told when to come again, and goes no further") {
    Forwarding gate;
    gate.bench.spend(2'000);
    RawClient client = gate.client();
    client.send(call());
    const std::string answer = client.answer();
    CHECK(status_of(answer) == "HTTP/1.1 429 Too Many Requests");
    CHECK(has(answer, "\r\nRetry-After: 60\r\n"));
    CHECK_FALSE(gate.api.has_caller());
}

TEST_CASE("a token in the body of a call to the API is told of, and goes no further") {
    Forwarding gate;
    RawClient client = gate.client();
    const std::string body = "key=" + HttpBench::token();
    client.send("POST /clients HTTP/1.1\r\nHost: h\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
    const std::string answer = client.until_end();
    CHECK(status_of(answer) == "HTTP/1.1 401 Unauthorized");
    CHECK(has(answer, R"("tokenIn":"body")"));
    CHECK_FALSE(has(answer, HttpBench::secret));
    check_untouched(gate);
}

TEST_CASE("a refusal keeps the connection, unless a body nobody read is on its way") {
    Forwarding gate;
    RawClient client = gate.client();
    client.send(get("/clients/1"));
    CHECK_FALSE(closes(client.answer()));
    client.send("POST /clients HTTP/1.1\r\nHost: h\r\nContent-Length: 60\r\n\r\n" +
                call("GET", "/clients/9"));
    const std::string answer = client.until_end();
    CHECK(closes(answer));
    CHECK(times(answer, "HTTP/1.1 ") == 1);
    check_untouched(gate);
}

TEST_CASE("the gate's own routes and all below /_hourgate are never forwarded") {
    Forwarding gate;
    const std::vector<std::pair<std::string, std::string>> own = {
        {"/_hourgate/healthz", "HTTP/1.1 200 OK"},
        {"/_hourgate/readyz", "HTTP/1.1 200 OK"},
        {"/_hourgate/api/v1/me", "HTTP/1.1 200 OK"},
        {"/_hourgate/api/v1/other", "HTTP/1.1 404 Not Found"},
        {"/_hourgate/auth/nginx", "HTTP/1.1 404 Not Found"},
        {"/_hourgate/verify", "HTTP/1.1 404 Not Found"},
        {"/_hourg%61te/api/v1/me", "HTTP/1.1 200 OK"},
        {"/_hourgate/%61pi/v1/other", "HTTP/1.1 404 Not Found"},
        {"/%5Fhourgate/healthz", "HTTP/1.1 404 Not Found"},
        {"/_hourgate", "HTTP/1.1 404 Not Found"}};
    for (const auto& [target, status] : own) {
        CAPTURE(target);
        RawClient client = gate.client();
        client.send(call("GET", target));
        CHECK(status_of(client.answer()) == status);
        CHECK_FALSE(gate.api.has_caller());
    }
}

TEST_CASE("what a caller says about where it comes from is believed from a proxy alone") {
    const std::string told =
        "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: api.com\r\n"
        "X-Forwarded-Port: 443\r\nForwarded: for=10.0.0.1\r\nX-Real-IP: 10.0.0.1\r\n"
        "X_Forwarded_For: 10.0.0.1\r\nVia: 2 edge\r\nX-Original-URL: /admin\r\n"
        "X-Rewrite-URL: /admin\r\n";
    Forwarding gate;
    std::string seen;
    through(gate, call("GET", "/clients/1", told), ok, &seen);
    CHECK(has(seen, "\r\nX-Forwarded-For: 192.0.2.7, 127.0.0.1\r\n"));
    CHECK(has(seen, "\r\nX-Forwarded-Proto: https\r\n"));
    CHECK(has(seen, "\r\nX-Forwarded-Host: api.com\r\n"));
    CHECK(has(seen, "\r\nX-Forwarded-Port: 443\r\n"));
    CHECK(has(seen, "\r\nX-Real-IP: 192.0.2.7\r\n"));
    CHECK(has(seen, "\r\nForwarded: for=192.0.2.7;host=\"api.com\";proto=https\r\n"));
    CHECK(times(seen, "\r\nVia: 2 edge\r\n") == 1);
    CHECK_FALSE(has(seen, "10.0.0.1"));
    CHECK_FALSE(has(seen, "/admin"));

    // 127.0.0.0/8 is believed on a bench: a stranger cannot be played at a socket (forward_test).
}

TEST_CASE("of a target in absolute form the API gets the path, and the host it names") {
    Forwarding gate;
    std::string seen;
    through(gate, call("GET", "HTTP://other.example:8080/clients/1?q=http://x"), ok, &seen);
    CHECK(has(seen, "GET /clients/1?q=http://x HTTP/1.1\r\nHost: other.example:8080\r\n"));
    CHECK(has(seen, "\r\nX-Forwarded-Host: other.example:8080\r\n"));
    CHECK_FALSE(has(seen, "api.example"));
    // The policy sees the path, too.
    RawClient client = gate.client();
    client.send(call("GET", "http://other.example/elsewhere"));
    CHECK(status_of(client.answer()) == "HTTP/1.1 403 Forbidden");
    client.send(get("http://other.example/_hourgate/healthz"));
    CHECK(client.answer().ends_with("ok\n"));
    client.send(call("GET", "http://u:p@other.example/clients/1"));
    CHECK(status_of(client.until_end()) == "HTTP/1.1 400 Bad Request");
    CHECK_FALSE(gate.api.has_caller());
}

TEST_CASE("spaces after the size of a chunk of an answer are read over, and go no further") {
    Forwarding gate;
    auto [client, api] = begin(gate);
    api.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5  \r\nhello\r\n0 \t\r\n\r\n");
    (void)client.head();
    CHECK(client.read(15) == "5\r\nhello\r\n0\r\n\r\n");
    RawClient other = gate.client();
    other.send(call("POST", "/clients", "Transfer-Encoding: chunked\r\n") + "5  \r\nhello\r\n");
    CHECK(has(other.until_end(), "\"reason\":\"bad_chunk\""));
}

TEST_CASE("an answer with too many Connection options is told as a broken API") {
    Forwarding gate;
    std::string options = "a";
    for (int i = 0; i < 40; ++i)
        options += ",b";
    CHECK(
        has(through(gate, call(),
                    "HTTP/1.1 200 OK\r\nConnection: " + options + "\r\nContent-Length: 0\r\n\r\n"),
            "\"reason\":\"upstream_broken\""));
}

TEST_CASE("headers for one hop go no further, and cannot take others with them") {
    Forwarding gate;
    std::string seen;
    through(gate,
            call("GET", "/clients/1",
                 "Connection: close, X-Secret, Host, X-Forwarded-For, X-Hourgate-Role\r\n"
                 "X-Secret: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nTrailer: X\r\n"
                 "Proxy-Authorization: Basic x\r\nProxy-Connection: keep-alive\r\n"
                 "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"),
            ok, &seen);
    for (const char* gone : {"\r\nConnection:", "X-Secret", "Keep-Alive", "\r\nTE:", "Trailer",
                             "Proxy-", "Upgrade", "HTTP2-Settings"})
        CHECK_FALSE(has(seen, gone));
    CHECK(times(seen, "\r\nHost: api.example\r\n") == 1);
    CHECK(times(seen, "\r\nX-Forwarded-For: unknown, 127.0.0.1\r\n") == 1);
    CHECK(times(seen, "\r\nX-Hourgate-Role: manager\r\n") == 1);
}

TEST_CASE("the gate names itself in answers, and in requests only where that is configured") {
    std::string seen;
    Forwarding answers_alone;
    const std::string answer = through(answers_alone, call(), ok, &seen);
    CHECK(times(answer, "\r\nVia: 1.1 hourgate\r\n") == 1);
    CHECK_FALSE(has(seen, "Via:"));

    Forwarding both([](http::UpstreamSettings& settings) { settings.via = true; });
    through(both, call(), ok, &seen);
    CHECK(times(seen, "\r\nVia: 1.1 hourgate\r\n") == 1);
    through(both, call("GET", "/clients/1", "Via: 2 edge\r\nVia: 1.1 inner\r\n"), ok, &seen);
    CHECK(times(seen, "\r\nVia: 2 edge, 1.1 inner, 1.1 hourgate\r\n") == 1);
    RawClient old = both.client();
    old.send("GET /clients/1 HTTP/1.0\r\n" + with_token() + "\r\n");
    CHECK(has(both.api.accept().head(), "\r\nVia: 1.0 hourgate\r\n"));
}

TEST_CASE("an answer's head may be longer than a request's, and comes back as it is") {
    const std::string policy = "Content-Security-Policy: " + std::string(60'000, 'c') + "\r\n";
    std::string cookies;
    for (int i = 0; i < 400; ++i)
        cookies += "Set-Cookie: c" + std::to_string(i) + "=1\r\n";
    Forwarding gate;
    const std::string answer = through(
        gate, call(), "HTTP/1.1 200 OK\r\n" + policy + cookies + "Content-Length: 5\r\n\r\nhello");
    CHECK(status_of(answer) == "HTTP/1.1 200 OK");
    CHECK(has(answer, policy));
    CHECK(has(answer, cookies));
    CHECK(answer.ends_with("hello"));
}

TEST_CASE("the token is passed on only where that is configured") {
    Forwarding gate([](http::UpstreamSettings& settings) {
        settings.authorization = http::UpstreamSettings::Authorization::pass;
    });
    std::string seen;
    through(gate, call(), ok, &seen);
    CHECK(times(seen, "\r\n" + with_token()) == 1);
}

TEST_CASE("a public resource sees credentials that are not ours, and never a token of ours") {
    Forwarding gate;
    std::string seen;
    through(gate, get("/health", "Authorization: Basic dTpw\r\n"), ok, &seen);
    CHECK(has(seen, "\r\nAuthorization: Basic dTpw\r\n"));
    CHECK(has(seen, "\r\nX-Hourgate-Workspace: \r\n"));
    through(gate, get("/health", with_token()), ok, &seen);
    CHECK_FALSE(has(seen, "Authorization"));
    CHECK(has(seen, "\r\nX-Hourgate-Workspace: ws_a\r\n"));
}

TEST_CASE("a public resource never sees a token of ours, however it was marred") {
    Forwarding gate;
    std::string seen;
    const std::string token = HttpBench::token();
    for (const std::string& value : {"Bearer:" + token, "Bearer: " + token, "Token " + token,
                                     "Bearer x" + token, "Bearer=" + token}) {
        CAPTURE(value);
        const std::string answer =
            through(gate, get("/health", "Authorization: " + value + "\r\n"), ok, &seen);
        CHECK_FALSE(has(seen, token.substr(token.size() - 20)));
    }
}

TEST_CASE("a connection to the API is kept, and used by the loop's next call, whoever sends it") {
    Forwarding gate({}, Mode::enforce, 1);
    RawClient first = gate.client();
    first.send(call());
    RawClient api = gate.api.accept();
    for (int i = 0; i < 3; ++i) {
        CHECK(has(api.head(), "GET /clients/1 HTTP/1.1\r\n"));
        api.send(ok);
        CHECK(has(first.answer(), "\r\n\r\nhello"));
        first.send(call());
    }
    (void)api.head();
    api.send(ok);
    (void)first.answer();
    RawClient second = gate.client();
    second.send(call("GET", "/clients/2"));
    CHECK(has(api.head(), "GET /clients/2 HTTP/1.1\r\n"));
    api.send(ok);
    CHECK(has(second.answer(), "\r\n\r\nhello"));
    CHECK_FALSE(gate.api.has_caller());
}

TEST_CASE("calls sent in one go reach the API one by one, in order, those for the gate between") {
    Forwarding gate;
    RawClient client = gate.client();
    client.send(call("GET", "/clients/1") + get("/_hourgate/healthz") + call("GET", "/clients/2"));
    RawClient api = gate.api.accept();
    CHECK(has(api.head(), "GET /clients/1 "));
    api.send(ok);
    CHECK(has(client.answer(), "\r\n\r\nhello"));
    CHECK(has(client.answer(), "\r\n\r\nok\n"));
    CHECK(has(api.head(), "GET /clients/2 "));
    api.send(ok);
    CHECK(has(client.answer(), "\r\n\r\nhello"));
}

// --- bodies --------------------------------------------------------------------------------------

TEST_CASE("a body with a length is handed on byte for byte") {
    Forwarding gate;
    const std::string body(300'000, 'b');
    RawClient client = gate.client();
    std::thread sender([&] {
        client.send(
            call("POST", "/clients", "Content-Length: " + std::to_string(body.size()) + "\r\n") +
            body);
    });
    RawClient api = gate.api.accept();
    const std::string head = api.head();
    CHECK(times(head, "\r\nContent-Length: 300000\r\n") == 1);
    CHECK_FALSE(has(head, "Transfer-Encoding"));
    CHECK(api.read(body.size()) == body);
    sender.join();
    api.send(ok);
    CHECK(has(client.answer(), "\r\n\r\nhello"));
}

TEST_CASE("a body in chunks is handed on in chunks, without extensions and trailers") {
    Forwarding gate;
    RawClient client = gate.client();
    client.send(call("POST", "/clients", "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n") +
                "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\nX-Hourgate-Role: owner\r\n\r\n");
    RawClient api = gate.api.accept();
    const std::string head = api.head();
    CHECK(times(head, "\r\nTransfer-Encoding: chunked\r\n") == 1);
    CHECK_FALSE(has(head, "Content-Length"));
    CHECK(api.read(21) == "b\r\nhello world\r\n0\r\n\r\n");
    api.send(ok);
    CHECK(has(client.answer(), "\r\n\r\nhello"));
    client.send(call());  // the connection goes on where the trailers ended
    CHECK(has(api.head(), "GET /clients/1 "));
}

TEST_CASE(
    "a caller who waits to be told to send a body is told so, and the API sees none of that") {
    Forwarding gate;
    RawClient client = gate.client();
    client.send(call("POST", "/clients", "Expect: 100-continue\r\nContent-Length: 4\r\n"));
    CHECK(client.head() == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK_FALSE(gate.api.has_caller());
    client.send("body");
    RawClient api = gate.api.accept();
    CHECK_FALSE(has(api.head(), "Expect"));
    CHECK(api.read(4) == "body");
    api.send("HTTP/1.1 100 Continue\r\n\r\n" + std::string(ok));
    CHECK(status_of(client.answer()) == "HTTP/1.1 200 OK");
}

TEST_CASE("a caller who is refused is never told to send a body") {
    Forwarding gate;
    const std::string expects = "Expect: 100-continue\r\nContent-Length: 4\r\n";
    RawClient stranger = gate.client();
    stranger.send("POST /clients HTTP/1.1\r\nHost: h\r\n" + expects + "\r\n");
    CHECK(status_of(stranger.until_end()) == "HTTP/1.1 401 Unauthorized");
    check_untouched(gate);
}

TEST_CASE("an API that answers before the body is through is heard, and the rest not misread") {
    Forwarding gate;
    auto [client, api] =
        begin(gate, call("POST", "/clients", "Content-Length: 1000000\r\n") + "begin");
    api.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    const std::string answer = client.head();
    CHECK(status_of(answer) == "HTTP/1.1 413 Content Too Large");
    CHECK(closes(answer));
    client.send(call("GET", "/clients/2"));
    CHECK(client.ended());
    CHECK_FALSE(gate.api.has_caller());
    CHECK(api.read(100) == "begin");  // and then the connection ends: it is not used again
}

TEST_CASE("a body that is cut short never looks like a whole one") {
    for (const char* framed : {"Content-Length: 10\r\n\r\nhalf",
                               "Transfer-Encoding: chunked\r\n\r\n"
                               "4\r\nhalf\r\n"}) {
        CAPTURE(framed);
        Forwarding gate;
        RawClient client = gate.client();
        std::string sent = call("POST", "/clients");
        sent.resize(sent.size() - 2);
        client.send(sent + framed);
        RawClient api = gate.api.accept();
        (void)api.head();
        (void)api.read(4);
        client.finish_sending();
        const std::string answer = client.until_end();
        CHECK(status_of(answer) == "HTTP/1.1 400 Bad Request");
        CHECK(has(answer, "\"reason\":\"body_cut_short\""));
        CHECK_FALSE(has(api.until_end(), "0\r\n\r\n"));
    }
}

TEST_CASE("chunks that cannot be read are told, and the API sees no end of the body") {
    Forwarding gate;
    auto [client, api] =
        begin(gate, call("POST", "/clients", "Transfer-Encoding: chunked\r\n") + "4\r\nbody\r\n");
    CHECK(api.read(9) == "4\r\nbody\r\n");
    client.send("xyz\r\n0\r\n\r\n");
    const std::string answer = client.until_end();
    CHECK(status_of(answer) == "HTTP/1.1 400 Bad Request");
    CHECK(has(answer, "\"reason\":\"bad_chunk\""));
    CHECK(api.ended());
}

// --- answers -------------------------------------------------------------------------------------

TEST_CASE("an answer in chunks is handed on as it comes, and ends where it ended") {
    Forwarding gate;
    auto [client, api] = begin(gate, call("GET", "/clients/1", "Accept: text/event-stream\r\n"));
    api.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n");
    CHECK(times(client.head(), "\r\nTransfer-Encoding: chunked\r\n") == 1);
    CHECK(client.read(14) == "9\r\ndata: 1\n\n\r\n");  // while the stream goes on
    api.send("9;x=y\r\ndata: 2\n\n\r\n0\r\nX-Trailer: 1\r\n\r\n");
    CHECK(client.read(19) == "9\r\ndata: 2\n\n\r\n0\r\n\r\n");
    client.send(call());
    CHECK(has(api.head(), "GET /clients/1 "));  // both connections go on
}

TEST_CASE("an answer that ends with its connection comes in chunks, so that its end is known") {
    Forwarding gate;
    RawClient client = gate.client();
    client.send(call());
    {
        RawClient api = gate.api.accept();
        (void)api.head();
        api.send("HTTP/1.1 200 OK\r\n\r\nhello");
    }
    const std::string head = client.head();
    CHECK(has(head, "\r\nTransfer-Encoding: chunked\r\n"));
    CHECK_FALSE(closes(head));
    CHECK(client.read(15) == "5\r\nhello\r\n0\r\n\r\n");
    check_next_works(gate);
}

TEST_CASE("a caller of HTTP/1.0 gets no chunks and no interim answers") {
    Forwarding gate;
    RawClient client = gate.client();
    client.send("GET /clients/1 HTTP/1.0\r\nConnection: keep-alive\r\n" + with_token() + "\r\n");
    RawClient api = gate.api.accept();
    const std::string head = api.head();
    CHECK(has(head, "GET /clients/1 HTTP/1.1\r\nHost: localhost\r\n"));
    api.send(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    const std::string answer = client.until_end();
    CHECK(status_of(answer) == "HTTP/1.1 200 OK");
    CHECK(answer.ends_with("\r\nConnection: close\r\n\r\nhello"));
}

TEST_CASE("interim answers are handed on before the answer, 100 aside") {
    Forwarding gate;
    auto [client, api] = begin(gate);
    api.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" +
             std::string(ok));
    CHECK(client.head() == "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    CHECK(status_of(client.answer()) == "HTTP/1.1 200 OK");
}

TEST_CASE("answers without a body have none, whatever their length says") {
    Forwarding gate;
    RawClient client = gate.client();
    client.send(call("HEAD"));
    RawClient api = gate.api.accept();
    CHECK(has(api.head(), "HEAD /clients/1 "));
    api.send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
    CHECK(has(client.answer("HEAD"), "\r\nContent-Length: 500\r\n"));
    client.send(call());
    (void)api.head();
    api.send("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 500\r\n\r\n");
    CHECK(has(client.head(), "\r\nContent-Length: 500\r\n"));
    client.send(call("DELETE"));
    (void)api.head();
    api.send("HTTP/1.1 204 No Content\r\n\r\n");
    const std::string none = client.head();
    CHECK(status_of(none) == "HTTP/1.1 204 No Content");
    CHECK_FALSE(has(none, "Content-Length"));
    CHECK_FALSE(has(none, "Transfer-Encoding"));
    client.send(call());
    CHECK(has(api.head(), "GET /clients/1 "));
}

TEST_CASE("a large answer passes whole, whoever is slower") {
    Forwarding gate;
    Begun begun = begin(gate);
    RawClient& client = begun.client;
    RawClient& api = begun.api;
    constexpr std::size_t size = 32U << 20U;
    std::thread sender([&] {
        api.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
        const std::string block(1U << 20U, 'x');
        for (std::size_t sent = 0; sent < size; sent += block.size())
            api.send(block);
    });
    (void)client.head();
    CHECK(client.read_over(size) == size);
    sender.join();
    client.send(call());
    CHECK(has(api.head(), "GET /clients/1 "));
}

TEST_CASE("a caller that is gone takes its call's connection to the API with it") {
    Forwarding gate;
    RawClient api = [&] {
        RawClient client = gate.client();
        client.send(call());
        RawClient accepted = gate.api.accept();
        (void)accepted.head();
        accepted.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
        (void)client.head();
        client.reset_at_end();
        return accepted;
    }();
    CHECK(api.ended());
    check_next_works(gate);
}

// --- tunnels -------------------------------------------------------------------------------------

namespace {

const std::string upgrade =
    "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: "
    "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
constexpr std::string_view switching =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

}  // namespace

TEST_CASE("a WebSocket is decided once and then passes bytes both ways") {
    Forwarding gate;
    RawClient client = gate.client();
    client.send(call("GET", "/clients/1", upgrade));
    RawClient api = gate.api.accept();
    const std::string head = api.head();
    CHECK(has(head, "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"));
    CHECK(has(head, "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
    api.send(std::string(switching) + "from the API");
    const std::string answer = client.head();
    CHECK(status_of(answer) == "HTTP/1.1 101 Switching Protocols");
    CHECK(has(answer, "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"));
    CHECK(has(answer, "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    CHECK(client.read(12) == "from the API");
    client.send("GET / HTTP/1.1\r\n\r\n");  // bytes like any other now
    CHECK(api.read(18) == "GET / HTTP/1.1\r\n\r\n");
    client.finish_sending();
    CHECK(api.ended());
    api.send("last words");
    CHECK(client.read(10) == "last words");
    CHECK(gate.bench.left() == 1'999);
}

TEST_CASE("nothing but a WebSocket becomes a tunnel: behind another one calls would go undecided") {
    Forwarding gate;
    std::string seen;
    const std::string answer =
        through(gate, call("GET", "/clients/1", "Connection: Upgrade\r\nUpgrade: h2c\r\n"),
                switching, &seen);
    CHECK_FALSE(has(seen, "h2c"));
    CHECK(status_of(answer) == "HTTP/1.1 502 Bad Gateway");
    const std::string other =
        through(gate, call("GET", "/clients/1", upgrade),
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    CHECK(status_of(other) == "HTTP/1.1 502 Bad Gateway");
}

TEST_CASE("a WebSocket the API declines is an answer like any other") {
    Forwarding gate;
    CHECK(has(through(gate, call("GET", "/clients/1", upgrade), ok), "\r\n\r\nhello"));
    check_next_works(gate);
}

TEST_CASE("a stream ends soon after its token is revoked, and is not mistaken for a whole one") {
    Forwarding gate;
    auto [client, api] = begin(gate);
    api.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
    (void)client.head();
    CHECK(client.read(6) == "1\r\na\r\n");
    gate.bench.facts.token.revoked_ms = Bench::start_ms;
    gate.bench.put();
    CHECK(client.until_end().empty());
    CHECK(api.ended());
    CHECK(gate.counts().ended == 1);
    const auto& again = gate.bench.notes.again;
    CHECK(again == std::vector<std::string>{"revoked_token"});
    CHECK(gate.bench.left() == 1'999);
}

TEST_CASE("a tunnel ends soon after its member may no longer") {
    Forwarding gate;
    auto [client, api] = begin(gate, call("GET", "/clients/1", upgrade));
    api.send(switching);
    (void)client.head();
    gate.bench.facts.member.role = Role::member;
    gate.bench.put();
    CHECK(client.ended());
    CHECK(api.ended());
}

TEST_CASE("a call that waits for its answer when its token is revoked is told so") {
    Forwarding gate;
    auto [client, api] = begin(gate);
    gate.bench.facts.token.revoked_ms = Bench::start_ms;
    gate.bench.put();
    const std::string answer = client.answer();
    CHECK(status_of(answer) == "HTTP/1.1 401 Unauthorized");
    CHECK(has(answer, "\"reason\":\"revoked_token\""));
    CHECK(api.ended());
}

TEST_CASE("a stream goes on while nothing changes, and ends at stream_max") {
    Forwarding gate([](http::UpstreamSettings& settings) { settings.stream_max_ms = 2'500; });
    auto [client, api] = begin(gate);
    const auto begun = std::chrono::steady_clock::now();
    api.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
    (void)client.head();
    CHECK(client.until_end() == "1\r\na\r\n");
    CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds(2'400));
    CHECK(gate.bench.notes.again.empty());
}

// --- an API that fails ---------------------------------------------------------------------------

TEST_CASE("an API that is away is told from one that refuses, and the next call works") {
    Forwarding gate;
    gate.api.stop();
    RawClient client = gate.client();
    client.send(call());
    const std::string answer = client.answer();
    CHECK(status_of(answer) == "HTTP/1.1 502 Bad Gateway");
    CHECK(has(answer, "\"code\":\"upstream_failed\",\"reason\":\"upstream_unreachable\""));
    CHECK(has(answer, "\r\nX-Hourgate-Decision: dec_"));
    CHECK(has(answer, "\r\nRateLimit: \"wide\";r=1999;t=60\r\n"));
    CHECK(times(answer, "\r\nCache-Control: no-store\r\n") == 1);
    client.send(call("GET", "/clients/1", "Accept: application/problem+json\r\n"));
    const std::string problem = client.answer();
    CHECK(has(problem, "\r\nContent-Type: application/problem+json\r\n"));
    CHECK(has(problem, "\"title\":\"Bad Gateway\",\"status\":502"));
    CHECK_FALSE(closes(answer));
    gate.api.start();
    client.send(call());
    RawClient api = gate.api.accept();
    (void)api.head();
    api.send("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nown");
    CHECK(client.answer().ends_with("\r\n\r\nown"));
    CHECK(gate.counts().unreachable == 2);
    const std::string place = "127.0.0.1:" + std::to_string(gate.api.port());
    const std::string told = place + " unreachable";
    CHECK(gate.bench.notes.api_failures == std::vector<std::string>{told, told});
    const auto& [decision, failure] = gate.bench.notes.api_failed;
    CHECK(has(problem, "\"decision\":\"" + decision + "\""));
    CHECK(failure.place == place);
    CHECK(failure.reason == "upstream_unreachable");
    CHECK(failure.status == 502);
    CHECK(failure.what == "it cannot be connected to: Connection refused");
}

TEST_CASE("a call is sent again when a kept connection turns out to be dead, but a POST never") {
    Forwarding gate;
    const auto after_a_dead_one = [&](const std::string& sent) {
        RawClient client = gate.client();
        client.send(call());
        {
            RawClient api = gate.api.accept();
            (void)api.head();
            api.send(ok);
            (void)client.answer();
            client.send(sent);
            (void)api.head();  // it came, and the API fell over it
        }
        if (sent.starts_with("POST"))
            return client.answer();
        RawClient api = gate.api.accept();
        (void)api.head();
        api.send(ok);
        return client.answer();
    };
    CHECK(has(after_a_dead_one(call("GET", "/clients/7")), "\r\n\r\nhello"));
    CHECK(gate.counts().retried == 1);
    const std::string answer = after_a_dead_one(call("POST", "/clients", "Content-Length: 0\r\n"));
    CHECK(status_of(answer) == "HTTP/1.1 502 Bad Gateway");
    CHECK(has(answer, "\"reason\":\"upstream_broken\""));
    CHECK_FALSE(gate.api.has_caller());
    check_next_works(gate);
}

TEST_CASE("an API that ends every connection at once is told as broken, and not tried for ever") {
    Forwarding gate;
    std::atomic<bool> ending{false};
    std::atomic<int> came{0};
    std::thread slamming([&] {
        while (!ending) {
            if (gate.api.slam())
                ++came;
            else
                std::this_thread::yield();
        }
    });
    for (int i = 0; i < 20; ++i) {
        RawClient client = gate.client();
        client.send(call(i % 2 == 0 ? "GET" : "PUT"));
        CHECK(status_of(client.answer()) == "HTTP/1.1 502 Bad Gateway");
    }
    ending = true;
    slamming.join();
    CHECK(came <= 40);  // each once, and once more when nothing of it had been sent
}

TEST_CASE("a POST is not sent into a kept connection that the API has closed") {
    Forwarding gate;
    RawClient client = gate.client();
    client.send(call());
    {
        RawClient api = gate.api.accept();
        (void)api.head();
        api.send(ok);
        (void)client.answer();
    }
    client.send(call("POST", "/clients", "Content-Length: 4\r\n") + "body");
    RawClient api = gate.api.accept();
    CHECK(has(api.head(), "POST /clients "));
    CHECK(api.read(4) == "body");
    api.send(ok);
    CHECK(has(client.answer(), "\r\n\r\nhello"));
}

TEST_CASE("what is no answer is told as a broken API, and nothing of it is handed on") {
    const std::vector<std::string> answers = {
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/2 200 OK\r\n\r\n",
        "SSH-2.0-OpenSSH_9\r\n\r\n",
        "HTTP/1.1 99 Low\r\n\r\n",
        "HTTP/1.1 600 High\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX : 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: 1\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\x01z\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n"};
    Forwarding gate;
    for (const std::string& wrong : answers) {
        CAPTURE(wrong.substr(0, 80));
        RawClient client = gate.client();
        client.send(call());
        {
            RawClient api = gate.api.accept();
            (void)api.head();
            api.send(wrong);
        }
        const std::string answer = client.answer();
        CHECK(status_of(answer) == "HTTP/1.1 502 Bad Gateway");
        CHECK(has(answer, "\"reason\":\"upstream_broken\""));
        CHECK_FALSE(has(answer, "hello"));
    }
    CHECK(gate.counts().broken == answers.size());
    check_next_works(gate);
}

TEST_CASE("a 502 and the log name the bound that the API's answer went over, or what was met") {
    const std::string good = "HTTP/1.1 200 OK\r\n";
    const std::string line = "X: " + std::string(60'000, 'x') + "\r\n";
    std::string many, options = "a";
    for (int i = 0; i < 513; ++i)
        many += "X: 1\r\n";
    for (int i = 0; i < 40; ++i)
        options += ",b";
    const std::pair<std::string, std::string> cases[] = {
        {"", "it closed the connection without an answer"},
        {good + "Content-Le", "it ended within the head of its answer"},
        {good + "X: " + std::string(66'000, 'x') + "\r\n\r\n",
         "the head of its answer is over 65536 bytes a header line"},
        {good + line + line + line + "\r\n",
         "the head of its answer is over 131072 bytes of headers"},
        {good + many + "\r\n", "the head of its answer is over 512 header lines"},
        {good + "Connection: " + options + "\r\nContent-Length: 0\r\n\r\n",
         "the head of its answer is over 32 options of Connection"},
        {"HTTP/1.1 200 " + std::string(9'000, 'p') + "\r\n\r\n",
         "the head of its answer is over 8192 bytes of its status line"},
        {"SSH-2.0-OpenSSH_9\r\n\r\n",
         "a status line, a header or a length of its answer cannot be read"},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n",
         "it switches protocols, which the call did not ask for"}};
    Forwarding gate;
    for (const auto& [wrong, named] : cases) {
        CAPTURE(named);
        RawClient client = gate.client();
        client.send(call());
        {
            RawClient api = gate.api.accept();
            (void)api.head();
            api.send(wrong);
        }
        CHECK(has(client.answer(), "gave no whole answer: " + named + "."));
        CHECK(gate.bench.notes.api_failures.back().ends_with(" broken: " + named));
        CHECK(gate.bench.notes.api_failed.second.what == named);
    }
}

TEST_CASE(
    "an answer that breaks off in the middle is cut, so that it is not taken for a whole one") {
    for (const char* wrong :
         {"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxx\r\n0\r\n\r\n"}) {
        CAPTURE(wrong);
        Forwarding gate;
        RawClient client = gate.client();
        client.send(call());
        {
            RawClient api = gate.api.accept();
            (void)api.head();
            api.send(wrong);
        }
        const std::string text = client.until_end();
        CHECK(times(text, "HTTP/1.1 ") <= 1);
        CHECK_FALSE(has(text, "0\r\n\r\n"));
        check_next_works(gate);
    }
}

TEST_CASE("what an API says beyond its answer is not the answer of the next call") {
    Forwarding gate;
    auto [client, api] = begin(gate);
    api.send(std::string(ok) + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    CHECK(has(client.answer(), "\r\n\r\nhello"));
    client.send(call());
    RawClient other = gate.api.accept();
    (void)other.head();
    other.send(ok);
    CHECK(has(client.answer(), "\r\n\r\nhello"));
}

TEST_CASE("an API that does not answer in time is told as 504, and the next call works") {
    Forwarding gate([](http::UpstreamSettings& settings) { settings.answer_ms = 1'000; });
    RawClient client = gate.client();
    client.send(call());
    RawClient api = gate.api.accept();
    const std::string answer = client.answer();
    CHECK(status_of(answer) == "HTTP/1.1 504 Gateway Timeout");
    CHECK(has(answer, "\"reason\":\"upstream_timed_out\""));
    CHECK(gate.bench.notes.api_failed.second.what ==
          "no answer began within 1 s ([upstream] answer_timeout)");
    CHECK(gate.bench.notes.api_failed.second.status == 504);
    (void)api.until_end();
    check_next_works(gate);
}

TEST_CASE("a caller whose body stops coming is told, and the API is let go") {
    Forwarding gate([](http::UpstreamSettings& settings) { settings.answer_ms = 100; });
    RawClient client = gate.client();
    client.send(call("POST", "/clients", "Content-Length: 10\r\n") + "half");
    const std::string answer = client.until_end();
    CHECK(status_of(answer) == "HTTP/1.1 408 Request Timeout");
    RawClient api = gate.api.accept();
    (void)api.until_end();
    CHECK(gate.counts().timed_out == 0);
}

TEST_CASE("a stream in which nothing moves is cut after idle_timeout") {
    Forwarding gate([](http::UpstreamSettings& settings) { settings.idle_ms = 100; });
    auto [client, api] = begin(gate);
    api.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
    (void)client.head();
    CHECK(client.until_end() == "1\r\na\r\n");
    CHECK(api.ended());
}

TEST_CASE("of several addresses the one that is away is passed over") {
    RawUpstream other;
    Forwarding gate([&](http::UpstreamSettings& settings) {
        settings.addresses.push_back({"127.0.0.1", other.port(), ""});
    });
    other.stop();
    for (int i = 0; i < 4; ++i)
        CHECK(has(through(gate, call("POST", "/clients", "Content-Length: 0\r\n"),
                          "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"),
                  "\r\n\r\nhello"));
    CHECK(gate.counts().unreachable == 0);
    CHECK(gate.counts().retried == 1);  // afterwards it is left alone for a while
}

TEST_CASE("several addresses are asked in turn") {
    RawUpstream other;
    Forwarding gate([&](http::UpstreamSettings& settings) {
        settings.addresses.push_back({"127.0.0.1", other.port(), ""});
    });
    RawClient client = gate.client();
    for (int round = 0; round < 2; ++round) {
        for (RawUpstream* const one : {&gate.api, &other}) {
            client.send(call());
            RawClient api = one->accept();
            (void)api.head();
            api.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
            CHECK(has(client.answer(), "\r\n\r\nhello"));
        }
    }
}

TEST_CASE("an API may listen on a Unix socket") {
    const TempFolder folder;
    const std::string path = folder.file("api.sock");
    const int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(bind(listening, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(listening, 8) == 0);
    Forwarding gate([&](http::UpstreamSettings& settings) {
        settings.addresses = {{"", 0, path}};
    });
    RawClient client = gate.client();
    client.send(call("POST", "/clients", "Content-Length: 4\r\n") + "body");
    RawClient api = RawClient::accepted(accept(listening, nullptr, nullptr));
    CHECK(has(api.head(), "POST /clients HTTP/1.1\r\n"));
    CHECK(api.read(4) == "body");
    api.send(ok);
    CHECK(has(client.answer(), "\r\n\r\nhello"));
    close(listening);
}

TEST_CASE("an API that takes no connection in connect_timeout is told as away") {
    // One connection waits to be accepted, and a second fills what the kernel keeps beyond that:
    // it answers no more of them (listen(2), tcp(7)).
    RawUpstream full;
    full.keep_few();
    std::vector<RawClient> waiting;
    for (int i = 0; i < 3; ++i)
        waiting.push_back(RawClient::connecting(full.port()));
    Forwarding gate([&](http::UpstreamSettings& settings) {
        settings.addresses = {{"127.0.0.1", full.port(), ""}};
        settings.connect_ms = 100;
    });
    RawClient client = gate.client();
    client.send(call());
    const std::string answer = client.answer();
    CHECK(status_of(answer) == "HTTP/1.1 502 Bad Gateway");
    CHECK(has(answer, "\"reason\":\"upstream_unreachable\""));
}

TEST_CASE("heads up to their bounds pass either way") {
    Forwarding gate;
    std::string lines;
    for (int i = 0; i < 3; ++i)
        lines += "X-Large-" + std::to_string(i) + ": " + std::string(8'000, 'l') + "\r\n";
    std::string seen;
    const std::string answer =
        through(gate, call("GET", "/clients/" + std::string(4'000, 'p'), lines),
                "HTTP/1.1 200 OK\r\n" + lines + "Content-Length: 0\r\n\r\n", &seen);
    CHECK(times(seen, std::string(8'000, 'l')) == 3);
    CHECK(times(answer, std::string(8'000, 'l') + "\r\n") == 3);
    CHECK(has(seen, "GET /clients/" + std::string(4'000, 'p') + " HTTP/1.1\r\n"));
}

TEST_CASE("in mode observe a call is forwarded whatever is decided, and the answer says what was") {
    Forwarding gate({}, Mode::observe);
    std::string seen;
    const std::string answer =
        through(gate, get("/clients/1", "X-Hourgate-Role: owner\r\n"), ok, &seen);
    CHECK(has(answer, "\r\nX-Hourgate-Would: 400 forged_header\r\n"));
    CHECK(times(seen, "X-Hourgate-Role") == 1);
    CHECK(has(seen, "\r\nX-Hourgate-Role: \r\n"));
    RawClient client = gate.client();
    client.send("GET ftp://evil.example/clients/1 HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(status_of(client.answer()) == "HTTP/1.1 400 Bad Request");
}

TEST_CASE("a server that is asked to stop lets calls to the API finish") {
    Forwarding gate;
    auto [client, api] = begin(gate);
    gate.server->stop_accepting();
    api.send(ok);
    CHECK(has(client.answer(), "\r\n\r\nhello"));
    CHECK(client.ended());
    CHECK(gate.server->finish(gate.bench.clock, gate.bench.now.boot_us + 10 * us_per_s) == 0);
}
