#include "store/sqlite_ledger.h"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "store/database_connection.h"
#include "store/errors.h"
#include "store/lock_file.h"
#include "store/sqlite_rows.h"

namespace hourgate::store {

struct SqliteLedger::State {
    State(std::string database, InUse in_use) : path(std::move(database)), use(std::move(in_use)) {}

    const std::string path;
    const InUse use;  // outlives the connection
    std::mutex mutex;
    std::optional<DatabaseConnection> connection;  // guarded by mutex; empty after a failure

    /// Runs `work` in a transaction. After a failure of the store the connection is opened again by
    /// the next call: whatever state the failure left it in, it is gone.
    Status run(Transaction::Kind kind, const std::function<Status(manage::Rows&)>& work) {
        const std::lock_guard lock(mutex);
        const std::int64_t begun_us = SystemClock().now().boot_us;
        Status done = guarded(path, [&] { return run_on_connection(kind, work); });
        if (kind == Transaction::Kind::immediate)
            let_others_in(begun_us);
        if (!done && is_of_the_store(done.failure().fault))
            connection.reset();
        return done;
    }

private:
    /// Pauses now and then while changes follow each other without a pause. Other processes look
    /// for the lock every few milliseconds (LockWait), and would not find it free for seconds.
    void let_others_in(std::int64_t begun_us) noexcept {
        constexpr std::int64_t pause_us = 5'000;  // longer than between two looks
        constexpr std::int64_t without_pause_us = 100'000;
        if (begun_us - ended_us_ >= pause_us)
            busy_since_us_ = begun_us;
        ended_us_ = SystemClock().now().boot_us;
        if (ended_us_ - busy_since_us_ < without_pause_us)
            return;
        std::this_thread::sleep_for(std::chrono::microseconds(pause_us));
        ended_us_ = busy_since_us_ = SystemClock().now().boot_us;
    }

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

    std::int64_t busy_since_us_ = 0;  // guarded by mutex, like the next: of the boot clock
    std::int64_t ended_us_ = 0;
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
