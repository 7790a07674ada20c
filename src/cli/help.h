// What `--help` prints on every level, and what a mistyped word most likely was.
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

/// Failure::usage for a word that is no command, of `group` or, when null, of all: names the
/// nearest one, else lists them.
[[nodiscard]] Failure no_such_command(const Table& table, const Group* group,
                                      std::string_view word);
/// Failure::usage when the words end before a command.
[[nodiscard]] Failure command_missing(const Table& table, const Group* group);
/// Failure::usage for an option that `command` does not take; null: no command is named.
[[nodiscard]] Failure no_such_option(const Command* command, std::string_view option);

}  // namespace hourgate::cli
