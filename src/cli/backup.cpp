// hourgate backup, hourgate restore
#include <string>
#include <utility>
#include <vector>

#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "cli/shell.h"
#include "cli/values.h"
#include "manage/audit_log.h"
#include "ops/counter_keeper.h"
#include "ops/signals.h"
#include "ops/state_file.h"
#include "store/as_owner.h"
#include "store/backup.h"
#include "store/files.h"
#include "store/sqlite_ledger.h"

namespace hourgate::cli {

namespace {

constexpr std::int64_t backups_kept_max = 10'000;

/// Shows the progress of a backup that takes longer than a second.
class ProgressLine {
public:
    explicit ProgressLine(const CommandContext& session)
        : session_(session), begun_us_(session.clock.now().boot_us) {}
    ~ProgressLine() {
        if (said_)
            session_.output.progress("");
    }
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void say(std::int64_t done, std::int64_t all) {
        if (all <= 0 || session_.clock.now().boot_us - begun_us_ < us_per_s)
            return;
        session_.output.progress("backup: " + std::to_string(done * 100 / all) + " %");
        said_ = true;
    }

private:
    const CommandContext& session_;
    const std::int64_t begun_us_;
    bool said_ = false;
};

Result<store::BackupReport> make_backup(CommandContext& session, const std::string& database,
                                        const std::string& file) {
    ProgressLine line(session);
    ops::run_when_idle();  // reading and checking takes seconds of CPU time
    ops::Signals signals;  // from here on, a signal waits until no incomplete file is left
    return store::backup(
        database, file,
        [&](std::int64_t done, std::int64_t all) {
            line.say(done, all);
            return signals.wait(0) == 0;
        },
        session.arguments.given("--verify") ? store::Verify::yes : store::Verify::no,
        session.arguments.given("--force") ? store::Replace::any_file : store::Replace::backups);
}

Status verify_only(CommandContext& session) {
    for (const char* other : {"--verify", "--keep", "--force"})
        if (session.arguments.given(other))
            return Failure{Fault::usage,
                           std::string("--verify-only makes no backup, so ") + other +
                               " has no meaning with it",
                           "leave one of them out"};
    const std::string& file = session.arguments.one("FILE");
    ops::run_when_idle();
    const auto report = store::verify_backup(file);
    return report ? show_backup(session, file, report.value(), {}) : Status(report.failure());
}

Status backup(CommandContext& session) {
    if (session.arguments.given("--verify-only"))
        return verify_only(session);
    const auto keep = number_of(session.arguments, "--keep", backups_kept_max);
    if (!keep)
        return keep.failure();
    const auto config = session.settings();
    if (!config)
        return config.failure();
    const std::string& target = session.arguments.one("FILE");
    const std::int64_t now_ms = session.clock.now().wall_ms;
    const bool several = store::is_folder(target);
    if (keep.value() && (!several || *keep.value() == 0))
        return Failure{Fault::usage,
                       several
                           ? "--keep 0 would keep no backup at all"
                           : "--keep is about the backups in a folder, and " + target + " is none",
                       several ? "keep at least 1" : "name a folder, or leave --keep out"};
    const std::string file = several ? store::dated_backup(target, now_ms) : target;
    const auto report = make_backup(session, config.value()->database, file);
    if (!report)
        return report.failure();
    std::vector<std::string> removed;
    if (keep.value()) {
        auto gone = store::keep_latest(file, *keep.value(), now_ms);
        if (!gone) {
            Failure failure = gone.failure();
            failure.what = "the backup " + file + " is made, but " + failure.what;
            return failure;
        }
        removed = std::move(gone).value();
    }
    return show_backup(session, file, report.value(), removed);
}

/// Removes the counters of lost tokens, members and workspaces, so that the next ones with their
/// row numbers do not inherit them. The database is already restored, so a failure is only a
/// warning.
void forget_lost(const CommandContext& session, const std::string& database,
                 const store::RestoreReport& report) {
    const auto owner = store::AsOwner::of(database);
    if (!owner)
        return;
    const auto path = store::true_path(database);
    const auto ledger = store::SqliteLedger::open(database);
    if (!path || !ledger)
        return;
    const auto key = manage::cursor_key({*ledger.value(), {}, session.clock.now(), {}, {}});
    if (!key)
        return;
    const Status done =
        ops::forget_above(ops::state_path_of(path.value()), key.value(),
                          {report.last_token, report.last_member, report.last_workspace});
    if (!done)
        session.output.warn("a new token may begin with what a lost one has spent: " +
                            done.failure().what);
}

Status restore(CommandContext& session) {
    const auto config = session.settings();
    if (!config)
        return config.failure();
    const std::string& database = config.value()->database;
    const bool bring_back = session.arguments.given("--bring-back");
    const std::string& backup = session.arguments.one("FILE");
    const bool preview = session.arguments.given("--dry-run");
    const auto report = store::restore(
        database, backup, bring_back ? store::BringBack::yes : store::BringBack::no,
        session.clock.now().wall_ms,
        [&](const store::Losses& losses) { warn_of_losses(session, backup, losses); },
        preview ? store::Restore::preview : store::Restore::real, actor_name());
    if (!report)
        return report.failure();
    if (preview)
        return show_restored(session, database, report.value());
    forget_lost(session, database, report.value());
    return show_restored(session, database, report.value());
}

}  // namespace

std::vector<Command> backup_commands() {
    return {
        {.name = "backup",
         .summary = "Write the database to one file, while the server runs",
         .details = "One ordinary SQLite file that only its owner can read. An earlier backup is "
                    "replaced when the new one is complete; any other file is left alone. FILE may "
                    "be a folder: the backup is then named by the time.",
         .parameters = {word("FILE", "where to"),
                        flag("--verify",
                             "restore it next to FILE and compare it with the database, before it "
                             "is put in place"),
                        option("--keep", "N",
                               "with a folder: remove all but the latest N that were made there "
                               "so"),
                        flag(
                            "--force",
                            "replace FILE even if it is not a backup made by hourgate; only ever a "
                            "regular file"),
                        flag("--verify-only",
                             "make none: see whether FILE, made earlier, restores "
                             "to what it holds")},
         .example = "hourgate backup /srv/backup/hourgate.db --verify\n"
                    "hourgate backup /srv/backup --verify --keep 7",
         .run = backup},
        {.name = "restore",
         .summary = "Restore a backup (stop the server first)",
         .details = "The present database is moved aside, not deleted. Tokens revoked and members "
                    "removed "
                    "since the backup stay so, and are listed. It says, before and after, how old "
                    "the backup is, what is lost, and which tokens will work again.",
         .parameters = {word("FILE", "a backup"),
                        flag("--bring-back",
                             "undo what was revoked and removed since the backup, too"),
                        flag("--dry-run",
                             "say what would be restored and lost, and change nothing; a server "
                             "may run")},
         .example = "hourgate restore /srv/backup/hourgate.db",
         .run = restore},
    };
}

}  // namespace hourgate::cli
