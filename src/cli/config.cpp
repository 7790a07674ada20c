// hourgate config check | show
#include <string>
#include <vector>

#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "config/load.h"
#include "manage/accounts.h"

namespace hourgate::cli {

namespace {

Status check(CommandContext& session) {
    const auto config = session.config();
    if (!config)
        return config.failure();
    std::vector<std::string> warnings = config::warnings(*config.value());
    // Plans are in the database. This check of the configuration does not complain if the database
    // does not exist yet or cannot be read.
    if (const auto context = session.manage())
        if (const auto about_plans = manage::plan_warnings(context.value()))
            warnings.insert(warnings.end(), about_plans.value().begin(), about_plans.value().end());
    return show_checked(session, config.value()->file, warnings);
}

Status show_all(CommandContext& session) {
    const auto config = session.config();
    if (!config)
        return config.failure();
    return session.output.print_found(session.output.form() == Form::json
                                          ? config::show_json(*config.value())
                                          : config::show_toml(*config.value()));
}

}  // namespace

std::vector<Command> config_commands() {
    return {
        {.group = "config",
         .name = "check",
         .summary = "Say whether the configuration is sound, and what is worth a look",
         .details =
             "Names file, line and key of a mistake. Where the database can be read, it also "
             "warns about plans whose limits a member could multiply.",
         .example = "hourgate config check --config ./config.toml",
         .run = check},
        {.group = "config",
         .name = "show",
         .summary = "Print every key with the value in force",
         .details = "As TOML that can be used as a file; with --json as JSON.",
         .example = "hourgate config show",
         .run = show_all},
    };
}

}  // namespace hourgate::cli
