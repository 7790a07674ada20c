// Several APIs: which one a host stands for, and that rows of one are nothing to calls of another.
#include <string>
#include <string_view>
#include <vector>

#include "policy/hosts.h"
#include "policy/off.h"
#include "policy/policy.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::policy;
using hourgate::test::off;
using hourgate::test::says;

namespace {

Resource row(std::string api, std::string name, std::string_view path) {
    Resource made;
    made.api = std::move(api);
    made.name = std::move(name);
    made.patterns = {parse_pattern(path).value()};
    for (Access& access : made.access)
        access = parse_access("full").value();
    return made;
}

/// Two APIs with hosts, and perhaps one without.
PolicyConfig rules_of(std::vector<Resource> resources, bool with_default = false) {
    PolicyConfig rules;
    rules.apis = {{"shop", {"shop.example.com", "[2001:db8::1]"}},
                  {"billing", {"Billing.Example.com", "192.0.2.7"}}};
    if (with_default)
        rules.apis.push_back({"rest", {}});
    rules.resources = std::move(resources);
    return rules;
}

/// "API/resource", "API/" where none lists the path, or "-" for a host of no API.
std::string lands(const Policy& policy, std::string_view host, std::string_view target) {
    const Match match = policy.find(target, host);
    if (match.flaw != PathFlaw::none)
        return std::string(explain(match.flaw));
    if (!match.host_listed)
        return "-";
    return std::string(match.api) + "/" + (match.resource ? match.resource->name : "");
}

}  // namespace

TEST_CASE("A host stands for its API in every way that it can be written") {
    const Policy policy = Policy::make(rules_of({row("shop", "items", "/items/**"),
                                                 row("billing", "invoices", "/items/**")}))
                              .value();
    for (const char* host :
         {"shop.example.com", "SHOP.example.COM", "shop.example.com.", "shop.example.com:443",
          "shop.example.com.:8080", "shop.example.com:", "[2001:db8::1]", "[2001:DB8:0::1]:8080"}) {
        INFO(host);
        CHECK(lands(policy, host, "/items/1") == "shop/items");
    }
    for (const char* host : {"billing.example.com", "192.0.2.7", "192.0.2.7:80"}) {
        INFO(host);
        CHECK(lands(policy, host, "/items/1") == "billing/invoices");
    }
}

TEST_CASE("A host that no API lists, or that is none, is of no API") {
    const Policy policy = Policy::make(rules_of({row("shop", "items", "/**")})).value();
    for (const char* host : {"",
                             "example.com",
                             "x.shop.example.com",
                             "shop.example.com, billing.example.com",
                             "shop.example.com billing.example.com",
                             "shop.example.com@evil.example",
                             "evil.example@shop.example.com",
                             "shop.example.com:80:80",
                             "shop.example.com:x",
                             "shop.example.com..",
                             ".shop.example.com",
                             "shop.example.com/",
                             "[shop.example.com]",
                             "[2001:db8::1",
                             "2001:db8::1",
                             "[2001:db8::1]x",
                             "*.example.com",
                             "shop.example.com\t",
                             "shop.example.com:65536",
                             "[192.0.2.7]"}) {
        INFO(host);
        CHECK(lands(policy, host, "/items/1") == "-");
        CHECK_FALSE(policy.api_of(host));
        CHECK_FALSE(policy.opens(policy.find("/items/1", host)));
    }
    CHECK(lands(policy, std::string(300, 'a'), "/items/1") == "-");
}

TEST_CASE("The API without hosts has those that no other lists, and calls that name none") {
    const Policy policy = Policy::make(rules_of({row("rest", "all", "/**")}, true)).value();
    for (const char* host : {"", "example.com", "localhost:8402", "[::1]"}) {
        INFO(host);
        CHECK(lands(policy, host, "/items/1") == "rest/all");
    }
    CHECK(lands(policy, "shop.example.com", "/items/1") == "shop/");
    CHECK(lands(policy, "a, b", "/items/1") == "-");  // no host at all
}

TEST_CASE("The gate's own routes are there under every host") {
    const Policy policy = Policy::make(rules_of({row("shop", "all", "/**")})).value();
    for (const char* host : {"shop.example.com", "example.com", "", "a, b"})
        for (const char* target : {"/_hourgate/api/v1/me", "/_hourgate/why/dec_1"}) {
            INFO(host << " " << target);
            CHECK(policy.find(target, host).is_gate_route());
        }
}

