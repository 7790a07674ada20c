// Calls to the API with a body: when the API hears of them, how slowly a body may come, and how
// many unfinished ones an address may have.
#include <sys/socket.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "http/server/session.h"
#include "http/wire/response_writer.h"
#include "support/catch.h"
#include "support/one_loop.h"
#include "support/waiting.h"

using namespace hourgate;
using namespace hourgate::test;
using http::Session;
using Phase = http::Session::Phase;

namespace {

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

std::string upload(std::string_view framing) {
    return call("POST", "/clients", framing);
}

std::uint64_t in_phase(const http::Server& server, Phase phase) {
    return server.counts().by_phase[static_cast<std::size_t>(phase)];
}

/// A gate with an API and a plan that has room for every call of a test.
struct Roomy {
    Roomy()
        : bench(Mode::enforce, small_rules(), HttpBench::reply_settings(),
                upstream_at(api.port(), counts)) {
        bench.directory.plans = std::make_shared<PlanBook>(
            std::vector<Plan>{make_plan(2, "studio", true, 10, {{"wide", 2'000, 60, Per::token}})});
    }
    RawUpstream api;
    http::Upstream::Counts counts;
    HttpBench bench;
};

/// A session on the public listener of a gate with an API, played without a socket.
struct Talk {
    Talk()
        : bench(Mode::enforce, small_rules(), HttpBench::reply_settings(),
                upstream_at(api.port(), counts)) {
        (void)bench.ask(HttpBench::nginx("GET", "/clients/1"));  // known from now on
    }
    /// Does what needs no more bytes, and no API.
    void settle() {
        while (session.phase() == Phase::work || session.phase() == Phase::answer) {
            if (session.phase() == Phase::work) {
                session.work();
            } else {
                said += session.output();
                session.sent(session.output().size());
            }
        }
    }
    void hear(std::string_view bytes) {
        session.take(bytes);
        settle();
    }

    RawUpstream api;
    http::Upstream::Counts counts;
    HttpBench bench;
    std::atomic<bool> ending{false};
    Session session{http::Listener::public_, Address::loopback(), bench.service, ending};
    std::string said;
};

std::shared_ptr<http::ForwardedCall> forwarded_call(const std::string& framing) {
    static HttpBench bench;
    static const http::ReplySettings settings = HttpBench::reply_settings();
    http::RequestHead head;
    const std::string text = "POST /clients HTTP/1.1\r\nHost: h\r\n" + framing + "\r\n";
    http::parse_request_head(text, head);
    REQUIRE(head.flaw == http::HeadFlaw::none);
    auto made = std::make_shared<http::ForwardedCall>(head, bench.gate.decide(bench.call()),
                                                      settings, nowhere());
    made->head = "HEAD\r\n\r\n";
    return made;
}

/// An exchange whose head the API has.
struct Upload {
    explicit Upload(const std::string& framing = "Content-Length: 10000000\r\n")
        : exchange(forwarded_call(framing), http::After::keep, ending) {
        exchange.sent_upstream(8);
    }
    void send(std::size_t bytes) { (void)exchange.take(std::string(bytes, 'b')); }
    void api_reads_all() { exchange.sent_upstream(exchange.to_upstream().size()); }
    /// A second passes.
    [[nodiscard]] bool too_slow() { return exchange.is_body_too_slow(1'000); }

    std::atomic<bool> ending{false};
    http::Exchange exchange;
};

constexpr int pause_s = static_cast<int>(limits::body_pause_ms / 1'000);
constexpr auto least = static_cast<std::size_t>(limits::body_bytes_per_s_min);

}  // namespace

TEST_CASE("heads whose bodies do not begin open no connection to the API") {
    OneLoop gate;
    std::vector<RawClient> clients;
    for (const char* framing : {"Content-Length: 1000000\r\n", "Transfer-Encoding: chunked\r\n"}) {
        for (int i = 0; i < 20; ++i) {
            clients.push_back(gate.client());
            clients.back().send(upload(framing));
        }
    }
    REQUIRE(comes_true([&] { return in_phase(*gate.server, Phase::body) == clients.size(); }));
    CHECK_FALSE(gate.api.has_caller());
    CHECK(gate.counts.open == 0);
    // With the first byte it begins.
    clients.front().send("b");
    RawClient api = gate.api.accept();
    CHECK(has(api.head(), "POST /clients "));
    CHECK(api.read(1) == "b");
    CHECK(gate.counts.open == 1);
}

TEST_CASE("a call whose head says that there is no body is forwarded at once") {
    for (const char* framing : {"", "Content-Length: 0\r\n"}) {
        CAPTURE(framing);
        OneLoop gate;
        RawClient client = gate.client();
        client.send(upload(framing));
        RawClient api = gate.api.accept();
        (void)api.head();
        api.send(ok);
        CHECK(client.answer().ends_with("hello"));
    }
}

TEST_CASE("a body that does not begin in time is 408, and the API never hears of the call") {
    for (const char* framing : {"Content-Length: 4\r\n", "Transfer-Encoding: chunked\r\n"}) {
        CAPTURE(framing);
        Talk talk;
        talk.hear(upload(framing));
        REQUIRE(talk.session.phase() == Phase::body);
        CHECK(talk.said.empty());
        talk.session.late();
        talk.settle();
        CHECK(talk.said.starts_with("HTTP/1.1 408 "));
        CHECK(has(talk.said, R"("reason":"timed_out")"));
        CHECK(has(talk.said, "\r\nConnection: close\r\n"));
        CHECK(talk.session.phase() == Phase::goodbye);
    }
}

TEST_CASE("a caller that ends before its body begins is told that it was cut short") {
    Talk talk;
    talk.hear(upload("Content-Length: 4\r\n"));
    talk.session.client_ended();
    talk.settle();
    CHECK(talk.said.starts_with("HTTP/1.1 400 "));
    CHECK(has(talk.said, R"("reason":"body_cut_short")"));
}

TEST_CASE("who expects 100-continue gets it from the gate, and the API hears of the body alone") {
    Talk talk;
    talk.hear(upload("Expect: 100-continue\r\nContent-Length: 4\r\n"));
    CHECK(talk.said == "HTTP/1.1 100 Continue\r\n\r\n");
    REQUIRE(talk.session.phase() == Phase::body);
    talk.hear("b");
    CHECK(talk.session.phase() == Phase::forward);
    CHECK(talk.said == "HTTP/1.1 100 Continue\r\n\r\n");
    // With a body that is here already nobody has to be told.
    Talk whole;
    whole.hear(upload("Expect: 100-continue\r\nContent-Length: 4\r\n") + "body");
    CHECK(whole.session.phase() == Phase::forward);
    CHECK(whole.said.empty());
}

TEST_CASE("a call that waited for its body is decided again before the API hears of it") {
    Talk talk;
    talk.hear(upload("Content-Length: 4\r\n"));
    REQUIRE(talk.session.phase() == Phase::body);
    talk.bench.advance_s(2);
    talk.bench.facts.token.revoked_ms = Bench::start_ms;
    talk.bench.put();
    talk.hear("b");
    CHECK(talk.said.starts_with("HTTP/1.1 401 "));
    CHECK(has(talk.said, R"("reason":"revoked_token")"));
    CHECK(talk.bench.notes.again == std::vector<std::string>{"revoked_token"});
    CHECK(talk.session.phase() == Phase::goodbye);
    // Nothing is spent by that.
    Talk granted;
    granted.hear(upload("Content-Length: 4\r\n"));
    granted.bench.advance_s(2);
    const std::uint32_t left = granted.bench.left();
    granted.hear("b");
    CHECK(granted.session.phase() == Phase::forward);
    CHECK(granted.bench.left() == left);
}

TEST_CASE("a body that drips is too slow, however many bytes it comes in") {
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, least / 2}) {
        CAPTURE(bytes);
        Upload upload;
        int seconds = 0;
        while (!upload.too_slow()) {
            REQUIRE(++seconds < 100);
            upload.send(bytes);
            upload.api_reads_all();
        }
        CHECK(seconds >= pause_s);
        CHECK(seconds <= 2 * pause_s + 1);
    }
}

TEST_CASE("a body may pause, and come at the least rate for ever") {
    Upload steady;
    for (int seconds = 0; seconds < 1'000; ++seconds) {
        steady.send(least);
        steady.api_reads_all();
        REQUIRE_FALSE(steady.too_slow());
    }
    Upload pausing;
    for (int round = 0; round < 10; ++round) {
        pausing.send(least * static_cast<std::size_t>(pause_s));
        pausing.api_reads_all();
        for (int seconds = 0; seconds < pause_s; ++seconds)
            REQUIRE_FALSE(pausing.too_slow());
    }
    // What comes faster is no store for a longer pause.
    pausing.send(60'000);
    pausing.api_reads_all();
    int seconds = 0;
    while (!pausing.too_slow())
        ++seconds;
    CHECK(seconds == pause_s);
}

TEST_CASE("an upload is not slow while the API reads slowly, or has begun to answer, or has all") {
    Upload waiting;
    waiting.send(1'000);  // and the API reads none of it
    for (int seconds = 0; seconds < 1'000; ++seconds)
        REQUIRE_FALSE(waiting.too_slow());
    Upload both_ways("Transfer-Encoding: chunked\r\n");
    (void)both_ways.exchange.take("1\r\nb\r\n");
    both_ways.api_reads_all();
    both_ways.exchange.from_upstream("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int seconds = 0; seconds < 1'000; ++seconds)
        REQUIRE_FALSE(both_ways.too_slow());
    Upload whole("Content-Length: 4\r\n");
    whole.send(4);
    whole.api_reads_all();
    for (int seconds = 0; seconds < 1'000; ++seconds)
        REQUIRE_FALSE(whole.too_slow());
}

TEST_CASE("an address has a bounded number of unfinished bodies, and others are not in its way") {
    Roomy roomy;
    HttpBench& bench = roomy.bench;
    http::PerAddressLimit bodies(2, 2, {});
    const std::atomic<bool> ending{false};
    const auto peer = [](const char* text) { return *Address::parse(text); };
    const auto begin = [&](Session& session, const std::string& bytes) {
        session.take(bytes);
        if (session.phase() == Phase::work)
            session.work();
        return session.phase();
    };
    const std::string unfinished = upload("Content-Length: 4\r\n");
    Session first(http::Listener::public_, peer("192.0.2.1"), bench.service, ending, &bodies);
    Session third(http::Listener::public_, peer("192.0.2.1"), bench.service, ending, &bodies);
    {
        Session second(http::Listener::public_, peer("192.0.2.1"), bench.service, ending, &bodies);
        CHECK(begin(first, unfinished) == Phase::body);
        CHECK(begin(second, upload("Transfer-Encoding: chunked\r\n") + "1\r\nb") == Phase::forward);
        // The third is refused, and told so; what is whole, and another address, are not.
        const int spent = static_cast<int>(bench.left());
        REQUIRE(begin(third, unfinished) == Phase::answer);
        CHECK(third.output().starts_with("HTTP/1.1 503 "));
        CHECK(third.output().find(R"("reason":"too_many_bodies")") != std::string_view::npos);
        CHECK(third.output().find("\r\nRetry-After: 1\r\n") != std::string_view::npos);
        CHECK(third.output().find("\r\nConnection: close\r\n") != std::string_view::npos);
        CHECK(static_cast<int>(bench.left()) == spent);
        Session whole(http::Listener::public_, peer("192.0.2.1"), bench.service, ending, &bodies);
        CHECK(begin(whole, unfinished + "body") == Phase::forward);
        Session none(http::Listener::public_, peer("192.0.2.1"), bench.service, ending, &bodies);
        CHECK(begin(none, call()) == Phase::forward);
        Session other(http::Listener::public_, peer("192.0.2.2"), bench.service, ending, &bodies);
        CHECK(begin(other, unfinished) == Phase::body);
    }
    // A body that ended, or came as a whole, makes room.
    Session fourth(http::Listener::public_, peer("192.0.2.1"), bench.service, ending, &bodies);
    CHECK(begin(fourth, unfinished) == Phase::body);
    first.take("body");
    REQUIRE(first.phase() == Phase::forward);
    CHECK(first.feed());
    Session fifth(http::Listener::public_, peer("192.0.2.1"), bench.service, ending, &bodies);
    CHECK(begin(fifth, unfinished) == Phase::body);
    fourth.client_ended();
    fifth.late();
    CHECK(fifth.lingers());  // the rest of its body may come still
    CHECK(bodies.addresses() == 1);
    fifth.ended();
    CHECK(bodies.addresses() == 0);
}

TEST_CASE("unfinished bodies are counted under the caller that a believed proxy names") {
    Roomy roomy;
    http::PerAddressLimit bodies(1, 1, {});
    const std::atomic<bool> ending{false};
    const auto begun_from = [&](const std::string& from, std::unique_ptr<Session>& session) {
        session = std::make_unique<Session>(http::Listener::public_, Address::loopback(),
                                            roomy.bench.service, ending, &bodies);
        session->take(upload("Content-Length: 4\r\n" + from));
        if (session->phase() == Phase::work)
            session->work();
        return session->phase() == Phase::body;
    };
    std::unique_ptr<Session> a, b, c, d, e;
    CHECK(begun_from("X-Forwarded-For: 192.0.2.1\r\n", a));
    CHECK(begun_from("X-Forwarded-For: 192.0.2.2\r\n", b));
    CHECK_FALSE(begun_from("X-Forwarded-For: 192.0.2.1\r\n", c));
    CHECK(begun_from("", d));  // the proxy names nobody: all such calls are one caller's
    CHECK_FALSE(begun_from("", e));
}

TEST_CASE("an address with too many unfinished bodies at a server is told 503") {
    Roomy roomy;
    HttpBench& bench = roomy.bench;
    http::Capacity capacity;
    capacity.loops = 2;
    capacity.connections_per_address_max = 20;
    auto bound =
        http::Server::bind(http::Listener::public_, {"127.0.0.1", 0, ""}, bench.service, capacity);
    REQUIRE(bound.ok());
    http::Server& server = *bound.value();
    server.start();
    std::vector<RawClient> clients;
    for (std::size_t i = 0; i < limits::bodies_per_address_min; ++i) {
        clients.emplace_back(server.port());
        clients.back().send(upload("Content-Length: 4\r\n"));
    }
    REQUIRE(comes_true([&] { return in_phase(server, Phase::body) == clients.size(); }));
    RawClient late(server.port());
    late.send(upload("Content-Length: 4\r\n"));
    CHECK(has(late.until_end(), "too_many_bodies"));
    RawClient elsewhere(server.port(), "127.0.0.9");
    elsewhere.send(upload("Content-Length: 4\r\n"));
    REQUIRE(comes_true([&] { return in_phase(server, Phase::body) == clients.size() + 1; }));
}

TEST_CASE("a preflight with a body is refused on its head") {
    OneLoop gate;
    const std::string preflight =
        "OPTIONS /clients HTTP/1.1\r\nHost: h\r\nOrigin: https://app.example\r\n"
        "Access-Control-Request-Method: GET\r\n";
    for (const char* framing : {"Content-Length: 10\r\n", "Transfer-Encoding: chunked\r\n"}) {
        RawClient client = gate.client();
        client.send(preflight + framing + "\r\n");
        const std::string answer = client.until_end();
        CHECK(status_of(answer) == "HTTP/1.1 400 Bad Request");
        CHECK(has(answer, R"("reason":"preflight_with_body")"));
        CHECK_FALSE(gate.api.has_caller());
    }
    RawClient client = gate.client();
    client.send(preflight + "Content-Length: 0\r\n\r\n");
    RawClient api = gate.api.accept();
    CHECK(has(api.head(), "OPTIONS /clients "));
}
