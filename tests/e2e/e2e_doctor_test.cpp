// `hourgate doctor` on the real program: a good set-up, wrong usage, and what it finds from within.
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <future>
#include <string>

#include "base/text.h"
#include "e2e/doctor_site.h"
#include "e2e/upstream.h"
#include "store/database_connection.h"
#include "support/catch.h"

using namespace hourgate::e2e;

TEST_CASE("a good set-up has nothing that is bad, from within and from outside") {
    DoctorSite site;
    site.serve();
    const TestProxy proxy(Mistake::none, site.server->ports().ask);
    for (int run = 0; run < 2; ++run) {  // the second finds what the first put away
        const Diagnosis diagnosis = through(site, proxy);
        INFO(diagnosis.text);
        CHECK(diagnosis.exit_code == 0);
        CHECK(diagnosis.bad().empty());
        for (const char* name :
             {"configuration",    "listeners",    "trust",          "database",
              "integrity",        "permissions",  "backup",         "server",
              "public listener",  "ask listener", "admin listener", "reach",
              "authorization",    "401 who",      "402 paid",       "403 may",
              "429 room",         "counted once", "limit headers",  "identity headers",
              "around the proxy", "put away"}) {
            INFO(name);
            CHECK(diagnosis.row(name).starts_with("ok"));
        }
        // 3 calls of the window, one with a claimed address, none of what is refused.
        CHECK(proxy.served() >= 4);
    }
    CHECK(site.here.json({"workspace", "list"}).size() == 2);
}

TEST_CASE("two doctors at once wait for each other, and both find all well") {
    DoctorSite site;
    site.serve();
    const TestProxy proxy(Mistake::none, site.server->ports().ask);
    const auto doctor = [&] { return site.here.run({"doctor", "--through", proxy.url()}); };
    auto other = std::async(std::launch::async, doctor);
    const Ran one = doctor(), two = other.get();
    for (const Ran& ran : {one, two}) {
        INFO(ran.out << ran.err);
        CHECK(ran.exit_code == 0);
    }
    site.is_clean(one.out + two.out);
}

TEST_CASE("from within it changes nothing") {
    DoctorSite site;
    site.serve();
    const auto before = site.here.json({"audit", "--limit", "0"});
    const Diagnosis diagnosis = site.doctor();
    INFO(diagnosis.text);
    CHECK(diagnosis.exit_code == 0);
    CHECK(diagnosis.row("reach").empty());
    CHECK(site.here.json({"audit", "--limit", "0"}) == before);
    CHECK(site.here.json({"workspace", "list"}).size() == 1);
}

TEST_CASE("the gate's own listener is no proxy, and nobody is no proxy either") {
    DoctorSite site;
    site.serve();
    const std::string own = "http://127.0.0.1:" + std::to_string(site.server->ports().public_);
    const Diagnosis diagnosis = site.doctor({"--through", own});
    INFO(diagnosis.text);
    CHECK(contains(diagnosis.row("reach"), "a listener of the gate itself"));
    site.is_clean(diagnosis.text);

    std::string gone;
    {
        const TestProxy proxy(Mistake::none, site.server->ports().ask);
        gone = proxy.url();
    }
    const Diagnosis nobody = site.doctor({"--through", gone});
    CHECK(contains(nobody.row("reach"), "does not answer"));
    site.is_clean(nobody.text);
}

TEST_CASE("stopped by Ctrl-C in the middle, it puts away what it made before it ends") {
    DoctorSite site;
    site.serve();
    TestProxy proxy(Mistake::none, site.server->ports().ask);
    std::promise<void> come, go;
    std::atomic<int> calls{0};
    proxy.before_each([&] {
        if (++calls != 4)
            return;
        come.set_value();
        go.get_future().wait();
    });
    Program doctor(site.here.words({"doctor", "--through", proxy.url()}));
    come.get_future().wait();
    doctor.signal(SIGINT);
    go.set_value();
    CHECK(doctor.wait() == 1);
    INFO(doctor.out() << doctor.err());
    CHECK(contains(doctor.err(), "stopped by a signal"));
    CHECK(contains(doctor.out(), "revoked"));
    CHECK(calls == 4);
    site.is_clean(doctor.out() + doctor.err());
}

