// Commands by which an operator keeps house: closing, renaming, notes, operator tokens, usage, and a
// list of tokens that is not full of ended ones.
#include <string>

#include "e2e/installation.h"
#include "support/catch.h"

using namespace hourgate::e2e;

TEST_CASE("a token list shows what works, and says how much it leaves out") {
    Installation here;
    here.populate();
    const std::string works = prefix_of(here.mint("Acme/owner@acme.example"));
    const std::string ended = prefix_of(here.mint("Acme/admin@acme.example"));
    here.must({"token", "revoke", ended});
    const Ran list = here.run({"token", "list"});
    CHECK(contains(list.out, works));
    CHECK_FALSE(contains(list.out, ended));
    CHECK(contains(list.err, "1 token that has ended is not shown; see them with --status all"));
    CHECK(here.json({"token", "list"}).size() == 2);  // and the operator's
    CHECK(here.json({"token", "list", "--status", "all"}).size() == 3);
    CHECK(here.json({"token", "list", "--status", "revoked"})[0]["prefix"] == ended);
    const Ran all = here.run({"token", "list", "Acme", "--status", "ended"});
    CHECK(contains(all.out, ended));
    CHECK(all.err.empty());
    CHECK(here.json({"token", "list", "--member", "Acme/owner@acme.example"}).size() == 1);
    const Ran wrong = here.run({"token", "list", "--status", "alive"});
    CHECK(wrong.exit_code == 2);
    CHECK(contains(wrong.err, "member_removed or all"));
}

TEST_CASE("a workspace is named in one way for every list, and the older way works") {
    Installation here;
    here.populate();
    here.must({"workspace", "add", "Bolt"});
    static_cast<void>(here.mint("Acme/owner@acme.example"));
    for (const Words& command : {Words{"token", "list"}, Words{"member", "list"}, Words{"audit"},
                                 Words{"usage"}, Words{"why"}}) {
        Words by_option = command, by_word = command;
        by_option.insert(by_option.end(), {"--workspace", "Acme"});
        by_word.emplace_back("Acme");
        INFO(command.front());
        CHECK(here.run(by_option).exit_code == 0);
        if (command.front() == "usage" || command.front() == "why")
            continue;  // never had the older way
        CHECK(here.json(by_option) == here.json(by_word));
        Words both = by_word;
        both.insert(both.end(), {"--workspace", "Acme"});
        CHECK(here.run(both).exit_code == 2);
    }
    CHECK(here.run({"member", "list"}).exit_code == 2);
}

TEST_CASE("a workspace is closed once its tokens are revoked, all by one command") {
    Installation here;
    here.populate();
    Server server(here);
    const std::string token = here.mint("Acme/owner@acme.example");
    static_cast<void>(here.mint("Acme/admin@acme.example"));
    REQUIRE(server.status(token) == 200);
    const Ran refused = here.run({"workspace", "close", "Acme"});
    CHECK(refused.exit_code == 1);
    CHECK(contains(refused.err, "has 2 live tokens"));
    CHECK(contains(refused.err, "hourgate token revoke --workspace ws_"));
    CHECK(here.json({"token", "revoke", "--workspace", "Acme"})["revoked"].size() == 2);
    CHECK(server.status(token) == 401);
    const Json closed = here.json({"workspace", "close", "Acme"});
    CHECK(closed["closed"] == true);
    CHECK(closed["members"] == 4);
    CHECK(closed["endedTokens"] == 2);
    CHECK(here.json({"workspace", "list"}).empty());
    CHECK(server.status(token) == 401);
    here.must({"workspace", "add", "Acme", "--plan", "studio"});
    here.must({"member", "add", "Acme", "owner@acme.example", "--role", "owner"});
    CHECK(server.status(here.mint("Acme/owner@acme.example")) == 200);
    CHECK(server.stop() == 0);
}

