// POST /_hourgate/verify: what a back end asks from code, and how strictly it is read.
#include "http/ask/verify.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Request;
using hourgate::http::Response;

namespace {

Request question(std::string body) {
    Request request = HttpBench::request("POST", "/_hourgate/verify");
    drop_header(request, "Authorization");
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = std::move(body);
    return request;
}

std::string body_of(std::string_view token, std::string_view more = "",
                    std::string_view path = "/clients/1") {
    return R"({"token":")" + std::string(token) + R"(","method":"GET","path":")" +
           std::string(path) + "\"" + std::string(more) + "}";
}

}  // namespace

TEST_CASE("a granted question tells who it is and what is left, and spends one call") {
    HttpBench bench;
    bench.facts.token.scopes = policy::parse_scopes("clients:read").value();
    bench.put();
    CHECK(
        whole(bench.ask(question(body_of(HttpBench::token())))) ==
        "200\nContent-Type: application/json\nX-Hourgate-Decision: dec_ID\n"
        "Cache-Control: no-store\n\n"
        R"({"granted":true,"status":200,"reason":"granted","observed":false,"decision":"dec_ID","workspace":"ws_a","member":"mem_a","role":"manager","plan":"studio","token":"4f8a2c1bdedf","env":"live","scopes":["clients:read"],"own":null,"limits":[{"window":"burst","limit":3,"windowSeconds":10,"per":"token","remaining":2,"reset":10},{"window":"sustained","limit":5,"windowSeconds":60,"per":"token","remaining":4,"reset":60}],"notices":{},"error":null})"
        "\n");
    CHECK(bench.left() == 2);
}

TEST_CASE("a refused question is a 200 that carries the refusal, and spends nothing") {
    HttpBench bench;
    const Response answer = bench.ask(question(body_of(HttpBench::token(), "", "/nowhere?q=1")));
    CHECK(
        whole(answer) ==
        "200\nContent-Type: application/json\nX-Hourgate-Decision: dec_ID\n"
        "Cache-Control: no-store\n\n"
        R"({"granted":false,"status":403,"reason":"path_unlisted","observed":false,"decision":"dec_ID","workspace":"ws_a","member":"mem_a","role":"manager","plan":"studio","token":"4f8a2c1bdedf","env":"live","scopes":[],"own":null,"limits":[{"window":"burst","limit":3,"windowSeconds":10,"per":"token","remaining":3,"reset":10},{"window":"sustained","limit":5,"windowSeconds":60,"per":"token","remaining":5,"reset":60}],"notices":{},"error":{"code":"forbidden_scope","reason":"path_unlisted","message":"GET /nowhere belongs to no [[resource]] of the gate, and the gate refuses such paths.","fix":"Check the path for a typing error; if it is right, have the operator list it.","decision":"dec_ID","resource":null,"action":"read","role":"manager"}})"
        "\n");
    CHECK(bench.left() == 3);
    CHECK(bench.notes.told == std::vector<std::pair<std::string, int>>{{"path_unlisted", 403}});
}

TEST_CASE("a caller who is not known has no identity in the answer, and its token is not shown") {
    HttpBench bench;
    const std::string token = HttpBench::wrong_secret();
    const Response answer = bench.ask(question(body_of(token, R"(,"address":"192.0.2.9")")));
    CHECK(answer.status == 200);
    CHECK(answer.body.find(R"("status":401,"reason":"unknown_token")") != std::string::npos);
    CHECK(
        answer.body.find(
            R"("workspace":null,"member":null,"role":null,"plan":null,"token":null,"env":null,"scopes":[],"own":null,"limits":[])") !=
        std::string::npos);
    CHECK_FALSE(shows(answer, token));
    CHECK(bench.failures.entries() == 1);
    CHECK(bench.left() == 3);
}

TEST_CASE("an empty token means that the caller sent none") {
    HttpBench bench;
    CHECK(bench.ask(question(body_of(""))).body.find("no_credentials") != std::string::npos);
}

