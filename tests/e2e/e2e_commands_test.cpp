// Every command of the real program: what it does, what it says, how it exits.
#include <set>
#include <string>

#include "e2e/installation.h"
#include "store/database_connection.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

/// Runs a command that must fail: exit code, what it says, and nothing on standard output.
std::string refused(const Installation& here, const Arguments& command, int exit_code) {
    const Ran ran = here.run(command);
    INFO(ran.err);
    CHECK(ran.exit_code == exit_code);
    CHECK(ran.out.empty());
    CHECK(ran.err.find("hourgate: ") == 0);
    CHECK(contains(ran.err, "  next: "));
    return ran.err;
}

}  // namespace

TEST_CASE("init makes database, plans and the first operator token, once") {
    const Installation here;
    const Json made = here.json({"init"});
    CHECK(made.at("database") == here.database());
    CHECK(made.at("kind") == "operator");
    CHECK(made.at("token").get<std::string>().find("hsk_live_") == 0);
    CHECK(names_in(here.folder().file("data")) == Arguments{"hourgate.db"});
    CHECK(run({"stat", "-c", "%a", here.database()}).out == "600\n");
    CHECK(run({"stat", "-c", "%a", here.folder().file("data")}).out == "700\n");
    CHECK(here.json({"plan", "list"}).size() == 3);

    const std::string before = read_file(here.database());
    const std::string said = refused(here, {"init"}, 1);
    CHECK(contains(said, here.database()));
    CHECK(contains(said, "nothing was changed"));
    CHECK(read_file(here.database()) == before);
}

TEST_CASE("init leaves nothing behind where it fails") {
    const Installation here;
    write_file(here.folder().file("data"), "a file where the folder should be");
    refused(here, {"init"}, 1);
    CHECK(names_in(here.folder().path()) == Arguments{"config.toml", "data"});
}

TEST_CASE("a command before init names the database and says init") {
    const Installation here;
    for (const Arguments& command :
         {Arguments{"serve"}, Arguments{"workspace", "list"}, Arguments{"token", "list"},
          Arguments{"backup", here.folder().file("b.db")}}) {
        const std::string said = here.run(command).err;
        CHECK(contains(said, here.database()));
        CHECK(contains(said, "hourgate init"));
        CHECK(contains(said, here.config()));
    }
    CHECK(names_in(here.folder().path()) == Arguments{"config.toml"});
}

