// Path switches of one resource: what it allows is allowed there alone, and no reading of such a
// path leads to another resource.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "policy/off.h"
#include "policy/other_readings.h"
#include "policy/policy.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::policy;
using hourgate::test::off;
using hourgate::test::says;

namespace {

using Switch = PathSwitches::Switch PathSwitches::*;

Resource resource(std::string name, const std::vector<std::string>& paths,
                  const std::vector<Switch>& allowed = {}) {
    Resource made;
    made.name = std::move(name);
    for (const std::string& path : paths)
        made.patterns.push_back(parse_pattern(path).value());
    for (Access& row : made.access)
        row = parse_access("full").value();
    for (const Switch one : allowed)
        made.switches.*one = false;
    return made;
}

Policy policy_of(std::vector<Resource> resources) {
    PolicyConfig rules;
    rules.resources = std::move(resources);
    auto policy = Policy::make(std::move(rules));
    if (!policy)
        FAIL(policy.failure().what);
    return std::move(policy).value();
}

/// Name of the resource a target lands at, "" for none, or what is off about it.
std::string lands(const Policy& policy, std::string_view target) {
    const Match match = policy.find(target);
    if (match.flaw != PathFlaw::none)
        return std::string(explain(match.flaw)).substr(0, 30);
    return match.resource == nullptr ? "" : match.resource->name;
}

bool refused(const Policy& policy, std::string_view target) {
    return policy.find(target).flaw != PathFlaw::none;
}

const Switch slash = &PathSwitches::encoded_slash;
const Switch dots = &PathSwitches::dot_segment;
const Switch empty = &PathSwitches::empty_segment;
const Switch semicolon = &PathSwitches::semicolon;
const Switch twice = &PathSwitches::double_encoding;
const Switch backslash = &PathSwitches::backslash;
const Switch control = &PathSwitches::control_byte;
const Switch not_utf8 = &PathSwitches::not_utf8;
const Switch reading = &PathSwitches::reading_variant;
const Switch letter_case = &PathSwitches::case_variant;

}  // namespace

TEST_CASE("A switch of one resource lets its paths through and nobody else's") {
    const Policy policy =
        policy_of({resource("npm", {"/npm/{package}"}, {slash}),
                   resource("files", {"/files/**"}, {empty}), resource("rest", {"/rest/**"})});
    CHECK(lands(policy, "/npm/@scope%2fname") == "npm");
    CHECK(lands(policy, "/npm/@scope%2Fname") == "npm");
    CHECK(lands(policy, "/files/a//b") == "files");
    for (const char* target : {"/files/a%2Fb", "/rest/a%2Fb", "/npm//x", "/rest//a", "/npm/a;b",
                               "/npm/a%2F..%2Fb", "/npm/a%2F%2Fb%5C", "/elsewhere/a%2Fb"}) {
        INFO(target);
        CHECK(refused(policy, target));
    }
    // The flaw that is told is the one that [policy] refuses.
    CHECK(policy.find("/rest/a%2Fb").flaw == PathFlaw::encoded_slash);
    CHECK(policy.find("/elsewhere/a%2Fb").flaw == PathFlaw::encoded_slash);
}

TEST_CASE("Each of the switches lets through what it is named after") {
    const std::vector<std::pair<Switch, std::string>> cases = {
        {slash, "/x/a%2Fb"},    {backslash, "/x/a%5Cb"}, {control, "/x/a%01b"},
        {not_utf8, "/x/a%FFb"}, {dots, "/x/a/./b"},      {dots, "/x/a/b/../c"},
        {empty, "/x/a//b"},     {semicolon, "/x/a;v=1"}, {twice, "/x/a%2541"},
        {reading, "/x/a/..."}};
    for (const auto& [one, target] : cases) {
        CAPTURE(target);
        CHECK(refused(policy_of({resource("x", {"/x/**"})}), target));
        CHECK(lands(policy_of({resource("x", {"/x/**"}, {one})}), target) == "x");
        for (const auto& [other, its] : cases)
            if (other != one && !(other == dots && one == reading)) {  // it may be read as ".."
                CAPTURE(its);
                CHECK(refused(policy_of({resource("x", {"/x/**"}, {other})}), target));
            }
    }
}

