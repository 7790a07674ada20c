// Backup to, and restore from, one ordinary SQLite file (0600).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace hourgate::store {

/// Told how far it is, at most a few times a second: pages done, pages in all.
using Progress = std::function<void(std::int64_t done, std::int64_t all)>;

struct BackupReport {
    std::int64_t bytes = 0;
    std::int64_t workspaces = 0, members = 0, tokens = 0;
};

/// Copies the live database in one pass (one read transaction: a snapshot) into a temporary file
/// beside `target`, checks it (integrity_check), syncs it, renames it, syncs the folder. Never
/// blocks decisions or the server. On failure (disk full, no permission) an earlier `target` is
/// untouched and nothing is left behind.
[[nodiscard]] Result<BackupReport> backup(const std::string& database, const std::string& target,
                                          const Progress& progress);

enum class BringBack : std::uint8_t { no, yes };

struct RestoreReport {
    std::int64_t workspaces = 0, members = 0, tokens = 0;
    std::int64_t last_workspace = 0, last_token = 0;  ///< row numbers; what comes gets higher ones
    std::string old_file;                   ///< where the old database went; empty: there was none
    std::vector<std::string> kept_revoked;  ///< prefixes live in the backup that stay revoked
    std::vector<std::string> kept_removed;  ///< public ids of members that stay removed
};

/// Puts a backup in the database's place. Takes the server lock: Failure::conflict under a running
/// server, or while another command has the database open. A copy beside the database is checked
/// and migrated first; the old file, its WAL written back into it, goes to
/// "<database>.before-restore-<time>" (with -wal and -shm when it is damaged); the copy is renamed
/// into place; the folder is synced. Tokens revoked and members removed since the backup stay so
/// (BringBack::no); when the old database cannot be read they are not known: Failure::conflict,
/// unless BringBack::yes. Killed at any point, either the old or the new database is in place,
/// whole.
/// `now_ms` names the old file and stamps audit events.
[[nodiscard]] Result<RestoreReport> restore(const std::string& database, const std::string& source,
                                            BringBack bring_back, std::int64_t now_ms);

}  // namespace hourgate::store
