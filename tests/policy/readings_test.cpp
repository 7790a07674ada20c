// policy/readings.h: a path that an upstream may read as one of an earlier resource is refused.
#include "policy/readings.h"

#include <string>
#include <vector>

#include "policy/policy.h"
#include "support/catch.h"

using namespace hourgate::policy;

namespace {

Resource resource(std::string name, const std::vector<std::string>& paths) {
    Resource made;
    made.name = std::move(name);
    for (const std::string& path : paths)
        made.patterns.push_back(parse_pattern(path).value());
    for (Access& row : made.access)
        row = parse_access("full").value();
    return made;
}

Policy policy_with(const PathChecks& path, std::vector<Resource> resources) {
    PolicyConfig rules;
    rules.path = path;
    rules.resources = std::move(resources);
    auto policy = Policy::make(std::move(rules));
    if (!policy)
        FAIL(policy.failure().what);
    return std::move(policy).value();
}

/// A narrow resource, and a wide one below it.
Policy two(const PathChecks& path = {}) {
    return policy_with(path, {resource("clients", {"/api/v1/clients/**", "/api/v1/keys"}),
                              resource("rest", {"/api/v1/**"})});
}

std::string lands(const Policy& policy, std::string_view target) {
    const Match match = policy.find(target);
    if (match.flaw == PathFlaw::reading_variant)
        return "reading";
    if (match.flaw == PathFlaw::case_variant)
        return "case";
    if (match.flaw != PathFlaw::none)
        return "!";
    return match.resource == nullptr ? "" : match.resource->name;
}

}  // namespace

TEST_CASE("a path that an upstream may cut back to an earlier resource is refused") {
    const Policy policy = two();
    for (const auto* tail :
         {".json", ".xml?x",  ".",     "..",     "%20", ".%20.", "~",    "!",
          ":1",    ":batch",  "(1)",   "*",      ",1",  "=",     "|",    "%3A%3A%24DATA",
          "+",     "%25",     "%20x",  "$x",     "&x",  "'x'",   "%22x", "%3Cx",
          "%5Bx",  ".json/7", "%20/7", ".tar.gz"}) {
        INFO(tail);
        CHECK(lands(policy, "/api/v1/clients" + std::string(tail)) == "reading");
    }
    CHECK(lands(policy, "/api/v1/%20clients") == "reading");
    CHECK(lands(policy, "/api/v1/CLIENTS.json") == "reading");
    CHECK(lands(policy, "/api.json/v1/clients") == "reading");
    CHECK(lands(policy, "/api/v1.0/clients") == "reading");
    CHECK(lands(policy, "/api/v1/keys/%20") == "reading");  // a segment that is cut away whole
    CHECK(lands(policy, "/api/v1/keys/...") == "reading");
    CHECK(lands(policy, "/api/%20/v1/clients") == "reading");
    CHECK(lands(policy, "/api/v1/x/..%20/clients") == "reading");
}

TEST_CASE("a name that only begins like an earlier resource's is another name") {
    const Policy policy = two();
    for (const auto* name : {"clients-archive", "clients_old", "clients2", "clientsx", "client",
                             "keyring", "me@example.com", "a.json", "x:1", "v1.2", "clients@x"}) {
        INFO(name);
        CHECK(lands(policy, "/api/v1/" + std::string(name)) == "rest");
    }
    // What matches as sent is not read in any other way.
    CHECK(lands(policy, "/api/v1/clients/7.json") == "clients");
    CHECK(lands(policy, "/api/v1/clients/%EF%BD%83") == "clients");
    CHECK(lands(policy, "/api/v1/keys") == "clients");
}

