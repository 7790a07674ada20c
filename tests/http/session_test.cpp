// What is said on a connection, without its socket: the same bytes have the same answers however
// they arrive, and what a peer leaves out ends in time and in order.
#include "http/server/session.h"

#include <atomic>
#include <string>
#include <vector>

#include "base/limits.h"
#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Inbox;
using hourgate::http::Listener;
using hourgate::http::Session;
using Phase = hourgate::http::Session::Phase;

namespace {

std::string get(std::string_view target, std::string_view more = "") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(more) + "\r\n";
}

std::string asked(const std::string& token = HttpBench::token()) {
    return get("/_hourgate/auth/nginx",
               "X-Original-Method: GET\r\nX-Original-URI: /clients/1\r\nAuthorization: Bearer " +
                   token + "\r\n");
}

std::string verify(const std::string& framing_and_body) {
    return "POST /_hourgate/verify HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n" +
           framing_and_body;
}

/// Does what is to be done without more bytes; what is said meanwhile goes to `said`.
void settle(Session& session, std::string& said) {
    for (;;) {
        if (session.phase() == Phase::work) {
            session.work();
        } else if (session.phase() == Phase::answer) {
            said += session.output().substr(0, 7);  // a peer that takes little at a time
            session.sent(std::min<std::size_t>(session.output().size(), 7));
        } else {
            return;
        }
    }
}

/// What is said to `bytes` that come `step` at a time; then the phase it ends in.
std::string said_to(std::string_view bytes, std::size_t step, Phase& end) {
    HttpBench bench;
    const std::atomic<bool> ending{false};
    Session session(Listener::ask, Address::loopback(), bench.service, ending);
    std::string said;
    while (!bytes.empty() && session.phase() != Phase::goodbye) {
        REQUIRE(session.room() > 0);
        const std::string_view part =
            bytes.substr(0, std::min({step, bytes.size(), session.room()}));
        session.take(part);
        bytes.remove_prefix(part.size());
        settle(session, said);
    }
    end = session.phase();
    return said;
}

/// Without what is drawn again for each answer, and without "100 Continue": whether that is said
/// depends on whether the body is there already.
std::string without_ids(std::string text) {
    const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
    if (const auto at = text.find(interim); at != text.npos)
        text.erase(at, interim.size());
    for (auto at = text.find("dec_"); at != text.npos; at = text.find("dec_", at + 4))
        for (std::size_t i = at + 4; i < text.size() && std::isxdigit(text[i]) != 0; ++i)
            text[i] = '0';
    for (auto at = text.find("\r\nDate: "); at != text.npos; at = text.find("\r\nDate: ", at + 1))
        text.replace(at + 8, 29, 29, 'd');
    return text;
}

/// A session on the ask listener.
struct Talk {
    HttpBench bench;
    std::atomic<bool> ending{false};
    Session session{Listener::ask, Address::loopback(), bench.service, ending};
    std::string said;

    void hear(std::string_view bytes) {
        session.take(bytes);
        settle(session, said);
    }
};

}  // namespace

