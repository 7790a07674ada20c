// What a command may write over: its own earlier work, and nothing else.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "store/backup.h"
#include "store/lock_file.h"
#include "support/backup_bytes.h"
#include "support/database_bench.h"

using namespace hourgate;
using namespace hourgate::store;
using hourgate::test::DatabaseBench;
using hourgate::test::take;

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t now_ms = 1'795'000'000'000;

std::string database_of_another_program() {
    std::string bytes = test::first_bytes_of_backup();
    bytes.replace(68, 4, "GPKG");
    return bytes;
}

/// Files that hourgate did not write; each with a word for it.
const std::vector<std::pair<const char*, std::string>> foreign_files = {
    {"text", "root:x:0:0:root:/root:/bin/bash\n"},
    {"empty", ""},
    {"another program's database", database_of_another_program()},
    {"a header cut short", test::first_bytes_of_backup().substr(0, 70)},
};

Failure backup_refused(const DatabaseBench& bench, const std::string& target,
                       Replace replace = Replace::backups) {
    const auto report = backup(bench.path, target, {}, Verify::no, replace);
    REQUIRE_FALSE(report.ok());
    CHECK_FALSE(report.failure().next.empty());
    return report.failure();
}

}  // namespace

TEST_CASE("a backup never overwrites a file that is not an earlier backup of ours") {
    DatabaseBench bench;
    const std::string target = bench.folder.file("hosts");
    for (const auto& [what, bytes] : foreign_files) {
        INFO(what);
        test::write_bytes(target, bytes);
        const Failure failure = backup_refused(bench, target);
        CHECK(failure.fault == Fault::conflict);
        CHECK(failure.what.find(target) != std::string::npos);
        CHECK(failure.next.find("--force") != std::string::npos);
        CHECK(test::bytes_of(target) == bytes);
    }
    CHECK(bench.folder.names().size() == 5);  // hourgate.db, its -wal, -shm and .lock, and hosts
}

TEST_CASE("a database in use is not taken for an earlier backup, although it has the same header") {
    DatabaseBench bench, other;
    const std::string before = test::bytes_of(other.path);
    CHECK(backup_refused(bench, other.path).fault == Fault::conflict);
    const auto served = take(lock(other.path, LockedPart::server, LockKind::exclusive, 0));
    REQUIRE(served);
    CHECK(backup_refused(bench, other.path, Replace::any_file).what.find("server") !=
          std::string::npos);
    CHECK(test::bytes_of(other.path) == before);
}

TEST_CASE("with --force a backup replaces any regular file, and never anything else") {
    DatabaseBench bench;
    const std::string target = bench.folder.file("there"), kept = bench.folder.file("kept");
    for (const auto& [what, bytes] : foreign_files) {
        INFO(what);
        test::write_bytes(target, bytes);
        CHECK(backup(bench.path, target, {}, Verify::no, Replace::any_file).ok());
        CHECK(take(inspect_file(target)).kind == FileState::Kind::ours);
    }
    test::write_bytes(kept, "kept");
    const std::vector<std::function<int()>> others = {
        [&] { return ::symlink(kept.c_str(), target.c_str()); },
        [&] { return ::symlink("nowhere", target.c_str()); },
        [&] { return ::mkfifo(target.c_str(), 0600); },
        [&] { return ::mkdir(target.c_str(), 0700); },
    };
    for (const auto& make : others) {
        fs::remove(target);
        REQUIRE(make() == 0);
        const Failure failure = backup_refused(bench, target, Replace::any_file);
        INFO(failure.what);
        CHECK(failure.fault == Fault::usage);
        CHECK_FALSE(fs::is_regular_file(fs::symlink_status(target)));
    }
    CHECK(test::bytes_of(kept) == "kept");
    CHECK_FALSE(fs::exists(bench.folder.file("nowhere")));
}

TEST_CASE("a file that comes to the target while a backup is made is left as it is") {
    DatabaseBench bench;
    const std::string target = bench.folder.file("late");
    for (const bool there_before : {false, true}) {
        INFO(there_before);
        fs::remove(target);
        if (there_before)
            test::write_bytes(target, test::earlier_backup);
        const auto report = backup(bench.path, target, [&](std::int64_t, std::int64_t) {
            fs::remove(target);
            test::write_bytes(target, "somebody else's");
            return true;
        });
        REQUIRE_FALSE(report.ok());
        CHECK(report.failure().fault == Fault::conflict);
        CHECK(test::bytes_of(target) == "somebody else's");
        CHECK(bench.folder.names().size() == 5);
    }
}