TEST_CASE(
    "a closed workspace is found in every log by its name and its id, and named in each row") {
    const Installation here;
    here.populate();
    const std::string token = here.mint("Acme/member@acme.example");
    {
        Server server(here);
        CHECK(server.status(token) == 403);
        CHECK(server.stop() == 0);
    }
    REQUIRE(here.json({"usage", "--workspace", "Acme"}).size() == 1);
    CHECK(here.json({"usage", "--workspace", "Acme"})[0]["workspaceName"] == "Acme");
    const std::string id = here.json({"workspace", "show", "Acme"}).at("id");
    here.must({"workspace", "rename", "Acme", "Acme Ltd"});
    here.must({"token", "revoke", "--workspace", id});
    here.must({"workspace", "close", "Acme Ltd"});
    for (const std::string& named : {std::string("Acme Ltd"), id}) {
        INFO(named);
        const Json events = here.json({"audit", "--workspace", named, "--limit", "0"});
        CHECK(events.size() > 3);
        for (const Json& event : events) {
            CHECK(event["workspaceId"] == id);
            CHECK(event["workspaceName"] == "Acme Ltd");
        }
        const Json decisions = here.json({"why", "--workspace", named});
        REQUIRE(decisions.size() == 1);
        CHECK(decisions[0]["workspaceId"] == id);
        CHECK(decisions[0]["workspaceName"] == "Acme Ltd");
        CHECK(here.json({"usage", "--workspace", named}).empty());
    }
    for (const char* list : {"audit", "why", "usage"})
        CHECK(
            contains(here.run({list, "--workspace", "Bolt"}).err, "there is no workspace 'Bolt'"));

    // Another one that takes the name is meant by it from then on.
    here.must({"workspace", "add", "Acme Ltd"});
    CHECK(here.json({"why", "--workspace", "Acme Ltd"}).empty());
    CHECK(here.json({"why", "--workspace", id}).size() == 1);
}

TEST_CASE("members and tokens are renamed, shown and noted") {
    Installation here;
    here.populate();
    Server server(here);
    const std::string member = "Acme/member@acme.example";
    const std::string token = here.mint(member, {"--note", "from the start"});
    const std::string prefix = prefix_of(token);
    CHECK(here.json({"token", "show", prefix})["note"] == "from the start");
    CHECK(here.json({"token", "note", prefix, "ticket 7"})["note"] == "ticket 7");
    CHECK(here.json({"token", "rename", prefix, "ci job"})["name"] == "ci job");
    CHECK(contains(here.run({"token", "show", prefix}).out, "ticket 7"));
    CHECK(here.json({"token", "note", prefix, ""})["note"] == nullptr);
    CHECK(here.json({"member", "rename", member, "Mia"})["name"] == "Mia");
    CHECK(here.json({"member", "email", member, "mia@acme.example"})["email"] ==
          "mia@acme.example");
    const Json shown = here.json({"member", "show", "Acme/mia@acme.example"});
    CHECK(shown["name"] == "Mia");
    CHECK(shown["tokens"] == 1);
    CHECK(here.run({"member", "show", member}).exit_code == 1);
    CHECK(server.status(token, "/api/v1/time-entries") == 200);
    CHECK(here.json({"plan", "show", "studio"})["api"] == true);
    CHECK(here.run({"plan", "show", "gold"}).exit_code == 1);
    CHECK(server.stop() == 0);
}

TEST_CASE("a rotation says until when the old token works") {
    Installation here;
    here.populate();
    const std::string prefix = prefix_of(here.mint("Acme/owner@acme.example"));
    const Ran rotated = here.run({"token", "rotate", prefix, "--grace", "2h"});
    CHECK(rotated.exit_code == 0);
    const std::string until = here.json({"token", "show", prefix})["worksUntil"];
    CHECK(contains(rotated.err, "token " + prefix + " works until " + until));
    const std::string other = prefix_of(here.mint("Acme/admin@acme.example"));
    const Ran json = here.run({"token", "rotate", other, "--json"});
    CHECK(json.exit_code == 0);
    CHECK(json.err.empty());
}

TEST_CASE("a restore can be looked at first, while the server runs") {
    Installation here;
    here.populate();
    Server server(here);
    const std::string copy = here.folder().file("copy.db");
    here.must({"backup", copy});
    here.must({"workspace", "add", "Bolt"});
    const Ran shown = here.run({"restore", copy, "--dry-run"});
    INFO(shown.err);
    CHECK(shown.exit_code == 0);
    CHECK(contains(shown.out, "nothing was changed"));
    CHECK(here.json({"restore", copy, "--dry-run"})["lost"]["workspacesAdded"] == 1);
    CHECK(here.json({"workspace", "list"}).size() == 2);
    CHECK(here.run({"restore", copy}).exit_code == 1);
    CHECK(server.stop() == 0);
}

