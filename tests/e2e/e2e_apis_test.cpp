// Several APIs behind the real program: behind each proxy with the text that it prints, and behind
// its own; what a reload changes; what commands and records say of them.
#include <csignal>
#include <memory>
#include <string>

#include "base/text.h"
#include "e2e/installation.h"
#include "e2e/stage.h"
#include "e2e/upstream.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

/// The rows of the example are of "main", which has every host but that of "billing".
const std::string two_apis = R"(
[[api]]
name = "main"
[[api]]
name = "billing"
hosts = ["billing.example"]
[[resource]]
api = "billing"
name = "bills"
paths = ["/api/v1/clients/**"]
member = "read"
)";

std::string to(const std::string& host, const std::string& token,
               const std::string& target = clients) {
    return replaced(get(target, Stage::with(token)), "Host: localhost", "Host: " + host);
}

/// Two APIs, each with its hosts and its upstream, and rows of each.
std::string with_upstreams(const Upstream& shop, const Upstream& billing) {
    const auto url = [](const Upstream& api) {
        return "upstream = \"http://127.0.0.1:" + std::to_string(api.port()) + "\"\n";
    };
    return "[decisions]\ngrants = \"all\"\n[[api]]\nname = \"shop\"\nhosts = [\"shop.example\"]\n" +
           url(shop) + "[[api]]\nname = \"billing\"\nhosts = [\"billing.example\"]\n" +
           url(billing) +
           "[[resource]]\napi = \"billing\"\nname = \"bills\"\npaths = [\"/**\"]\nmember = "
           "\"read\"\n";
}

/// The configuration with these APIs; the example's rows are the shop's.
void configure(const Installation& here, const std::string& more) {
    here.configure(more);
    std::string text = read_file(here.config());
    const std::size_t first = text.find("\n[[resource]]\nname = \"clients\"");
    for (std::size_t at = text.find("\n[[resource]]\n", first); at != text.npos;
         at = text.find("\n[[resource]]\n", at + 1))
        text.insert(at + 14, "api = \"shop\"\n");
    write_file(here.config(), text);
}

}  // namespace

TEST_CASE("behind each proxy, a call is judged by the rows of the API whose host it was sent to") {
    with_each_proxy([](const std::string& proxy) {
        const Stage stage(proxy, two_apis);
        CHECK(stage.front->ask(to("main.example", stage.manager)).status == 200);
        CHECK(stage.front->ask(to("Billing.example:8080", stage.member)).status == 200);
        const Answered bills = stage.front->ask(to("billing.example.", stage.manager));
        CHECK(bills.status == 403);
        CHECK(contains(bills.body, "'bills'"));
        const Answered other = stage.front->ask(to("main.example", stage.member));
        CHECK(other.status == 403);
        CHECK(contains(other.body, "'clients'"));

        // What the caller says in the header that the proxy writes is nobody's word.
        for (const char* name : {"X-Forwarded-Host", "X_Forwarded_Host", "x-forwarded-host"}) {
            INFO(name);
            const std::string claim = std::string(name) + ": billing.example\r\n\r\n";
            const Answered forged = stage.front->ask(
                replaced(to("main.example", stage.member), "\r\n\r\n", "\r\n" + claim));
            CHECK(forged.status >= 400);
            CHECK_FALSE(contains(forged.body, "'bills'"));
        }
    });
}

TEST_CASE("a proxy's text for one API passes no call that is sent to the host of another") {
    with_each_proxy([](const std::string& proxy) {
        Upstream bills;
        Stage stage(proxy,
                    two_apis +
                        "[[api]]\nname = \"shop\"\nhosts = [\"shop.example\"]\n"
                        "upstream = \"http://127.0.0.1:" +
                        std::to_string(bills.port()) + "\"\n",
                    Ask::by_port, {}, 0, {}, "shop");
        for (const char* host : {"main.example", "billing.example", "any.thing"}) {
            const Answered answer = stage.front->ask(to(host, stage.manager));
            CAPTURE(proxy, host, answer.body);
            CHECK(answer.status == 421);
            CHECK(reason_of(answer) == "host_unlisted");
        }
        CHECK(bills.take().empty());
        CHECK(stage.front->ask(to("shop.example", stage.manager)).status == 403);  // it has no row
    });
}

