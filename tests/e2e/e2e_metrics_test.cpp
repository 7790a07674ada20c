// /metrics of a running server: what each number tells of, and that none comes from a caller.
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/installation.h"
#include "e2e/upstream.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

std::string metrics_of(const Server& server) {
    return Wire(server.ports().admin).ask(get("/metrics")).body;
}

/// The value of `name{labels}`, as it is written; "(absent)" when there is none.
std::string value_in(const std::string& text, const std::string& sample) {
    const std::string line = "\n" + sample + " ";
    const std::size_t at = text.find(line);
    if (at == text.npos)
        return "(absent)";
    const std::size_t begin = at + line.size();
    return text.substr(begin, text.find('\n', begin) - begin);
}

std::string value(const Server& server, const std::string& sample) {
    return value_in(metrics_of(server), sample);
}

/// Asks until it is so: what a loop has to say of others, it says at the end of its turn. A test
/// that waits in vain ends by its time limit.
void until(const Server& server, const std::string& sample, const std::string& expected) {
    while (value(server, sample) != expected) {
    }
}

std::string of_resource(const std::string& name, const std::string& outcome) {
    return "hourgate_resource_decisions_total{resource=\"" + name + "\",outcome=\"" + outcome +
           "\"}";
}

std::string answers(const std::string& listener, const std::string& by) {
    return "hourgate_answer_duration_seconds_count{listener=\"" + listener + "\",by=\"" + by +
           "\"}";
}

class Site {
public:
    explicit Site(const std::string& more = "") : here(more) {
        here.populate();
        owner = here.mint("Acme/owner@acme.example");
        member = here.mint("Acme/member@acme.example");
    }
    Installation here;
    std::string owner, member;
};

}  // namespace

TEST_CASE("decisions are counted by resource, and a reload loses and mixes none") {
    Site site("[policy]\nunlisted = \"allow\"\n");
    Server server(site.here);
    CHECK(value(server, of_resource("clients", "granted")) == "0");  // there from the start
    CHECK(server.status(site.owner) == 200);
    CHECK(server.status(site.owner) == 200);
    CHECK(server.status(site.member) == 403);
    CHECK(server.status("") == 401);
    CHECK(server.status(site.owner, "/api/v1/invoices") == 200);
    CHECK(server.status(site.owner, "/elsewhere") == 200);
    CHECK(server.status(site.owner, "/api/v1/../x") == 400);
    CHECK(Wire(server.ports().public_)
              .ask(get("/_hourgate/api/v1/me", {{"Authorization", "Bearer " + site.owner}}))
              .status == 200);
    std::string text = metrics_of(server);
    CHECK(value_in(text, of_resource("clients", "granted")) == "2");
    CHECK(value_in(text, of_resource("clients", "forbidden")) == "1");
    CHECK(value_in(text, of_resource("clients", "unauthenticated")) == "1");
    CHECK(value_in(text, of_resource("invoices", "granted")) == "1");
    CHECK(value_in(text, of_resource("(none)", "granted")) == "1");
    CHECK(value_in(text, of_resource("(none)", "unreadable")) == "1");
    CHECK(value_in(text, of_resource("hourgate", "granted")) == "1");

    write_file(
        site.here.config(),
        "[server]\npublic = \"127.0.0.1:0\"\nask = \"127.0.0.1:0\"\nadmin = "
        "\"127.0.0.1:0\"\n[database]\npath = \"" +
            site.here.database() +
            "\"\n[[resource]]\nname = \"customers\"\npaths = [\"/api/v1/clients/**\"]\nowner "
            "= \"full\"\n[[resource]]\nname = \"invoices\"\npaths = "
            "[\"/api/v1/invoices/**\"]\nowner = \"full\"\n");
    server.program().signal(SIGHUP);
    server.program().wait_for("reload=1");
    CHECK(server.status(site.owner) == 200);
    CHECK(server.status(site.owner, "/api/v1/invoices") == 200);
    text = metrics_of(server);
    CHECK(value_in(text, of_resource("customers", "granted")) == "1");
    CHECK(value_in(text, of_resource("invoices", "granted")) == "2");
    CHECK(value_in(text, of_resource("clients", "granted")) == "2");  // never goes back
    CHECK(server.stop() == 0);
}

TEST_CASE("an answer is timed for its listener, a loop's from memory, a worker's from the store") {
    Site site;
    Server server(site.here);
    CHECK(server.status(site.owner) == 200);  // the first has to be looked up
    for (int call = 0; call < 5; ++call)
        CHECK(server.status(site.owner) == 200);
    const std::string text = metrics_of(server);
    const int by_loop = std::stoi(value_in(text, answers("ask", "loop")));
    const int by_worker = std::stoi(value_in(text, answers("ask", "worker")));
    CHECK(by_loop + by_worker == 6);
    CHECK(by_worker >= 1);
    CHECK(value_in(text, answers("public", "loop")) == "0");
    CHECK(value_in(text, answers("public", "worker")) == "0");
    CHECK(Wire(server.ports().public_).ask(get("/_hourgate/healthz")).status == 200);
    CHECK(Wire(server.ports().public_).ask(get("/_hourgate/readyz")).status == 200);
    CHECK(value(server, answers("public", "loop")) == "1");
    CHECK(value(server, answers("public", "worker")) == "1");
    CHECK(value(server,
                "hourgate_answer_duration_seconds_bucket{listener=\"public\",by=\"worker\","
                "le=\"+Inf\"}") == "1");
}