TEST_CASE("operator tokens are listed and revoked by commands of their own") {
    Installation here;
    here.populate();
    const std::string member = prefix_of(here.mint("Acme/owner@acme.example"));
    const Json minted = here.json({"operator", "mint", "--name", "ann"});
    CHECK(here.json({"operator", "list"}).size() == 2);
    const Ran wrong = here.run({"operator", "revoke", member});
    CHECK(wrong.exit_code == 1);
    CHECK(contains(wrong.err, "is not an operator token"));
    CHECK(contains(here.run({"operator", "revoke", "0c33d1a9b27e"}).err, "operator list"));
    CHECK(contains(here.run({"operator", "list", "--search", "nobody"}).out, "operator mint"));
    CHECK(contains(here.run({"config", "check", "other.toml"}).err, "--config other.toml"));
    here.must({"operator", "revoke", minted["prefix"]});
    CHECK(here.json({"operator", "list"}).size() == 1);
    CHECK(here.json({"operator", "list", "--status", "revoked"})[0]["name"] == "ann");
    CHECK(here.json({"token", "show", member})["status"] == "live");
}

TEST_CASE("usage is listed by hour, of a workspace, a member or a token") {
    Installation here;
    here.populate();
    std::string prefix;
    {
        Server server(here);
        const std::string token = here.mint("Acme/owner@acme.example");
        prefix = prefix_of(token);
        CHECK(server.status(token) == 200);
        CHECK(server.status(token, "/unlisted") == 403);
        CHECK(server.stop() == 0);
    }
    const Json rows = here.json({"usage", "--workspace", "Acme"});
    REQUIRE(rows.size() == 1);
    CHECK(rows[0]["token"] == prefix);
    CHECK(rows[0]["granted"] == 1);
    CHECK(rows[0]["refused"]["path_unlisted"] == 1);
    CHECK(here.json({"usage", "--token", prefix}) == rows);
    CHECK(here.json({"usage", "--member", "Acme/admin@acme.example"}).empty());
    CHECK(contains(here.run({"usage"}).out, "1 path_unlisted"));
    CHECK(here.json({"usage", "--until", "2020-01-01"}).empty());
}

TEST_CASE("every list is sorted and searched at the command line as it is over HTTP") {
    Installation here;
    here.populate();
    here.must({"workspace", "add", "Bolt"});
    const std::string first = prefix_of(here.mint("Acme/owner@acme.example"));
    const auto column = [&](Words command, const char* name, const Words& more) {
        command.insert(command.end(), more.begin(), more.end());
        Words found;
        for (const Json& one : here.json(command))
            found.push_back(one.at(name).get<std::string>());
        return found;
    };
    CHECK(column({"workspace", "list"}, "name", {"--sort", "-name"}) == Words{"Bolt", "Acme"});
    CHECK(column({"workspace", "list"}, "name", {"--search", "bOL"}) == Words{"Bolt"});
    CHECK(column({"plan", "list"}, "name", {"--sort", "name"}) ==
          Words{"agency", "free", "studio"});
    CHECK(column({"plan", "list"}, "name", {"--search", "GEN"}) == Words{"agency"});
    CHECK(column({"member", "list", "Acme"}, "email", {"--sort", "email"}) ==
          Words{"admin@acme.example", "manager@acme.example", "member@acme.example",
                "owner@acme.example"});
    CHECK(column({"member", "list", "Acme"}, "email", {"--search", "manag"}) ==
          Words{"manager@acme.example"});
    CHECK(column({"token", "list"}, "prefix", {"--sort", "-created"}).front() == first);
    CHECK(column({"token", "list"}, "prefix", {"--sort", "created"}).back() == first);
    CHECK(column({"token", "list"}, "prefix", {"--search", first}) == Words{first});
    CHECK(column({"operator", "list"}, "name", {"--search", "init"}) == Words{"init"});
    CHECK(column({"audit"}, "action", {"--sort", "at", "--limit", "1"}) == Words{"plan.set"});
    CHECK(column({"audit"}, "action", {"--search", first}) == Words{"token.mint"});
    CHECK(here.json({"usage", "--sort", "hour", "--search", "x"}).empty());
    CHECK(here.json({"why", "--sort", "at", "--search", "x"}).empty());
    const Ran off = here.run({"token", "list", "--sort", "name"});
    CHECK(off.exit_code == 2);
    CHECK(contains(off.err, "created, lastUsed"));
}

