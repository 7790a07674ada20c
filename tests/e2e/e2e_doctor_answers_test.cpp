// `hourgate doctor --through` on proxies that change answers, or do not ask once for each call.
#include "e2e/doctor_site.h"
#include "support/catch.h"

using namespace hourgate::e2e;

TEST_CASE("a proxy that turns refusals into 500 is found out for each of them") {
    DoctorSite site;
    site.serve();
    const TestProxy proxy(Mistake::refusals_become_500, site.server->ports().ask);
    const Diagnosis diagnosis = through(site, proxy);
    INFO(diagnosis.text);
    CHECK(diagnosis.bad() ==
          Names{"401 who", "402 paid", "403 may", "429 room", "identity headers"});
    CHECK(contains(diagnosis.row("402 paid"), "the gate refuses with 402"));
    CHECK(contains(diagnosis.row("402 paid"), "gets 500"));
    CHECK(contains(diagnosis.row("402 paid"), "error_page 401 403 500 = /_hourgate/denied"));
    CHECK(diagnosis.row("authorization").starts_with("ok"));
    CHECK(diagnosis.row("counted once").starts_with("ok"));
}

TEST_CASE("a proxy that answers refusals with a 403 of its own is found out") {
    DoctorSite site;
    site.serve();
    const TestProxy proxy(Mistake::refusals_become_403, site.server->ports().ask);
    const Diagnosis diagnosis = through(site, proxy);
    INFO(diagnosis.text);
    CHECK(contains(diagnosis.row("402 paid"), "403 instead of 402"));
    CHECK(contains(diagnosis.row("403 may"), "without the gate's answer"));
    CHECK(diagnosis.exit_code == 1);
}

TEST_CASE("a proxy that drops Authorization is found out, and no more tokens are sent") {
    DoctorSite site;
    site.serve();
    const TestProxy proxy(Mistake::drops_authorization, site.server->ports().ask);
    const Diagnosis diagnosis = through(site, proxy);
    INFO(diagnosis.text);
    CHECK(diagnosis.bad() == Names{"authorization"});
    CHECK(contains(diagnosis.row("authorization"), "no_credentials"));
    CHECK(contains(diagnosis.row("authorization"), "drops Authorization"));
    CHECK(proxy.served() == 0);
}

TEST_CASE("a proxy that asks twice for one call is found out") {
    DoctorSite site;
    site.serve();
    const TestProxy proxy(Mistake::asks_twice, site.server->ports().ask);
    const Diagnosis diagnosis = through(site, proxy);
    INFO(diagnosis.text);
    CHECK(diagnosis.bad() == Names{"counted once"});
    CHECK(contains(diagnosis.row("counted once"), "asks more than once"));
}

TEST_CASE("a proxy that asks once for many calls is found out") {
    DoctorSite site;
    site.serve();
    const TestProxy proxy(Mistake::caches_answers, site.server->ports().ask);
    const Diagnosis diagnosis = through(site, proxy);
    INFO(diagnosis.text);
    CHECK(contains(diagnosis.row("counted once"), "answers some without asking"));
    CHECK(contains(diagnosis.row("429 room"), "did not refuse"));
}

TEST_CASE("a proxy that asks nobody is found out") {
    DoctorSite site;
    site.serve();
    const TestProxy proxy(Mistake::asks_nobody, site.server->ports().ask);
    const Diagnosis diagnosis = through(site, proxy);
    INFO(diagnosis.text);
    CHECK(contains(diagnosis.row("authorization"), "without this gate being asked"));
    CHECK(contains(diagnosis.row("401 who"), "does not ask it, or does not heed it"));
}
