// hourgate doctor
#include <optional>
#include <string>

#include "cli/commands.h"
#include "cli/doctor/check.h"
#include "cli/doctor/local.h"
#include "cli/doctor/through.h"

namespace hourgate::cli {

namespace {

/// Returns what --through, --host and --path say; nullopt without --through.
Result<std::optional<ProxyAddress>> way_of(const Arguments& arguments) {
    const auto text = arguments.find("--through");
    for (const char* needs_it : {"--host", "--path"})
        if (!text && arguments.given(needs_it))
            return Failure{Fault::usage, std::string(needs_it) + " says how to call, not where",
                           "add `--through http://HOST:PORT`"};
    if (!text)
        return std::optional<ProxyAddress>();
    const auto url = parse_url(*text);
    if (!url)
        return url.failure();
    ProxyAddress way{*text, url.value(), arguments.find("--host").value_or("")};
    if (way.shown.ends_with('/'))
        way.shown.pop_back();
    return std::optional(std::move(way));
}

Status doctor(CommandContext& session) {
    const auto way = way_of(session.arguments);
    if (!way)
        return way.failure();
    const auto path = session.arguments.find("--path");
    if (path && !path->starts_with('/'))
        return Failure{Fault::usage, "--path '" + echoed(*path) + "' does not begin with /",
                       "give the path alone, as in --path /api/v1/clients"};
    Report report(session);
    const LookedLocally local =
        check_local(session, session.arguments.find("--backups").value_or(""), report);
    if (way.value())
        if (Status looked = check_through(session, *way.value(), path, local, report); !looked)
            return looked;
    return report.finish();
}

}  // namespace

std::vector<Command> doctor_commands() {
    return {
        {.name = "doctor",
         .summary = "Say whether everything is set up right, and what to do about what is not",
         .details =
             "Looks at configuration, database, permissions, disk, clock, backups, the running "
             "server and the API of [upstream], and changes nothing. With --through it also calls "
             "your API by way of the proxy, fifteen to twenty times with GET, to see whether "
             "refusals arrive as they are, each call is counted once, the API answers, and nothing "
             "made up is believed. For that it mints tokens of a "
             "service of its own, and revokes them at the end, also on Ctrl-C; they end by "
             "themselves after five minutes. Exit code: 0 nothing is bad, 1 something is, 2 wrong "
             "usage.",
         .parameters =
             {option("--through", "URL", "the proxy's address, as in http://127.0.0.1:8080"),
              option("--host", "NAME", "the name the proxy serves, when URL is not by it"),
              option("--path", "PATH", "what to call; else the first resource that fits, or /"),
              option(
                  "--backups", "DIR",
                  "where backups are; default: \"backups\" next to the database; none: nowhere")},
         .example = "hourgate doctor\n"
                    "hourgate doctor --through http://127.0.0.1:80 --host api.example.com",
         .run = doctor},
    };
}

}  // namespace hourgate::cli
