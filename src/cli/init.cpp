// hourgate init
#include <unistd.h>

#include "cli/commands.h"
#include "cli/new_database.h"
#include "cli/reports.h"
#include "cli/session.h"
#include "cli/shell.h"
#include "store/files.h"

namespace hourgate::cli {

namespace {

constexpr std::string_view installed_folder = "/var/lib/hourgate/";
constexpr const char* server_user = "hourgate";

/// The installed server is not root: it could not use what root makes in its folder.
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

Status init(Session& session) {
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