TEST_CASE("Unicode's other spellings of an earlier resource are refused, whatever their case") {
    const Policy policy = two();
    for (const auto* name : {
             "%EF%BD%83lients",       // full-width c
             "%EF%BC%A3LIENTS",       // full-width C
             "%EF%BD%83lients.json",  // and a suffix
             "c%E2%84%93ients",       // script small l
             "cl%E2%80%8Bients",      // zero-width space
             "clients%E2%80%AE",      // right-to-left override
             "clients%EF%BC%8Ejson",  // full-width full stop
             "clients%C2%A0",         // no-break space
             "clients%E3%80%80",      // ideographic space
             "cl%C4%B1ents",          // dotless i: I in upper case
             "CL%C4%B0ENTS",          // dotted I
             "client%C5%BF",          // long s
         }) {
        INFO(name);
        CHECK(lands(policy, "/api/v1/" + std::string(name)) == "reading");
    }
    CHECK(lands(policy, "/api/v1/%E2%84%AAeys") == "reading");  // Kelvin sign
    CHECK(lands(policy, "/api/v1/cli%C3%ABnts") == "rest");     // an accent is another letter
    CHECK(lands(policy, "/api/v1/%D1%81lients") == "rest");     // Cyrillic es only looks alike
}

namespace {

/// A public resource whose rows take nearly everything, above or below a protected one.
Policy in_order(bool public_first, const PathChecks& path = {}) {
    Resource docs = resource("docs", {"/docs/**", "/{any}/read/**"});
    docs.is_public = true;
    docs.access = {};
    const Resource admin = resource("admin", {"/admin/**", "/read/**"});
    return policy_with(path, public_first ? std::vector{docs, admin} : std::vector{admin, docs});
}

std::string where(const Policy& policy, const std::string& segment) {
    std::string all;
    for (const auto& target : {"/docs/" + segment + "/admin/keys", "/docs/a/" + segment,
                               "/" + segment + "/read/keys", "/docs/b/c/" + segment + "/"}) {
        const std::string there = lands(policy, target);
        all += (all.empty() || all == there) ? (all.empty() ? there : "") : " " + there;
    }
    return all;
}

}  // namespace

TEST_CASE("a segment that may be read as a dot segment is refused in any order of rows") {
    for (const bool public_first : {true, false}) {
        const Policy policy = in_order(public_first);
        for (const std::string one : {".", "%EF%BC%8E", "%E2%80%A4", "%EF%B9%92"})
            for (const std::string between : {"", "%E2%80%8B", "%C2%AD", "%EF%B8%8F", "%E2%80%AE",
                                              "%CC%81", "%F3%A0%81%81", "%EF%BF%BA"})
                for (const std::string before :
                     {"", "%20", "%C2%A0%20", "%E3%80%80", "%E1%9A%80", "%E2%81%A0", "%E2%A0%80"})
                    for (const std::string after :
                         {"", "%20", "%C2%A0", "%E2%80%A9", "%E2%80%8B", ".", ".json", ",x", ":",
                          ":1", "%EF%BC%9Ax", "%3Fx", "%25", "~", "%CC%81", "%CD%BE", "%EF%BC%8F"})
                        for (const bool two : {true, false}) {
                            const std::string dots = two ? one + between + one : one + between;
                            const std::string segment = before + dots + after;
                            if (segment == "." || segment == "..")
                                continue;  // dot_segment: tests/policy/path_test.cpp
                            INFO(segment);
                            CHECK(where(policy, segment) == "reading");
                        }
        CHECK(where(policy, "%E2%80%A5") == "reading");               // two dot leader
        CHECK(where(policy, "%E2%80%A6") == "reading");               // ellipsis: three dots
        CHECK(where(policy, "%EF%BC%852e%EF%BC%852E") == "reading");  // full-width percent sign
        CHECK(where(policy, "%25u002e%25u002e") == "reading");
        CHECK(lands(policy, "/docs/..;x/admin") == "!");
        CHECK(lands(policy, "/docs/..%00/admin") == "!");
    }
}

TEST_CASE("a segment that may be read as two, or as none, is refused in any order of rows") {
    for (const bool public_first : {true, false}) {
        const Policy policy = in_order(public_first);
        for (const auto* segment : {
                 "a%EF%BC%8Fb",              // full-width slash
                 "..%EF%BC%8F..%EF%BC%8Fx",  // and dots
                 "a%EF%BC%BCb",              // full-width backslash
                 "a%EF%B9%A8b",              // small backslash
                 "a%E2%81%84b",              // fraction slash
                 "a%E2%88%95b",              // division slash
                 "a%E2%88%96b",              // set minus
                 "%E2%84%80",                // account of: a/c
                 "a%EF%BC%852fb",            // full-width percent sign
                 "%20",                      // blank
                 "%E2%80%8B",                // zero-width space
                 "%C2%A0%E3%80%80",          // no-break space, ideographic space
                 "%E2%80%A8",                // line separator
             }) {
            INFO(segment);
            CHECK(where(policy, segment) == "reading");
        }
    }
}

