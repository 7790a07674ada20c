// Real proxies that forward to the gate, with exactly the text that `hourgate snippets --in-front`
// printed; and an application that reads the names of headers as CGI, FastCGI and WSGI do, behind
// every way to it.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/header_name.h"
#include "base/text.h"
#include "e2e/front.h"
#include "e2e/installation.h"
#include "e2e/upstream.h"
#include "support/catch.h"
#include "support/spelled.h"

using namespace hourgate::e2e;
using hourgate::test::spelled;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

const std::string clients = "/api/v1/clients";

/// A gate that forwards to an API, and the configuration with the ports that it has.
class Gate {
public:
    explicit Gate(std::uint16_t api_port)
        : here("[trust]\nproxies = [\"127.0.0.1/32\"]\n[upstream]\nurl = \"http://127.0.0.1:" +
               std::to_string(api_port) + "\"\n") {
        here.populate();
        here.must(
            {"plan", "set", "wide", "--api", "yes", "--rank", "50", "--window", "burst=100000/60"});
        here.must({"workspace", "plan", "Acme", "wide"});
        manager = here.mint("manager@acme.example");
        server = std::make_unique<Server>(here);
        const auto bound = [](const std::string& text, const std::string& key, std::uint16_t port) {
            return replaced(text, key + " = \"127.0.0.1:0\"",
                            key + " = \"127.0.0.1:" + std::to_string(port) + "\"");
        };
        const Ports& ports = server->ports();
        write_file(
            here.config(),
            bound(bound(bound(read_file(here.config()), "public", ports.public_), "ask", ports.ask),
                  "admin", ports.admin));
    }
    [[nodiscard]] std::string get(const Headers& more, const std::string& token) const {
        Headers headers = more;
        headers.emplace_back("Authorization", "Bearer " + token);
        return hourgate::e2e::get(clients, headers);
    }

    const Installation here;
    std::string manager;
    std::unique_ptr<Server> server;
};

/// A forged token, whole, which nobody has.
const std::string nobodys = "hsk_live_0123456789ab_00000000000000000000000000000000";

/// tests/e2e/cgi_names.py, running.
class CgiNames {
public:
    CgiNames() : program_({"python3", HOURGATE_SOURCE_DIR "/tests/e2e/cgi_names.py"}) {
        const std::string line = program_.wait_for("port=");
        const auto port = hourgate::parse_number(line.substr(line.find('=') + 1), 65'535);
        REQUIRE(port);
        port_ = static_cast<std::uint16_t>(*port);
    }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    Program program_;
    std::uint16_t port_ = 0;
};

/// What a caller may claim, so many headers a call as one call may have; the last ones are those
/// that proxies set themselves.
std::vector<std::vector<std::string_view>> all_claims() {
    constexpr std::size_t in_a_call = 40;
    std::vector<std::vector<std::string_view>> calls(1);
    const auto add = [&](std::string_view name) {
        if (calls.back().size() == in_a_call)
            calls.emplace_back();
        calls.back().push_back(name);
    };
    for (const std::string_view name : hourgate::claims_to_remove())
        add(name);
    calls.push_back({"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP",
                     "X-Remote-Extra-Made-Up", "X-Original-Made-Up"});
    return calls;
}

/// What the application learns by one way to it, for each byte between the words of a name.
template <typename Ask>
void check_nothing_is_learned(const Gate& gate, Ask ask) {
    const Answered honest = ask(gate.get({}, gate.manager));
    CHECK(honest.status == 200);
    CHECK(contains(honest.body, "CGI_X_HOURGATE_ROLE_=manager\n"));
    for (const char separator : std::string_view("-_.!#$%&'*+^`|~")) {
        CAPTURE(separator);
        for (const std::string_view name : {"X-Hourgate-Role", "X-Hourgate-Member"}) {
            const Answered forged =
                ask(gate.get({{spelled(name, separator), "evil"}}, gate.manager));
            CHECK((forged.status == 200 || forged.status == 400));
            CHECK_FALSE(contains(forged.body, "evil"));
        }
        for (const std::vector<std::string_view>& claims : all_claims()) {
            Headers headers;
            for (const std::string_view name : claims)
                headers.emplace_back(spelled(name, separator), "evil");
            const Answered claimed = ask(gate.get(headers, gate.manager));
            CHECK((claimed.status == 200 || claimed.status == 400));
            CHECK_FALSE(contains(claimed.body, "evil"));
        }
        for (const std::string_view name : {"X-HTTP-Method-Override", "X-Method-Override"})
            CHECK(ask(gate.get({{spelled(name, separator), "DELETE"}}, gate.manager))
                      .body.find("=DELETE") == std::string::npos);
    }
}

}  // namespace