TEST_CASE("workspaces are added, listed, shown, and moved to a plan") {
    const Installation here;
    here.must({"init"});
    const Json acme = here.json(
        {"workspace", "add", "Acme Inc", "--plan", "studio", "--paid-until", "2099-01-31"});
    CHECK(acme.at("plan") == "studio");
    CHECK(acme.at("paidUntil") == "2099-02-01T00:00:00Z");
    CHECK(here.json({"workspace", "add", "Zo\xc3\xab & S\xc3\xb6hne"}).at("plan") == "free");
    CHECK(here.json({"workspace", "list"}).size() == 2);
    CHECK(here.json({"workspace", "show", acme.at("id")}) ==
          here.json({"workspace", "show", "Acme Inc"}));
    const Json moved = here.json({"workspace", "plan", "Acme Inc", "agency"});
    CHECK(moved.at("plan") == "agency");
    CHECK(moved.at("paidUntil") == acme.at("paidUntil"));  // as over HTTP: what is not said stays
    CHECK(moved.at("standing") == "paid");
    CHECK(moved.at("daysLeft") > 20'000);
    const Json endless =
        here.json({"workspace", "plan", "Acme Inc", "agency", "--paid-until", "none"});
    CHECK(endless.at("paidUntil").is_null());
    CHECK(endless.at("daysLeft").is_null());
    CHECK(here.json({"workspace", "plan", "Acme Inc", "studio"}).at("paidUntil").is_null());
    CHECK(here.json({"workspace", "plan", "Acme Inc", "agency", "--paid-until", "2099-01-31"})
              .at("paidUntil") == "2099-02-01T00:00:00Z");
    for (const char* member : {"id", "name", "plan", "paidUntil", "standing", "lapsesAt",
                               "daysLeft", "createdAt", "members", "tokens"})
        CHECK(moved.contains(member));

    CHECK(contains(here.run({"workspace", "list"}).out, "Zo\xc3\xab & S\xc3\xb6hne"));
    CHECK(contains(here.run({"workspace", "show", "Acme Inc"}).out, "plan        agency\n"));
    CHECK(contains(refused(here, {"workspace", "add", "Acme Inc"}, 1), "Acme Inc"));
    CHECK(contains(refused(here, {"workspace", "show", "Nobody"}, 1), "Nobody"));
    CHECK(contains(refused(here, {"workspace", "plan", "Acme Inc", "gold"}, 1), "gold"));
    CHECK(contains(refused(here, {"workspace", "add", "B", "--plan", "gold"}, 1), "gold"));
    CHECK(contains(refused(here, {"workspace", "add", "B", "--paid-until", "2027-02-30"}, 2),
                   "2027-02-30"));
    refused(here, {"workspace", "add", " B"}, 2);
    refused(here, {"workspace", "add", ""}, 2);
    refused(here, {"workspace", "add", std::string(201, 'x')}, 2);
    CHECK(here.json({"workspace", "list"}).size() == 2);
}

TEST_CASE("a date in the past is done, and said to be one") {
    const Installation here;
    here.must({"init"});
    const Ran lapsed =
        here.run({"workspace", "add", "Old", "--plan", "studio", "--paid-until", "2020-01-01"});
    CHECK(lapsed.exit_code == 0);
    CHECK(contains(lapsed.err, "has lapsed, and counts as plan 'free' since 2020-01-05T00:00:00Z"));
    CHECK(contains(here.run({"workspace", "list"}).out, "lapsed"));
    CHECK(contains(here.run({"workspace", "show", "Old"}).out, "standing    lapsed\n"));
    CHECK(here.json({"workspace", "show", "Old"}).at("lapsesAt") == "2020-01-05T00:00:00Z");
    const Ran json =
        here.run({"workspace", "plan", "Old", "studio", "--paid-until", "2020-01-01", "--json"});
    CHECK(Json::parse(json.err).at("warning").at("message").get<std::string>().find("Paid until") ==
          0);
    CHECK(Json::parse(json.out).at("plan") == "studio");
    CHECK(
        here.run({"workspace", "plan", "Old", "studio", "--paid-until", "2099-01-01"}).err.empty());
}

TEST_CASE(
    "a change that cuts customers off says whom, and one that nearly names a workspace, which") {
    const Installation here;
    here.populate();
    here.must({"token", "mint", "Acme/owner@acme.example", "--name", "a"});
    const std::string cut_off =
        "1 workspace with 1 live token counts as plan 'studio', which has "
        "no API access any more";
    const Ran off = here.run({"plan", "set", "studio", "--api", "no"});
    CHECK(off.exit_code == 0);
    CHECK(contains(off.err, "warning: " + cut_off));
    here.must({"plan", "set", "studio", "--api", "yes"});
    CHECK(contains(here.json({"plan", "set", "studio", "--api", "no"}).at("warnings").dump(),
                   cut_off));
    CHECK(here.json({"plan", "set", "studio", "--api", "yes"}).at("warnings").empty());
    CHECK(contains(here.run({"plan", "set", "studio", "--window", "w=1/60"}).err,
                   "which is narrower than it was"));
    CHECK(contains(here.run({"workspace", "plan", "Acme", "free"}).err,
                   "The workspace has 1 live token, and plan 'free' has no API access"));

    CHECK(contains(refused(here, {"workspace", "plan", "acme", "studio"}, 1),
                   "did you mean 'Acme'?"));
    CHECK(contains(here.run({"workspace", "add", "acme"}).err,
                   "warning: There is also a workspace 'Acme' (ws_"));
    CHECK(contains(here.run({"workspace", "rename", "acme", "ACME"}).err,
                   "warning: There is also a workspace 'Acme' (ws_"));
    here.must({"member", "add", "Acme", "--service", "robot"});
    CHECK(contains(here.run({"member", "add", "Acme", "--service", "Robot"}).err,
                   "warning: The workspace also has a service 'robot' (mem_"));
    CHECK(contains(refused(here, {"token", "mint", "Acme/ROBOT", "--name", "a"}, 1),
                   "did you mean 'Acme/robot'?"));
}

TEST_CASE("members are added, listed, given roles, removed and restored") {
    const Installation here;
    here.must({"init"});
    here.must({"workspace", "add", "Acme", "--plan", "studio"});
    here.must({"workspace", "add", "Birch"});
    const Json ann = here.json(
        {"member", "add", "Acme", "ann@acme.example", "--role", "owner", "--name", "Ann"});
    for (const char* member : {"id", "workspaceId", "workspaceName", "kind", "email", "name",
                               "role", "removedAt", "createdAt", "tokens"})
        CHECK(ann.contains(member));
    const Json robot =
        here.json({"member", "add", "Acme", "--service", "importer", "--role", "manager"});
    CHECK(robot.at("kind") == "service");
    CHECK(robot.at("email").is_null());
    here.must({"member", "add", "Birch", "ann@acme.example"});
    CHECK(here.json({"member", "list", "Acme"}).size() == 2);
    CHECK(here.json({"member", "role", "Acme/importer", "admin"}).at("role") == "admin");
    CHECK(here.json({"member", "remove", robot.at("id")}).at("removedAt").is_string());
    CHECK(here.json({"member", "restore", "Acme/importer"}).at("removedAt").is_null());

    CHECK(contains(refused(here, {"member", "role", "ann@acme.example", "admin"}, 2),
                   ann.at("id").get<std::string>()));
    CHECK(contains(refused(here, {"member", "role", "Acme/ann@acme.example", "admin"}, 1),
                   "last owner"));
    CHECK(contains(refused(here, {"member", "remove", "Acme/ann@acme.example"}, 1), "last owner"));
    CHECK(here.json({"member", "list", "Acme"}).at(0).at("removedAt").is_null());
    refused(here, {"member", "add", "Acme", "ann@acme.example"}, 1);
    refused(here, {"member", "add", "Nobody", "bob@acme.example"}, 1);
    refused(here, {"member", "add", "Acme", "not an address"}, 2);
    refused(here, {"member", "add", "Acme"}, 2);
    refused(here, {"member", "add", "Acme", "bob@acme.example", "--service", "bob"}, 2);
    refused(here, {"member", "add", "Acme", "bob@acme.example", "--role", "boss"}, 2);
    refused(here, {"member", "role", "Acme/nobody@acme.example", "admin"}, 1);
    refused(here, {"member", "remove", "mem_aaaaaaaaaaaaaaaa"}, 1);
}

TEST_CASE("plans are listed, made, changed and removed") {
    const Installation here;
    here.must({"init"});
    const Json team = here.json({"plan", "set", "team", "--api", "yes", "--rank", "15", "--window",
                                 "burst=60/10", "--window", "day=5000/86400/workspace"});
    CHECK(team == Json::parse(R"({"name":"team","api":true,"rank":15,"windows":[
        {"name":"burst","limit":60,"seconds":10,"per":"token"},
        {"name":"day","limit":5000,"seconds":86400,"per":"workspace"}],"warnings":[]})"));
    CHECK(here.json({"plan", "set", "team", "--api", "no"}).at("windows").size() == 2);
    CHECK(here.json({"plan", "set", "team", "--window", "none"}).at("windows").empty());
    CHECK(here.json({"plan", "list"}).size() == 4);
    CHECK(here.json({"plan", "remove", "team"}).at("removed") == true);
    CHECK(contains(here.run({"plan", "list"}).out, "burst=30/10 sustained=600/60/member"));

    here.must({"workspace", "add", "Acme", "--plan", "studio"});
    CHECK(contains(refused(here, {"plan", "remove", "studio"}, 1), "studio"));
    refused(here, {"plan", "remove", "gold"}, 1);
    refused(here, {"plan", "set", "Gold!"}, 2);
    refused(here, {"plan", "set", "team", "--window", "burst"}, 2);
    refused(here, {"plan", "set", "team", "--window", "burst=0/10"}, 2);
    refused(here, {"plan", "set", "team", "--rank", "-1"}, 2);
    refused(here, {"plan", "set", "team", "--api", "maybe"}, 2);
    CHECK(here.json({"plan", "list"}).size() == 3);
}

