// A database of every earlier schema is brought up to the present one, and what an operator decided
// about plans stays as it was.
#include <string>
#include <vector>

#include "embedded.h"
#include "plan/plan.h"
#include "store/database.h"
#include "store/database_connection.h"
#include "store/shape.h"
#include "support/database_bench.h"

using namespace hourgate;
using hourgate::test::take;

namespace {

constexpr int before_members = 4;  // the last schema without windows per member

/// A database of an earlier schema, with the plans that `hourgate init` made then.
class Earlier {
public:
    explicit Earlier(int schema) {
        test::write_bytes(path, "");
        store::DatabaseConnection old(path, store::Access::draft, 0);
        for (int i = 0; i < schema; ++i) {
            old.run(embedded::migrations[i].text);
            old.run(("INSERT INTO migrations VALUES (" + std::to_string(i + 1) + ", '" +
                     embedded::migrations[i].name + "', 0)")
                        .c_str());
        }
        old.run(("PRAGMA user_version = " + std::to_string(schema)).c_str());
        old.run(
            "INSERT INTO plans (id, name, api, rank) VALUES"
            " (1, 'free', 0, 0), (2, 'studio', 1, 10), (3, 'agency', 1, 20);"
            "INSERT INTO windows (plan_id, name, calls, seconds, per) VALUES"
            " (2, 'burst', 30, 10, 0), (2, 'sustained', 600, 60, 0),"
            " (3, 'burst', 60, 10, 0), (3, 'sustained', 1200, 60, 0)");
    }

    void run(const std::string& sql) {
        store::DatabaseConnection(path, store::Access::draft, 0).run(sql.c_str());
    }
    void upgrade() { take(store::check_database(path, store::Migrate::yes)); }
    std::string text(const std::string& sql) {
        return store::DatabaseConnection(path, store::Access::look, 0).text(sql.c_str());
    }
    /// "burst=30/10 sustained=600/60/member", as the program reads them.
    std::string windows_of(const std::string& plan) {
        const auto ledger = take(store::SqliteLedger::open(path));
        const Plan found = take(manage::show_plan({*ledger, {"test", "local"}, {}, {}, {}}, plan));
        std::string all;
        for (const Window& window : found.windows)
            all += (all.empty() ? "" : " ") + to_text(window);
        return all;
    }

    test::TempFolder folder;
    const std::string path = folder.file("hourgate.db");
};

}  // namespace

TEST_CASE("a database of every earlier schema is brought up to the present one, word for word") {
    for (int schema = 1; schema < store::schema_version(); ++schema) {
        CAPTURE(schema);
        Earlier earlier(schema);
        earlier.upgrade();
        CHECK(take(store::look_at(earlier.path)).kind == store::FileState::Kind::ours);
        store::DatabaseConnection connection(earlier.path, store::Access::read, 0);
        CHECK_FALSE(store::flaw_of_shape(connection, store::schema_version()));
        CHECK(connection.text("PRAGMA integrity_check") == "ok");
        CHECK(connection.number("SELECT count(*) FROM migrations") == store::schema_version());
        if (schema <= before_members) {
            CHECK(earlier.windows_of("studio") == "burst=30/10 sustained=600/60/member");
            CHECK(earlier.windows_of("agency") == "burst=60/10 sustained=1200/60/member");
        }
    }
}

TEST_CASE("the plans of an upgraded database are those that init makes") {
    Earlier earlier(before_members);
    earlier.upgrade();
    for (const Plan& plan : built_in_plans()) {
        std::string windows;
        for (const Window& window : plan.windows)
            windows += (windows.empty() ? "" : " ") + to_text(window);
        CHECK(earlier.windows_of(plan.name) == windows);
    }
}

