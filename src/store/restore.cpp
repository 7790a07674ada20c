// Restore: a backup in the database's place. The order of steps is what makes it safe to be killed:
//   1. the copy is made, migrated, checked and synced under a name of its own;
//   2. every other hourgate is kept out, and the old database is closed for good: its WAL is
//      written back and gone, so that it is whole as one file;
//   3. the old file gets a second name, and one rename puts the copy in its place.
// A WAL left behind would be taken for the new database's and played into it: that is why the old
// one is never moved while it has one.
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "manage/audit.h"
#include "store/as_owner.h"
#include "store/backup.h"
#include "store/copy.h"
#include "store/database_connection.h"
#include "store/database_file.h"
#include "store/errors.h"
#include "store/file_header.h"
#include "store/files.h"
#include "store/known.h"
#include "store/lock_file.h"
#include "store/migrate.h"
#include "store/prepare_restore.h"
#include "store/rows.h"
#include "store/server_lock.h"

namespace hourgate::store {

namespace {

constexpr int others_wait_ms = 1'000;  // for commands that are about to end

// --- 1. the copy ---

}  // namespace

Failure does_not_restore(const std::string& named, const std::string& why) {
    return {Fault::store, "the backup " + named + " does not restore: " + why,
            "use another backup: what this one holds cannot be trusted; nothing was changed"};
}

namespace {

/// The backup in a folder that was written last; empty if there is none that can be seen.
std::string newest_backup_in(const std::string& folder) {
    std::string newest;
    std::filesystem::file_time_type newest_time;
    std::error_code error;
    std::filesystem::directory_iterator entry(folder, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        const std::string path = entry->path().string();
        const Result<bool> ours = is_backup(path);
        if (!ours || !ours.value())
            continue;
        std::error_code unknown;
        const auto time = entry->last_write_time(unknown);
        // Backups of one instant are told apart by name, as dated ones are.
        if (unknown || (!newest.empty() && std::pair(time, path) < std::pair(newest_time, newest)))
            continue;
        newest = path;
        newest_time = time;
    }
    return newest;
}

}  // namespace

Status check_backup(const std::string& source) {
    const Result<AsOwner> reader = AsOwner::of(source);
    if (!reader)
        return reader.failure();
    if (is_folder(source)) {
        const std::string newest = newest_backup_in(source);
        return Failure{Fault::usage, source + " is a folder, not a backup",
                       newest.empty() ? "name a backup; there is none in this folder"
                                      : "name a backup; the newest one in it is " + newest};
    }
    Result<FileState> state = inspect_header(source);
    if (!state)
        return state.failure();
    if (state.value().kind == FileState::Kind::absent)
        return Failure{Fault::not_found, "there is no backup at " + source, "check the name"};
    if (state.value().kind == FileState::Kind::ours)
        state = inspect(source, Access::look);
    if (!state)
        return state.failure();
    const FileState::Kind kind = state.value().kind;
    if (kind == FileState::Kind::ours || kind == FileState::Kind::older)
        return Done{};
    if (kind == FileState::Kind::newer)
        return unusable(source, state.value());
    return Failure{Fault::store, "it " + state.value().flaw, ""};
}

namespace {

Status copy_source(const std::string& source, const std::string& database,
                   const PendingFile& draft) {
    return guarded(database, [&]() -> Status {
        DatabaseConnection copy(draft, Access::draft, command_busy_ms);
        const Result<AsOwner> reader = AsOwner::of(source);
        if (!reader)
            return reader.failure();
        return guarded(source, [&]() -> Status {
            DatabaseConnection original(source, Access::look, command_busy_ms);
            original.run("SELECT count(*) FROM sqlite_schema");  // opens all that it reads from
            const Result<AsOwner> writer = AsOwner::of(database);
            if (!writer)
                return writer.failure();
            copy_all(original, copy, {});
            return Done{};
        });
    });
}

Status migrate_and_check(const std::string& source, const PendingFile& draft) {
    return guarded(source, [&]() -> Status {
        DatabaseConnection copy(draft, Access::draft, command_busy_ms);
        migrate(copy);
        check_rows(copy);  // before the rest, as a verified backup is read: both say the same then
        const std::string flaw = flaw_in(copy);
        return flaw.empty() ? Status(Done{}) : Failure{Fault::store, "it is damaged: " + flaw, ""};
    });
}

// --- 2. what the old database knows and the backup does not ---

/// A token or a member that must not come back.
struct Ended {
    std::string id;  // prefix, or public id
    std::int64_t at_ms = 0;
};

struct OldEnds {
    std::vector<Ended> revoked, removed;
};

/// What is known of the present database.
struct OldKnown {
    bool read = false;
    OldEnds ends;
    std::unordered_map<std::string, bool> tokens;  // by prefix: whether it works
    std::unordered_map<std::string, bool> rotated;
    std::unordered_map<std::string, bool> members;  // by public id: whether it is present
    std::vector<std::string> workspaces;            // public ids
    std::int64_t audit_events = 0;                  // behind the last one of the backup
};

/// A token that works at ?1, by columns that every schema has.
constexpr const char* works =
    "(t.revoked_ms IS NULL AND (t.works_until_ms IS NULL OR t.works_until_ms > ?1)"
    " AND (t.expires_ms IS NULL OR t.expires_ms > ?1) AND NOT EXISTS (SELECT 1 FROM members m"
    " WHERE m.id = t.member_id AND m.removed_ms IS NOT NULL))";

void read_all_of(DatabaseConnection& old, OldKnown& known, std::int64_t last_event,
                 std::int64_t now_ms) {
    SQLite::Statement tokens(old.db(), std::string("SELECT t.prefix, ") + works +
                                           ", t.rotated_ms IS NOT NULL FROM tokens t");
    tokens.bind(1, now_ms);
    while (tokens.executeStep()) {
        known.tokens.emplace(text_from(tokens, 0), int_from(tokens, 1) != 0);
        known.rotated.emplace(text_from(tokens, 0), int_from(tokens, 2) != 0);
    }
    SQLite::Statement members(old.db(), "SELECT public_id, removed_ms IS NULL FROM members");
    while (members.executeStep())
        known.members.emplace(text_from(members, 0), int_from(members, 1) != 0);
    SQLite::Statement workspaces(old.db(), "SELECT public_id FROM workspaces");
    while (workspaces.executeStep())
        known.workspaces.push_back(text_from(workspaces, 0));
    SQLite::Statement events(old.db(), "SELECT count(*) FROM audit_events WHERE id > ?1");
    events.bind(1, last_event);
    events.executeStep();
    known.audit_events = int_from(events, 0);
    known.read = true;
}

std::vector<Ended> ended(DatabaseConnection& connection, const char* sql) {
    SQLite::Statement row(connection.db(), sql);
    std::vector<Ended> all;
    while (row.executeStep())
        all.push_back({text_from(row, 0), int_from(row, 1)});
    return all;
}

/// Every revocation on record. A token that was revoked and whose row is gone since, because it was
/// pruned or its workspace was closed, is known by its audit event alone.
std::vector<Ended> revoked_in(DatabaseConnection& connection) {
    return ended(connection,
                 "SELECT prefix, revoked_ms FROM tokens WHERE revoked_ms IS NOT NULL"
                 " UNION ALL SELECT e.object, min(e.at_ms) FROM audit_events e"
                 " WHERE e.action = 'token.revoke'"
                 " AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.prefix = e.object)"
                 " GROUP BY e.object");
}

/// Writes the WAL back and leaves the database as one file. False when somebody else has it open.
bool close_for_good(DatabaseConnection& old) {
    try {
        return old.text("PRAGMA journal_mode=DELETE") == "delete";
    } catch (const SQLite::Exception& error) {
        if (error.getErrorCode() == SQLITE_BUSY)
            return false;
        throw;
    }
}

/// Restore::real closes it for good.
Result<OldKnown> read_old(const std::string& database, std::int64_t last_event, std::int64_t now_ms,
                          Restore what) {
    return guarded(database, [&]() -> Result<OldKnown> {
        const bool real = what == Restore::real;
        DatabaseConnection old(database, real ? Access::write : Access::look, command_busy_ms);
        OldKnown known;
        OldEnds& ends = known.ends;
        ends.revoked = revoked_in(old);
        ends.removed =
            ended(old, "SELECT public_id, removed_ms FROM members WHERE removed_ms IS NOT NULL");
        read_all_of(old, known, last_event, now_ms);
        if (!real || close_for_good(old))
            return known;
        return Failure{Fault::conflict, "another program has the database " + database + " open",
                       "close it (`fuser " + database + "` names it) and try again"};
    });
}

/// The old database when it can be read; when it cannot, what it knew is lost, and only
/// BringBack::yes goes on.
Result<OldKnown> known_of_old(const std::string& database, BringBack bring_back,
                              std::int64_t last_event, std::int64_t now_ms, Restore what) {
    const Result<FileState> state = inspect_header(database);
    if (!state)
        return state.failure();
    if (state.value().kind == FileState::Kind::absent)
        return OldKnown{};
    std::string why = state.value().flaw;
    if (state.value().kind == FileState::Kind::ours) {
        Result<OldKnown> known = read_old(database, last_event, now_ms, what);
        if (known || known.failure().fault != Fault::store)
            return known;
        why = known.failure().what;
    }
    if (bring_back == BringBack::yes)
        return OldKnown{};
    return Failure{Fault::conflict,
                   "the present database cannot be read (" + why +
                       "), so tokens revoked and members removed since the backup are not known",
                   "add --bring-back to restore all the same: such tokens will work again"};
}

// --- 3. into the copy ---

struct Bringing {
    DatabaseConnection& copy;
    std::int64_t now_ms;
};

void tell(const Bringing& to, const std::string& actor, const char* action,
          const std::string& object, const std::string& after) {
    SQLite::Statement event(to.copy.db(),
                            "INSERT INTO audit_events (at_ms, actor, source, action, object,"
                            " workspace_id, before, after)"
                            " VALUES (?1, ?5, 'local', ?2, ?3, '', '', ?4)");
    event.bind(1, to.now_ms);
    event.bind(2, action);
    event.bind(3, object);
    event.bind(4, after);
    event.bind(5, actor);
    event.exec();
}

std::optional<std::int64_t> known_time(std::int64_t wall_ms) {
    return wall_ms > 0 ? std::optional(wall_ms) : std::nullopt;
}

/// What the audit event of a restore says: from which backup, and what was lost as far as it is
/// known.
std::string event_of(const std::string& source, BringBack bring_back, const RestoreReport& report) {
    std::error_code error;
    const auto whole = std::filesystem::absolute(source, error);
    const Losses& losses = report.losses;
    manage::Json json;
    json.add("backup", printable(error ? source : whole.lexically_normal().string(), 4'096))
        .add_time("backupWrittenAt", known_time(losses.made_ms))
        .add_time("newestChangeInBackupAt", known_time(losses.newest_ms))
        .add_flag("broughtBack", bring_back == BringBack::yes)
        .add("keptRevoked", static_cast<std::int64_t>(report.kept_revoked.size()))
        .add("keptRemoved", static_cast<std::int64_t>(report.kept_removed.size()))
        .add_flag("lossesKnown", losses.known);
    if (losses.known)
        json.add("auditEventsLost", losses.audit_events)
            .add("tokensMintedLost", losses.tokens_minted)
            .add("tokensRevokedLost", losses.tokens_revoked)
            .add("tokensRotatedLost", losses.tokens_rotated)
            .add("workspacesAddedLost", losses.workspaces_added)
            .add("membersAddedLost", losses.members_added)
            .add("membersRemovedLost", losses.members_removed)
            .add("workspacesThatComeBack", losses.workspaces_back_count)
            .add("tokensThatWorkAgain", losses.revived_count);
    return json.text();
}

/// Ends in the copy what was ended since; gives those that were not ended in it.
std::vector<std::string> end_again(const Bringing& to, const std::vector<Ended>& all,
                                   const char* sql, const char* action) {
    SQLite::Statement change(to.copy.db(), sql);
    std::vector<std::string> kept;
    for (const Ended& one : all) {
        const Use use(change);
        bind_text(change, 1, one.id);
        change.bind(2, one.at_ms);
        if (change.exec() == 0)
            continue;  // not in the backup, or ended in it
        tell(to, "restore", action, one.id, R"({"because":"ended since the backup was made"})");
        kept.push_back(one.id);
    }
    return kept;
}

/// Names the workspaces of the copy that were closed since.
void find_workspaces_back(DatabaseConnection& copy, const OldKnown& old, Losses& losses) {
    const std::unordered_set<std::string> present(old.workspaces.begin(), old.workspaces.end());
    SQLite::Statement row(copy.db(), "SELECT public_id, name FROM workspaces ORDER BY id");
    while (row.executeStep()) {
        if (present.contains(text_from(row, 0)))
            continue;
        ++losses.workspaces_back_count;
        if (losses.workspaces_back.size() < workspaces_back_max)
            losses.workspaces_back.push_back(text_from(row, 1));
    }
}

/// Compares what the present database knows with the copy. REQUIRES: nothing was ended again yet.
Losses losses_in(DatabaseConnection& copy, const OldKnown& old) {
    Losses losses;
    losses.known = old.read;
    losses.newest_ms = copy.number("SELECT coalesce(max(at_ms), 0) FROM audit_events");
    if (!old.read)
        return losses;
    losses.audit_events = old.audit_events;
    SQLite::Statement token(copy.db(),
                            "SELECT rotated_ms IS NOT NULL FROM tokens WHERE prefix = ?1");
    for (const auto& [prefix, rotated] : old.rotated) {
        const Use use(token);
        bind_text(token, 1, prefix);
        if (!token.executeStep())
            ++losses.tokens_minted;
        else if (rotated && int_from(token, 0) == 0)
            ++losses.tokens_rotated;
    }
    std::unordered_set<std::string> revoked;
    for (Ended& one : revoked_in(copy))
        revoked.insert(std::move(one.id));
    for (const Ended& one : old.ends.revoked)
        losses.tokens_revoked += revoked.contains(one.id) ? 0 : 1;
    SQLite::Statement member(copy.db(),
                             "SELECT removed_ms IS NULL FROM members WHERE public_id = ?1");
    for (const auto& [id, present] : old.members) {
        const Use use(member);
        bind_text(member, 1, id);
        if (!member.executeStep())
            ++losses.members_added;
        else if (!present && int_from(member, 0) != 0)
            ++losses.members_removed;
    }
    SQLite::Statement workspace(copy.db(), "SELECT 1 FROM workspaces WHERE public_id = ?1");
    for (const std::string& id : old.workspaces) {
        const Use use(workspace);
        bind_text(workspace, 1, id);
        losses.workspaces_added += workspace.executeStep() ? 0 : 1;
    }
    find_workspaces_back(copy, old, losses);
    return losses;
}

/// Names the tokens that work in the copy as it will be restored, and do not work now.
void find_revived(DatabaseConnection& copy, const OldKnown& old, std::int64_t now_ms,
                  Losses& losses) {
    if (!old.read)
        return;
    SQLite::Statement token(
        copy.db(), std::string("SELECT t.prefix FROM tokens t WHERE ") + works + " ORDER BY t.id");
    token.bind(1, now_ms);
    while (token.executeStep()) {
        std::string prefix = text_from(token, 0);
        const auto now = old.tokens.find(prefix);
        if (now != old.tokens.end() && now->second)
            continue;
        ++losses.revived_count;
        if (losses.revived.size() < revived_max)
            losses.revived.push_back(std::move(prefix));
    }
}

Result<std::int64_t> last_event_in(const std::string& source, const PendingFile& draft) {
    return guarded(source, [&]() -> Result<std::int64_t> {
        DatabaseConnection copy(draft, Access::draft, command_busy_ms);
        return copy.number("SELECT coalesce(max(id), 0) FROM audit_events");
    });
}

std::int64_t written_ms(const std::string& file) {
    struct stat status {};
    return ::stat(file.c_str(), &status) == 0
               ? static_cast<std::int64_t>(status.st_mtim.tv_sec) * ms_per_s
               : 0;
}

Result<RestoreReport> bring_up_to_date(const std::string& source, const PendingFile& draft,
                                       const OldKnown& old, BringBack bring_back,
                                       std::int64_t now_ms, const std::string& actor) {
    const OldEnds ends = bring_back == BringBack::yes ? OldEnds{} : old.ends;
    return guarded(source, [&]() -> Result<RestoreReport> {
        DatabaseConnection copy(draft, Access::draft, command_busy_ms);
        Transaction transaction(copy, Transaction::Kind::immediate);
        const Bringing to{copy, now_ms};
        RestoreReport report;
        report.losses = losses_in(copy, old);
        report.losses.made_ms = written_ms(source);
        report.kept_revoked =
            end_again(to, ends.revoked,
                      "UPDATE tokens SET revoked_ms = ?2 WHERE prefix = ?1 AND revoked_ms IS NULL",
                      "token.revoke");
        report.kept_removed = end_again(
            to, ends.removed,
            "UPDATE members SET removed_ms = ?2 WHERE public_id = ?1 AND removed_ms IS NULL",
            "member.remove");
        find_revived(copy, old, now_ms, report.losses);
        tell(to, actor, "database.restore",
             printable(std::filesystem::path(source).filename().string(), limits::name_bytes_max),
             event_of(source, bring_back, report));
        report.workspaces = count(copy, "workspaces");
        report.members = count(copy, "members");
        report.tokens = count(copy, "tokens");
        report.last_workspace = copy.number("SELECT coalesce(max(id), 0) FROM workspaces");
        report.last_member = copy.number("SELECT coalesce(max(id), 0) FROM members");
        report.last_token = copy.number("SELECT coalesce(max(id), 0) FROM tokens");
        transaction.commit();
        return report;
    });
}

// --- 4. into its place ---

/// "<database>.before-restore-20261125T140309Z", with a number if that, or a name that SQLite would
/// use beside it, is taken.
std::string free_name(const std::string& database, std::int64_t now_ms) {
    const std::string name = database + ".before-restore-" + time_in_name(now_ms);
    const auto taken = [](const std::string& one) {
        return exists(one) || exists(one + "-wal") || exists(one + "-shm") ||
               exists(one + "-journal");
    };
    std::string free = name;
    for (int number = 2; taken(free); ++number)
        free = name + "-" + std::to_string(number);
    return free;
}

/// Gives the old file, if there is one, its second name: where it went. A -wal is only there when
/// the old database could not be closed, or is gone without it: it moves as well. Nothing that has
/// one of those names meanwhile is overwritten.
Result<std::string> set_old_aside(const std::string& database, std::int64_t now_ms) {
    const std::string aside = free_name(database, now_ms);
    // Where there are no hard links, there is an instant in which no database is in place.
    const bool old = ::link(database.c_str(), aside.c_str()) == 0 ||
                     (errno != EEXIST && rename_to_nothing(database, aside));
    if (!old && errno != ENOENT)
        return system_failure("move", database, errno);
    for (const char* end : {"-wal", "-shm", "-journal"})
        if (!rename_to_nothing(database + end, aside + end) && errno != ENOENT)
            return system_failure("move", database + end, errno);
    return old ? aside : std::string();
}

/// The file that is to make way. Only a file is moved aside.
Result<Standing> former_at(const std::string& database) {
    Result<Standing> found = what_is_at(database);
    if (!found || found.value().kind == Standing::Kind::nothing ||
        found.value().kind == Standing::Kind::file)
        return found;
    return Failure{Fault::conflict, database + " is " + found.value().noun + ", not a database",
                   "check [database] path; nothing was changed"};
}

Result<RestoreReport> put_in_place(const std::string& database, const std::string& source,
                                   PendingFile draft, BringBack bring_back, std::int64_t now_ms,
                                   const std::function<void(const Losses&)>& before, Restore what,
                                   const std::string& actor) {
    const bool real = what == Restore::real;
    const auto alone = lock(database, LockedPart::use,
                            real ? LockKind::exclusive : LockKind::shared, others_wait_ms);
    if (!alone)
        return alone.failure();
    if (!alone.value())
        return Failure{Fault::conflict, "another hourgate command is using " + database,
                       "wait until it has ended and try again"};
    const Result<std::int64_t> last_event = last_event_in(source, draft);
    if (!last_event)
        return last_event.failure();
    const Result<OldKnown> old =
        known_of_old(database, bring_back, last_event.value(), now_ms, what);
    if (!old)
        return old.failure();
    if (const Result<Standing> former = former_at(database); !former)
        return former.failure();
    Result<RestoreReport> report =
        bring_up_to_date(source, draft, old.value(), bring_back, now_ms, actor);
    if (!report)
        return report;
    if (before)
        before(report.value().losses);
    if (!real)
        return report;
    const std::string owner = exists(database) ? database : folder_of(database);
    if (Status given = draft.give_to_owner_of(owner); !given)
        return given.failure();
    Result<std::string> aside = set_old_aside(database, now_ms);
    if (!aside)
        return aside.failure();
    report.value().old_file = std::move(aside).value();
    // Nothing, where there are no hard links.
    const Result<Standing> former = former_at(database);
    Status placed = former ? draft.replace(former.value()) : Status(former.failure());
    if (placed)
        return report;
    const std::string& old_file = report.value().old_file;
    if (same_file(old_file, database))
        ::unlink(old_file.c_str());
    return placed.failure();
}

}  // namespace

Result<PendingFile> prepare_restore(const std::string& source, const std::string& target,
                                    const std::string& suffix) {
    if (Status usable = check_backup(source); !usable)
        return usable.failure();
    Result<PendingFile> draft = PendingFile::make(target, suffix);
    if (!draft)
        return draft;
    if (Status copied = copy_source(source, target, draft.value()); !copied)
        return copied.failure();
    if (Status sound = migrate_and_check(source, draft.value()); !sound)
        return sound.failure();
    return draft;
}

Result<RestoreReport> restore(const std::string& database, const std::string& source,
                              BringBack bring_back, std::int64_t now_ms,
                              const std::function<void(const Losses&)>& before, Restore what,
                              const std::string& actor) {
    const Result<AsOwner> owner = AsOwner::of(database);
    if (!owner)
        return owner.failure();
    // Through symbolic links to the file itself: a rename would replace the link.
    const Result<std::string> path = true_path(database);
    if (!path)
        return path.failure();
    const bool real = what == Restore::real;
    std::unique_ptr<ServerLock> server;
    if (real) {
        auto taken = ServerLock::take(path.value());
        if (!taken)
            return taken.failure();
        server = std::move(taken).value();
    }
    if (same_file(path.value(), source))
        return Failure{Fault::usage, source + " is the database itself",
                       "name the backup to restore"};
    Result<PendingFile> draft =
        prepare_restore(source, path.value(), real ? ".restoring" : ".preview");
    if (!draft)
        return draft.failure().fault == Fault::store
                   ? does_not_restore(source, draft.failure().what)
                   : draft.failure();
    if (const auto mode = draft.value().open_to_others())
        return keeps_no_modes(path.value(), *mode);
    return put_in_place(path.value(), source, std::move(draft).value(), bring_back, now_ms, before,
                        what, actor);
}

}  // namespace hourgate::store
