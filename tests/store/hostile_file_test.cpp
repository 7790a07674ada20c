// Files that say they are Hourgate's databases and were made to do harm: as the database of a
// server, as a backup to restore, as a backup to verify. Each is refused, named, and left as it is.
#include <sys/stat.h>

#include <string>
#include <utility>
#include <vector>

#include "embedded.h"
#include "store/backup.h"
#include "store/migrate.h"
#include "support/database_bench.h"

using namespace hourgate;
using namespace hourgate::store;
using hourgate::test::DatabaseBench;
using hourgate::test::take;

namespace {

constexpr std::int64_t now_ms = 1'795'000'123'000;  // 2026-11-18T11:08:43Z

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// A database with something of its own in it, a sound backup of it, and one that was tampered with.
class Tampered {
public:
    explicit Tampered(const std::string& sql) {
        take(backup(bench.path, sound, {}));
        take(backup(bench.path, hostile, {}));
        DatabaseConnection(hostile, Access::write, command_busy_ms).run(sql.c_str());
    }
    /// Nothing of it gets to be the database; all three ways say why.
    void check_refused(const std::string& why) {
        const Status served = check_database(hostile, Migrate::yes);
        REQUIRE_FALSE(served.ok());
        CHECK(has(served.failure().what, why));

        bench.close();
        const std::string before = test::bytes_of(bench.path);
        const auto restored = restore(bench.path, hostile, BringBack::no, now_ms);
        REQUIRE_FALSE(restored.ok());
        CHECK(has(restored.failure().what, why));
        CHECK(test::bytes_of(bench.path) == before);

        const auto verified = verify_backup(hostile);
        REQUIRE_FALSE(verified.ok());
        CHECK(has(verified.failure().what, why));
        CHECK(check_database(sound, Migrate::no).ok());
    }

    DatabaseBench bench;
    const std::string prefix = bench.token_of("acme");
    const std::string sound = bench.folder.file("sound"), hostile = bench.folder.file("hostile");
};

}  // namespace

TEST_CASE("a trigger that is not ours could undo a revocation: such a file is served by nobody") {
    Tampered(
        "CREATE TRIGGER helpful AFTER UPDATE OF revoked_ms ON tokens BEGIN"
        " UPDATE tokens SET revoked_ms = NULL; END")
        .check_refused("has a trigger 'helpful' that is not Hourgate's");
}

TEST_CASE("a trigger of ours that does something else is told from ours") {
    Tampered(
        "DROP TRIGGER tokens_updated; CREATE TRIGGER tokens_updated AFTER UPDATE OF revoked_ms"
        " ON tokens BEGIN SELECT 1; END")
        .check_refused("has another trigger 'tokens_updated' than Hourgate makes");
}

TEST_CASE("a trigger of ours that is missing would leave the server with old facts: refused") {
    Tampered("DROP TRIGGER tokens_updated").check_refused("has no trigger 'tokens_updated'");
}

TEST_CASE("a view in the place of a table is refused before anything is read from it") {
    Tampered(
        "ALTER TABLE token_use RENAME TO x; CREATE VIEW token_use AS WITH RECURSIVE endless(i)"
        " AS (SELECT 1 UNION ALL SELECT i + 1 FROM endless) SELECT i FROM endless")
        .check_refused("'token_use'");
    Tampered(
        "PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON;"
        "ALTER TABLE plans RENAME TO x; CREATE VIEW plans AS WITH RECURSIVE endless(i) AS"
        " (SELECT 1 UNION ALL SELECT i + 1 FROM endless) SELECT i AS id, i AS stamp"
        " FROM endless")
        .check_refused("plans");
}

TEST_CASE("a table of ours with another column or rule is refused") {
    Tampered("ALTER TABLE tokens ADD COLUMN extra INTEGER").check_refused("another table 'tokens'");
}

TEST_CASE("names in a hostile schema cannot write on the terminal") {
    Tampered(
        "CREATE TRIGGER \"\x1b[31m\nnothing is wrong\" AFTER INSERT ON meta BEGIN SELECT 1;"
        " END")
        .check_refused("trigger '\\x1b[31m\\x0anothing is wrong'");
}

TEST_CASE("tables and indexes of others are let be: replicators keep their books there") {
    DatabaseBench bench;
    bench.token_of("acme");
    bench.run(
        "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER);"
        "CREATE TABLE _litestream_lock (id INTEGER);"
        "CREATE INDEX mine ON audit_events (at_ms); ANALYZE");
    CHECK(check_database(bench.path, Migrate::no).ok());
    const std::string copy = bench.folder.file("copy");
    take(backup(bench.path, copy, {}, Verify::yes));
    bench.close();
    CHECK(restore(bench.path, copy, BringBack::no, now_ms).ok());
}

TEST_CASE("a hostile file of an older schema is refused before it is brought up") {
    const test::TempFolder folder;
    const std::string path = folder.file("old.db");
    test::write_bytes(path, "");
    {
        DatabaseConnection old(path, Access::draft, command_busy_ms);
        old.run(embedded::migrations[0].text);
        old.run("PRAGMA user_version = 1");
        old.run(
            "CREATE TRIGGER early AFTER INSERT ON migrations BEGIN"
            " UPDATE tokens SET revoked_ms = NULL; END");
    }
    const Status checked = check_database(path, Migrate::yes);
    REQUIRE_FALSE(checked.ok());
    CHECK(has(checked.failure().what, "has a trigger 'early'"));
    CHECK(DatabaseConnection(path, Access::look, 0).number("PRAGMA user_version") == 1);
}

TEST_CASE("what waits for a reader, or has no end, is refused at once as database and as backup") {
    DatabaseBench bench;
    const std::string pipe = bench.folder.file("pipe");
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    for (const std::string& path : {pipe, std::string("/dev/zero")}) {
        const Status checked = check_database(path, Migrate::yes);
        REQUIRE_FALSE(checked.ok());
        CHECK(has(checked.failure().what, "is not a regular file"));
        const auto restored = restore(bench.path, path, BringBack::no, now_ms);
        REQUIRE_FALSE(restored.ok());
        CHECK(has(restored.failure().what, "is not a regular file"));
        const auto verified = verify_backup(path);
        REQUIRE_FALSE(verified.ok());
        CHECK(has(verified.failure().what, "is not a regular file"));
    }
}