TEST_CASE(
    "a plan that a member could multiply is warned about when it is set, and by config check") {
    const Installation here;
    CHECK(here.json({"config", "check"}).at("ok") == true);  // there is no database yet
    here.must({"init"});
    const auto about_plans = [&] {
        std::string all;
        const Json checked = here.json({"config", "check"});
        for (const Json& warning : checked.at("warnings"))
            if (contains(warning.get<std::string>(), "multiply"))
                all += warning.get<std::string>();
        return all;
    };
    CHECK(about_plans().empty());
    const Ran weak =
        here.run({"plan", "set", "team", "--api", "yes", "--window", "burst=60/10/token"});
    CHECK(weak.exit_code == 0);
    CHECK(contains(weak.out, "burst=60/10"));
    CHECK(contains(weak.err, "warning: plan 'team' has only windows per token"));
    CHECK(contains(weak.err, "multiply each limit by 50"));
    CHECK(contains(about_plans(), "plan 'team'"));
    const Ran sound = here.run(
        {"plan", "set", "team", "--window", "burst=60/10", "--window", "sustained=900/60/member"});
    CHECK(sound.err.empty());
    CHECK(contains(sound.out, "burst=60/10 sustained=900/60/member"));
    CHECK(about_plans().empty());
}

TEST_CASE("a token is minted and shown once, listed, shown, rotated and revoked") {
    const Installation here;
    here.populate();
    const Ran plain = here.run({"token", "mint", "Acme/manager@acme.example", "--name", "ci job"});
    CHECK(contains(plain.out, "\ntoken (shown only once; only a hash is stored):\nhsk_live_"));
    const Json minted =
        here.json({"token", "mint", "manager@acme.example", "--name", "two", "--env", "test",
                   "--scope", "clients:read,tasks:*", "--expires", "90d"});
    for (const char* member :
         {"token", "prefix", "name", "env", "memberId", "memberEmail", "workspaceId",
          "workspaceName", "role", "scopes", "status", "createdAt", "expiresAt", "rotatedAt",
          "worksUntil", "revokedAt", "kind"})
        CHECK(minted.contains(member));
    CHECK(minted.at("env") == "test");
    CHECK(minted.at("scopes") == Json{"clients:read", "tasks:*"});
    const std::string token = minted.at("token"), prefix = minted.at("prefix");
    CHECK(token.size() == 54);
    CHECK(token.find("hsk_test_" + prefix + "_") == 0);

    CHECK(here.json({"token", "list", "Acme"}).size() == 2);
    CHECK(here.json({"token", "list"}).size() == 3);  // and the operator's
    CHECK_FALSE(here.json({"token", "show", prefix}).contains("token"));
    const Json rotated = here.json({"token", "rotate", prefix, "--grace", "0"});
    CHECK(rotated.at("name") == "two");
    CHECK(rotated.at("scopes") == minted.at("scopes"));
    CHECK(here.json({"token", "show", prefix}).at("status") == "rotated");
    const Json revoked = here.json({"token", "revoke", rotated.at("prefix")});
    CHECK(revoked.at("revoked").at(0).at("status") == "revoked");
    CHECK(here.run({"token", "revoke", rotated.at("prefix")}).exit_code == 0);  // already: done
    CHECK(here.json({"operator", "mint", "--name", "ann's laptop"}).at("role") == "operator");
    refused(here, {"operator", "mint", "--name", "too long", "--expires", "2099-01-31"}, 2);
    const Json short_lived =
        here.json({"operator", "mint", "--name", "for a while", "--expires", "90d"});
    CHECK_FALSE(short_lived.at("expiresAt").is_null());
    CHECK(
        contains(here.run({"token", "list"}).out, short_lived.at("expiresAt").get<std::string>()));
}

