// The decision log of the real program: looked up over HTTP and at the command line, after kill -9,
// in a flood, and run again against other rules.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>

#include "e2e/installation.h"
#include "store/database_connection.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

const std::string clients = "/api/v1/clients";

class Site {
public:
    explicit Site(const std::string& more = "") : here(more) { here.populate(); }
    /// The decision on a call that a proxy asks about.
    std::string decided(const Server& server, const std::string& token,
                        const std::string& uri = clients) {
        Wire wire(server.ports().ask);
        return wire.ask(question(token, uri)).header("X-Hourgate-Decision");
    }
    Answered why(const Server& server, const std::string& token, const std::string& decision,
                 const std::string& accept) {
        Wire wire(server.ports().public_);
        return wire.ask(get("/_hourgate/why/" + decision,
                            {{"Authorization", "Bearer " + token}, {"Accept", accept}}));
    }
    std::int64_t number(const std::string& sql) {
        hourgate::store::DatabaseConnection connection(here.database(),
                                                       hourgate::store::Access::read, 1'000);
        return connection.number(sql.c_str());
    }

    Installation here;
};

}  // namespace

TEST_CASE("a refused caller reads why with the refused token, an operator at the command line") {
    Site site;
    const std::string token = site.here.mint("Acme/member@acme.example");
    Server server(site.here);
    const std::string id = site.decided(server, token);
    const Answered letter = site.why(server, token, id, "*/*");
    CHECK(letter.status == 200);
    CHECK(letter.header("Content-Type") == "text/plain; charset=utf-8");
    CHECK(contains(letter.body, "refused with 403 (role_forbidden)"));
    const Answered document = site.why(server, token, id, "application/json");
    CHECK(Json::parse(document.body)["data"]["reason"] == "role_forbidden");

    const Ran told = site.here.run({"why", id});
    CHECK(told.exit_code == 0);
    CHECK(contains(told.out, "refused with 403 (role_forbidden)"));
    CHECK(contains(told.out, "- owner@acme.example (owner)"));
    CHECK(site.here.json({"why", id})["reason"] == "role_forbidden");
    CHECK(site.here.json({"why", "--reason", "role_forbidden"}).size() == 1);
    CHECK(site.here.json({"why", "--workspace", "Acme", "--token", prefix_of(token)}).size() == 1);

    const Ran none = site.here.run({"why", "dec_ffffffffffffffffffffffffffffffff"});
    CHECK(none.exit_code == 1);
    CHECK(contains(none.err, "no decision dec_ffffffffffffffffffffffffffffffff is on record"));
    CHECK(site.here.run({"why", token}).exit_code == 2);
    CHECK_FALSE(contains(site.here.run({"why", token}).err, token.substr(22)));
}

TEST_CASE("a call that failed behind the gate is listed and found by the reason its caller got") {
    // Nothing listens at port 9 of that address.
    Site site("[decisions]\ngrants = \"all\"\n[upstream]\nurl = \"http://127.0.0.53:9\"\n");
    const std::string token = site.here.mint("Acme/owner@acme.example");
    const std::string op =
        site.here.json({"operator", "mint", "--name", "desk"}).at("token").get<std::string>();
    Server server(site.here);
    const auto call = [&](const std::string& uri) {
        return Wire(server.ports().public_).ask(get(uri, {{"Authorization", "Bearer " + token}}));
    };
    const std::string failed = call(clients).header("X-Hourgate-Decision");
    const std::string granted = site.decided(server, token, clients);
    site.here.must({"why", failed});  // waits for it
    site.here.must({"why", granted});

    const Json found = site.here.json({"why", "--reason", "upstream_unreachable"});
    REQUIRE(found.size() == 1);
    CHECK(found[0]["decision"] == failed);
    CHECK(found[0]["reason"] == "upstream_unreachable");
    CHECK(found[0]["status"] == 502);
    CHECK(found[0]["workspaceName"] == "Acme");
    CHECK(contains(site.here.run({"why"}).out, "upstream_unreachable"));
    const Json passed = site.here.json({"why", "--reason", "granted"});
    REQUIRE(passed.size() == 1);
    CHECK(passed[0]["decision"] == granted);
    for (const char* other : {"upstream_broken", "upstream_timed_out"})
        CHECK(site.here.json({"why", "--reason", other}).empty());
    CHECK(contains(site.here.run({"why", "--reason", "upstream_lost"}).err, "upstream_timed_out"));

    const Answered listed = Wire(server.ports().admin)
                                .ask(get("/admin/v1/decisions?reason=upstream_unreachable",
                                         {{"Authorization", "Bearer " + op}}));
    const Json data = Json::parse(listed.body)["data"];
    REQUIRE(data.size() == 1);
    CHECK(data[0]["reason"] == "upstream_unreachable");
    CHECK(data[0]["decision"] == failed);
}