TEST_CASE(
    "names with dots, spaces, punctuation and other scripts in them are names like any other") {
    const Policy policy = in_order(true);
    for (const auto* name : {"v1.2..3",
                             "a..b",
                             "file...txt",
                             "a.",
                             "a..",
                             "end%20",
                             "%20begin",
                             "a%20..%20b",
                             "two%20words.txt",
                             ".well-known",
                             ".env.local",
                             ".a",
                             "._a",
                             ".-x",
                             "clients:export",
                             ":export",
                             "$batch",
                             "(1)",
                             "*",
                             "~me",
                             "a,b",
                             "1:2:3",
                             "100%25",
                             "What%3F",
                             "8%C2%BD",                               // 8 1/2, in one character
                             "%E2%82%AC100",                          // euro sign
                             "%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82",  // Cyrillic
                             "%E0%A4%B9%E0%A4%BF%E0%A4%A8%E0%A5%8D",  // Devanagari with marks
                             "%F0%9F%91%A8%E2%80%8D%F0%9F%91%A9",     // two emoji and a joiner
                             "caf%C3%A9.txt",
                             "%EF%BC%A1"}) {
        INFO(name);
        CHECK(where(policy, name) == "docs");
    }
    CHECK(lands(policy, "/docs/") == "docs");
    CHECK(lands(policy, "/admin/clients:export") == "admin");
}

TEST_CASE("a switched-off rule leaves a hidden dot segment or slash where the rule allows one") {
    PathChecks rules;
    rules.reading_variant = false;
    CHECK(where(in_order(true, rules), "..%20") == "docs");
    CHECK(where(in_order(true, rules), "a%EF%BC%8Fb") == "docs");
    rules = {};
    rules.dot_segment = false;
    CHECK(where(in_order(true, rules), "..%20") == "docs");
    CHECK(where(in_order(true, rules), "..%EF%BC%8Fx") == "reading");
    rules = {};
    rules.encoded_slash = rules.semicolon = rules.control_byte = rules.not_utf8 = false;
    const Policy lax = in_order(true, rules);
    CHECK(where(lax, "a%2Fb") == "docs");
    CHECK(where(lax, "https:%2F%2Fexample.com%2Fa;b") == "docs");
    for (const auto* segment :
         {"a%2F..%2F..%2Fb", "..;x", "..%00", "..%0A", ".%01.", "%00", ".%FF."}) {
        INFO(segment);
        CHECK(where(lax, segment) == "reading");
    }
}

TEST_CASE("a row whose own path would be refused for a hidden dot segment is an error") {
    PolicyConfig rules;
    rules.resources = {resource("one", {"/files/..x/**"})};
    const auto policy = Policy::make(rules);
    REQUIRE_FALSE(policy);
    CHECK(policy.failure().what.find("can never match") != std::string::npos);
}

TEST_CASE("a literal that is no ASCII is found in its other spellings, too") {
    // "/café", with one character for the accented letter.
    const Policy policy =
        policy_with({}, {resource("one", {"/caf\xc3\xa9"}), resource("rest", {"/**"})});
    CHECK(lands(policy, "/caf%C3%A9") == "one");
    CHECK(lands(policy, "/cafe%CC%81") == "reading");  // with two
    CHECK(lands(policy, "/CAF%C3%89.json") == "reading");
    CHECK(lands(policy, "/cafe") == "rest");
}

