// Beside a program that copies the WAL away as it grows (Litestream and its kin): nothing of ours
// takes from it what it has not read yet.
#include <filesystem>
#include <string>

#include "places.h"
#include "store/backup.h"
#include "store/health.h"
#include "store/leased_directory.h"
#include "support/database_bench.h"

using namespace hourgate;
using namespace hourgate::store;
using hourgate::test::DatabaseBench;
using hourgate::test::take;

namespace {

namespace fs = std::filesystem;

/// What a replicator does to keep its place: a reading transaction that stays open.
class Replicator {
public:
    explicit Replicator(const std::string& path)
        : connection_(path, Access::read, 0), place_(connection_, Transaction::Kind::snapshot) {
        connection_.run("SELECT count(*) FROM sqlite_schema");
    }

private:
    DatabaseConnection connection_;
    Transaction place_;
};

}  // namespace

TEST_CASE("no line of the program asks for a checkpoint or bounds the WAL") {
    int files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(HOURGATE_SOURCE_DIR "/src")) {
        if (!entry.is_regular_file())
            continue;
        ++files;
        const std::string text = test::bytes_of(entry.path().string());
        INFO(entry.path().string());
        for (const char* word : {"wal_checkpoint", "wal_autocheckpoint", "journal_size_limit"})
            CHECK(text.find(word) == std::string::npos);
    }
    CHECK(files > 100);
}

TEST_CASE("changes, backups, looks and the end of everybody else leave a replicator its WAL") {
    DatabaseBench bench;
    bench.token_of("acme");
    const auto wal = [&] { return test::bytes_of(bench.path + "-wal"); };
    {
        const Replicator replicator(bench.path);
        const std::string begun = wal();
        REQUIRE(begun.size() > 32);
        auto directory = take(LeasedDirectory::open(bench.path, bench.clock));
        // Far more than the thousand pages after which SQLite copies them into the database.
        bench.run(
            "CREATE TABLE ballast (x BLOB) STRICT;"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
            " INSERT INTO ballast SELECT randomblob(3500) FROM n");
        for (int i = 0; i < 20; ++i)
            bench.workspace("w" + std::to_string(i));
        take(backup(bench.path, bench.folder.file("backup.db"), {}, Verify::yes));
        take(inspect_pages(bench.path, [] { return true; }));
        CHECK(check_database(bench.path, Migrate::yes).ok());
        CHECK(take(LeasedDirectory::open(bench.path, bench.clock))->ready());
        directory.reset();
        bench.close();
        // It begins as it did, salts included (https://www.sqlite.org/fileformat.html, 4.1): it was
        // only ever added to.
        CHECK(wal().size() > 3'000 * 4'096);
        CHECK(wal().substr(0, begun.size()) == begun);
        // Nor is the database taken away from under it.
        const auto restored =
            restore(bench.path, bench.folder.file("backup.db"), BringBack::no, 1'795'000'000'000);
        REQUIRE_FALSE(restored.ok());
        CHECK(restored.failure().fault == Fault::conflict);
        CHECK(wal().substr(0, begun.size()) == begun);
    }
    bench.reopen();
    CHECK(bench.number("SELECT count(*) FROM workspaces") == 21);
    CHECK(bench.text("PRAGMA integrity_check") == "ok");
}
