// Members: each use case, its audit event, and every way in which it can be refused.
#include "support/database_bench.h"

using namespace hourgate;
using namespace hourgate::manage;
using hourgate::test::DatabaseBench;
using hourgate::test::refused;
using hourgate::test::take;

namespace {

NewMember person(const std::string& email) {
    return {"acme", MemberKind::person, email, "", Role::member};
}
NewMember service(const std::string& name) {
    return {"acme", MemberKind::service, "", name, Role::member};
}

/// The public id of the member a text means.
std::string found(DatabaseBench& bench, const std::string& text) {
    const auto view = restore_member(bench.context(), text);  // changes nothing of who is present
    return view.ok() ? view.value().member.public_id : view.failure().what;
}

}  // namespace

TEST_CASE("a person is added under an e-mail, whose domain is lower-cased") {
    DatabaseBench bench;
    const std::string ws = bench.workspace("acme");
    NewMember asked = person("Ann.Lee@ACME.Example");
    asked.role = Role::admin;
    asked.name = "Ann Lee";
    const MemberView view = take(add_member(bench.context(), asked));
    CHECK(view.member.public_id.substr(0, 4) == "mem_");
    CHECK(view.member.email == "Ann.Lee@acme.example");
    CHECK(view.member.name == "Ann Lee");
    CHECK(view.member.role == Role::admin);
    CHECK(view.member.created_ms == bench.clock.wall_ms);
    CHECK_FALSE(view.member.removed_ms.has_value());
    CHECK(view.workspace_id == ws);
    CHECK(view.workspace_name == "acme");
    CHECK(view.tokens == 0);
    CHECK(bench.last_event("action") == "member.add");
    CHECK(bench.last_event("object") == view.member.public_id);
    CHECK(bench.last_event("workspace_id") == ws);
    CHECK(bench.last_event("after") ==
          R"({"kind":"person","email":"Ann.Lee@acme.example","name":"Ann Lee","role":"admin"})");
}

TEST_CASE("a service is added under a name") {
    DatabaseBench bench;
    bench.workspace("acme");
    const MemberView view = take(add_member(bench.context(), service("build \"robot\"")));
    CHECK(view.member.kind == MemberKind::service);
    CHECK(view.member.name == "build \"robot\"");
    CHECK(view.member.email.empty());
    CHECK(bench.last_event("after") ==
          R"({"kind":"service","email":"","name":"build \"robot\"","role":"member"})");
}

TEST_CASE("members of a workspace are listed, removed ones included, with their live tokens") {
    DatabaseBench bench;
    const std::string ws = bench.workspace("acme");
    const std::string ann = bench.person(ws, "ann@acme.example", Role::owner);
    const std::string robot = bench.service(ws, "robot");
    bench.person(bench.workspace("bolt"), "bob@bolt.example");
    bench.mint(ann);
    bench.mint(ann);
    take(remove_member(bench.context(), robot));
    const auto list = take(list_members(bench.context(), "acme")).items;
    REQUIRE(list.size() == 2);
    CHECK(list[0].member.public_id == ann);
    CHECK(list[0].tokens == 2);
    CHECK(list[1].member.public_id == robot);
    CHECK(list[1].member.removed_ms == bench.clock.wall_ms);
    CHECK(list_members(bench.context(), "nobody").failure().fault == Fault::not_found);
}

TEST_CASE("a member is refused where the text, the workspace or the name is not right") {
    DatabaseBench bench;
    bench.workspace("acme");
    const auto fault = [&](const NewMember& asked) {
        return refused(bench, [&] { return add_member(bench.context(), asked); });
    };
    for (const std::string& email :
         {std::string(), std::string("ann"), std::string("@b"), std::string("a@"),
          std::string("a@b@c"), std::string("a b@c"), std::string("a\n@c"), std::string("a\xff@c"),
          std::string("a@b\0c", 5), std::string(255, 'a') + "@b"})
        CHECK(fault(person(email)).fault == Fault::usage);
    CHECK(fault(person("ann")).what == "'ann' is not an e-mail address");
    for (const std::string& name : {std::string(), std::string(" x"), std::string("\x7f"),
                                    std::string("\xc3"), std::string(201, 'x')})
        CHECK(fault(service(name)).fault == Fault::usage);
    NewMember both = service("robot");
    both.email = "r@acme.example";
    CHECK(fault(both).what == "a service has no e-mail address");
    NewMember odd = person("ann@acme.example");
    odd.name = "\t";
    CHECK(fault(odd).what == "a member cannot be named '\\x09'");
    NewMember nowhere = person("ann@acme.example");
    nowhere.workspace = "bolt";
    CHECK(fault(nowhere).fault == Fault::not_found);
}

