// One transaction per change, whole or not at all.
#include "store/sqlite_ledger.h"

#include <filesystem>
#include <stdexcept>

#include "store/errors.h"
#include "support/database_bench.h"
#include "support/small_disk.h"

using namespace hourgate;
using namespace hourgate::store;
using hourgate::manage::Rows;
using hourgate::test::DatabaseBench;
using hourgate::test::take;

namespace {

Workspace workspace_named(const std::string& name) {
    Workspace workspace;
    workspace.public_id = "ws_" + name;
    workspace.name = name;
    workspace.plan_id = 1;
    return workspace;
}

}  // namespace

TEST_CASE("a change that fails leaves nothing behind, its audit event included") {
    DatabaseBench bench;
    const std::int64_t version = bench.version(), events = bench.events();
    const Status status = bench.ledger->write([&](Rows& rows) -> Status {
        Workspace workspace = workspace_named("acme");
        take(rows.add(workspace));
        take(rows.record({0, 1, "a", "", "b", "c", "d", "e", "", ""}));
        return Failure{Fault::conflict, "no", "really"};
    });
    REQUIRE_FALSE(status.ok());
    CHECK(status.failure().what == "no");
    CHECK(bench.version() == version);
    CHECK(bench.events() == events);
    CHECK(bench.number("SELECT count(*) FROM workspaces") == 0);
}

TEST_CASE("an exception inside a change rolls back and does not leave the store") {
    DatabaseBench bench;
    const Status status = bench.ledger->write([&](Rows& rows) -> Status {
        Workspace workspace = workspace_named("acme");
        take(rows.add(workspace));
        throw std::runtime_error("out of luck");
    });
    REQUIRE_FALSE(status.ok());
    CHECK(status.failure().fault == Fault::system);
    CHECK(status.failure().what.find("out of luck") != std::string::npos);
    CHECK(bench.number("SELECT count(*) FROM workspaces") == 0);
    CHECK(bench.workspace("acme").size() == 19);  // and the next one works
}

TEST_CASE("what a ledger wrote is there for another process when it returns") {
    DatabaseBench bench;
    take(bench.ledger->write([&](Rows& rows) {
        Workspace workspace = workspace_named("acme");
        const Status added = rows.add(workspace);
        CHECK(workspace.id == 1);
        return added;
    }));
    CHECK(bench.number("SELECT count(*) FROM workspaces WHERE name = 'acme'") == 1);
}

TEST_CASE("a look sees one snapshot and cannot be disturbed") {
    DatabaseBench bench;
    take(bench.ledger->read([&](Rows& rows) -> Status {
        const std::size_t before = take(rows.plans()).plans().size();
        bench.run("INSERT INTO plans (name, api, rank) VALUES ('gold', 1, 9)");
        CHECK(take(rows.plans()).plans().size() == before);
        return Done{};
    }));
    CHECK(bench.number("PRAGMA wal_checkpoint(TRUNCATE)") == 0);  // nothing is pinned afterwards
}

TEST_CASE("another writer in the way is told as such, and readers do not wait for it") {
    DatabaseBench bench;
    DatabaseConnection other(bench.path, Access::write, 0);
    const Transaction in_the_way(other, Transaction::Kind::immediate);
    const Status status = guarded(bench.path, [&]() -> Status {
        DatabaseConnection impatient(bench.path, Access::write, 0);
        const Transaction refused(impatient, Transaction::Kind::immediate);
        return Done{};
    });
    REQUIRE_FALSE(status.ok());
    CHECK(status.failure().fault == Fault::store);
    CHECK(status.failure().what.find("is busy") != std::string::npos);
    CHECK(bench.ledger->read([](Rows&) -> Status { return Done{}; }).ok());
}

TEST_CASE("a row that cannot be is a failure of the store, never a default") {
    DatabaseBench bench;
    const std::string prefix = bench.token_of("acme");
    for (const std::string sql :
         {"PRAGMA ignore_check_constraints = ON; UPDATE members SET role = 9",
          "PRAGMA ignore_check_constraints = ON; UPDATE tokens SET env = 3",
          "UPDATE tokens SET scopes = 'everything'", "UPDATE tokens SET scopes = ' '"}) {
        CAPTURE(sql);
        bench.run("UPDATE members SET role = 0; UPDATE tokens SET env = 0, scopes = ''");
        CHECK(manage::show_token(bench.context(), prefix).ok());
        bench.run(sql);
        const auto shown = manage::show_token(bench.context(), prefix);
        REQUIRE_FALSE(shown.ok());
        CHECK(shown.failure().fault == Fault::store);
        CHECK(shown.failure().what.find("holds what hourgate never writes") != std::string::npos);
    }
}

TEST_CASE("a full disk fails the change, says so, and the next one works when there is room") {
    DatabaseBench bench;
    const std::int64_t version = bench.version();
    {
        const test::SmallDisk full(1);
        const auto added = manage::add_workspace(bench.context(), {"acme", "free", {}});
        REQUIRE_FALSE(added.ok());
        CHECK(added.failure().fault == Fault::system);
        CHECK(added.failure().what.find(bench.path) != std::string::npos);
    }
    CHECK(bench.version() == version);
    CHECK(bench.workspace("acme").size() == 19);
    CHECK(bench.text("PRAGMA integrity_check") == "ok");
}

TEST_CASE("a ledger cannot be opened on what is not there") {
    const test::TempFolder folder;
    const auto ledger = SqliteLedger::open(folder.file("hourgate.db"));
    REQUIRE_FALSE(ledger.ok());
    CHECK(ledger.failure().what.find("there is no database at") != std::string::npos);
}

TEST_CASE("a ledger follows when another file is put in the database's place") {
    DatabaseBench bench;
    bench.workspace("acme");
    for (const std::string end : {"", "-wal", "-shm"})
        std::filesystem::rename(bench.path + end, bench.folder.file("old.db") + end);
    take(create_database(bench.path));
    CHECK(take(manage::list_workspaces(bench.context())).items.empty());
    take(manage::add_built_in_plans(bench.context()));
    CHECK(bench.number("SELECT count(*) FROM plans") == 3);
}
