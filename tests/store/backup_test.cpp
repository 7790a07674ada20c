// Backup: one ordinary file, a snapshot, put in place whole or not at all.
#include "store/backup.h"

#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "support/backup_bytes.h"
#include "support/database_bench.h"
#include "support/small_disk.h"
#include "support/waiting.h"

using namespace hourgate;
using namespace hourgate::store;
using hourgate::test::comes_true;
using hourgate::test::DatabaseBench;
using hourgate::test::take;

namespace {

std::vector<std::string> in_folder(const DatabaseBench& bench) {
    std::vector<std::string> names = bench.folder.names();
    std::erase_if(names, [](const std::string& name) {  // the database and what belongs to it
        return name.rfind("hourgate.db", 0) == 0;
    });
    return names;
}

mode_t mode_of(const std::string& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777U;
}

/// Looks into a backup as any program would.
std::int64_t number_in(const std::string& file, const char* sql) {
    return DatabaseConnection(file, Access::look, 0).number(sql);
}

}  // namespace

TEST_CASE("a backup is one private file that needs no WAL, and holds what was committed") {
    DatabaseBench bench;
    const std::string prefix = bench.token_of("acme");
    const std::string target = bench.folder.file("backup");
    const BackupReport report = take(backup(bench.path, target, {}));
    CHECK(report.workspaces == 1);
    CHECK(report.members == 1);
    CHECK(report.tokens == 1);
    CHECK(report.bytes == static_cast<std::int64_t>(std::filesystem::file_size(target)));
    CHECK(mode_of(target) == 0600);
    CHECK(in_folder(bench) == std::vector<std::string>{"backup"});
    DatabaseConnection copy(target, Access::look, 0);
    CHECK(copy.text("PRAGMA journal_mode") == "delete");
    CHECK(copy.text("PRAGMA integrity_check") == "ok");
    CHECK(copy.text("SELECT prefix FROM tokens") == prefix);
    CHECK(copy.number("PRAGMA application_id") == 0x48474154);
    CHECK(copy.number("PRAGMA user_version") == schema_version());
    CHECK(in_folder(bench) == std::vector<std::string>{"backup"});  // nor does reading it
}

TEST_CASE("a backup takes the place of an earlier one in one step, private again") {
    DatabaseBench bench;
    const std::string target = bench.folder.file("backup");
    test::write_bytes(target, test::earlier_backup);
    ::chmod(target.c_str(), 0644);
    std::ifstream reader(target);  // who has the old one open keeps it
    bench.workspace("acme");
    CHECK(take(backup(bench.path, target, {})).workspaces == 1);
    CHECK(mode_of(target) == 0600);
    std::string line;
    std::getline(reader, line);
    CHECK(line == test::earlier_backup);
    bench.workspace("bolt");
    CHECK(take(backup(bench.path, target, {})).workspaces == 2);
}

TEST_CASE("a backup is one snapshot while others write, and does not keep them from it") {
    DatabaseBench bench;
    bench.run(
        "CREATE TABLE ballast (x BLOB) STRICT;"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)"
        " INSERT INTO ballast SELECT randomblob(3000) FROM n");
    bench.run(
        "INSERT INTO workspaces (public_id, name, plan_id, paid_until_ms, created_ms)"
        " VALUES ('ws_a', 'a', 1, 0, 0), ('ws_b', 'b', 1, 0, 0)");
    // Both rows change together, always: a snapshot never shows them apart.
    std::atomic<bool> done{false};
    std::atomic<int> commits{0};
    std::thread writer([&] {
        DatabaseConnection connection(bench.path, Access::write, command_busy_ms);
        while (!done) {
            connection.run("UPDATE workspaces SET paid_until_ms = paid_until_ms + 1");
            ++commits;
        }
    });
    CHECK(comes_true([&] { return commits >= 3; }));
    int commits_in_the_middle = 0;
    for (int i = 0; i < 3; ++i) {
        const int before = commits;
        const std::string target = bench.folder.file("backup" + std::to_string(i));
        take(backup(bench.path, target, {}));
        commits_in_the_middle += commits - before;
        CHECK(number_in(target, "SELECT count(DISTINCT paid_until_ms) FROM workspaces") == 1);
        CHECK(number_in(target, "SELECT max(paid_until_ms) FROM workspaces") >= before);
    }
    done = true;
    writer.join();
    CHECK(commits_in_the_middle > 0);
}