TEST_CASE("a plan whose windows were changed in any way keeps them through the upgrade") {
    const std::vector<std::string> changes = {
        "UPDATE windows SET calls = 31 WHERE plan_id = 2 AND name = 'burst'",
        "UPDATE windows SET seconds = 11 WHERE plan_id = 2 AND name = 'burst'",
        "UPDATE windows SET per = 1 WHERE plan_id = 2 AND name = 'burst'",
        "UPDATE windows SET calls = 601 WHERE plan_id = 2 AND name = 'sustained'",
        "UPDATE windows SET seconds = 61 WHERE plan_id = 2 AND name = 'sustained'",
        "UPDATE windows SET per = 1 WHERE plan_id = 2 AND name = 'sustained'",
        "UPDATE windows SET name = 'minute' WHERE plan_id = 2 AND name = 'sustained'",
        "DELETE FROM windows WHERE plan_id = 2 AND name = 'burst'",
        "DELETE FROM windows WHERE plan_id = 2",
        "INSERT INTO windows VALUES (2, 'day', 5000, 86400, 0)",
        "UPDATE plans SET name = 'studio-2024' WHERE id = 2",
    };
    for (const std::string& change : changes) {
        CAPTURE(change);
        Earlier earlier(before_members);
        earlier.run(change);
        const std::string all =
            "SELECT coalesce(group_concat(name || calls || '/' || seconds || '/' || per), '')"
            " FROM windows WHERE plan_id = 2";
        const std::string before = earlier.text(all);
        earlier.upgrade();
        CHECK(earlier.text(all) == before);
        CHECK(earlier.windows_of("agency") == "burst=60/10 sustained=1200/60/member");
    }
}

TEST_CASE("a plan of the old figures under another name, and access and rank, are left alone") {
    Earlier earlier(before_members);
    earlier.run(
        "UPDATE plans SET api = 0, rank = 77 WHERE id = 2;"
        "INSERT INTO plans (id, name, api, rank) VALUES (4, 'team', 1, 15);"
        "INSERT INTO windows VALUES (4, 'burst', 30, 10, 0), (4, 'sustained', 600, 60, 0)");
    earlier.upgrade();
    CHECK(earlier.windows_of("team") == "burst=30/10 sustained=600/60");
    CHECK(earlier.windows_of("studio") == "burst=30/10 sustained=600/60/member");
    CHECK(earlier.text("SELECT api || '/' || rank FROM plans WHERE id = 2") == "0/77");
}

TEST_CASE("the upgrade stamps the plans it changes alone, and leaves an event for each") {
    Earlier earlier(before_members);
    earlier.run("UPDATE windows SET calls = 31 WHERE plan_id = 3 AND name = 'burst'");
    const std::string version = earlier.text("SELECT directory_version FROM meta");
    earlier.upgrade();
    CHECK(earlier.text("SELECT group_concat(id) FROM plans WHERE stamp > " + version) == "2");
    CHECK(earlier.text("SELECT directory_version - " + version + " FROM meta") == "1");
    CHECK(earlier.text("SELECT count(*) FROM audit_events") == "1");
    CHECK(earlier.text("SELECT actor || ' ' || source || ' ' || action || ' ' || object"
                       " FROM audit_events") == "upgrade local plan.set studio");
    CHECK(earlier.text("SELECT before FROM audit_events") ==
          R"({"api":true,"rank":10,"windows":"burst=30/10 sustained=600/60"})");
    CHECK(earlier.text("SELECT after FROM audit_events") ==
          R"({"api":true,"rank":10,"windows":"burst=30/10 sustained=600/60/member"})");
}

TEST_CASE("after the upgrade a window's change still stamps its plan") {
    Earlier earlier(before_members);
    earlier.upgrade();
    const std::vector<std::string> changes = {
        "UPDATE windows SET calls = 7 WHERE plan_id = 2 AND name = 'burst'",
        "INSERT INTO windows VALUES (2, 'slow', 1, 1, 2)",
        "DELETE FROM windows WHERE plan_id = 2 AND name = 'slow'",
    };
    for (const std::string& change : changes) {
        CAPTURE(change);
        const std::string version = earlier.text("SELECT directory_version FROM meta");
        store::DatabaseConnection(earlier.path, store::Access::write, 0).run(change.c_str());
        CHECK(earlier.text("SELECT group_concat(id) FROM plans WHERE stamp > " + version) == "2");
    }
    store::DatabaseConnection connection(earlier.path, store::Access::write, 0);
    CHECK_THROWS(connection.run("UPDATE windows SET per = 3"));
    CHECK_THROWS(connection.run("INSERT INTO windows VALUES (77, 'slow', 1, 1, 0)"));
}