TEST_CASE("an empty list says in plain words that nothing matches") {
    const Installation here;
    here.must({"init"});
    for (const auto& [words, said] : std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{"audit", "--until", "2000-01-01"}, "no matching events"},
             {{"why", "--from", "2000-01-01"}, "no matching decisions"},
             {{"workspace", "list"}, "no matching workspaces"},
             {{"replay"}, "no matching decisions"}}) {
        CAPTURE(said);
        CHECK(contains(here.run(words).out, said));
    }
    here.must({"workspace", "add", "Acme"});
    CHECK(contains(here.run({"token", "list", "Acme"}).out, "no matching tokens"));
    CHECK(contains(here.run({"member", "list", "Acme"}).out, "no matching members"));
    CHECK(here.json({"audit", "--until", "2000-01-01"}).empty());
}

TEST_CASE("what cannot be minted, rotated or revoked is refused, and leaves all as it was") {
    const Installation here("[tokens]\nlive_max = 2\n");
    here.populate();
    const std::string token = here.mint("member@acme.example");
    refused(here, {"token", "mint", "nobody@acme.example", "--name", "x"}, 1);
    refused(here, {"token", "mint", "member@acme.example"}, 2);
    refused(here, {"token", "mint", "member@acme.example", "--name", ""}, 2);
    refused(here, {"token", "mint", "member@acme.example", "--name", "x", "--env", "prod"}, 2);
    refused(here, {"token", "mint", "member@acme.example", "--name", "x", "--scope", "clients"}, 2);
    refused(here,
            {"token", "mint", "member@acme.example", "--name", "x", "--scope", "nothing:read"}, 2);
    refused(here,
            {"token", "mint", "member@acme.example", "--name", "x", "--expires", "2020-01-01"}, 2);
    refused(here, {"token", "mint", "member@acme.example", "--name", "x", "--expires", "0"}, 2);
    here.must({"token", "mint", "member@acme.example", "--name", "second"});
    refused(here, {"token", "mint", "member@acme.example", "--name", "third"}, 1);

    const std::string prefix = prefix_of(token);
    refused(here, {"token", "show", "000000000000"}, 1);
    refused(here, {"token", "show", "xyz"}, 2);
    refused(here, {"token", "rotate", "000000000000"}, 1);
    refused(here, {"token", "rotate", prefix, "--grace", "soon"}, 2);
    refused(here, {"token", "revoke", prefix, "000000000000"}, 1);  // all or none
    CHECK(here.json({"token", "show", prefix}).at("status") == "live");
    here.must({"token", "revoke", prefix});
    refused(here, {"token", "rotate", prefix}, 1);
    here.must({"member", "remove", "member@acme.example"});
    refused(here, {"token", "mint", "member@acme.example", "--name", "x"}, 1);
}