TEST_CASE("A path that is allowed in one resource reaches no other by another reading") {
    const std::vector<Switch> all = {slash,   dots,     empty,     semicolon, twice,
                                     control, not_utf8, backslash, reading};
    const std::vector<std::string> attacks = {"/files/..%2Fadmin",
                                              "/files/..%2fadmin/x",
                                              "/files/../admin",
                                              "/files/%2e%2e/admin",
                                              "/files/..;/admin",
                                              "/files/..;a=b/admin",
                                              "/files/%252e%252e/admin",
                                              "/files/%252e%252e%252fadmin",
                                              "/files/..%5Cadmin",
                                              "/files/..%255Cadmin",
                                              "/files/x/..%2F..%2Fadmin",
                                              "/files/.%00./admin",
                                              "/files/.%FF./admin",
                                              "/files/..%20/admin",
                                              "/files/...%2Fadmin",
                                              "//admin",
                                              "/;/admin",
                                              "/./admin",
                                              "/%2Fadmin",
                                              "/%5Cadmin",
                                              "/files/..%2Fadmin%00.png",
                                              "/files/%2E%2E%252Fadmin",
                                              "/files/..%EF%BC%8Fadmin",
                                              "/files/%EF%BC%8E%EF%BC%8E/admin",
                                              "/files/x//../../admin",
                                              "/files/..%2F%61dmin",
                                              "/ad%FFmin",
                                              "/adm%01in",
                                              "/admin;x",
                                              "/admin%00",
                                              "/admin%2Fx",
                                              "/a%2564min",
                                              "/%2561dmin"};
    const Policy policy = policy_of(
        {resource("admin", {"/admin/**"}), resource("files", {"/files/**", "/{name}/**"}, all)});
    for (const std::string& target : attacks) {
        CAPTURE(target);
        const Match match = policy.find(target);
        CHECK((match.flaw != PathFlaw::none || match.resource->name == "admin"));
    }
    // A resource below the one with the switches is as safe.
    const Policy below =
        policy_of({resource("files", {"/files/**"}, all), resource("admin", {"/admin/**"})});
    for (const std::string& target : attacks) {
        CAPTURE(target);
        CHECK(refused(below, target));
    }
}

TEST_CASE("A path that leaves its resource upwards is refused also where nothing is listed") {
    const Policy policy = policy_of({resource("files", {"/files/**"}, {slash, dots, empty})});
    CHECK(lands(policy, "/files/a/../b") == "files");
    CHECK(lands(policy, "/files/a%2F..%2Fb") == "files");
    for (const char* target : {"/files/../other", "/files/..%2Fother", "/files/a/../../x",
                               "/files/..", "/files/a/..%2F.."}) {
        INFO(target);
        CHECK(refused(policy, target));
    }
}

TEST_CASE("A path reaches another member by no reading") {
    const Policy policy = policy_of({resource("members", {"/members/{member}/**"},
                                              {slash, dots, empty, semicolon, twice, backslash})});
    CHECK(lands(policy, "/members/me/a%2Fb") == "members");
    CHECK(lands(policy, "/members/me/a/../b") == "members");
    for (const char* target :
         {"/members/me/../mem_b", "/members/me%2F..%2Fmem_b", "/members/me/..%2Fmem_b/x",
          "/members/me%2Fx", "/members//me", "/members/me;x/y", "/members/%256de/x",
          "/members/mem_b%2F..%2Fme", "/members/me/%2e%2e%5Cmem_b"}) {
        INFO(target);
        CHECK(refused(policy, target));
    }
}

TEST_CASE("No path that only a resource allows is one of the gate's own by another reading") {
    const Policy policy = policy_of({resource(
        "all", {"/**"}, {slash, dots, empty, semicolon, twice, backslash, control, reading})});
    CHECK(lands(policy, "/a%2Fb") == "all");
    for (const char* target :
         {"/_hourgate%2Fapi/v1/me", "/_hourgate/api%2Fv1/me", "//_hourgate/api/v1/me",
          "/_hourgate/api/v1/x/..%2Fme", "/x/../_hourgate/api/v1/me", "/_hourgate;a/api/v1/me",
          "/%255fhourgate/api/v1/me", "/_hourgate%5Capi/v1/tokens", "/_hour%01gate/api/v1/me",
          "/_hourgate/why%2Fdec_1", "/_hourgate/api/v1/tokens/a%2Fb"}) {
        INFO(target);
        CHECK(refused(policy, target));
    }
    CHECK(policy.find("/_hourgate/api/v1/tokens/a%2Fb").own == GateRoute::other);
}

TEST_CASE("What stands in another resource below a longer path is kept apart") {
    const std::string projects = "/api/v4/projects/";
    const Policy policy = policy_of({resource("members", {projects + "{id}/members/**"}, {slash}),
                                     resource("projects", {projects + "{id}/**"}, {slash})});
    CHECK(lands(policy, projects + "group%2Fproject/issues/1") == "projects");
    CHECK(lands(policy, projects + "group%2Fsub%2Fproject") == "projects");
    CHECK(lands(policy, projects + "7/members/1") == "members");
    CHECK(refused(policy, projects + "x%2Fmembers%2F1"));            // as three segments: members
    CHECK(refused(policy, projects + "group%2Fproject/members/1"));  // as six: projects
}

