// The directory's two kinds of reading: what changed, and what is known of one token. Each is one
// connection with its statements, used by one thread at a time. They throw; the directory catches.
#pragma once

#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gate/facts.h"
#include "store/change_log.h"
#include "store/database_connection.h"
#include "store/pool.h"

namespace hourgate::store {

/// What one snapshot says of the directory as a whole.
struct Reading {
    std::int64_t version = 0;               ///< meta.directory_version
    bool forget = false;                    ///< a row is gone, or `changes` are not all
    std::vector<Change> changes;            ///< rows changed since the version asked about
    std::shared_ptr<const PlanBook> plans;  ///< set when a plan changed
};

class VersionReader {
public:
    explicit VersionReader(const std::string& path);

    [[nodiscard]] std::int64_t version();
    /// What changed after version `known`, all in one snapshot. A `known` of -1, or one the
    /// directory has not reached, means that everything may have.
    [[nodiscard]] Reading changes_since(std::int64_t known);
    /// Whether another file stands at the path by now.
    [[nodiscard]] bool moved() noexcept { return connection_.moved(); }

private:
    [[nodiscard]] std::vector<Change> rows_changed_since(std::int64_t known);

    DatabaseConnection connection_;
    SQLite::Statement version_;
    SQLite::Statement changes_;
    SQLite::Statement plan_changed_;
};

/// What readers share, so that what they read is shared.
struct Pools {
    Pool<Member> members;
    Pool<Workspace> workspaces;
};

/// Facts by prefix, on whichever connection and in whichever snapshot it has.
class FactQuery {
public:
    /// Both must outlive it.
    FactQuery(DatabaseConnection& connection, Pools& pools);

    struct Row {
        std::shared_ptr<const Facts> facts;  ///< null: no token has the prefix
        std::int64_t version = 0;            ///< directory_version of the same snapshot, when found
    };
    /// One look-up.
    [[nodiscard]] Row read(std::string_view prefix);

private:
    Pools& pools_;
    SQLite::Statement row_;
};

/// The same on a connection of its own to the live database.
class FactReader {
public:
    /// `pools` must outlive the reader.
    FactReader(const std::string& path, Pools& pools);

    using Row = FactQuery::Row;
    [[nodiscard]] Row read(std::string_view prefix) { return query_.read(prefix); }

private:
    DatabaseConnection connection_;
    FactQuery query_;
};

}  // namespace hourgate::store