TEST_CASE("progress is told, and ends with all pages done") {
    DatabaseBench bench;
    std::int64_t calls = 0, last_done = 0, last_all = 0;
    take(backup(bench.path, bench.folder.file("backup"), [&](std::int64_t done, std::int64_t all) {
        ++calls;
        last_done = done;
        last_all = all;
        return true;
    }));
    CHECK(calls == 2);
    CHECK(last_all > 10);
    CHECK(last_done == last_all);
}

TEST_CASE("a backup that is told to stop leaves nothing, at whichever step") {
    DatabaseBench bench;
    for (int steps = 0; steps < 3; ++steps) {
        int left = steps;
        const auto report = backup(
            bench.path, bench.folder.file("backup"),
            [&](std::int64_t, std::int64_t) { return left-- > 0; }, Verify::yes);
        REQUIRE_FALSE(report.ok());
        CHECK(report.failure().what.find("stopped by a signal") == 0);
        CHECK(in_folder(bench).empty());
    }
}

TEST_CASE("on a full disk the earlier backup stays, and nothing else does") {
    DatabaseBench bench;
    bench.token_of("acme");
    const std::string target = bench.folder.file("backup");
    test::write_bytes(target, test::earlier_backup);
    for (const std::uintmax_t bytes : {1U, 5'000U, 50'000U}) {
        const test::SmallDisk full(bytes);
        const auto report = backup(bench.path, target, {});
        REQUIRE_FALSE(report.ok());
        CHECK(report.failure().fault == Fault::system);
        INFO(report.failure().what);
        CHECK(report.failure().what.find(target) != std::string::npos);
        CHECK_FALSE(report.failure().next.empty());
        CHECK(test::bytes_of(target) == test::earlier_backup);
        CHECK(in_folder(bench) == std::vector<std::string>{"backup"});
    }
}

TEST_CASE("a backup is refused where it makes no sense, and touches nothing") {
    DatabaseBench bench;
    const auto refused = [&](const std::string& from, const std::string& to) {
        const auto report = backup(from, to, {});
        REQUIRE_FALSE(report.ok());
        return report.failure();
    };
    CHECK(refused(bench.path, bench.path).what.find("is the database itself") != std::string::npos);
    std::filesystem::create_symlink(bench.path, bench.folder.file("link"));
    CHECK(refused(bench.path, bench.folder.file("link")).fault == Fault::usage);
    CHECK(refused(bench.path, bench.folder.path()).what.find("is a folder") != std::string::npos);
    CHECK(refused(bench.path, "/dev/null").fault == Fault::usage);
    const Failure nowhere = refused(bench.path, bench.folder.file("no/such/backup"));
    CHECK(nowhere.what.find("no/such/backup") != std::string::npos);
    CHECK(nowhere.next.find("make the folder ") != std::string::npos);
    CHECK(refused(bench.folder.file("absent.db"), bench.folder.file("backup")).fault ==
          Fault::not_found);
    test::write_bytes(bench.folder.file("text"), "not a database at all");
    CHECK(refused(bench.folder.file("text"), bench.folder.file("backup"))
              .what.find("is not a SQLite database") != std::string::npos);
    CHECK(in_folder(bench) == std::vector<std::string>{"link", "text"});
    CHECK(bench.text("PRAGMA integrity_check") == "ok");
}

TEST_CASE("a damaged database is not backed up over a sound backup") {
    DatabaseBench bench;
    bench.token_of("acme");
    bench.close();
    const std::string target = bench.folder.file("backup");
    take(backup(bench.path, target, {}));
    const std::string sound = test::bytes_of(target);
    std::string bytes = test::bytes_of(bench.path);
    SECTION("a page overwritten") {
        const auto page = bytes.size() - 4'096 * 3;
        for (std::size_t i = 0; i < 4'096; ++i)
            bytes[page + i] = static_cast<char>(i);
        test::write_bytes(bench.path, bytes);
    }
    SECTION("an index that does not agree with its table") {
        bench.tamper(
            "UPDATE sqlite_schema SET rootpage ="
            " (SELECT rootpage FROM sqlite_schema WHERE name = 'members_by_stamp')"
            " WHERE name = 'tokens_by_stamp'");
    }
    const auto report = backup(bench.path, target, {});
    REQUIRE_FALSE(report.ok());
    INFO(report.failure().what);
    CHECK(report.failure().fault == Fault::store);
    CHECK(report.failure().what.find("the database " + bench.path + " is damaged") == 0);
    CHECK(test::bytes_of(target) == sound);
}
