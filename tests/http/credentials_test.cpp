// What a request says about who sent it: the Authorization header, what may not be sent, and whose
// word about the client's address is believed.
#include "http/decision/credentials.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "support/catch.h"

using namespace hourgate;
using hourgate::http::Listener;
using hourgate::http::Request;
using hourgate::http::Trust;

namespace {

Network network(std::string_view text) {
    return *Network::parse(text);
}

Trust trust() {
    Trust made;
    made.peers = AddressSet({network("127.0.0.0/8")});
    made.proxies = AddressSet({network("127.0.0.0/8"), network("10.0.0.0/8"), network("fd00::/8")});
    return made;
}

using Headers = std::vector<http::Header>;

/// The call read from a request with these headers.
struct Read {
    explicit Read(std::vector<http::Header> headers, std::string_view method = "GET",
                  std::string_view target = "/clients") {
        request.headers = std::move(headers);
        request.peer = Address::loopback();
        call.method = method;
        call.target = target;
        read_headers(call, request, trust());
    }
    Request request;
    Call call;
};

std::optional<std::string> client(std::string_view peer, std::vector<std::string> forwarded,
                                  Listener listener = Listener::ask) {
    Request request;
    request.peer = *Address::parse(peer);
    for (std::string& value : forwarded)
        request.headers.push_back({"X-Forwarded-For", std::move(value)});
    const auto address = client_address(request, trust(), listener);
    return address ? std::optional<std::string>(address->text()) : std::nullopt;
}

}  // namespace

TEST_CASE("a token comes after Bearer, however that is written") {
    for (const char* value : {"Bearer abc", "bearer abc", "BEARER abc", "Bearer    abc",
                              "Bearer\tabc", "bEaReR \t abc"}) {
        CAPTURE(value);
        const Read read(Headers{{"authorization", value}});
        CHECK(read.call.presented == Presented::bearer);
        CHECK(read.call.credentials == "abc");
        CHECK(read.call.problem == Problem::none);
    }
}

TEST_CASE(
    "Bearer with nothing after it is a token that is empty, and two words are handed on as sent") {
    CHECK(Read(Headers{{"Authorization", "Bearer"}}).call.presented == Presented::bearer);
    CHECK(Read(Headers{{"Authorization", "Bearer"}}).call.credentials.empty());
    const Read two(Headers{{"Authorization", "Bearer a b"}});
    CHECK(two.call.credentials == "a b");
}

TEST_CASE("no header and an empty one are the same: nothing was presented") {
    CHECK(Read(Headers{}).call.presented == Presented::nothing);
    CHECK(Read(Headers{{"Authorization", ""}}).call.presented == Presented::nothing);
}

TEST_CASE("a word without a scheme is never repeated: it may be the secret") {
    const Read bare(Headers{{"Authorization", "hsk_live_secret"}});
    CHECK(bare.call.presented == Presented::bare);
    CHECK(bare.call.credentials.empty());
}

TEST_CASE("of another scheme only a name everybody knows is repeated") {
    const Read basic(Headers{{"Authorization", "bAsIc YTpi"}});
    CHECK(basic.call.presented == Presented::other_scheme);
    CHECK(basic.call.credentials == "Basic");
    // A token broken by a space would show its first half.
    const Read half(Headers{{"Authorization", "hsk_live_4f8a2c1b dedf_secret"}});
    CHECK(half.call.presented == Presented::other_scheme);
    CHECK(half.call.credentials.empty());
}

TEST_CASE("two Authorization headers are a problem, however they are spelled") {
    const Read read(Headers{{"Authorization", "Bearer a"}, {"AUTHORIZATION", "Bearer a"}});
    CHECK(read.call.problem == Problem::two_authorizations);
    CHECK(read.call.presented == Presented::nothing);
    CHECK(read.call.credentials.empty());
}

TEST_CASE("a header in the gate's own name space is forged in every spelling") {
    for (const char* name :
         {"X-Hourgate-Role", "x-hourgate-role", "X_HOURGATE_ROLE", "X-Hourgate_Whatever",
          "x_hourgate-", "X-HOURGATE-Decision", "X.Hourgate.Role", "X!Hourgate!Role",
          "x~hourgate*role", "X|Hourgate^Role", "X-Hourgate.Role", "X`Hourgate'Role"}) {
        CAPTURE(name);
        const Read read(Headers{{"Accept", "*/*"}, {name, "secret value"}});
        CHECK(read.call.problem == Problem::forged_header);
        CHECK(read.call.problem_detail == name);
    }
    for (const char* name : {"X-Hourgate", "XX-Hourgate-Role", "X-Hourgates-Role", "Hourgate-Role",
                             "X--Hourgate-Role", "X-Request-Id"}) {
        CAPTURE(name);
        CHECK(Read(Headers{{name, "v"}}).call.problem == Problem::none);
    }
}