TEST_CASE("an absolute target does not lead to an API past the rows of the host it names") {
    with_each_proxy([](const std::string& proxy) {
        const Stage stage(proxy, two_apis);
        const std::string target = "http://billing.example" + std::string(clients);
        const Answered answer = stage.front->ask(to("main.example", stage.manager, target));
        CAPTURE(answer.body);
        CHECK(answer.status >= 400);
        CHECK_FALSE(contains(answer.body, "'clients'"));
    });
}

TEST_CASE("behind each proxy, a host of no API is 421, and the API is told nothing") {
    with_each_proxy([](const std::string& proxy) {
        // The example's rows go to the one API there is.
        Stage stage(proxy, "[[api]]\nname = \"shop\"\nhosts = [\"shop.example\"]\n");
        CHECK(stage.front->ask(to("shop.example", stage.manager)).status == 200);
        CHECK(stage.api.take().size() == 1);
        const Answered answer = stage.front->ask(to("other.example", stage.manager));
        CHECK(answer.status == 421);
        CHECK(reason_of(answer) == "host_unlisted");
        CHECK(stage.api.take().empty());
    });
}

TEST_CASE("in front of two APIs each call goes to its own, and a reload adds and removes them") {
    Upstream shop, billing;
    const Installation here;
    configure(here, with_upstreams(shop, billing));
    here.populate();
    const std::string manager = here.mint("manager@acme.example");
    const std::string member = here.mint("member@acme.example");
    Server server(here);
    const auto ask = [&](const std::string& host, const std::string& token) {
        return Wire(server.ports().public_).ask(to(host, token));
    };
    CHECK(ask("shop.example", manager).status == 200);
    CHECK(shop.take().size() == 1);
    CHECK(ask("billing.example:80", member).status == 200);
    CHECK(billing.take().size() == 1);
    CHECK(ask("shop.example", member).status == 403);
    CHECK(ask("billing.example", manager).status == 403);
    CHECK(contains(server.program().wait_for("reason=role_forbidden"), " api="));
    CHECK(ask("other.example", manager).status == 421);
    CHECK(contains(server.program().wait_for("reason=host_unlisted"), " host=other.example"));
    CHECK(shop.take().empty());
    CHECK(billing.take().empty());

    // An API less: its host is nobody's from then on, and the other goes on.
    configure(here,
              "[[api]]\nname = \"shop\"\nhosts = [\"shop.example\"]\nupstream = "
              "\"http://127.0.0.1:" +
                  std::to_string(shop.port()) + "\"\n");
    server.program().signal(SIGHUP);
    CHECK(contains(server.program().wait_for("reload=1"), "was read again"));
    CHECK(ask("billing.example", member).status == 421);
    CHECK(ask("shop.example", manager).status == 200);
    CHECK(shop.take().size() == 1);

    // And again one more, at the address of the other.
    configure(here, with_upstreams(shop, shop));
    server.program().signal(SIGHUP);
    CHECK(contains(server.program().wait_for("reload=2"), "was read again"));
    CHECK(ask("billing.example", member).status == 200);
    CHECK(shop.take().size() == 1);
    CHECK(billing.take().empty());
    CHECK(server.stop() == 0);
}

TEST_CASE("a record names API and host, and a replay judges each call in its own API") {
    Upstream shop, billing;
    const Installation here;
    configure(here, with_upstreams(shop, billing));
    here.populate();
    const std::string manager = here.mint("manager@acme.example");
    const std::string member = here.mint("member@acme.example");
    std::string refused;
    {
        Server server(here);
        const auto ask = [&](const std::string& host, const std::string& token) {
            return Wire(server.ports().public_).ask(to(host, token));
        };
        for (const char* host : {"shop.example", "billing.example", "other.example"}) {
            (void)ask(host, manager);
            (void)ask(host, member);
        }
        refused = ask("Billing.example:8080", manager).header("X-Hourgate-Decision");
        CHECK(server.stop() == 0);
    }
    const Json why = here.json({"why", refused});
    CHECK(why.at("asked").at("api") == "billing");
    CHECK(why.at("asked").at("host") == "Billing.example:8080");
    CHECK(contains(here.run({"why", refused}).out,
                   "\n  sent to Billing.example:8080\n  of the API billing\n"));

    const Json same = here.json({"replay", "--from", "2000-01-01"});
    CHECK(same.at("same") == 7);
    CHECK(same.at("left") == 0);
    for (const char* list : {"newlyRefused", "newlyGranted", "refusedOtherwise"})
        CHECK(same.at(list).empty());
}

