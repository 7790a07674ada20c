// The head of a request as bytes: where it ends, what is refused, and how an answer is written.
#include "http/wire/request_head.h"

#include <algorithm>
#include <list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "http/decision/reply.h"
#include "http/decision/request_refusals.h"
#include "http/wire/response_writer.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::http;
using State = HeadScanner::State;

namespace {

std::string head_with(std::string_view lines) {
    return "GET /x HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n";
}

RequestHead parsed(std::string_view bytes) {
    RequestHead head;
    parse_request_head(bytes, head);
    return head;
}

std::string written(const Response& answer, std::string_view method, After after,
                    std::int64_t unix_s) {
    std::string text;
    write_response(text, answer, method, after, unix_s);
    return text;
}

/// The flaw of a head, wherever it is found: while it arrives or when it is read.
HeadFlaw flaw_of(std::string_view bytes) {
    HeadScanner scanner;
    switch (scanner.scan(bytes)) {
        case State::refused:
            return scanner.flaw();
        case State::complete:
            return parsed(bytes.substr(0, scanner.size())).flaw;
        case State::more:
            break;
    }
    FAIL("the head has no end");
    return HeadFlaw::none;
}

/// The bytes stay: the head points into them.
RequestHead sound(std::string_view bytes) {
    static std::list<std::string> kept;
    CHECK(flaw_of(bytes) == HeadFlaw::none);
    return parsed(kept.emplace_back(bytes));
}

}  // namespace

TEST_CASE("a head is read byte for byte: order, repeats, case and escapes stay as sent") {
    const RequestHead head = sound(
        "GET /a%2fb?c=%00&d HTTP/1.1\r\nHost: h\r\nX-Original-URI: /a%2Fb%0d%0aX: y\r\n"
        "x-forwarded-for: 1\r\nX-Forwarded-For:2 \t\r\nEmpty:\r\nUtf: \xc3\xa9\xff\r\n\r\n");
    CHECK(head.request.method == "GET");
    CHECK(head.request.target == "/a%2fb?c=%00&d");
    const auto& headers = head.request.headers;
    REQUIRE(headers.size() == 6);
    CHECK(headers[1].name == "X-Original-URI");
    CHECK(headers[1].value == "/a%2Fb%0d%0aX: y");
    CHECK(headers[2].value == "1");
    CHECK(headers[3].value == "2");
    CHECK(headers[4].value.empty());
    CHECK(headers[5].value == "\xc3\xa9\xff");
    CHECK(head.request.joined("X-FORWARDED-FOR") == "1, 2");
    CHECK(head.body == RequestHead::Body::none);
    CHECK(head.keep_alive);
}

TEST_CASE("a head that arrives byte by byte ends where the whole one does") {
    const std::string text = "\r\nGET /x HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n";
    HeadScanner scanner;
    for (std::size_t size = 0; size < text.size(); ++size)
        CHECK(scanner.scan(std::string_view(text).substr(0, size)) == State::more);
    CHECK(scanner.scan(text + "GET /next") == State::complete);
    CHECK(scanner.size() == text.size());
}

TEST_CASE("a request line in any other shape is refused") {
    for (const char* line :
         {"GET /x", "GET", "GET  /x HTTP/1.1", "GET /x  HTTP/1.1", " GET /x HTTP/1.1",
          "GET /x HTTP/1.1 ", "GET /x HTTP/1.1x", "GET /x y HTTP/1.1", "G(T /x HTTP/1.1",
          "GET /x http/1.1", "GET /x FTP/1.1", "GET\t/x\tHTTP/1.1", "GET /\x7f HTTP/1.1",
          "GET /\x01 HTTP/1.1", "\x16\x03\x01", "\"GET\" / HTTP/1.1",
          "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG /x HTTP/1.1"}) {
        CAPTURE(line);
        CHECK(flaw_of(std::string(line) + "\r\nHost: h\r\n\r\n") == HeadFlaw::request_line);
    }
    CHECK(flaw_of(std::string("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n", 29)) ==
          HeadFlaw::request_line);
    CHECK(flaw_of("\r\n\r\nGET /x HTTP/1.1\r\n\r\n") == HeadFlaw::request_line);
    for (const char* line : {"GET /x HTTP/2.0", "GET /x HTTP/1.2", "PRI * HTTP/2.0"}) {
        CAPTURE(line);
        CHECK(flaw_of(std::string(line) + "\r\nHost: h\r\n\r\n") == HeadFlaw::version);
    }
}

