// The same calls straight to an API, and through everything that stands in front of it: nginx, Caddy
// and HAProxy with the texts that `hourgate snippets` prints, and the gate's own proxy. What API and
// client see has to be the same, but for the differences that are listed here with their reason.
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/text.h"
#include "e2e/stage.h"
#include "support/catch.h"
#include "support/forwarding.h"
#include "support/waiting.h"

using namespace hourgate::e2e;
using hourgate::lower;
using hourgate::test::comes_true;
using hourgate::test::RawClient;
using hourgate::test::RawUpstream;

namespace {

using Names = std::vector<std::string>;

struct Row {
    std::string name;
    std::string method;
    std::string target;  ///< below the API's own path for the row
    std::string headers;
    std::string body;
    std::string answer;          ///< as the API sends it
    Names of_request = {};       ///< headers that the API is to see alike
    Names of_answer = {};        ///< headers that the client is to see alike
    std::string awaited = {};    ///< the client goes on when this has come…
    std::string sent_then = {};  ///< …and sends this
    std::string rest = {};       ///< and then the API sends this
    std::string version = "1.1";
};

std::string answer(const std::string& status, const std::string& headers, const std::string& body) {
    return "HTTP/1.1 " + status + "\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
           body;
}

const std::string json = "Content-Type: application/json\r\n";

std::string lines(const std::string& name, std::size_t count, const std::string& value) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i)
        all += name + std::to_string(i) + ": " + value + "\r\n";
    return all;
}

std::string chunks(std::size_t count, std::size_t size) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i)
        all += "400\r\n" + std::string(size, 'c') + "\r\n";
    return all;
}

