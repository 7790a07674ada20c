// The fast path beside what tests/fuzz holds it to: that it says what the long way says.
#include "http/ask/fast_path.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "http/server/session.h"
#include "ops/metrics.h"
#include "ops/usage_meter.h"
#include "support/allocations.h"
#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Listener;
using hourgate::http::Session;
using Phase = hourgate::http::Session::Phase;

namespace {

/// What the server has told of each decision that is granted.
class Counters final : public http::Observer {
public:
    void decided(const Decision& decision, int) noexcept override {
        metrics.count(decision);
        resources.count(decision);
        usage.count(decision);
    }
    void answered(Listener listener, http::Answerer by, std::int64_t took_us) noexcept override {
        metrics.answered({static_cast<std::uint8_t>(listener), by == http::Answerer::worker},
                         took_us);
    }
    void address_unknown(Listener, const Address&) noexcept override {}

    ops::Metrics metrics;
    ops::ResourceCounts resources;
    ops::UsageMeter usage;
};

std::string asked(std::string_view dialect, std::string_view told) {
    return "GET /_hourgate/auth/" + std::string(dialect) +
           " HTTP/1.1\r\nHost: api.example.com\r\nX-Forwarded-For: 192.0.2.1, 127.0.0.1\r\n"
           "X-Request-Id: 0123456789abcdef0123456789abcdef\r\nAuthorization: Bearer " +
           HttpBench::token() + "\r\n" + std::string(told) + "\r\n";
}

}  // namespace

TEST_CASE("a granted call is decided and answered without asking for memory") {
    HttpBench bench;
    bench.directory.plans = std::make_shared<PlanBook>(std::vector<Plan>{
        make_plan(2, "studio", true, 10,
                  {{"burst", 1'000, 10, Per::token}, {"sustained", 2'000, 60, Per::workspace}})});
    bench.facts.workspace.public_id = "ws_0123456789abcdef";
    bench.facts.member.public_id = "mem_0123456789abcdef";
    bench.put();
    Counters counters;
    http::Service::Settings settings;
    settings.trust.peers = settings.trust.proxies = AddressSet({*Network::parse("127.0.0.0/8")});
    settings.trust.hosts = {"api.example.com"};
    http::Service service(std::move(settings), bench.gate, bench.clock, counters);
    for (const std::string& bytes :
         {asked("nginx",
                "X-Original-Method: GET\r\nX-Original-URI: /clients/1/invoices?page=2\r\n"),
          asked("caddy", "X-Forwarded-Method: PUT\r\nX-Forwarded-Uri: /clients/1\r\n"),
          asked("envoy/clients/a-long-name-of-a-client/1", "")}) {
        CAPTURE(bytes);
        const std::atomic<bool> ending{false};
        Session session(Listener::ask, Address::loopback(), service, ending);
        std::uint64_t before = 0;
        int granted = 0;
        for (int i = 0; i < 120; ++i) {
            if (i == 20)  // then every buffer has the size it needs
                before = allocations_of_this_thread();
            session.take(bytes);
            if (session.phase() == Phase::work)  // the first: nothing is remembered yet
                session.work();
            REQUIRE(session.phase() == Phase::answer);
            granted += session.output().starts_with("HTTP/1.1 20") ? 1 : 0;
            session.sent(session.output().size());
        }
        const std::uint64_t after = allocations_of_this_thread();
        CHECK(granted == 120);
        // The limiter's log of calls grows with them, twice as long each time.
        CHECK(after - before <= 4);
    }
}
