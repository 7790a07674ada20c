// Root in a folder that a service user owns: what such a user may lay out there for root to find.
#include "store/as_owner.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "cli/new_database.h"
#include "store/backup.h"
#include "store/database.h"
#include "store/lock_file.h"
#include "support/database_bench.h"

using namespace hourgate;
using namespace hourgate::store;
using hourgate::test::take;

namespace fs = std::filesystem;

namespace {

constexpr uid_t service_user = 64'321;  // nobody else's
constexpr std::int64_t now_ms = 1'795'000'000'000;

bool is_root() {
    if (::geteuid() == 0)
        return true;
    std::cerr << "skipped: only root can be led astray, and this user is not root\n";
    return false;
}

/// A folder of the service user, with a database in it, and a file of root's beside the folder.
class Site {
public:
    Site() {
        ::chmod(top.path().c_str(), 0755);
        fs::create_directory(folder);
        take(create_database(path));
        take(backup(path, copy, {}));
        test::write_bytes(secret, "root's");
        ::chmod(secret.c_str(), 0600);
        give(folder);
    }
    static void give(const std::string& to_service_user) {
        for (const auto& entry : fs::recursive_directory_iterator(to_service_user))
            REQUIRE(::lchown(entry.path().c_str(), service_user, service_user) == 0);
        REQUIRE(::chown(to_service_user.c_str(), service_user, service_user) == 0);
        ::chmod(to_service_user.c_str(), 0700);
    }
    /// The file of root's is as it was, and has the names it had.
    void check_untouched() const {
        struct stat status {};
        REQUIRE(::stat(secret.c_str(), &status) == 0);
        CHECK(status.st_uid == 0);
        CHECK((status.st_mode & 07777U) == 0600);
        CHECK(test::bytes_of(secret) == "root's");
        CHECK(::geteuid() == 0);
    }

    test::TempFolder top;
    const std::string folder = top.file("db"), path = folder + "/hourgate.db";
    const std::string copy = top.file("backup.db"), secret = top.file("secret");
};

uid_t owner_of(const std::string& path) {
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_uid;
}

}  // namespace

TEST_CASE("root works as the user that owns the folder, and is root again afterwards") {
    if (!is_root())
        return;
    const Site site;
    {
        const AsOwner owner = take(AsOwner::of(site.path));
        CHECK(AsOwner::working_as() == service_user);
        CHECK(::getegid() == service_user);
        CHECK(::access(site.secret.c_str(), R_OK) == 0);  // by the real user: still root
        CHECK(::faccessat(AT_FDCWD, site.secret.c_str(), R_OK, AT_EACCESS) != 0);
        {
            const AsOwner root_again = take(AsOwner::of(site.copy));
            CHECK_FALSE(AsOwner::working_as().has_value());
        }
        CHECK(AsOwner::working_as() == service_user);
    }
    CHECK(::geteuid() == 0);
    CHECK(::getegid() == 0);
}

TEST_CASE("root keeps its own rights where root alone can rearrange the way to a file") {
    if (!is_root())
        return;
    const test::TempFolder folder;
    const AsOwner owner = take(AsOwner::of(folder.file("hourgate.db")));
    CHECK_FALSE(AsOwner::working_as().has_value());
    const AsOwner missing = take(AsOwner::of(folder.file("a/b/hourgate.db")));
    CHECK_FALSE(AsOwner::working_as().has_value());
}

TEST_CASE("a folder of root's below a folder of another user is refused, link or not") {
    if (!is_root())
        return;
    const Site site;
    fs::create_directory(site.folder + "/inner");  // root's
    fs::create_directory(site.top.file("elsewhere"));
    REQUIRE(::symlink(site.top.file("elsewhere").c_str(), (site.folder + "/link").c_str()) == 0);
    for (const char* const name : {"/inner/hourgate.db", "/link/hourgate.db"}) {
        const auto owner = AsOwner::of(site.folder + name);
        REQUIRE_FALSE(owner.ok());
        CHECK(owner.failure().fault == Fault::permission);
        CHECK_FALSE(create_database(site.folder + name).ok());
    }
    CHECK(fs::is_empty(site.top.file("elsewhere")));
}

