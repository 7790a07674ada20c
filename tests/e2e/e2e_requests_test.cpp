// What no honest client sends, against the real server: each is answered or cut off, and the server
// goes on answering others.
#include <string>
#include <vector>

#include "base/text.h"
#include "e2e/installation.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

struct Scene {
    Scene() {
        here.populate();
        token = here.mint("manager@acme.example");
        server.emplace(here);
    }
    [[nodiscard]] std::vector<std::uint16_t> all_ports() const {
        return {server->ports().public_, server->ports().ask, server->ports().admin};
    }
    Installation here;
    std::string token;
    std::optional<Server> server;
};

bool is_refusal(int status) {
    return status >= 400 && status < 500;
}

}  // namespace

TEST_CASE("a token of 1 MB, 200 headers and a head of 64 KiB are refused on every listener") {
    Scene scene;
    const std::string megabyte(1U << 20U, 'a');
    std::vector<std::pair<std::string, std::string>> many, large;
    for (int at = 0; at < 200; ++at)
        many.emplace_back("X-Header-" + std::to_string(at), "1");
    for (int at = 0; at < 16; ++at)
        large.emplace_back("X-Large-" + std::to_string(at), std::string(4'096, 'b'));
    for (const std::uint16_t port : scene.all_ports()) {
        for (const std::string& bytes :
             {get("/_hourgate/healthz", {{"Authorization", "Bearer " + megabyte}}),
              get("/_hourgate/auth/caddy", {{"Authorization", "Bearer " + megabyte}}),
              get("/_hourgate/auth/caddy", many), get("/_hourgate/auth/caddy", large),
              get("/" + std::string(65'536, 'c'))}) {
            // Cut off without an answer, or answered before all was read: but never granted.
            const Answered answered = Wire(port).ask(bytes);
            CHECK((answered.status == 0 || is_refusal(answered.status)));
        }
    }
    CHECK(scene.server->status(scene.token) == 200);
    // As a body, it is told what is off, and not repeated.
    Wire ask(scene.server->ports().ask);
    const Answered large_body =
        ask.ask(post("/_hourgate/verify", "{\"token\":\"" + megabyte + "\"}"));
    CHECK((large_body.status == 0 || large_body.status == 413));
}

TEST_CASE("NUL and UTF-8 in every part of a request are answered, and nothing is granted by them") {
    Scene scene;
    const std::uint16_t port = scene.server->ports().ask;
    const std::string nul(1, '\0');
    for (const std::string& odd :
         {nul, std::string("\xc3\xab"), std::string("\xff\xfe"), std::string("\x01")}) {
        for (const std::string& bytes :
             {"G" + odd + "T / HTTP/1.1\r\nHost: h\r\n\r\n",
              "GET /" + odd + " HTTP/1.1\r\nHost: h\r\n\r\n",
              get("/_hourgate/auth/caddy", {{"X-A" + odd, "v"}}),
              get("/_hourgate/auth/caddy", {{"Authorization", "Bearer " + scene.token + odd}}),
              get("/_hourgate/auth/caddy", {{"Authorization", "Bearer " + odd + scene.token}}),
              question(scene.token, "/api/v1/clients/" + odd),
              question(scene.token, "/api/v1/clients", "G" + odd)}) {
            if (odd == "\xc3\xab" && contains(bytes, "clients/" + odd))
                continue;  // a name like any other
            const Answered answered = Wire(port).ask(bytes);
            INFO(hourgate::printable(bytes, 2'000) << " -> " << answered.status << answered.body);
            CHECK((answered.status == 0 || is_refusal(answered.status)));
        }
    }
    for (const std::string& body :
         {std::string("{\"token\":\"\\u0000\",\"method\":\"GET\",\"path\":\"/api/v1/clients\"}"),
          "{\"token\":\"" + scene.token +
              "\\u0000\",\"method\":\"GET\",\"path\":\"/api/v1/clients\"}",
          "{\"token\":\"" + scene.token +
              "\",\"method\":\"GET\\u0000\",\"path\":\"/api/v1/clients\"}",
          "{\"token\":\"" + scene.token +
              "\",\"method\":\"GET\",\"path\":\"/api/v1/clients\\u0000\"}",
          "{\"token\":\"" + scene.token +
              "\",\"method\":\"GET\",\"path\":\"/api/v1/clients/\xff\"}",
          "{\"token\":\"" + scene.token +
              "\",\"method\":\"GET\",\"path\":\"/api/v1/clients\",\"address\":\"\\u0000\"}",
          std::string("\0", 1), std::string("\xff\xfe"), std::string("{\"token\":1}"),
          std::string("[]")}) {
        const Answered answered = Wire(port).ask(post("/_hourgate/verify", body));
        INFO(body << " -> " << answered.status << " " << answered.body);
        if (answered.status == 200)
            CHECK(Json::parse(answered.body).at("granted") == false);
        else
            CHECK(is_refusal(answered.status));
    }
    CHECK(scene.server->status(scene.token, "/api/v1/clients/Zo\xc3\xab") == 200);
    CHECK(scene.server->status(scene.token, "/api/v1/clients/Zo%C3%AB") == 200);
    CHECK(scene.server->status(scene.token) == 200);
}

TEST_CASE("no answer, log line or metric holds a token or its secret") {
    Scene scene;
    const std::string secret = scene.token.substr(scene.token.rfind('_') + 1);
    const std::string other = scene.token.substr(0, scene.token.size() - 8) + "AAAAAAAA";
    std::string seen;
    for (const std::string& bytes :
         {question(scene.token, "/api/v1/clients"), question(other, "/api/v1/clients"),
          question(scene.token, "/api/v1/nowhere"),
          question(scene.token, "/api/v1/clients/" + scene.token),
          question(scene.token, "/api/v1/nowhere/" + scene.token), get("/" + scene.token),
          question("", "/api/v1/clients?token=" + scene.token),
          question(scene.token + "x", "/api/v1/clients"),
          get("/_hourgate/auth/caddy", {{"Authorization", scene.token}})}) {
        const Answered answered = Wire(scene.server->ports().ask).ask(bytes);
        for (const auto& [name, value] : answered.headers)
            seen += name + ": " + value + "\n";
        seen += answered.body;
    }
    seen += Wire(scene.server->ports().admin).ask(get("/metrics")).body;
    CHECK(contains(seen, "hourgate_decisions_total"));
    // Put into the path by the caller: the log has the path without it.
    CHECK(scene.server->status(scene.token, "/api/v1/nowhere/" + scene.token) == 403);
    CHECK(scene.server->stop() == 0);
    seen += scene.server->program().err() + scene.server->program().out();
    CHECK(contains(seen, prefix_of(scene.token)));
    CHECK_FALSE(contains(seen, secret));
}

TEST_CASE("a token is not in the arguments or the environment of any process") {
    Scene scene;
    const std::string pid = std::to_string(scene.server->program().pid());
    CHECK(scene.server->status(scene.token) == 200);
    for (const std::string file : {"cmdline", "environ"})
        CHECK_FALSE(contains(read_file("/proc/" + pid + "/" + file), "hsk_"));
}