TEST_CASE("what a change costs the store is told, and a token looked up again for it") {
    Site site;
    Server server(site.here);
    const std::string changes = "hourgate_store_write_duration_seconds_count{of=\"changes\"}";
    CHECK(value(server, changes) == "0");
    CHECK(value(server, "hourgate_store_write_failures_total{of=\"changes\"}") == "0");
    CHECK(server.status(site.member) == 403);
    CHECK(value(server, "hourgate_directory_reloads_total") == "0");
    const std::string bearer = "Bearer " + site.owner;
    CHECK(Wire(server.ports().public_)
              .ask(post("/_hourgate/api/v1/tokens", R"({"name":"another"})",
                        {{"Authorization", bearer}}))
              .status == 201);
    CHECK(value(server, changes) == "1");
    site.here.must({"member", "role", "Acme/member@acme.example", "manager"});
    CHECK(server.status(site.member) == 200);
    CHECK(value(server, "hourgate_directory_reloads_total") == "1");
}

TEST_CASE("connections are told by listener and by what they wait for") {
    Site site;
    Server server(site.here);
    const auto in = [](const std::string& listener, const std::string& state) {
        return "hourgate_connections_in_state{listener=\"" + listener + "\",state=\"" + state +
               "\"}";
    };
    Wire one(server.ports().ask), two(server.ports().ask), three(server.ports().ask);
    until(server, in("ask", "idle"), "3");
    REQUIRE(one.send("GET /half HTTP/1.1\r\nHo"));
    until(server, in("ask", "head"), "1");
    until(server, in("ask", "idle"), "2");
    const std::string text = metrics_of(server);
    CHECK(value_in(text, in("public", "idle")) == "0");
    CHECK(value_in(text, in("admin", "forward")) == "0");
    CHECK(value_in(text, in("ask", "over")) == "(absent)");
    CHECK(std::stoi(value_in(text, "hourgate_connections")) >= 4);  // and this one
}

TEST_CASE("each address of the API has its health, and how soon it answers is told") {
    const FreePlace dead;
    Upstream api;
    const std::string alive = "127.0.0.1:" + std::to_string(api.port());
    Site site("[upstream]\nurl = [\"http://" + alive + "\", \"http://" + dead.text() + "\"]\n");
    Server server(site.here);
    const auto up = [](const std::string& address) {
        return "hourgate_upstream_up{address=\"" + address + "\"}";
    };
    CHECK(value(server, up(alive)) == "1");
    CHECK(value(server, up(dead.text())) == "1");  // nobody has asked it yet
    const std::string asked = get("/api/v1/clients/7", {{"Authorization", "Bearer " + site.owner}});
    std::string text;
    // In turn: of two calls one goes to the dead address first. What is told of it lasts 5 s, which
    // a slow machine may let pass.
    int calls = 0;
    do {
        CHECK(Wire(server.ports().public_).ask(asked).status == 200);
        CHECK(Wire(server.ports().public_).ask(asked).status == 200);
        calls += 2;
        text = metrics_of(server);
    } while (value_in(text, up(dead.text())) != "0");
    CHECK(value_in(text, up(alive)) == "1");
    CHECK(value_in(text, "hourgate_upstream_answer_duration_seconds_count") ==
          std::to_string(calls));
    CHECK(std::stod(value_in(text, "hourgate_upstream_answer_duration_seconds_sum")) > 0);
    CHECK(server.stop() == 0);
}

TEST_CASE("a reload says what came of it, and a bad file stays told until a good one") {
    Site site;
    Server server(site.here);
    const std::string good = "hourgate_config_last_reload_successful";
    const std::string in_force = "hourgate_config_reloads_total{outcome=\"in_force\"}";
    const std::string refused = "hourgate_config_reloads_total{outcome=\"refused\"}";
    const std::string at = "hourgate_config_last_reload_success_timestamp_seconds";
    std::string text = metrics_of(server);
    CHECK(value_in(text, good) == "1");
    CHECK(value_in(text, in_force) == "0");
    const std::string started = value_in(text, at);
    CHECK(std::stoll(started) > 1'700'000'000);
    const auto hang_up = [&](const std::string& more, int times) {
        site.here.configure(more);
        server.program().signal(SIGHUP);
        server.program().wait_for("reload=" + std::to_string(times));
        text = metrics_of(server);
    };
    hang_up("nonsense = 1\n", 1);
    CHECK(value_in(text, good) == "0");
    CHECK(value_in(text, refused) == "1");
    CHECK(value_in(text, at) == started);
    hang_up("", 2);
    CHECK(value_in(text, good) == "1");
    CHECK(value_in(text, refused) == "1");
    CHECK(value_in(text, in_force) == "1");
    CHECK(std::stoll(value_in(text, at)) >= std::stoll(started));
}

TEST_CASE("nothing that a caller sends makes a label or a line of the metrics") {
    Site site;
    Server server(site.here);
    const auto names_in = [](const std::string& text) {
        std::vector<std::string> names;
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = text.find('\n', begin);
            const std::string line = text.substr(begin, end - begin);
            names.push_back(line.starts_with("#") ? line : line.substr(0, line.rfind(' ')));
            begin = end + 1;
        }
        return names;
    };
    const auto before = names_in(metrics_of(server));
    for (const std::string path :
         {"/a%22%7D%201%0Aevil_total%201", "/new-resource", "/api/v1/clients/x\"y", "/%ff"})
        (void)Wire(server.ports().ask).ask(question(site.owner, path, "PURGE"));
    for (const std::string host : {"evil\"} 1", "a{b=\"c\"}"})
        (void)Wire(server.ports().ask)
            .ask("GET /_hourgate/auth/caddy HTTP/1.1\r\nHost: " + host +
                 "\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Uri: /\r\nX-Forwarded-For: " + host +
                 "\r\nX-Request-Id: " + host + "\r\n\r\n");
    CHECK(names_in(metrics_of(server)) == before);
}
