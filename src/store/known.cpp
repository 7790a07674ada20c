#include "store/known.h"

#include <SQLiteCpp/Statement.h>

#include <algorithm>
#include <string_view>

#include "base/clock.h"
#include "store/copy.h"
#include "store/database.h"
#include "store/directory_readers.h"
#include "store/errors.h"
#include "store/leased_directory.h"
#include "store/rows.h"

namespace hourgate::store {

namespace {

/// Prefixes at even distances, the first and the last among them: a few look-ups, however many
/// there are.
std::vector<std::string> prefixes_over_all(DatabaseConnection& connection) {
    const std::int64_t first = connection.number("SELECT coalesce(min(id), 0) FROM tokens");
    const std::int64_t last = connection.number("SELECT coalesce(max(id), 0) FROM tokens");
    SQLite::Statement next(connection.db(),
                           "SELECT id, prefix FROM tokens WHERE id >= ?1 ORDER BY id LIMIT 1");
    std::vector<std::string> prefixes;
    const double step = static_cast<double>(last - first) / (known_tokens_max - 1);
    for (std::int64_t at = 0, seen = first - 1; at < known_tokens_max; ++at) {
        const auto wanted = first + static_cast<std::int64_t>(static_cast<double>(at) * step + 0.5);
        if (wanted <= seen)
            continue;
        const Use use(next);
        next.bind(1, std::min(wanted, last));
        if (!next.executeStep())
            break;
        seen = int_from(next, 0);
        prefixes.push_back(text_from(next, 1));
    }
    return prefixes;
}

/// What of a token is another in `is`: "" when all is the same.
std::string_view off_in_token(const TokenFacts& was, const TokenFacts& is) {
    if (!token::same(was.digest, is.digest))
        return "its digest";
    if (was.id != is.id || was.line != is.line || was.kind != is.kind || was.prefix != is.prefix ||
        was.name != is.name || was.env != is.env)
        return "what it is";
    if (was.scopes != is.scopes)
        return "its scopes";
    if (was.revoked_ms != is.revoked_ms)
        return "whether it is revoked";
    if (was.created_ms != is.created_ms || was.line_created_ms != is.line_created_ms ||
        was.expires_ms != is.expires_ms || was.rotated_ms != is.rotated_ms ||
        was.works_until_ms != is.works_until_ms)
        return "when it begins or ends";
    return "";
}

std::string_view off_in_facts(const Facts& was, const Facts& is) {
    if (const std::string_view off = off_in_token(was.token, is.token); !off.empty())
        return off;
    if (was.member->role != is.member->role)
        return "its member's role";
    if (*was.member != *is.member)
        return "its member";
    if (was.workspace->plan_id != is.workspace->plan_id)
        return "its workspace's plan";
    return *was.workspace == *is.workspace ? "" : "its workspace";
}

std::string off_in_count(std::string_view what, std::int64_t was, std::int64_t is) {
    if (was == is)
        return "";
    return "it has " + std::to_string(is) + " " + std::string(what) + " instead of " +
           std::to_string(was);
}

std::string off_in_counts(const Known& known, DatabaseConnection& connection) {
    std::string off = off_in_count("workspaces", known.workspaces, count(connection, "workspaces"));
    if (off.empty())
        off = off_in_count("members", known.members, count(connection, "members"));
    if (off.empty())
        off = off_in_count("tokens", known.tokens, count(connection, "tokens"));
    return off;
}

/// As a gate would find them that was started on it.
std::string off_in_sample(const Known& known, LeasedDirectory& directory, const Clock& clock) {
    for (const auto& facts : known.sample) {
        const std::string named = "token " + facts->token.prefix + ": ";
        const Directory::Found found = directory.find(facts->token.prefix, clock.now());
        if (found.outcome == Directory::Outcome::failed)
            return named + "it cannot be read";
        if (found.outcome == Directory::Outcome::absent)
            return named + "it is not there";
        if (const std::string_view off = off_in_facts(*facts, *found.facts); !off.empty())
            return named + std::string(off) + " is another";
        if (found.plans->plans() != known.plans)
            return "its plans or their windows are others";
    }
    return "";
}

}  // namespace

Known read_known(DatabaseConnection& connection) {
    Known known;
    known.workspaces = count(connection, "workspaces");
    known.members = count(connection, "members");
    known.tokens = count(connection, "tokens");
    known.plans = PlanBook(read_plans(connection)).plans();
    Pools pools;
    FactQuery query(connection, pools);
    for (const std::string& prefix : prefixes_over_all(connection)) {
        FactQuery::Row row = query.read(prefix);
        if (row.facts)  // none: its member was deleted by another hand
            known.sample.push_back(std::move(row.facts));
    }
    return known;
}

void check_rows(DatabaseConnection& connection) {
    static_cast<void>(PlanBook(read_plans(connection)));
    SQLite::Statement workspace(connection.db(),
                                std::string("SELECT") + workspace_columns + "FROM workspaces w");
    while (workspace.executeStep())
        static_cast<void>(workspace_from(workspace, 0));
    SQLite::Statement member(connection.db(),
                             std::string("SELECT") + member_columns + "FROM members m");
    while (member.executeStep())
        static_cast<void>(member_from(member, 0));
    SQLite::Statement token(connection.db(),
                            std::string("SELECT t.digest,") + token_columns + "FROM tokens t");
    while (token.executeStep()) {
        static_cast<void>(digest_from(token, 0));
        static_cast<void>(token_from(token, 1));
    }
}

Result<std::string> difference(const Known& known, const std::string& path) {
    if (Status usable = check_database(path, Migrate::no); !usable)
        return usable.failure();
    Result<std::string> off = guarded(path, [&]() -> Result<std::string> {
        DatabaseConnection connection(path, Access::read, command_busy_ms);
        return off_in_counts(known, connection);
    });
    if (!off || !off.value().empty())
        return off;
    const SystemClock clock;
    const auto directory = LeasedDirectory::open(path, clock);
    if (!directory)
        return directory.failure();
    return off_in_sample(known, *directory.value(), clock);
}

}  // namespace hourgate::store
