// The triggers: every change to the directory raises its version and stamps the rows it touched,
// and only those.
#include <string>
#include <vector>

#include "store/database_connection.h"
#include "store/rows.h"
#include "support/database_bench.h"

using namespace hourgate;
using hourgate::test::DatabaseBench;

namespace {

/// Two of everything, so that there is always one that must not be stamped.
class Two : public DatabaseBench {
public:
    Two() {
        first = token_of("one");
        second = token_of("two");
    }

    /// "workspaces 1, members 2": rows whose stamp is higher than `version`.
    std::string stamped_since(std::int64_t version) {
        std::string found;
        for (const std::string table : {"plans", "workspaces", "members", "tokens"}) {
            const std::string ids = text("SELECT coalesce(group_concat(id, '+'), '') FROM " +
                                         table + " WHERE stamp > " + std::to_string(version));
            if (!ids.empty())
                found += (found.empty() ? "" : ", ") + table + " " + ids;
        }
        return found;
    }

    /// Runs the change: the rows it stamped, and by how much the version rose.
    std::string change(const std::string& sql) {
        const std::int64_t before = version();
        run(sql);
        return stamped_since(before) + "; +" + std::to_string(version() - before);
    }

    std::string first, second;
};

bool has_word(const std::string& text, const std::string& word) {
    const auto is_letter = [&](std::size_t at) {
        return at < text.size() && (text[at] == '_' || (text[at] >= 'a' && text[at] <= 'z'));
    };
    for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1))
        if (!is_letter(at - 1) && !is_letter(at + word.size()))
            return true;
    return false;
}

}  // namespace

TEST_CASE("a change to a row raises the version by one and stamps that row alone") {
    Two bench;
    CHECK(bench.change("UPDATE workspaces SET name = 'uno' WHERE id = 1") == "workspaces 1; +1");
    CHECK(bench.change("UPDATE workspaces SET plan_id = 1 WHERE id = 2") == "workspaces 2; +1");
    CHECK(bench.change("UPDATE workspaces SET paid_until_ms = 5 WHERE id = 1") ==
          "workspaces 1; +1");
    CHECK(bench.change("UPDATE members SET role = 3 WHERE id = 2") == "members 2; +1");
    CHECK(bench.change("UPDATE members SET removed_ms = 9 WHERE id = 1") == "members 1; +1");
    CHECK(bench.change("UPDATE tokens SET revoked_ms = 9 WHERE id = 2") == "tokens 2; +1");
    CHECK(bench.change("UPDATE tokens SET scopes = 'a:read' WHERE id = 1") == "tokens 1; +1");
    CHECK(bench.change("UPDATE plans SET api = 1 WHERE id = 1") == "plans 1; +1");
    CHECK(bench.change("UPDATE tokens SET revoked_ms = 10") == "tokens 1+2; +2");
}

TEST_CASE("every column but the stamp and the note is watched") {
    Two bench;
    for (const std::string table : {"plans", "workspaces", "members", "tokens"}) {
        const std::string columns =
            bench.text("SELECT group_concat(name) FROM pragma_table_info('" + table + "')");
        const std::string trigger =
            bench.text("SELECT sql FROM sqlite_schema WHERE name = '" + table + "_updated'");
        CAPTURE(table, columns, trigger);
        std::size_t begin = 0;
        for (std::size_t comma = 0; comma != columns.npos; begin = comma + 1) {
            comma = columns.find(',', begin);
            const std::string name = columns.substr(begin, comma - begin);
            const std::string watched = trigger.substr(0, trigger.find("BEGIN"));
            CHECK(has_word(watched, name) == (name != "stamp" && name != "note"));
        }
    }
}

TEST_CASE("a change of no effect is no change") {
    Two bench;
    CHECK(bench.change("UPDATE tokens SET revoked_ms = 1 WHERE id = 99") == "; +0");
    CHECK(bench.change("UPDATE tokens SET stamp = 0 WHERE id = 1") == "; +0");
    CHECK(
        bench.change("INSERT INTO audit_events VALUES (NULL, 0, '', '', '', '', '', '', '', '')") ==
        "; +0");
}

TEST_CASE("a new row is stamped") {
    Two bench;
    CHECK(bench.change("INSERT INTO plans (name, api, rank) VALUES ('gold', 1, 9)") ==
          "plans 4; +1");
    CHECK(bench.change("INSERT INTO workspaces (public_id, name, plan_id, created_ms)"
                       " VALUES ('ws_3', 'three', 1, 0)") == "workspaces 3; +1");
    CHECK(bench.change("INSERT INTO members (public_id, workspace_id, kind, email, name, role,"
                       " created_ms) VALUES ('mem_3', 3, 0, 'a@b', '', 0, 0)") == "members 3; +1");
    CHECK(bench.change("INSERT INTO tokens (id, line, line_created_ms, kind, member_id, prefix,"
                       " digest, name, env, scopes, created_ms) VALUES (3, 3, 0, 0, 3,"
                       " '0123456789ab', zeroblob(32), 'n', 0, '', 0)") == "tokens 3; +1");
}

TEST_CASE("a window's change stamps its plan") {
    Two bench;
    CHECK(bench.change("UPDATE windows SET calls = 7 WHERE plan_id = 2 AND name = 'burst'") ==
          "plans 2; +1");
    CHECK(bench.change("INSERT INTO windows VALUES (1, 'slow', 1, 1, 0)") == "plans 1; +1");
    CHECK(bench.change("UPDATE windows SET plan_id = 3 WHERE name = 'slow'") == "plans 1+3; +1");
    CHECK(bench.change("DELETE FROM windows WHERE plan_id = 3 AND name = 'slow'") == "plans 3; +1");
}