TEST_CASE(
    "a header that asks for another method is a problem in every spelling, unless switched off") {
    for (const char* name :
         {"X-HTTP-Method-Override", "x-http-method-override", "X_HTTP_METHOD_OVERRIDE",
          "X-HTTP-Method", "X-Method-Override", "x_method-override", "X.HTTP.Method.Override",
          "X!Method~Override", "Method-Override", "X-HTTP-Method-Overwrite"}) {
        CAPTURE(name);
        Read read(Headers{{name, "DELETE"}});
        CHECK(read.call.problem == Problem::method_override);
        CHECK(read.call.problem_detail == name);

        Trust lenient = trust();
        lenient.method_override_refused = false;
        read.call.problem = Problem::none;
        read_headers(read.call, read.request, lenient);
        CHECK(read.call.problem == Problem::none);
    }
}

TEST_CASE("a parameter that asks for another method is refused by the same switch as a header") {
    for (const char* query :
         {"_method=DELETE", "a=1&_method=DELETE", "a;_method=DELETE", "_METHOD=x", "_method",
          "%5fmethod=DELETE", "%5F%6d%65thod=DELETE", "_HttpMethod=PATCH", "+_method=DELETE",
          "%20_method=DELETE", ".method=DELETE", "_method[]=DELETE", "_method%5B0%5D=DELETE",
          "_method%00x=DELETE", "X-HTTP-Method-Override=PUT", "x_http_method=PUT", "&&_method"}) {
        for (const char* method : {"POST", "GET", "PUT"}) {
            const std::string target = "/clients?" + std::string(query);
            CAPTURE(target);
            Read read(Headers{}, method, target);
            CHECK(read.call.problem == Problem::method_override);
            CHECK(std::string_view(query).find(read.call.problem_detail) != std::string_view::npos);
            CHECK_FALSE(read.call.problem_detail.empty());

            Trust lenient = trust();
            lenient.method_override_refused = false;
            read.call.problem = Problem::none;
            read_headers(read.call, read.request, lenient);
            CHECK(read.call.problem == Problem::none);
        }
    }
    for (const char* target :
         {"/clients", "/clients?", "/_method", "/a/_method=DELETE", "/clients?method=DELETE",
          "/clients?payment_method=card", "/clients?a=_method", "/clients?a=_method=DELETE",
          "/clients?q=a%26_method=x", "/clients?_methods=x", "/clients?[_method]=x",
          "/clients?a_very_long_name_that_is_not_the_one_of_any_method=1"}) {
        CAPTURE(target);
        CHECK(Read(Headers{}, "POST", target).call.problem == Problem::none);
    }
    // What stands in the brackets may be anything: it is not repeated.
    CHECK(Read(Headers{}, "POST", "/x?_method[secret]=1").call.problem_detail == "_method");
}

TEST_CASE("problems are found in one order, whatever the order of the headers") {
    const http::Header one{"Authorization", "Bearer a"}, forged{"X-Hourgate-Own", "x"},
        override_{"X-HTTP-Method", "PUT"};
    CHECK(Read(Headers{override_, forged, one, one}, "G T", "x").call.problem ==
          Problem::two_authorizations);
    CHECK(Read(Headers{override_, forged, one}, "G T", "x").call.problem == Problem::forged_header);
    CHECK(Read(Headers{override_, one}, "G T", "x").call.problem == Problem::method_override);
    CHECK(Read(Headers{one}, "G T", "x").call.problem == Problem::unreadable_method);
    CHECK(Read(Headers{one}, "GET", "x").call.problem == Problem::unreadable_target);
    CHECK(Read(Headers{one}, "GET", "/x").call.problem == Problem::none);
}

TEST_CASE("a method is a word and a target begins with a slash") {
    for (const char* method : {"GET", "PURGE", "propfind", "M-SEARCH", "a!#$%&'*+-.^_`|~9"})
        CHECK(Read(Headers{}, method).call.problem == Problem::none);
    for (const char* method : {"", "G ET", "GET/", "G\xc3\x89T", "GET\r", "(GET)"}) {
        CAPTURE(method);
        CHECK(Read(Headers{}, method).call.problem == Problem::unreadable_method);
    }
    for (const char* target : {"", "*", "http://h/x", "h:443", "clients"}) {
        CAPTURE(target);
        CHECK(Read(Headers{}, "GET", target).call.problem == Problem::unreadable_target);
    }
}

