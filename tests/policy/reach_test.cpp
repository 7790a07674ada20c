// policy/policy.h: a path of a resource that can never match is refused as a configuration.
#include <string>
#include <vector>

#include "base/limits.h"
#include "policy/off.h"
#include "policy/policy.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::policy;
using hourgate::test::off;
using hourgate::test::says;

namespace {

struct Row {
    std::string name;
    std::vector<std::string> paths;
};

/// What is said of rows in this order; "" when nothing is.
std::string said(const std::vector<Row>& rows, const PathChecks& path = {}) {
    PolicyConfig rules;
    rules.path = path;
    for (const Row& row : rows) {
        Resource resource;
        resource.name = row.name;
        for (const std::string& text : row.paths)
            resource.patterns.push_back(parse_pattern(text).value());
        rules.resources.push_back(std::move(resource));
    }
    return off(std::move(rules));
}

}  // namespace

TEST_CASE("a path that one pattern above takes whole is refused, naming what takes it") {
    struct Pair {
        const char* above;
        const char* below;
    };
    for (const auto& [above, below] : std::vector<Pair>{
             {"/a/**", "/a/b"},
             {"/a/**", "/a"},
             {"/a/**", "/a/**"},
             {"/a/**", "/a/{x}/**"},
             {"/a/{x}", "/a/b"},
             {"/a/{x}", "/a/{y}"},
             {"/**", "/"},
             {"/**", "/a/**"},
             {"/{x}/b/**", "/a/b/{c}/d"},
             {"/a/{x}/**", "/a/{y}/c"},
             {"/a", "/a"},
             {"/a/b", "/A/b"},
             {"/a/**", "/A/b"},
             {"/a/**", "/a.json/b"},
             {"/v1/**", "/v1.1/x"},
             {"/a/k", "/a/\xe2\x84\xaa"},
         }) {
        INFO(above << " above " << below);
        const std::string what = said({{"first", {"/other", above}}, {"second", {below}}});
        CHECK(says(what, "resource 'second': path '" + std::string(below) + "' can never match"));
        CHECK(says(what, "resource 'first' above takes them by '" + std::string(above) + "'"));
    }
}

TEST_CASE("a path of which something is left is not refused") {
    struct Pair {
        const char* above;
        const char* below;
    };
    for (const auto& [above, below] : std::vector<Pair>{
             {"/a/b", "/a/{x}"},
             {"/a/b", "/a/**"},
             {"/a", "/a/**"},
             {"/a/{x}/**", "/a/**"},
             {"/a/{x}", "/a/**"},
             {"/a/{x}", "/a/b/c"},
             {"/a/{x}/c", "/a/{y}/{z}"},
             {"/a/**", "/b/**"},
             {"/", "/**"},
             {"/a/b/**", "/a/{x}/c"},
             {"/a.json", "/a"},
             {"/a-b", "/a"},
             {"/a", "/a-b"},
             {"/a", "/ab"},
         }) {
        INFO(above << " above " << below);
        CHECK(said({{"first", {above}}, {"second", {below}}}).empty());
    }
}

TEST_CASE("several patterns above that take a path together are named together") {
    const std::string what =
        said({{"one", {"/a"}}, {"two", {"/a/{x}/**"}}, {"three", {"/b", "/a/**"}}});
    CHECK(says(what, "resource 'three': path '/a/**' can never match"));
    CHECK(says(what, "resource 'one' above takes them by '/a'"));
    CHECK(says(what, "resource 'two' above takes them by '/a/{x}/**'"));
    CHECK(said({{"one", {"/a"}}, {"two", {"/a/{x}/{y}/**"}}, {"three", {"/a/**"}}}).empty());
    CHECK_FALSE(said({{"one", {"/a", "/a/{x}"}}, {"two", {"/a/{x}/{y}/**"}}, {"three", {"/a/**"}}})
                    .empty());
    // No capture takes an empty segment, where such are allowed: the rest does.
    PathChecks rules;
    rules.empty_segment = false;
    CHECK(said({{"one", {"/a"}}, {"two", {"/a/{x}/**"}}, {"three", {"/a/**"}}}, rules).empty());
    CHECK_FALSE(said({{"one", {"/a/**"}}, {"three", {"/a/**"}}}, rules).empty());
}

