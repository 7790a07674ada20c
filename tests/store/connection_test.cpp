// Every connection has the pragmas, and no statement stays on a row.
#include "store/database_connection.h"

#include <SQLiteCpp/Exception.h>

#include <filesystem>

#include "support/database_bench.h"

using namespace hourgate;
using namespace hourgate::store;
using hourgate::test::DatabaseBench;
using hourgate::test::TempFolder;

TEST_CASE("every connection to the live database has WAL, full sync and foreign keys") {
    const TempFolder folder;
    const std::string path = test::closed_database(folder);
    for (const Access access : {Access::read, Access::write}) {
        DatabaseConnection connection(path, access, 0);
        CHECK(connection.text("PRAGMA journal_mode") == "wal");
        CHECK(connection.number("PRAGMA synchronous") == 2);
        CHECK(connection.number("PRAGMA foreign_keys") == 1);
        CHECK(connection.number("PRAGMA trusted_schema") == 0);
        CHECK(connection.number("PRAGMA query_only") == (access == Access::read ? 1 : 0));
        CHECK(connection.number("PRAGMA mmap_size") == 0);
        CHECK(connection.number("PRAGMA cell_size_check") == 1);
        connection.run("PRAGMA writable_schema=ON");
        CHECK(connection.number("PRAGMA writable_schema") == 0);  // defensive
    }
}

TEST_CASE("a reading connection cannot change anything") {
    const TempFolder folder;
    DatabaseConnection connection(test::closed_database(folder), Access::read, 0);
    CHECK_THROWS_AS(connection.run("UPDATE meta SET directory_version = 7"), SQLite::Exception);
    CHECK(connection.number("SELECT directory_version FROM meta") == 0);
}

TEST_CASE("looking at a file leaves its journal mode and makes no file beside it") {
    const TempFolder folder;
    const std::string path = test::closed_database(folder);
    const std::string before = test::bytes_of(path);
    {
        DatabaseConnection connection(path, Access::look, 0);
        CHECK(connection.number("SELECT directory_version FROM meta") == 0);
        CHECK_THROWS_AS(connection.run("DELETE FROM meta"), SQLite::Exception);
    }
    CHECK(test::bytes_of(path) == before);
    CHECK(folder.names() == std::vector<std::string>{"hourgate.db"});
}

TEST_CASE("no connection makes a database, and no path has a second meaning") {
    const TempFolder folder;
    CHECK_THROWS_AS(DatabaseConnection(folder.file("absent.db"), Access::write, 0),
                    SQLite::Exception);
    CHECK_THROWS_AS(DatabaseConnection(folder.file(":memory:"), Access::write, 0),
                    SQLite::Exception);
    const auto here = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    CHECK_THROWS_AS(DatabaseConnection(":memory:", Access::write, 0), SQLite::Exception);
    CHECK_THROWS_AS(DatabaseConnection("file:x.db?mode=memory", Access::write, 0),
                    SQLite::Exception);
    std::filesystem::current_path(here);
    CHECK(folder.names().empty());
}

TEST_CASE("a transaction that is not committed leaves nothing") {
    DatabaseBench bench;
    {
        DatabaseConnection connection(bench.path, Access::write, 0);
        const Transaction transaction(connection, Transaction::Kind::immediate);
        connection.run("UPDATE meta SET directory_version = 4711");
    }
    CHECK(bench.version() != 4'711);
}

TEST_CASE("a statement in use ends with its use, and the WAL can be written back whole") {
    DatabaseBench bench;
    DatabaseConnection reader(bench.path, Access::read, 0);
    SQLite::Statement statement(reader.db(), "SELECT name FROM plans");
    {
        const Use use(statement);
        REQUIRE(statement.executeStep());  // on the first of three rows
        bench.run("UPDATE plans SET rank = rank + 1");
        DatabaseConnection impatient(bench.path, Access::write, 0);
        CHECK(impatient.number("PRAGMA wal_checkpoint(RESTART)") == 1);  // pinned
    }
    CHECK(bench.number("PRAGMA wal_checkpoint(TRUNCATE)") == 0);
}

TEST_CASE("a connection notices that another file stands at its path, and leaves that one's WAL") {
    const TempFolder folder;
    const std::string path = test::closed_database(folder);
    auto old = std::make_unique<DatabaseConnection>(path, Access::write, 0);
    old->run("UPDATE meta SET directory_version = 1");
    CHECK_FALSE(old->moved());
    for (const std::string end : {"", "-wal", "-shm"})
        std::filesystem::rename(path + end, folder.file("old.db") + end);
    CHECK(old->moved());

    test::closed_database(folder);
    DatabaseConnection young(path, Access::write, 0);
    young.run("UPDATE meta SET directory_version = 2");
    CHECK(old->moved());
    old.reset();  // the last connection to the old file: would delete "hourgate.db-wal" by name
    CHECK(std::filesystem::exists(path + "-wal"));
    CHECK(DatabaseConnection(path, Access::read, 0).number("SELECT directory_version FROM meta") ==
          2);
}
