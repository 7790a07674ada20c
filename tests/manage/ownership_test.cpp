// A workspace goes over to another owner: one step, two events, and no instant without an owner.
#include "manage/ownership.h"

#include "support/database_bench.h"

using namespace hourgate;
using namespace hourgate::manage;
using hourgate::test::DatabaseBench;
using hourgate::test::refused;
using hourgate::test::take;

namespace {

struct Site : DatabaseBench {
    const std::string acme = workspace("acme");
    const std::string ann = person(acme, "ann@acme.example", Role::owner);
    const std::string bob = person(acme, "bob@acme.example");
    std::string why(const Transfer& asked) {
        return std::string(
            refused(*this, [&] { return transfer_ownership(context(), asked); }).reason);
    }
};

}  // namespace

TEST_CASE("the only owner hands over to a member, and stays as an admin") {
    Site site;
    const std::int64_t events = site.events();
    const Transferred done = take(transfer_ownership(site.context(), {"acme", "bob@acme.example"}));
    CHECK(done.owner.member.public_id == site.bob);
    CHECK(done.owner.member.role == Role::owner);
    CHECK(done.former.member.public_id == site.ann);
    CHECK(done.former.member.role == Role::admin);
    CHECK(site.events() == events + 2);
    CHECK(site.last_event("action") == "member.role");
    CHECK(site.last_event("object") == site.ann);
    CHECK(site.last_event("before") == R"({"role":"owner"})");
    CHECK(site.last_event("after") == R"({"role":"admin"})");
    // And back, to another role.
    const Transferred back =
        take(transfer_ownership(site.context(), {site.acme, site.ann, site.bob, Role::member}));
    CHECK(back.former.member.role == Role::member);
    CHECK(take(show_member(site.context(), site.ann)).member.role == Role::owner);
}

TEST_CASE("of several owners the one who hands over is named, and the others stay") {
    Site site;
    const std::string eve = site.person(site.acme, "eve@acme.example", Role::owner);
    CHECK(site.why({"acme", site.bob}) == "ambiguous_member");
    take(transfer_ownership(site.context(), {"acme", site.bob, eve}));
    CHECK(take(show_member(site.context(), site.ann)).member.role == Role::owner);
    CHECK(take(show_member(site.context(), eve)).member.role == Role::admin);
}

TEST_CASE("a transfer to nobody, to oneself, to a removed or a foreign member changes nothing") {
    Site site;
    const std::string foreign = site.person(site.workspace("bolt"), "bob@bolt.example");
    CHECK(site.why({"acme", "mem_nobody"}) == "not_found");
    CHECK(site.why({"nowhere", site.bob}) == "not_found");
    CHECK(site.why({"acme", foreign}) == "not_found");
    CHECK(site.why({"acme", site.ann}) == "conflict");
    CHECK(site.why({"acme", site.bob, site.bob}) == "conflict");
    CHECK(site.why({"acme", site.bob, "", Role::owner}) == "conflict");
    take(remove_member(site.context(), site.bob));
    CHECK(site.why({"acme", site.bob}) == "member_removed");
    const std::string prefix = site.mint(site.ann).view.token.prefix;
    CHECK(refused(site, [&] {
              return transfer_ownership(site.context_of(site.ann, prefix), {"acme", site.bob});
          }).reason == "operators_only");
}