TEST_CASE("methods nobody lists are methods all the same") {
    for (const char* method : {"PURGE", "PROPFIND", "M-SEARCH", "get", "BASELINE-CONTROL"})
        CHECK(sound(std::string(method) + " /x HTTP/1.1\r\nHost: h\r\n\r\n").request.method ==
              method);
}

TEST_CASE("a header line that could be read in two ways is refused") {
    for (const char* line : {"NoColon", ": v", "A : v", "A\t: v", " A: v", "\tfolded", "A(b): v",
                             "A b: v", "A: v\x01", "A: \x7f", "A: v\rB: w", "\xc3\xa9: v"}) {
        CAPTURE(line);
        CHECK(flaw_of(head_with(std::string(line) + "\r\n")) == HeadFlaw::header_line);
    }
    using namespace std::string_literals;
    CHECK(flaw_of(head_with("A: v\0w\r\n"s)) == HeadFlaw::header_line);
    CHECK(flaw_of(head_with("A\0: v\r\n"s)) == HeadFlaw::header_line);
    CHECK(flaw_of(head_with("A: v\tw\r\n")) == HeadFlaw::none);
}

TEST_CASE("a line that ends with LF alone is refused as soon as it does") {
    HeadScanner scanner;
    CHECK(scanner.scan("GET /x HTTP/1.1\n") == State::refused);
    CHECK(scanner.flaw() == HeadFlaw::line_end);
    CHECK(flaw_of("GET /x HTTP/1.1\r\nHost: h\nA: b\r\n\r\n") == HeadFlaw::line_end);
    CHECK(flaw_of("\nGET /x HTTP/1.1\r\n\r\n") == HeadFlaw::request_line);
}

TEST_CASE("exactly one Host is asked for, and none of HTTP/1.0") {
    CHECK(flaw_of("GET /x HTTP/1.1\r\n\r\n") == HeadFlaw::host);
    CHECK(flaw_of("GET /x HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n") == HeadFlaw::host);
    CHECK(flaw_of("GET /x HTTP/1.0\r\n\r\n") == HeadFlaw::none);
    CHECK(flaw_of("GET /x HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n") == HeadFlaw::host);
    for (const char* version : {"1.1", "1.0"}) {
        const auto with_host = [&](const std::string& host) {
            return flaw_of("GET /x HTTP/" + std::string(version) + "\r\nHost: " + host +
                           "\r\n\r\n");
        };
        for (const char* host : {"",
                                 "a/b\"c",
                                 "a b",
                                 "a,b;proto=https",
                                 "a@b",
                                 "u:p@b",
                                 ":80",
                                 ":",
                                 "a:b",
                                 "a:65536",
                                 "a:-1",
                                 "a:80:80",
                                 "a:80:",
                                 "a::",
                                 "[::1",
                                 "[::1]x",
                                 "[]",
                                 "[::g]",
                                 "[1]",
                                 "[1:2]",
                                 "[:::]",
                                 "[v1.a]",
                                 "[fe80::1%25eth0]",
                                 "::1",
                                 "a%41",
                                 "a\\b",
                                 "a?b",
                                 "a#b",
                                 "a,b",
                                 "a;b",
                                 "a=b",
                                 "'a'",
                                 "<a>",
                                 "a\xc3\xa9",
                                 "\xff",
                                 "http://a",
                                 "a/"}) {
            CAPTURE(host, version);
            CHECK(with_host(host) == HeadFlaw::host);
        }
        for (const char* host :
             {"a", "A.example", "a.example.", "a_b-c~d", "a:80", "a:", "a:0", "127.0.0.1:8080",
              "[::1]", "[::1]:80", "[::1]:", "[2001:db8::7]", "[::ffff:192.0.2.1]:1", "xn--9ca"}) {
            CAPTURE(host, version);
            CHECK(with_host(host) == HeadFlaw::none);
        }
    }
    for (const char c : std::string("\0\x01\x7f", 3))  // not even a header
        CHECK(flaw_of("GET /x HTTP/1.1\r\nHost: a" + std::string(1, c) + "b\r\n\r\n") ==
              HeadFlaw::header_line);
}