TEST_CASE("check and doctor's siblings want the host where there are APIs, and use it") {
    const Installation here;
    configure(here,
              "[[api]]\nname = \"shop\"\nhosts = [\"shop.example\"]\n[[api]]\nname = "
              "\"billing\"\nhosts = [\"billing.example\"]\n");
    here.populate();
    const std::string manager = here.mint("manager@acme.example");
    const auto check = [&](Arguments more) {
        const std::string file = here.folder().file("input");
        write_file(file, manager);
        more.insert(more.begin(), {"check", "GET", clients});
        Arguments words = here.words(more);
        words.insert(words.begin(), {"sh", "-c", "exec \"$@\" <\"$0\"", file});
        return run(words);
    };
    CHECK(check({"--host", "shop.example"}).exit_code == 0);
    CHECK(contains(check({"--host", "billing.example"}).err, "403 path_unlisted"));
    CHECK(contains(check({"--host", "other.example"}).err, "421 host_unlisted"));
    const Ran without = check({});
    CHECK(without.exit_code == 2);
    CHECK(contains(without.err, "next: name it, as in --host"));
    CHECK(check({"--host", "a, b"}).exit_code == 2);
}

TEST_CASE("snippets are for one API by its name, or for all where the text has none") {
    const Folder folder;
    write_file(folder.file("c.toml"),
               "[[api]]\nname = \"shop\"\nhosts = [\"shop.example\", \"s.example\"]\nupstream = "
               "\"http://127.0.0.1:3001\"\n[[api]]\nname = \"billing\"\nhosts = "
               "[\"billing.example\"]\nupstream = [\"http://127.0.0.1:3002\", "
               "\"http://127.0.0.1:3003\"]\n");
    const auto snippets = [&](Arguments words) {
        words.insert(words.begin(), {binary(), "--config", folder.file("c.toml"), "snippets"});
        return run(words);
    };
    const Ran shop = snippets({"nginx", "--api", "shop"});
    CHECK(shop.exit_code == 0);
    CHECK(contains(shop.out, "server 127.0.0.1:3001;"));
    CHECK(contains(shop.out, "server_name shop.example s.example;"));
    CHECK(contains(snippets({"caddy", "--api", "billing"}).err, "the API has 2 addresses"));
    const Ran none = snippets({"nginx"});
    CHECK(none.exit_code == 2);
    CHECK(contains(none.err, "several APIs: shop, billing"));
    CHECK(contains(none.err, "--parts DIR"));
    CHECK(contains(snippets({"nginx", "--api", "ship"}).err, "'ship' is no [[api]]"));
    const Ran all = snippets({"nginx", "--api", "http://127.0.0.1:9"});
    CHECK(all.exit_code == 0);
    CHECK(contains(all.err, "calls of all APIs go to one address"));
    CHECK_FALSE(contains(all.out, "?api="));
    // Each text says which API it leads to, Envoy's by the hosts that it takes.
    for (const char* proxy : {"nginx", "caddy", "traefik"})
        CHECK(contains(snippets({proxy, "--api", "shop"}).out, "?api=shop"));
    CHECK(contains(snippets({"haproxy", "--api", "shop"}).out, "str(shop)"));
    CHECK(contains(snippets({"envoy", "--api", "billing"}).out,
                   "domains: [\"billing.example\", \"billing.example:*\"]"));
    CHECK(snippets({"nginx", "--in-front"}).exit_code == 0);
    CHECK(snippets({"nginx", "--parts", folder.path()}).exit_code == 0);
}
