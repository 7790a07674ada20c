// What every command is handed: its arguments, its output, and, on demand, the configuration and
// the database.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/command.h"
#include "cli/output.h"
#include "config/config.h"
#include "manage/ledger.h"

namespace hourgate::cli {

/// Does what config::load() does. Root reads the file with the rights of the user who controls that
/// path (store::AsOwner). Otherwise a link could lead to any file, of which a message may quote a
/// line.
[[nodiscard]] Result<config::Config> load_config(const std::optional<std::string>& named);

/// Returns [tokens] of the configuration, for the use cases.
[[nodiscard]] manage::TokenSettings token_rules(const config::Config& config);

class CommandContext {
public:
    /// `program` is the name that the program was called by.
    CommandContext(std::string program, std::vector<std::string> words, Arguments arguments,
                   Form form);

    const Arguments arguments;
    const Output output;
    const SystemClock clock;

    /// Reads the configuration at the first call; --database overrides its [database] path. Returns
    /// Failure::config if it is broken. For commands that depend on what the configuration says.
    [[nodiscard]] Result<const config::Config*> config();

    /// Does the same for a command that needs little more than the database. If the configuration
    /// is broken and --database names the database, returns the built-in defaults and warns once.
    /// Without --database, the failure suggests that option.
    [[nodiscard]] Result<const config::Config*> settings();

    /// Opens the database of settings() at the first call. What it returns is valid as long as this
    /// object. With --dry-run, all changes made through it are previews.
    [[nodiscard]] Result<manage::Context> manage();

    /// Returns the source of the configuration for messages: the file's name or "built-in
    /// defaults"; "" if none was read.
    [[nodiscard]] std::string config_file() const;

    /// Returns `failure`; if it is about rights, its next step is the `sudo` line that would work.
    [[nodiscard]] Failure with_advice(const Failure& failure) const;

private:
    [[nodiscard]] const config::Config* known() const noexcept;

    const std::vector<std::string> words_;  // begins with the program's name
    std::optional<config::Config> config_;
    std::optional<config::Config> stand_in_;  // defaults, used if a broken one is not needed
    std::unique_ptr<manage::Ledger> ledger_;
};

}  // namespace hourgate::cli
