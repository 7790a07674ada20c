// Names that change: of members, their e-mail addresses, names and notes of tokens.
#include "support/database_bench.h"

using namespace hourgate;
using namespace hourgate::manage;
using hourgate::test::DatabaseBench;
using hourgate::test::refused;
using hourgate::test::take;

namespace {

MemberChange to_name(std::string name) {
    MemberChange change;
    change.name = std::move(name);
    return change;
}
MemberChange to_email(std::string email) {
    MemberChange change;
    change.email = std::move(email);
    return change;
}

}  // namespace

TEST_CASE("a person gets another name and address, and keeps id, role and tokens") {
    DatabaseBench bench;
    const std::string acme = bench.workspace("acme");
    const std::string ann = bench.person(acme, "ann@acme.example", Role::owner);
    bench.mint(ann);
    MemberChange change = to_name("Ann Lee");
    change.email = "Ann.Lee@ACME.example";
    const MemberView after = take(change_member(bench.context(), ann, change));
    CHECK(after.member.public_id == ann);
    CHECK(after.member.email == "Ann.Lee@acme.example");
    CHECK(after.member.name == "Ann Lee");
    CHECK(after.member.role == Role::owner);
    CHECK(after.tokens == 1);
    CHECK(bench.last_event("action") == "member.change");
    CHECK(bench.last_event("object") == ann);
    CHECK(bench.last_event("before") ==
          R"({"email":"ann@acme.example","name":"","role":"owner","removed":null})");
    CHECK(bench.last_event("after") ==
          R"({"email":"Ann.Lee@acme.example","name":"Ann Lee","role":"owner","removed":null})");
    CHECK(take(show_member(bench.context(), "acme/ann.lee@acme.example")).member.public_id == ann);
    // Letter case of one's own address, and no name, are changes like others.
    CHECK(
        take(change_member(bench.context(), ann, to_email("ann.lee@acme.example"))).member.email ==
        "ann.lee@acme.example");
    CHECK(take(change_member(bench.context(), ann, to_name(""))).member.name.empty());
    const std::int64_t events = bench.events();
    take(change_member(bench.context(), ann, to_name("")));
    CHECK(bench.events() == events);
}

TEST_CASE("an address or a service's name that another has is refused, and so is a bad one") {
    DatabaseBench bench;
    const std::string acme = bench.workspace("acme");
    const std::string ann = bench.person(acme, "ann@acme.example", Role::owner);
    const std::string bob = bench.person(acme, "bob@acme.example");
    const std::string robot = bench.service(acme, "robot");
    bench.service(acme, "importer");
    take(remove_member(bench.context(), bob));  // on record still
    const auto why = [&](const std::string& member, const MemberChange& change) {
        return std::string(
            refused(bench, [&] { return change_member(bench.context(), member, change); }).reason);
    };
    CHECK(why(ann, to_email("BOB@acme.example")) == "member_exists");
    CHECK(why(robot, to_name("importer")) == "member_exists");
    CHECK(why(robot, to_name("")) == "bad_name");
    CHECK(why(robot, to_email("robot@acme.example")) == "bad_email");
    CHECK(why(ann, to_email("nobody")) == "bad_email");
    CHECK(why(ann, to_email("")) == "bad_email");
    CHECK(why(ann, to_name("a\nb")) == "bad_name");
    CHECK(why("mem_nobody", to_name("x")) == "not_found");
    // In another workspace the address is free.
    const std::string other = bench.person(bench.workspace("bolt"), "eve@bolt.example");
    CHECK(take(change_member(bench.context(), other, to_email("ann@acme.example"))).member.email ==
          "ann@acme.example");
}

TEST_CASE("a role that changes with a name keeps the rule of the last owner") {
    DatabaseBench bench;
    const std::string acme = bench.workspace("acme");
    const std::string ann = bench.person(acme, "ann@acme.example", Role::owner);
    MemberChange change = to_name("Ann");
    change.role = Role::member;
    CHECK(refused(bench, [&] { return change_member(bench.context(), ann, change); }).reason ==
          "last_owner");
    bench.person(acme, "bob@acme.example", Role::owner);
    CHECK(take(change_member(bench.context(), ann, change)).member.role == Role::member);
    CHECK(bench.last_event("action") == "member.change");
    change = {};
    change.role = Role::manager;
    take(change_member(bench.context(), ann, change));
    CHECK(bench.last_event("action") == "member.role");
}

