#include "store/directory_readers.h"

#include <utility>

#include "base/limits.h"
#include "store/errors.h"
#include "store/rows.h"

namespace hourgate::store {

namespace {

constexpr const char* select_version =
    "SELECT directory_version, deleted_version FROM meta WHERE id = 1";

// Indexes on stamp hold all it needs.
constexpr const char* select_changes =
    "SELECT 0, id FROM tokens WHERE stamp > ?1 AND stamp > 0"
    " UNION ALL SELECT 1, id FROM members WHERE stamp > ?1"
    " UNION ALL SELECT 2, id FROM workspaces WHERE stamp > ?1"
    " LIMIT ?2";

constexpr const char* select_plan_changed = "SELECT EXISTS (SELECT 1 FROM plans WHERE stamp > ?1)";

std::string select_facts() {
    return std::string("SELECT (SELECT directory_version FROM meta WHERE id = 1), t.digest,") +
           token_columns + "," + member_columns + "," + workspace_columns +
           "FROM tokens t LEFT JOIN members m ON m.id = t.member_id"
           " LEFT JOIN workspaces w ON w.id = m.workspace_id"
           // A member deleted by another hand takes their tokens with them.
           " WHERE t.prefix = ?1 AND (t.kind = 1 OR w.id IS NOT NULL)";
}

}  // namespace

VersionReader::VersionReader(const std::string& path)
    : connection_(path, Access::read, decision_busy_ms),
      version_(connection_.db(), select_version),
      changes_(connection_.db(), select_changes),
      plan_changed_(connection_.db(), select_plan_changed) {}

std::int64_t VersionReader::version() {
    const Use use(version_);
    if (!version_.executeStep())
        throw ImpossibleRow("no row in meta");
    return int_from(version_, 0);
}

Reading VersionReader::changes_since(std::int64_t known) {
    Transaction snapshot(connection_, Transaction::Kind::snapshot);
    Reading reading;
    bool deleted = false;
    {
        const Use use(version_);
        if (!version_.executeStep())
            throw ImpossibleRow("no row in meta");
        reading.version = int_from(version_, 0);
        deleted = int_from(version_, 1) > known;
    }
    reading.forget = known < 0 || deleted || known > reading.version;
    if (!reading.forget)
        reading.changes = rows_changed_since(known);
    if (reading.changes.size() > limits::directory_changes_max)
        reading.forget = true;

    const Use use(plan_changed_);
    plan_changed_.bind(1, known);
    plan_changed_.executeStep();
    if (reading.forget || int_from(plan_changed_, 0) != 0)
        reading.plans = std::make_shared<const PlanBook>(read_plans(connection_));
    return reading;
}

std::vector<Change> VersionReader::rows_changed_since(std::int64_t known) {
    const Use use(changes_);
    changes_.bind(1, known);
    changes_.bind(2, static_cast<std::int64_t>(limits::directory_changes_max) + 1);
    std::vector<Change> changes;
    while (changes_.executeStep()) {
        const auto table = static_cast<Change::Table>(int_from(changes_, 0));
        changes.push_back({table, int_from(changes_, 1)});
    }
    return changes;
}

FactReader::FactReader(const std::string& path, Pools& pools)
    : connection_(path, Access::read, decision_busy_ms), query_(connection_, pools) {
    // A look-up needs the upper pages of four trees. The rest is in the system's cache, once for
    // all; here it would be once for each reader.
    connection_.run("PRAGMA cache_size=-256");
}

FactQuery::FactQuery(DatabaseConnection& connection, Pools& pools)
    : pools_(pools), row_(connection.db(), select_facts()) {}

FactQuery::Row FactQuery::read(std::string_view prefix) {
    const Use use(row_);
    bind_text(row_, 1, prefix);
    if (!row_.executeStep())
        return {};
    constexpr int token = 2, member = token + token_column_count,
                  workspace = member + member_column_count;
    manage::TokenRecord record = token_from(row_, token);
    const bool owned = !record.is_operator;
    const token::Digest digest = digest_from(row_, 1);
    Row row;
    row.version = int_from(row_, 0);
    Facts facts;
    facts.token = facts_of(std::move(record), digest);
    if (owned) {
        facts.member = pools_.members.share(member_from(row_, member));
        facts.workspace = pools_.workspaces.share(workspace_from(row_, workspace));
    }
    row.facts = std::make_shared<const Facts>(std::move(facts));
    return row;
}

}  // namespace hourgate::store
