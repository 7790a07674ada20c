// Restore: what is put in the database's place, what is kept from coming back, and what is refused.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>

#include "base/time_text.h"
#include "store/backup.h"
#include "store/leased_directory.h"
#include "store/lock_file.h"
#include "store/server_lock.h"
#include "support/backup_bytes.h"
#include "support/database_bench.h"
#include "support/small_disk.h"

using namespace hourgate;
using namespace hourgate::store;
using hourgate::test::DatabaseBench;
using hourgate::test::take;

namespace {

constexpr std::int64_t now_ms = 1'795'000'123'000;  // 2026-11-18T11:08:43Z

/// A database with a backup, both in one folder.
class Backed : public DatabaseBench {
public:
    Backed() { take(backup(path, copy, {})); }

    Result<RestoreReport> restored(BringBack bring_back = BringBack::no) {
        close();
        auto report = restore(path, copy, bring_back, now_ms);
        if (report.ok())
            reopen();
        return report;
    }
    /// The failure of a restore that must change nothing.
    Failure refused(BringBack bring_back = BringBack::no) {
        close();
        const std::string before = test::bytes_of(path);
        const std::vector<std::string> names = folder.names();
        const auto report = restore(path, copy, bring_back, now_ms);
        REQUIRE_FALSE(report.ok());
        CHECK(test::bytes_of(path) == before);
        std::vector<std::string> after = folder.names();
        std::erase(after, "hourgate.db.lock");
        std::vector<std::string> expected = names;
        std::erase(expected, "hourgate.db.lock");
        CHECK(after == expected);
        return report.failure();
    }

    const std::string prefix = token_of("acme", Role::owner);
    const std::string bob = person("acme", "bob@acme.example");
    const std::string copy = folder.file("backup");
    const std::string aside = path + ".before-restore-20261118T110843Z";
};

}  // namespace

