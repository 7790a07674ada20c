// hourgate ready
#include <optional>
#include <string>

#include "cli/client/probe.h"
#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "config/forms.h"
#include "ops/reload_report.h"
#include "store/files.h"

namespace hourgate::cli {

namespace {

constexpr const char* path = "/_hourgate/readyz";

/// Asks the running server where its public listener is; returns nullopt if it cannot be asked. The
/// configuration may have changed since the server started.
std::optional<config::Listen> bound_by_server(const config::Config& config) {
    const auto database = store::true_path(config.database);
    if (!database)
        return std::nullopt;
    const auto server = ops::ReloadTarget::find(ops::reload_path_of(database.value()));
    if (!server || !server.value())
        return std::nullopt;
    const auto report = server.value()->read();
    if (!report || report->public_place.empty())
        return std::nullopt;
    const auto listen = config::parse_listen(report->public_place);
    return listen ? std::optional(listen.value()) : std::nullopt;
}

/// Returns the listener's address as this machine reaches it.
Result<http::ProbeTarget> target_of(const config::Listen& listen) {
    http::ProbeTarget target;
    target.socket_path = listen.path;
    target.port = listen.port;
    target.host = listen.host == "0.0.0.0" ? "127.0.0.1"
                  : listen.host == "::"    ? "::1"
                                           : listen.host;
    target.host_header = "localhost";  // every listener answers to this name
    if (listen.kind == config::Listen::Kind::tcp && listen.port == 0)
        return Failure{Fault::conflict,
                       "the configuration leaves the port to the system, and no server that "
                       "runs can be asked for it",
                       "start the server, or set the port of [server] public"};
    return target;
}

Status ready(CommandContext& session) {
    const auto config = session.config();
    if (!config)
        return config.failure();
    const config::Listen& asked = config.value()->public_;
    const auto bound = bound_by_server(*config.value());
    const auto target = target_of(bound.value_or(asked));
    if (!target)
        return target.failure();
    if (bound && asked.port != 0 && bound->text() != asked.text())
        session.output.warn("the server listens on " + bound->text() + "; [server] public = \"" +
                            asked.text() + "\" takes effect after a restart");
    const auto answer = http::probe(target.value(), path);
    if (!answer)
        return Failure{Fault::system, "not ready: " + answer.failure().what,
                       bound ? "see the log of the server"
                             : "start the server: `hourgate serve`, or see its log"};
    const std::string body = answer.value().body.substr(0, answer.value().body.find('\n'));
    if (answer.value().status != 200)
        return Failure{Fault::system,
                       "not ready: " + std::string(path) + " answers " +
                           std::to_string(answer.value().status) +
                           (body.empty() ? "" : " (" + body + ")"),
                       "see the log of the server"};
    if (wants_json(session))
        return print(session, {{"ready", true}});
    return session.output.print("ready\n");
}

}  // namespace

std::vector<Command> ready_commands() {
    return {
        {.name = "ready",
         .summary = "Ask the running server whether it is ready, as a health check does",
         .details = "Exit 0: it answers and its database can be read. Exit 1: it does not. It "
                    "asks the public listener where the server has it or, where that cannot be "
                    "told, where the configuration has it. It needs no curl: for containers.",
         .example = "hourgate ready",
         .run = ready},
    };
}

}  // namespace hourgate::cli
