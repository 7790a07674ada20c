// What `--help` prints at every level, and suggestions for mistyped words.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/command.h"

namespace hourgate::cli {

[[nodiscard]] std::string help_of_all(const Table& table);
[[nodiscard]] std::string help_of(const Table& table, const Group& group);
[[nodiscard]] std::string help_of(const Command& command);

/// "workspace add NAME [--plan P] [--paid-until DATE]"
[[nodiscard]] std::string usage_of(const Command& command);

/// Returns Failure::usage for a word that is not a command of `group`, or of the program if null.
/// It names the nearest command, or lists all.
[[nodiscard]] Failure no_such_command(const Table& table, const Group* group,
                                      std::string_view word);
/// Returns Failure::usage if the words end before a command.
[[nodiscard]] Failure command_missing(const Table& table, const Group* group);
/// Returns Failure::usage for an option that `command` does not take; null if no command was named.
[[nodiscard]] Failure no_such_option(const Command* command, std::string_view option);

}  // namespace hourgate::cli