TEST_CASE("a backup takes the place of the database, which goes aside whole") {
    Backed bench;
    bench.workspace("bolt");
    const RestoreReport report = take(bench.restored());
    CHECK(report.workspaces == 1);
    CHECK(report.members == 2);
    CHECK(report.tokens == 1);
    CHECK(report.kept_revoked.empty());
    CHECK(report.kept_removed.empty());
    CHECK(report.old_file == bench.aside);
    CHECK(take(manage::list_workspaces(bench.context())).items.size() == 1);
    CHECK(DatabaseConnection(bench.aside, Access::look, 0)
              .number("SELECT count(*) FROM workspaces") == 2);
    CHECK(bench.last_event("action") == "database.restore");
    CHECK(bench.last_event("at_ms") == std::to_string(now_ms));
    struct stat status {};
    REQUIRE(::stat(bench.path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0600);
    bench.close();
    CHECK(bench.folder.names() ==
          std::vector<std::string>{"backup", "hourgate.db",
                                   "hourgate.db.before-restore-20261118T110843Z",
                                   "hourgate.db.lock"});
}

TEST_CASE(
    "a preview of a restore says what would be, under a running server, and changes nothing") {
    Backed bench;
    bench.workspace("bolt");
    bench.revoke(bench.prefix);
    const auto server = take(ServerLock::take(bench.path));
    const std::vector<std::string> names = bench.folder.names();
    const std::string before = test::bytes_of(bench.path);
    std::int64_t told = 0;
    const RestoreReport report = take(restore(
        bench.path, bench.copy, BringBack::no, now_ms,
        [&](const Losses& losses) { told += losses.workspaces_added + losses.tokens_revoked; },
        Restore::preview));
    CHECK(told == 2);
    CHECK(report.workspaces == 1);
    CHECK(report.kept_revoked == std::vector<std::string>{bench.prefix});
    CHECK(report.old_file.empty());
    CHECK(bench.folder.names() == names);
    CHECK(test::bytes_of(bench.path) == before);
    CHECK(take(manage::list_workspaces(bench.context())).items.size() == 2);
    CHECK(bench.last_event("action") == "token.revoke");
    // The same restore for real is refused under the server.
    CHECK(restore(bench.path, bench.copy, BringBack::no, now_ms).failure().fault ==
          Fault::conflict);
}

TEST_CASE("a backup can be restored where there is no database") {
    Backed bench;
    bench.close();
    std::filesystem::remove(bench.path);
    const RestoreReport report = take(bench.restored());
    CHECK(report.old_file.empty());
    CHECK(report.tokens == 1);
    CHECK(take(manage::show_token(bench.context(), bench.prefix)).token.prefix == bench.prefix);
}

TEST_CASE("restoring twice in one second keeps both old files") {
    Backed bench;
    CHECK(take(bench.restored()).old_file == bench.aside);
    CHECK(take(bench.restored()).old_file == bench.aside + "-2");
    CHECK(std::filesystem::exists(bench.aside));
}

TEST_CASE("tokens revoked and members removed since the backup stay so, and are listed") {
    Backed bench;
    bench.clock.wall_ms += 5'000;
    bench.revoke(bench.prefix);
    take(manage::remove_member(bench.context(), bench.bob));
    bench.token_of("bolt");  // unknown to the backup
    bench.revoke(bench.mint(bench.person("acme", "eve@acme.example")).view.token.prefix);
    const std::int64_t then = bench.clock.wall_ms;

    const RestoreReport report = take(bench.restored());
    CHECK(report.kept_revoked == std::vector<std::string>{bench.prefix});
    CHECK(report.kept_removed == std::vector<std::string>{bench.bob});
    CHECK(take(manage::show_token(bench.context(), bench.prefix)).token.revoked_ms == then);
    CHECK(bench.number("SELECT removed_ms FROM members WHERE email LIKE 'bob@%'") == then);
    CHECK(bench.number("SELECT count(*) FROM members") == 2);
    CHECK(bench.text("SELECT group_concat(action || ' ' || object, ', ') FROM audit_events"
                     " WHERE actor = 'restore'") == "token.revoke " + bench.prefix +
                                                        ", member.remove " + bench.bob +
                                                        ", database.restore " + "backup");
}

TEST_CASE("with --bring-back they work again") {
    Backed bench;
    bench.revoke(bench.prefix);
    take(manage::remove_member(bench.context(), bench.bob));
    const RestoreReport report = take(bench.restored(BringBack::yes));
    CHECK(report.kept_revoked.empty());
    CHECK(report.kept_removed.empty());
    CHECK_FALSE(take(manage::show_token(bench.context(), bench.prefix)).token.revoked_ms);
    CHECK(bench.number("SELECT count(*) FROM members WHERE removed_ms IS NOT NULL") == 0);
}

TEST_CASE("what the backup has not is counted, and told before anything is changed") {
    Backed bench;
    bench.clock.wall_ms += 5'000;
    const std::string fresh = bench.token_of("bolt");
    bench.revoke(bench.prefix);
    take(manage::remove_member(bench.context(), bench.bob));
    const std::int64_t before = bench.events();
    bench.close();
    std::int64_t told = 0;
    const RestoreReport report =
        take(restore(bench.path, bench.copy, BringBack::no, now_ms, [&](const Losses& losses) {
            ++told;
            CHECK(losses.tokens_minted == 1);
            CHECK_FALSE(std::filesystem::exists(bench.aside));
            DatabaseConnection present(bench.path, Access::look, 0);
            CHECK(present.number("SELECT count(*) FROM workspaces") == 2);
        }));
    CHECK(told == 1);
    bench.reopen();
    const Losses& losses = report.losses;
    CHECK(losses.known);
    CHECK(losses.tokens_minted == 1);
    CHECK(losses.tokens_revoked == 1);
    CHECK(losses.tokens_rotated == 0);
    CHECK(losses.workspaces_added == 1);
    CHECK(losses.members_added == 1);
    CHECK(losses.members_removed == 1);
    const auto lately =
        DatabaseConnection(bench.copy, Access::look, 0).number("SELECT count(*) FROM audit_events");
    CHECK(losses.audit_events == before - lately);
    CHECK(losses.made_ms > 0);
    CHECK(losses.newest_ms > 0);
    CHECK(losses.revived.empty());  // what was revoked stays so
    CHECK(report.kept_revoked == std::vector<std::string>{bench.prefix});
}

TEST_CASE("a revocation that the backup has is not lost, even if the token's row is gone") {
    Backed bench;
    bench.revoke(bench.prefix);
    const std::string later = bench.mint(bench.bob).view.token.prefix;
    SECTION("in both, since the workspace was closed before the backup") {
        bench.revoke(later);
        take(manage::close_workspace(bench.context(), "acme"));
        take(backup(bench.path, bench.copy, {}));
        const RestoreReport report = take(bench.restored());
        CHECK(report.losses.tokens_revoked == 0);
        CHECK(report.losses.audit_events == 0);
        CHECK(report.losses.workspaces_back_count == 0);
        CHECK(report.kept_revoked.empty());
    }
    SECTION("in the present database alone, since the workspace was closed after the backup") {
        take(backup(bench.path, bench.copy, {}));
        bench.revoke(later);
        take(manage::close_workspace(bench.context(), "acme"));
        const RestoreReport report = take(bench.restored());
        CHECK(report.losses.tokens_revoked == 1);
        CHECK(report.kept_revoked == std::vector<std::string>{later});
    }
    SECTION("in neither: a token minted and revoked since, whose workspace was closed") {
        take(backup(bench.path, bench.copy, {}));
        bench.revoke(later);
        const std::string newest = bench.token_of("bolt");
        bench.revoke(newest);
        take(manage::close_workspace(bench.context(), "bolt"));
        const RestoreReport report = take(bench.restored());
        CHECK(report.losses.tokens_revoked == 2);
        CHECK(report.kept_revoked == std::vector<std::string>{later});
    }
}

TEST_CASE("workspaces that were closed since the backup come back, and are named up to a bound") {
    Backed bench;
    SECTION("one") {
        bench.revoke(bench.prefix);
        take(manage::close_workspace(bench.context(), "acme"));
        const Losses losses = take(bench.restored()).losses;
        CHECK(losses.workspaces_back == std::vector<std::string>{"acme"});
        CHECK(losses.workspaces_back_count == 1);
        CHECK(bench.last_event("after").find("\"workspacesThatComeBack\":1") != std::string::npos);
    }
    SECTION("more than are named") {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < workspaces_back_max + 2; ++i) {
            names.push_back("w" + std::to_string(i));
            bench.workspace(names.back());
        }
        take(backup(bench.path, bench.copy, {}));
        for (const std::string& name : names)
            take(manage::close_workspace(bench.context(), name));
        const Losses losses = take(bench.restored()).losses;
        CHECK(losses.workspaces_back_count == static_cast<std::int64_t>(names.size()));
        names.resize(workspaces_back_max);
        CHECK(losses.workspaces_back == names);
    }
    SECTION("none was closed") {
        CHECK(take(bench.restored()).losses.workspaces_back_count == 0);
    }
}

