// One server per database.
#include "store/server_lock.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "store/lock_file.h"
#include "support/database_bench.h"

using namespace hourgate;
using namespace hourgate::store;
using hourgate::test::take;
using hourgate::test::TempFolder;

namespace {

/// Whether a process of its own can take the lock.
bool another_can(const std::string& database) {
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(ServerLock::take(database).ok() ? 0 : 1);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("a second server is refused and told which process is in the way") {
    const TempFolder folder;
    const std::string path = test::closed_database(folder);
    auto first = take(ServerLock::take(path));
    const auto second = ServerLock::take(path);
    REQUIRE_FALSE(second.ok());
    CHECK(second.failure().fault == Fault::conflict);
    const std::string& what = second.failure().what;
    INFO(what);
    CHECK(what.find("process " + std::to_string(::getpid()) + " (") == 0);
    CHECK(what.find(path) != what.npos);
    CHECK_FALSE(another_can(path));

    first.reset();
    CHECK(another_can(path));
    CHECK(ServerLock::take(path).ok());
}

TEST_CASE("the lock ends with its process, however it ends") {
    const TempFolder folder;
    const std::string path = test::closed_database(folder);
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const auto held = ServerLock::take(path);
        [[maybe_unused]] const ssize_t told = ::write(ready[1], held.ok() ? "y" : "n", 1);
        ::pause();
    }
    char answer = 0;
    REQUIRE(::read(ready[0], &answer, 1) == 1);
    REQUIRE(answer == 'y');
    CHECK_FALSE(ServerLock::take(path).ok());
    CHECK(ServerLock::take(path).failure().what.find("process " + std::to_string(child)) == 0);
    ::kill(child, SIGKILL);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    CHECK(ServerLock::take(path).ok());
    ::close(ready[0]);
    ::close(ready[1]);
}

TEST_CASE("one database has one lock, by whatever name it is reached") {
    const TempFolder folder;
    const std::string path = test::closed_database(folder);
    std::filesystem::create_symlink(path, folder.file("link.db"));
    const auto first = take(ServerLock::take(path));
    CHECK_FALSE(ServerLock::take(folder.file("link.db")).ok());
    CHECK_FALSE(ServerLock::take(folder.file("./hourgate.db")).ok());
    test::closed_database(folder, "other.db");
    CHECK(ServerLock::take(folder.file("other.db")).ok());
}

TEST_CASE("a lock file that was deleted is no way around the lock of a new one") {
    const TempFolder folder;
    const std::string path = test::closed_database(folder);
    {
        const auto first = take(ServerLock::take(path));
        std::filesystem::remove(path + ".lock");
        // The first holds a lock nobody can find any more: the next makes a file of its own, and
        // that one counts from now on.
        const auto next = take(ServerLock::take(path));
        CHECK_FALSE(ServerLock::take(path).ok());
    }
    CHECK(ServerLock::take(path).ok());
}

TEST_CASE("the lock file is private and follows no symbolic link") {
    const TempFolder folder;
    const std::string path = test::closed_database(folder);
    std::filesystem::create_symlink(folder.file("elsewhere"), path + ".lock");
    CHECK_FALSE(ServerLock::take(path).ok());
    CHECK_FALSE(std::filesystem::exists(folder.file("elsewhere")));
    std::filesystem::remove(path + ".lock");
    const auto held = take(ServerLock::take(path));
    struct stat status {};
    REQUIRE(::stat((path + ".lock").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600);
}

TEST_CASE("a lock needs the database's folder") {
    const TempFolder folder;
    const auto lock = ServerLock::take(folder.file("no/such/hourgate.db"));
    REQUIRE_FALSE(lock.ok());
    CHECK(lock.failure().what.find("no/such") != std::string::npos);
}

TEST_CASE("open databases share their part of the lock file, a restore has it alone") {
    const TempFolder folder;
    const std::string path = test::closed_database(folder);
    const auto exclusive = [&] {
        return take(lock(path, LockedPart::use, LockKind::exclusive, 0)).has_value();
    };
    {
        const auto server = take(ServerLock::take(path));  // another part: in nobody's way
        const auto one = take(InUse::take(path));
        const auto two = take(InUse::take(path));
        CHECK_FALSE(exclusive());
    }
    CHECK(exclusive());
    const auto restoring = take(lock(path, LockedPart::use, LockKind::exclusive, 0));
    CHECK_FALSE(take(lock(path, LockedPart::use, LockKind::shared, 0)).has_value());
}
