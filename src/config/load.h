// Reads and checks the configuration file. Only config/ includes toml++.
// Refuses to: accept an unknown key, a wrong type, or a value out of its bound. A failure names
// file, line and key: "/etc/hourgate/config.toml:12: tokens.live_max: 0 is below 1; allowed: 1 to
// 10000". It has one line for each mistake that does not follow from another, at most 20 of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace hourgate::config {

/// Parses TOML text. `file` is only named in failures. Also makes the Policy once, so that what it
/// refuses is refused here, with the line of the resource. After a mistake of TOML's syntax nothing
/// more of the file is looked at, unless only quotes are missing.
[[nodiscard]] Result<Config> parse(std::string_view text, const std::string& file);

/// `option` (--config) if given, else $HOURGATE_CONFIG if not empty, else /etc/hourgate/config.toml
/// when it exists, else the defaults. A named file that is missing, unreadable or no regular
/// file (through links) is a failure, at once. So is /etc/hourgate/config.toml when it exists and
/// this user may not read it (Fault::permission).
[[nodiscard]] Result<Config> load(const std::optional<std::string>& option);

/// The file that load() reads, if it is there.
[[nodiscard]] std::string file_to_read(const std::optional<std::string>& option);

/// Where load() looks, the first that is set; `standard` may be missing.
struct ConfigLocations {
    std::optional<std::string> option;
    std::string environment;  ///< "": not set
    std::string standard = "/etc/hourgate/config.toml";
};
[[nodiscard]] Result<Config> load_from(const ConfigLocations& places);

/// "/etc/hourgate/config.toml:12: upstream.url": where a value is written, for a message about what
/// it leads to. Reads the file again: without the line if it is not there any more, and the key
/// alone for built-in defaults. In a list, the line of the item `value`.
[[nodiscard]] std::string location_of(const Config& config, std::string_view section,
                                      std::string_view key, std::string_view value = {});

/// "/etc/hourgate/config.toml:31": the line of an item of `paths` of a [[resource]], counted from
/// 0. As above; "" for built-in defaults.
[[nodiscard]] std::string place_of_path(const Config& config, std::size_t resource,
                                        std::string_view path);

/// Returns what is allowed but worth a second look, each "KEY: what": a listener that others reach,
/// a rule that is off, nobody or everybody trusted. Where the file as a whole is meant, or a line
/// of it, that stands in front; for the line the file is read again.
[[nodiscard]] std::vector<std::string> warnings(const Config& config);

/// Every key with the value in force, as TOML that parse() reads back to the same Config.
[[nodiscard]] std::string show_toml(const Config& config);
/// The same as a JSON object, with the file's name as "file" ("" for built-in defaults).
[[nodiscard]] std::string show_json(const Config& config);

}  // namespace hourgate::config