TEST_CASE("an e-mail, in any case, or a service name is in a workspace once, also when removed") {
    DatabaseBench bench;
    const std::string ws = bench.workspace("acme");
    const std::string ann = bench.person(ws, "ann@acme.example", Role::owner);
    const std::string robot = bench.service(ws, "robot");
    Failure failure =
        refused(bench, [&] { return add_member(bench.context(), person("ANN@Acme.Example")); });
    CHECK(failure.fault == Fault::conflict);
    CHECK(failure.what == "ann@acme.example (" + ann + ") of 'acme' is a member already");

    take(remove_member(bench.context(), robot));
    failure = refused(bench, [&] { return add_member(bench.context(), service("robot")); });
    CHECK(failure.fault == Fault::conflict);
    CHECK(failure.what == "'robot' (" + robot + ") of 'acme' was removed and is still on record");
    CHECK(failure.next == "bring them back: `hourgate member restore " + robot + "`");

    bench.service(ws, "Robot");  // names are told apart by case, addresses are not
    bench.workspace("bolt");
    bench.person("bolt", "ann@acme.example");  // another workspace is another matter
}

TEST_CASE("a member is found by id, by workspace and e-mail or name, and by a unique e-mail") {
    DatabaseBench bench;
    const std::string acme = bench.workspace("acme"), odd = bench.workspace("A/B GmbH");
    const std::string ann = bench.person(acme, "ann@acme.example");
    const std::string robot = bench.service(acme, "build robot");
    const std::string bob = bench.person(odd, "bob@acme.example");
    CHECK(found(bench, ann) == ann);
    CHECK(found(bench, "ANN@acme.EXAMPLE") == ann);
    CHECK(found(bench, "acme/Ann@acme.example") == ann);
    CHECK(found(bench, acme + "/ann@acme.example") == ann);
    CHECK(found(bench, "acme/build robot") == robot);
    CHECK(found(bench, "A/B GmbH/bob@acme.example") == bob);
    CHECK(found(bench, "build robot") == "there is no member 'build robot'");
    CHECK(found(bench, "acme/Build robot") == "there is no member 'acme/Build robot'");
    CHECK(found(bench, "acme/bob@acme.example") == "there is no member 'acme/bob@acme.example'");
    CHECK(found(bench, "") == "there is no member ''");
    CHECK(found(bench, "/") == "there is no member '/'");
    CHECK(found(bench, "a\nb") == "there is no member 'a\\x0ab'");
    CHECK(restore_member(bench.context(), "nobody").failure().fault == Fault::not_found);
}

TEST_CASE("an e-mail in two workspaces is a wrong usage that lists both ids") {
    DatabaseBench bench;
    const std::string one = bench.person(bench.workspace("acme"), "ann@x.example");
    const std::string two = bench.person(bench.workspace("bolt"), "Ann@x.example");
    take(remove_member(bench.context(), two));
    const Failure failure =
        refused(bench, [&] { return change_role(bench.context(), "ann@x.example", Role::owner); });
    CHECK(failure.fault == Fault::usage);
    CHECK(failure.what == "'ann@x.example' means 2 members: " + one + " in 'acme', " + two +
                              " in 'bolt' (removed)");
    CHECK(failure.next ==
          "name the one you mean as WORKSPACE/EMAIL or WORKSPACE/SERVICE, or by its id");
    CHECK(found(bench, "bolt/ann@x.example") == two);
}

TEST_CASE("a person and a service of one spelling are told apart by id") {
    DatabaseBench bench;
    const std::string ws = bench.workspace("acme");
    bench.person(ws, "ann@x.example");
    bench.service(ws, "ann@x.example");
    CHECK(found(bench, "acme/ann@x.example").find("means 2 members") != std::string::npos);
}