TEST_CASE("a question that is not to be spent is not, and is on no record: nobody is told") {
    HttpBench bench;
    const std::string look = R"(,"spend":false)";
    CHECK(
        whole(bench.ask(question(body_of(HttpBench::token(), look)))) ==
        "200\nContent-Type: application/json\nCache-Control: no-store\n\n"
        R"({"granted":true,"status":200,"reason":"granted","observed":false,"workspace":"ws_a","member":"mem_a","role":"manager","plan":"studio","token":"4f8a2c1bdedf","env":"live","scopes":[],"own":null,"limits":[{"window":"burst","limit":3,"windowSeconds":10,"per":"token","remaining":3,"reset":10},{"window":"sustained","limit":5,"windowSeconds":60,"per":"token","remaining":5,"reset":60}],"notices":{},"error":null})"
        "\n");
    CHECK(bench.left() == 3);
    for (const std::string& token : {HttpBench::wrong_secret(), std::string()}) {
        const std::string more = look + (token.empty() ? "" : R"(,"address":"192.0.2.9")");
        const Response refused = bench.ask(question(body_of(token, more)));
        CHECK(refused.body.find(R"("status":401,)") != std::string::npos);
        CHECK(refused.body.find("dec_") == std::string::npos);
        CHECK(refused.body.find("\"decision\"") == std::string::npos);
        CHECK(header(refused, "X-Hourgate-Decision") == "(absent)");
    }
    CHECK(bench.failures.entries() == 0);
    CHECK(bench.notes.told.empty());
    CHECK(bench.notes.again.empty());
    CHECK(bench.notes.unknown == 0);
    (void)bench.ask(question(body_of(HttpBench::token(), R"(,"spend":true)")));
    CHECK(bench.left() == 2);
}

TEST_CASE("the back end's own headers are not the client's: none of them is forged") {
    HttpBench bench;
    Request request = question(body_of(HttpBench::token()));
    request.headers.push_back({"X-Hourgate-Caller", "billing"});
    request.headers.push_back({"Authorization", "Basic c2VydmljZQ=="});
    CHECK(bench.ask(request).body.find(R"("granted":true)") != std::string::npos);
}

TEST_CASE("a method or path that is no such thing is decided, as a 400 of the call") {
    HttpBench bench;
    const auto reason = [&](std::string_view method, std::string_view path) {
        const Response answer =
            bench.ask(question(R"({"token":"","method":")" + std::string(method) + R"(","path":")" +
                               std::string(path) + "\"}"));
        CHECK(answer.status == 200);
        return answer.body;
    };
    CHECK(reason("G T", "/x").find(R"("status":400,"reason":"bad_request")") != std::string::npos);
    CHECK(reason("GET", "x").find(R"("status":400,"reason":"bad_request")") != std::string::npos);
    CHECK(reason("GET", "/a\\u0000").find(R"("status":400)") != std::string::npos);
    CHECK(reason("GET", "/a/%2e%2e").find(R"("reason":"path_ambiguous")") != std::string::npos);
}

