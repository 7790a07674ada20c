// hourgate ready
#include <string>

#include "cli/commands.h"
#include "cli/print.h"
#include "cli/session.h"
#include "http/library/probe.h"

namespace hourgate::cli {

namespace {

constexpr const char* path = "/_hourgate/readyz";

/// The listener to ask, as this machine reaches it: the public one or, where it is off, the admin
/// listener.
Result<http::ProbeTarget> listener_of(const config::Config& config) {
    const config::Listen& listen =
        config.public_.kind != config::Listen::Kind::off ? config.public_ : config.admin;
    http::ProbeTarget target;
    target.socket_path = listen.path;
    target.port = listen.port;
    target.host = listen.host == "0.0.0.0" ? "127.0.0.1"
                  : listen.host == "::"    ? "::1"
                                           : listen.host;
    target.host_header = "localhost";  // the one name under which every listener answers
    if (listen.kind == config::Listen::Kind::off)
        return Failure{Fault::conflict, "neither the public nor the admin listener is on",
                       "set [server] public or admin"};
    if (listen.kind == config::Listen::Kind::tcp && listen.port == 0)
        return Failure{Fault::conflict,
                       "the configuration leaves the port to the system, so it is not known here",
                       "set the port of [server] public"};
    return target;
}

Status ready(Session& session) {
    const auto config = session.config();
    if (!config)
        return config.failure();
    const auto target = listener_of(*config.value());
    if (!target)
        return target.failure();
    const auto answer = http::probe(target.value(), path);
    if (!answer)
        return Failure{Fault::system, "not ready: " + answer.failure().what,
                       "see the log of the server"};
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
                    "asks the listener of the configuration, and needs no curl: for containers.",
         .example = "hourgate ready",
         .run = ready},
    };
}

}  // namespace hourgate::cli
