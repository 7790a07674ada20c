#include "store/sqlite_ledger.h"

#include <mutex>
#include <optional>
#include <utility>

#include "store/connection.h"
#include "store/errors.h"
#include "store/lock_file.h"
#include "store/sqlite_rows.h"

namespace hourgate::store {

struct SqliteLedger::State {
    State(std::string database, InUse in_use) : path(std::move(database)), use(std::move(in_use)) {}

    const std::string path;
    const InUse use;  // outlives the connection
    std::mutex mutex;
    std::optional<Connection> connection;  // guarded by mutex; empty after a failure

    /// Runs `work` in a transaction. After a failure of the store the connection is opened again by
    /// the next call: whatever state the failure left it in, it is gone.
    Status run(Transaction::Kind kind, const std::function<Status(manage::Rows&)>& work) {
        const std::lock_guard lock(mutex);
        Status done = guarded(path, [&] { return run_on_connection(kind, work); });
        if (!done && is_of_the_store(done.failure().fault))
            connection.reset();
        return done;
    }

private:
    static bool is_of_the_store(Fault fault) noexcept {
        return fault == Fault::store || fault == Fault::system;
    }

    Status run_on_connection(Transaction::Kind kind,
                             const std::function<Status(manage::Rows&)>& work) {
        if (connection && connection->moved())
            connection.reset();
        if (!connection)
            connection.emplace(path, Access::write, command_busy_ms);
        Transaction transaction(*connection, kind);
        SqliteRows rows(*connection, path);
        Status done = work(rows);
        if (done)
            transaction.commit();
        return done;
    }
};

SqliteLedger::SqliteLedger(std::unique_ptr<State> state) : state_(std::move(state)) {}
SqliteLedger::~SqliteLedger() = default;

Result<std::unique_ptr<SqliteLedger>> SqliteLedger::open(const std::string& path) {
    return guarded(path, [&]() -> Result<std::unique_ptr<SqliteLedger>> {
        Result<InUse> use = InUse::take(path);
        if (!use)
            return use.failure();
        auto state = std::make_unique<State>(path, std::move(use).value());
        state->connection.emplace(path, Access::write, command_busy_ms);
        return std::unique_ptr<SqliteLedger>(new SqliteLedger(std::move(state)));
    });
}

Status SqliteLedger::write(const std::function<Status(manage::Rows&)>& change) {
    return state_->run(Transaction::Kind::immediate, change);
}

Status SqliteLedger::read(const std::function<Status(manage::Rows&)>& look) {
    return state_->run(Transaction::Kind::snapshot, look);
}

}  // namespace hourgate::store
