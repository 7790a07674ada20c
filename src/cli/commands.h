// The commands: one function for each group's file. all_commands() joins them into one table.
#pragma once

#include <vector>

#include "cli/command.h"

namespace hourgate::cli {

[[nodiscard]] std::vector<Command> init_commands();
[[nodiscard]] std::vector<Command> serve_commands();
[[nodiscard]] std::vector<Command> quickstart_commands();
[[nodiscard]] std::vector<Command> ready_commands();
[[nodiscard]] std::vector<Command> reload_commands();
[[nodiscard]] std::vector<Command> completion_commands();
[[nodiscard]] std::vector<Command> version_commands();
[[nodiscard]] std::vector<Command> snippets_commands();
[[nodiscard]] std::vector<Command> config_commands();
[[nodiscard]] std::vector<Command> workspace_commands();
[[nodiscard]] std::vector<Command> member_commands();
[[nodiscard]] std::vector<Command> plan_commands();
[[nodiscard]] std::vector<Command> token_commands();
[[nodiscard]] std::vector<Command> operator_commands();
[[nodiscard]] std::vector<Command> audit_commands();
[[nodiscard]] std::vector<Command> usage_commands();
[[nodiscard]] std::vector<Command> why_commands();
[[nodiscard]] std::vector<Command> replay_commands();
[[nodiscard]] std::vector<Command> backup_commands();
[[nodiscard]] std::vector<Command> doctor_commands();
[[nodiscard]] std::vector<Command> check_commands();

/// Returns all commands, in the order of help.
[[nodiscard]] Table all_commands();

}  // namespace hourgate::cli
