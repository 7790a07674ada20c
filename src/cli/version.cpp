// hourgate version
#include "cli/commands.h"
#include "cli/reports.h"
#include "cli/session.h"

namespace hourgate::cli {

namespace {

Status version(Session& session) {
    return show_version(session);
}

}  // namespace

std::vector<Command> version_commands() {
    return {
        {.name = "version",
         .summary = "Print the version, and what this program is made of",
         .details = "With --json, each library with the SHA-256 of the file compiled or linked in.",
         .example = "hourgate version --json",
         .run = version},
    };
}

}  // namespace hourgate::cli
