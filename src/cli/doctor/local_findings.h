// Turns facts about the gate on its own machine into rows. These functions do no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/doctor/check.h"
#include "config/config.h"
#include "ops/machine.h"
#include "store/database.h"
#include "store/health.h"

namespace hourgate::cli {

/// Returns the rows "configuration", "listeners" and "trust".
[[nodiscard]] std::vector<Check> about_config(const config::Config& config);

/// The environment in which a fix is read: fixes name commands that work there, for that user.
struct Around {
    uid_t user = 0;        ///< the user who runs the doctor
    uid_t owner = 0;       ///< of the database
    bool systemd = false;  ///< systemd runs this machine
    bool is_unit = false;  ///< and the server of this configuration
};

/// `files`: the database first, then the files next to it. `config_file`: nullopt for the built-in
/// defaults.
[[nodiscard]] Check about_rights(const std::vector<ops::FileRights>& files,
                                 const ops::FileRights& folder,
                                 const std::optional<ops::FileRights>& config_file,
                                 const Around& around);

/// `data_bytes`: size of the database with its WAL.
[[nodiscard]] Check about_disk(const std::string& folder, const std::optional<ops::DiskSpace>& room,
                               std::int64_t data_bytes);

[[nodiscard]] Check about_clock(std::int64_t now_ms, const std::optional<store::Stamp>& latest,
                                std::optional<bool> kept, const Around& around);

/// A backup folder as it was found. `flaw`: what is wrong with the newest file; empty if it is a
/// sound database of ours.
struct BackupsSeen {
    std::string folder;
    ops::Newest newest;
    std::string flaw;
    std::optional<uid_t> owner = {};            ///< of the folder or the nearest one above it
    std::optional<std::int64_t> since_ms = {};  ///< first event of the database, if known
};
[[nodiscard]] Check about_backups(std::int64_t now_ms, const BackupsSeen& seen,
                                  const std::string& database, const Around& around);

/// One address of [upstream] url, and why nothing accepts connections there; "" if something does.
struct UpstreamSeen {
    std::string url;
    std::string why_not;
};
/// REQUIRES: `all` is not empty.
[[nodiscard]] Check about_upstream(const std::vector<UpstreamSeen>& all);

/// `listeners`: how many are on.
[[nodiscard]] Check about_open_files(std::optional<std::int64_t> open_files_max, int listeners,
                                     const Around& around);

/// Returns "3 days" or "5 hours": the largest unit that fits.
[[nodiscard]] std::string span_text(std::int64_t ms);
/// Returns "1.2 MiB".
[[nodiscard]] std::string bytes_text(std::int64_t bytes);

}  // namespace hourgate::cli