TEST_CASE("the same bytes have the same answers, however they are cut") {
    const std::string body = R"({"token":"","method":"GET","path":"/clients/1"})";
    const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
    const std::vector<std::string> streams = {
        asked() + asked() + get("/nowhere"),
        "\r\n" + asked(),
        verify(length + "\r\n" + body) + asked(),
        verify(length + "Expect: 100-continue\r\n\r\n" + body) + asked(),
        verify("Transfer-Encoding: chunked\r\n\r\n10\r\n" + body.substr(0, 16) + "\r\n1f;x=y\r\n" +
               body.substr(16) + "\r\n0\r\nA: b\r\n\r\n") +
            asked(),
        verify("Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        verify("Content-Length: 32769\r\n\r\n") + asked(),
        get("/_hourgate/healthz", "Content-Length: 3\r\n") + "abc" + asked(),
        get("/_hourgate/healthz", " folded\r\n") + asked(),
        "GET /" + std::string(17'000, 'a'),
        get("/_hourgate/healthz", "Connection: close\r\n") + asked(),
    };
    for (const std::string& stream : streams) {
        Phase whole_end{}, end{};
        const std::string whole = without_ids(said_to(stream, stream.size(), whole_end));
        CHECK_FALSE(whole.empty());
        for (const std::size_t step : {1U, 2U, 3U, 7U, 64U, 1'000U}) {
            CAPTURE(stream.substr(0, 80), step);
            CHECK(without_ids(said_to(stream, step, end)) == whole);
            CHECK(end == whole_end);
        }
    }
}

TEST_CASE("a head or a body that does not come in time is 408, an idle connection just ends") {
    for (const std::string& part :
         {std::string("G"), asked().substr(0, 60), verify("Content-Length: 9\r\n\r\n{"),
          verify("Transfer-Encoding: chunked\r\n\r\n5\r\nab")}) {
        CAPTURE(part);
        Talk talk;
        talk.hear(part);
        CHECK(talk.session.busy());
        talk.session.late();
        settle(talk.session, talk.said);
        CHECK(talk.said.starts_with("HTTP/1.1 408 "));
        CHECK(talk.session.phase() == Phase::goodbye);
        talk.hear(asked());
        CHECK(talk.said.find("204") == talk.said.npos);
    }
    Talk idle;
    idle.session.late();
    CHECK(idle.session.phase() == Phase::over);
    CHECK(idle.said.empty());
    Talk deaf;
    deaf.session.take(asked());
    deaf.session.work();
    REQUIRE(deaf.session.phase() == Phase::answer);
    deaf.session.late();
    CHECK(deaf.session.phase() == Phase::over);
}

TEST_CASE("who cannot be answered now is told when to come back, and may stay") {
    Talk talk;
    talk.session.take(asked());
    REQUIRE(talk.session.phase() == Phase::work);
    talk.session.turn_away();
    settle(talk.session, talk.said);
    CHECK(talk.said.starts_with("HTTP/1.1 503 "));
    CHECK(talk.said.find("\r\nRetry-After: 1\r\n") != talk.said.npos);
    CHECK(talk.said.find(R"("reason":"too_busy")") != talk.said.npos);
    CHECK(talk.bench.notes.told.empty());
    talk.hear(asked());
    CHECK(talk.said.find("HTTP/1.1 204 ") != talk.said.npos);
    // With a body still to come it may not: that would be taken for the next request.
    Talk sending;
    sending.session.take(verify("Content-Length: 9\r\n\r\n"));
    sending.session.turn_away();
    settle(sending.session, sending.said);
    CHECK(sending.session.phase() == Phase::goodbye);
}

TEST_CASE("once it ends, the request at hand is answered as the last") {
    Talk talk;
    talk.session.take(asked() + asked());
    talk.ending = true;
    settle(talk.session, talk.said);
    CHECK(talk.said.find("\r\nConnection: close\r\n") != talk.said.npos);
    CHECK(talk.said.find("HTTP/1.1 ", 1) == talk.said.npos);
    CHECK(talk.session.phase() == Phase::goodbye);
    // What was promised before is kept: the next request is answered, and told that it is the last.
    Talk promised;
    promised.session.take(asked() + asked() + asked());
    promised.session.work();
    promised.ending = true;
    settle(promised.session, promised.said);
    const std::size_t second = promised.said.find("HTTP/1.1 ", 1);
    REQUIRE(second != promised.said.npos);
    CHECK(promised.said.find("HTTP/1.1 ", second + 1) == promised.said.npos);
    CHECK(promised.said.find("\r\nConnection: close\r\n") > second);
    CHECK(promised.session.phase() == Phase::goodbye);
}

TEST_CASE(
    "what memory can answer takes the fast path; a store's, a body's and a wrong secret's does "
    "not") {
    HttpBench bench;
    const auto waits = [&](Listener listener, const std::string& bytes) {
        const std::atomic<bool> ending{false};
        Session session(listener, Address::loopback(), bench.service, ending);
        session.take(bytes);
        return session.phase() == Phase::work;
    };
    const std::string path = "/_hourgate/auth/nginx";
    CHECK_FALSE(waits(Listener::public_, get("/_hourgate/healthz")));
    CHECK_FALSE(waits(Listener::ask, get(path, "Authorization: Bearer nonsense\r\n")));
    // At first the bench's directory remembers nothing.
    CHECK(waits(Listener::ask, asked()));
    (void)bench.ask(HttpBench::nginx("GET", "/clients/1"));
    CHECK_FALSE(waits(Listener::ask, asked()));
    CHECK(waits(Listener::ask, asked(HttpBench::wrong_secret())));
    CHECK(waits(Listener::ask, asked(HttpBench::unknown_prefix())));
    CHECK(waits(Listener::ask, get("/_hourgate/nowhere")));
    CHECK(waits(Listener::ask, verify("Content-Length: 2\r\n\r\n{}")));
    CHECK(waits(Listener::public_, get("/_hourgate/api/v1/tokens")));
    CHECK(waits(Listener::public_, get("/_hourgate/healthz", "Origin: https://a.example\r\n")));
    CHECK(waits(Listener::admin, get("/metrics")));
}

TEST_CASE("the beginning of a head holds twice what came of it at most, and one buffer in all") {
    http::Inbox inbox;
    CHECK(inbox.held() == 0);
    std::size_t came = 0;
    for (const std::size_t bytes : {200U, 400U, 900U, 2'000U, 5'000U, 12'000U, 19'000U}) {
        inbox.add(std::string(bytes, 'x'));
        came += bytes;
        CHECK(inbox.held() >= came);
        CHECK(inbox.held() <= std::max<std::size_t>(2 * came, 512));
        CHECK(inbox.held() <= http::Inbox::bytes_max);
    }
    CHECK(inbox.unread() == std::string(came, 'x'));
    inbox.consume(came);
    inbox.release();
    CHECK(inbox.held() == 0);
}

TEST_CASE("a request that is refused before it can be read is told with the bound it went over") {
    const std::pair<std::string, std::string> cases[] = {
        {"GET /" + std::string(17'000, 'a') + " HTTP/1.1\r\n",
         "target_too_long: 8000 bytes of path and query"},
        {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(9'000, 'a') + "\r\n\r\n",
         "header_too_long: 8192 bytes a header line"},
        {"GET / HTTP/1.1\r\n\r\n", "bad_host"},
        {"\x16\x03\x01", "bad_request_line"},
        {verify("Content-Length: 999999\r\n\r\n"), "body_too_large: 32768 bytes of body"},
        {verify("Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "bad_chunk"}};
    for (const auto& [bytes, told] : cases) {
        HttpBench bench;
        const std::atomic<bool> ending{false};
        Session session(Listener::ask, Address::loopback(), bench.service, ending);
        session.take(bytes);
        std::string said;
        settle(session, said);
        CAPTURE(said);
        CHECK(bench.notes.refused == std::vector<std::string>{told});
    }
    HttpBench bench;
    const std::atomic<bool> ending{false};
    Session session(Listener::public_, Address::loopback(), bench.service, ending);
    session.take("GET / HTTP");
    session.late();
    CHECK(bench.notes.refused ==
          std::vector<std::string>{"timed_out: 5 s for a request to arrive"});
}
