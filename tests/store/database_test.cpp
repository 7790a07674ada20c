// Made whole or not at all; refused with the next step when it is not what it should be.
#include "store/database.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "base/limits.h"
#include "base/text.h"
#include "embedded.h"
#include "store/database_file.h"
#include "support/database_bench.h"

using namespace hourgate;
using namespace hourgate::store;
using hourgate::test::DatabaseBench;
using hourgate::test::take;
using hourgate::test::TempFolder;
using Kind = FileState::Kind;

namespace {

Failure refused(const std::string& path, Migrate migrate = Migrate::yes) {
    const Status status = check_database(path, migrate);
    REQUIRE_FALSE(status.ok());
    CHECK(status.failure().what.find(path) != std::string::npos);
    return status.failure();
}

bool has(const std::string& text, const std::string& part) {
    INFO(text);
    return text.find(part) != std::string::npos;
}

mode_t mode_of(const std::string& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777U;
}

/// Tests run as root, who may do everything: for a moment they are nobody.
class AsNobody {
public:
    AsNobody() : was_root_(::geteuid() == 0) {
        if (was_root_)
            REQUIRE(::seteuid(65'534) == 0);
    }
    ~AsNobody() {
        if (was_root_ && ::seteuid(0) != 0)
            std::abort();
    }

private:
    const bool was_root_;
};

/// Bytes this process has asked the kernel for.
std::int64_t bytes_read_so_far() {
    std::ifstream in("/proc/self/io");
    std::string word;
    std::int64_t bytes = 0;
    in >> word >> bytes;
    REQUIRE(word == "rchar:");
    return bytes;
}

void set_header(const std::string& path, const std::string& pragma) {
    DatabaseConnection(path, Access::draft, 0).run(("PRAGMA " + pragma).c_str());
}

}  // namespace

TEST_CASE("a new database is private, whole, of the newest schema, and one file") {
    const TempFolder folder;
    const std::string path = folder.file("hourgate.db");
    const mode_t mask = ::umask(0);
    CHECK(create_database(path).ok());
    ::umask(mask);
    CHECK(mode_of(path) == 0600);
    CHECK(folder.names() == std::vector<std::string>{"hourgate.db"});
    CHECK(check_database(path, Migrate::no).ok());
    const FileState state = take(look_at(path));
    CHECK(state.kind == Kind::ours);
    CHECK(state.schema == schema_version());
    DatabaseConnection connection(path, Access::read, 0);
    CHECK(connection.number("PRAGMA application_id") == 0x48474154);
    CHECK(connection.text("PRAGMA integrity_check") == "ok");
}

TEST_CASE("a tight mask of the process does not make the new database unusable") {
    const TempFolder folder;
    const mode_t mask = ::umask(0777);
    CHECK(create_database(folder.file("hourgate.db")).ok());
    ::umask(mask);
    CHECK(mode_of(folder.file("hourgate.db")) == 0600);
}

TEST_CASE("each migration is recorded with its number, name and time") {
    DatabaseBench bench;
    CHECK(bench.number("PRAGMA user_version") == schema_version());
    CHECK(bench.number("SELECT count(*) FROM migrations") == schema_version());
    CHECK(bench.text("SELECT name FROM migrations WHERE number = 1") == "0001_initial.sql");
    CHECK(std::string(embedded::migrations[0].name) == "0001_initial.sql");
    CHECK(bench.number("SELECT applied_ms FROM migrations WHERE number = 1") > 1'700'000'000'000);
}

TEST_CASE("what exists is never overwritten, whatever it is") {
    const TempFolder folder;
    const std::string path = folder.file("hourgate.db");
    for (const std::string content : {"", "something of value"}) {
        test::write_bytes(path, content);
        const Status status = create_database(path);
        REQUIRE_FALSE(status.ok());
        CHECK(status.failure().fault == Fault::conflict);
        CHECK(has(status.failure().what, path + " exists already"));
        CHECK(test::bytes_of(path) == content);
    }
    CHECK(folder.names() == std::vector<std::string>{"hourgate.db"});
}

TEST_CASE("a WAL left over from a deleted database is not played into a new one") {
    const TempFolder folder;
    const std::string path = folder.file("hourgate.db");
    test::write_bytes(path + "-wal", "left over");
    const Status status = create_database(path);
    REQUIRE_FALSE(status.ok());
    CHECK(has(status.failure().what, "hourgate.db-wal is left over"));
    CHECK(folder.names() == std::vector<std::string>{"hourgate.db-wal"});
}

TEST_CASE("a database cannot be made where there is no folder, or no permission") {
    const TempFolder folder;
    const Status nowhere = create_database(folder.file("no/such/hourgate.db"));
    REQUIRE_FALSE(nowhere.ok());
    CHECK(has(nowhere.failure().what, "no/such/hourgate.db"));
    CHECK(has(nowhere.failure().next, "make the folder "));

    ::chmod(folder.path().c_str(), 0555);
    const AsNobody nobody;
    const Status forbidden = create_database(folder.file("hourgate.db"));
    REQUIRE_FALSE(forbidden.ok());
    CHECK(forbidden.failure().fault == Fault::permission);
    CHECK(folder.names().empty());
}

TEST_CASE("an absent database is refused with `hourgate init`") {
    const TempFolder folder;
    const Failure failure = refused(folder.file("hourgate.db"));
    CHECK(has(failure.what, "there is no database at"));
    CHECK(has(failure.next, "hourgate init"));
    CHECK(folder.names().empty());
}

TEST_CASE("files that are not ours are refused and left as they are") {
    const TempFolder folder;
    const std::string path = folder.file("hourgate.db");
    SECTION("a text") {
        test::write_bytes(path, "[gate]\nmode = \"enforce\"\n");
        CHECK(has(refused(path).what, "is not a SQLite database"));
    }
    SECTION("a long text") {
        test::write_bytes(path, std::string(10'000, 'x'));
        CHECK(has(refused(path).what, "is not a SQLite database"));
    }
    SECTION("a database of another program") {
        test::write_bytes(path, "");
        set_header(path, "application_id = 7; CREATE TABLE t (x)");
        CHECK(has(refused(path).what, "is a SQLite database of another program"));
    }
    const std::string before = test::bytes_of(path);
    CHECK(has(refused(path).next, "check [database] path"));
    CHECK(test::bytes_of(path) == before);
    CHECK(folder.names() == std::vector<std::string>{"hourgate.db"});  // no lock file either
}

TEST_CASE("a folder in the database's place is refused") {
    const TempFolder folder;
    const Failure failure = refused(folder.path());
    CHECK(has(failure.what, "is not a regular file"));
}

TEST_CASE("an empty or cut off file is refused with `hourgate restore`") {
    const TempFolder folder;
    const std::string path = test::closed_database(folder);
    const std::string whole = test::bytes_of(path);
    struct Case {
        std::size_t bytes;
        const char* said;
    };
    for (const Case& c :
         {Case{0, "is empty"}, Case{50, "is cut off within its first 100 bytes"},
          Case{4'096, "is cut off: it has 4096 of"}, Case{whole.size() - 1, "is cut off: it has "},
          Case{whole.size() / 2, "is cut off: it has "}}) {
        test::write_bytes(path, whole.substr(0, c.bytes));
        const Failure failure = refused(path);
        CHECK(has(failure.what, c.said));
        CHECK(has(failure.next, "hourgate restore FILE"));
        CHECK(take(look_at(path)).kind == Kind::damaged);
    }
}

TEST_CASE("overwritten pages are found at start without reading the whole file") {
    const TempFolder folder;
    const std::string path = test::closed_database(folder);
    std::string bytes = test::bytes_of(path);
    // Everything but the first page: the schema is there, none of its tables is.
    for (std::size_t at = 4'096; at < bytes.size(); ++at)
        bytes[at] = static_cast<char>(at * 7);
    test::write_bytes(path, bytes);
    const Failure failure = refused(path);
    CHECK(failure.fault == Fault::store);
    CHECK(has(failure.what, "is damaged"));
}

TEST_CASE("a database without its schema is damaged, not new") {
    const TempFolder folder;
    const std::string path = test::closed_database(folder);
    SECTION("no version") {
        set_header(path, "user_version = 0");
    }
    SECTION("no table") {
        set_header(path, "foreign_keys = OFF; DROP TABLE tokens");
    }
    CHECK(take(look_at(path)).kind == Kind::damaged);
    CHECK_FALSE(check_database(path, Migrate::yes).ok());
}

TEST_CASE("a newer database is refused, with both schema numbers") {
    const TempFolder folder;
    const std::string path = test::closed_database(folder);
    set_header(path, "user_version = " + std::to_string(schema_version() + 1));
    const Failure failure = refused(path);
    CHECK(has(failure.what, "was written by a newer hourgate (schema " +
                                std::to_string(schema_version() + 1) + ", this program knows " +
                                std::to_string(schema_version()) + ")"));
    CHECK(take(look_at(path)).kind == Kind::newer);
    CHECK(take(look_at(path)).schema == schema_version() + 1);
}

TEST_CASE("an older database is brought up by the server only, and says so to others") {
    const FileState older{Kind::older, 0, ""};
    const Failure failure = unusable("/x/hourgate.db", older);
    CHECK(failure.fault == Fault::conflict);
    CHECK(failure.what == "/x/hourgate.db has an older schema (0, this program writes " +
                              std::to_string(schema_version()) + ")");
    CHECK(has(failure.next, "hourgate serve"));
}

TEST_CASE("a database that this user may not use is a matter of permission") {
    const TempFolder folder;
    const std::string path = test::closed_database(folder);
    SECTION("not readable") {
        ::chmod(folder.path().c_str(), 0755);
        ::chmod(path.c_str(), 0600);
    }
    SECTION("not in reach") {
        ::chmod(folder.path().c_str(), 0700);
    }
    SECTION("not writable") {
        ::chmod(folder.path().c_str(), 0777);
        ::chmod(path.c_str(), 0644);
    }
    SECTION("in a folder that is not writable: there is no place for the WAL") {
        ::chmod(folder.path().c_str(), 0555);
        ::chmod(path.c_str(), 0666);
    }
    const AsNobody nobody;
    const Status status = check_database(path, Migrate::yes);
    REQUIRE_FALSE(status.ok());
    CHECK(status.failure().fault == Fault::permission);
    CHECK(has(status.failure().what, folder.path()));
    CHECK(has(status.failure().next, "run it as the user that owns the "));
    const auto ledger = SqliteLedger::open(path);
    REQUIRE_FALSE(ledger.ok());
    CHECK(ledger.failure().fault == Fault::permission);
}

TEST_CASE("looking at a database drops no lock that this process holds on it") {
    DatabaseBench bench;
    // A shared lock on the byte range SQLite uses, seen from a process of its own.
    const auto locked_by_us = [&] {
        struct flock lock {};
        lock.l_type = F_WRLCK;
        lock.l_whence = SEEK_SET;
        lock.l_start = 0x40000000 + 2;  // SHARED_FIRST
        lock.l_len = 510;
        const pid_t child = ::fork();
        if (child == 0) {
            const int fd = ::open(bench.path.c_str(), O_RDWR);
            ::_exit(::fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? 1 : 0);
        }
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        return WEXITSTATUS(status) == 1;
    };
    REQUIRE(locked_by_us());
    CHECK(look_at(bench.path).ok());
    CHECK(check_database(bench.path, Migrate::yes).ok());
    CHECK(locked_by_us());
}

TEST_CASE("the check reads a few pages of a large database") {
    DatabaseBench bench;
    const std::string prefix = bench.token_of("acme");
    bench.run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
        " INSERT INTO tokens (id, line, line_created_ms, kind, member_id, prefix, digest, name,"
        " env, scopes, created_ms) SELECT 1000 + i, 1000 + i, 0, 0, 1, printf('%012x', i),"
        " zeroblob(32), 'n', 0, '', 0 FROM n");
    bench.close();
    const std::int64_t before = bytes_read_so_far();
    CHECK(check_database(bench.path, Migrate::yes).ok());
    const std::int64_t read = bytes_read_so_far() - before;
    CHECK(std::filesystem::file_size(bench.path) > 10'000'000);
    CHECK(read > 0);
    CHECK(read < 500'000);
}

TEST_CASE("what a hostile database is called inside is told as one printable line") {
    DatabaseBench bench;
    bench.tamper(
        "UPDATE sqlite_schema SET sql = 'nonsense', name ="
        " 'a' || char(10) || 'hourgate: all is well' || char(27) || '[2J' WHERE name = 'meta'");
    bench.close();
    const Status status = check_database(bench.path, Migrate::yes);
    REQUIRE_FALSE(status.ok());
    CHECK(is_printable_ascii(status.failure().what));
    CHECK(status.failure().what.find("a; hourgate: all is well\\x1b[2J") != std::string::npos);
}

TEST_CASE("the linked SQLite is new enough") {
    CHECK(check_library().ok());
    CHECK(library_version().substr(0, 2) == "3.");
}

TEST_CASE("waiting out the leases takes as long as a writer must wait") {
    const SystemClock clock;
    const std::int64_t begin_us = clock.now().boot_us;
    wait_out_leases();
    CHECK(clock.now().boot_us - begin_us >= limits::writer_wait_us);
}