TEST_CASE("A resource may be stricter than the policy") {
    PolicyConfig rules;
    rules.path.encoded_slash = false;
    Resource strict = resource("strict", {"/strict/**"});
    strict.switches.encoded_slash = true;
    rules.resources = {std::move(strict), resource("other", {"/other/**"})};
    const auto policy = Policy::make(std::move(rules));
    REQUIRE(policy.ok());
    CHECK(policy.value().find("/strict/a%2Fb").flaw == PathFlaw::encoded_slash);
    CHECK(policy.value().find("/other/a%2Fb").flaw == PathFlaw::none);
}

TEST_CASE("A resource that reads its paths exactly has no claim on what resembles them") {
    const Policy exact = policy_of({resource("clients", {"/clients"}, {reading, letter_case}),
                                    resource("admin", {"/admin"}), resource("all", {"/**"})});
    CHECK(lands(exact, "/clients.csv") == "all");
    CHECK(lands(exact, "/Clients") == "all");
    CHECK(refused(exact, "/admin.csv"));
    CHECK(refused(exact, "/Admin"));
    // The switch of the resource below does not open the one above.
    const Policy below = policy_of(
        {resource("admin", {"/admin"}), resource("all", {"/**"}, {reading, letter_case})});
    CHECK(refused(below, "/admin.csv"));
    CHECK(refused(below, "/Admin"));
}

