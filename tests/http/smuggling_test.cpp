// Bytes that two readers might take in two ways, through the gate's own proxy: the API never sees a
// call the gate did not grant, and never two for one. Everything here carries a token that would be
// granted, so that nothing but the reading stands in the way.
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/forwarding.h"

using namespace hourgate;
using namespace hourgate::test;

namespace {

struct Attack {
    const char* name;
    std::string bytes;
    const char* status;
};

const std::string hidden = "GET /clients/stolen HTTP/1.1\r\nHost: h\r\n\r\n";

std::string post(const std::string& lines, const std::string& body) {
    return "POST /clients HTTP/1.1\r\nHost: h\r\n" + with_token() + lines + "\r\n" + body;
}

std::vector<Attack> refused_ones() {
    const char* const bad = "HTTP/1.1 400 Bad Request";
    const std::string chunked_hidden = "0\r\n\r\n" + hidden;
    const std::string length = std::to_string(chunked_hidden.size());
    std::vector<Attack> all = {
        {"CL.TE",
         post("Content-Length: " + length + "\r\nTransfer-Encoding: chunked\r\n", chunked_hidden),
         bad},
        {"TE.CL", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", chunked_hidden), bad},
        {"two lengths",
         post("Content-Length: 0\r\nContent-Length: " + length + "\r\n", chunked_hidden), bad},
        {"one length twice", post("Content-Length: 4\r\nContent-Length: 4\r\n", "body"), bad},
        {"a list of lengths", post("Content-Length: 4, 4\r\n", "body"), bad},
        {"a signed length", post("Content-Length: +4\r\n", "body"), bad},
        {"a negative length", post("Content-Length: -4\r\n", "body"), bad},
        {"a hex length", post("Content-Length: 0x4\r\n", "body"), bad},
        {"an endless length", post("Content-Length: 99999999999999999999\r\n", "body"), bad},
        {"an empty length", post("Content-Length: \r\n", "body"), bad},
        {"two encodings",
         post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", chunked_hidden),
         "HTTP/1.1 501 Not Implemented"},
        {"a list of encodings", post("Transfer-Encoding: gzip, chunked\r\n", chunked_hidden),
         "HTTP/1.1 501 Not Implemented"},
        {"xchunked", post("Transfer-Encoding: xchunked\r\n", chunked_hidden),
         "HTTP/1.1 501 Not Implemented"},
        {"a quoted encoding", post("Transfer-Encoding: \"chunked\"\r\n", chunked_hidden),
         "HTTP/1.1 501 Not Implemented"},
        {"chunks in HTTP/1.0",
         "POST /clients HTTP/1.0\r\n" + with_token() + "Transfer-Encoding: chunked\r\n\r\n" +
             chunked_hidden,
         "HTTP/1.1 501 Not Implemented"},
        {"a space before the colon", post("Transfer-Encoding : chunked\r\n", chunked_hidden), bad},
        {"a tab before the colon", post("Transfer-Encoding\t: chunked\r\n", chunked_hidden), bad},
        {"a folded header", post("Transfer-Encoding:\r\n chunked\r\n", chunked_hidden), bad},
        {"a folded first header", "POST /clients HTTP/1.1\r\n Host: h\r\n\r\n", bad},
        {"a bare LF", post("X: 1\nTransfer-Encoding: chunked\r\n", chunked_hidden), bad},
        {"a bare CR", post("X: 1\rTransfer-Encoding: chunked\r\n", chunked_hidden), bad},
        {"a NUL in a value", post(std::string("X: a\0b\r\n", 8), ""), bad},
        {"a NUL in a name", post(std::string("X\0Y: a\r\n", 8), ""), bad},
        {"no colon", post("Transfer-Encoding chunked\r\n", chunked_hidden), bad},
        {"an empty name", post(": chunked\r\n", chunked_hidden), bad},
        {"two hosts", post("Host: other\r\n", ""), bad},
        {"no host", "GET /clients/1 HTTP/1.1\r\n" + with_token() + "\r\n", bad},
        {"an absolute target",
         "GET http://h/clients/1 HTTP/1.1\r\nHost: h\r\n" + with_token() + "\r\n", bad},
        {"an asterisk", "OPTIONS * HTTP/1.1\r\nHost: h\r\n" + with_token() + "\r\n", bad},
        {"an authority", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n" + with_token() + "\r\n", bad},
        {"a space in the target", "GET /clients/1 x HTTP/1.1\r\nHost: h\r\n\r\n", bad},
        {"a tab for a space", "GET\t/clients/1\tHTTP/1.1\r\nHost: h\r\n\r\n", bad},
        {"HTTP/0.9", "GET /clients/1\r\n\r\n", bad},
        {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported"},
        {"HTTP/1.2", "GET /clients/1 HTTP/1.2\r\nHost: h\r\n\r\n",
         "HTTP/1.1 505 HTTP Version Not Supported"},
        {"an encoded slash", call("GET", "/clients%2F1"), bad},
        {"a dot segment", call("GET", "/clients/../admin"), bad},
        {"an encoded dot segment", call("GET", "/clients/%2e%2e/admin"), bad},
        {"a backslash", call("GET", "/clients/\\..\\admin"), bad},
        {"double encoding", call("GET", "/clients/%252e"), bad},
        {"a method override", call("POST", "/clients", "X-HTTP-Method-Override: DELETE\r\n"), bad},
        {"two tokens", call("GET", "/clients/1", with_token()), bad},
        {"a forged role", call("GET", "/clients/1", "X-HOURGATE-ROLE: owner\r\n"), bad},
        {"a forged role for CGI", call("GET", "/clients/1", "X_Hourgate-Role: owner\r\n"), bad}};
    return all;
}

}  // namespace

TEST_CASE("what could be read in two ways is refused once, and the API is not called") {
    for (const Attack& attack : refused_ones()) {
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
    const std::string size = "29";  // 41 in hex
    REQUIRE(hidden.size() == 0x29);
    for (const std::string& sent :
         {post("Content-Length: " + length + "\r\n", hidden),
          post("Transfer-Encoding: chunked\r\n", size + "\r\n" + hidden + "\r\n0\r\n\r\n"),
          post("Transfer-Encoding: Chunked\r\n",
               "0000" + size + ";ext=\"0\"\r\n" + hidden + "\r\n000\r\nX: " + "1\r\n\r\n")}) {
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
        client.send(post("Transfer-Encoding: chunked\r\n", chunks + hidden));
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
