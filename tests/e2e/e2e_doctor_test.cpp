// `hourgate doctor` on the real program: a good set-up, and broken ones.
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "e2e/installation.h"
#include "e2e/test_proxy.h"
#include "e2e/upstream.h"
#include "embedded.h"

#include "store/database_connection.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

struct Diagnosis {
    int exit_code = -1;
    Json json;
    std::string text;

    /// "state: what was seen / fix" of the first row of that name with the worst state; "" when
    /// there is none.
    [[nodiscard]] std::string row(const std::string& name) const {
        std::string found;
        for (const Json& check : json.at("checks")) {
            if (check.at("name") != name)
                continue;
            const std::string line = check.at("state").get<std::string>() + ": " +
                                     check.at("seen").get<std::string>() + " / " +
                                     check.at("fix").get<std::string>();
            if (found.empty() || line.starts_with("bad"))
                found = line;
        }
        return found;
    }
    [[nodiscard]] std::vector<std::string> bad() const {
        std::vector<std::string> names;
        for (const Json& check : json.at("checks"))
            if (check.at("state") == "bad")
                names.push_back(check.at("name"));
        return names;
    }
};

using Names = std::vector<std::string>;

/// An installation whose configuration names the ports a server of it has.
class Site {
public:
    Site() {
        here.populate();
        backup();
    }
    /// `more`: sections for the server and for doctor.
    void serve(const std::string& more = "") {
        if (!more.empty())
            name_ports(0, 0, 0, more);
        server = std::make_unique<Server>(here);
        const Ports& ports = server->ports();
        name_ports(ports.public_, ports.ask, ports.admin, more);
    }
    void name_ports(int public_, int ask, int admin, const std::string& more = "") const {
        const std::string example = hourgate::embedded::config_example;
        const auto address = [](int port) {
            return " = \"127.0.0.1:" + std::to_string(port) + "\"\n";
        };
        write_file(here.config(), "[server]\npublic" + address(public_) + "ask" + address(ask) +
                                      "admin" + address(admin) + "[database]\npath = \"" +
                                      here.database() + "\"\n" + more +
                                      example.substr(example.find("\n[[resource]]")));
    }
    void backup() const {
        const std::string folder = here.folder().file("data/backups");
        std::filesystem::create_directory(folder);
        here.must({"backup", folder + "/weekday-1.db"});
    }
    [[nodiscard]] Diagnosis doctor(Arguments more = {}) const {
        more.insert(more.begin(), "doctor");
        more.emplace_back("--json");
        const Ran ran = here.run(more);
        INFO(ran.out << ran.err);
        Diagnosis diagnosis{ran.exit_code, Json::parse(ran.out, nullptr, false), ran.out + ran.err};
        REQUIRE(diagnosis.json.is_object());
        CHECK(diagnosis.json.at("ok") == (ran.exit_code == 0));
        CHECK(ran.exit_code == (diagnosis.bad().empty() ? 0 : 1));
        for (const Json& check : diagnosis.json.at("checks"))
            if (check.at("state") == "bad" || check.at("state") == "warn")
                CHECK_FALSE(check.at("fix").get<std::string>().empty());
        return diagnosis;
    }
    /// Nothing that works is left, and no token was shown.
    void is_clean(const std::string& text) const {
        for (const Json& token :
             here.json({"token", "list", "Hourgate doctor", "--status", "all"})) {
            INFO(token.dump());
            CHECK(token.at("status") == "revoked");
        }
        for (const Json& plan : here.json({"plan", "list"}))
            if (plan.at("name") == "hourgate-doctor")
                CHECK(plan.at("api") == false);
        CHECK_FALSE(contains(text, "hsk_live_"));
    }
    Installation here;
    std::unique_ptr<Server> server;
};

Diagnosis through(const Site& site, const TestProxy& proxy) {
    Diagnosis diagnosis = site.doctor({"--through", proxy.url()});
    site.is_clean(diagnosis.text);
    return diagnosis;
}

}  // namespace

