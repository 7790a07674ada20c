// hourgate serve
#include <nlohmann/json.hpp>

#include "app/app.h"
#include "app/config_snapshot.h"
#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/demo.h"
#include "config/load.h"
#include "ops/log.h"
#include "ops/passed_sockets.h"
#include "ops/signals.h"
#include "store/as_owner.h"

namespace hourgate::cli {

namespace {

/// With --json, prints the ports, for scripts that asked for any free port. Otherwise the log has
/// them.
Status print_ports(const CommandContext& session, const App::Ports& ports) {
    if (session.output.form() == Form::plain)
        return Done{};
    const nlohmann::ordered_json json = {
        {"publicPort", ports.public_}, {"askPort", ports.ask}, {"adminPort", ports.admin}};
    return session.output.print(json.dump() + "\n");
}

Status serve_for_real(CommandContext& session) {
    auto passed = ops::PassedSockets::from_environment(App::listener_names);  // before any file
    ops::Signals signals(ops::Signals::HangUp::awaited);                      // before any thread
    const auto config = session.config();
    if (!config)
        return config.failure();
    if (!passed)
        return passed.failure();
    ops::Log log;
    log.use(log_settings(*config.value()));
    for (const std::string& warning : config::warnings(*config.value()))
        log.line(ops::Level::warning, warning);
    // In a folder that another user controls, root works as that user, here until the end.
    auto owner = store::AsOwner::of(config.value()->database);
    if (!owner)
        return owner.failure();
    const auto user = store::AsOwner::working_as();
    auto app = App::make(*config.value(), session.clock, log, std::move(passed).value());
    if (!app)
        return app.failure();
    if (Status kept = std::move(owner).value().keep(); !kept)
        return kept.failure();
    if (user)
        log.line(ops::Level::notice,
                 "gave up root's rights for those of the user who owns the folder of the database",
                 {{"uid", std::to_string(*user)}, {"database", config.value()->database}});
    app.value()->take_reloads();
    app.value()->start();
    if (Status printed = print_ports(session, app.value()->ports()); !printed)
        return printed;
    app.value()->run(signals);
    return Done{};
}

Status serve(CommandContext& session) {
    return session.arguments.given("--demo") ? serve_demo(session) : serve_for_real(session);
}

}  // namespace

std::vector<Command> serve_commands() {
    return {
        {.name = "serve",
         .summary = "Run the server until SIGTERM or Ctrl-C",
         .details =
             "It needs the database that `hourgate init` makes. --demo needs nothing: it brings a "
             "database of its own and a sample API, prints what to paste, and leaves nothing "
             "behind.",
         .parameters = {flag("--demo", "a demonstration in a private folder, removed at its end")},
         .example = "hourgate serve --demo",
         .run = serve},
    };
}

}  // namespace hourgate::cli