TEST_CASE("the gate's own routes and public resources are guarded like any other") {
    Resource open = resource("open", {"/open"});
    open.is_public = true;
    open.access = {};
    const Policy policy = policy_with({}, {open, resource("rest", {"/**"})});
    for (const auto* target :
         {"/_hourgate/api/v1.json", "/_hourgate/api/v1.0/me", "/_hourgate%20/api/v1/me",
          "/_hourgate/why%20/dec_1", "/open.html", "/%EF%BD%8Fpen"}) {
        INFO(target);
        CHECK(lands(policy, target) == "reading");
        CHECK_FALSE(policy.find(target).is_gate_route());
    }
    CHECK(lands(policy, "/_hourgate/api/v1/tokens/x.json") == "hourgate");
    CHECK(lands(policy, "/_hourgate/healthz.json") == "rest");
}

TEST_CASE("each of the two rules about readings can be switched off by itself") {
    PathChecks no_readings;
    no_readings.reading_variant = false;
    const Policy by_case = two(no_readings);
    CHECK(lands(by_case, "/api/v1/clients.json") == "rest");
    CHECK(lands(by_case, "/api/v1/%EF%BD%83lients") == "rest");
    CHECK(lands(by_case, "/api/v1/Clients") == "case");
    CHECK(lands(by_case, "/api/v1/%E2%84%AAeys") == "case");  // Kelvin sign

    PathChecks no_case;
    no_case.case_variant = false;
    const Policy by_reading = two(no_case);
    CHECK(lands(by_reading, "/api/v1/Clients") == "rest");
    CHECK(lands(by_reading, "/api/v1/Clients.json") == "rest");
    CHECK(lands(by_reading, "/api/v1/clients.json") == "reading");
    CHECK(lands(by_reading, "/api/v1/%EF%BD%83lients") == "reading");
    CHECK(lands(by_reading, "/api/v1/%EF%BC%A3lients") == "rest");  // full-width C

    PathChecks neither = no_case;
    neither.reading_variant = false;
    const Policy lax = two(neither);
    for (const auto* name : {"Clients", "clients.json", "%EF%BD%83lients", "%E2%84%AAeys"})
        CHECK(lands(lax, "/api/v1/" + std::string(name)) == "rest");
}

TEST_CASE("what another rule allows is not read as something else by this one") {
    PathChecks rules;
    rules.encoded_slash = rules.semicolon = rules.empty_segment = rules.dot_segment = false;
    const Policy policy = two(rules);
    CHECK(lands(policy, "/api/v1/clients%2F7") == "rest");
    CHECK(lands(policy, "/api/v1/clients;v=1") == "rest");
    CHECK(lands(policy, "/api/v1//clients") == "rest");
    CHECK(lands(policy, "/api/v1/x/../clients") == "rest");
    CHECK(lands(policy, "/api/v1/clients.json;v=1") == "reading");
}

// To put such a row in order takes utf8proc a time that grows with the square of its length.
TEST_CASE("a letter with more marks than any language has is refused, and is not put in order") {
    const Policy policy = two({});
    const auto row = [](int marks, const std::string& between) {
        std::string text = "/api/v1/a";
        for (int i = 0; i < marks; ++i)
            text += (i % 2 == 0 ? "\xcd\x84" : "\xcc\xb4") + between;  // U+0344, U+0334
        return text;
    };
    CHECK(lands(policy, row(30, "")) == "rest");
    CHECK(lands(policy, row(31, "")) == "reading");
    CHECK(lands(policy, row(1'000, "")) == "reading");
    CHECK(lands(policy, row(31, "\xe2\x80\x8b")) == "reading");  // U+200B, which NFKC leaves out
    CHECK(lands(policy, row(31, "b")) == "rest");
    std::string escaped = "/api/v1/a";
    for (int i = 0; i < 31; ++i)
        escaped += "%CD%84";
    CHECK(lands(policy, escaped) == "reading");
}

TEST_CASE("a plain path has no other reading, and says so") {
    for (const auto* target : {"/", "/api/v1/clients", "/a-b/c_d/7/", "/A/%62"})
        CHECK(read_path(target, {}).plain);
    for (const auto* target : {"/a.b", "/a%20", "/~a", "/caf%C3%A9", "/a:b", "/a@b", "/*"})
        CHECK_FALSE(read_path(target, {}).plain);
}
