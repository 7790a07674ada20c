// [[api]] tables: what they take, what goes with them, and where a refusal says it is.
#include <string>

#include "config/load.h"
#include "config/parsing.h"
#include "policy/policy.h"

using hourgate::config::all_upstreams;
using parsing::read;
using parsing::wrong_with;

namespace {

const std::string shop =
    "[[api]]\nname = \"shop\"\nhosts = [\"shop.example.com\", \"shop.example.org\"]\n";
const std::string billing = "[[api]]\nname = \"billing\"\nhosts = [\"billing.example.com\"]\n";

std::string row(const std::string& name, const std::string& more = "", const char* path = "/a") {
    return "[[resource]]\nname = \"" + name + "\"\npaths = [\"" + path + "\"]\n" + more;
}

bool says(const std::string& text, const std::string& part) {
    INFO(text);
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an API is read with all its keys, and shown as it is read") {
    const std::string text = shop +
                             "upstream = [\"http://127.0.0.1:3000\", \"unix:/run/a.sock\"]\n" +
                             billing + "upstream = \"http://127.0.0.1:4000\"\n" +
                             row("items", "api = \"shop\"\n") + row("bills", "api = \"billing\"\n");
    const auto config = read(text);
    REQUIRE(config.apis.size() == 2);
    CHECK(config.apis[0].name == "shop");
    CHECK(config.apis[0].hosts.size() == 2);
    CHECK(config.apis[0].upstream_urls.size() == 2);
    CHECK(config.apis[1].upstream_urls.front() == "http://127.0.0.1:4000");
    CHECK(config.rules.apis.size() == 2);
    CHECK(config.rules.resources[1].api == "billing");
    CHECK(read(show_toml(config)) == config);
    CHECK(says(show_json(config), "\"api\": ["));
    CHECK(show_json(read("")).find("\"api\"") == std::string::npos);
}

TEST_CASE("an API without upstream is behind [upstream] url, and nobody else is") {
    const auto config = read("[upstream]\nurl = \"http://127.0.0.1:3000\"\n" + shop +
                             "upstream = \"http://127.0.0.1:4000\"\n" + billing);
    CHECK(upstream_of(config, config.apis[0]).front() == "http://127.0.0.1:4000");
    CHECK(upstream_of(config, config.apis[1]).front() == "http://127.0.0.1:3000");
    const auto all = all_upstreams(config);
    REQUIRE(all.size() == 2);
    CHECK(all[0].key == "upstream.url");
    CHECK(all[1].key == "api.shop.upstream");
    const auto none = read("[upstream]\nurl = \"http://127.0.0.1:3000\"\n" + shop +
                           "upstream = \"http://127.0.0.1:4000\"\n");
    CHECK(all_upstreams(none).size() == 1);
    CHECK(says(warnings(none).back(), "upstream.url: is used by no [[api]]"));
}

TEST_CASE("a host is of one API: both are named") {
    const std::string again =
        "[[api]]\nname = \"billing\"\nhosts = [\n  \"b.example.com\",\n"
        "  \"SHOP.example.com\",\n]\n";
    CHECK(says(wrong_with(shop + again),
               "gate.toml:8: api.billing.hosts: 'SHOP.example.com' is a host of api 'shop', too"));
    CHECK(says(wrong_with("[[api]]\nname = \"a\"\nhosts = [\"[::1]\", \"[0:0:0:0:0:0:0:1]\"]\n"),
               "is a host of this API already"));
}

TEST_CASE("one API at most is without hosts, and a name is of one API") {
    CHECK(says(wrong_with("[[api]]\nname = \"a\"\n[[api]]\nname = \"b\"\n"),
               "gate.toml:3: api.b.hosts: are missing, as those of api 'a' are"));
    CHECK(says(wrong_with(shop + shop), "there is another [[api]] 'shop'"));
    CHECK(says(wrong_with("[[api]]\nhosts = [\"a.example\"]\n"), "api.1.name: is missing"));
    CHECK(says(wrong_with("[[api]]\nname = \"A b\"\n"), "the name of an [[api]]"));
}

TEST_CASE("what is no host is refused, with what a host is") {
    for (const char* host :
         {"*.example.com", "shop.example.com:8080", "http://shop.example.com", "shop.example.com.",
          "", "bücher.example", "a..b", "[::1]:80", "[shop]", "::1", "a, b"}) {
        INFO(host);
        const std::string wrong =
            wrong_with("[[api]]\nname = \"a\"\nhosts = [\"" + std::string(host) + "\"]\n");
        CHECK(says(wrong, "gate.toml:3: api.a.hosts: "));
        CHECK(says(wrong, "a host as callers send it, without a port"));
    }
    for (const char* host : {"xn--bcher-kva.example", "192.0.2.7", "[2001:db8::1]", "LocalHost"}) {
        INFO(host);
        CHECK(
            wrong_with("[[api]]\nname = \"a\"\nhosts = [\"" + std::string(host) + "\"]\n").empty());
    }
}

TEST_CASE("a resource is of an API that there is, and one that is meant is named") {
    const std::string both = shop + billing;
    CHECK(says(wrong_with(both + row("a", "api = \"biling\"\n")),
               "gate.toml:10: resource.a.api: 'biling' is no [[api]]; did you mean billing?"));
    CHECK(says(wrong_with(both + row("a", "api = \"other\"\n")), "allowed: shop, billing"));
    CHECK(says(wrong_with(both + row("a")), "resource.a.api: is missing, and no [[api]] is "));
    CHECK(says(wrong_with(row("a", "api = \"shop\"\n")), "the file has no [[api]]"));
    CHECK(read(shop + row("a")).rules.resources[0].api == "shop");  // the only one
    CHECK(read(both + "[[api]]\nname = \"rest\"\n" + row("a")).rules.resources[0].api == "rest");
}

TEST_CASE("rows of another API cover nothing, and an API without rows is a warning") {
    const auto config = read(shop + billing + row("all", "api = \"shop\"\n", "/**") +
                             row("items", "api = \"billing\"\n", "/items/**"));
    CHECK(warnings(config).empty());
    CHECK(says(wrong_with(shop + billing + row("all", "api = \"shop\"\n", "/**") +
                          row("items", "api = \"shop\"\n", "/items/**")),
               "can never match"));
    const auto one = read(shop + billing + row("all", "api = \"shop\"\n", "/**"));
    REQUIRE(warnings(one).size() == 1);
    CHECK(says(warnings(one)[0], "api 'billing': has no [[resource]]"));
}

TEST_CASE("an API is not where the gate listens, and its table is a list") {
    CHECK(says(wrong_with(shop + "upstream = \"http://127.0.0.1:8402\"\n"),
               "gate.toml:4: api.shop.upstream: http://127.0.0.1:8402 is where Hourgate itself"));
    CHECK(says(wrong_with("[api]\nname = \"a\"\n"), "write [[api]] and the keys of one below"));
    CHECK(says(wrong_with(shop + "host = \"a\"\n"), "did you mean hosts?"));
    std::string many;
    for (int i = 0; i < 65; ++i)
        many += "[[api]]\nname = \"a" + std::to_string(i) + "\"\nhosts = [\"h" + std::to_string(i) +
                ".example\"]\n";
    CHECK(says(wrong_with(many), "65 tables; allowed: at most 64"));
}