TEST_CASE("with a broken configuration, what needs the database alone works once it is named") {
    const Installation here;
    here.populate();
    const std::string token = here.mint("member@acme.example");
    const std::string prefix = prefix_of(token);
    write_file(here.config(), "[tokens]\nlive_max = 0\n[gate]\nmode = observe\n");
    for (const Arguments& command :
         {Arguments{"token", "revoke", prefix}, Arguments{"token", "list"},
          Arguments{"member", "list", "Acme"}, Arguments{"audit"},
          Arguments{"backup", here.folder().file("b.db")},
          Arguments{"restore", here.folder().file("b.db")}}) {
        const std::string said = refused(here, command, 1);
        CHECK(contains(said, "config.toml:2: tokens.live_max: 0 is below 1"));
        CHECK(contains(said, "config.toml:4: is not TOML: a text needs quotes"));
        CHECK(contains(said, "add `--database FILE`"));
    }
    const auto named = [&](Arguments command) {
        command.insert(command.end(), {"--database", here.database()});
        const Ran ran = here.run(command);
        INFO(ran.err);
        CHECK(ran.exit_code == 0);
        CHECK(contains(ran.err, "built-in defaults stand in for it: " + here.config() + ":2"));
        return ran.out;
    };
    CHECK(contains(named({"token", "list", "Acme"}), prefix));
    CHECK(contains(named({"token", "revoke", prefix}), "revoked"));
    CHECK(contains(named({"member", "list", "Acme"}), "member@acme.example"));
    CHECK(contains(named({"member", "remove", "Acme/member@acme.example"}), "removed"));
    CHECK(contains(named({"workspace", "list"}), "Acme"));
    CHECK(contains(named({"workspace", "plan", "Acme", "agency"}), "agency"));
    CHECK(contains(named({"plan", "list"}), "studio"));
    CHECK(contains(named({"audit"}), "token.revoke"));
    CHECK(contains(named({"why"}), "no matching decisions"));
    CHECK(contains(named({"backup", here.folder().file("b.db")}), "b.db"));
    CHECK(contains(named({"restore", here.folder().file("b.db")}), here.database()));

    // What acts by the configuration is not done by another one.
    for (const Arguments& command :
         {Arguments{"token", "mint", "Acme/owner@acme.example", "--name", "x"},
          Arguments{"token", "rotate", prefix}, Arguments{"operator", "mint", "--name", "x"},
          Arguments{"replay"}}) {
        Arguments words = command;
        words.insert(words.end(), {"--database", here.database()});
        CHECK_FALSE(contains(refused(here, words, 1), "--database FILE"));
    }
}

TEST_CASE("--database goes before the configuration's own, which is used for the rest") {
    const Installation here("[plans]\ngrace_days = 0\n");
    here.populate();
    const Installation other("[plans]\ngrace_days = 365\n");
    other.must({"init"});
    other.must({"workspace", "add", "Other", "--paid-until", "2020-01-01"});
    const Ran ran = here.run({"workspace", "list", "--database", other.database()});
    CHECK(ran.err.empty());
    CHECK(contains(ran.out, "Other"));
    CHECK_FALSE(contains(ran.out, "Acme"));
    refused(here, {"workspace", "list", "--database", ""}, 2);
    refused(here, {"workspace", "list", "--database", "/nowhere/at.db"}, 1);
}

