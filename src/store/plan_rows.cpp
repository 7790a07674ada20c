// The part of SqliteRows that reads and writes plans.
#include <utility>

#include "store/errors.h"
#include "store/rows.h"
#include "store/sqlite_rows.h"

namespace hourgate::store {

Result<PlanBook> SqliteRows::plans() {
    return guarded(path_, [&]() -> Result<PlanBook> { return PlanBook(read_plans(connection_)); });
}

Result<std::int64_t> SqliteRows::workspaces_on(std::int64_t plan_row) {
    return guarded(path_, [&]() -> Result<std::int64_t> {
        SQLite::Statement query = prepare("SELECT count(*) FROM workspaces WHERE plan_id = ?1");
        query.bind(1, plan_row);
        query.executeStep();
        return int_from(query, 0);
    });
}

void SqliteRows::add_windows(const Plan& plan) {
    for (const Window& window : plan.windows) {
        SQLite::Statement insert = prepare(
            "INSERT INTO windows (plan_id, name, calls, seconds, per) VALUES (?1, ?2, ?3, ?4, ?5)");
        insert.bind(1, plan.id);
        insert.bind(2, window.name);
        insert.bind(3, std::int64_t{window.limit});
        insert.bind(4, std::int64_t{window.seconds});
        insert.bind(5, static_cast<int>(window.per));
        insert.exec();
    }
}

Status SqliteRows::add(Plan& plan) {
    return guarded(path_, [&]() -> Status {
        SQLite::Statement insert =
            prepare("INSERT INTO plans (name, api, rank) VALUES (?1, ?2, ?3)");
        insert.bind(1, plan.name);
        insert.bind(2, plan.api ? 1 : 0);
        insert.bind(3, plan.rank);
        insert.exec();
        plan.id = connection_.db().getLastInsertRowid();
        add_windows(plan);
        return Done{};
    });
}

Status SqliteRows::update(const Plan& plan) {
    return guarded(path_, [&]() -> Status {
        SQLite::Statement change =
            prepare("UPDATE plans SET name = ?2, api = ?3, rank = ?4 WHERE id = ?1");
        change.bind(1, plan.id);
        change.bind(2, plan.name);
        change.bind(3, plan.api ? 1 : 0);
        change.bind(4, plan.rank);
        change.exec();
        SQLite::Statement clear = prepare("DELETE FROM windows WHERE plan_id = ?1");
        clear.bind(1, plan.id);
        clear.exec();
        add_windows(plan);
        return Done{};
    });
}

Status SqliteRows::remove_plan(std::int64_t plan_row) {
    return guarded(path_, [&]() -> Status {
        SQLite::Statement remove = prepare("DELETE FROM plans WHERE id = ?1");  // and its windows
        remove.bind(1, plan_row);
        remove.exec();
        return Done{};
    });
}

}  // namespace hourgate::store
