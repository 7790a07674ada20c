// Fills a database with workspaces, members and tokens in one transaction. A million take seconds;
// as many mints would take hours. The tokens are real and work. The database is for measuring, and
// then to be deleted: no audit event is written.
//
//   hourgate_stock DATABASE PLAN COUNT > TOKENS
//
// REQUIRES: `hourgate init` made DATABASE, and no server has it open. Prints the tokens, one a
// line, in the order in which they were stored.
#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "token/mint.h"

using namespace hourgate;

namespace {

// A typical customer: a few people with a few tokens each.
constexpr std::int64_t tokens_per_member = 5;
constexpr std::int64_t members_per_workspace = 4;

class Stock {
public:
    Stock(const std::string& path, const std::string& plan, std::int64_t now_ms)
        : database_(path, SQLite::OPEN_READWRITE), plan_(plan), now_ms_(now_ms) {
        // A crash may damage the database, which is then made again.
        for (const char* pragma : {"PRAGMA synchronous = OFF", "PRAGMA cache_size = -400000",
                                   "PRAGMA foreign_keys = OFF", "PRAGMA locking_mode = EXCLUSIVE"})
            database_.exec(pragma);
    }

    void fill(std::int64_t count) {
        SQLite::Transaction transaction(database_);
        first_ = next_number();
        for (std::int64_t i = 0; i < count; ++i) {
            if (i % (tokens_per_member * members_per_workspace) == 0)
                add_workspace(first_ + i);
            if (i % tokens_per_member == 0)
                add_member(first_ + i);
            add_token(first_ + i);
        }
        transaction.commit();
        database_.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    }

private:
    std::int64_t next_number() {
        const char* const newest =
            "SELECT max(coalesce((SELECT max(id) FROM workspaces), 0),"
            " coalesce((SELECT max(id) FROM members), 0),"
            " coalesce((SELECT max(id) FROM tokens), 0))";
        return database_.execAndGet(newest).getInt64() + 1;
    }

    void add_workspace(std::int64_t id) {
        workspace_ = id;
        workspaces_.bind(1, id);
        workspaces_.bind(2, random_id("ws_"));
        workspaces_.bind(3, "Stock " + std::to_string(id));
        workspaces_.bind(4, plan_);
        workspaces_.bind(5, now_ms_);
        run(workspaces_);
    }

    void add_member(std::int64_t id) {
        member_ = id;
        members_.bind(1, id);
        members_.bind(2, random_id("mem_"));
        members_.bind(3, workspace_);
        members_.bind(4, "person" + std::to_string(id) + "@stock.example");
        members_.bind(5, now_ms_);
        run(members_);
    }

    void add_token(std::int64_t id) {
        const token::Minted minted = token::mint("hsk", token::Env::live);
        tokens_.bind(1, id);
        tokens_.bind(2, now_ms_);
        tokens_.bind(3, member_);
        tokens_.bind(4, minted.prefix);
        tokens_.bind(5, minted.digest.data(), static_cast<int>(minted.digest.size()));
        run(tokens_);
        const std::string_view text = minted.text.reveal();
        (void)std::fwrite(text.data(), 1, text.size(), stdout);
        (void)std::fputc('\n', stdout);
    }

    static void run(SQLite::Statement& statement) {
        statement.exec();
        statement.reset();
    }

    SQLite::Database database_;
    const std::string plan_;
    const std::int64_t now_ms_;
    std::int64_t first_ = 0;
    std::int64_t workspace_ = 0;  // of the members being added
    std::int64_t member_ = 0;     // of the tokens being added
    SQLite::Statement workspaces_{
        database_,
        "INSERT INTO workspaces (id, public_id, name, plan_id, created_ms)"
        " VALUES (?1, ?2, ?3, (SELECT id FROM plans WHERE name = ?4), ?5)"};
    SQLite::Statement members_{
        database_,
        "INSERT INTO members (id, public_id, workspace_id, kind, email, name, role, created_ms)"
        " VALUES (?1, ?2, ?3, 0, ?4, '', 0, ?5)"};
    SQLite::Statement tokens_{
        database_,
        "INSERT INTO tokens (id, line, line_created_ms, kind, member_id, prefix, digest, name, env,"
        " scopes, created_ms) VALUES (?1, ?1, ?2, 0, ?3, ?4, ?5, 'stock', 0, '', ?2)"};
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        (void)std::fprintf(stderr, "usage: hourgate_stock DATABASE PLAN COUNT > TOKENS\n");
        return 2;
    }
    try {
        Stock(argv[1], argv[2], SystemClock().now().wall_ms).fill(std::atoll(argv[3]));
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "hourgate_stock: %s: %s\n", argv[1], error.what());
        return 1;
    }
    return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? 0 : 1;
}