TEST_CASE("a folder in a backup's place is refused, and its newest backup is named") {
    Backed bench;
    bench.close();
    const std::string folder = bench.folder.file("backups");
    std::filesystem::create_directory(folder);
    const auto says = [&](const Failure& failure, const std::string& next) {
        INFO(failure.next);
        CHECK(failure.fault == Fault::usage);
        CHECK(failure.what == folder + " is a folder, not a backup");
        CHECK(failure.next == next);
    };
    const auto check = [&](const std::string& next) {
        says(restore(bench.path, folder, BringBack::no, now_ms).failure(), next);
        says(verify_backup(folder).failure(), next);
    };
    test::write_bytes(folder + "/notes.db", "dear diary");
    check("name a backup; there is none in this folder");
    const auto then = std::filesystem::last_write_time(bench.copy);
    for (const char* name : {"/b.db", "/a.db", "/c.db"})
        std::filesystem::copy_file(bench.copy, folder + name);
    for (const char* name : {"/b.db", "/a.db"})
        std::filesystem::last_write_time(folder + name, then);
    std::filesystem::last_write_time(folder + "/c.db", then - std::chrono::hours(1));
    check("name a backup; the newest one in it is " + folder + "/b.db");
    std::filesystem::last_write_time(folder + "/c.db", then + std::chrono::hours(1));
    check("name a backup; the newest one in it is " + folder + "/c.db");
}

