// Backup to, and restore from, one ordinary SQLite file (0600).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace hourgate::store {

/// Told how far it is, at most a few times a second and before each further step: what is done, of
/// what in all. False ends it: Failure::system, and nothing is left behind.
using Progress = std::function<bool(std::int64_t done, std::int64_t all)>;

/// What a backup became when it was restored beside itself, to see whether it can be.
struct Restored {
    std::int64_t workspaces = 0, members = 0, tokens = 0;
    std::int64_t compared = 0;  ///< tokens whose facts were compared, one by one
    std::int64_t took_us = 0;   ///< of the restore alone, not of the comparing
};

struct BackupReport {
    std::int64_t bytes = 0;
    std::int64_t workspaces = 0, members = 0, tokens = 0;
    std::optional<Restored> restored;  ///< Verify::yes
    /// The mode of the file, if its file system keeps none and others may read it.
    std::optional<std::uint32_t> open_to_others;
};

enum class Verify : std::uint8_t { no, yes };
/// Which files a backup may replace: earlier backups of ours, or any regular file.
enum class Replace : std::uint8_t { backups, any_file };

/// Copies the live database in one pass (one read transaction: a snapshot) into a temporary file
/// beside `target`, checks it (integrity_check), syncs it, renames it, syncs the folder. Never
/// blocks decisions or the server. On failure (disk full, no permission) an earlier `target` is
/// untouched and nothing is left behind.
///
/// Failure::conflict if `target` is a file that `replace` does not allow, or a database that a
/// server uses; Failure::usage if it is a link, a folder or anything else that is no file. If root
/// runs it, the database is read as the user that can rearrange its folder, and the copy is written
/// as the user that can rearrange the folder of `target`: see AsOwner.
///
/// Verify::yes: before it is renamed, the copy is read back from the disk and restored to another
/// temporary file, by what `restore` does; that is opened as the gate opens its database, and must
/// have the counts, plans and, for up to 100 tokens spread over the table, the facts that the live
/// database had in the snapshot that was copied. Changes made meanwhile are in neither. When
/// anything is another: Failure::store, which says what; the copy is removed, `target` untouched.
[[nodiscard]] Result<BackupReport> backup(const std::string& database, const std::string& target,
                                          const Progress& progress, Verify verify = Verify::no,
                                          Replace replace = Replace::backups);

/// The same for a backup made earlier, compared with what it says itself. `file` is only read; the
/// temporary file is made beside it.
[[nodiscard]] Result<BackupReport> verify_backup(const std::string& file);

/// Where the timer puts them, the doctor and the metrics look for them: "backups" beside it.
[[nodiscard]] std::string backups_folder(const std::string& database);

/// "<folder>/hourgate-20261125T140309Z.db": a backup's name where several are kept.
[[nodiscard]] std::string dated_backup(const std::string& folder, std::int64_t now_ms);

/// Removes from the folder of `made`, a dated backup, all dated backups but `made` and the latest
/// others, by name, so that `keep` are left; and what runs killed over a day ago left of theirs.
/// What has such a name and is no backup of ours is neither removed nor counted. Gives what was
/// removed. On failure, which names the file, some may be removed. REQUIRES: keep is 1 or more.
[[nodiscard]] Result<std::vector<std::string>> keep_latest(const std::string& made,
                                                           std::int64_t keep, std::int64_t now_ms);

enum class BringBack : std::uint8_t { no, yes };

/// What the present database has and the backup has not: lost when it is restored.
struct Losses {
    bool known = true;           ///< false if there is no present database, or it cannot be read
    std::int64_t made_ms = 0;    ///< when the file of the backup was written last
    std::int64_t newest_ms = 0;  ///< the newest change in the backup; 0: it has none
    std::int64_t tokens_minted = 0, tokens_revoked = 0, tokens_rotated = 0;
    std::int64_t workspaces_added = 0, members_added = 0, members_removed = 0;
    std::int64_t audit_events = 0;
    /// Workspaces that the present database does not have any more, by name, at most
    /// workspaces_back_max of them.
    std::vector<std::string> workspaces_back;
    std::int64_t workspaces_back_count = 0;
    /// Tokens that do not work now and will work again, by prefix, at most works_again_max of them.
    std::vector<std::string> revived;
    std::int64_t revived_count = 0;
};
constexpr std::size_t revived_max = 50, workspaces_back_max = 50;

struct RestoreReport {
    std::int64_t workspaces = 0, members = 0, tokens = 0;
    /// The highest row numbers; whatever is added later gets higher ones.
    std::int64_t last_workspace = 0, last_member = 0, last_token = 0;
    std::string old_file;                   ///< where the old database went; empty: there was none
    std::vector<std::string> kept_revoked;  ///< prefixes live in the backup that stay revoked
    std::vector<std::string> kept_removed;  ///< public ids of members that stay removed
    Losses losses;
};

/// Puts a backup in the database's place. Takes the server lock: Failure::conflict under a running
/// server, or while another command has the database open. A copy beside the database is checked
/// and migrated first; the old file, its WAL written back into it, goes to
/// "<database>.before-restore-<time>" (with -wal and -shm when it is damaged); the copy is renamed
/// into place; the folder is synced. Tokens revoked and members removed since the backup stay so
/// (BringBack::no); when the old database cannot be read they are not known: Failure::conflict,
/// unless BringBack::yes. Killed at any point, either the old or the new database is in place,
/// whole.
/// `now_ms` names the old file and stamps audit events. `before` is called with what will be lost
/// once that is known, while nothing has been changed.
///
/// The audit event is by `actor`, and says from which backup, of when, and what was lost.
///
/// Restore::preview stops there: the copy is removed, the report says what would be, and `old_file`
/// is empty. It takes no server lock, so a server may run, and leaves the database as it is.
enum class Restore : std::uint8_t { real, preview };
[[nodiscard]] Result<RestoreReport> restore(const std::string& database, const std::string& source,
                                            BringBack bring_back, std::int64_t now_ms,
                                            const std::function<void(const Losses&)>& before = {},
                                            Restore what = Restore::real,
                                            const std::string& actor = "restore");

}  // namespace hourgate::store