TEST_CASE("A row covers, shadows and resembles nothing of another API") {
    // In one API each of these would be an error, or a refusal of the second row's paths.
    CHECK(off(rules_of({row("shop", "a", "/**"), row("billing", "b", "/items/**")})).empty());
    CHECK(says(off(rules_of({row("shop", "a", "/**"), row("shop", "b", "/items/**")})),
               "can never match"));
    const Policy policy =
        Policy::make(rules_of({row("shop", "clients", "/clients"), row("shop", "rest", "/**"),
                               row("billing", "every", "/**")}))
            .value();
    CHECK(says(lands(policy, "shop.example.com", "/CLIENTS"), "case"));
    CHECK(lands(policy, "billing.example.com", "/CLIENTS") == "billing/every");
    CHECK_FALSE(says(lands(policy, "shop.example.com", "/clients.json"), "shop/"));
    CHECK(lands(policy, "billing.example.com", "/clients.json") == "billing/every");
}

TEST_CASE("What a resource allows of paths is allowed in its API alone") {
    Resource npm = row("shop", "npm", "/npm/{package}");
    npm.switches.encoded_slash = false;
    Resource open = row("billing", "npm-too", "/npm/{package}");
    const Policy policy = Policy::make(rules_of({npm, open})).value();
    CHECK(lands(policy, "shop.example.com", "/npm/a%2Fb") == "shop/npm");
    CHECK(policy.find("/npm/a%2Fb", "billing.example.com").flaw == PathFlaw::encoded_slash);
    CHECK(policy.find("/npm/a%2Fb", "example.com").flaw == PathFlaw::encoded_slash);
}

TEST_CASE("Readings that would lead to a row of another API refuse nothing") {
    Resource npm = row("shop", "npm", "/npm/{package}");
    npm.switches.encoded_slash = false;
    const auto with_other_in = [&](const char* api) {
        return Policy::make(rules_of({npm, row(api, "secret", "/npm/a/b")})).value();
    };
    CHECK(with_other_in("shop").find("/npm/a%2Fb", "shop.example.com").flaw != PathFlaw::none);
    CHECK(lands(with_other_in("billing"), "shop.example.com", "/npm/a%2Fb") == "shop/npm");
}

TEST_CASE("An API without rows refuses every call, and opens none, unless unlisted is allowed") {
    PolicyConfig rules = rules_of({row("shop", "items", "/**")});
    const Policy strict = Policy::make(rules).value();
    const Match match = strict.find("/items", "billing.example.com");
    CHECK(match.kind == Match::Kind::unlisted);
    CHECK(strict.judge(match, {Role::owner, "mem_a", {}}, "GET").verdict == Verdict::path_unlisted);
    CHECK_FALSE(strict.opens(match));
    rules.unlisted_allowed = true;
    const Policy lax = Policy::make(rules).value();
    CHECK(lax.judge(lax.find("/items", "billing.example.com"), {Role::owner, "mem_a", {}}, "GET")
              .verdict == Verdict::allowed);
    // Not so for a host of no API.
    CHECK(lax.judge(lax.find("/items", "example.com"), {Role::owner, "mem_a", {}}, "GET").verdict ==
          Verdict::path_unlisted);
}

TEST_CASE("Names of resources are each once in all APIs, and a resource is of one of them") {
    CHECK(says(off(rules_of({row("shop", "a", "/a"), row("billing", "a", "/a")})), "twice"));
    CHECK(says(off(rules_of({row("ship", "a", "/a")})), "'ship' is no [[api]]"));
    CHECK(says(off(rules_of({row("", "a", "/a")})), "is no [[api]]"));
}

TEST_CASE("Without an API the host says nothing") {
    PolicyConfig rules;
    rules.resources = {row("", "items", "/items/**")};
    const Policy policy = Policy::make(rules).value();
    CHECK_FALSE(policy.looks_at_hosts());
    for (const char* host : {"", "example.com", "a, b"})
        CHECK(lands(policy, host, "/items/1") == "/items");
}