TEST_CASE("tokens that did not work and will work again are named, up to a bound") {
    Backed bench;
    std::vector<std::string> many;
    const std::string carl = bench.person("acme", "carl@acme.example");
    for (std::size_t i = 0; i < revived_max + 2; ++i) {
        bench.rules.live_max = 1'000;
        many.push_back(bench.mint(carl).view.token.prefix);
    }
    take(backup(bench.path, bench.copy, {}));
    SECTION("revoked, and brought back") {
        bench.revoke(bench.prefix);
        const Losses losses = take(bench.restored(BringBack::yes)).losses;
        CHECK(losses.tokens_revoked == 1);
        CHECK(losses.revived == std::vector<std::string>{bench.prefix});
        CHECK(losses.revived_count == 1);
    }
    SECTION("of a member who was removed, and brought back") {
        take(manage::remove_member(bench.context(), carl));
        const Losses losses = take(bench.restored(BringBack::yes)).losses;
        CHECK(losses.revived_count == static_cast<std::int64_t>(revived_max) + 2);
        CHECK(losses.revived ==
              std::vector<std::string>(many.begin(),
                                       many.begin() + static_cast<std::ptrdiff_t>(revived_max)));
    }
    SECTION("rotated away, whether anything is brought back or not") {
        take(manage::rotate_token(bench.context(), bench.prefix, 0));
        const Losses losses = take(bench.restored()).losses;
        CHECK(losses.tokens_rotated == 1);
        CHECK(losses.tokens_minted == 1);
        CHECK(losses.revived == std::vector<std::string>{bench.prefix});
    }
    SECTION("not those that expired meanwhile, and not those that work now") {
        const Losses losses = take(bench.restored(BringBack::yes)).losses;
        CHECK(losses.revived_count == 0);
    }
}

TEST_CASE("where the present database cannot be read, what is lost is said not to be known") {
    Backed bench;
    bench.close();
    test::write_bytes(bench.path, "oh no");
    CHECK_FALSE(take(bench.restored(BringBack::yes)).losses.known);
}

TEST_CASE("what was revoked or removed in the backup already is not listed, and keeps its time") {
    Backed bench;
    bench.revoke(bench.prefix);
    const std::int64_t then = bench.clock.wall_ms;
    take(backup(bench.path, bench.copy, {}));
    bench.clock.wall_ms += 5'000;
    const RestoreReport report = take(bench.restored());
    CHECK(report.kept_revoked.empty());
    CHECK(take(manage::show_token(bench.context(), bench.prefix)).token.revoked_ms == then);
}

