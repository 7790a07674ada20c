// hourgate backup, hourgate restore
#include <string>

#include "cli/commands.h"
#include "cli/reports.h"
#include "cli/session.h"
#include "manage/audit_log.h"
#include "ops/counter_keeper.h"
#include "ops/state_file.h"
#include "store/backup.h"
#include "store/files.h"
#include "store/sqlite_ledger.h"

namespace hourgate::cli {

namespace {

/// Says how far a backup is once it takes longer than a second.
class ProgressLine {
public:
    explicit ProgressLine(const Session& session)
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
    const Session& session_;
    const std::int64_t begun_us_;
    bool said_ = false;
};

Result<store::BackupReport> make_backup(Session& session, const std::string& database,
                                        const std::string& file) {
    ProgressLine line(session);
    return store::backup(database, file,
                         [&](std::int64_t done, std::int64_t all) { line.say(done, all); });
}

Status backup(Session& session) {
    const auto config = session.config();
    if (!config)
        return config.failure();
    const std::string& file = session.arguments.one("FILE");
    const auto report = make_backup(session, config.value()->database, file);
    return report ? show_backup(session, file, report.value()) : Status(report.failure());
}

/// What lost tokens and workspaces have spent is not for those who get their numbers next. The
/// database is in place by then: what does not work is worth a word, no more.
void forget_lost(const Session& session, const std::string& database,
                 const store::RestoreReport& report) {
    const auto path = store::true_path(database);
    const auto ledger = store::SqliteLedger::open(database);
    if (!path || !ledger)
        return;
    const auto key = manage::cursor_key({*ledger.value(), {}, session.clock.now(), {}, {}});
    if (!key)
        return;
    const Status done = ops::forget_above(ops::state_path_of(path.value()), key.value(),
                                          report.last_token, report.last_workspace);
    if (!done)
        session.output.warn("a new token may begin with what a lost one has spent: " +
                            done.failure().what);
}

Status restore(Session& session) {
    const auto config = session.config();
    if (!config)
        return config.failure();
    const std::string& database = config.value()->database;
    const bool bring_back = session.arguments.given("--bring-back");
    const auto report = store::restore(database, session.arguments.one("FILE"),
                                       bring_back ? store::BringBack::yes : store::BringBack::no,
                                       session.clock.now().wall_ms);
    if (!report)
        return report.failure();
    forget_lost(session, database, report.value());
    return show_restored(session, database, report.value());
}

}  // namespace

std::vector<Command> backup_commands() {
    return {
        {.name = "backup",
         .summary = "Write the database to one file, while the server runs",
         .details = "One ordinary SQLite file that only its owner can read. An earlier FILE is "
                    "replaced when "
                    "the new one is whole.",
         .parameters = {word("FILE", "where to")},
         .example = "hourgate backup /srv/backup/hourgate.db",
         .run = backup},
        {.name = "restore",
         .summary = "Put a backup in the place of the database, while no server runs",
         .details = "The present database is moved aside, not deleted. Tokens revoked and members "
                    "removed "
                    "since the backup stay so, and are listed.",
         .parameters = {word("FILE", "a backup"),
                        flag("--bring-back",
                             "undo what was revoked and removed since the backup, too")},
         .example = "hourgate restore /srv/backup/hourgate.db",
         .run = restore},
    };
}

}  // namespace hourgate::cli