TEST_CASE("a token gets a name and a note, and may do what it might before") {
    DatabaseBench bench;
    const std::string acme = bench.workspace("acme");
    const std::string ann = bench.person(acme, "ann@acme.example", Role::owner);
    const std::string prefix = bench.mint(ann).view.token.prefix;
    const TokenView changed =
        take(change_token(bench.context(), prefix, {"ci job", "ticket 1234"}));
    CHECK(changed.token.name == "ci job");
    CHECK(changed.token.note == "ticket 1234");
    CHECK(bench.last_event("action") == "token.change");
    CHECK(bench.last_event("object") == prefix);
    CHECK(bench.last_event("before") == R"({"name":"test","note":""})");
    CHECK(bench.last_event("after") == R"({"name":"ci job","note":"ticket 1234"})");
    const TokenView shown = take(show_token(bench.context(), prefix));
    CHECK(shown.token.note == "ticket 1234");
    CHECK(shown.token.name == "ci job");
    CHECK(status_of(shown, bench.clock.wall_ms) == "live");
    // A successor has both; a note can go, a name cannot.
    CHECK(take(rotate_token(bench.context(), prefix, {})).view.token.note == "ticket 1234");
    CHECK(take(change_token(bench.context(), prefix, {{}, ""})).token.note.empty());
    const auto why = [&](const TokenChange& change) {
        return std::string(
            refused(bench, [&] { return change_token(bench.context(), prefix, change); }).reason);
    };
    CHECK(why({"", {}}) == "bad_name");
    CHECK(why({{}, std::string(501, 'n')}) == "bad_name");
    CHECK(why({{}, "two\nlines"}) == "bad_name");
    NewToken asked{ann, "noted", {}, {}, {}};
    asked.note = "from the start";
    CHECK(take(mint_token(bench.context(), asked)).view.token.note == "from the start");
}

TEST_CASE("a note is no part of the directory: writing one has nobody read a decision anew") {
    DatabaseBench bench;
    const std::string prefix = bench.token_of("acme");
    const std::int64_t before = bench.version();
    bench.run("UPDATE tokens SET note = 'x'");
    CHECK(bench.version() == before);
    CHECK(take(show_token(bench.context(), prefix)).token.note == "x");
}

TEST_CASE("a member changes their own tokens alone, and a narrowed token those of its line") {
    DatabaseBench bench;
    const std::string acme = bench.workspace("acme");
    const std::string ann = bench.person(acme, "ann@acme.example", Role::owner);
    const std::string bob = bench.person(acme, "bob@acme.example");
    const std::string own = bench.mint(ann).view.token.prefix;
    const std::string second = bench.mint(ann).view.token.prefix;
    const std::string others = bench.mint(bob).view.token.prefix;
    const auto by_ann = [&](const std::string& prefix) {
        return change_token(bench.context_of(ann, own), prefix, {"renamed", {}});
    };
    CHECK(take(by_ann(own)).token.name == "renamed");
    CHECK(take(by_ann(second)).token.name == "renamed");
    CHECK(refused(bench, [&] { return by_ann(others); }).reason == "not_own");
    CHECK(refused(bench, [&] {
              return change_token(bench.context_of(bob, others), own, {"mine", {}});
          }).reason == "not_found");
    NewToken asked{ann, "narrow", {}, {}, {}};
    asked.scopes = take(policy::parse_scopes("hourgate:write"));
    const std::string narrow = take(mint_token(bench.context(), asked)).view.token.prefix;
    CHECK(refused(bench, [&] {
              return change_token(bench.context_of(ann, narrow), second, {"mine", {}});
          }).reason == "not_found");
    CHECK(take(change_token(bench.context_of(ann, narrow), narrow, {"mine", {}})).token.name ==
          "mine");
}