TEST_CASE("--dry-run shows what would be revoked, removed or closed, and changes nothing") {
    Installation here;
    here.populate();
    const std::string member = "Acme/manager@acme.example";
    const std::string one = prefix_of(here.mint(member));
    const std::string two = prefix_of(here.mint(member));
    const std::string op = here.json({"operator", "list"})[0].at("prefix");
    const auto events = [&] { return here.json({"audit", "--limit", "0"}).size(); };
    const std::size_t before = events();
    for (const Words& which :
         {Words{"token", "revoke", one, two}, Words{"token", "revoke", "--member", member},
          Words{"token", "revoke", "--workspace", "Acme"}}) {
        Words words = which;
        words.emplace_back("--dry-run");
        const Json json = here.json(words);
        CHECK(json.at("dryRun") == true);
        CHECK(json.at("revoked").size() == 2);
        CHECK(json.at("live") == 2);
        const Ran text = here.run(words);
        CHECK(contains(text.out, one));
        CHECK(contains(text.out, two));
        CHECK(contains(text.err, "nothing was changed: 2 tokens would be revoked"));
    }
    CHECK(here.json({"operator", "revoke", op, "--dry-run"}).at("revoked").size() == 1);
    CHECK(here.run({"operator", "revoke", one, "--dry-run"}).exit_code == 1);
    const Json removal = here.json({"member", "remove", member, "--dry-run"});
    CHECK(removal.at("tokensThatEnd").size() == 2);
    CHECK(contains(here.run({"member", "remove", member, "--dry-run"}).err,
                   "nothing was changed: the member would be removed, and 2 tokens of theirs would "
                   "end"));
    // It is refused as the real one would be.
    CHECK(here.run({"member", "remove", "Acme/owner@acme.example", "--dry-run"}).exit_code == 1);
    CHECK(here.run({"workspace", "close", "Acme", "--dry-run"}).exit_code == 1);
    CHECK(events() == before);
    CHECK(here.json({"token", "list", "--member", member}).size() == 2);
    here.must({"token", "revoke", "--workspace", "Acme"});
    const Json closed = here.json({"workspace", "close", "Acme", "--dry-run"});
    CHECK(closed.at("closed") == false);
    CHECK(closed.at("members") == 4);
    CHECK(closed.at("endedTokens") == 2);
    CHECK(here.json({"workspace", "show", "Acme"}).at("name") == "Acme");
    CHECK(here.json({"workspace", "close", "Acme"}).at("closed") == true);
}

TEST_CASE("every command that changes something that is there can be tried with --dry-run first") {
    Installation here;
    here.populate();
    const std::string member = "Acme/manager@acme.example";
    const std::string token = prefix_of(here.mint(member));
    here.must({"plan", "set", "spare", "--api", "yes", "--rank", "5"});
    here.must({"member", "remove", "Acme/member@acme.example"});
    const auto all = [&] {
        return here.json({"audit", "--limit", "0"}).dump() + here.json({"plan", "list"}).dump() +
               here.json({"member", "list", "Acme"}).dump() +
               here.json({"workspace", "list"}).dump() + here.json({"token", "list"}).dump();
    };
    const std::string before = all();
    struct Change {
        Words words;
        std::string shows;  // of what it would be
    };
    for (const Change& change :
         {Change{{"workspace", "transfer", "Acme", "admin@acme.example"}, "owner"},
          Change{{"workspace", "plan", "Acme", "free"}, "free"},
          Change{{"workspace", "rename", "Acme", "Bolt"}, "Bolt"},
          Change{{"member", "role", member, "member"}, "member"},
          Change{{"member", "rename", member, "Mo"}, "Mo"},
          Change{{"member", "email", member, "mo@acme.example"}, "mo@acme.example"},
          Change{{"member", "restore", "Acme/member@acme.example"}, "member@acme.example"},
          Change{{"plan", "set", "studio", "--api", "no"}, "no"},
          Change{{"plan", "set", "fresh", "--api", "yes"}, "fresh"},
          Change{{"plan", "remove", "spare"}, "would be removed"},
          Change{{"token", "rename", token, "other"}, "other"},
          Change{{"token", "note", token, "words"}, "words"}}) {
        Words words = change.words;
        words.emplace_back("--dry-run");
        INFO(words[0] << " " << words[1]);
        const Ran text = here.run(words);
        CHECK(text.exit_code == 0);
        CHECK(contains(text.out, change.shows));
        CHECK(contains(text.err, "nothing was changed: "));
        Json json = here.json(words);
        if (json.is_array())
            json = json[0];
        CHECK(json.at("dryRun") == true);
        CHECK(all() == before);
    }
    // It is refused as the real one would be.
    CHECK(here.run({"plan", "remove", "studio", "--dry-run"}).exit_code == 1);
    CHECK(
        here.run({"workspace", "transfer", "Acme", "nobody@acme.example", "--dry-run"}).exit_code ==
        1);
    CHECK(contains(here.run({"plan", "set", "studio", "--api", "no", "--dry-run"}).err,
                   "would be answered 402"));
    CHECK_FALSE(here.json({"workspace", "rename", "Acme", "Bolt"}).contains("dryRun"));
}

