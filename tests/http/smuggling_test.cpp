// Bytes that two readers might take in two ways, through the gate's own proxy: the API never sees a
// call the gate did not grant, and never two for one. Everything here carries a token that would be
// granted, so that nothing but the reading stands in the way.
#include <string>
#include <vector>

#include "support/attacks.h"
#include "support/catch.h"
#include "support/forwarding.h"

using namespace hourgate;
using namespace hourgate::test;

namespace {

const Attacks attacks(with_token(), "/clients");
const std::string hidden = attacks.hidden();

}  // namespace

TEST_CASE("what could be read in two ways is refused once, and the API is not called") {
    for (const Attack& attack : attacks.refused()) {
        CAPTURE(attack.name);
        Forwarding gate;
        RawClient client = gate.client();
        client.send(attack.bytes);
        client.finish_sending();
        const std::string text = client.until_end();
        CHECK(status_of(text) == attack.status);
        CHECK(times(text, "HTTP/1.1 ") == 1);
        CHECK_FALSE(gate.api.has_caller());
        CHECK(gate.bench.left() == 2'000);
    }
}

TEST_CASE("what is hidden in a body stays in the body") {
    const std::string length = std::to_string(hidden.size());
    const std::string size = "77";  // in hex
    REQUIRE(hidden.size() == 0x77);
    for (const std::string& sent :
         {attacks.post("Content-Length: " + length + "\r\n", hidden),
          attacks.post("Transfer-Encoding: chunked\r\n", size + "\r\n" + hidden + "\r\n0\r\n\r\n"),
          attacks.post("Transfer-Encoding: Chunked\r\n", "0000" + size + ";ext=\"0\"\r\n" + hidden +
                                                             "\r\n000\r\nX: " + "1\r\n\r\n")}) {
        CAPTURE(sent);
        Forwarding gate;
        RawClient client = gate.client();
        client.send(sent);
        RawClient api = gate.api.accept();
        const std::string head = api.head();
        CHECK(has(head, "POST /clients HTTP/1.1\r\n"));
        const bool chunked = has(head, "Transfer-Encoding: chunked");
        CHECK(chunked != has(head, "Content-Length: "));
        const std::string expected = chunked ? size + "\r\n" + hidden + "\r\n0\r\n\r\n" : hidden;
        CHECK(api.read(expected.size()) == expected);
        api.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        (void)client.answer();
        // What follows is the next call, of the caller's, and nothing is left over for it.
        client.send(call("GET", "/clients/2"));
        CHECK(has(api.head(), "GET /clients/2 HTTP/1.1\r\n"));
        CHECK(gate.bench.left() == 1'998);
    }
}

TEST_CASE("chunks with a flaw end the call, and what stands behind them is nobody's") {
    for (const char* chunks :
         {"xyz\r\n", "-1\r\n", "+5\r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n",
          "5 \r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n",
          "5\r\nhello!\r\n0\r\n\r\n", "5\r\nhell\r\n0\r\n\r\n", "\r\n0\r\n\r\n", ";a\r\n",
          "fffffffff\r\n", "10000000000000005\r\nhello\r\n0\r\n\r\n", "5;\nhello\r\n0\r\n\r\n",
          "0\r\nX: 1\n\r\n"}) {
        CAPTURE(chunks);
        Forwarding gate;
        RawClient client = gate.client();
        client.send(attacks.post("Transfer-Encoding: chunked\r\n", chunks + hidden));
        const std::string text = client.until_end();
        CHECK(status_of(text) == "HTTP/1.1 400 Bad Request");
        CHECK(times(text, "HTTP/1.1 ") == 1);
        CHECK_FALSE(gate.api.has_caller());  // all of it came before there was a connection
    }
}

TEST_CASE("a call sent behind one that was refused with a body unread is not answered") {
    Forwarding gate;
    RawClient client = gate.client();
    client.send("POST /elsewhere HTTP/1.1\r\nHost: h\r\n" + with_token() +
                "Content-Length: 5\r\n\r\n" + "GET /" + call("GET", "/clients/2"));
    const std::string text = client.until_end();
    CHECK(status_of(text) == "HTTP/1.1 403 Forbidden");
    CHECK(times(text, "HTTP/1.1 ") == 1);
    CHECK_FALSE(gate.api.has_caller());
}

TEST_CASE("what was judged is what is forwarded, byte for byte") {
    for (const char* target :
         {"/clients/1", "/clients/1/", "/clients/%41", "/clients/a%20b", "/clients/1?a=%2e%2e/&b",
          "/clients/1?x=http://h/%0d%0aX:1", "/clients/~*'()!$&,=:@", "/clients/1?", "/clients"}) {
        CAPTURE(target);
        Forwarding gate;
        RawClient client = gate.client();
        client.send(call("GET", target));
        RawClient api = gate.api.accept();
        CHECK(status_of(api.head()) == "GET " + std::string(target) + " HTTP/1.1");
    }
}
