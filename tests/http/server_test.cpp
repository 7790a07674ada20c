// The server at its sockets: what it reads as one request, what it never does, and how it ends.
#include "http/server/server.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "support/catch.h"
#include "support/http_bench.h"
#include "support/raw_client.h"
#include "support/running_server.h"
#include "support/waiting.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Endpoint;
using hourgate::http::Listener;
using hourgate::http::Server;

namespace {

/// The server answers somebody else as if nothing had been.
void check_goes_on(const Running& running) {
    RawClient other = running.client();
    other.send(get("/_hourgate/healthz"));
    CHECK(status_of(other.answer()) == "HTTP/1.1 200 OK");
}

Now far_future(const Clock& clock) {
    return {clock.now().boot_us + 60 * us_per_s, 0};
}

/// A folder of its own that is gone afterwards.
struct Folder {
    Folder() {
        std::string name =
            (std::filesystem::temp_directory_path() / "hourgate-http-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string path;
};

}  // namespace

TEST_CASE("a connection is kept after a grant, after a refusal and after a 404") {
    Running running(Listener::public_);
    RawClient client = running.client();
    for (int i = 0; i < 3; ++i) {
        client.send(get("/_hourgate/api/v1/me", with_token()));
        CHECK(status_of(client.answer()) == "HTTP/1.1 200 OK");
        client.send(get("/_hourgate/api/v1/me"));
        const std::string refused = client.answer();
        CHECK(status_of(refused) == "HTTP/1.1 401 Unauthorized");
        CHECK_FALSE(closes(refused));
        client.send(get("/nowhere"));
        CHECK(status_of(client.answer()) == "HTTP/1.1 404 Not Found");
    }
}

TEST_CASE("requests sent in one go are answered one by one, in order") {
    Running running(Listener::public_);
    RawClient client = running.client();
    client.send(get("/_hourgate/healthz") +
                "\r\nHEAD /_hourgate/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" +
                get("/nowhere") +
                get("/_hourgate/api/v1/me", with_token() + "Connection: close\r\n"));
    const std::string first = client.answer();
    CHECK(first.ends_with("\r\n\r\nok\n"));
    const std::string second = client.answer("HEAD");
    CHECK(status_of(second) == "HTTP/1.1 200 OK");
    CHECK(second.find("Content-Length: 3\r\n") != std::string::npos);
    CHECK(status_of(client.answer()) == "HTTP/1.1 404 Not Found");
    const std::string last = client.answer();
    CHECK(status_of(last) == "HTTP/1.1 200 OK");
    CHECK(closes(last));
    CHECK(client.ended());
}

TEST_CASE("many requests sent in one go are all answered, beyond any buffer") {
    Running running(Listener::public_);
    RawClient client = running.client();
    std::string all;
    for (int i = 0; i < 500; ++i)
        all += get("/_hourgate/healthz", "X-Pad: " + std::string(400, 'x') + "\r\n");
    std::thread sender([&] { client.send(all); });
    int answered = 0;
    while (answered < 500 && client.answer().ends_with("\r\n\r\nok\n"))
        ++answered;
    sender.join();
    CHECK(answered == 500);
}

TEST_CASE("a body nobody reads is never taken for the next request") {
    const std::string smuggled = get("/_hourgate/healthz");
    const std::string length = std::to_string(smuggled.size());
    for (const std::string& framed :
         {"Content-Length: " + length + "\r\n\r\n" + smuggled,
          "Transfer-Encoding: chunked\r\n\r\n" + smuggled,
          "Content-Length: " + length + "\r\nExpect: 100-continue\r\n\r\n" + smuggled}) {
        for (const char* first :
             {"POST /_hourgate/api/v1/me", "GET /_hourgate/api/v1/me", "DELETE /nowhere"}) {
            CAPTURE(framed, first);
            Running running(Listener::public_);
            RawClient client = running.client();
            client.send(std::string(first) + " HTTP/1.1\r\nHost: localhost\r\n" + framed +
                        smuggled);
            const std::string text = client.until_end();
            CHECK(text.find("HTTP/1.1 ", 1) == std::string::npos);
            CHECK(closes(text));
            CHECK(text.find("100 Continue") == std::string::npos);
            check_goes_on(running);
        }
    }
}

TEST_CASE("a request whose body is framed in two ways is answered 400, once") {
    Running running(Listener::ask);
    for (const char* lines : {"Content-Length: 5\r\nContent-Length: 6\r\n",
                              "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                              "Content-Length: 5, 5\r\n", "Content-Length: 0x5\r\n"}) {
        CAPTURE(lines);
        RawClient client = running.client();
        client.send("POST /_hourgate/verify HTTP/1.1\r\nHost: localhost\r\n" + std::string(lines) +
                    "\r\n0\r\n\r\n" + nginx("/clients/1"));
        const std::string text = client.until_end();
        CHECK(status_of(text) == "HTTP/1.1 400 Bad Request");
        CHECK(text.find("HTTP/1.1 ", 1) == std::string::npos);
    }
    CHECK(running.bench.notes.told.empty());
}

TEST_CASE("a client that waits for 100 gets its decision instead, where no body is read") {
    Running running(Listener::ask);
    RawClient client = running.client();
    client.send(
        "POST /_hourgate/auth/envoy/clients/1 HTTP/1.1\r\nHost: localhost\r\n"
        "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    const std::string text = client.until_end();
    CHECK(status_of(text) == "HTTP/1.1 401 Unauthorized");
    CHECK(text.find("100 Continue") == std::string::npos);
}

TEST_CASE("a back end that waits for 100 gets it, and then its answer") {
    Running running(Listener::ask);
    RawClient client = running.client();
    const std::string body = R"({"token":"","method":"GET","path":"/clients/1"})";
    client.send(
        "POST /_hourgate/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Expect: 100-continue\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n");
    CHECK(client.answer() == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(body);
    CHECK(client.answer().find("no_credentials") != std::string::npos);
    client.send(nginx("/clients/1"));
    CHECK(status_of(client.answer()) == "HTTP/1.1 204 No Content");
}

TEST_CASE("a question may come in chunks, and the connection goes on after it") {
    Running running(Listener::ask);
    RawClient client = running.client();
    const std::string head =
        "POST /_hourgate/verify HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.send(head + "18\r\n{\"token\":\"\",\"method\":\"GE\r\n");
    client.send("12\r\nT\",\"path\":\"/cl/1\"}\r\n0\r\n\r\n" + nginx("/clients/1"));
    CHECK(client.answer().find("no_credentials") != std::string::npos);
    CHECK(status_of(client.answer()) == "HTTP/1.1 204 No Content");
    client.send(head + "zz\r\n");
    const std::string malformed = client.until_end();
    CHECK(status_of(malformed) == "HTTP/1.1 400 Bad Request");
    CHECK(closes(malformed));
}

TEST_CASE("a question that is too long is refused before its body is read") {
    Running running(Listener::ask);
    for (const char* framing :
         {"Content-Length: 32769\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n8001\r\n"}) {
        RawClient client = running.client();
        client.send(
            "POST /_hourgate/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
            "application/json\r\n" +
            std::string(framing));
        const std::string text = client.until_end();
        CHECK(status_of(text) == "HTTP/1.1 413 Content Too Large");
        CHECK(text.find(R"("reason":"body_too_large")") != std::string::npos);
        CHECK(closes(text));
    }
}

TEST_CASE("what the proxy sends is judged byte for byte: no header value is decoded") {
    Running running(Listener::ask);
    const std::vector<std::pair<std::string, std::string>> table = {
        {"/clients%2f1", "path_ambiguous"},
        {"/clients/%2e%2e", "path_ambiguous"},
        {"/clients/1#x", "bad_request"},
        {"/clients%252f1", "path_ambiguous"},
        {"/clients/a%0d%0aX-Evil: 1", "bad_request"}};
    for (const auto& [target, reason] : table) {
        CAPTURE(target);
        RawClient client = running.client();
        client.send(nginx(target));
        const std::string text = client.answer();
        CHECK(status_of(text) == "HTTP/1.1 403 Forbidden");
        CHECK(text.find("X-Hourgate-Status: 400\r\n") != std::string::npos);
        CHECK(text.find("\"reason\":\"" + reason + "\"") != std::string::npos);
    }
    RawClient client = running.client();
    client.send("GET /_hourgate/auth/envoy/clients/1#/health HTTP/1.1\r\nHost: localhost\r\n" +
                with_token() + "\r\n");
    CHECK(status_of(client.answer()) == "HTTP/1.1 400 Bad Request");
}

TEST_CASE("several X-Forwarded-For headers are read in the order they were sent") {
    Running running(Listener::ask);
    RawClient client = running.client();
    const std::string question =
        get("/_hourgate/auth/nginx",
            "X-Original-Method: GET\r\nX-Original-URI: /clients/1\r\n"
            "X-Forwarded-For: 198.51.100.1\r\nA: b\r\nx-forwarded-for: 192.0.2.7\r\n");
    for (int i = 0; i < 10; ++i) {
        client.send(question);
        CHECK(status_of(client.answer()) == "HTTP/1.1 401 Unauthorized");
    }
    client.send(question);
    CHECK(client.answer().find("from 192.0.2.7 ") != std::string::npos);
}

TEST_CASE("headers of a client that other libraries act upon change nothing in the answer") {
    Running running(Listener::ask);
    RawClient client = running.client();
    for (const char* line :
         {"Range: bytes=0-1\r\n", "Range: nonsense\r\n", "Accept: ;;;,\r\n", "If-None-Match: *\r\n",
          "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
          "x\r\nSec-WebSocket-Version: 13\r\n",
          "Content-Encoding: gzip\r\n", "Accept-Encoding: gzip, br\r\n", "TE: trailers\r\n"}) {
        CAPTURE(line);
        client.send(nginx("/clients/1", line));
        CHECK(status_of(client.answer()) == "HTTP/1.1 204 No Content");
    }
}

TEST_CASE("methods nobody lists reach the decision") {
    Running running(Listener::ask);
    RawClient client = running.client();
    for (const std::string method : {"PURGE", "PROPFIND", "TRACE", "CONNECT"}) {
        CAPTURE(method);
        const bool is_listed_nowhere = method == "PURGE" || method == "PROPFIND";
        client.send(method + " /_hourgate/auth/envoy/clients/1 HTTP/1.1\r\nHost: localhost\r\n" +
                    with_token() + "\r\n");
        const std::string text = client.answer();
        CHECK(status_of(text) ==
              (is_listed_nowhere ? "HTTP/1.1 403 Forbidden" : "HTTP/1.1 405 Method Not Allowed"));
        CHECK(text.find((is_listed_nowhere ? "no method " : "passes ") + method) !=
              std::string::npos);
    }
}

TEST_CASE("a head over its bounds is a clean refusal, and the server goes on") {
    std::string many;
    for (int i = 0; i < 200; ++i)
        many += "X-Pad: y\r\n";
    std::string long_head;
    while (long_head.size() < 65'536)
        long_head += "X-Pad: " + std::string(1'000, 'x') + "\r\n";
    const std::string target = "/" + std::string(limits::target_bytes_default, 'a');
    const std::vector<std::pair<std::string, std::string>> table = {
        {get("/_hourgate/healthz", many), "HTTP/1.1 431 Request Header Fields Too Large"},
        {get("/_hourgate/healthz", long_head), "HTTP/1.1 431 Request Header Fields Too Large"},
        {get("/_hourgate/healthz", "Authorization: Bearer " + std::string(1'000'000, 't') + "\r\n"),
         "HTTP/1.1 431 Request Header Fields Too Large"},
        {get(target), "HTTP/1.1 414 URI Too Long"},
        {"GET /" + std::string(1'000'000, 'a'), "HTTP/1.1 414 URI Too Long"},
        {get("/_hourgate/healthz", std::string("X: a\0b\r\n", 8)), "HTTP/1.1 400 Bad Request"},
        {get("/_hourgate/healthz", " folded\r\n"), "HTTP/1.1 400 Bad Request"},
        {"GET /_hourgate/healthz HTTP/1.1\nHost: h\n\n", "HTTP/1.1 400 Bad Request"},
        {"GET /_hourgate/healthz HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request"},
        {"GET /_hourgate/healthz HTTP/3.0\r\nHost: h\r\n\r\n",
         "HTTP/1.1 505 HTTP Version Not Supported"},
        {"POST /_hourgate/healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
         "HTTP/1.1 501 Not Implemented"},
        {"\x16\x03\x01\x02", "HTTP/1.1 400 Bad Request"},
        {"hello\r\n\r\n", "HTTP/1.1 400 Bad Request"},
        {std::string(100'000, '\0'), "HTTP/1.1 400 Bad Request"},
    };
    Running running(Listener::public_);
    for (const auto& [bytes, status] : table) {
        CAPTURE(status, bytes.substr(0, 60));
        RawClient client = running.client();
        client.send(bytes + get("/_hourgate/healthz"));
        const std::string text = client.until_end();
        CHECK(status_of(text) == status);
        CHECK(text.find(R"({"error":{"code":"bad_request","reason":")") != std::string::npos);
        CHECK(text.find("HTTP/1.1 ", 1) == std::string::npos);
        CHECK(closes(text));
        check_goes_on(running);
    }
    CHECK(running.bench.notes.told.empty());
}

TEST_CASE("a refusal never shows the token, however it is sent") {
    Running running(Listener::public_);
    const std::string token = HttpBench::wrong_secret();
    for (const std::string& line :
         {"Authorization: Bearer " + token, "Authorization: " + token,
          "Authorization: Basic " + token, "Authorization: " + token + " x",
          "Authorization: Bearer '" + token + "'"}) {
        RawClient client = running.client();
        client.send(get("/_hourgate/api/v1/me", line + "\r\n"));
        const std::string text = client.answer();
        CHECK(status_of(text) == "HTTP/1.1 401 Unauthorized");
        CHECK(text.find("PONMLKJIHGFEDCBA") == std::string::npos);
    }
}

TEST_CASE("HTTP/1.0 is answered, and closed unless it asks to be kept") {
    Running running(Listener::public_);
    RawClient client = running.client();
    client.send("GET /_hourgate/healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK_FALSE(closes(client.answer()));
    client.send("GET /_hourgate/healthz HTTP/1.0\r\n\r\n");
    CHECK(closes(client.answer()));
    CHECK(client.ended());
}

TEST_CASE("a client that has sent all it has is still answered") {
    Running running(Listener::public_);
    RawClient client = running.client();
    client.send(get("/_hourgate/healthz"));
    client.finish_sending();
    CHECK(client.until_end().ends_with("\r\n\r\nok\n"));
}

TEST_CASE("a client that goes away in the middle costs nothing") {
    Running running(Listener::public_);
    for (const char* part :
         {"", "GET", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\nA"}) {
        RawClient client = running.client();
        client.send(part);
    }
    check_goes_on(running);
}

TEST_CASE("where all places are taken, who arrives gets the place of who was idle longest") {
    Running running(Listener::admin, {"127.0.0.1", 0, ""}, {20, 1});
    std::vector<RawClient> idle;
    for (std::size_t i = 0; i < 20; ++i) {
        idle.push_back(running.client());
        idle.back().send(get("/_hourgate/healthz"));
        REQUIRE(status_of(idle.back().answer()) == "HTTP/1.1 200 OK");
    }
    for (int i = 0; i < 3; ++i) {
        RawClient late = running.client();
        late.send(get("/_hourgate/healthz"));
        CHECK(status_of(late.answer()) == "HTTP/1.1 200 OK");
        idle.push_back(std::move(late));
    }
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(idle[i].ended());
    RawClient& young = idle[19];
    young.send(get("/_hourgate/healthz"));
    CHECK(status_of(young.answer()) == "HTTP/1.1 200 OK");
}

TEST_CASE("two thousand clients that drip and as many idle ones keep nobody waiting") {
    Running running(Listener::ask);
    std::vector<RawClient> slow;
    for (int i = 0; i < 2'000; ++i) {
        slow.push_back(running.client());
        slow.back().send(i % 2 == 0 ? "GET /_hourg" : get("/_hourgate/healthz"));
    }
    RawClient good = running.client();
    for (int i = 0; i < 100; ++i) {
        for (std::size_t at = 0; at < slow.size(); at += 200)
            slow[at].send("a");
        good.send(nginx("/clients/1"));
        REQUIRE(status_of(good.answer()) == "HTTP/1.1 204 No Content");
    }
}

TEST_CASE("more clients than threads, all of them busy, are all served") {
    Running running(Listener::ask);
    constexpr int clients = 80;
    constexpr int calls = 20;
    std::atomic<int> granted{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i)
        threads.emplace_back([&] {
            std::unique_ptr<RawClient> client;
            for (int call = 0; call < calls;) {
                if (!client)
                    client = std::make_unique<RawClient>(running.server->port());
                client->send(nginx("/clients/1"));
                const std::string text = client->answer();
                if (status_of(text) == "HTTP/1.1 204 No Content")
                    ++granted;
                // Closed while idle: the request is sent again, as every client of HTTP/1.1 does.
                if (!text.empty())
                    ++call;
                if (text.empty() || closes(text))
                    client.reset();
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(granted == clients * calls);
}

TEST_CASE("a port somebody has is said to be taken, with the key to change") {
    Running running(Listener::public_);
    HttpBench bench;
    const std::uint16_t port = running.server->port();
    const auto second = Server::bind(Listener::admin, {"127.0.0.1", port, ""}, bench.service);
    REQUIRE_FALSE(second.ok());
    CHECK(second.failure().what ==
          "127.0.0.1:" + std::to_string(port) + " is taken by another process");
    CHECK(second.failure().next ==
          "see which with `ss -ltnp`, or change [server] admin in the configuration");
    check_goes_on(running);
}

TEST_CASE("an address this machine does not have, or nobody has, is named") {
    HttpBench bench;
    const auto foreign = Server::bind(Listener::ask, {"192.0.2.1", 0, ""}, bench.service);
    REQUIRE_FALSE(foreign.ok());
    CHECK(foreign.failure().what == "this machine has no address 192.0.2.1");
    CHECK(foreign.failure().next == "change [server] ask in the configuration");
    const auto nobody = Server::bind(Listener::ask, {"256.1.1.1.invalid", 0, ""}, bench.service);
    REQUIRE_FALSE(nobody.ok());
    CHECK(nobody.failure().what == "256.1.1.1.invalid is no address and no name that resolves");
}

TEST_CASE("a port is free again as soon as its server is gone") {
    HttpBench bench;
    auto first = Server::bind(Listener::public_, {"127.0.0.1", 0, ""}, bench.service);
    REQUIRE(first.ok());
    const std::uint16_t port = first.value()->port();
    first.value()->start();
    {
        RawClient client(port);
        client.send(get("/_hourgate/healthz"));
        CHECK(status_of(client.answer()) == "HTTP/1.1 200 OK");
    }
    first.value().reset();
    CHECK(Server::bind(Listener::public_, {"127.0.0.1", port, ""}, bench.service).ok());
}

TEST_CASE("a Unix socket is answered, is the group's and not the world's, and is gone afterwards") {
    const Folder folder;
    const std::string path = folder.path + "/ask.sock";
    {
        const mode_t before = umask(0077);  // it is the same whatever the umask is
        Running running(Listener::ask, {"", 0, path});
        CHECK(umask(before) == 0077);  // and leaves that alone
        struct stat status {};
        REQUIRE(stat(path.c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0660);
        CHECK(running.server->port() == 0);
        RawClient client(path);
        client.send(nginx("/clients/1") + nginx("/nowhere"));
        CHECK(status_of(client.answer()) == "HTTP/1.1 204 No Content");
        CHECK(status_of(client.answer()) == "HTTP/1.1 403 Forbidden");
        CHECK(running.server->finish(running.bench.clock, 0) == 0);
        CHECK_FALSE(RawClient(path).connected());
    }
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a socket file nobody listens on is replaced, one in use and any other file are not") {
    const Folder folder;
    const std::string path = folder.path + "/ask.sock";
    const int old = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(bind(old, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    close(old);
    const Running running(Listener::ask, {"", 0, path});
    RawClient client(path);
    client.send(nginx("/clients/1"));
    CHECK(status_of(client.answer()) == "HTTP/1.1 204 No Content");

    HttpBench bench;
    const auto second = Server::bind(Listener::ask, {"", 0, path}, bench.service);
    REQUIRE_FALSE(second.ok());
    CHECK(second.failure().what == "unix:" + path + " is taken by another process");
    CHECK(std::filesystem::exists(path));

    const std::string file = folder.path + "/data";
    std::ofstream(file) << "precious";
    const auto third = Server::bind(Listener::ask, {"", 0, file}, bench.service);
    REQUIRE_FALSE(third.ok());
    CHECK(third.failure().what == file + " exists and is no socket");
    CHECK(std::filesystem::file_size(file) == 8);

    const auto nowhere = Server::bind(Listener::ask, {"", 0, folder.path + "/no/x"}, bench.service);
    REQUIRE_FALSE(nowhere.ok());
    CHECK(nowhere.failure().what == "the folder of unix:" + folder.path + "/no/x does not exist");
    const auto endless =
        Server::bind(Listener::ask, {"", 0, "/" + std::string(200, 'x')}, bench.service);
    REQUIRE_FALSE(endless.ok());
    CHECK(endless.failure().what.find("too long for a socket") != std::string::npos);
}

TEST_CASE("stopping ends idle connections at once and takes no new ones") {
    Running running(Listener::public_);
    RawClient idle = running.client();
    idle.send(get("/_hourgate/healthz"));
    CHECK(status_of(idle.answer()) == "HTTP/1.1 200 OK");
    running.server->stop_accepting();
    CHECK(idle.ended());
    CHECK(running.server->finish(running.bench.clock, far_future(running.bench.clock).boot_us) ==
          0);
    CHECK(running.server->in_flight() == 0);
    CHECK_FALSE(running.client().connected());
}

TEST_CASE(
    "a connection made and not yet used when the server stops has its first request answered") {
    using std::chrono::steady_clock;
    for (bool in_time = false; !in_time;) {
        Running running(Listener::public_);
        RawClient idle = running.client(), fresh = running.client(), silent = running.client();
        idle.send(get("/_hourgate/healthz"));
        CHECK(status_of(idle.answer()) == "HTTP/1.1 200 OK");
        const auto before = steady_clock::now();
        running.server->stop_accepting();
        CHECK(idle.ended());
        fresh.send(get("/_hourgate/healthz"));
        // It has a second; on a machine too busy for that it is tried again.
        in_time = steady_clock::now() - before < std::chrono::milliseconds(500);
        const std::string text = fresh.answer();
        if (in_time) {
            CHECK(status_of(text) == "HTTP/1.1 200 OK");
            CHECK(closes(text));
        }
        CHECK(silent.ended());
        const std::int64_t deadline_us = far_future(running.bench.clock).boot_us;
        CHECK(running.server->finish(running.bench.clock, deadline_us) == 0);
    }
}

TEST_CASE("a passed socket outlives its server: who comes in between is answered by the next one") {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(socket, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(listen(socket, 100) == 0);
    REQUIRE(getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    const std::uint16_t port = ntohs(address.sin_port);
    const Endpoint there = {"127.0.0.1", port, ""};
    HttpBench bench;
    std::vector<RawClient> between;
    for (int round = 0; round < 3; ++round) {
        auto adopted = Server::open(Listener::public_, {there}, {fcntl(socket, F_DUPFD_CLOEXEC, 0)},
                                    bench.service);
        REQUIRE(adopted.ok());
        Server& server = *adopted.value();
        CHECK(server.port() == port);
        server.start();
        for (RawClient& client : between)
            CHECK(status_of(client.answer()) == "HTTP/1.1 200 OK");
        RawClient client(port);
        client.send(get("/_hourgate/healthz"));
        CHECK(status_of(client.answer()) == "HTTP/1.1 200 OK");
        CHECK(server.finish(bench.clock, far_future(bench.clock).boot_us) == 0);
        CHECK(client.ended());
        between.clear();
        for (int i = 0; i < 10; ++i) {
            between.emplace_back(port);
            CHECK(between.back().connected());
            between.back().send(get("/_hourgate/healthz"));
        }
    }
    close(socket);
}

TEST_CASE("a request under way when the server stops is finished, and its connection then closed") {
    HttpBench bench;
    std::mutex mutex;
    std::condition_variable changed;
    bool asked = false;
    bool released = false;
    http::Service::Settings settings;
    settings.trust.hosts = {"h"};
    settings.ready = [] { return true; };
    settings.metrics = [&] {
        std::unique_lock lock(mutex);
        asked = true;
        changed.notify_all();
        changed.wait(lock, [&] { return released; });
        return std::string("done\n");
    };
    http::Service service(std::move(settings), bench.gate, bench.clock, bench.notes);
    auto bound = Server::bind(Listener::admin, {"127.0.0.1", 0, ""}, service);
    REQUIRE(bound.ok());
    Server& server = *bound.value();
    server.start();
    RawClient client(server.port());
    client.send(get("/metrics"));
    {
        std::unique_lock lock(mutex);
        CHECK(changed.wait_for(lock, waits_at_most, [&] { return asked; }));
    }
    CHECK(server.in_flight() == 1);
    server.stop_accepting();
    std::int64_t cut = -1;
    std::thread finishing(
        [&] { cut = server.finish(bench.clock, far_future(bench.clock).boot_us); });
    {
        const std::lock_guard lock(mutex);
        released = true;
        changed.notify_all();
    }
    const std::string text = client.answer();
    CHECK(text.ends_with("\r\n\r\ndone\n"));
    CHECK(closes(text));
    finishing.join();
    CHECK(cut == 0);
}

TEST_CASE("what is not finished at the deadline is cut and counted") {
    Running running(Listener::public_);
    std::vector<RawClient> halves;
    for (int i = 0; i < 3; ++i) {
        halves.push_back(running.client());
        halves.back().send("GET /_hourgate/healthz HTTP/1.1\r\nHost");
    }
    REQUIRE(comes_true([&] { return running.server->in_flight() == 3; }));
    CHECK(running.server->finish(running.bench.clock, running.bench.clock.now().boot_us) == 3);
    for (RawClient& half : halves)
        CHECK(half.ended());
}

TEST_CASE("stopping under load cuts nothing: every answer is whole, and the last says close") {
    Running running(Listener::ask);
    std::atomic<int> answered{0}, broken{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i)
        threads.emplace_back([&] {
            RawClient client = running.client();
            for (;;) {
                client.send(nginx("/nowhere") + nginx("/nowhere"));
                for (int each = 0; each < 2; ++each) {
                    const std::string text = client.answer();
                    if (text.empty() || closes(text))
                        return;
                    if (status_of(text) != "HTTP/1.1 403 Forbidden" || text.find("}}") == text.npos)
                        ++broken;
                    ++answered;
                }
            }
        });
    CHECK(comes_true([&] { return answered >= 500; }));
    CHECK(running.server->finish(running.bench.clock, far_future(running.bench.clock).boot_us) ==
          0);
    for (std::thread& thread : threads)
        thread.join();
    CHECK(broken == 0);
}

TEST_CASE("each request of a pipeline has its own time, though there is always half a head there") {
    Running running(Listener::public_);
    RawClient client = running.client();
    const std::string whole = get("/_hourgate/healthz");
    const std::string half = whole.substr(0, whole.size() / 2);
    client.send(half);
    for (int waited_ms = 0; waited_ms < limits::read_timeout_ms + 600; waited_ms += 400) {
        client.send(whole.substr(half.size()) + half);
        REQUIRE(status_of(client.answer()) == "HTTP/1.1 200 OK");
        std::this_thread::sleep_for(std::chrono::milliseconds(400));
    }
}

TEST_CASE("connections that come and go by the thousand leave no descriptor behind") {
    Running running(Listener::public_);
    const auto open_files = [] {
        const std::filesystem::directory_iterator files("/proc/self/fd");
        return std::distance(begin(files), end(files));
    };
    check_goes_on(running);
    const auto before = open_files();
    for (int i = 0; i < 3'000; ++i) {
        RawClient client = running.client();
        if (i % 3 == 1)
            client.send("GET /");
        if (i % 3 == 2)
            client.send(get("/_hourgate/healthz"));
    }
    check_goes_on(running);
    // The last of them may still be read to its end when its neighbours' files are closed.
    const auto gone = [&] {
        return open_files() <= before + 1 && running.server->in_flight() == 0;
    };
    for (int tries = 0; !gone() && tries < 2'000; ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    CHECK(open_files() <= before + 1);
    CHECK(running.server->in_flight() == 0);
}

TEST_CASE("a peer that reads nothing holds up nobody, and its answers wait within a bound") {
    HttpBench bench;
    std::atomic<int> written{0};
    http::Service::Settings settings;
    settings.trust.hosts = {"h"};
    settings.metrics = [&] {
        ++written;
        return std::string(1U << 20U, 'm');
    };
    http::Service service(std::move(settings), bench.gate, bench.clock, bench.notes);
    auto bound = Server::bind(Listener::admin, {"127.0.0.1", 0, ""}, service);
    REQUIRE(bound.ok());
    Server& server = *bound.value();
    server.start();
    const auto began = std::chrono::steady_clock::now();
    RawClient deaf(server.port());
    std::string flood;
    for (int i = 0; i < 500; ++i)
        flood += get("/metrics");
    deaf.send(flood);
    int others = 0, before = -1;
    while (written - others != before) {  // until nothing more is written for the deaf one
        before = written - others;
        for (int i = 0; i < 20; ++i, ++others) {
            RawClient other(server.port());
            other.send(get("/metrics"));
            CHECK(other.answer().ends_with("mm"));
        }
    }
    CHECK(written - others < 50);  // what the kernel's buffers hold, and one more
    // Later, who reads nothing is cut off by the bound on writing.
    const bool in_time = std::chrono::steady_clock::now() - began <
                         std::chrono::milliseconds(limits::write_timeout_ms - 1'000);
    const std::int64_t left = server.in_flight();
    const std::int64_t cut = server.finish(bench.clock, bench.clock.now().boot_us);
    if (in_time) {
        CHECK(left == 1);
        CHECK(cut == 1);
    }
}

TEST_CASE(
    "a server that was bound and never started, or started and at once stopped, ends in peace") {
    HttpBench bench;
    CHECK(Server::bind(Listener::public_, {"127.0.0.1", 0, ""}, bench.service).ok());
    for (int i = 0; i < 20; ++i) {
        auto bound = Server::bind(Listener::public_, {"127.0.0.1", 0, ""}, bench.service);
        REQUIRE(bound.ok());
        bound.value()->start();
        if (i % 2 == 0) {
            CHECK(bound.value()->finish(bench.clock, 0) == 0);
            CHECK(bound.value()->finish(bench.clock, 0) == 0);
        }
    }
}
