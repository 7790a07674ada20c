#include "store/health.h"

#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "store/connection.h"
#include "store/errors.h"
#include "store/lock_file.h"

namespace hourgate::store {

namespace {

constexpr int steps_between_questions = 50'000;  // of SQLite's machine: a few milliseconds

/// Asks while a statement runs, and ends it on a no.
class Questions {
public:
    Questions(Connection& connection, const std::function<bool()>& go_on)
        : handle_(connection.db().getHandle()), go_on_(go_on) {
        sqlite3_progress_handler(handle_, steps_between_questions, &Questions::ask, this);
    }
    ~Questions() { sqlite3_progress_handler(handle_, 0, nullptr, nullptr); }
    Questions(const Questions&) = delete;
    Questions& operator=(const Questions&) = delete;

private:
    static int ask(void* self) noexcept {
        try {
            return static_cast<Questions*>(self)->go_on_() ? 0 : 1;
        } catch (...) {
            return 1;
        }
    }

    sqlite3* const handle_;
    const std::function<bool()>& go_on_;
};

struct Source {
    const char* sql;
    std::string_view what;
};
constexpr Source sources[] = {
    {"SELECT max(at_ms) FROM (SELECT at_ms FROM audit_events ORDER BY id DESC LIMIT 1000)",
     "an audit event"},
    {"SELECT max(used_ms) FROM token_use", "a token's last use"},
    // An hour that has begun is one that something happened in.
    {"SELECT max(hour) * 3600000 FROM usage", "the usage of an hour"},
};

}  // namespace

Result<LookedOver> look_over(const std::string& path, const std::function<bool()>& go_on) {
    using Outcome = LookedOver::Outcome;
    const Result<InUse> use = InUse::take(path);
    if (!use)
        return use.failure();
    return guarded(path, [&]() -> Result<LookedOver> {
        try {
            Connection connection(path, Access::read, command_busy_ms);
            const Questions questions(connection, go_on);
            const std::string found = connection.text("PRAGMA quick_check(1)");
            if (found == "ok")
                return LookedOver{};
            return LookedOver{Outcome::damaged, one_line(found)};
        } catch (const SQLite::Exception& error) {
            const int code = error.getErrorCode() & 0xff;
            if (code == SQLITE_INTERRUPT)
                return LookedOver{Outcome::not_finished, ""};
            if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
                return LookedOver{Outcome::damaged, one_line(error.what())};
            throw;
        }
    });
}

Result<std::optional<Stamp>> latest_stamp(const std::string& path) {
    const Result<InUse> use = InUse::take(path);
    if (!use)
        return use.failure();
    return guarded(path, [&]() -> Result<std::optional<Stamp>> {
        Connection connection(path, Access::read, command_busy_ms);
        std::optional<Stamp> latest;
        for (const Source& source : sources) {
            SQLite::Statement query(connection.db(), source.sql);
            if (!query.executeStep() || query.getColumn(0).isNull())
                continue;
            const std::int64_t at_ms = query.getColumn(0).getInt64();
            if (!latest || at_ms > latest->at_ms)
                latest = Stamp{at_ms, source.what};
        }
        return latest;
    });
}

Result<std::optional<std::int64_t>> first_event_ms(const std::string& path) {
    const Result<InUse> use = InUse::take(path);
    if (!use)
        return use.failure();
    return guarded(path, [&]() -> Result<std::optional<std::int64_t>> {
        Connection connection(path, Access::read, command_busy_ms);
        SQLite::Statement query(connection.db(),
                                "SELECT at_ms FROM audit_events ORDER BY id LIMIT 1");
        return query.executeStep() ? std::optional<std::int64_t>(query.getColumn(0).getInt64())
                                   : std::nullopt;
    });
}

}  // namespace hourgate::store
