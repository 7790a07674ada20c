// hourgate init
#include <unistd.h>

#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/new_database.h"
#include "cli/reports.h"
#include "cli/shell.h"
#include "ops/machine.h"
#include "store/files.h"

namespace hourgate::cli {

namespace {

constexpr std::string_view installed_folder = "/var/lib/hourgate/";
constexpr const char* server_user = "hourgate";

/// Refuses to run as root for the installed server, which is not root and could not use the files.
Status check_user(const std::string& database) {
    if (::geteuid() != 0 || !database.starts_with(installed_folder) || !has_user(server_user))
        return Done{};
    return Failure{Fault::permission,
                   database + " is for the server, which runs as user " + server_user +
                       " and could not use what root makes: nothing was changed",
                   store::exists("/var/lib/hourgate")
                       ? "sudo -u hourgate hourgate init"
                       : "install -d -m 0700 -o hourgate -g hourgate /var/lib/hourgate && "
                         "sudo -u hourgate hourgate init"};
}

/// Warns that a server that runs as another user can neither read nor write root's files.
void warn_of_root(const CommandContext& session, const std::string& database) {
    const auto rights = ops::rights_of(database);
    if (::geteuid() != 0 || !rights || rights->owner != 0)
        return;
    const std::string user = has_user(server_user) ? server_user : "USER";
    const std::string folder = store::folder_of(database);
    session.output.warn(database +
                        " and its folder belong to root, so only a server that runs as "
                        "root can use them. For one that runs as another user: `chown -h " +
                        user + ": " + for_shell(folder) + " " + for_shell(database) +
                        "`, or run `hourgate init` as that user in a folder of its own");
}

Status init(CommandContext& session) {
    const auto config = session.config();
    if (!config)
        return config.failure();
    const config::Config& settings = *config.value();
    if (Status user = check_user(settings.database); !user)
        return user;
    const auto minted =
        make_database(settings.database, session.clock, token_rules(settings), "init");
    if (!minted)
        return minted.failure();
    warn_of_root(session, settings.database);
    return show_made(session, settings.database, minted.value());
}

}  // namespace

std::vector<Command> init_commands() {
    return {
        {.name = "init",
         .summary = "Make the database, the built-in plans and the first operator token",
         .details = "The database is where [database] path says, readable by its owner alone. One "
                    "that exists "
                    "is left as it is.",
         .example = "sudo -u hourgate hourgate init",
         .run = init},
    };
}

}  // namespace hourgate::cli