TEST_CASE("a role is changed, with its event, also of a removed member") {
    DatabaseBench bench;
    const std::string ws = bench.workspace("acme");
    const std::string ann = bench.person(ws, "ann@acme.example", Role::manager);
    CHECK(take(change_role(bench.context(), ann, Role::admin)).member.role == Role::admin);
    CHECK(bench.last_event("action") == "member.role");
    CHECK(bench.last_event("workspace_id") == ws);
    CHECK(bench.last_event("before") == R"({"role":"manager","removed":null})");
    CHECK(bench.last_event("after") == R"({"role":"admin","removed":null})");
    take(remove_member(bench.context(), ann));
    CHECK(take(change_role(bench.context(), ann, Role::member)).member.role == Role::member);
}

TEST_CASE("a member is removed and restored, each once") {
    DatabaseBench bench;
    const std::string ann = bench.person(bench.workspace("acme"), "ann@acme.example");
    const std::int64_t then = bench.clock.wall_ms;
    CHECK(take(remove_member(bench.context(), ann)).member.removed_ms == then);
    CHECK(bench.last_event("action") == "member.remove");
    bench.clock.wall_ms += 1'000;
    const std::int64_t version = bench.version(), events = bench.events();
    CHECK(take(remove_member(bench.context(), ann)).member.removed_ms == then);  // as it was
    CHECK(bench.version() == version);
    CHECK(bench.events() == events);

    CHECK_FALSE(take(restore_member(bench.context(), ann)).member.removed_ms.has_value());
    CHECK(bench.last_event("action") == "member.restore");
    CHECK(bench.events() == events + 1);
    take(restore_member(bench.context(), ann));
    CHECK(bench.events() == events + 1);
}

TEST_CASE("a role that a member has already changes and records nothing") {
    DatabaseBench bench;
    const std::string ann = bench.person(bench.workspace("acme"), "ann@acme.example", Role::owner);
    const std::int64_t version = bench.version(), events = bench.events();
    take(change_role(bench.context(), ann, Role::owner));
    CHECK(bench.version() == version);
    CHECK(bench.events() == events);
}

TEST_CASE("the last present owner of a workspace stays owner and stays") {
    DatabaseBench bench;
    const std::string ws = bench.workspace("acme");
    const std::string ann = bench.person(ws, "ann@acme.example", Role::owner);
    const std::string bob = bench.person(ws, "bob@acme.example", Role::owner);
    bench.person(bench.workspace("bolt"), "eve@bolt.example", Role::owner);
    take(remove_member(bench.context(), bob));  // a removed owner is none

    Failure failure =
        refused(bench, [&] { return change_role(bench.context(), ann, Role::admin); });
    CHECK(failure.fault == Fault::conflict);
    CHECK(failure.what == "ann@acme.example (" + ann + ") is the last owner of the workspace");
    CHECK(failure.next == "make somebody else owner first: `hourgate member role MEMBER owner`");
    failure = refused(bench, [&] { return remove_member(bench.context(), ann); });
    CHECK(failure.fault == Fault::conflict);

    take(restore_member(bench.context(), bob));
    take(change_role(bench.context(), ann, Role::admin));
    CHECK(remove_member(bench.context(), bob).failure().fault == Fault::conflict);
}

TEST_CASE("a member that differs only in letter case is asked about, and a service warned of") {
    DatabaseBench bench;
    bench.workspace("Acme");
    bench.person("Acme", "Ann@acme.example");
    bench.service("Acme", "Importer");
    const auto next = [&](const std::string& text) {
        return refused(bench, [&] { return change_role(bench.context(), text, Role::admin); }).next;
    };
    CHECK(next("acme/ann@ACME.example").starts_with("did you mean 'Acme/Ann@acme.example'? "));
    CHECK(next("Acme/importer").starts_with("did you mean 'Acme/Importer'? "));
    CHECK(next("ACME/IMPORTER").starts_with("did you mean 'Acme/Importer'? "));
    CHECK(next("acme/nobody@acme.example").starts_with("name one by id"));
    CHECK(take(change_role(bench.context(), "Acme/ann@ACME.example", Role::admin)).member.email ==
          "Ann@acme.example");  // an address is found in any case

    const auto warning = [&](const std::string& text) {
        const Member member = take(show_member(bench.context(), text)).member;
        return take(warning_about_name(bench.context(), member));
    };
    CHECK(warning("Acme/Importer").empty());
    CHECK(warning("Acme/Ann@acme.example").empty());
    bench.service("Acme", "importer");
    CHECK(
        warning("Acme/importer").starts_with("The workspace also has a service 'Importer' (mem_"));
}