TEST_CASE("lists take the filters that the admin API has, and shells complete them") {
    Installation here;
    here.populate();
    here.must({"workspace", "add", "Late", "--plan", "studio", "--paid-until", "2020-01-31"});
    here.must({"member", "add", "Acme", "--service", "robot"});
    here.must({"member", "remove", "Acme/member@acme.example"});
    here.must({"token", "mint", "Acme/owner@acme.example", "--name", "t", "--env", "test"});
    const auto names = [&](const Words& words, const char* field) {
        std::string all;
        for (const Json& item : here.json(words))
            all += (item.at(field).is_null() ? "-" : std::string(item.at(field))) + " ";
        return all;
    };
    CHECK(names({"workspace", "list", "--standing", "lapsed"}, "name") == "Late ");
    CHECK(names({"workspace", "list", "--standing", "paid"}, "name") == "Acme ");
    CHECK(names({"workspace", "list", "--plan", "studio"}, "name") == "Acme Late ");
    CHECK(names({"workspace", "list", "--plan", "studio", "--standing", "grace"}, "name").empty());
    CHECK(here.run({"workspace", "list", "--plan", "nowhere"}).exit_code == 1);
    CHECK(names({"member", "list", "Acme", "--kind", "service"}, "name") == "robot ");
    CHECK(names({"member", "list", "Acme", "--role", "admin"}, "email") == "admin@acme.example ");
    CHECK(names({"member", "list", "Acme", "--status", "removed"}, "email") ==
          "member@acme.example ");
    CHECK(names({"member", "list", "Acme", "--status", "present", "--role", "member"}, "name") ==
          "robot ");
    CHECK(names({"token", "list", "--env", "test"}, "name") == "t ");
    CHECK(names({"operator", "list", "--env", "test"}, "name").empty());
    CHECK(here.run({"member", "list", "Acme", "--kind", "robot"}).exit_code == 2);
    CHECK(here.run({"workspace", "list", "--standing", "free"}).exit_code == 2);
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const std::string text = run({binary(), "completion", shell}).out;
        for (const char* words : {"person service", "paid grace lapsed", "present removed"})
            CHECK(contains(text, words));
    }
}

TEST_CASE("a rotation names both tokens, at the token and in the audit log") {
    Installation here;
    here.populate();
    const std::string old = prefix_of(here.mint("Acme/owner@acme.example"));
    const Ran rotated = here.run({"token", "rotate", old});
    CHECK(contains(rotated.out, "predecessor"));
    const std::string made = here.json({"token", "show", old}).at("successor");
    CHECK(made != old);
    CHECK(contains(here.run({"token", "show", old}).out, made));
    CHECK(contains(here.run({"token", "show", made}).out, old));
    CHECK(here.json({"token", "show", made}).at("predecessor") == old);
    for (const std::string& object : {old, made}) {
        const Words words = {"audit", "--action", "token.rotate", "--object", object};
        CHECK(contains(here.run(words).out, old + " -> " + made));
        CHECK(here.json(words).size() == 1);
        CHECK(here.json(words)[0].at("object") == old);
        CHECK(here.json(words)[0].at("after").at("successor") == made);
    }
}