TEST_CASE("in a folder that all may write, root works as the owner of the database") {
    if (!is_root())
        return;
    const Site site;
    REQUIRE(::chown(site.folder.c_str(), 0, service_user) == 0);
    REQUIRE(::chmod(site.folder.c_str(), 0770) == 0);
    const AsOwner owner = take(AsOwner::of(site.path));
    CHECK(AsOwner::working_as() == service_user);
}

TEST_CASE("what root makes in a service user's folder belongs to that user") {
    if (!is_root())
        return;
    const Site site;
    take(restore(site.path, site.copy, BringBack::no, now_ms));
    take(backup(site.path, site.folder + "/backup", {}, Verify::yes));
    SystemClock clock;
    take(cli::make_database(site.folder + "/sub/new.db", clock, {}, "init"));
    std::size_t seen = 0;
    for (const auto& entry : fs::recursive_directory_iterator(site.folder)) {
        INFO(entry.path());
        CHECK(owner_of(entry.path()) == service_user);
        ++seen;
    }
    CHECK(seen >= 5);
    CHECK(owner_of(site.copy) == 0);
    site.check_untouched();
}

TEST_CASE("no link that a service user lays out leads root to a file of root's") {
    if (!is_root())
        return;
    const Site site;
    const std::vector<std::string> names = {".restoring",
                                            ".restoring-wal",
                                            ".restoring-journal",
                                            ".restoring-shm",
                                            "-wal",
                                            "-journal",
                                            "-shm",
                                            ".lock",
                                            ".state",
                                            ""};
    for (const std::string& name : names) {
        for (const bool symbolic : {true, false}) {
            const std::string in_the_way = site.path + name;
            INFO(in_the_way << (symbolic ? " as a symbolic link" : " as a hard link"));
            fs::remove(in_the_way);
            REQUIRE((symbolic ? ::symlink(site.secret.c_str(), in_the_way.c_str())
                              : ::link(site.secret.c_str(), in_the_way.c_str())) == 0);
            if (symbolic)
                REQUIRE(::lchown(in_the_way.c_str(), service_user, service_user) == 0);
            // What comes of it is another matter; root's file is not touched.
            (void)restore(site.path, site.copy, BringBack::yes, now_ms);
            site.check_untouched();
            (void)backup(site.path, site.top.file("out"), {}, Verify::yes);
            site.check_untouched();
            (void)check_database(site.path, Migrate::yes);
            (void)lock(site.path, LockedPart::server, LockKind::exclusive, 0);
            site.check_untouched();
            SystemClock clock;
            (void)cli::make_database(site.path, clock, {}, "init");
            site.check_untouched();
            for (const auto& entry : fs::directory_iterator(site.folder))
                fs::remove_all(entry.path());
            take(restore(site.path, site.copy, BringBack::no, now_ms));
        }
    }
}

TEST_CASE("a target that a service user owns is written as that user, and its links not followed") {
    if (!is_root())
        return;
    const test::DatabaseBench bench;  // root's own
    const Site site;
    const std::string target = site.folder + "/out.db";
    const std::string draft = target + ".part-" + std::to_string(::getpid());
    for (const char* const end : {"", "-wal", "-journal", "-shm"}) {
        REQUIRE(::symlink(site.secret.c_str(), (draft + end).c_str()) == 0);
        CHECK_FALSE(backup(bench.path, target, {}).ok());
        site.check_untouched();
        fs::remove(draft + end);
    }
    REQUIRE(::link(site.secret.c_str(), target.c_str()) == 0);
    (void)backup(bench.path, target, {}, Verify::no, Replace::any_file);
    site.check_untouched();
    fs::remove(target);
    take(backup(bench.path, target, {}));
    CHECK(owner_of(target) == service_user);
}

TEST_CASE("a -wal that leads elsewhere is not opened, whoever runs it") {
    test::DatabaseBench bench;
    bench.close();
    const std::string kept = bench.folder.file("kept"), wal = bench.path + "-wal";
    test::write_bytes(kept, "kept");
    REQUIRE(::symlink(kept.c_str(), wal.c_str()) == 0);
    const Status usable = check_database(bench.path, Migrate::no);
    REQUIRE_FALSE(usable.ok());
    INFO(usable.failure().what);
    CHECK(usable.failure().what.find(wal + " is a symbolic link") != std::string::npos);
    CHECK(test::bytes_of(kept) == "kept");
}