TEST_CASE("the same path twice in one resource is no mistake of its order") {
    CHECK(said({{"one", {"/a/**", "/a", "/a/{x}", "/a/**"}}}).empty());
}

TEST_CASE("a path that only a rule keeps from matching is left alone where the rule is off") {
    PathChecks lax;
    lax.case_variant = false;
    CHECK(said({{"one", {"/a"}}, {"two", {"/A"}}}, lax).empty());
    CHECK(says(said({{"one", {"/a"}}, {"two", {"/A"}}}), "policy.case_variant"));
    lax.reading_variant = false;
    CHECK(said({{"one", {"/a"}}, {"two", {"/a.json"}}}, lax).empty());
    CHECK(says(said({{"one", {"/a"}}, {"two", {"/a.json"}}}), "policy.reading_variant"));
    CHECK(says(said({{"one", {"/a;b"}}}), "semicolon"));
    CHECK(says(said({{"one", {"/a\\b"}}}), "backslash"));
    lax.semicolon = lax.backslash = false;
    CHECK(said({{"one", {"/a;b", "/a\\b"}}}, lax).empty());
}

TEST_CASE("what the gate's own routes take is refused, read as it may be") {
    CHECK(says(said({{"one", {"/_hourgate/api/v1.5/**"}}}), "resource 'hourgate'"));
    CHECK(said({{"one", {"/_hourgate/api/v2/**", "/{any}/**", "/**"}}}).empty());
}

TEST_CASE("every path that make lets pass can be reached, of all short patterns in any order") {
    const std::vector<std::string> patterns = {
        "/",        "/a",    "/b",      "/{x}",    "/a/b",      "/a/{x}",    "/{x}/b",
        "/{x}/{y}", "/a/**", "/{x}/**", "/a/b/**", "/a/{x}/**", "/{x}/b/**", "/**"};
    // Paths that are as different as these patterns can tell.
    std::vector<std::string> targets = {"/"};
    for (const char* one : {"/a", "/b", "/c"}) {
        targets.push_back(one);
        for (const char* two : {"/a", "/b", "/c"}) {
            targets.push_back(std::string(one) + two);
            for (const char* three : {"/a", "/b", "/c"})
                targets.push_back(std::string(one) + two + three);
        }
    }
    // Which pattern alone matches which of them: a row above another takes what it matches.
    const auto row = [](std::string name, const std::string& pattern) {
        Resource resource;
        resource.name = std::move(name);
        resource.patterns.push_back(parse_pattern(pattern).value());
        return resource;
    };
    std::vector<std::vector<bool>> matched;
    for (const std::string& pattern : patterns) {
        PolicyConfig rules;
        rules.resources.push_back(row("alone", pattern));
        const Policy policy = Policy::make(std::move(rules)).value();
        std::vector<bool> matches;
        for (const std::string& target : targets)
            matches.push_back(policy.find(target).resource != nullptr);
        matched.push_back(std::move(matches));
    }
    std::size_t refused = 0;
    for (std::size_t a = 0; a < patterns.size(); ++a)
        for (std::size_t b = 0; b < patterns.size(); ++b)
            for (std::size_t c = 0; c < patterns.size(); ++c) {
                bool second = false;
                bool third = false;
                for (std::size_t at = 0; at < targets.size(); ++at) {
                    second |= matched[b][at] && !matched[a][at];
                    third |= matched[c][at] && !matched[a][at] && !matched[b][at];
                }
                PolicyConfig rules;
                rules.resources = {row("a", patterns[a]), row("b", patterns[b]),
                                   row("c", patterns[c])};
                const bool made = Policy::make(std::move(rules)).ok();
                if (made != (second && third))
                    FAIL(patterns[a] << " " << patterns[b] << " " << patterns[c]);
                refused += made ? 0 : 1;
            }
    CHECK(refused > 100);
    CHECK(refused < patterns.size() * patterns.size() * patterns.size());
}