TEST_CASE("mistakes of the configuration are a list where JSON is asked for") {
    const Installation here;
    write_file(here.config(), "[tokens]\nlive_max = 0\n[gate]\nmode = \"off\"\n");
    const Ran ran = here.run({"config", "check", "--json"});
    CHECK(ran.exit_code == 1);
    const Json error = Json::parse(ran.err).at("error");
    REQUIRE(error.at("mistakes").size() == 2);
    CHECK(contains(error.at("mistakes").at(1).get<std::string>(), "config.toml:4: gate.mode"));
}

TEST_CASE("a token that cannot work is minted with a warning, on standard error and in JSON") {
    const Installation here;
    here.populate();
    const Arguments mint = {"token",  "mint",    "Acme/member@acme.example",
                            "--name", "x",       "--env",
                            "test",   "--scope", "clients:write"};
    const Ran plain = here.run(mint);
    CHECK(plain.exit_code == 0);
    CHECK(contains(plain.out, "hsk_test_"));
    CHECK(
        contains(plain.err, "warning: It is a test token, and this gate accepts only live tokens"));
    CHECK(contains(plain.err, "may do nothing that these scopes allow: clients:write"));
    CHECK(here.json(mint).at("warnings").size() == 2);
    CHECK(here.json({"token", "mint", "Acme/owner@acme.example", "--name", "x"})
              .at("warnings")
              .empty());
    here.must({"workspace", "plan", "Acme", "free"});
    const Json rotated = here.json({"token", "rotate", here.json(mint).at("prefix")});
    CHECK(rotated.at("warnings").size() == 3);
}

