// policy/scope.h: what a scope reaches, and when one list lies within another.
#include "policy/scope.h"

#include <string>
#include <vector>

#include "base/limits.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::policy;

namespace {

using Scopes = std::vector<Scope>;

/// All lists over two resources, each scope in or out.
std::vector<Scopes> all_lists() {
    Scopes universe;
    for (const auto* resource : {"a", "b"})
        for (const Reach reach : {Reach::read, Reach::write, Reach::all})
            universe.push_back({resource, reach});
    std::vector<Scopes> lists;
    for (unsigned chosen = 0; chosen < 1U << universe.size(); ++chosen) {
        Scopes list;
        for (std::size_t at = 0; at < universe.size(); ++at)
            if ((chosen >> at & 1U) != 0)
                list.push_back(universe[at]);
        lists.push_back(std::move(list));
    }
    return lists;
}

}  // namespace

TEST_CASE("A scope is read and written as resource:reach") {
    for (const auto* text :
         {"clients:read", "clients:write", "clients:*", "time-entries:read", "a_1:*"}) {
        const auto scope = parse_scope(text);
        INFO(text);
        REQUIRE(scope.ok());
        CHECK(to_text(scope.value()) == text);
    }
    CHECK(parse_scope("clients:write").value() == Scope{"clients", Reach::write});
    const std::string longest(resource_name_bytes_max, 'a');
    CHECK(parse_scope(longest + ":*").ok());
    CHECK_FALSE(parse_scope(longest + "a:*").ok());
}

TEST_CASE("What is no scope is refused, and the form is shown") {
    for (const auto* text :
         {"", ":", "clients", "clients:", ":read", "*", "*:write", "*:*", "*:READ", "**:read",
          "clients:READ", "clients:delete", "Clients:read", "clients:read ", " clients:read",
          "clients:read:write", "cli ents:read", "clients/read", "\xc3\xa9:read"}) {
        INFO(text);
        const auto scope = parse_scope(text);
        REQUIRE_FALSE(scope.ok());
        CHECK(scope.failure().fault == Fault::usage);
        CHECK(scope.failure().next.find("RESOURCE:read") != std::string::npos);
    }
}

TEST_CASE("A list of scopes is separated by single spaces") {
    const auto two = parse_scopes("clients:read tasks:*");
    REQUIRE(two.ok());
    CHECK(two.value() == Scopes{{"clients", Reach::read}, {"tasks", Reach::all}});
    CHECK(to_text(two.value()) == "clients:read tasks:*");
    const auto none = parse_scopes("");
    REQUIRE(none.ok());
    CHECK(none.value().empty());
    CHECK(to_text(none.value()).empty());
    for (const auto* text : {" ", "a:read ", " a:read", "a:read  b:read", "a:read,b:read",
                             "a:read\tb:read", "a:read b"})
        CHECK_FALSE(parse_scopes(text).ok());
    for (const Scopes& list : all_lists())
        CHECK(parse_scopes(to_text(list)).value() == list);
}

TEST_CASE("A list has at most 32 scopes") {
    std::string text = "a:read";
    for (std::size_t count = 1; count < limits::scopes_max; ++count)
        text += " a:read";
    REQUIRE(parse_scopes(text).ok());
    CHECK(parse_scopes(text).value().size() == limits::scopes_max);
    REQUIRE_FALSE(parse_scopes(text + " a:read").ok());
    CHECK(parse_scopes(text + " a:read").failure().fault == Fault::usage);
}

TEST_CASE("A scope reaches its own resource: read one action, write the other three, * all four") {
    for (const Action action : all_actions) {
        const bool reads = action == Action::read;
        CHECK(allow(Scopes{{"a", Reach::read}}, "a", action) == reads);
        CHECK(allow(Scopes{{"a", Reach::write}}, "a", action) == !reads);
        CHECK(allow(Scopes{{"a", Reach::all}}, "a", action));
        CHECK_FALSE(allow(Scopes{{"a", Reach::all}}, "b", action));
        CHECK_FALSE(allow(Scopes{{"a", Reach::all}}, "A", action));
        CHECK_FALSE(allow(Scopes{{"a", Reach::all}}, "", action));
        CHECK(allow(Scopes{{"a", Reach::read}, {"a", Reach::write}}, "a", action));
        CHECK(allow(Scopes{}, "anything", action));
    }
}

TEST_CASE("One list lies within another exactly when everything it allows is allowed there") {
    // The third resource stands for all that no scope names.
    const std::vector<std::string> resources = {"a", "b", "elsewhere"};
    const std::vector<Scopes> lists = all_lists();
    std::size_t within_count = 0;
    for (const Scopes& asked : lists)
        for (const Scopes& held : lists) {
            bool covered = true;
            for (const std::string& resource : resources)
                for (const Action action : all_actions)
                    covered = covered &&
                              (!allow(asked, resource, action) || allow(held, resource, action));
            if (within(asked, held) != covered)
                FAIL("'" << to_text(asked) << "' in '" << to_text(held) << "'");
            if (covered)
                ++within_count;
        }
    CHECK(within_count > lists.size());
    CHECK(within_count < lists.size() * lists.size());
}

TEST_CASE("The scope that would do is read for reading and write for the rest, and it does") {
    CHECK(scope_for("clients", Action::read) == "clients:read");
    for (const Action action : all_actions) {
        if (action != Action::read)
            CHECK(scope_for("clients", action) == "clients:write");
        CHECK(allow(Scopes{parse_scope(scope_for("clients", action)).value()}, "clients", action));
    }
}

TEST_CASE("*:read reads every resource but the gate's own, and is within itself alone") {
    const Scopes all = parse_scopes("*:read").value();
    CHECK(to_text(all) == "*:read");
    CHECK(allow(all, "clients", Action::read));
    CHECK_FALSE(allow(all, gate_resource_name, Action::read));
    for (const Action action : {Action::create, Action::update, Action::delete_})
        CHECK_FALSE(allow(all, "clients", action));
    const auto asked = [](std::string_view text) { return parse_scopes(text).value(); };
    CHECK(within(asked("clients:read tasks:read"), all));
    CHECK(within(all, all));
    CHECK(within(all, {}));
    CHECK_FALSE(within(asked("clients:write"), all));
    CHECK_FALSE(within(asked("clients:*"), all));
    CHECK_FALSE(within(asked("hourgate:read"), all));
    CHECK_FALSE(within(all, asked("clients:read hourgate:*")));
    CHECK_FALSE(within({}, all));
}

TEST_CASE("A write scope reads too only where that is configured") {
    const Scopes held = parse_scopes("clients:write").value();
    const Scopes reading = parse_scopes("clients:read").value();
    const Scopes everything = parse_scopes("clients:*").value();
    CHECK_FALSE(allow(held, "clients", Action::read));
    CHECK_FALSE(within(reading, held));
    CHECK(allow(held, "clients", Action::read, WriteScope::reads_too));
    CHECK_FALSE(allow(held, "tasks", Action::read, WriteScope::reads_too));
    CHECK(within(reading, held, WriteScope::reads_too));
    CHECK(within(everything, held, WriteScope::reads_too));
    CHECK(within(held, held, WriteScope::reads_too));
    CHECK_FALSE(within(held, reading, WriteScope::reads_too));
    CHECK_FALSE(allow(reading, "clients", Action::create, WriteScope::reads_too));
}