TEST_CASE("a preflight is OPTIONS with an origin and the method it asks for") {
    const http::Header origin{"Origin", "https://a.example"};
    const http::Header asks{"access-control-request-method", "PUT"};
    CHECK(Read(Headers{origin, asks}, "OPTIONS").call.preflight);
    CHECK_FALSE(Read(Headers{origin, asks}, "GET").call.preflight);
    CHECK_FALSE(Read(Headers{origin, asks}, "options").call.preflight);
    CHECK_FALSE(Read(Headers{origin}, "OPTIONS").call.preflight);
    CHECK_FALSE(Read(Headers{asks}, "OPTIONS").call.preflight);
}

TEST_CASE("the client's address is the last hop that is no proxy of ours") {
    using List = std::vector<std::string>;
    const std::vector<std::pair<List, std::optional<std::string>>> table = {
        {{"192.0.2.1"}, "192.0.2.1"},
        {{"203.0.113.9, 192.0.2.1"}, "192.0.2.1"},  // the left is the client's own word
        {{"192.0.2.1, 10.1.2.3"}, "192.0.2.1"},     // our proxy is skipped
        {{"192.0.2.1, 10.1.2.3, 127.0.0.1"}, "192.0.2.1"},
        {{"10.9.9.9, 10.1.2.3"}, "10.9.9.9"},  // all are ours: the leftmost
        {{"10.9.9.9"}, "10.9.9.9"},
        {{"192.0.2.1", "10.1.2.3"}, "192.0.2.1"},  // several lines are one list
        {{"192.0.2.1", "198.51.100.7"}, "198.51.100.7"},
        {{"2001:db8::1"}, "2001:db8::1"},
        {{"[2001:db8::1]:4711"}, "2001:db8::1"},
        {{"192.0.2.1:4711"}, "192.0.2.1"},
        {{"::ffff:192.0.2.1"}, "192.0.2.1"},
        {{"192.0.2.1, fd00::5"}, "192.0.2.1"},
        {{" 192.0.2.1 ,,  10.1.2.3 , "}, "192.0.2.1"},  // empty elements are nothing
        {{"192.0.2.1, unknown"}, std::nullopt},         // a hop nobody can read
        {{"unknown, 192.0.2.1"}, "192.0.2.1"},          // not needed, not read
        {{"unknown, 10.1.2.3"}, std::nullopt},
        {{"192.0.2.1, 10.1.2.3/8"}, std::nullopt},
        {{"192.0.2.1\x01"}, std::nullopt},
    };
    for (const auto& [forwarded, expected] : table) {
        CAPTURE(forwarded);
        CHECK(client("127.0.0.1", forwarded) == expected);
        CHECK(client("127.0.0.1", forwarded, Listener::public_) == expected);
    }
}

TEST_CASE("who is no proxy of ours is the client, whatever it says") {
    CHECK(client("192.0.2.5", {"203.0.113.9"}) == "192.0.2.5");
    CHECK(client("192.0.2.5", {"203.0.113.9"}, Listener::public_) == "192.0.2.5");
    CHECK(client("192.0.2.5", {}) == "192.0.2.5");
}

TEST_CASE("a proxy that names no client calls for somebody who is not known") {
    for (const Listener listener : {Listener::ask, Listener::public_}) {
        CHECK(client("127.0.0.1", {}, listener) == std::nullopt);
        CHECK(client("127.0.0.1", {""}, listener) == std::nullopt);
        CHECK(client("127.0.0.1", {" , "}, listener) == std::nullopt);
    }
    CHECK(client("127.0.0.1", {}, Listener::admin) == "127.0.0.1");  // nobody forwards to it
}

TEST_CASE("a believed proxy's word is read in its own spelling alone, and once") {
    Request request;
    request.peer = Address::loopback();
    request.headers = {{"X_Forwarded_For", "192.0.2.66"}, {"X.Forwarded.For", "192.0.2.66"}};
    CHECK_FALSE(client_address(request, trust(), Listener::public_));
    request.headers.push_back({"x-forwarded-for", "192.0.2.7, 10.0.0.1"});
    CHECK(client_address(request, trust(), Listener::public_) == Address::parse("192.0.2.7"));

    const auto read = [](Headers headers) {
        Request made;
        made.headers = std::move(headers);
        return only_as_read(made, "X-Original-URI").has_value();
    };
    CHECK(read({{"x-original-uri", "/a"}}));
    CHECK_FALSE(read({}));
    CHECK_FALSE(read({{"X_Original_URI", "/a"}}));
    CHECK_FALSE(read({{"X-Original-URI", "/a"}, {"X.Original.URI", "/b"}}));
    CHECK_FALSE(read({{"X-Original-URI", "/a"}, {"X-Original-Uri", "/a"}}));
}