TEST_CASE("what cannot be called is wrong usage, with the next step, and nothing is made") {
    DoctorSite site;
    site.serve();
    const TestProxy proxy(Mistake::none, site.server->ports().ask);
    const auto refused = [&](Arguments words, std::string_view part) {
        words.insert(words.begin(), "doctor");
        const Ran ran = site.here.run(words);
        INFO(ran.out << ran.err);
        CHECK(ran.exit_code == 2);
        CHECK(contains(ran.err, part));
        CHECK(contains(ran.err, "next: "));
    };
    refused({"--through", "https://api.example.com:8443/v1"}, "--host api.example.com`");
    refused({"--through", "api.example.com"}, "no http:// address");
    refused({"--through", "http://h:0"}, "no port");
    refused({"--host", "api.example.com"}, "--through http://HOST:PORT");
    refused({"--through", proxy.url(), "--path", "clients"}, "does not begin with /");
    refused({"--through", proxy.url(), "--path", "/nowhere"}, "no role may read '/nowhere'");
    CHECK(site.here.json({"workspace", "list"}).size() == 1);
    CHECK(proxy.served() == 0);
}

// --- from within ---------------------------------------------------------------------------------

TEST_CASE("a database that others may read is found out") {
    DoctorSite site;
    site.serve();
    REQUIRE(::chmod(site.here.database().c_str(), 0644) == 0);
    const Diagnosis diagnosis = site.doctor();
    INFO(diagnosis.text);
    CHECK(diagnosis.bad() == Names{"permissions"});
    CHECK(contains(diagnosis.row("permissions"), "chmod 0600 " + site.here.database()));
}

TEST_CASE("a damaged database is found out, and the other checks are made") {
    DoctorSite site;
    std::string bytes = read_file(site.here.database());
    bytes.replace(bytes.size() / 3, bytes.size() / 3, bytes.size() / 3, '\x5a');
    write_file(site.here.database(), bytes);
    const Diagnosis diagnosis = site.doctor();
    INFO(diagnosis.text);
    CHECK((diagnosis.row("database").starts_with("bad") ||
           diagnosis.row("integrity").starts_with("bad")));
    CHECK(contains(diagnosis.text, "hourgate restore"));
    CHECK(diagnosis.row("backup").starts_with("ok"));
    CHECK_FALSE(diagnosis.row("disk").empty());
}

TEST_CASE("an API behind the gate that is dead is found out, with its address and the error") {
    DoctorSite site;
    site.serve();
    std::uint16_t port = 0;
    const auto with_upstream = [&] {
        write_file(site.here.config(),
                   "[upstream]\nurl = \"http://127.0.0.1:" + std::to_string(port) + "\"\n" +
                       read_file(site.here.config()));
    };
    const std::string before = read_file(site.here.config());
    CHECK(site.doctor().row("upstream").empty());  // where nothing is forwarded
    {
        const Upstream api;
        port = api.port();
        with_upstream();
        const Diagnosis alive = site.doctor();
        INFO(alive.text);
        CHECK(alive.row("upstream").starts_with("ok: the API accepts connections at http://127."));
        CHECK(alive.exit_code == 0);
    }
    const Diagnosis dead = site.doctor();
    INFO(dead.text);
    CHECK(dead.bad() == Names{"upstream"});
    CHECK(contains(dead.row("upstream"),
                   "http://127.0.0.1:" + std::to_string(port) + " (Connection refused)"));
    write_file(site.here.config(), before);
}

TEST_CASE("a broken configuration is one row for each mistake, and no default is looked at") {
    DoctorSite site;
    write_file(site.here.config(), "[tokens]\nlive_max = 0\n[gate]\nmode = \"off\"\n");
    const Diagnosis broken = site.doctor();
    INFO(broken.text);
    CHECK(broken.bad() == Names{"configuration", "configuration"});
    CHECK(contains(broken.text, "config.toml:2: tokens.live_max: 0 is below 1"));
    CHECK(contains(broken.text, "config.toml:4: gate.mode"));
    for (const char* name : {"database", "backup"})
        CHECK(broken.row(name).starts_with("skipped"));
    for (const char* name : {"permissions", "disk", "server", "public listener", "upstream"})
        CHECK(broken.row(name).empty());
    CHECK_FALSE(contains(broken.text, "/var/lib/hourgate"));

    const Diagnosis named = site.doctor({"--database", site.here.database()});
    INFO(named.text);
    CHECK(named.row("database").starts_with("ok"));
    CHECK(named.row("permissions").starts_with("ok"));
    CHECK(contains(named.row("server"), "no server runs on " + site.here.database()));
    CHECK(named.row("public listener").empty());
}

