// What every command is handed: its arguments, where to print, and, once it asks for them, the
// configuration and the database.
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

/// As config::load(). Root reads it with the rights of the user who can say what is read by this
/// name (store::AsOwner): a message may quote a line, and a link may lead to any file.
[[nodiscard]] Result<config::Config> load_config(const std::optional<std::string>& named);

/// [tokens] of the configuration, for the use cases.
[[nodiscard]] manage::TokenSettings token_rules(const config::Config& config);

class CommandContext {
public:
    /// `program` is the name it was called by.
    CommandContext(std::string program, std::vector<std::string> words, Arguments arguments,
                   Form form);

    const Arguments arguments;
    const Output output;
    const SystemClock clock;

    /// Reads the configuration at the first call; --database goes before its [database] path.
    /// Failure::config if it is broken: for a command that acts by what it says.
    [[nodiscard]] Result<const config::Config*> config();

    /// The same for a command that needs the database and little else. If --database names it, the
    /// built-in defaults stand in for a broken configuration, and a warning says so, once. If not,
    /// the failure names --database as the way to go on.
    [[nodiscard]] Result<const config::Config*> settings();

    /// Opens the database of settings() at the first call. What it hands out lives as long as the
    /// session. With --dry-run, changes made by it are previews.
    [[nodiscard]] Result<manage::Context> manage();

    /// Where the configuration came from, for messages: the file's name, or "built-in defaults";
    /// empty when none was read.
    [[nodiscard]] std::string config_file() const;

    /// A failure about rights with the `sudo` line that would work.
    [[nodiscard]] Failure with_advice(const Failure& failure) const;

private:
    [[nodiscard]] const config::Config* known() const noexcept;

    const std::vector<std::string> words_;  // with the program's name
    std::optional<config::Config> config_;
    std::optional<config::Config> stand_in_;  // defaults, where a broken one is not needed
    std::unique_ptr<manage::Ledger> ledger_;
};

}  // namespace hourgate::cli
