// Peers that end, break off or fall silent where it hurts most.
#include <string>
#include <vector>

#include "base/limits.h"
#include "support/running_server.h"
#include "support/waiting.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Listener;

namespace {

/// The head of a question whose body is asked for.
std::string begun_question() {
    return "POST /_hourgate/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
           "application/json\r\n"
           "Expect: 100-continue\r\nContent-Length: 47\r\n\r\n";
}

}  // namespace

TEST_CASE("a peer that ends its half in the middle of a request is let go without an answer") {
    Running running(Listener::ask, {"127.0.0.1", 0, ""}, {100, 1});
    for (const std::string& part : {std::string(), std::string("GET /_hourg"), begun_question(),
                                    nginx("/clients/1").substr(0, 40)}) {
        CAPTURE(part);
        RawClient client = running.client();
        client.send(part);
        if (part == begun_question())
            CHECK(client.answer() == "HTTP/1.1 100 Continue\r\n\r\n");
        client.finish_sending();
        CHECK(client.until_end().empty());
    }
    until_open(*running.server, 0);
    CHECK(running.server->in_flight() == 0);
    CHECK(running.bench.notes.told.empty());
}

TEST_CASE("a peer that ends its half after many requests has all of them answered") {
    Running running(Listener::public_, {"127.0.0.1", 0, ""}, {100, 1});
    RawClient client = running.client();
    constexpr std::size_t requests = 5 * limits::requests_per_turn;
    std::string all;
    for (std::size_t i = 0; i < requests; ++i)
        all += get("/_hourgate/healthz");
    client.send(all);
    client.finish_sending();
    for (std::size_t i = 0; i < requests; ++i)
        REQUIRE(client.answer().ends_with("\r\n\r\nok\n"));
    CHECK(client.ended());
    until_open(*running.server, 0);
}

TEST_CASE("a peer that is reset while idle, asking, or being answered costs nothing") {
    HeldUp held({100, 1});
    {
        RawClient idle = held.client(), head = held.client();
        idle.send(get("/_hourgate/healthz"));
        CHECK(status_of(idle.answer()) == "HTTP/1.1 200 OK");
        head.send("GET /_hourg");
        std::vector<RawClient> busy = held.busy_clients(3);
        CHECK(held.server->in_flight() >= 3);
        for (const RawClient* client : {&idle, &head, &busy[0], &busy[1], &busy[2]})
            client->reset_at_end();
    }
    held.let_go();
    until_open(*held.server, 0);
    CHECK(held.server->in_flight() == 0);
    RawClient next = held.client();
    next.send(get("/_hourgate/healthz"));
    CHECK(status_of(next.answer()) == "HTTP/1.1 200 OK");
}

TEST_CASE("a peer that is gone without a word in the middle of a request is let go in time") {
    Running running(Listener::ask, {"127.0.0.1", 0, ""}, {100, 1});
    RawClient head = running.client(), question = running.client();
    head.send("GET /_hourg");
    question.send(begun_question());
    CHECK(question.answer() == "HTTP/1.1 100 Continue\r\n\r\n");
    REQUIRE(comes_true([&] { return running.server->in_flight() == 2; }));
    head.vanish();
    question.vanish();
    until_open(*running.server, 0);
    CHECK(running.server->in_flight() == 0);
    CHECK(running.bench.notes.told.empty());
}