std::vector<Row> rows() {
    const std::string ok = answer("200 OK", json, "{}");
    const std::string open_end = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
    const std::string four = "Content-Length: 4\r\n";
    return {
        {"GET", "GET", "", "", "", ok, {}, {"content-type", "content-length"}},
        {"a query with escapes", "GET", "?q=a%20b&path=%2Fx&e=", "", "", ok},
        {"escapes in a path", "GET", "/a%20b/%C3%A9", "", "", ok},
        {"an empty query", "GET", "?", "", "", ok},
        {"HEAD",
         "HEAD",
         "",
         "",
         "",
         "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n",
         {},
         {"content-length"}},
        {"OPTIONS",
         "OPTIONS",
         "",
         "",
         "",
         answer("200 OK", "Allow: GET, POST\r\n", ""),
         {},
         {"allow"}},
        {"POST",
         "POST",
         "",
         json + four,
         "body",
         answer("201 Created", "Location: /x/1\r\n", "{}"),
         {"content-type", "content-length"},
         {"location"}},
        {"POST in chunks", "POST", "", "Transfer-Encoding: chunked\r\n",
         "4\r\nbody\r\n3\r\nmor\r\n0\r\n\r\n", ok},
        {"POST of nothing", "POST", "", "Content-Length: 0\r\n", "", ok, {"content-length"}},
        {"PUT of 2 MB", "PUT", "", "Content-Length: 2000000\r\n", std::string(2'000'000, 'b'), ok},
        {"PATCH", "PATCH", "", json + four, "body", ok, {"content-type"}},
        {"DELETE", "DELETE", "", "", "", "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"},
        {"DELETE with a body", "DELETE", "", four, "body", ok},
        {"GET with a body", "GET", "", four, "body", ok},
        {"Expect: 100-continue",
         "POST",
         "",
         four + "Expect: 100-continue\r\n",
         "",
         ok,
         {},
         {},
         "100 Continue",
         "body"},
        {"many headers",
         "GET",
         "",
         lines("X-Many-", 60, "value"),
         "",
         ok,
         {"x-many-0", "x-many-59"}},
        {"a cookie of 7 KB",
         "GET",
         "",
         "Cookie: a=" + std::string(7'000, 'c') + "\r\n",
         "",
         ok,
         {"cookie"}},
        {"two cookie headers", "GET", "", "Cookie: a=1\r\nCookie: b=2\r\n", "", ok, {"cookie"}},
        {"a header twice", "GET", "", "X-Twice: a\r\nX-Twice: b\r\n", "", ok, {"x-twice"}},
        {"UTF-8 in a header", "GET", "", "X-Name: Zo\xc3\xab\r\n", "", ok, {"x-name"}},
        {"an empty header", "GET", "", "X-Empty:\r\n", "", ok, {"x-empty"}},
        {"Accept-Encoding",
         "GET",
         "",
         "Accept-Encoding: gzip, br\r\n",
         "",
         answer("200 OK", "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n", "\x1f\x8b gzip"),
         {"accept-encoding"},
         {"content-encoding", "vary"}},
        {"If-None-Match",
         "GET",
         "",
         "If-None-Match: \"v1\"\r\n",
         "",
         "HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\nConnection: close\r\n\r\n",
         {"if-none-match"},
         {"etag"}},
        {"a range",
         "GET",
         "",
         "Range: bytes=0-3\r\n",
         "",
         answer("206 Partial Content", "Content-Range: bytes 0-3/9\r\n", "part"),
         {"range"},
         {"content-range"}},
        {"a redirect",
         "GET",
         "",
         "",
         "",
         answer("302 Found", "Location: https://api.example:8443/there?x=1\r\n", ""),
         {},
         {"location"}},
        {"404 of the API",
         "GET",
         "",
         "",
         "",
         answer("404 Not Found", json, "{\"no\":1}"),
         {},
         {"content-type"}},
        {"401 of the API",
         "GET",
         "",
         "",
         "",
         answer("401 Unauthorized", "WWW-Authenticate: Basic realm=\"api\"\r\n", "who"),
         {},
         {"www-authenticate"}},
        {"403 of the API", "GET", "", "", "", answer("403 Forbidden", json, "{\"no\":1}")},
        {"429 of the API",
         "GET",
         "",
         "",
         "",
         answer("429 Too Many Requests", "Retry-After: 7\r\n", "slow"),
         {},
         {"retry-after"}},
        {"500 of the API", "GET", "", "", "",
         answer("500 Internal Server Error", json, "{\"no\":1}")},
        {"503 of the API",
         "GET",
         "",
         "",
         "",
         answer("503 Service Unavailable", "Retry-After: 5\r\n", "later"),
         {},
         {"retry-after"}},
        {"a reason phrase", "GET", "", "", "", answer("422 That Will Not Do", json, "{}")},
        {"three cookies set",
         "GET",
         "",
         "",
         "",
         answer("200 OK", "Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\nSet-Cookie: c=3\r\n", "x"),
         {},
         {"set-cookie"}},
        {"a head of 7 KB",
         "GET",
         "",
         "",
         "",
         answer("200 OK", "X-Long: " + std::string(7'000, 'h') + "\r\n", "x"),
         {},
         {"x-long"}},
        {"a head of 20 KB",
         "GET",
         "",
         "",
         "",
         answer("200 OK", lines("X-Long-", 5, std::string(4'000, 'h')), "x"),
         {},
         {"x-long-0", "x-long-4"}},
        {"1 MB in chunks", "GET", "", "", "",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" +
             chunks(1'024, 1'024) + "0\r\n\r\n"},
        {"trailers", "GET", "", "", "",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nConnection: "
         "close\r\n\r\n"
         "2\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n"},
        {"an end by closing", "GET", "", "", "", open_end + json + "\r\n{}"},
        {"103 before 200", "GET", "", "", "",
         "HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\n\r\n" + ok},
        {"events at once",
         "GET",
         "",
         "Accept: text/event-stream\r\n",
         "",
         open_end + "Content-Type: text/event-stream\r\n\r\ndata: one\n\n",
         {},
         {"content-type"},
         "data: one\n\n",
         "",
         "data: two\n\n"},
        {"a WebSocket",
         "GET",
         "",
         "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
         "",
         "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
         {"upgrade", "sec-websocket-key"},
         {"upgrade", "sec-websocket-accept"},
         "\r\n\r\n",
         "ping",
         "pong"},
        {"HTTP/1.0", "GET", "", "", "", ok, {}, {}, "", "", "", "1.0"},
    };
}

// --- reading what was sent -----------------------------------------------------------------------

/// All values of a header, in order; nothing if there is none.
std::string values_of(const std::string& head, const std::string& name) {
    std::string values;
    std::size_t begin = 0;
    while ((begin = head.find("\r\n", begin)) != head.npos) {
        begin += 2;
        const std::size_t colon = head.find(':', begin), end = head.find("\r\n", begin);
        if (colon == head.npos || end == head.npos || colon > end)
            continue;
        if (lower(head.substr(begin, colon - begin)) == name)
            values +=
                "[" + std::string(hourgate::trimmed(head.substr(colon + 1, end - colon - 1))) + "]";
    }
    return values;
}

std::string without_chunks(const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find("\r\n", at);
        if (end == text.npos)
            return out + "(cut)";
        const std::size_t size = std::stoul(text.substr(at, end - at), nullptr, 16);
        if (size == 0)
            return out;
        out += text.substr(end + 2, size);
        at = end + 2 + size + 2;
    }
    return out + "(cut)";
}

std::string shown(const std::string& body) {
    return body.size() < 100 ? body : std::to_string(body.size()) + " bytes of " + body.front();
}

std::string framed(const std::string& head, const std::string& body) {
    return lower(values_of(head, "transfer-encoding")) == "[chunked]" ? without_chunks(body) : body;
}

// --- the API -------------------------------------------------------------------------------------

/// Answers the calls of all rows, by the number in their path.
class Api {
public:
    explicit Api(const std::vector<Row>& rows) : rows_(rows), thread_([this] { serve(); }) {}
    ~Api() {
        over_ = true;
        { const RawClient last(listening_.port()); }
        thread_.join();
    }
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;

    [[nodiscard]] std::uint16_t port() const { return listening_.port(); }
    void expect() {
        seen_.clear();
        answered_ = false;
        go_ = false;
    }
    void go_on() { go_ = true; }
    /// What the API saw of the call; "" if none came.
    [[nodiscard]] std::string seen() {
        return comes_true([&] { return answered_.load() || over_.load(); }) ? seen_ : "(no end)";
    }
    [[nodiscard]] bool was_asked() const { return begun_.exchange(false); }

private:
    void serve() {
        for (;;) {
            while (!listening_.has_caller())
                std::this_thread::yield();
            RawClient caller = listening_.accept();
            if (over_)
                return;
            answer_one(caller);
        }
    }
    void answer_one(RawClient& caller) {
        const std::string head = caller.head();
        const std::size_t at = head.find("/clients/");
        if (at == head.npos)
            return;
        begun_ = true;
        const Row& row = rows_[std::stoul(head.substr(at + 9))];
        if (lower(values_of(head, "expect")) == "[100-continue]")
            caller.send("HTTP/1.1 100 Continue\r\n\r\n");
        std::string body;
        if (const std::string length = values_of(head, "content-length"); !length.empty())
            body = caller.read(std::stoul(length.substr(1)));
        else if (!values_of(head, "transfer-encoding").empty())
            while (!body.ends_with("0\r\n\r\n"))
                body += caller.read(1);
        seen_ = head.substr(0, head.find(" HTTP/")) + " at " + values_of(head, "host");
        for (const std::string& name : row.of_request)
            seen_ += " " + name + shown(values_of(head, name));
        seen_ += " body " + shown(framed(head, body));
        caller.send(row.answer);
        if (!row.rest.empty()) {
            (void)comes_true([&] { return go_.load(); });
            (void)caller.read(row.sent_then.size());
            caller.send(row.rest);
        }
        answered_ = true;
    }

    const std::vector<Row>& rows_;
    RawUpstream listening_;
    std::string seen_;  // the API's until answered_, then the test's
    std::atomic<bool> over_{false}, answered_{false}, go_{false};
    mutable std::atomic<bool> begun_{false};
    std::thread thread_;
};

// --- the client ----------------------------------------------------------------------------------

/// What the client saw of its call, in one line.
std::string outcome(const Row& row, std::string text) {
    std::string early;
    while (text.starts_with("HTTP/1.1 1") && !text.starts_with("HTTP/1.1 101")) {
        if (!text.starts_with("HTTP/1.1 100"))
            early += text.substr(9, 4);
        text.erase(0, text.find("\r\n\r\n") + 4);
    }
    const std::size_t end = text.find("\r\n\r\n");
    if (end == text.npos)
        return "no answer: " + shown(text);
    const std::string head = text.substr(0, end + 2), body = text.substr(end + 4);
    std::string line = early + text.substr(9, text.find("\r\n") - 9);
    for (const std::string& name : row.of_answer)
        line += " " + name + shown(values_of(head, name));
    return line + " body " + shown(framed(head, body));
}

std::string call(const Row& row, std::size_t number, const std::string& token, RawClient client,
                 Api& api) {
    const std::string connection =
        row.headers.find("Upgrade:") == std::string::npos ? "close" : "Upgrade";
    api.expect();
    client.send(row.method + " /api/v1/clients/" + std::to_string(number) + row.target + " HTTP/" +
                row.version + "\r\nHost: api.example:8443\r\nAuthorization: Bearer " + token +
                "\r\nConnection: " + connection + "\r\n" + row.headers + "\r\n" + row.body);
    std::string text;
    if (!row.awaited.empty()) {
        while (text.find(row.awaited) == text.npos && text.size() < 100'000) {
            const std::string some = client.read(1);
            if (some.empty()) {
                text += "(late)";
                break;
            }
            text += some;
        }
        client.send(row.sent_then);
        api.go_on();
    }
    text += client.until_end();
    return outcome(row, text) + " | " + (api.was_asked() ? api.seen() : "not asked");
}

/// The rows that differ from the same call to the API itself.
std::map<std::string, std::string> different(const std::vector<Row>& rows, Api& api,
                                             const std::string& token,
                                             const std::function<RawClient()>& connect) {
    std::map<std::string, std::string> found;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::string straight = call(rows[i], i, token, RawClient(api.port()), api);
        const std::string through = call(rows[i], i, token, connect(), api);
        if (straight != through)
            found[rows[i].name] = "\n    straight: " + straight + "\n    through:  " + through;
    }
    return found;
}

/// What differs, and is meant to: by way and row.
const std::map<std::string, std::set<std::string>> meant = {
    {"nginx", {}},
    {"caddy", {"a reason phrase"}},  // Go says the usual one (RFC 9110 section 15 lets it)
    {"haproxy", {}},
    {"gate", {}},
};

void check(const std::string& way, const std::map<std::string, std::string>& found) {
    for (const auto& [row, how] : found) {
        INFO(way << ": " << row << how);
        CHECK(meant.at(way).count(row) == 1);
    }
    for (const std::string& row : meant.at(way)) {
        INFO(way << ": " << row << " differs no more");
        CHECK(found.count(row) == 1);
    }
}

const std::string wide = "wide=100000/60";

}  // namespace

TEST_CASE("forty calls are the same through each proxy that asks the gate as straight to the API") {
    const std::vector<Row> all = rows();
    CHECK(all.size() >= 40);
    with_each_proxy([&](const std::string& proxy) {
        Api api(all);
        const Stage stage(proxy, "", Ask::by_socket, {}, api.port());
        stage.here.must({"plan", "set", "studio", "--window", wide});
        check(proxy, different(all, api, stage.manager, [&] { return stage.front->connect(); }));
    });
}

TEST_CASE("forty calls are the same through the gate's own proxy as straight to the API") {
    const std::vector<Row> all = rows();
    Api api(all);
    const Installation here("[upstream]\nurl = \"http://127.0.0.1:" + std::to_string(api.port()) +
                            "\"\n");
    here.populate();
    here.must({"plan", "set", "studio", "--window", wide});
    const std::string token = here.mint("manager@acme.example");
    const Server server(here);
    check("gate", different(all, api, token, [&] { return RawClient(server.ports().public_); }));
}
