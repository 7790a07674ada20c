// A damaged database, and a damaged backup. The first byte says of which schema the sound one was,
// the second what is done with it; then comes the damage: each a byte that says what, three of an
// offset, one of a size, and as many bytes.
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "base/text.h"
#include "embedded.h"
#include "fuzz/fuzz.h"
#include "manage/accounts.h"
#include "manage/tokens.h"
#include "store/backup.h"
#include "store/database.h"
#include "store/database_connection.h"
#include "store/health.h"
#include "store/leased_directory.h"
#include "store/sqlite_ledger.h"
#include "support/temp_folder.h"

using namespace hourgate;

namespace {

constexpr std::int64_t now_ms = 1'795'000'000'000;
constexpr std::string_view first_prefix = "4f8a2c1bdedf";

class ToldClock final : public Clock {
public:
    [[nodiscard]] Now now() const noexcept override { return {1'000'000'000, now_ms}; }
};

template <typename T>
T take(Result<T> result) {
    if (!result)
        std::fprintf(stderr, "%s\n", result.failure().what.c_str());
    HOURGATE_LAW(result.ok());
    return std::move(result).value();
}

struct Newest {
    std::string database;  // closed, so that it is one file
    std::string backup;    // of it
};

/// The newest schema, with something in most tables.
Newest newest() {
    const test::TempFolder folder;
    const std::string path = folder.file("hourgate.db");
    take(store::create_database(path));
    auto ledger = take(store::SqliteLedger::open(path));
    const manage::TokenSettings rules;
    const manage::Context context{
        *ledger, {"cli:test", "local"}, {1'000'000'000, now_ms}, rules, {}};
    take(manage::add_built_in_plans(context));
    for (const std::string name : {"acme", "bolt"}) {
        const auto workspace = take(manage::add_workspace(context, {name, "studio", {}}));
        const auto member =
            take(manage::add_member(context, {workspace.workspace.public_id, MemberKind::person,
                                              "ann@" + name + ".example", "", Role::owner}));
        for (int tokens = 0; tokens < 3; ++tokens)
            static_cast<void>(take(manage::mint_token(
                context, {member.member.public_id, "ci", {}, {}, std::nullopt})));
    }
    ledger.reset();
    const std::string backup = folder.file("backup");
    take(store::backup(path, backup, {}));
    return {test::bytes_of(path), test::bytes_of(backup)};
}

/// The first schema, which is brought up to the newest when it is opened.
std::string oldest() {
    const test::TempFolder folder;
    const std::string path = folder.file("hourgate.db");
    test::write_bytes(path, "");
    {
        store::DatabaseConnection connection(path, store::Access::draft, 0);
        connection.run(embedded::migrations[0].text);
        connection.run(
            "INSERT INTO migrations VALUES (1, '0001_initial.sql', 1);"
            "INSERT INTO plans (id, name, api, rank) VALUES (1, 'studio', 1, 10);"
            "INSERT INTO windows VALUES (1, 'burst', 60, 60, 0);"
            "INSERT INTO workspaces (id, public_id, name, plan_id, created_ms)"
            " VALUES (1, 'ws_a', 'acme', 1, 1);"
            "INSERT INTO members (id, public_id, workspace_id, kind, email, name, role, created_ms)"
            " VALUES (1, 'mem_a', 1, 0, 'ann@acme.example', '', 0, 1);"
            "INSERT INTO tokens (id, line, line_created_ms, kind, member_id, prefix, digest, name,"
            " env, scopes, created_ms) VALUES (1, 1, 1, 0, 1, '4f8a2c1bdedf', zeroblob(32), 'ci',"
            " 0, 'clients:read', 1);"
            "PRAGMA user_version = 1");
    }
    return test::bytes_of(path);
}

std::string damaged(std::string bytes, fuzz::Input& input) {
    constexpr std::size_t page = 4'096;
    for (int times = 0; times < 64 && !input.empty() && !bytes.empty(); ++times) {
        const std::uint8_t how = input.byte();
        const std::size_t at = input.number(3) % bytes.size();
        const std::string_view put = input.take(input.byte());
        switch (how % 4U) {
            case 0:
                bytes.replace(at, std::min(put.size(), bytes.size() - at),
                              put.substr(0, bytes.size() - at));
                break;
            case 1:
                bytes.resize(at);
                break;
            case 2:
                std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at - at % page),
                          bytes.begin() + static_cast<std::ptrdiff_t>(
                                              std::min(bytes.size(), at - at % page + page)),
                          put.empty() ? '\0' : put[0]);
                break;
            default:  // one page in the place of another
                if (!put.empty() && bytes.size() >= 2 * page) {
                    const std::size_t from =
                        static_cast<unsigned char>(put[0]) % (bytes.size() / page) * page;
                    const std::size_t to =
                        std::min(at - at % page, (bytes.size() / page - 1) * page);
                    bytes.replace(to, page, std::string(bytes, from, page));
                }
        }
    }
    return bytes;
}

void check_failure(const Failure& failure, const std::string& named) {
    HOURGATE_LAW(failure.what.find(named) != std::string::npos);
    HOURGATE_LAW(is_utf8(failure.what));
    HOURGATE_LAW(std::none_of(failure.what.begin(), failure.what.end(), is_control_byte));
}

/// Reads what a server and a command read; whatever cannot be read is a failure in words.
void serve(const std::string& path) {
    const ToldClock clock;
    const auto directory = store::LeasedDirectory::open(path, clock);
    if (directory) {
        for (const std::string_view prefix : {first_prefix, std::string_view("000000000000")})
            static_cast<void>(directory.value()->find(prefix, clock.now()));
        static_cast<void>(directory.value()->ready());
    } else {
        HOURGATE_LAW(!directory.failure().what.empty());
    }
    const auto ledger = store::SqliteLedger::open(path);
    if (!ledger) {
        HOURGATE_LAW(!ledger.failure().what.empty());
        return;
    }
    const Status read = ledger.value()->read([](manage::Rows& rows) -> Status {
        const auto found = rows.workspaces({{}, {}, now_ms, {}}, {});
        const auto tokens = rows.tokens({}, {});
        const auto plans = rows.plans();
        const auto members = rows.members({1}, {});
        const auto token = rows.token(first_prefix);
        for (const Failure* failure :
             {found ? nullptr : &found.failure(), tokens ? nullptr : &tokens.failure(),
              plans ? nullptr : &plans.failure(), members ? nullptr : &members.failure(),
              token ? nullptr : &token.failure()})
            HOURGATE_LAW(failure == nullptr || !failure->what.empty());
        return Done{};
    });
    HOURGATE_LAW(read || !read.failure().what.empty());
}

void check_database(const std::string& path) {
    const Status opened = store::check_database(path, store::Migrate::yes);
    if (!opened) {
        check_failure(opened.failure(), path);
        const Status again = store::check_database(path, store::Migrate::yes);
        HOURGATE_LAW(!again && again.failure().fault == opened.failure().fault);
        return;
    }
    const auto looked = store::look_at(path);
    HOURGATE_LAW(looked && looked.value().kind == store::FileState::Kind::ours);
    HOURGATE_LAW(looked.value().schema == store::schema_version());
    const auto over = store::inspect_pages(path, [] { return true; });
    HOURGATE_LAW(!over || over.value().outcome != store::LookedOver::Outcome::not_finished);
    static_cast<void>(store::latest_stamp(path));
    serve(path);
}

/// A backup that is whole restores; any other leaves the database in place, to the byte.
void check_backup(const test::TempFolder& folder, const std::string& file) {
    const std::string path = folder.file("hourgate.db");
    const auto names = folder.names();
    const auto verified = store::verify_backup(file);
    // What is in WAL mode, as no backup of ours is, SQLite cannot read without files beside it.
    HOURGATE_LAW(folder.names() == names || test::bytes_of(file).substr(18, 2) == "\2\2");
    if (!verified)
        check_failure(verified.failure(), file);
    const std::string before = test::bytes_of(path);
    const auto restored = store::restore(path, file, store::BringBack::no, now_ms);
    HOURGATE_LAW(restored.ok() == verified.ok());
    if (!restored) {
        HOURGATE_LAW(!restored.failure().what.empty());
        HOURGATE_LAW(test::bytes_of(path) == before);
        return;
    }
    HOURGATE_LAW(store::check_database(path, store::Migrate::no).ok());
    const auto over = store::inspect_pages(path, [] { return true; });
    HOURGATE_LAW(over && over.value().outcome == store::LookedOver::Outcome::sound);
    serve(path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const test::TempFolder folder;
    static const Newest now = newest();
    static const std::string before = oldest();
    for (const std::string& name : folder.names())
        std::filesystem::remove(folder.file(name));
    fuzz::Input input(data, size);
    const bool old = input.byte() % 2U == 1, as_backup = input.byte() % 2U == 1;
    const std::string bytes = damaged(old ? before : as_backup ? now.backup : now.database, input);
    const std::string path = folder.file("hourgate.db"), backup = folder.file("backup");
    test::write_bytes(path, as_backup ? now.database : bytes);
    if (!as_backup) {
        check_database(path);
    } else {
        test::write_bytes(backup, bytes);
        check_backup(folder, backup);
    }
    return 0;
}