TEST_CASE("a stale draft that is not ours is neither overwritten nor followed nor removed") {
    DatabaseBench bench;
    const std::string copy = bench.folder.file("backup"), kept = bench.folder.file("kept");
    take(backup(bench.path, copy, {}));
    bench.close();
    test::write_bytes(kept, "kept");
    const std::string draft = bench.path + ".restoring";
    const auto refused = [&](const std::string& in_the_way) {
        const auto report = restore(bench.path, copy, BringBack::no, now_ms);
        REQUIRE_FALSE(report.ok());
        INFO(report.failure().what);
        CHECK(report.failure().fault == Fault::conflict);
        CHECK(report.failure().what.find(in_the_way) != std::string::npos);
        CHECK(test::bytes_of(kept) == "kept");
        CHECK(fs::symlink_status(in_the_way).type() != fs::file_type::not_found);
        fs::remove(in_the_way);
    };
    test::write_bytes(draft, "my notes on restoring");
    refused(draft);
    for (const char* const end : {"", "-wal", "-journal", "-shm"}) {
        REQUIRE(::symlink(kept.c_str(), (draft + end).c_str()) == 0);
        refused(draft + end);
        REQUIRE(::mkfifo((draft + end).c_str(), 0600) == 0);
        refused(draft + end);
        REQUIRE(::mkdir((draft + end).c_str(), 0700) == 0);
        refused(draft + end);
    }
    take(restore(bench.path, copy, BringBack::no, now_ms));
}

TEST_CASE("a lock file of another program is not written to, and a link or a pipe is not opened") {
    DatabaseBench bench;
    bench.close();
    const std::string path = bench.path + ".lock", kept = bench.folder.file("kept");
    test::write_bytes(kept, "");
    const auto refused = [&] {
        const auto taken = lock(bench.path, LockedPart::server, LockKind::exclusive, 0);
        REQUIRE_FALSE(taken.ok());
        INFO(taken.failure().what);
        CHECK(taken.failure().fault == Fault::conflict);
        CHECK_FALSE(holder_pid(bench.path).has_value());
        fs::remove(path);
    };
    fs::remove(path);
    test::write_bytes(path, "apt");
    refused();
    test::write_bytes(path, std::string(4'096, '1'));
    refused();
    REQUIRE(::symlink(kept.c_str(), path.c_str()) == 0);
    refused();
    REQUIRE(::link(kept.c_str(), path.c_str()) == 0);
    refused();
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    refused();
    REQUIRE(::mkdir(path.c_str(), 0700) == 0);
    refused();
    CHECK(take(lock(bench.path, LockedPart::server, LockKind::exclusive, 0)).has_value());
}

TEST_CASE("what has the name that the old database would get is not overwritten by a restore") {
    DatabaseBench bench;
    const std::string copy = bench.folder.file("backup");
    take(backup(bench.path, copy, {}));
    bench.close();
    const std::string aside = bench.path + ".before-restore-20261118T110640Z";
    REQUIRE(::symlink("nowhere", aside.c_str()) == 0);
    test::write_bytes(aside + "-2-wal", "kept");
    const RestoreReport report = take(restore(bench.path, copy, BringBack::no, now_ms));
    CHECK(report.old_file == aside + "-3");
    CHECK(fs::is_symlink(aside));
    CHECK(test::bytes_of(aside + "-2-wal") == "kept");
}

TEST_CASE("a restore replaces no folder, pipe or device that has the name of the database") {
    DatabaseBench bench;
    const std::string copy = bench.folder.file("backup"), other = bench.folder.file("other.db");
    take(backup(bench.path, copy, {}));
    REQUIRE(::mkfifo(other.c_str(), 0600) == 0);
    CHECK_FALSE(restore(other, copy, BringBack::yes, now_ms).ok());
    fs::remove(other);
    REQUIRE(::mkdir(other.c_str(), 0700) == 0);
    CHECK_FALSE(restore(other, copy, BringBack::yes, now_ms).ok());
    CHECK(fs::is_directory(other));
}

TEST_CASE("old backups are counted and removed by what they are, not by their names alone") {
    const test::TempFolder folder;
    const auto at = [&](std::int64_t day) {
        return dated_backup(folder.path(), now_ms + day * ms_per_day);
    };
    for (const std::int64_t day : {0, 1, 2})
        test::write_bytes(at(day), test::first_bytes_of_backup());
    test::write_bytes(at(-1), "my notes");
    REQUIRE(::mkdir(at(-2).c_str(), 0700) == 0);
    REQUIRE(::symlink(at(2).c_str(), at(-3).c_str()) == 0);
    test::write_bytes(at(-4) + ".part-7", "my notes");
    fs::last_write_time(at(-4) + ".part-7",
                        fs::file_time_type::clock::now() - std::chrono::hours(25));
    const std::int64_t wall_ms = SystemClock().now().wall_ms;
    CHECK(take(keep_latest(at(2), 2, wall_ms)) == std::vector<std::string>{at(0)});
    CHECK(folder.names().size() == 6);
}