TEST_CASE("each bound is met exactly, and one byte more is refused") {
    const std::string longest(limits::target_bytes_max - 1, 'a');
    CHECK(flaw_of("GET /" + longest + " HTTP/1.1\r\nHost: h\r\n\r\n") == HeadFlaw::none);
    CHECK(flaw_of("GET /a" + longest + " HTTP/1.1\r\nHost: h\r\n\r\n") ==
          HeadFlaw::target_too_long);

    const std::string value(limits::head_line_bytes_max - 3, 'v');
    CHECK(flaw_of(head_with("A: " + value + "\r\n")) == HeadFlaw::none);
    CHECK(flaw_of(head_with("A: v" + value + "\r\n")) == HeadFlaw::header_too_long);

    std::string many;
    for (std::size_t i = 1; i < limits::headers_max; ++i)
        many += "A: b\r\n";
    CHECK(flaw_of(head_with(many)) == HeadFlaw::none);
    CHECK(flaw_of(head_with(many + "A: b\r\n")) == HeadFlaw::too_many_headers);

    std::string full = "Host: h\r\n";
    while (full.size() + 8'000 < limits::head_bytes_max)
        full += "A: " + std::string(7'000, 'v') + "\r\n";
    const std::size_t left = limits::head_bytes_max - full.size() - 3;
    const std::string first = "GET /x HTTP/1.1\r\n";
    CHECK(flaw_of(first + full + "B: " + std::string(left, 'v') + "\r\n\r\n") == HeadFlaw::none);
    CHECK(flaw_of(first + full + "B: " + std::string(left + 1, 'v') + "\r\n\r\n") ==
          HeadFlaw::head_too_long);
}

TEST_CASE("a header in which a proxy says the target has room for the longest there may be") {
    for (const char* name : {"X-Original-URI", "X-Forwarded-Uri", "x-forwarded-uri"}) {
        CAPTURE(name);
        const std::string begin = std::string(name) + ": /";
        const auto with = [&](std::size_t bytes) {
            return flaw_of(head_with(begin + std::string(bytes - begin.size(), 'a') + "\r\n"));
        };
        CHECK(with(limits::target_bytes_max + 64) == HeadFlaw::none);
        CHECK(with(limits::target_bytes_max + 65) == HeadFlaw::target_too_long);
    }
    const std::string other = "X-Original-URI-2: ";
    CHECK(flaw_of(head_with(other + std::string(limits::head_line_bytes_max, 'a') + "\r\n")) ==
          HeadFlaw::header_too_long);
}

TEST_CASE("the head of an answer has bounds of its own, each met exactly") {
    const auto flaw_in = [](const std::string& bytes) {
        HeadScanner scanner(hourgate::http::answer_bounds);
        return scanner.scan(bytes) == State::refused ? scanner.flaw() : HeadFlaw::none;
    };
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const std::string value(limits::answer_head_line_bytes_max - 3, 'v');
    CHECK(flaw_in(ok + "A: " + value + "\r\n\r\n") == HeadFlaw::none);
    CHECK(flaw_in(ok + "A: v" + value + "\r\n\r\n") == HeadFlaw::header_too_long);
    std::string many = ok;
    for (std::size_t i = 0; i < limits::answer_headers_max; ++i)
        many += "A: b\r\n";
    CHECK(flaw_in(many + "\r\n") == HeadFlaw::none);
    CHECK(flaw_in(many + "A: b\r\n\r\n") == HeadFlaw::too_many_headers);
    std::string full;
    while (full.size() + 8'000 < limits::answer_head_bytes_max)
        full += "A: " + std::string(7'000, 'v') + "\r\n";
    const std::size_t left = limits::answer_head_bytes_max - full.size() - 3;
    CHECK(flaw_in(ok + full + "B: " + std::string(left, 'v') + "\r\n\r\n") == HeadFlaw::none);
    CHECK(flaw_in(ok + full + "B: " + std::string(left + 1, 'v') + "\r\n\r\n") ==
          HeadFlaw::head_too_long);
    CHECK(flaw_in("HTTP/1.1 200 " + std::string(limits::head_line_bytes_max, 'a')) ==
          HeadFlaw::target_too_long);  // the first line
    CHECK(hourgate::http::bound_of_answer(HeadFlaw::target_too_long) ==
          "8192 bytes of its status line");
    CHECK(hourgate::http::bound_of_answer(HeadFlaw::too_many_headers) == "512 header lines");
}

TEST_CASE("what is too long is refused before its end has come") {
    const auto refused = [](const std::string& bytes) {
        HeadScanner scanner;
        return scanner.scan(bytes) == State::refused ? scanner.flaw() : HeadFlaw::none;
    };
    CHECK(refused("GET /" + std::string(limits::target_bytes_max + 50, 'a')) ==
          HeadFlaw::target_too_long);
    CHECK(refused("GET /x HTTP/1.1\r\nA: " + std::string(9'000, 'a')) == HeadFlaw::header_too_long);
    std::string head = "GET /x HTTP/1.1\r\n";
    while (head.size() < 40'000)
        head += "A: " + std::string(1'000, 'v') + "\r\n";
    CHECK(refused(head) == HeadFlaw::head_too_long);
}

TEST_CASE("a body is framed in one way, or refused") {
    CHECK(sound(head_with("")).body == RequestHead::Body::none);
    CHECK(sound(head_with("Content-Length: 0\r\n")).body == RequestHead::Body::none);
    const RequestHead sized = sound(head_with("content-length: 0012\r\n"));
    CHECK(sized.body == RequestHead::Body::length);
    CHECK(sized.body_bytes == 12);
    CHECK(sound(head_with("Transfer-Encoding: Chunked\r\n")).body == RequestHead::Body::chunked);
    for (const char* lines :
         {"Content-Length: 1\r\nContent-Length: 1\r\n",
          "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
          "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 1, 1\r\n",
          "Content-Length: -1\r\n", "Content-Length: +1\r\n", "Content-Length: 0x1\r\n",
          "Content-Length:\r\n", "Content-Length: 1 2\r\n",
          "Content-Length: 99999999999999999999\r\n"}) {
        CAPTURE(lines);
        CHECK(flaw_of(head_with(lines)) == HeadFlaw::length);
    }
    for (const char* lines :
         {"Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n",
          "Transfer-Encoding:\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: chunked, identity\r\n",
          "Transfer-Encoding: \"chunked\"\r\n"}) {
        CAPTURE(lines);
        CHECK(flaw_of(head_with(lines)) == HeadFlaw::encoding);
    }
    CHECK(flaw_of("POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == HeadFlaw::encoding);
}

TEST_CASE("a connection is kept when the client wishes so") {
    CHECK_FALSE(sound(head_with("Connection: close\r\n")).keep_alive);
    CHECK_FALSE(sound(head_with("Connection: x, CLOSE ,y\r\n")).keep_alive);
    CHECK_FALSE(sound(head_with("Connection: keep-alive\r\nConnection: close\r\n")).keep_alive);
    CHECK(sound(head_with("Connection: keep-alive\r\n")).keep_alive);
    CHECK_FALSE(sound("GET /x HTTP/1.0\r\n\r\n").keep_alive);
    CHECK(sound("GET /x HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
}

TEST_CASE("Connection has at most 32 options, empty ones and all its lines included") {
    std::string options = "a";
    for (std::size_t i = 1; i < limits::connection_options_max; ++i)
        options += ",b";
    CHECK(flaw_of(head_with("Connection: " + options + "\r\n")) == HeadFlaw::none);
    CHECK(flaw_of(head_with("Connection: " + options + ",close\r\n")) ==
          HeadFlaw::too_many_options);
    CHECK(flaw_of(head_with("Connection: " + options + "\r\nconnection: close\r\n")) ==
          HeadFlaw::too_many_options);
    CHECK(flaw_of(head_with("Connection: k" + std::string(8'000, ',') + "\r\n")) ==
          HeadFlaw::too_many_options);
    std::string last = options;
    last.replace(last.size() - 1, 1, "close");
    CHECK_FALSE(sound(head_with("Connection: " + last + "\r\n")).keep_alive);
}

TEST_CASE("a target in absolute form is read as a path, and names the host") {
    const auto read = [](std::string_view target, std::string_view lines = "Host: other\r\n",
                         std::string_view method = "GET", std::string_view version = "1.1") {
        const RequestHead head = sound(std::string(method) + " " + std::string(target) + " HTTP/" +
                                       std::string(version) + "\r\n" + std::string(lines) + "\r\n");
        CHECK(head.request.count("Host") == 1);
        return std::string(head.request.target) + " " +
               std::string(head.request.only("host").value_or(""));
    };
    CHECK(read("http://a.example/x?y=z") == "/x?y=z a.example");
    CHECK(read("HTTP://a.example:8080/x") == "/x a.example:8080");
    CHECK(read("https://A-1.example_b~/") == "/ A-1.example_b~");
    CHECK(read("http://[2001:db8::1]:80/x") == "/x [2001:db8::1]:80");
    CHECK(read("http://127.0.0.1") == "/ 127.0.0.1");
    CHECK(read("http://a//x/../y;z%2f?http://b/") == "//x/../y;z%2f?http://b/ a");
    CHECK(read("http://a", "Host: other\r\n", "OPTIONS") == "* a");
    CHECK(read("http://a/", "Host: other\r\n", "OPTIONS") == "/ a");
    CHECK(read("http://a/x", "", "GET", "1.0") == "/x a");
    CHECK(read("/x?http://b/", "Host: other\r\n") == "/x?http://b/ other");
    // Host is asked for all the same (RFC 9112 section 3.2).
    CHECK(flaw_of("GET http://a/x HTTP/1.1\r\n\r\n") == HeadFlaw::host);
    CHECK(flaw_of("GET http://a/x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == HeadFlaw::host);
    RequestHead head;  // written into the head's own memory
    const std::string bytes = "GET http://a?q=1 HTTP/1.1\r\nHost: h\r\n\r\n";
    parse_request_head(bytes, head);
    CHECK(head.flaw == HeadFlaw::none);
    CHECK(head.request.target == "/?q=1");
    CHECK(head.request.only("Host") == "a");
}

TEST_CASE("a target in absolute form without one plain host is refused") {
    for (const char* target : {"http://",
                               "http:///x",
                               "http://:80/x",
                               "http://u@a/x",
                               "http://u:p@a/x",
                               "http://@a/x",
                               "http:/x",
                               "http:x",
                               "http:",
                               "https:",
                               "http://a:b/x",
                               "http://a:/x",
                               "http://a:65536/x",
                               "http://a:80:80/x",
                               "http://a:-1/x",
                               "http://[]/x",
                               "http://[::1/x",
                               "http://[::1]x/",
                               "http://[::g]/x",
                               "http://a%41/x",
                               "http://a\\b/x",
                               "http://a,b/x",
                               "http://a/x#y",
                               "http://a#y",
                               "http://\xc3\xa9/x",
                               "http://a?x#y"}) {
        CAPTURE(target);
        CHECK(flaw_of("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n") ==
              HeadFlaw::request_line);
    }
    CHECK(flaw_of("CONNECT http://a/ HTTP/1.1\r\nHost: a\r\n\r\n") == HeadFlaw::request_line);
    // Other schemes and forms stay as they are: no policy has a path for them.
    for (const char* target : {"ftp://a/x", "ws://a/x", "httpx://a/x", "a:80", "*", "x", "file:/x"})
        CHECK(sound("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n").request.target ==
              target);
}

TEST_CASE("100-continue is waited for in HTTP/1.1 only") {
    CHECK(sound(head_with("Expect: 100-Continue\r\n")).expects_continue);
    CHECK_FALSE(sound(head_with("Expect: 200-ok\r\n")).expects_continue);
    CHECK_FALSE(sound("GET /x HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").expects_continue);
}

TEST_CASE("a refused head is answered in the shape all errors have, with the status that fits") {
    const std::vector<std::pair<HeadFlaw, int>> table = {
        {HeadFlaw::request_line, 400},     {HeadFlaw::version, 505},
        {HeadFlaw::target_too_long, 414},  {HeadFlaw::line_end, 400},
        {HeadFlaw::header_line, 400},      {HeadFlaw::header_too_long, 431},
        {HeadFlaw::too_many_headers, 431}, {HeadFlaw::head_too_long, 431},
        {HeadFlaw::too_many_options, 431}, {HeadFlaw::host, 400},
        {HeadFlaw::length, 400},           {HeadFlaw::encoding, 501}};
    for (const auto& [flaw, status] : table) {
        const Response answer = answer_to(flaw, {hourgate::http::ReplySettings{}});
        CHECK(answer.status == status);
        CHECK(answer.body.starts_with(R"({"error":{"code":"bad_request","reason":")"));
        CHECK(answer.body.find(R"("fix":")") != std::string::npos);
    }
}

TEST_CASE("each refused head is counted under the reason it is told, and named with its bound") {
    const auto& known = hourgate::http::refused_reasons;
    for (int at = 1; at <= static_cast<int>(HeadFlaw::preflight_body); ++at) {
        const auto flaw = static_cast<HeadFlaw>(at);
        const std::string reason(hourgate::http::reason_of(flaw));
        CAPTURE(reason);
        CHECK(std::find(known.begin(), known.end(), reason) != known.end());
        CHECK(answer_to(flaw, {hourgate::http::ReplySettings{}})
                  .body.find("\"reason\":\"" + reason + "\"") != std::string::npos);
        const std::string bound = hourgate::http::bound_of(flaw, 8'000);
        const int status = answer_to(flaw, {hourgate::http::ReplySettings{}}).status;
        CHECK(bound.empty() == (status != 414 && status != 431));
        CHECK(answer_to(flaw, {hourgate::http::ReplySettings{}}).body.find(bound) !=
              std::string::npos);
    }
    CHECK(hourgate::http::bound_of(HeadFlaw::target_too_long, 8'000) ==
          "8000 bytes of path and query");
}

TEST_CASE("an answer is these very bytes") {
    Response answer{401, {{"Content-Type", "text/plain"}, {"X-A", "b"}}, "no\n"};
    CHECK(written(answer, "GET", After::keep, 1'780'000'000) ==
          "HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\nX-A: b\r\n"
          "Date: Thu, 28 May 2026 20:26:40 GMT\r\nContent-Length: 3\r\nConnection: "
          "keep-alive\r\n\r\nno\n");
    CHECK(written(answer, "HEAD", After::close, 0) ==
          "HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\nX-A: b\r\n"
          "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 3\r\nConnection: close\r\n\r\n");
    CHECK(written({204, {}, "never sent"}, "GET", After::keep, 1'798'675'200) ==
          "HTTP/1.1 204 No Content\r\nDate: Thu, 31 Dec 2026 00:00:00 GMT\r\n"
          "Connection: keep-alive\r\n\r\n");
}

TEST_CASE("an answer of any size is written whole, behind what is there") {
    for (const std::size_t bytes : {1U, 900U, 980U, 1'024U, 3'000U, 70'000U}) {
        CAPTURE(bytes);
        const std::string value(bytes, 'v');
        std::string text = "before";
        write_response(text, {200, {{"A", value}, {"B", value}, {"C", "c"}}, value}, "GET",
                       After::close, 0);
        CHECK(text == "beforeHTTP/1.1 200 OK\r\nA: " + value + "\r\nB: " + value +
                          "\r\nC: c\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: " +
                          std::to_string(bytes) + "\r\nConnection: close\r\n\r\n" + value);
    }
}

TEST_CASE("no header value ends its line, whoever made it") {
    const std::string text =
        written({200, {{"A", "b\r\nEvil: 1\n\x01\x7f"}}, ""}, "GET", After::keep, 0);
    CHECK(text.starts_with("HTTP/1.1 200 OK\r\nA: b  Evil: 1   \r\nDate: "));
    const std::string last = std::string(2'000, 'x') + "\r\n";
    CHECK(written({200, {{"A", last}}, ""}, "GET", After::keep, 0).find("x  \r\nDate: ") !=
          std::string::npos);
}
