// Another API behind the gate while calls are on their way: each is answered by the one it began
// with, and the next goes to the other.
#include <memory>
#include <string>

#include "support/catch.h"
#include "support/forwarding.h"
#include "support/waiting.h"

using namespace hourgate;
using namespace hourgate::test;

namespace {

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none";
constexpr std::string_view other_ok = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo";

/// One call on a connection that stays open.
std::string through(RawClient& client, const RawUpstream& api, std::string_view answer) {
    client.send(call());
    RawClient at_api = api.accept();
    (void)at_api.head();
    at_api.send(answer);
    return client.answer();
}

}  // namespace

TEST_CASE("a call under way is answered by the API it began with, the next by the other") {
    const RawUpstream other_api;
    http::Upstream::Counts other_counts;
    const auto other = upstream_at(other_api.port(), other_counts);
    Forwarding gate;
    RawClient under_way = gate.client();
    under_way.send(call());
    RawClient at_former = gate.api.accept();
    (void)at_former.head();
    at_former.send(ok.substr(0, ok.size() - 1));
    (void)under_way.head();

    gate.use(other.get());
    RawClient next = gate.client();
    CHECK(has(through(next, other_api, other_ok), "two"));
    CHECK_FALSE(gate.api.has_caller());
    at_former.send(ok.substr(ok.size() - 1));
    CHECK(under_way.read(3) == "one");
    CHECK(has(through(under_way, other_api, other_ok), "two"));  // the same connection goes on
    REQUIRE(
        comes_true([&] { return gate.counts().forwarded == 1 && other_counts.forwarded == 2; }));
}

TEST_CASE("connections to an API that is configured no longer are closed, and counted no more") {
    const RawUpstream other_api;
    http::Upstream::Counts other_counts;
    const auto other = upstream_at(other_api.port(), other_counts);
    Forwarding gate({}, Mode::enforce, 1);
    RawClient client = gate.client();
    client.send(call());
    RawClient kept = gate.api.accept();
    (void)kept.head();
    kept.send(ok);
    (void)client.answer();
    CHECK(gate.counts().open == 1);

    gate.use(other.get());
    RawClient next = gate.client();
    next.send(call());
    RawClient at_other = other_api.accept();  // open until the end: the gate counts it as such
    (void)at_other.head();
    at_other.send(other_ok);
    CHECK(has(next.answer(), "two"));
    CHECK(kept.ended());
    REQUIRE(comes_true([&] { return gate.counts().open == 0; }));
    CHECK(other_counts.open == 1);
}

TEST_CASE("an API that is configured no longer is freed with its last call") {
    const RawUpstream api;
    http::Upstream::Counts counts;
    Forwarding gate({}, Mode::enforce, 1);
    std::weak_ptr<http::Upstream> former;
    {
        std::shared_ptr<http::Upstream> shared = upstream_at(api.port(), counts);
        former = shared;
        gate.use(std::move(shared));
    }
    RawClient client = gate.client();
    client.send(call());
    RawClient at_api = api.accept();
    (void)at_api.head();
    gate.use(gate.bench.upstream.get());
    CHECK_FALSE(former.expired());
    at_api.send(ok);
    CHECK(has(client.answer(), "one"));
    while (!former.expired())
        CHECK(has(through(client, gate.api, ok), "one"));
}

TEST_CASE("with other times to wait, calls under way keep those they began with") {
    const RawUpstream api;
    http::Upstream::Counts counts;
    const auto hasty = upstream_at(
        api.port(), counts, [](http::UpstreamSettings& settings) { settings.answer_ms = 1; });
    Forwarding gate({}, Mode::enforce, 1);
    RawClient patient = gate.client();
    patient.send(call());
    RawClient at_api = gate.api.accept();
    (void)at_api.head();

    gate.use(hasty.get());
    RawClient next = gate.client();
    next.send(call());
    RawClient slow = api.accept();
    CHECK(has(next.answer(), "upstream_timed_out"));
    at_api.send(ok);
    CHECK(has(patient.answer(), "one"));
}

TEST_CASE("when calls are forwarded no longer, those under way end, and the next is told so") {
    Forwarding gate;
    RawClient client = gate.client();
    client.send(call());
    RawClient at_api = gate.api.accept();
    (void)at_api.head();
    gate.use(static_cast<http::Upstream*>(nullptr));
    at_api.send(ok);
    CHECK(has(client.answer(), "one"));
    client.send(call());
    const std::string answer = client.answer();
    CHECK(has(answer, " 404 "));
    CHECK(has(answer, "[upstream] url is not set"));
    CHECK_FALSE(gate.api.has_caller());

    gate.use(gate.bench.upstream.get());
    RawClient again = gate.client();
    CHECK(has(through(again, gate.api, ok), "one"));
}