TEST_CASE("no database and no folder for it are found out") {
    const Installation here;
    const Ran ran = here.run({"doctor"});
    INFO(ran.out << ran.err);
    CHECK(ran.exit_code == 1);
    CHECK(contains(ran.out, "there is no database at " + here.database()));
    CHECK(contains(ran.out, "fix: run `" + binary() + " init --config " + here.config() + "`"));
}

TEST_CASE("a clock that is before what the database holds is found out") {
    DoctorSite site;
    site.serve();
    {
        hourgate::store::DatabaseConnection connection(site.here.database(),
                                                       hourgate::store::Access::write, 5'000);
        connection.run("UPDATE audit_events SET at_ms = 4102444800000 WHERE id = 1");  // 2100
    }
    const Diagnosis diagnosis = site.doctor();
    INFO(diagnosis.text);
    CHECK(diagnosis.bad() == Names{"clock"});
    CHECK(contains(diagnosis.row("clock"), "an audit event is on record for 2100-01-01T00:00:00Z"));
}

TEST_CASE("no backup is found out, and so is one that is none") {
    DoctorSite site;
    site.serve();
    const std::string folder = site.here.folder().file("other");
    // On the day a database is made, this is no fault yet.
    CHECK(site.doctor({"--backups", folder}).row("backup").starts_with("warn: there is none yet"));
    {
        hourgate::store::DatabaseConnection connection(site.here.database(),
                                                       hourgate::store::Access::write, 5'000);
        connection.run("UPDATE audit_events SET at_ms = at_ms - 86400000");
    }
    CHECK(contains(site.doctor({"--backups", folder}).row("backup"), "bad: there is no folder"));
    std::filesystem::create_directory(folder);
    CHECK(contains(site.doctor({"--backups", folder}).row("backup"), "bad: " + folder + " has no"));
    write_file(folder + "/weekday-1.db", "not a database");
    CHECK(contains(site.doctor({"--backups", folder}).row("backup"), "is not a SQLite database"));
    CHECK(site.doctor({"--backups", "none"}).row("backup").starts_with("skipped"));
    CHECK(site.doctor().row("backup").starts_with("ok"));
}

TEST_CASE("a configuration that cannot be read is found out, and what can be looked at still is") {
    DoctorSite site;
    write_file(site.here.config(), "[server]\npublik = \"x\"\n");
    const Diagnosis diagnosis = site.doctor({"--backups", site.here.folder().file("data/backups")});
    INFO(diagnosis.text);
    CHECK(contains(diagnosis.row("configuration"), "config.toml:2"));
    CHECK(contains(diagnosis.row("configuration"), "publik"));
    CHECK(diagnosis.row("backup").starts_with("ok"));
    CHECK_FALSE(diagnosis.row("clock").empty());
}

TEST_CASE("no server, and another program where it would listen, are found out") {
    DoctorSite site;
    const TestProxy other(Mistake::asks_nobody, 0);
    const std::string url = other.url();
    const auto port = hourgate::parse_number(url.substr(url.rfind(':') + 1), 65'535);
    REQUIRE(port);
    site.name_ports(static_cast<int>(*port), 0, 0);
    const Diagnosis diagnosis = site.doctor();
    INFO(diagnosis.text);
    CHECK(diagnosis.bad() == Names{"server", "public listener"});
    CHECK(contains(diagnosis.row("public listener"), "another program listens on 127.0.0.1:"));
    CHECK(diagnosis.row("ask listener").starts_with("skipped"));

    site.name_ports(0, 0, 0);
    site.serve();
    site.name_ports(static_cast<int>(*port), site.server->ports().ask, site.server->ports().admin);
    const Diagnosis changed = site.doctor();
    INFO(changed.text);
    CHECK(changed.bad() == Names{"public listener"});
    CHECK(contains(changed.row("public listener"), "is not the gate"));
}
