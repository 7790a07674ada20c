// hourgate version
#include "cli/commands.h"
#include "cli/session.h"
#include "cli/show.h"

namespace hourgate::cli {

std::vector<Command> version_commands() {
    return {{"", "version", "Print the version, and what this program is made of",
             "With --json, each library with the SHA-256 of the file compiled or linked in.", {},
             "hourgate version --json",
             [](Session& session) { return show_version(session); }}};
}

}  // namespace hourgate::cli
