// Backups that restore: tried before they get their name, found out when they do not.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "store/backup.h"
#include "store/known.h"
#include "support/backup_bytes.h"
#include "support/database_bench.h"
#include "support/faulty_disk.h"

using namespace hourgate;
using namespace hourgate::store;
using hourgate::test::DatabaseBench;
using hourgate::test::FaultyDisk;
using hourgate::test::take;

namespace {

using Names = std::vector<std::string>;

/// All but the database and what belongs to it.
Names beside(const DatabaseBench& bench) {
    Names names = bench.folder.names();
    std::erase_if(names, [](const std::string& name) {
        return name == "hourgate.db" || name.rfind("hourgate.db-", 0) == 0 ||
               name == "hourgate.db.lock";
    });
    return names;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// What a database says, closed again.
Known known_of(const std::string& path) {
    DatabaseConnection connection(path, Access::look, 0);
    return read_known(connection);
}

/// Tokens of every kind of end, in two workspaces.
void fill(DatabaseBench& bench) {
    const std::string ann = bench.person(bench.workspace("acme"), "ann@acme.example", Role::owner);
    for (int i = 0; i < 120; ++i)
        bench.rules.live_max = 1'000, bench.mint(ann);
    bench.revoke(bench.mint(ann).view.token.prefix);
    bench.mint(ann, bench.clock.wall_ms + ms_per_day);
    bench.token_of("bolt", Role::manager);
    take(manage::mint_operator(bench.context(), "op"));
}

}  // namespace

TEST_CASE("a verified backup restores to what the database held, and leaves one file") {
    DatabaseBench bench;
    fill(bench);
    const std::string target = bench.folder.file("backup.db");
    const BackupReport report = take(backup(bench.path, target, {}, Verify::yes));
    REQUIRE(report.restored.has_value());
    CHECK(report.restored->workspaces == 2);
    CHECK(report.restored->members == 2);
    CHECK(report.restored->tokens == 124);
    CHECK(report.restored->compared == known_tokens_max);
    CHECK(report.restored->took_us > 0);
    CHECK(beside(bench) == Names{"backup.db"});
    struct stat status {};
    REQUIRE(::stat(target.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0600);
    const BackupReport later = take(verify_backup(target));
    CHECK(later.restored->tokens == 124);
    CHECK(later.bytes == report.bytes);
    CHECK(beside(bench) == Names{"backup.db"});
}

TEST_CASE("an empty database has a backup that restores, too") {
    DatabaseBench bench;
    const BackupReport report =
        take(backup(bench.path, bench.folder.file("backup.db"), {}, Verify::yes));
    CHECK(report.restored->tokens == 0);
    CHECK(report.restored->compared == 0);
}

TEST_CASE("what changes while the copy is made is no difference: it is compared as it was copied") {
    DatabaseBench bench;
    const std::string prefix = bench.token_of("acme");
    bool changed = false;
    const BackupReport report = take(backup(
        bench.path, bench.folder.file("backup.db"),
        [&](std::int64_t, std::int64_t) {
            if (!std::exchange(changed, true)) {
                bench.revoke(prefix);
                bench.workspace("later");
            }
            return true;
        },
        Verify::yes));
    CHECK(changed);
    CHECK(report.restored->workspaces == 1);
    CHECK(bench.number("SELECT count(*) FROM workspaces") == 2);
}

TEST_CASE("the sample has the first token and the last, and is spread between them") {
    DatabaseBench bench;
    fill(bench);
    const Known known = known_of(bench.path);
    REQUIRE(known.sample.size() == known_tokens_max);
    CHECK(known.sample.front()->token.id == bench.number("SELECT min(id) FROM tokens"));
    CHECK(known.sample.back()->token.id == bench.number("SELECT max(id) FROM tokens"));
    for (std::size_t at = 1; at < known.sample.size(); ++at) {
        const std::int64_t step = known.sample[at]->token.id - known.sample[at - 1]->token.id;
        CHECK((step >= 1 && step <= 2));
    }
}

TEST_CASE("whatever a decision depends on is found out when it is another in the restored one") {
    DatabaseBench bench;
    const std::string prefix = bench.token_of("acme");
    const Known known = known_of(bench.path);
    CHECK(take(difference(known, bench.path)).empty());
    struct Change {
        std::string sql, named;
    };
    const std::string flip = " WHERE prefix = '" + prefix + "'";
    for (const Change& change :
         {Change{"UPDATE tokens SET digest = randomblob(32)" + flip, "its digest is another"},
          Change{"UPDATE tokens SET revoked_ms = 1" + flip, "whether it is revoked is another"},
          Change{"UPDATE tokens SET expires_ms = 1" + flip, "when it begins or ends is another"},
          Change{"UPDATE tokens SET scopes = 'clients:read'" + flip, "its scopes is another"},
          Change{"UPDATE tokens SET name = 'other'" + flip, "what it is is another"},
          Change{"UPDATE members SET role = 3", "its member's role is another"},
          Change{"UPDATE members SET removed_ms = 1", "its member is another"},
          Change{"UPDATE workspaces SET plan_id = (SELECT id FROM plans WHERE name = 'agency')",
                 "its workspace's plan is another"},
          Change{"UPDATE workspaces SET paid_until_ms = 1", "its workspace is another"},
          Change{"UPDATE tokens SET prefix = '00000000000a'" + flip, "it is not there"},
          Change{"UPDATE windows SET calls = calls + 1", "its plans or their windows are others"},
          Change{"INSERT INTO workspaces (public_id, name, plan_id, created_ms)"
                 " VALUES ('ws_x', 'x', 1, 0)",
                 "it has 2 workspaces instead of 1"}}) {
        const std::string copy = bench.folder.file("copy.db");
        take(backup(bench.path, copy, {}, Verify::no, Replace::any_file));
        DatabaseConnection(copy, Access::write, 0).run(change.sql.c_str());
        const std::string off = take(difference(known, copy));
        INFO(change.sql << ": " << off);
        CHECK(has(off, change.named));
    }
}

TEST_CASE("a disk that keeps another byte than it was given is found out, and the old file stays") {
    DatabaseBench bench;
    fill(bench);
    const std::string target = bench.folder.file("backup.db");
    test::write_bytes(target, test::earlier_backup);
    int found = 0;
    for (const std::int64_t page : {5, 20, 30}) {
        FaultyDisk disk;
        disk.corrupt_page(".part-", page);
        const auto report = backup(bench.path, target, {}, Verify::yes);
        REQUIRE_FALSE(report.ok());
        INFO(report.failure().what);
        CHECK(report.failure().fault == Fault::store);
        CHECK_FALSE(report.failure().next.empty());
        found += has(report.failure().what, "damaged");
        CHECK(test::bytes_of(target) == test::earlier_backup);
        CHECK(beside(bench) == Names{"backup.db"});
    }
    CHECK(found > 0);
    CHECK(take(backup(bench.path, target, {}, Verify::yes)).restored->tokens == 124);
}

TEST_CASE("a backup that can be copied but not restored is no backup: it says so and goes") {
    DatabaseBench bench;
    fill(bench);
    const std::string target = bench.folder.file("backup.db");
    FaultyDisk disk;
    disk.corrupt_page(".verify-", 20);
    const auto report = backup(bench.path, target, {}, Verify::yes);
    REQUIRE_FALSE(report.ok());
    INFO(report.failure().what);
    CHECK(has(report.failure().what, "the backup " + target + " does not restore: "));
    CHECK(has(report.failure().next, "it was removed"));
    CHECK(beside(bench).empty());
}

TEST_CASE("an old backup that is cut, overwritten, foreign or newer does not verify, and stays") {
    DatabaseBench bench;
    fill(bench);
    const std::string file = bench.folder.file("old.db");
    take(backup(bench.path, file, {}));
    const std::string sound = test::bytes_of(file);
    std::string middle = sound, foreign = sound, newer = sound;
    middle.replace(4'096 * 20, 4'096, 4'096, '\x5a');
    foreign[68] = 'X';
    newer[63] = 99;
    for (const std::string& bytes :
         {sound.substr(0, sound.size() / 2), middle, foreign, newer, std::string("text")}) {
        test::write_bytes(file, bytes);
        const auto report = verify_backup(file);
        REQUIRE_FALSE(report.ok());
        INFO(report.failure().what);
        CHECK(has(report.failure().what, "the backup " + file + " does not restore: "));
        CHECK_FALSE(report.failure().next.empty());
        CHECK(test::bytes_of(file) == bytes);
        CHECK(beside(bench) == Names{"old.db"});
    }
    CHECK(verify_backup(bench.folder.file("none.db")).failure().fault == Fault::not_found);
}

TEST_CASE("of dated backups the latest are kept, and nothing else is touched") {
    const test::TempFolder folder;
    const auto at = [&](std::int64_t day) {
        return dated_backup(folder.path(), 1'795'000'000'000 + day * ms_per_day);
    };
    for (int day = 0; day < 5; ++day)
        test::write_bytes(at(day), test::first_bytes_of_backup());
    const std::string others[] = {"hourgate-20261118T000000Z.db.txt", "hourgate-now.db", "mine.db",
                                  "hourgate-2026111xT000000Z.db"};
    for (const std::string& other : others)
        test::write_bytes(folder.file(other), "x");
    const std::string today_part = at(4) + ".part-7", old_part = at(0) + ".verify-7";
    test::write_bytes(today_part, "");
    test::write_bytes(old_part, "");
    const std::int64_t now_ms = SystemClock().now().wall_ms;
    std::filesystem::last_write_time(
        old_part, std::filesystem::file_time_type::clock::now() - std::chrono::hours(25));

    CHECK(take(keep_latest(at(4), 3, now_ms)).size() == 3);
    for (const std::string& gone : {at(0), at(1), old_part})
        CHECK_FALSE(std::filesystem::exists(gone));
    for (const std::string& kept : {at(2), at(3), at(4), today_part})
        CHECK(std::filesystem::exists(kept));
    for (const std::string& other : others)
        CHECK(std::filesystem::exists(folder.file(other)));
    // A clock that was set back names the new one before the others: it stays all the same.
    test::write_bytes(at(-9), test::first_bytes_of_backup());
    take(keep_latest(at(-9), 2, now_ms));
    CHECK(std::filesystem::exists(at(-9)));
    CHECK(std::filesystem::exists(at(4)));
    CHECK_FALSE(std::filesystem::exists(at(3)));
    CHECK(take(keep_latest(at(-9), 1, now_ms)) == Names{at(4)});
}

TEST_CASE("whichever write of a verified backup fails, the earlier one stays, and nothing else") {
    DatabaseBench bench;
    fill(bench);
    const std::string target = bench.folder.file("backup.db");
    test::write_bytes(target, test::earlier_backup);
    FaultyDisk disk;
    int at = 0;
    for (int failed = 1; failed > 0; at += 9) {
        disk.fail_after(at, FaultyDisk::Fault::io_error);
        const auto report = backup(bench.path, target, {}, Verify::yes);
        failed = disk.heal();
        if (failed == 0) {
            CHECK(report.ok());
            continue;
        }
        REQUIRE_FALSE(report.ok());
        INFO(at << ": " << report.failure().what);
        CHECK(report.failure().fault == Fault::system);
        CHECK(test::bytes_of(target) == test::earlier_backup);
        CHECK(beside(bench) == Names{"backup.db"});
    }
    CHECK(at > 50);
}