TEST_CASE("of X-Forwarded-For only what is known to be true is handed on") {
    const auto hops = [](std::string_view peer, std::string value) {
        Request request;
        request.peer = *Address::parse(peer);
        request.headers = {{"X-Forwarded-For", std::move(value)}};
        return believed_hops(request, trust());
    };
    CHECK(hops("127.0.0.1", "192.0.2.66, 192.0.2.7") == "192.0.2.7");
    CHECK(hops("127.0.0.1", "192.0.2.66, 192.0.2.7, 10.0.0.1") == "192.0.2.7, 10.0.0.1");
    CHECK(hops("127.0.0.1", "10.0.0.2,10.0.0.1") == "10.0.0.2, 10.0.0.1");
    CHECK(hops("127.0.0.1", "192.0.2.66, no address, 10.0.0.1") == "10.0.0.1");
    CHECK(hops("127.0.0.1", "no address").empty());
    CHECK(hops("198.51.100.7", "192.0.2.66").empty());
}

namespace {

const std::string token_text = "hsk_live_4f8a2c1bdedf_0123456789ABCDEFGHIJKLMNOP1TvUZo";

}  // namespace

TEST_CASE("Bearer with a colon, an equals sign or a quotation mark is meant as Bearer") {
    for (const char* value :
         {"Bearer: abc", "bearer=abc", "Bearer:", "\"Bearer abc\"", "'Bearer abc'",
          "\xe2\x80\x9c"
          "Bearer abc"}) {
        CAPTURE(value);
        const Read read(Headers{{"Authorization", value}});
        CHECK(read.call.presented == Presented::bearer);
        CHECK(read.call.credentials == value);
    }
    CHECK(Read(Headers{{"Authorization", "Bearerabc"}}).call.presented == Presented::bare);
    CHECK(Read(Headers{{"Authorization", "\"Bearer\""}}).call.presented == Presented::bare);
    CHECK(Read(Headers{{"Authorization", "Bearers abc"}}).call.presented ==
          Presented::other_scheme);
}

TEST_CASE("a token in the wrong place is found there, and no character of it handed on") {
    const auto found = [](const Headers& headers, std::string_view target = "/clients") {
        const Read read(headers, "GET", target);
        CHECK(read.call.credentials.find("hsk") == std::string_view::npos);
        return read.call.misplaced;
    };
    CHECK(found({}) == Misplaced::none);
    CHECK(found({}, "/clients?key=" + token_text) == Misplaced::in_query);
    CHECK(found({}, "/clients/" + token_text) == Misplaced::none);  // the path is shown blotted
    CHECK(found({{"X-Token", token_text}}) == Misplaced::in_header);
    CHECK(Read(Headers{{"X-Token", token_text}}).call.misplaced_in == "X-Token");
    // What a proxy repeats of the target is no place of its own.
    CHECK(found({{"X-Original-URI", "/a?key=" + token_text}}) == Misplaced::none);
    CHECK(found({{"Referer", "https://a/?key=" + token_text}}) == Misplaced::none);
    // "hsk_live_4f8a2c1bdedf_x:" in base 64, whole, without padding, and cut.
    for (const char* basic :
         {"Basic aHNrX2xpdmVfNGY4YTJjMWJkZWRmX3g6", "basic \t aHNrX2xpdmVfNGY4YTJjMWJkZWRmX3g",
          "Basic aHNrX2xpdmVfNGY4YTJjMWJkZWRmX3g6!!"}) {
        CAPTURE(basic);
        CHECK(found({{"Authorization", basic}}) == Misplaced::in_basic);
    }
    for (const char* basic : {"Basic", "Basic ", "Basic YTpi", "Basic =", "Basic \xff",
                              "Digest aHNrX2xpdmVfNGY4YTJjMWJkZWRmX3g6"}) {
        CAPTURE(basic);
        CHECK(found({{"Authorization", basic}}) == Misplaced::none);
    }
    CHECK(found({{"Authorization", "Token " + token_text}}) == Misplaced::none);  // it is told so
    CHECK(found({{"Authorization", "Bearer x"}, {"X-Token", token_text}}) == Misplaced::none);
}

TEST_CASE("of a long body and long credentials only the start is looked at") {
    const std::string far(limits::misplaced_bytes_max, ' ');
    Request request;
    request.method = "POST";
    request.target = "/clients";
    request.body = far.substr(100) + token_text;
    Call call;
    call.method = request.method;
    call.target = request.target;
    read_headers(call, request, trust());
    CHECK(call.misplaced == Misplaced::in_body);
    request.body = far + token_text;
    call.misplaced = Misplaced::none;
    read_headers(call, request, trust());
    CHECK(call.misplaced == Misplaced::none);
    const std::string encoded(limits::misplaced_bytes_max * 2, 'A');
    CHECK(Read(Headers{{"Authorization", "Basic " + encoded}}).call.misplaced == Misplaced::none);
}