TEST_CASE("a span beyond its bound is refused with the value, the bound and the next step") {
    Installation here;
    here.populate();
    const std::string token = prefix_of(here.mint("Acme/owner@acme.example"));
    struct Typed {
        Words words;
        const char* what;
        const char* next;
    };
    const Words mint = {"token", "mint", "Acme/owner@acme.example", "--name", "n", "--expires"};
    const auto with = [](Words words, const char* last) {
        words.emplace_back(last);
        return words;
    };
    for (const Typed& typed :
         {Typed{{"token", "rotate", token, "--grace", "400d"}, "'400d'", "at most 365d"},
          Typed{{"token", "rotate", token, "--grace", "9600h"}, "'9600h'", "at most 8760h"},
          Typed{{"token", "rotate", token, "--grace", "365000d"}, "'365000d'", "at most 36525d"},
          Typed{with(mint, "36500d"), "'36500d'", "at most 365d"},
          Typed{with(mint, "365000d"), "'365000d'", "at most 36525d"},
          Typed{with(mint, "2090-01-31"), "2090-02-01T00:00:00Z", "at most 365d, which is until"},
          Typed{{"operator", "mint", "--name", "o", "--expires", "36500d"},
                "'36500d'",
                "at most 365d"},
          Typed{{"workspace", "plan", "Acme", "studio", "--paid-until", "365000d"},
                "'365000d'",
                "at most 36525d"},
          Typed{{"audit", "--since", "365000d"}, "'365000d'", "at most 36525d"}}) {
        const Ran ran = here.run(typed.words);
        INFO(ran.err);
        CHECK(ran.exit_code == 2);
        CHECK(contains(ran.err, typed.what));
        CHECK(contains(ran.err, typed.next));
        CHECK_FALSE(contains(ran.err, " seconds"));
    }
    CHECK(contains(here.run({"token", "rotate", "--help"}).out, "365d"));
    CHECK(contains(here.run({"token", "rotate", "--help"}).out, "rotate_grace"));
    CHECK(here.run({"token", "rotate", token, "--grace", "365d"}).exit_code == 0);
}

TEST_CASE("no list is silent about a period in the future, or one that ends before it begins") {
    Installation here;
    here.populate();
    for (const char* list : {"audit", "why", "usage", "replay"}) {
        INFO(list);
        const Ran later = here.run({list, "--since", "tomorrow"});
        CHECK(later.exit_code == 2);
        CHECK(contains(later.err, "--since: 'tomorrow' ("));
        CHECK(contains(later.err, "is in the future"));
        const Ran turned = here.run({list, "--since", "1h", "--until", "2h"});
        CHECK(turned.exit_code == 2);
        CHECK(contains(turned.err, "is not before --until"));
        CHECK(here.run({list, "--since", "2026-01-01T14:20Z"}).exit_code == 0);
    }
}

TEST_CASE("a filter that fits nothing on record is told from a quiet day") {
    Installation here;
    here.populate();
    const std::string member = here.json({"member", "show", "Acme/owner@acme.example"}).at("id");
    const Ran nobody = here.run({"audit", "--actor", "nobody-at-all"});
    CHECK(nobody.exit_code == 0);
    CHECK(contains(nobody.err, "no event on record is by --actor 'nobody-at-all'"));
    CHECK(contains(nobody.err, "cli:USER"));
    const std::string actor = here.json({"audit"})[0].at("actor");
    REQUIRE(actor.starts_with("cli:"));
    CHECK(contains(here.run({"audit", "--actor", actor.substr(4)}).err,
                   "did you mean " + actor + "?"));
    CHECK(contains(here.run({"audit", "--actor", "owner@acme.example"}).err,
                   "did you mean " + member + "?"));
    CHECK(contains(here.run({"audit", "--object", "nothing"}).err, "--object 'nothing'"));
    const Ran quiet =
        here.run({"audit", "--actor", actor, "--from", "2020-01-01", "--until", "2020-01-02"});
    CHECK(quiet.exit_code == 0);
    CHECK(quiet.err.empty());
    CHECK(contains(here.run({"why", "--token", "000000000000"}).err,
                   "no decision on record is of --token '000000000000'"));
    // Elsewhere what is named has to exist.
    for (const Words& words :
         {Words{"audit", "Nowhere"}, Words{"usage", "--member", "nobody@x.example"},
          Words{"usage", "--token", "000000000000"}, Words{"usage", "--workspace", "Nowhere"},
          Words{"token", "list", "--member", "nobody@x.example"}, Words{"token", "list", "Nowhere"},
          Words{"why", "--workspace", "Nowhere"}}) {
        INFO(words.front() + " " + words.back());
        const Ran ran = here.run(words);
        CHECK(ran.exit_code == 1);
        CHECK_FALSE(ran.err.empty());
    }
}
