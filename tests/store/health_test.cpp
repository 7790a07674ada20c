// A database looked over as a whole.
#include "store/health.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "store/database.h"
#include "store/database_connection.h"
#include "store/server_lock.h"
#include "support/catch.h"
#include "support/temp_folder.h"

using namespace hourgate;
using namespace hourgate::store;

namespace {

bool yes() {
    return true;
}

class Made {
public:
    Made() { REQUIRE(create_database(path).ok()); }
    void run(const char* sql) const {
        DatabaseConnection(path, Access::write, command_busy_ms).run(sql);
    }
    test::TempFolder folder;
    const std::string path = folder.file("hourgate.db");
};

constexpr const char* many_events =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
    " INSERT INTO audit_events (at_ms, actor, source, action, object, workspace_id, before, after)"
    " SELECT i, 'cli:ann', 'local', 'token.mint', 'x' || i, '', '', '' FROM n";

}  // namespace

TEST_CASE("a sound database is sound, and reading it changes nothing") {
    const Made made;
    made.run(many_events);
    const auto looked = inspect_pages(made.path, yes);
    REQUIRE(looked.ok());
    CHECK(looked.value().outcome == LookedOver::Outcome::sound);
    CHECK(check_database(made.path, Migrate::no).ok());
}

TEST_CASE("an overwritten page that no look at the ends finds is found by reading it all") {
    const Made made;
    made.run(many_events);
    std::ifstream in(made.path, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    in.close();
    const std::size_t page = 4'096, middle = bytes.size() / page / 2;
    bytes.replace(middle * page, page, page, '\x5a');
    std::ofstream(made.path, std::ios::binary) << bytes;
    const auto looked = inspect_pages(made.path, yes);
    REQUIRE(looked.ok());
    CHECK(looked.value().outcome == LookedOver::Outcome::damaged);
    CHECK_FALSE(looked.value().flaw.empty());
}

TEST_CASE("who says stop is not told that all is well") {
    const Made made;
    made.run(many_events);
    int asked = 0;
    const auto looked = inspect_pages(made.path, [&] {
        ++asked;
        return false;
    });
    REQUIRE(looked.ok());
    CHECK(looked.value().outcome == LookedOver::Outcome::not_finished);
    CHECK(asked == 1);
}

TEST_CASE("the latest stamp is the latest of all that is on record") {
    const Made made;
    CHECK_FALSE(latest_stamp(made.path).value().has_value());
    made.run(many_events);
    CHECK(latest_stamp(made.path).value()->at_ms == 20'000);
    CHECK(latest_stamp(made.path).value()->what == "an audit event");
    // The clock was ahead for one event, and was set right then.
    made.run("UPDATE audit_events SET at_ms = 77000 WHERE id = 19500");
    CHECK(latest_stamp(made.path).value()->at_ms == 77'000);
}

TEST_CASE("a server is seen without being met: nothing is locked, and no file made") {
    const Made made;
    const std::string lock_file = made.path + ".lock";
    std::filesystem::remove(lock_file);
    const auto before = find_server(made.path);
    REQUIRE(before.ok());
    CHECK_FALSE(before.value().running);
    CHECK_FALSE(std::filesystem::exists(lock_file));
    {
        const auto lock = ServerLock::take(made.path);
        REQUIRE(lock.ok());
        const auto seen = find_server(made.path);
        REQUIRE(seen.ok());
        CHECK(seen.value().running);
        CHECK(seen.value().pid == ::getpid());
    }
    CHECK_FALSE(find_server(made.path).value().running);
    CHECK(ServerLock::take(made.path).ok());
}
