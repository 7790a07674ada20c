// The heads that are handed on, without sockets: above all what a stranger claims.
#include "http/proxy/rewrite.h"

#include <string>
#include <string_view>

#include "base/header_name.h"
#include "http/wire/response_writer.h"
#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;

namespace {

const http::UpstreamSettings usual;

/// The head the API would get of a call with these header lines, from `peer`.
std::string upstream_head(std::string_view peer, const std::string& lines) {
    HttpBench bench;
    http::RequestHead head;
    const std::string bytes = "GET /clients/1 HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n";
    http::parse_request_head(bytes, head);
    REQUIRE(head.flaw == http::HeadFlaw::none);
    head.request.peer = *Address::parse(peer);
    const http::Trust trust{{}, AddressSet({*Network::parse("10.0.0.0/8")}), true, "", {}};
    Call call;
    call.now = bench.now;
    call.method = head.request.method;
    call.target = head.request.target;
    call.presented = Presented::bearer;
    const std::string token = HttpBench::token();
    call.credentials = token;
    call.address = http::client_address(head.request, trust, http::Listener::public_);
    const http::ReplySettings settings = HttpBench::reply_settings();
    http::ForwardedCall forwarded_call(head, bench.gate.decide(call), settings, nowhere());
    http::write_upstream_head(forwarded_call.head, head.request, forwarded_call, trust, usual,
                              "hsk");
    return forwarded_call.head;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

const std::string claims =
    "X-Forwarded-For: 192.0.2.66\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n"
    "X-Forwarded-Prefix: /admin\r\nForwarded: for=192.0.2.66\r\nX-Real-IP: 192.0.2.66\r\n"
    "X_Real_IP: 192.0.2.66\r\n";

}  // namespace

TEST_CASE("nothing a stranger claims about where it comes from is handed on") {
    const std::string head = upstream_head("198.51.100.7", claims);
    CHECK(has(head, "\r\nX-Forwarded-For: 198.51.100.7\r\n"));
    CHECK(has(head, "\r\nX-Real-IP: 198.51.100.7\r\n"));
    CHECK(has(head, "\r\nX-Forwarded-Proto: http\r\n"));
    CHECK(has(head, "\r\nX-Forwarded-Host: h\r\n"));
    CHECK(has(head, "\r\nForwarded: for=198.51.100.7;host=\"h\";proto=http\r\n"));
    CHECK_FALSE(has(head, "192.0.2.66"));
    CHECK_FALSE(has(head, "evil"));
    CHECK_FALSE(has(head, "/admin"));
}

TEST_CASE("a believed proxy's claims are handed on, with its own address behind them") {
    const std::string head = upstream_head("10.0.0.5", claims);
    CHECK(has(head, "\r\nX-Forwarded-For: 192.0.2.66, 10.0.0.5\r\n"));
    CHECK(has(head, "\r\nX-Real-IP: 192.0.2.66\r\n"));
    CHECK(has(head, "\r\nX-Forwarded-Proto: https\r\n"));
    CHECK(has(head, "\r\nX-Forwarded-Prefix: /admin\r\n"));
}

TEST_CASE("a name with other bytes than letters, digits, '-' and '_' is not handed on") {
    for (const char separator : std::string_view("!#$%&'*+.^`|~")) {
        CAPTURE(separator);
        std::string lines;
        for (std::string name : {"X-Real-IP", "X-Forwarded-For", "X-Trace-Id", "Script-Name"}) {
            for (char& c : name)
                if (c == '-')
                    c = separator;
            lines += name + ": evil\r\n";
        }
        for (const char* peer : {"198.51.100.7", "10.0.0.5"})
            CHECK_FALSE(has(upstream_head(peer, lines), "evil"));
    }
    const std::string kept = upstream_head("198.51.100.7", "X_Trace_Id: a\r\nX-Trace-Id2: b\r\n");
    CHECK(has(kept, "\r\nX_Trace_Id: a\r\n"));
    CHECK(has(kept, "\r\nX-Trace-Id2: b\r\n"));
}

TEST_CASE("what an application would believe about a caller comes from a proxy of ours alone") {
    const std::string named = "X-Forwarded-For: 192.0.2.9\r\n";
    std::size_t believed = 0;
    const auto check = [&](const std::string& name) {
        CAPTURE(name);
        const std::string line = name + ": evil\r\n";
        std::string odd = line;
        if (const auto hyphen = odd.find('-'); hyphen != odd.npos)
            odd[hyphen] = '_';
        for (const std::string& lines : {line, named + line, odd, named + odd})
            CHECK_FALSE(has(upstream_head("198.51.100.7", lines), "evil"));
        const Claim claim = claim_of(name);
        const bool goes = claim != Claim::target && name != "Forwarded" && !is_beyond_removal(name);
        believed += goes ? 1U : 0U;
        CHECK(has(upstream_head("10.0.0.5", named + line), "\r\n" + line) == goes);
        // Another spelling, or two lines: one of them is not the proxy's.
        if (odd != line)
            CHECK_FALSE(has(upstream_head("10.0.0.5", named + odd), "evil"));
        CHECK_FALSE(has(upstream_head("10.0.0.5", named + line + line), "evil"));
        // A proxy that names nobody did not say from where, either.
        CHECK(has(upstream_head("10.0.0.5", line), "evil") ==
              (goes && claim != Claim::client_address));
    };
    for (const std::string_view name : claims_to_remove())
        check(std::string(name));
    for (const std::string_view family : families_to_remove())
        check(std::string(family) + "Made-Up");
    CHECK(believed > 200);
}

TEST_CASE("what a server would take for path, host or environment is handed on from nobody") {
    for (const std::string name : {"SCRIPT_NAME", "Path_Info", "X-Forwarded-Uri", "Request-Uri",
                                   "X-Middleware-Subrequest", "X-Accel-Made-Up"}) {
        CAPTURE(name);
        const std::string lines = "X-Forwarded-For: 192.0.2.9\r\n" + name + ": evil\r\n";
        for (const char* peer : {"198.51.100.7", "10.0.0.5"})
            CHECK_FALSE(has(upstream_head(peer, lines), "evil"));
    }
}

TEST_CASE("a claim that a believed proxy hands on twice is said anew, or by nobody") {
    const std::string head =
        upstream_head("10.0.0.5",
                      "X-Forwarded-Host: evil\r\nX-Forwarded-Host: real\r\n"
                      "X-Forwarded-Prefix: /evil\r\nX-Forwarded-Prefix: /real\r\n");
    CHECK_FALSE(has(head, "evil"));
    CHECK(has(head, "\r\nX-Forwarded-Host: h\r\n"));
    CHECK(has(head, ";host=\"h\";"));
}

TEST_CASE("what a believed proxy's caller said about its way here is cut off") {
    const std::string head =
        upstream_head("10.0.0.5", "X-Forwarded-For: 192.0.2.66, 192.0.2.9, 10.0.0.6\r\n");
    CHECK(has(head, "\r\nX-Forwarded-For: 192.0.2.9, 10.0.0.6, 10.0.0.5\r\n"));
    CHECK_FALSE(has(head, "192.0.2.66"));
}

TEST_CASE("what a believed proxy would have overwritten is not handed on in another spelling") {
    const std::string head =
        upstream_head("10.0.0.5", "X_Forwarded_Host: evil\r\nX-Forwarded_Proto: evil\r\n");
    CHECK_FALSE(has(head, "evil"));
    CHECK(has(head, "\r\nX-Forwarded-Host: h\r\n"));
}

TEST_CASE("an IPv6 caller is written as RFC 7239 wants it") {
    CHECK(has(upstream_head("2001:db8::7", ""),
              "\r\nForwarded: for=\"[2001:db8::7]\";host=\"h\";proto=http\r\n"));
}

TEST_CASE("a caller whose address is not known is so in every header that says where it is") {
    const std::string head = upstream_head("10.0.0.5", "X-Forwarded-For: not an address\r\n");
    CHECK_FALSE(has(head, "X-Real-IP"));
    CHECK(has(head, "\r\nForwarded: for=unknown;"));
    CHECK(has(head, "\r\nX-Forwarded-For: unknown, 10.0.0.5\r\n"));
    // A believed proxy behind one that cannot be read is no caller either.
    const std::string two =
        upstream_head("10.0.0.5", "X-Forwarded-For: not an address, 10.0.0.6\r\n");
    CHECK(has(two, "\r\nX-Forwarded-For: unknown, 10.0.0.6, 10.0.0.5\r\n"));
    CHECK(has(two, "\r\nForwarded: for=unknown;"));
}

TEST_CASE("a scheme that is no word is not repeated") {
    const std::string head = upstream_head("10.0.0.5", "X-Forwarded-Proto: a;b=\"c\"\r\n");
    CHECK(has(head, ";proto=http\r\n"));
    CHECK(has(head, "\r\nX-Forwarded-Proto: http\r\n"));
    CHECK_FALSE(has(head, "a;b"));
}

TEST_CASE("a host that a believed proxy tells is handed on if it is one, else the call's own") {
    for (const char* host :
         {"api.example", "api.example:8443", "[2001:db8::1]:80", "127.0.0.1", "a_b~c"}) {
        CAPTURE(host);
        const std::string head =
            upstream_head("10.0.0.5", "X-Forwarded-Host: " + std::string(host) + "\r\n");
        CHECK(has(head, "\r\nX-Forwarded-Host: " + std::string(host) + "\r\n"));
        CHECK(has(head, ";host=\"" + std::string(host) + "\";"));
    }
    for (const char* host :
         {"evil b", "evil,h", "evil/b\"c", "evil;proto=https", "u@evil", "evil:x", "evil:99999",
          "[evil]", "evil%41", "\xc3\xa9vil", "", "evil:"}) {
        CAPTURE(host);
        const std::string head =
            upstream_head("10.0.0.5", "X-Forwarded-Host: " + std::string(host) + "\r\n");
        CHECK_FALSE(has(head, "vil"));
        CHECK(has(head, "\r\nX-Forwarded-Host: h\r\n"));
        CHECK(has(head, ";host=\"h\";proto=http\r\n"));
    }
}

TEST_CASE("a page that the API lets read its answer may read the limits, too") {
    const auto answered = [](const std::string& of_api, const http::Page& page) {
        http::ResponseHead answer;
        const std::string bytes = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + of_api + "\r\n";
        http::parse_response_head(bytes, "GET", answer);
        REQUIRE(answer.readable);
        std::string out;
        http::write_client_head(out, answer, "", http::Framing::as_it_is, http::After::keep, 0,
                                page);
        return out;
    };
    const auto lines_of = [](const std::string& head, const std::string& name) {
        std::string values;
        for (auto at = head.find("\r\n" + name + ": "); at != head.npos;
             at = head.find("\r\n" + name + ": ", at + 2)) {
            const auto from = at + name.size() + 4;
            values += "[" + head.substr(from, head.find('\r', from) - from) + "]";
        }
        return values;
    };
    const std::string app = "https://app.example";
    const http::Page page{true, app};
    const std::string exposed(http::exposed_headers);
    const std::string expose = "Access-Control-Expose-Headers";
    const std::string allow = "Access-Control-Allow-Origin: ";

    for (const std::string& origin : {app, std::string("*")}) {
        const std::string plain = answered(allow + origin + "\r\n", page);
        CHECK(lines_of(plain, expose) == "[" + exposed + "]");
        CHECK(lines_of(plain, "Vary") == "[Origin]");
    }
    const std::string merged =
        answered("Vary: Accept, origin\r\n" + expose + ": X-Total, ratelimit\r\n" + allow + app +
                     "\r\n" + expose + ": X-Page\r\n",
                 page);
    CHECK(lines_of(merged, expose).starts_with("[X-Total, ratelimit, X-Page, Retry-After, "));
    CHECK(lines_of(merged, expose).find("RateLimit,") == std::string::npos);
    CHECK(lines_of(merged, expose).find("RateLimit-Policy") != std::string::npos);
    CHECK(lines_of(merged, "Vary") == "[Accept, origin]");

    // The API lets another page read it, or nobody; or the page is of no configured origin.
    const std::string other = answered(allow + "https://other.example\r\n", page);
    CHECK(lines_of(other, expose).empty());
    CHECK(lines_of(other, "Vary") == "[Origin]");  // another page would get another answer
    const std::string none = answered("X-A: b\r\n", page);
    CHECK(lines_of(none, expose).empty());
    CHECK(lines_of(none, "Vary").empty());
    const std::string stranger =
        answered(allow + "*\r\n" + expose + ": X-Total\r\n", http::Page{true, ""});
    CHECK(lines_of(stranger, expose) == "[X-Total]");
    CHECK(lines_of(stranger, "Vary") == "[Origin]");
    const std::string off = answered(allow + "*\r\n" + expose + ": X-Total\r\n", {});
    CHECK(lines_of(off, expose) == "[X-Total]");
    CHECK(lines_of(off, "Vary").empty());
}

TEST_CASE("of two Sunsets the caller gets the one of its token, else the API's own") {
    http::ResponseHead answer;
    const std::string bytes =
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSunset: Thu, 01 Jan 2037 00:00:00 GMT\r\n"
        "deprecation: @1\r\n\r\n";
    http::parse_response_head(bytes, "GET", answer);
    REQUIRE(answer.readable);
    const auto head_with = [&](const std::string& added) {
        std::string out;
        http::write_client_head(out, answer, added, http::Framing::as_it_is, http::After::keep, 0);
        return out;
    };
    const std::string plain = head_with("X-Hourgate-Decision: dec_1\r\n");
    CHECK(has(plain, "\r\nSunset: Thu, 01 Jan 2037 00:00:00 GMT\r\n"));
    CHECK(has(plain, "\r\ndeprecation: @1\r\n"));
    const std::string rotated =
        head_with("Deprecation: @2\r\nSunset: Fri, 29 May 2026 20:26:40 GMT\r\n");
    CHECK_FALSE(has(rotated, "2037"));
    CHECK_FALSE(has(rotated, "@1\r\n"));
    CHECK(has(rotated, "\r\nDeprecation: @2\r\nSunset: Fri, 29 May 2026 20:26:40 GMT\r\n"));
}