TEST_CASE("a call from an unknown address is said to be from one") {
    const Installation here;
    here.populate();
    const std::string token = here.mint("Acme/owner@acme.example");
    {
        hourgate::store::DatabaseConnection connection(here.database(),
                                                       hourgate::store::Access::write, 5'000);
        connection.run(("INSERT INTO token_use (token_id, used_ms, refused_ms, refused_reason)"
                        " SELECT id, 1000, 2000, 'window_full' FROM tokens WHERE prefix = '" +
                        prefix_of(token) + "'")
                           .c_str());
    }
    const std::string shown = here.run({"token", "show", prefix_of(token)}).out;
    CHECK(contains(shown, "1970-01-01T00:00:01Z from an unknown address\n"));
    CHECK(contains(shown, "1970-01-01T00:00:02Z from an unknown address, window_full\n"));
}

TEST_CASE("a filter that can fit nothing is refused with the words that are known") {
    const Installation here;
    here.populate();
    const std::string reason = refused(here, {"why", "--reason", "windw_full"}, 2);
    CHECK(contains(reason, "did you mean window_full? The reasons are: granted, "));
    CHECK(contains(refused(here, {"why", "--token", "xyz"}, 2), "12 hex digits"));
    CHECK(contains(refused(here, {"audit", "--action", "token.minted"}, 2), "token.mint, "));
    CHECK(contains(refused(here, {"workspace", "plan", "Acme", "gold"}, 1),
                   "the plans are: free, studio, agency"));
    CHECK(contains(refused(here, {"replay", "--window", "gold:burst=1/1"}, 1),
                   "the plans are: free, studio, agency"));
    const std::string window = refused(here, {"replay", "--window", "studio:brst=20/10"}, 1);
    CHECK(contains(window, "plan 'studio' has no window 'brst'"));
    CHECK(contains(window, "its windows are: burst, sustained"));
    CHECK(contains(window, "write studio:+brst=20/10"));
    refused(here, {"replay", "--window", "studio:brst=off"}, 1);
    refused(here, {"replay", "--window", "studio:+burst=20/10"}, 1);
    CHECK(here.run({"replay", "--window", "studio:+brst=20/10"}).exit_code == 0);
    CHECK(here.run({"replay", "--window", "studio:burst=off"}).exit_code == 0);
    here.must({"workspace", "add", "Birch"});
    here.must({"member", "add", "Birch", "owner@acme.example"});
    CHECK(
        contains(refused(here, {"member", "remove", "owner@acme.example"}, 2), "WORKSPACE/EMAIL"));
}

TEST_CASE("a restore says before and after how old the backup is, and what is lost") {
    const Installation here;
    here.populate();
    const std::string file = here.folder().file("b.db");
    const std::string prefix = prefix_of(here.mint("Acme/member@acme.example"));
    here.must({"backup", file});
    here.must({"token", "revoke", prefix});
    (void)here.mint("Acme/owner@acme.example");
    const Ran kept = here.run({"restore", file});
    INFO(kept.out << kept.err);
    CHECK(kept.exit_code == 0);
    CHECK(contains(kept.err, "warning: the backup " + file + " was written "));
    CHECK(contains(kept.err, "1 token minted, 1 token revoked and 2 audit events"));
    CHECK(contains(kept.out, "lost since      1 token minted, 1 token revoked"));
    CHECK_FALSE(contains(kept.err, "work again"));

    const Ran ran = here.run({"restore", file, "--bring-back", "--json"});
    CHECK(contains(ran.err, "1 token that did not work will work again: " + prefix));
    CHECK(contains(ran.err, "hourgate token revoke " + prefix));
    const Json json = Json::parse(ran.out);
    CHECK(json.at("worksAgain") == Json{prefix});
    CHECK(json.at("worksAgainCount") == 1);
    CHECK(json.at("backupAgeSeconds") >= 0);
    CHECK(json.at("lost").at("tokensRevoked") == 1);
    for (const char* member : {"backupWrittenAt", "newestChangeInBackupAt"})
        CHECK(json.at(member).is_string());
}

TEST_CASE("a restore says which workspace comes back, and hints only at what it kept") {
    const Installation here;
    here.populate();
    here.must({"workspace", "add", "Birch"});
    here.must({"member", "add", "Birch", "ann@birch.example"});
    const std::string file = here.folder().file("b.db");
    const std::string prefix = prefix_of(here.mint("Birch/ann@birch.example"));
    here.must({"backup", file});
    here.must({"token", "revoke", prefix});
    here.must({"workspace", "close", "Birch"});
    const Ran preview = here.run({"restore", file, "--dry-run"});
    INFO(preview.out << preview.err);
    CHECK(
        contains(preview.err, "workspace 'Birch', closed now and open in the backup, comes back"));
    CHECK(contains(preview.out, "'Birch', closed now and open in the backup, comes back"));
    CHECK(contains(preview.out, "--bring-back"));
    CHECK_FALSE(contains(preview.out, "member restore"));
    const Json json = Json::parse(here.run({"restore", file, "--dry-run", "--json"}).out);
    CHECK(json.at("workspacesBack") == Json{"Birch"});
    CHECK(json.at("workspacesBackCount") == 1);
    here.must({"member", "remove", "Acme/member@acme.example"});
    CHECK(contains(here.run({"restore", file}).out, "hourgate member restore MEMBER"));
}

TEST_CASE("a revocation or removal that finds nothing to do says so") {
    const Installation here;
    here.populate();
    const std::string member = "Acme/member@acme.example";
    const std::string first = prefix_of(here.mint(member));
    const std::string second = prefix_of(here.mint(member));
    const auto told = [&](const Arguments& command) {
        const Ran ran = here.run(command);
        CHECK(ran.exit_code == 0);
        return ran.err;
    };
    CHECK_FALSE(contains(told({"token", "revoke", first}), "revoked"));
    CHECK(contains(told({"token", "revoke", first}), "was revoked already, at "));
    CHECK(contains(told({"token", "revoke", "--workspace", "Acme"}),
                   "1 token was revoked, 1 token was revoked already"));
    CHECK(contains(told({"token", "revoke", first, "--dry-run"}), "0 tokens would be revoked"));
    CHECK(contains(told({"token", "revoke", first, second}),
                   "0 tokens were revoked, 2 tokens were revoked already"));

    CHECK(contains(told({"member", "restore", member}), "was not removed"));
    CHECK_FALSE(contains(told({"member", "remove", member}), "already"));
    CHECK(contains(told({"member", "remove", member}), "was removed already, at "));
    CHECK_FALSE(contains(told({"member", "restore", member}), "not removed"));
}

TEST_CASE("what root makes for a server of another user is said to be root's") {
    if (!is_root())
        return;
    const Installation here;
    const Ran ran = here.run({"init"});
    CHECK(ran.exit_code == 0);
    CHECK(contains(ran.err, "belong to root"));
    CHECK(contains(ran.err, "chown -h "));
    CHECK(contains(ran.err, here.folder().file("data")));
}

TEST_CASE("a token given as an argument is refused without being repeated") {
    const Installation here;
    here.populate();
    const std::string token = here.mint("member@acme.example");
    const std::string said = refused(here, {"token", "revoke", token}, 2);
    CHECK_FALSE(contains(said, token.substr(token.rfind('_'))));
    CHECK(contains(said, prefix_of(token)));
    CHECK(here.json({"token", "show", prefix_of(token)}).at("status") == "live");
}

TEST_CASE("errors are JSON on standard error where JSON is asked for, whatever went wrong") {
    const Installation here;
    for (const Arguments& command :
         {Arguments{"--json"}, Arguments{"frobnicate", "--json"},
          Arguments{"workspace", "list", "--json"}, Arguments{"workspace", "add", "a\tb", "--json"},
          Arguments{"--json", "config", "check", "--config", "/none"}}) {
        Arguments words = command;
        words.insert(words.begin(), binary());
        const Ran ran = run(words, {"HOURGATE_CONFIG=" + here.config()});
        INFO(ran.err);
        CHECK(ran.exit_code != 0);
        CHECK(ran.out.empty());
        const Json error = Json::parse(ran.err).at("error");
        CHECK(error.at("message").is_string());
        CHECK(error.at("next").is_string());
    }
}

TEST_CASE("version and config say what they are") {
    const Installation here;
    const Json version = here.json({"version"});
    CHECK(version.at("version").is_string());
    CHECK(version.at("libraries").size() > 5);
    CHECK(version.at("libraries").at(0).at("sha256").get<std::string>().size() == 64);
    CHECK(run({binary(), "--version"}).out == run({binary(), "version"}).out);
    const Json checked = here.json({"config", "check"});
    CHECK(checked.at("ok") == true);
    CHECK(checked.at("file") == here.config());
    CHECK(here.run({"config", "show"}).out.find("# " + here.config() + "\n") == 0);
    CHECK(here.json({"config", "show"}).at("file") == here.config());
    CHECK(here.json({"config", "show"}).at("tokens").at("brand") == "hsk");
}

TEST_CASE("the bill of materials says what version --json says, in the words of CycloneDX") {
    const Json version = Json::parse(run({binary(), "version", "--json"}).out);
    const Ran ran = run({binary(), "version", "--sbom"});
    const Json bill = Json::parse(ran.out);
    CHECK(ran.exit_code == 0);
    CHECK(bill.at("bomFormat") == "CycloneDX");
    CHECK(bill.at("specVersion") == "1.5");
    CHECK(bill.at("metadata").at("component").at("version") == version.at("version"));
    CHECK(bill.at("metadata").at("component").at("licenses")[0].at("license").at("id") == "MIT");
    const Json& parts = bill.at("components");
    const Json& libraries = version.at("libraries");
    REQUIRE(parts.size() == libraries.size());
    std::set<std::string> names;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        INFO(parts[i].dump());
        const Json& library = libraries[i];
        CHECK(names.insert(parts[i].at("name")).second);
        CHECK(parts[i].at("name") == library.at("name"));
        CHECK(parts[i].at("version") == library.at("version"));
        CHECK(parts[i].value("purl", Json()) == library.at("purl"));
        CHECK(parts[i].contains("hashes") == library.at("sha256").is_string());
        const Json& license = parts[i].at("licenses").at(0);
        CHECK((license.contains("expression")
                   ? license.at("expression")
                   : license.at("license").at("id")) == library.at("license"));
    }
    CHECK(bill.at("dependencies").at(0).at("dependsOn").size() == parts.size());
    for (const char* linked :
         {"sqlite", "cpp-httplib", "libsodium", "SQLiteCpp", "toml++", "glibc", "libstdc++"})
        CHECK(names.count(linked) == 1);
}

TEST_CASE("--config goes before $HOURGATE_CONFIG") {
    const Installation here;
    const Arguments show = {binary(), "config", "show"};
    CHECK(contains(run(show, {"HOURGATE_CONFIG=" + here.config()}).out, here.database()));
    Arguments named = show;
    named.insert(named.end(), {"--config", here.config()});
    CHECK(contains(run(named, {"HOURGATE_CONFIG=/none"}).out, here.database()));
    CHECK(contains(run(show, {"HOURGATE_CONFIG=/none"}).err, "/none"));
}

TEST_CASE("a result that cannot be written is a failure, and says that the work is done") {
    if (!exists("/dev/full"))
        return;
    const Installation here;
    here.must({"init"});
    Arguments add = here.words({"workspace", "add", "Acme"});
    std::string line = "exec \"$@\" >/dev/full";
    add.insert(add.begin(), {"sh", "-c", line, "sh"});
    const Ran ran = run(add);
    CHECK(ran.exit_code == 1);
    CHECK(contains(ran.err, "could not be printed"));
    CHECK(here.json({"workspace", "list"}).size() == 1);
}
