// Reads and checks the configuration file. Only config/ includes toml++.
// Refuses to: accept an unknown key, a wrong type, or a value out of its bound. A failure names
// file, line and key: "/etc/hourgate/config.toml:12: tokens.live_max: 0 is below 1; allowed: 1 to
// 10000".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace hourgate::config {

/// Parses TOML text. `file` is only named in failures. Also makes the Policy once, so that what it
/// refuses is refused here, with the line of the resource. Of several problems the first of the
/// file is told.
[[nodiscard]] Result<Config> parse(std::string_view text, const std::string& file);

/// `option` (--config) if given, else $HOURGATE_CONFIG if not empty, else /etc/hourgate/config.toml
/// when it exists, else the defaults. A named file that is missing or unreadable is a failure; so
/// is /etc/hourgate/config.toml when it exists and this user may not read it (Fault::permission).
[[nodiscard]] Result<Config> load(const std::optional<std::string>& option);

/// Where load() looks, the first that is set; `standard` may be missing.
struct Places {
    std::optional<std::string> option;
    std::string environment;  ///< "": not set
    std::string standard = "/etc/hourgate/config.toml";
};
[[nodiscard]] Result<Config> load_from(const Places& places);

/// What is allowed but worth a second look, each "KEY: what": a listener that others reach, a rule
/// that is off, nobody or everybody trusted. For `config check` and the start of the server.
[[nodiscard]] std::vector<std::string> warnings(const Config& config);

/// Every key with the value in force, as TOML that parse() reads back to the same Config.
[[nodiscard]] std::string show_toml(const Config& config);
/// The same as a JSON object, with the file's name as "file" ("" for built-in defaults).
[[nodiscard]] std::string show_json(const Config& config);

}  // namespace hourgate::config
