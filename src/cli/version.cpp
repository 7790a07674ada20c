// hourgate version
#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/reports.h"
#include "cli/sbom.h"

namespace hourgate::cli {

namespace {

Status version(CommandContext& session) {
    if (session.arguments.given("--sbom"))
        return session.output.print_found(sbom().dump(2) + "\n");
    return show_version(session);
}

}  // namespace

std::vector<Command> version_commands() {
    return {
        {.name = "version",
         .summary = "Print the version, and what this program is made of",
         .details = "With --json, each library with its license, its package and the SHA-256 of "
                    "the file compiled or linked in; with --sbom, the same as a bill of materials "
                    "for scanners (CycloneDX 1.5).",
         .parameters = {flag("--sbom", "the bill of materials, as JSON")},
         .example = "hourgate version --json",
         .run = version},
    };
}

}  // namespace hourgate::cli
