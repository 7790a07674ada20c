// `hourgate doctor --through` on proxies that get wrong who calls, or open what is closed.
#include <string>

#include "e2e/doctor_site.h"
#include "e2e/upstream.h"
#include "support/catch.h"

using namespace hourgate::e2e;

TEST_CASE("an address that a caller makes up and the gate believes is found out") {
    DoctorSite site;
    site.serve();
    const TestProxy proxy(Mistake::believes_forwarded_for, site.server->ports().ask);
    const Diagnosis diagnosis = through(site, proxy);
    INFO(diagnosis.text);
    CHECK(contains(diagnosis.row("client address"), "the gate believed 203.0.113.77"));
    // Where this machine is loopback alone, an honest proxy that appends cannot be told from it.
    CHECK_FALSE(diagnosis.row("client address").starts_with("ok"));
}

TEST_CASE(
    "a way with nothing in front is told, where trust.proxies has the callers of this machine") {
    DoctorSite site;
    const Upstream api;
    const std::string upstream =
        "[upstream]\nurl = \"http://127.0.0.1:" + std::to_string(api.port()) + "\"\n";
    site.serve(upstream);
    const auto straight = [&] {
        Diagnosis diagnosis = site.doctor(
            {"--through", "http://127.0.0.1:" + std::to_string(site.server->ports().public_)});
        site.is_clean(diagnosis.text);
        return diagnosis;
    };
    const Diagnosis by_default = straight();
    INFO(by_default.text);
    const std::string row = by_default.row("client address");
    CHECK_FALSE(row.starts_with("ok"));
    CHECK(contains(row, "X-Forwarded-For"));
    if (row.starts_with("warn")) {  // this machine has an address that is no loopback
        CHECK(contains(row, "for a call from 127.0.0.1, which is in trust.proxies"));
        CHECK(contains(row, "`proxies = []`"));
    }

    site.server.reset();
    site.serve("[trust]\nproxies = []\n" + upstream);
    const Diagnosis trusting_nobody = straight();
    INFO(trusting_nobody.text);
    CHECK(trusting_nobody.row("client address").starts_with("ok"));
    CHECK(trusting_nobody.exit_code == 0);
}

TEST_CASE("a proxy of this machine that is not in trust.proxies is found out") {
    DoctorSite site;
    site.serve("[trust]\nproxies = []\n");
    const TestProxy proxy(Mistake::none, site.server->ports().ask);
    const Diagnosis diagnosis = through(site, proxy);
    INFO(diagnosis.text);
    CHECK(diagnosis.bad() == Names{"client address"});
    CHECK(contains(diagnosis.row("client address"), "the gate sees 127.0.0.1 for a call from "));
    CHECK(contains(diagnosis.row("client address"), "that is the proxy"));
    CHECK(contains(diagnosis.row("client address"), "[trust] proxies"));
}

TEST_CASE("a proxy that gives the gate its own address for the caller's is found out") {
    DoctorSite site;
    site.serve();
    const TestProxy proxy(Mistake::names_itself, site.server->ports().ask);
    const Diagnosis diagnosis = through(site, proxy);
    INFO(diagnosis.text);
    if (contains(diagnosis.row("client address"), "the gate sees 127.0.0.1, and"))
        WARN("skipped: this machine has no address but loopback");
    else
        CHECK(diagnosis.bad() == Names{"client address"});
}

TEST_CASE("a proxy that drops Retry-After or the limit headers is found out") {
    DoctorSite site;
    site.serve();
    const TestProxy silent(Mistake::drops_retry_after, site.server->ports().ask);
    const Diagnosis first = through(site, silent);
    INFO(first.text);
    CHECK(first.bad() == Names{"429 room"});
    CHECK(contains(first.row("429 room"), "Retry-After is missing"));

    const TestProxy terse(Mistake::drops_limit_headers, site.server->ports().ask);
    const Diagnosis second = through(site, terse);
    INFO(second.text);
    CHECK(second.exit_code == 0);
    CHECK(second.row("limit headers").starts_with("warn"));
}

TEST_CASE("identity headers that anybody can make up are found out") {
    DoctorSite site;
    site.serve();
    const TestProxy proxy(Mistake::trusts_identity_headers, site.server->ports().ask);
    const Diagnosis diagnosis = through(site, proxy);
    INFO(diagnosis.text);
    CHECK(diagnosis.bad() == Names{"identity headers"});
    CHECK(contains(diagnosis.row("identity headers"), "arrived at the API"));
}

TEST_CASE("listeners of the gate that the proxy opens to everybody are found out") {
    DoctorSite site;
    site.serve();
    const Ports& ports = site.server->ports();
    const TestProxy to_ask(Mistake::opens_the_ask_listener, ports.ask, ports.admin);
    const Diagnosis first = through(site, to_ask);
    INFO(first.text);
    CHECK(first.bad() == Names{"around the proxy"});
    CHECK(contains(first.row("around the proxy"), "ask listener"));

    const TestProxy to_admin(Mistake::opens_the_admin_listener, ports.ask, ports.admin);
    const Diagnosis second = through(site, to_admin);
    INFO(second.text);
    CHECK(second.bad() == Names{"around the proxy"});
    CHECK(contains(second.row("around the proxy"), "admin listener"));
}
