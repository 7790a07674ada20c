// SIGTERM while calls to the API are on their way: the program ends, and every call is answered. A
// longer run under load is bench/stops.py.
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "e2e/installation.h"
#include "support/catch.h"
#include "support/forwarding.h"

using namespace hourgate::e2e;
using hourgate::test::RawClient;
using hourgate::test::RawUpstream;

TEST_CASE("a stop with ten calls in flight ends, whenever their callers close") {
    enum class Caller { closes_at_once, half_closes_before, stays };
    for (const Caller caller :
         {Caller::closes_at_once, Caller::half_closes_before, Caller::stays}) {
        for (int round = 0; round < 2; ++round) {
            CAPTURE(static_cast<int>(caller), round);
            RawUpstream api;
            const Installation here(
                "[upstream]\nurl = \"http://127.0.0.1:" + std::to_string(api.port()) + "\"\n");
            here.populate();
            const std::string token = here.mint("owner@acme.example");
            Server server(here);
            std::vector<RawClient> clients, at_api;
            for (int i = 0; i < 10; ++i) {
                clients.emplace_back(server.ports().public_);
                clients.back().send(
                    "GET /api/v1/clients HTTP/1.1\r\nHost: h\r\n"
                    "Authorization: Bearer " +
                    token + "\r\n\r\n");
                at_api.push_back(api.accept());
                (void)at_api.back().head();
                if (caller == Caller::half_closes_before)
                    clients.back().finish_sending();
                // Half of the answers have begun before the stop.
                if (i % 2 == 0)
                    at_api.back().send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
            }
            server.program().signal(SIGTERM);
            server.program().wait_for("stopping");
            for (int i = 0; i < 10; ++i) {
                auto& one = at_api[static_cast<std::size_t>(i)];
                one.send(i % 2 == 0 ? "up\n" : "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nup\n");
            }
            for (RawClient& client : clients) {
                CHECK(client.answer().ends_with("\r\n\r\nup\n"));
                if (caller == Caller::closes_at_once)
                    const RawClient gone = std::move(client);
            }
            CHECK(server.program().wait() == 0);
        }
    }
}
