#include "cli/commands.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

namespace hourgate::cli {

namespace {

/// Returns true for commands that can work without a valid configuration if the database is named.
bool works_on_database(const Command& command) {
    constexpr std::array<std::string_view, 5> groups = {"workspace", "member", "plan", "token",
                                                        "operator"};
    constexpr std::array<std::string_view, 7> alone = {"why",    "replay",  "audit", "usage",
                                                       "backup", "restore", "doctor"};
    const auto has = [](const auto& names, std::string_view name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    return command.group.empty() ? has(alone, command.name) : has(groups, command.group);
}

}  // namespace

Table all_commands() {
    Table table;
    table.groups = {
        {"config", "Check the configuration, or show what is in force",
         "hourgate config check --config ./config.toml"},
        {"workspace", "Customers: each has one plan and, optionally, an end of what is paid",
         "hourgate workspace add Acme --plan studio --paid-until 2027-01-31"},
        {"member", "People and services of a workspace: each has one role",
         "hourgate member add Acme ann@acme.example --role manager"},
        {"plan", "What workspaces pay for: API access yes or no, windows, a rank",
         "hourgate plan set team --api yes --rank 15 --window burst=60/10"},
        {"token", "What callers send: minted for a member, rotated, revoked",
         "hourgate token mint Acme/ann@acme.example --name \"ci job\" --expires 90d"},
        {"operator", "Tokens of the people who run the gate, for the admin listener",
         "hourgate operator mint --name \"ann's laptop\""},
    };
    for (auto* const commands :
         {quickstart_commands, init_commands,      serve_commands,    reload_commands,
          ready_commands,      workspace_commands, member_commands,   plan_commands,
          token_commands,      operator_commands,  why_commands,      check_commands,
          replay_commands,     usage_commands,     audit_commands,    backup_commands,
          doctor_commands,     config_commands,    snippets_commands, completion_commands,
          version_commands}) {
        std::vector<Command> some = commands();
        for (Command& command : some)
            if (works_on_database(command))
                command.parameters.push_back(database_option);
        table.commands.insert(table.commands.end(), std::make_move_iterator(some.begin()),
                              std::make_move_iterator(some.end()));
    }
    return table;
}

}  // namespace hourgate::cli
