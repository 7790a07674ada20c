// A proxy in front of the gate, and the gate in front of the API: three readers of the same bytes.
// What they might take in two ways reaches the API as what was granted, or not at all.
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "e2e/installation.h"
#include "e2e/proxy_program.h"
#include "e2e/upstream.h"
#include "support/attacks.h"
#include "support/catch.h"
#include "support/raw_client.h"

using namespace hourgate::e2e;
using hourgate::test::Attack;
using hourgate::test::Attacks;
using hourgate::test::RawClient;

namespace {

const std::string clients = "/api/v1/clients";

/// nginx that hands everything on to the gate's public listener over connections it keeps.
class Nginx {
public:
    explicit Nginx(std::uint16_t gate) {
        write_file(folder_.file("main"),
                   nginx_begin(folder_) +
                       "upstream gate {\nserver 127.0.0.1:" + std::to_string(gate) +
                       ";\nkeepalive 8;\n}\nserver {\nlisten " + place_.text() +
                       ";\nunderscores_in_headers on;\nignore_invalid_headers off;\n"
                       "merge_slashes off;\nlocation / {\nproxy_pass http://gate;\n"
                       "proxy_http_version 1.1;\nproxy_request_buffering off;\n"
                       "proxy_set_header Connection \"\";\n}\n"
                       // One request a connection, and who sends half of one is not waited for.
                       "keepalive_timeout 0;\nclient_body_timeout 1s;\n"
                       "client_header_timeout 1s;\n}\n}\n");
        program_ = std::make_unique<Program>(Arguments{executable("nginx"), "-e", "stderr", "-p",
                                                       folder_.path(), "-c", folder_.file("main")},
                                             Arguments{"LD_LIBRARY_PATH=" + library_path()});
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (std::chrono::steady_clock::now() < deadline) {
            try {
                const Wire connected(place_.host, place_.port, "127.0.0.1");
                return;
            } catch (const std::exception&) {
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
            }
        }
        FAIL("nginx does not listen: " << program_->err());
    }
    ~Nginx() {
        program_->signal(SIGTERM);
        program_->wait();
    }
    Nginx(const Nginx&) = delete;
    Nginx& operator=(const Nginx&) = delete;

    /// All that comes for these bytes until nginx closes.
    [[nodiscard]] std::string all_for(const std::string& bytes) const {
        RawClient client(place_.host, place_.port);
        client.send(bytes);
        return client.until_end();
    }

private:
    const Folder folder_;
    const FreePlace place_;
    std::unique_ptr<Program> program_;
};

}  // namespace

TEST_CASE("behind nginx, too, the API sees what was granted and never two calls for one") {
    if (executable("nginx").empty()) {
        WARN("skipped: nginx is not installed");
        return;
    }
    Upstream api;
    const Installation here("[upstream]\nurl = \"http://127.0.0.1:" + std::to_string(api.port()) +
                            "\"\n");
    here.populate();
    here.must({"plan", "set", "studio", "--window", "wide=100000/60"});
    const std::string token = here.mint("owner@acme.example");
    Server server(here);
    const Nginx nginx(server.ports().public_);
    const Attacks attacks("Authorization: Bearer " + token + "\r\n", clients);

    REQUIRE(nginx.all_for(attacks.call("GET", clients + "/1", "Connection: close\r\n"))
                .starts_with("HTTP/1.1 200 OK\r\n"));
    REQUIRE(api.take().size() == 1);

    for (const Attack& attack : attacks.refused()) {
        CAPTURE(attack.name);
        const std::string text = nginx.all_for(attack.bytes);
        CAPTURE(text);
        const auto seen = api.take();
        CHECK(seen.size() <= 1);
        for (const Seen& one : seen) {
            // What nginx made plain, and the gate granted as that.
            CAPTURE(one.text());
            CHECK(one.target.find("stolen") == one.target.npos);
            CHECK(one.target.find("admin") == one.target.npos);
            CHECK(one.header("authorization").empty());
            CHECK(one.header("x-hourgate-role") == "owner");
            CHECK(one.body.find("stolen") == one.body.npos);
        }
    }

    const std::string hidden = attacks.hidden();
    const std::vector<std::string> bodies = {
        attacks.post("Content-Length: " + std::to_string(hidden.size()) + "\r\n", hidden),
        attacks.post("Transfer-Encoding: chunked\r\n",
                     "5;x=\"\r\nhello\r\n3\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n")};
    for (const std::string& sent : bodies) {
        CAPTURE(sent);
        const std::string text = nginx.all_for(sent);
        CHECK(text.starts_with("HTTP/1.1 200 OK\r\n"));
        const auto seen = api.take();
        REQUIRE(seen.size() == 1);
        CHECK(seen.front().method == "POST");
        CHECK(seen.front().target == clients);
    }
    CHECK(server.stop() == 0);
}