TEST_CASE("A path that is too long or can be read in too many ways is refused, switch or not") {
    const Policy policy = policy_of(
        {resource("files", {"/files/**"},
                  {slash, dots, empty, semicolon, twice, backslash, control, not_utf8, reading})});
    const auto sized = [](std::size_t bytes) {
        const std::string begin = "/files/a%2F";
        return begin + std::string(bytes - begin.size(), 'a');
    };
    CHECK(lands(policy, sized(limits::oddly_read_path_bytes_max)) == "files");
    CHECK(lands(policy, sized(limits::oddly_read_path_bytes_max) + "?" + std::string(5'000, 'q')) ==
          "files");
    CHECK(refused(policy, sized(limits::oddly_read_path_bytes_max + 1)));
    std::string parts = "/files/a%2Fb";
    while (parts.size() < 400)
        parts += "%2Fb";
    CHECK(refused(policy, parts));  // more segments than a path may have
    CHECK(refused(policy, "/files/%2541;a%2Fb%5Cc%01d%FFe//f/g"));
}

TEST_CASE("Every other reading of a path is looked at once, and none where there is none") {
    const auto readings_of = [](std::string_view target) {
        PathChecks lenient;
        lenient.encoded_slash = lenient.empty_segment = lenient.semicolon = false;
        std::vector<std::string> all;
        CHECK(all_other_readings(read_path(target, lenient), [&](const OtherReading& one) {
            std::string text;
            for (const std::string& segment : one.segments)
                text += "/" + segment;
            all.push_back(text);
            return true;
        }));
        return all;
    };
    CHECK(readings_of("/a/b").empty());
    CHECK(readings_of("/a%2Fb") == std::vector<std::string>{"/a/b"});
    CHECK(readings_of("/a//b") == std::vector<std::string>{"/a/b"});
    CHECK(readings_of("/a;x%2Fb") == std::vector<std::string>{"/a", "/a;x/b", "/a/b"});
    CHECK_FALSE(
        all_other_readings(read_path("/a.%20", {}), [](const OtherReading&) { return false; }));
}

// --- something fixed in a segment ----------------------------------------------------------------

TEST_CASE("A pattern with something fixed beside a capture matches that alone") {
    const Policy policy = policy_of({resource("publish", {"/v1/{item}:publish"}),
                                     resource("reports", {"/files/{name}.json", "/x/v{n}/y"}),
                                     resource("items", {"/v1/{item}"})});
    CHECK(lands(policy, "/v1/topic:publish") == "publish");
    CHECK(lands(policy, "/v1/a:b:publish") == "publish");
    CHECK(lands(policy, "/v1/topic%3Apublish") == "publish");  // decoded once, as everywhere
    CHECK(lands(policy, "/v1/topic") == "items");
    CHECK(lands(policy, "/v1/:publish") == "items");
    CHECK(lands(policy, "/v1/topic:pull") == "items");
    CHECK(lands(policy, "/v1/topic:publish/x").empty());
    CHECK(lands(policy, "/files/a.json") == "reports");
    CHECK(lands(policy, "/files/a.b.json") == "reports");
    CHECK(lands(policy, "/files/.json").empty());
    CHECK(lands(policy, "/files/a.jsonx").empty());
    CHECK(lands(policy, "/files/a").empty());
    CHECK(lands(policy, "/x/v1/y") == "reports");
    CHECK(lands(policy, "/x/v/y").empty());
    CHECK(lands(policy, "/x/1/y").empty());
}

TEST_CASE("What an upstream may read as such a path is not taken for one below") {
    const Policy policy =
        policy_of({resource("publish", {"/v1/{item}:publish"}), resource("items", {"/v1/{item}"})});
    for (const char* target :
         {"/v1/topic:PUBLISH", "/v1/topic:publish.json", "/v1/topic:publish%20",
          "/v1/topic:publish.", "/v1/topic%EF%BC%9Apublish", "/v1/topic:publ%C4%B1sh",
          "/v1/topic:publish:x", "/v1/topic:publish:publish."}) {
        INFO(target);
        CHECK(refused(policy, target));
    }
    CHECK(lands(policy, "/v1/topic:publisher") == "items");
    CHECK(lands(policy, "/v1/publish:topic") == "items");
}

TEST_CASE("A path with a fixed suffix is not granted for a literal that it may be cut to") {
    const std::vector<Resource> rows = {resource("reports", {"/files/{name}.json"}),
                                        resource("secret", {"/files/secret"}),
                                        resource("other", {"/files/**"})};
    const Policy policy = policy_of(rows);
    CHECK(lands(policy, "/files/a.json") == "reports");
    CHECK(lands(policy, "/files/secret") == "secret");
    CHECK(refused(policy, "/files/secret.json"));
    CHECK(refused(policy, "/files/SECRET.json"));
    CHECK(lands(policy, "/files/secrets.json") == "reports");
}

TEST_CASE("What a capture takes beside something fixed is the member, without it") {
    const Policy policy = policy_of({resource("members", {"/members/{member}.json"})});
    CHECK(policy.find("/members/mem_a.json").member == "mem_a");
    CHECK(policy.find("/members/me.json").member == "me");
}

TEST_CASE("Of two patterns that match one segment the first row wins, and a covered row is told") {
    const auto rows = [](std::string first, std::string second) {
        PolicyConfig rules;
        rules.resources = {resource("first", {std::move(first)}),
                           resource("second", {std::move(second)})};
        return rules;
    };
    const auto made = Policy::make(rows("/f/{a}.tar.gz", "/f/{b}.gz"));
    REQUIRE(made.ok());
    CHECK(lands(made.value(), "/f/x.tar.gz") == "first");
    CHECK(lands(made.value(), "/f/x.gz") == "second");
    CHECK(says(off(rows("/f/{b}.gz", "/f/{a}.tar.gz")), "'/f/{a}.tar.gz' can never match"));
    CHECK(says(off(rows("/f/{b}", "/f/{a}.gz")), "'/f/{a}.gz' can never match"));
    CHECK(says(off(rows("/f/{b}.gz", "/f/x.gz")), "'/f/x.gz' can never match"));
    CHECK(says(off(rows("/f/v{b}", "/f/v{a}.gz")), "can never match"));
    CHECK(says(off(rows("/f/**", "/f/{a}.gz")), "can never match"));
    // None of these covers the other, whatever letters stand in them.
    for (const auto& [first, second] :
         std::vector<std::pair<std::string, std::string>>{{"/f/{a}.gz", "/f/{b}"},
                                                          {"/f/x{a}", "/f/{b}.gz"},
                                                          {"/f/{a}x", "/f/{b}"},
                                                          {"/f/ax{a}", "/f/a{b}"},
                                                          {"/f/{a}xxxxxxxxxxxx", "/f/{b}xx"},
                                                          {"/f/{a}:x", "/f/{b}:y"}})
        CHECK(off(rows(first, second)).empty());
}

TEST_CASE("A fixed part that a rule refuses everywhere is told") {
    PolicyConfig rules;
    rules.resources = {resource("a", {"/a/{x};v"})};
    CHECK(says(off(rules), "can never match"));
    rules.resources[0].switches.semicolon = false;
    CHECK(off(rules).empty());
    rules.resources = {resource("a", {"/_hourgate/api/v{n}/**"})};
    CHECK(says(off(rules), "overlaps the gate's own"));
    rules.resources = {resource("a", {"/_hourgate/api/w{n}/**"})};
    CHECK(off(rules).empty());
}