TEST_CASE("a good set-up has nothing that is bad, from within and from outside") {
    Site site;
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
    Site site;
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
    Site site;
    site.serve();
    const auto before = site.here.json({"audit", "--limit", "0"});
    const Diagnosis diagnosis = site.doctor();
    INFO(diagnosis.text);
    CHECK(diagnosis.exit_code == 0);
    CHECK(diagnosis.row("reach").empty());
    CHECK(site.here.json({"audit", "--limit", "0"}) == before);
    CHECK(site.here.json({"workspace", "list"}).size() == 1);
}

TEST_CASE("a proxy that turns refusals into 500 is found out for each of them") {
    Site site;
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
    Site site;
    site.serve();
    const TestProxy proxy(Mistake::refusals_become_403, site.server->ports().ask);
    const Diagnosis diagnosis = through(site, proxy);
    INFO(diagnosis.text);
    CHECK(contains(diagnosis.row("402 paid"), "403 instead of 402"));
    CHECK(contains(diagnosis.row("403 may"), "without the gate's answer"));
    CHECK(diagnosis.exit_code == 1);
}

TEST_CASE("a proxy that drops Authorization is found out, and no more tokens are sent") {
    Site site;
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
    Site site;
    site.serve();
    const TestProxy proxy(Mistake::asks_twice, site.server->ports().ask);
    const Diagnosis diagnosis = through(site, proxy);
    INFO(diagnosis.text);
    CHECK(diagnosis.bad() == Names{"counted once"});
    CHECK(contains(diagnosis.row("counted once"), "asks more than once"));
}

TEST_CASE("a proxy that asks once for many calls is found out") {
    Site site;
    site.serve();
    const TestProxy proxy(Mistake::caches_answers, site.server->ports().ask);
    const Diagnosis diagnosis = through(site, proxy);
    INFO(diagnosis.text);
    CHECK(contains(diagnosis.row("counted once"), "answers some without asking"));
    CHECK(contains(diagnosis.row("429 room"), "did not refuse"));
}

TEST_CASE("a proxy that asks nobody is found out") {
    Site site;
    site.serve();
    const TestProxy proxy(Mistake::asks_nobody, site.server->ports().ask);
    const Diagnosis diagnosis = through(site, proxy);
    INFO(diagnosis.text);
    CHECK(contains(diagnosis.row("authorization"), "without this gate being asked"));
    CHECK(contains(diagnosis.row("401 who"), "does not ask it, or does not heed it"));
}

TEST_CASE("an address that a caller makes up and the gate believes is found out") {
    Site site;
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
    Site site;
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
    Site site;
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
    Site site;
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
    Site site;
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
    Site site;
    site.serve();
    const TestProxy proxy(Mistake::trusts_identity_headers, site.server->ports().ask);
    const Diagnosis diagnosis = through(site, proxy);
    INFO(diagnosis.text);
    CHECK(diagnosis.bad() == Names{"identity headers"});
    CHECK(contains(diagnosis.row("identity headers"), "arrived at the API"));
}

TEST_CASE("listeners of the gate that the proxy opens to everybody are found out") {
    Site site;
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

TEST_CASE("the gate's own listener is no proxy, and nobody is no proxy either") {
    Site site;
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
    Site site;
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
    Site site;
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
    Site site;
    site.serve();
    REQUIRE(::chmod(site.here.database().c_str(), 0644) == 0);
    const Diagnosis diagnosis = site.doctor();
    INFO(diagnosis.text);
    CHECK(diagnosis.bad() == Names{"permissions"});
    CHECK(contains(diagnosis.row("permissions"), "chmod 0600 " + site.here.database()));
}

TEST_CASE("a damaged database is found out, and the other checks are made") {
    Site site;
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
    Site site;
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
    Site site;
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
    Site site;
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
    Site site;
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
    Site site;
    write_file(site.here.config(), "[server]\npublik = \"x\"\n");
    const Diagnosis diagnosis = site.doctor({"--backups", site.here.folder().file("data/backups")});
    INFO(diagnosis.text);
    CHECK(contains(diagnosis.row("configuration"), "config.toml:2"));
    CHECK(contains(diagnosis.row("configuration"), "publik"));
    CHECK(diagnosis.row("backup").starts_with("ok"));
    CHECK_FALSE(diagnosis.row("clock").empty());
}

TEST_CASE("no server, and another program where it would listen, are found out") {
    Site site;
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
