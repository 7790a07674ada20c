// What is found about the gate on its own machine, from facts to rows. Nothing here looks at
// anything.
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

/// The rows "configuration", "listeners" and "trust".
[[nodiscard]] std::vector<Check> about_config(const config::Config& config);

/// Where fixes are read, and who reads them: a command is named that works there, for that user.
struct Around {
    uid_t user = 0;        ///< who runs the doctor
    uid_t owner = 0;       ///< of the database
    bool systemd = false;  ///< it runs this machine
    bool is_unit = false;  ///< and the server of this configuration
};

/// `files`: the database, then what lies beside it. `config_file`: none when it is built in.
[[nodiscard]] Check about_rights(const std::vector<ops::FileRights>& files,
                                 const ops::FileRights& folder,
                                 const std::optional<ops::FileRights>& config_file,
                                 const Around& around);

/// `data_bytes`: of the database with its WAL.
[[nodiscard]] Check about_disk(const std::string& folder, const std::optional<ops::DiskRoom>& room,
                               std::int64_t data_bytes);

[[nodiscard]] Check about_clock(std::int64_t now_ms, const std::optional<store::Stamp>& latest,
                                std::optional<bool> kept, const Around& around);

/// A backup folder as it was found. `flaw`: what is off about the newest file; empty: it is ours.
struct BackupsSeen {
    std::string folder;
    ops::Newest newest;
    std::string flaw;
    std::optional<uid_t> owner = {};            ///< of the folder or the nearest one above it
    std::optional<std::int64_t> since_ms = {};  ///< first event of the database, if known
};
[[nodiscard]] Check about_backups(std::int64_t now_ms, const BackupsSeen& seen,
                                  const std::string& database, const Around& around);

/// One address of [upstream] url, and why nothing accepts connections there; empty: something does.
struct UpstreamSeen {
    std::string url;
    std::string why_not;
};
/// REQUIRES: at least one.
[[nodiscard]] Check about_upstream(const std::vector<UpstreamSeen>& all);

/// `listeners`: how many are on.
[[nodiscard]] Check about_open_files(std::optional<std::int64_t> open_files_max, int listeners,
                                     const Around& around);

/// "3 days", "5 hours": the largest unit that fits.
[[nodiscard]] std::string span_text(std::int64_t ms);
/// "1.2 MiB".
[[nodiscard]] std::string bytes_text(std::int64_t bytes);

}  // namespace hourgate::cli