TEST_CASE("a question about a target that is too long has the gate's answer, as any other") {
    for (const auto& [bytes, granted] : std::vector<std::pair<std::size_t, bool>>{
             {8'000, true}, {8'001, false}, {30'000, false}}) {
        CAPTURE(bytes);
        HttpBench bench;
        const std::string path = "/clients/" + std::string(bytes - 9, 'a');
        const Response answer = bench.ask(question(R"({"token":")" + HttpBench::token() +
                                                   R"(","method":"GET","path":")" + path + "\"}"));
        CHECK(answer.status == 200);
        const std::string said = granted
                                     ? R"("granted":true,"status":200,"reason":"granted")"
                                     : R"("granted":false,"status":414,"reason":"target_too_long")";
        CHECK(answer.body.find(said) != std::string::npos);
    }
}

TEST_CASE("what is off about a question is named, and never its value") {
    const std::string ok = R"("token":"hsk_x","method":"GET","path":"/x")";
    const std::vector<std::pair<std::string, std::string>> table = {
        {"", "The body is not JSON: byte 1 does not fit."},
        {"{" + ok, "The body is not JSON: byte 44 does not fit."},
        {"{" + ok + "} x", "The body is not JSON: byte 46 does not fit."},
        {"[]", "The body is not a JSON object."},
        {"null", "The body is not a JSON object."},
        {"\"hsk_x\"", "The body is not a JSON object."},
        {"7", "The body is not a JSON object."},
        {"{}", "The member 'token' is missing."},
        {R"({"token":"hsk_x"})", "The member 'method' is missing."},
        {R"({"token":"hsk_x","method":"GET"})", "The member 'path' is missing."},
        {"{" + ok + R"(,"Spend":true})", "The member 'Spend' is not known."},
        {"{" + ok + R"(,"":true})", "The member '' is not known."},
        {"{" + ok + R"(,"token":"hsk_x"})", "The member 'token' is there twice."},
        {R"({"token":null,"method":"GET","path":"/"})", "The member 'token' has the wrong type."},
        {R"({"token":["hsk_x"],"method":"GET","path":"/"})",
         "The member 'token' has the wrong type."},
        {R"({"token":{"x":1}})", "The member 'token' has the wrong type."},
        {"{" + ok + R"(,"spend":"true"})", "The member 'spend' has the wrong type."},
        {"{" + ok + R"(,"spend":1})", "The member 'spend' has the wrong type."},
        {"{" + ok + R"(,"spend":1.5})", "The member 'spend' has the wrong type."},
        {"{" + ok + R"(,"address":true})", "The member 'address' has the wrong type."},
        {"{" + ok + R"(,"address":"192.0.2.300"})", "The member 'address' is not an address."},
        {"{" + ok + R"(,"address":""})", "The member 'address' is not an address."},
        {R"({"method":")" + std::string(33, 'G') + "\"}", "The member 'method' is too long."},
        {"{" + ok + "\xff}", "The body is not JSON: byte 44 does not fit."},
        {"{\"token\":\"hsk_x\xff\"}", "The body is not JSON: byte 16 does not fit."},
        {std::string(20'000, '['), "The body is not a JSON object."},
    };
    for (const auto& [body, message] : table) {
        CAPTURE(body.substr(0, 100));
        HttpBench bench;
        const Response answer = bench.ask(question(body));
        CHECK(answer.status == 400);
        CHECK(
            answer.body.find("\"code\":\"bad_request\",\"reason\":\"bad_request\",\"message\":\"" +
                             message + "\"") != std::string::npos);
        CHECK(answer.body.find("hsk_x") == std::string::npos);
        CHECK(bench.notes.told.empty());
        CHECK(bench.left() == 3);
    }
}

TEST_CASE("all that is wrong with a question is named at once, each with what is allowed") {
    HttpBench bench;
    const Response answer = bench.ask(
        question(R"({"token":{"a":[1,{"b":2}]},"spend":"no","x":[],"address":"me","method":1})"));
    CHECK(answer.status == 400);
    CHECK(
        answer.body.find(
            R"("fields":{"address":"is not an address; it has to be the client's IPv4 or IPv6 address alone","method":"has the wrong type; it has to be a text","path":"is missing; it has to be a text","spend":"has the wrong type; it has to be true or false","token":"has the wrong type; it has to be a text","x":"is not known here; known are token, method, path, host, address and spend"})") !=
        std::string::npos);
    CHECK(bench.notes.told.empty());
}

TEST_CASE("a token in the place of a member's name is not repeated") {
    const std::string token = HttpBench::token();
    const std::string secret = token.substr(token.rfind('_') + 1);
    for (const std::string& body :
         {"{\"" + token + "\":1}", "{\"token\":\"x\",\"a " + token + " b\":1}",
          "{\"" + token.substr(0, 40) + "\":1}",
          R"({"token":"x","method":")" + token.substr(0, 32) + R"(","path":"/)" + token + "\"}",
          R"({"token":"x","method":"GET","path":"/","address":")" + token + "\"}"}) {
        CAPTURE(body);
        HttpBench bench;
        const Response answer = bench.ask(question(body));
        CHECK(answer.body.find(secret.substr(0, 12)) == answer.body.npos);
        CHECK(answer.body.find("\"message\":\"") != answer.body.npos);
    }
}

TEST_CASE("a question that is not said to be JSON is not read") {
    HttpBench bench;
    for (const char* type :
         {"", "text/plain", "application/jsonx", "application/json2; charset=utf-8"}) {
        CAPTURE(type);
        Request request = question(body_of(HttpBench::token()));
        set_header(request, "Content-Type", type);
        CHECK(bench.ask(request).status == 415);
    }
    Request request = question(body_of(HttpBench::token()));
    request.headers.push_back({"Content-Type", "application/json"});
    CHECK(bench.ask(request).status == 415);
    CHECK(bench.left() == 3);
    set_header(request, "Content-Type", "text/plain");
    request = question(body_of(HttpBench::token()));
    set_header(request, "Content-Type", "Application/JSON ; charset=utf-8");
    CHECK(bench.ask(request).status == 200);
}

TEST_CASE("only POST asks") {
    HttpBench bench;
    Request request = question(body_of(HttpBench::token()));
    request.method = "PUT";
    const Response answer = bench.ask(request);
    CHECK(answer.status == 405);
    CHECK(header(answer, "Allow") == "POST");
    CHECK(bench.left() == 3);
}

TEST_CASE("in observe mode a question is granted and says what it would have been") {
    HttpBench bench(Mode::observe);
    const Response answer = bench.ask(question(body_of(HttpBench::token(), "", "/nowhere")));
    CHECK(answer.body.find(
              R"({"granted":true,"status":200,"reason":"path_unlisted","observed":true,)") ==
          answer.body.find('{'));
    CHECK(answer.body.find(R"("error":null})") != std::string::npos);
}