TEST_CASE(
    "an application that reads names as CGI does learns nothing from a caller, whatever is in "
    "front") {
    if (!installed("python3")) {
        WARN("skipped: python3 is not installed");
        return;
    }
    const CgiNames api;
    Gate gate(api.port());
    {
        INFO("behind the gate itself");
        check_nothing_is_learned(gate, [&](const std::string& bytes) {
            return Wire("127.0.0.1", gate.server->ports().public_, Front::client).ask(bytes);
        });
    }
    with_each_proxy([&](const std::string& proxy) {
        {
            INFO("that forwards to the gate");
            const Folder folder;
            const Front front(proxy, folder, in_front(proxy, gate.here.config()));
            check_nothing_is_learned(gate, [&](const auto& bytes) { return front.ask(bytes); });
        }
        INFO("that asks the gate");
        const Folder folder;
        const Front front(proxy, folder, asking(proxy, folder, gate.here.config(), api.port()));
        check_nothing_is_learned(gate, [&](const auto& bytes) { return front.ask(bytes); });
    });
}

TEST_CASE(
    "behind a proxy that forwards to the gate, nobody chooses an address, and each is counted by "
    "its own") {
    with_each_proxy([](const std::string& proxy) {
        Upstream api;
        Gate gate(api.port());
        const Folder folder;
        const Front front(proxy, folder, in_front(proxy, gate.here.config()));
        const Headers claims = {{"X-Forwarded-For", "6.6.6.6"},  {"X-Real-IP", "6.6.6.6"},
                                {"True-Client-IP", "6.6.6.6"},   {"Forwarded", "for=6.6.6.6"},
                                {"X-Forwarded-Proto", "evil"},   {"X-Forwarded-Host", "evil"},
                                {"X-Forwarded-Prefix", "/evil"}, {"X-Forwarded-Port", "666"},
                                {"CF-Connecting-IP", "6.6.6.6"}, {"X-Client-IP", "6.6.6.6"},
                                {"X-Original-URL", "/evil"},     {"Proxy", "evil"}};
        const Answered granted = front.ask(gate.get(claims, gate.manager));
        CHECK(granted.status == 200);
        const std::vector<Seen> seen = api.take();
        REQUIRE(seen.size() == 1);
        INFO(seen[0].text());
        const std::string client = Front::client;
        CHECK(seen[0].header("x-forwarded-for") == client + ", 127.0.0.1");
        CHECK(seen[0].header("x-real-ip") == client);
        CHECK(seen[0].header("x-forwarded-proto") == "http");
        CHECK_FALSE(seen[0].header("x-forwarded-host").empty());
        CHECK(contains(seen[0].header("forwarded"), "for=" + client + ";"));
        CHECK(seen[0].header("x-forwarded-port") != "666");
        for (const char* made_up : {"6.6.6.6", "evil"})
            CHECK_FALSE(contains(seen[0].text(), made_up));

        // Ten failures, each as from another place: one count. Another client has its own.
        for (int i = 0; i < 10; ++i) {
            const Headers another = {{"X-Forwarded-For", "203.0.113." + std::to_string(i)}};
            CHECK(front.ask(gate.get(another, nobodys)).status == 401);
        }
        CHECK(front.ask(gate.get({{"X-Forwarded-For", "203.0.113.99"}}, nobodys)).status == 429);
        CHECK(front.ask(gate.get({}, nobodys), "127.6.6.6").status == 401);
        CHECK(contains(gate.server->program().wait_for("reason=too_many_failures"),
                       " address=" + client));
        CHECK(api.take().empty());
    });
}

TEST_CASE("a believed proxy that names no address makes its callers unknown, and the log says so") {
    Upstream api;
    Gate gate(api.port());
    Wire proxy(gate.server->ports().public_);
    for (int i = 0; i < 10; ++i)
        CHECK(proxy.ask(gate.get({}, nobodys)).status == 401);
    CHECK(proxy.ask(gate.get({}, nobodys)).status == 429);  // counted for all of them together
    const std::string warning = gate.server->program().wait_for("a caller's address is not known");
    CHECK(contains(warning, "a proxy at 127.0.0.1 named no readable one"));
    CHECK(contains(warning, "somebody called directly from 127.0.0.1"));
    CHECK(contains(gate.server->program().wait_for("reason=too_many_failures"), "peer=127.0.0.1"));
    CHECK(proxy.ask(gate.get({{"True-Client-IP", "6.6.6.6"}}, gate.manager)).status == 200);
    const std::vector<Seen> seen = api.take();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].header("x-real-ip").empty());
    CHECK(seen[0].header("true-client-ip").empty());
    CHECK(contains(seen[0].header("forwarded"), "for=unknown;"));
    CHECK(seen[0].header("x-forwarded-for") == "unknown, 127.0.0.1");
}
