// The real program at its limits: no descriptor left, and floods of connections. It neither spins
// nor grows, and answers again.
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <deque>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "e2e/installation.h"
#include "support/catch.h"
#include "support/raw_client.h"
#include "support/waiting.h"

using namespace hourgate::e2e;
using hourgate::test::comes_true;
using hourgate::test::RawClient;

namespace {

constexpr std::size_t descriptors = 150;

/// A server that may have only so many descriptors.
class Narrow {
public:
    explicit Narrow(const Installation& here) : program_(words(here)) {
        ports_ = ports_in(program_.wait_for("msg=listening "));
    }
    [[nodiscard]] const Ports& ports() const noexcept { return ports_; }
    [[nodiscard]] Program& program() noexcept { return program_; }

private:
    static Arguments words(const Installation& here) {
        Arguments all = {"/bin/sh", "-c",
                         "ulimit -n " + std::to_string(descriptors) + " && exec \"$@\"", "sh"};
        for (const std::string& word : here.words({"serve"}))
            all.push_back(word);
        return all;
    }

    Program program_;
    Ports ports_;
};

/// Processor time of a process so far, in clock ticks (proc(5), /proc/[pid]/stat: utime and stime).
long ticks_of(pid_t pid) {
    const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    std::istringstream fields(stat.substr(stat.rfind(')') + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i)
        fields >> skipped;
    long user = 0, system = 0;
    fields >> user >> system;
    return user + system;
}

/// A question whose body does not come: its connection is in use until then.
const std::string begun =
    "POST /_hourgate/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    "Expect: 100-continue\r\nContent-Length: 47\r\n\r\n";

/// Four crowds of clients that come at once and go at once, some in the middle of a request.
void flood(std::uint16_t port) {
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&] {
            for (int round = 0; round < 10; ++round) {
                std::vector<RawClient> crowd;
                for (int i = 0; i < 500; ++i) {
                    crowd.emplace_back(port);
                    crowd.back().reset_at_end();  // else the machine runs out of ports
                    if (i % 3 != 0)
                        crowd.back().send(i % 3 == 1 ? get("/_hourgate/healthz") : "GET /_hourg");
                }
            }
        });
    for (std::thread& one : threads)
        one.join();
}

/// Until the server has none open but the one it is asked on.
void until_all_are_gone(std::uint16_t admin_port) {
    Wire wire(admin_port);
    REQUIRE(comes_true(
        [&] { return contains(wire.ask(get("/metrics")).body, "\nhourgate_connections 1\n"); }));
}

}  // namespace

TEST_CASE("the bound of an address holds for callers, for no trusted proxy and no peer that asks") {
    for (const bool trusted : {false, true}) {
        const Installation here(trusted ? "" : "[trust]\nproxies = []\n");
        std::string config = read_file(here.config());
        config.insert(config.find("[database]"), "connections_per_address = 2\nloops = 1\n");
        write_file(here.config(), config);
        here.must({"init"});
        Server server(here);
        std::vector<RawClient> callers, proxies;
        for (int i = 0; i < 4; ++i) {
            callers.emplace_back(server.ports().public_);
            callers.back().send(get("/_hourgate/healthz"));
            CHECK(contains(callers.back().answer(), "200 OK"));
            proxies.emplace_back(server.ports().ask);
            proxies.back().send(question("", "/"));
            CHECK(contains(proxies.back().answer(), "401 Unauthorized"));
        }
        CHECK(contains(
            Wire(server.ports().admin).ask(get("/metrics")).body,
            std::string("\nhourgate_connections_evicted_total ") + (trusted ? "0\n" : "2\n")));
        if (!trusted)
            CHECK((callers[0].ended() && callers[1].ended()));
        for (RawClient* const client : {&callers[2], &callers[3]}) {
            client->send(get("/_hourgate/healthz"));
            CHECK(contains(client->answer(), "200 OK"));
        }
        for (RawClient& client : proxies) {
            client.send(question("", "/"));
            CHECK(contains(client.answer(), "401 Unauthorized"));
        }
        CHECK(server.stop() == 0);
    }
}

TEST_CASE("without a descriptor left, who is idle makes room for who comes") {
    if (!is_shipped_kind()) {
        WARN("skipped: UBSan opens a pipe to look at a pointer");
        return;
    }
    const Installation here;
    here.must({"init"});
    Narrow server(here);
    std::vector<RawClient> clients;
    for (std::size_t i = 0; i < 3 * descriptors; ++i) {
        clients.emplace_back(server.ports().public_);
        clients.back().send(get("/_hourgate/healthz"));
        REQUIRE(contains(clients.back().answer(), "200 OK"));
    }
    CHECK(clients.front().ended());
    server.program().signal(SIGTERM);
    const int ended = server.program().wait();
    INFO(server.program().err());
    CHECK(ended == 0);
}

TEST_CASE(
    "without a descriptor left and nobody idle, it waits without spinning, and then goes on") {
    using std::chrono::steady_clock;
    const Installation here;
    here.must({"init"});
    Narrow server(here);
    const auto began = steady_clock::now();
    std::deque<RawClient> busy;
    for (std::size_t i = 0; i < descriptors; ++i) {
        busy.emplace_back(server.ports().ask);
        REQUIRE(busy.back().connected());  // accepted or not
        busy.back().send(begun);
    }
    REQUIRE(contains(busy.front().answer(), "100 Continue"));

    const long before = ticks_of(server.program().pid());
    const auto from = steady_clock::now();
    std::this_thread::sleep_for(std::chrono::seconds(1));
    const long used = ticks_of(server.program().pid()) - before;
    const std::chrono::duration<double> passed = steady_clock::now() - from;
    CHECK(static_cast<double>(used) / static_cast<double>(::sysconf(_SC_CLK_TCK)) <
          0.5 * passed.count());

    std::size_t accepted = 0;
    for (const RawClient& client : busy)
        accepted += client.has_more() ? 1U : 0U;
    // Later, those without a body are told 408, and others have their turn.
    if (steady_clock::now() - began < std::chrono::seconds(4))
        CHECK(accepted < descriptors - 10);

    for (std::size_t i = 0; i < descriptors / 2; ++i)
        busy.pop_front();
    for (int i = 0; i < 3; ++i)
        CHECK(Wire(server.ports().ask).ask(question("", "/")).status == 401);
    CHECK(Wire(server.ports().public_).ask(get("/_hourgate/healthz")).status == 200);
    busy.clear();
    until_all_are_gone(server.ports().admin);
    server.program().signal(SIGTERM);
    CHECK(server.program().wait() == 0);
}

TEST_CASE("a second flood of 20,000 connections takes no more memory than the first") {
    const Installation here;
    here.must({"init"});
    Server server(here);
    std::array<long, 2> resident_kib{};
    for (long& after : resident_kib) {
        flood(server.ports().public_);
        until_all_are_gone(server.ports().admin);
        after = resident_kib_of(server.program().pid());
    }
    CHECK(resident_kib[0] > 0);
    // 800 bytes a connection; how many of them are open at a time differs from flood to flood. What
    // a sanitizer remembers of them stays.
    if (is_shipped_kind())
        CHECK(resident_kib[1] < resident_kib[0] + 16 * 1'024);
    if (is_root()) {  // it is nobody else's to look at: it may hold tokens
        const auto files = names_in("/proc/" + std::to_string(server.program().pid()) + "/fd");
        CHECK(files.size() < 80);
    }
    CHECK(Wire(server.ports().public_).ask(get("/_hourgate/healthz")).status == 200);
    CHECK(server.stop() == 0);
    CHECK(contains(server.program().err(), "msg=stopped cut=0"));
}