TEST_CASE("a restored database never meets the WAL of the old one") {
    Backed bench;
    const auto check = [&] {
        CHECK(take(manage::list_workspaces(bench.context())).items.size() == 1);
        CHECK(bench.text("PRAGMA integrity_check") == "ok");
    };
    SECTION("the old one was closed in an orderly way") {
        bench.workspace("bolt");
        take(bench.restored());
        check();
    }
    SECTION("the server was killed: a WAL with changes is left") {
        const std::string killed = bench.folder.file("killed");
        bench.workspace("bolt");
        bench.workspace("zulu");
        for (const std::string end : {"", "-wal"})
            std::filesystem::copy_file(bench.path + end, killed + end);
        bench.close();
        for (const std::string end : {"", "-wal"})
            std::filesystem::rename(killed + end, bench.path + end);
        REQUIRE(std::filesystem::file_size(bench.path + "-wal") > 0);
        const RestoreReport report = take(bench.restored());
        check();
        // And what the WAL held is in the old file.
        CHECK(DatabaseConnection(report.old_file, Access::look, 0)
                  .number("SELECT count(*) FROM workspaces") == 3);
    }
    SECTION("the old database is gone, its WAL is not") {
        bench.workspace("bolt");
        std::filesystem::copy_file(bench.path + "-wal", bench.folder.file("wal"));
        bench.close();
        std::filesystem::remove(bench.path);
        std::filesystem::rename(bench.folder.file("wal"), bench.path + "-wal");
        CHECK(take(bench.restored()).old_file.empty());
        check();
        CHECK(std::filesystem::exists(bench.aside + "-wal"));
    }
}