TEST_CASE("a deletion leaves no row to stamp, and is told all the same") {
    Two bench;
    const auto deletes = [&](const std::string& sql) {
        bench.run(sql);
        return bench.number("SELECT deleted_version FROM meta") == bench.version();
    };
    CHECK_FALSE(deletes("UPDATE tokens SET revoked_ms = 9 WHERE id = 2"));
    CHECK(deletes("DELETE FROM tokens WHERE id = 2"));
    CHECK(deletes("DELETE FROM members WHERE id = 2"));
    CHECK(deletes("DELETE FROM workspaces WHERE id = 2"));
    const std::int64_t before = bench.version();
    bench.run("DELETE FROM plans WHERE name = 'agency'");  // its windows go with it
    CHECK(bench.number("SELECT deleted_version FROM meta") > before);
    CHECK(bench.number("SELECT count(*) FROM windows") == 2);
}

TEST_CASE("stamping does not set itself off, also where triggers may recurse") {
    Two bench;
    CHECK(bench.change("PRAGMA recursive_triggers = ON;"
                       "UPDATE members SET role = 2 WHERE id = 1") == "members 1; +1");
}

TEST_CASE("a transaction rolled back takes version and stamps with it") {
    Two bench;
    CHECK(bench.change("BEGIN; UPDATE members SET role = 2; ROLLBACK") == "; +0");
}

TEST_CASE("nothing written per call is a column of the directory") {
    Two bench;
    const std::string columns = bench.text(
        "SELECT group_concat(c.name) FROM sqlite_schema t, pragma_table_info(t.name) c"
        " WHERE t.name IN ('plans', 'windows', 'workspaces', 'members', 'tokens')");
    REQUIRE(columns.find("revoked_ms") != columns.npos);
    for (const char* word : {"used", "seen", "count", "last"}) {
        CAPTURE(columns, word);
        CHECK(columns.find(word) == columns.npos);
    }
}

TEST_CASE("the schema refuses what the program never writes") {
    Two bench;
    for (const std::string sql :
         {"UPDATE tokens SET digest = zeroblob(31)",
          "UPDATE tokens SET digest = 'text'",
          "UPDATE tokens SET prefix = '0123456789AB' WHERE id = 1",
          "UPDATE tokens SET prefix = '0123456789' WHERE id = 1",
          "UPDATE tokens SET member_id = NULL",
          "UPDATE tokens SET kind = 1",
          "UPDATE tokens SET env = 2",
          "UPDATE tokens SET rotated_ms = 5",
          "UPDATE tokens SET works_until_ms = 5",
          "UPDATE tokens SET line = 77",
          "UPDATE members SET role = 4",
          "UPDATE members SET role = NULL",
          "UPDATE members SET email = '' WHERE id = 1",
          "UPDATE members SET kind = 1 WHERE id = 1",
          "UPDATE members SET workspace_id = 77",
          "DELETE FROM members",
          "DELETE FROM workspaces",
          "DELETE FROM plans",
          "UPDATE workspaces SET plan_id = 77",
          "UPDATE workspaces SET paid_until_ms = 'tomorrow'",
          "UPDATE workspaces SET name = 'one'",
          "UPDATE windows SET calls = 0",
          "UPDATE windows SET seconds = 0",
          "INSERT INTO meta (id) VALUES (2)",
          "INSERT INTO audit_events VALUES (NULL, 0, '', '', '', '', '', 'no json', '', '')"}) {
        CAPTURE(sql);
        CHECK_THROWS(bench.run(sql));
    }
    // The same e-mail in another workspace is another member; in the same one, in any case, it is
    // not.
    const std::string insert =
        "INSERT INTO members (public_id, workspace_id, kind, email, name, role, created_ms)"
        " VALUES ";
    CHECK_THROWS(bench.run(insert + "('mem_x', 1, 0, 'ANN@ONE.EXAMPLE', '', 3, 0)"));
    CHECK_NOTHROW(bench.run(insert + "('mem_x', 2, 0, 'ANN@ONE.EXAMPLE', '', 3, 0)"));
}

TEST_CASE("only the digest of a token is stored") {
    DatabaseBench bench;
    const std::string member = bench.person(bench.workspace("acme"), "ann@acme.example");
    const manage::MintedToken minted = bench.mint(member);
    const std::string secret(minted.token.reveal().substr(minted.token.reveal().rfind('_') + 1));
    bench.close();  // the WAL is written back
    const std::string file = test::bytes_of(bench.path);
    CHECK(file.find(secret) == file.npos);
    CHECK(file.find(minted.view.token.prefix) != file.npos);
}

TEST_CASE("a mint looks at its member's working tokens alone, however many have ended") {
    DatabaseBench bench;
    store::DatabaseConnection connection(bench.path, store::Access::look, 0);
    SQLite::Statement plan(connection.db(),
                           std::string("EXPLAIN QUERY PLAN SELECT count(*) FROM tokens t"
                                       " WHERE t.member_id = ?2 AND") +
                               store::live_token);
    REQUIRE(plan.executeStep());
    const std::string step = plan.getColumn(3).getString();
    CAPTURE(step);
    CHECK(step.find("INDEX tokens_by_member_and_end (member_id=? AND ends_ms>?)") != step.npos);
}