TEST_CASE("what was written survives kill -9: no record is half there, and the server goes on") {
    Site site;
    const std::string token = site.here.mint("Acme/member@acme.example");
    std::string written;
    {
        Server server(site.here);
        written = site.decided(server, token);
        REQUIRE(site.here.run({"why", written}).exit_code == 0);  // waits until it is on record
        for (int i = 0; i < 20; ++i)
            (void)site.decided(server, token);  // some of these are lost, and none is half there
        server.program().signal(SIGKILL);
        CHECK(server.program().wait() == 128 + SIGKILL);
    }
    CHECK(site.here.run({"why", written}).exit_code == 0);
    Server server(site.here);
    CHECK(site.why(server, token, written, "*/*").status == 200);
    const std::string later = site.decided(server, token);
    CHECK(site.here.run({"why", later}).exit_code == 0);
    CHECK(server.stop() == 0);
    CHECK(site.number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") ==
          1);
}

TEST_CASE("a clean stop loses no decision") {
    Site site;
    const std::string token = site.here.mint("Acme/member@acme.example");
    std::string last;
    {
        Server server(site.here);
        last = site.decided(server, token);
        CHECK(server.stop() == 0);
    }
    CHECK(site.here.run({"why", last}).exit_code == 0);
}

TEST_CASE("a flood of refusals keeps within its rows, and others are on record beside it") {
    Site site("[decisions]\nrows = 500\n");
    const std::string token = site.here.mint("Acme/member@acme.example");
    Server server(site.here);
    const auto size = [&] { return std::filesystem::file_size(site.here.database()); };
    const std::string other = site.decided(server, token);
    constexpr int calls = 20'000, at_once = 100;
    Wire wire(server.ports().ask);
    std::string questions;
    for (int i = 0; i < at_once; ++i)
        questions += question("", clients);
    const auto before = size();
    for (int i = 0; i < calls / at_once; ++i) {
        REQUIRE(wire.send(questions));
        for (int answer = 0; answer < at_once; ++answer)
            REQUIRE(wire.receive().status >= 400);
    }
    CHECK(site.here.run({"why", other}).exit_code == 0);
    CHECK(server.stop() == 0);
    // One address that nobody knows: as many as it may have in each minute that this took.
    const std::int64_t rows = site.number("SELECT count(*) FROM decisions WHERE kind = 0");
    CHECK(rows >= 20);
    CHECK(rows <= 500);
    CHECK(size() - before < 500 * 4'096);
}

TEST_CASE("limits are tried on the calls on record before they are switched on") {
    Site site("[decisions]\ngrants = \"all\"\n");
    const std::string token = site.here.mint("Acme/owner@acme.example");
    Server server(site.here);
    for (int i = 0; i < 12; ++i)
        REQUIRE(server.status(token) == 200);
    CHECK(server.stop() == 0);
    const Json same = site.here.json({"replay"});
    CHECK(same["same"] == 12);
    CHECK(same["newlyRefused"].empty());
    const Json tried = site.here.json({"replay", "--window", "studio:burst=5/60"});
    REQUIRE(tried["newlyRefused"].size() == 1);
    CHECK(tried["newlyRefused"][0]["workspace"] == "Acme");
    CHECK(tried["newlyRefused"][0]["now"] == "window_full");
    CHECK(tried["newlyRefused"][0]["calls"] == 7);
    const Ran text = site.here.run({"replay", "--window", "studio:burst=5/60"});
    CHECK(contains(text.out, "newly refused      7\n"));
    // A period may begin at any moment, as after a change: calls before it are not reported, and
    // the windows are as full as they were.
    const Json calls = site.here.json({"why", "--limit", "0", "--sort", "at"});
    REQUIRE(calls.size() == 12);
    const std::string moment = calls[6]["at"];
    const auto later = std::count_if(calls.begin(), calls.end(), [&](const Json& call) {
        return std::string(call["at"]) >= moment;
    });
    const Json part =
        site.here.json({"replay", "--since", moment, "--window", "studio:burst=5/60"});
    CHECK(part["windowsJudged"] == true);
    CHECK(contains(std::string(part["grantedCalls"]["from"]), ":00:00Z"));
    REQUIRE(part["newlyRefused"].size() == 1);
    CHECK(int(part["same"]) + int(part["newlyRefused"][0]["calls"]) == later);
    const auto hour_of = [](const std::string& at) { return at.substr(0, 13); };
    if (hour_of(calls[0]["at"]) == hour_of(moment)) {
        CHECK(part["grantedCalls"]["onRecord"] == 12);
        // The window takes five calls, and the moment is a whole second: some of them may be in it.
        const auto among_the_five =
            std::count_if(calls.begin(), calls.begin() + 5,
                          [&](const Json& call) { return std::string(call["at"]) >= moment; });
        CHECK(part["same"] == among_the_five);
    }
    CHECK(site.here.run({"replay", "--since", "tomorrow"}).exit_code == 2);
    CHECK(site.here.run({"replay", "--window", "studio:burst"}).exit_code == 2);
    CHECK(site.here.run({"replay", "--window", "none:burst=1/1"}).exit_code == 1);
    CHECK(site.here.run({"replay", "--from", "2026-02-02", "--until", "2026-02-01"}).exit_code ==
          2);
    CHECK(site.here.run({"replay", "--against", "/nowhere.toml"}).exit_code == 1);
}