TEST_CASE("a backup that is none, is damaged or is newer is refused, and nothing changes") {
    Backed bench;
    const std::string unfit = "the backup " + bench.copy + " does not restore: ";
    std::string said;
    SECTION("absent") {
        std::filesystem::remove(bench.copy);
        said = "there is no backup at " + bench.copy;
    }
    SECTION("a text") {
        test::write_bytes(bench.copy, "dear diary");
        said = unfit + "it is not a SQLite database";
    }
    SECTION("empty") {
        test::write_bytes(bench.copy, "");
        said = unfit + "it is empty";
    }
    SECTION("cut off") {
        const std::string whole = test::bytes_of(bench.copy);
        test::write_bytes(bench.copy, whole.substr(0, whole.size() / 2));
        said = unfit + "it is cut off";
    }
    SECTION("damaged in the middle") {
        std::string bytes = test::bytes_of(bench.copy);
        const std::size_t page = bytes.size() - 4'096 * 2;
        for (std::size_t i = 0; i < 4'096; ++i)
            bytes[page + i] = static_cast<char>(i);
        test::write_bytes(bench.copy, bytes);
        said = unfit;
    }
    SECTION("of another program") {
        DatabaseConnection(bench.copy, Access::draft, 0).run("PRAGMA application_id = 5");
        said = unfit + "it is a SQLite database of another program";
    }
    SECTION("newer") {
        DatabaseConnection(bench.copy, Access::draft, 0).run("PRAGMA user_version = 9");
        said = unfit + bench.copy +
               " was written by a newer hourgate (schema 9, this program knows " +
               std::to_string(schema_version()) + ")";
    }
    SECTION("references that lead nowhere") {
        DatabaseConnection(bench.copy, Access::draft, 0)
            .run("PRAGMA foreign_keys = OFF; DELETE FROM members");
        said = unfit + "it is damaged: a row of tokens refers to nothing";
    }
    const Failure failure = bench.refused();
    INFO(failure.what);
    CHECK(failure.what.find(said) == 0);
    CHECK_FALSE(failure.next.empty());
}

TEST_CASE("what `backup --verify-only` refuses is not restored, and both say the same") {
    for (const std::string change :
         {"UPDATE tokens SET scopes = 'clients:read;DROP'", "UPDATE tokens SET env = 7",
          "UPDATE tokens SET digest = x'00'", "UPDATE members SET role = 9",
          "UPDATE windows SET per = 5",
          // A row that no sample of the tokens reads.
          "UPDATE members SET kind = 4 WHERE email = 'bob@acme.example'"}) {
        Backed bench;
        DatabaseConnection(bench.copy, Access::draft, 0)
            .run(("PRAGMA ignore_check_constraints = ON;" + change).c_str());
        const auto verified = verify_backup(bench.copy);
        INFO(change);
        REQUIRE_FALSE(verified.ok());
        const Failure failure = bench.refused();
        CHECK(failure.what == verified.failure().what);
        CHECK(failure.what.starts_with("the backup " + bench.copy + " does not restore: "));
        CHECK(failure.next == verified.failure().next);
        bench.reopen();
        CHECK(bench.number("SELECT count(*) FROM tokens") == 1);
    }
}

TEST_CASE("the database itself is no backup of itself") {
    Backed bench;
    bench.close();
    std::filesystem::create_symlink(bench.path, bench.folder.file("link"));
    for (const std::string& source : {bench.path, bench.folder.file("link")}) {
        const auto report = restore(bench.path, source, BringBack::no, now_ms);
        REQUIRE_FALSE(report.ok());
        CHECK(report.failure().fault == Fault::usage);
    }
}

TEST_CASE("nothing is restored under a running server") {
    Backed bench;
    const auto server = take(ServerLock::take(bench.path));
    const Failure failure = bench.refused(BringBack::yes);
    CHECK(failure.fault == Fault::conflict);
    CHECK(failure.what.find("process ") == 0);
}

TEST_CASE("nothing is restored while the database is open elsewhere") {
    Backed bench;
    SECTION("by a command of ours") {
        const auto command = take(InUse::take(bench.path));
        const Failure failure = bench.refused();
        CHECK(failure.fault == Fault::conflict);
        CHECK(failure.what == "another hourgate command is using " + bench.path);
    }
    SECTION("by a shell, which knows nothing of our locks") {
        DatabaseConnection shell(bench.path, Access::write, 0);
        shell.run("UPDATE plans SET rank = rank");
        bench.close();
        const auto report = restore(bench.path, bench.copy, BringBack::no, now_ms);
        REQUIRE_FALSE(report.ok());
        CHECK(report.failure().fault == Fault::conflict);
        CHECK(report.failure().what == "another program has the database " + bench.path + " open");
        CHECK_FALSE(std::filesystem::exists(bench.aside));
        shell.run("UPDATE plans SET rank = rank");
    }
}

TEST_CASE("a database that cannot be read goes aside only with --bring-back") {
    Backed bench;
    bench.close();
    std::string damaged = test::bytes_of(bench.path);
    SECTION("cut off") {
        damaged.resize(damaged.size() / 2);
    }
    SECTION("empty") {
        damaged.clear();
    }
    SECTION("overwritten") {
        std::fill(damaged.begin() + 4'096, damaged.end(), 'x');
    }
    SECTION("a text") {
        damaged = "oh no";
    }
    test::write_bytes(bench.path, damaged);
    const Failure failure = bench.refused();
    CHECK(failure.fault == Fault::conflict);
    INFO(failure.what);
    CHECK(failure.what.find("the present database cannot be read (") == 0);
    CHECK(failure.next.find("--bring-back") != std::string::npos);

    const RestoreReport report = take(bench.restored(BringBack::yes));
    CHECK(report.old_file == bench.aside);
    CHECK(test::bytes_of(bench.aside) == damaged);
    CHECK(take(manage::show_token(bench.context(), bench.prefix)).token.prefix == bench.prefix);
}

TEST_CASE("a full disk leaves the database as it was") {
    Backed bench;
    bench.close();
    for (const std::uintmax_t bytes : {1U, 20'000U, 60'000U}) {
        const test::SmallDisk full(bytes);
        CHECK(bench.refused().fault == Fault::system);
    }
    CHECK(bench.restored().ok());
}

TEST_CASE("what a killed restore left is cleared away by the next") {
    Backed bench;
    test::write_bytes(bench.path + ".restoring", test::first_bytes_of_backup());
    test::write_bytes(bench.path + ".restoring-wal", "of something");
    CHECK(bench.restored().ok());
    CHECK_FALSE(std::filesystem::exists(bench.path + ".restoring"));
    CHECK_FALSE(std::filesystem::exists(bench.path + ".restoring-wal"));
}

TEST_CASE("a restore killed at any instant leaves the old or the new database, whole") {
    Backed bench;
    bench.workspace("bolt");
    take(backup(bench.path, bench.folder.file("old"), {}));
    int killed = 0, olds = 0, news = 0;
    for (int step = 0; step < 40; ++step) {
        bench.close();
        const pid_t child = ::fork();
        if (child == 0) {
            const auto report = restore(bench.path, bench.copy, BringBack::no, now_ms + step);
            ::_exit(report.ok() ? 0 : 1);
        }
        ::usleep(static_cast<useconds_t>(step) * 1'000);  // any instant will do
        ::kill(child, SIGKILL);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        if (WIFSIGNALED(status))
            ++killed;

        REQUIRE(check_database(bench.path, Migrate::no).ok());
        REQUIRE(bench.text("PRAGMA integrity_check") == "ok");
        const std::int64_t workspaces = bench.number("SELECT count(*) FROM workspaces");
        REQUIRE((workspaces == 1 || workspaces == 2));
        ++(workspaces == 2 ? olds : news);
        if (workspaces == 1)
            take(restore(bench.path, bench.folder.file("old"), BringBack::yes, now_ms + step));
    }
    CHECK(killed > 0);
    CHECK(olds + news == 40);
}

TEST_CASE("a database behind a symbolic link is replaced where it is") {
    Backed bench;
    bench.close();
    const std::string link = bench.folder.file("link.db");
    std::filesystem::create_symlink(bench.path, link);
    const RestoreReport report = take(restore(link, bench.copy, BringBack::no, now_ms));
    CHECK(report.old_file == bench.aside);
    CHECK(std::filesystem::is_symlink(link));
    CHECK(check_database(link, Migrate::no).ok());
}

TEST_CASE("a restored database serves, and a gate that starts on it sees the restored facts") {
    Backed bench;
    bench.revoke(bench.prefix);
    take(bench.restored());
    CHECK(check_database(bench.path, Migrate::no).ok());
    const auto directory = take(LeasedDirectory::open(bench.path, bench.clock));
    const Directory::Found found = directory->find(bench.prefix, bench.clock.now());
    REQUIRE(found.outcome == Directory::Outcome::found);
    CHECK(found.facts->token.revoked_ms.has_value());
}

TEST_CASE("the event of a restore says who did it, from which backup, and what was lost") {
    Backed bench;
    bench.clock.wall_ms += 5'000;
    bench.revoke(bench.prefix);
    bench.workspace("bolt");
    bench.close();
    const RestoreReport report =
        take(restore(bench.path, bench.copy, BringBack::no, now_ms, {}, Restore::real, "cli:ann"));
    bench.reopen();
    REQUIRE(report.losses.audit_events > 0);
    CHECK(bench.last_event("action") == "database.restore");
    CHECK(bench.last_event("actor") == "cli:ann");
    CHECK(bench.last_event("object") == "backup");
    const std::string after = bench.last_event("after");
    const auto says = [&](const std::string& member) {
        return after.find(member) != std::string::npos;
    };
    INFO(after);
    CHECK(says("\"backup\":\"" + bench.copy + "\""));
    CHECK(says("\"backupWrittenAt\":\"" + format_time(report.losses.made_ms) + "\""));
    CHECK(says("\"newestChangeInBackupAt\":\"" + format_time(report.losses.newest_ms) + "\""));
    CHECK(says("\"broughtBack\":false"));
    CHECK(says("\"keptRevoked\":1"));
    CHECK(says("\"lossesKnown\":true"));
    CHECK(says("\"auditEventsLost\":" + std::to_string(report.losses.audit_events) + ","));
    CHECK(says("\"tokensRevokedLost\":1"));
    CHECK(says("\"workspacesAddedLost\":1"));

    bench.close();
    std::filesystem::remove(bench.path);
    take(restore(bench.path, bench.copy, BringBack::yes, now_ms));
    bench.reopen();
    const std::string unknown = bench.last_event("after");
    INFO(unknown);
    CHECK(unknown.find("\"lossesKnown\":false") != std::string::npos);
    CHECK(unknown.find("auditEventsLost") == std::string::npos);
    CHECK(bench.last_event("actor") == "restore");
}
