// A real database in a temporary folder, with short calls for the use cases and a clock that the
// test sets.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "manage/accounts.h"
#include "manage/tokens.h"
#include "store/database.h"
#include "store/database_connection.h"
#include "store/sqlite_ledger.h"
#include "support/catch.h"
#include "support/temp_folder.h"

namespace hourgate::test {

/// Changes only when a test sets it. Safe from any thread.
class ScriptedClock final : public Clock {
public:
    [[nodiscard]] Now now() const noexcept override { return {boot_us.load(), wall_ms.load()}; }
    std::atomic<std::int64_t> boot_us{1'000'000'000};
    std::atomic<std::int64_t> wall_ms{1'795'000'000'000};  // 2026-11-18
};

/// Returns the value of `result`. REQUIRES: there is one; otherwise the test fails.
template <typename T>
T take(Result<T> result) {
    if (!result) {
        INFO(result.failure().what);
        REQUIRE(result.ok());
    }
    return std::move(result).value();
}

/// Returns the change to a plan that is paid until then; nullopt for no end.
inline manage::WorkspaceChange to_plan(std::string plan,
                                       std::optional<std::int64_t> paid_until_ms = {}) {
    manage::WorkspaceChange change;
    change.plan = std::move(plan);
    change.paid_until_ms = paid_until_ms;
    return change;
}

class DatabaseBench {
public:
    DatabaseBench() {
        take(store::create_database(path));
        reopen();
        take(manage::add_built_in_plans(context()));
    }

    void reopen() { ledger = take(store::SqliteLedger::open(path)); }
    void close() { ledger.reset(); }

    [[nodiscard]] manage::Context context() {
        return {*ledger, {"cli:test", "local"}, clock.now(), rules, {}};
    }

    /// Returns the context of a member who sends this token.
    [[nodiscard]] manage::Context context_of(const std::string& member, const std::string& token) {
        return {*ledger,
                {member, "192.0.2.1", token, manage::Power::workspace},
                clock.now(),
                rules,
                {},
                {},
                [] { return Status(Done{}); }};
    }

    // --- use cases ---
    std::string workspace(const std::string& name, const std::string& plan = "studio") {
        return take(manage::add_workspace(context(), {name, plan, {}})).workspace.public_id;
    }
    std::string person(const std::string& ws, const std::string& email, Role role = Role::member) {
        return take(manage::add_member(context(), {ws, MemberKind::person, email, "", role}))
            .member.public_id;
    }
    std::string service(const std::string& ws, const std::string& name, Role role = Role::member) {
        return take(manage::add_member(context(), {ws, MemberKind::service, "", name, role}))
            .member.public_id;
    }
    manage::MintedToken mint(const std::string& member,
                             std::optional<std::int64_t> expires_ms = std::nullopt) {
        return take(manage::mint_token(context(), {member, "test", {}, {}, expires_ms}));
    }
    /// Returns the prefix of a new token of a new member of a new workspace.
    std::string token_of(const std::string& ws_name, Role role = Role::owner) {
        return mint(person(workspace(ws_name), "ann@" + ws_name + ".example", role))
            .view.token.prefix;
    }
    void revoke(const std::string& prefix) { take(manage::revoke_tokens(context(), {prefix})); }

    // --- the database itself ---
    void run(const std::string& sql) {
        store::DatabaseConnection(path, store::Access::write, store::command_busy_ms)
            .run(sql.c_str());
    }
    /// Changes the database like another program, from which SQLite does not protect its own
    /// tables.
    void tamper(const std::string& sql) {
        store::DatabaseConnection hostile(path, store::Access::write, store::command_busy_ms);
        sqlite3_db_config(hostile.db().getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
        hostile.run(("PRAGMA writable_schema = ON;" + sql).c_str());
    }
    std::int64_t number(const std::string& sql) {
        return store::DatabaseConnection(path, store::Access::write, store::command_busy_ms)
            .number(sql.c_str());
    }
    std::string text(const std::string& sql) {
        return store::DatabaseConnection(path, store::Access::write, store::command_busy_ms)
            .text(sql.c_str());
    }
    std::int64_t version() { return number("SELECT directory_version FROM meta"); }
    std::int64_t events() { return number("SELECT count(*) FROM audit_events"); }
    std::string last_event(const std::string& column) {
        return text("SELECT " + column + " FROM audit_events ORDER BY id DESC LIMIT 1");
    }

    TempFolder folder;
    const std::string path = folder.file("hourgate.db");
    ScriptedClock clock;
    manage::TokenSettings rules;
    std::unique_ptr<store::SqliteLedger> ledger;
};

/// Creates a complete database without a server. It is closed, so it is one file.
inline std::string closed_database(const TempFolder& folder,
                                   const std::string& name = "hourgate.db") {
    const std::string path = folder.file(name);
    take(store::create_database(path));
    return path;
}

/// Returns the failure of `work`, and checks that it changed nothing, including the audit log.
template <typename Work>
Failure refused(DatabaseBench& bench, Work work) {
    const std::int64_t version = bench.version(), events = bench.events();
    const auto result = work();
    REQUIRE_FALSE(result.ok());
    CHECK(bench.version() == version);
    CHECK(bench.events() == events);
    return result.failure();
}

}  // namespace hourgate::test
