// hourgate reload
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/shell.h"
#include "config/load.h"
#include "ops/machine.h"
#include "ops/reload_report.h"
#include "ops/signals.h"
#include "store/as_owner.h"
#include "store/files.h"
#include "store/server_lock.h"

namespace hourgate::cli {

namespace {

constexpr std::int64_t wait_us_max = 60 * us_per_s;
constexpr std::int64_t quiet_us = us_per_s;
constexpr auto poll_interval = std::chrono::milliseconds(20);

std::string process_text(const ops::ReloadTarget& server) {
    return "process " + std::to_string(server.pid());
}

/// Finds the server on this database. Fails differently if no server runs and if one runs but does
/// not say how to reach it.
Result<ops::ReloadTarget> running_server(const std::string& database, const ServerCommands& ways) {
    const Result<std::string> path = store::true_path(database);
    if (!path)
        return path.failure();
    auto found = ops::ReloadTarget::find(ops::reload_path_of(path.value()));
    if (!found)
        return found.failure();
    if (found.value())
        return *std::move(found).value();
    const auto seen = store::find_server(database);
    if (!seen)
        return seen.failure();
    if (seen.value().running)
        return Failure{Fault::conflict,
                       "a server is using " + database +
                           ", but it does not tell how to reach it: it is of an earlier version, "
                           "or its log says what is wrong",
                       ways.restart};
    return Failure{Fault::not_found, "no server is running on " + database,
                   "start it: " + ways.start};
}

/// Explains a failure to find the server if the file names no database, perhaps because it was
/// emptied. Then the default database was looked for, but the server uses another.
Failure about_default(const config::Config& own, const ServerCommands& ways, Failure failure) {
    if (own.file.empty() || own.database != config::Config().database ||
        failure.fault == Fault::conflict || failure.fault == Fault::permission)
        return failure;
    config::Config nothing;
    nothing.file = own.file;
    const bool is_empty = config::show_toml(own) == config::show_toml(nothing);
    return {
        Fault::not_found,
        own.file + (is_empty ? " has no key" : " has no [database] path") +
            ", so the default database was looked for, and no server was found: " + failure.what,
        "put back what the file had, then `hourgate reload`: a server that runs keeps its "
        "previous configuration. To start one: " +
            ways.start};
}

Failure not_signalled(Failure failure) {
    failure.next += failure.next.empty() ? "" : "; ";
    failure.next +=
        "the server was not asked to reload, and its previous configuration stays in force";
    return failure;
}

/// Checks the file that the server reads, which may differ from the one given to this command.
Status check_file_of(CommandContext& session, const config::Config& own,
                     const std::string& served) {
    std::error_code error;
    const auto whole = std::filesystem::absolute(own.file, error);
    if (served.empty() || error || own.file.empty() ||
        whole.lexically_normal().string() == served) {
        if (served.empty() && !own.file.empty())
            session.output.warn(
                "the server was started without a configuration file; it does "
                "not read " +
                own.file);
        return Done{};
    }
    session.output.warn("the server reads " + served + ", and not " + own.file);
    auto checked = load_config(served);
    return checked ? Status(Done{}) : Status(not_signalled(checked.failure()));
}

Failure no_answer(const ops::ReloadTarget& server, const ServerCommands& ways, bool gone) {
    const std::string what = gone ? " ended before it had reloaded"
                                  : " has not read the configuration within " +
                                        std::to_string(wait_us_max / us_per_s) + " s";
    return {Fault::system, process_text(server) + what, "see its log: " + ways.log};
}

/// Waits for the report on a reload that began after `asked_us`. Two pending signals merge into
/// one, so a reload cannot be attributed to one request.
Result<ops::ReloadReport> wait_for_report(const CommandContext& session,
                                          const ops::ReloadTarget& server,
                                          const ServerCommands& ways, std::int64_t asked_us) {
    for (;;) {
        const auto report = server.read();
        const std::int64_t waited_us = ops::monotonic_us() - asked_us;
        const bool answered = report && report->number > 0 && report->began_us >= asked_us;
        const bool gone = !server.is_there();
        if (answered || gone || waited_us > wait_us_max) {
            session.output.progress("");
            return answered ? Result<ops::ReloadReport>(*report) : no_answer(server, ways, gone);
        }
        if (waited_us > quiet_us)
            session.output.progress(
                "waiting for " + process_text(server) +
                " to read the configuration: " + std::to_string(waited_us / us_per_s) + " s");
        std::this_thread::sleep_for(poll_interval);
    }
}

std::string lines_of_mistakes(const ops::ReloadReport& report) {
    std::string all;
    for (const std::string& mistake : report.mistakes)
        all.append(all.empty() ? "" : "\n").append(mistake);
    return all;
}

Status show_report(const CommandContext& session, const ops::ReloadTarget& server,
                   const ops::ReloadReport& report) {
    if (!report.in_force)
        return Failure{Fault::config,
                       "reload refused; the previous configuration stays in force\n" +
                           lines_of_mistakes(report),
                       report.next};
    if (session.output.form() == Form::json)
        return print(session, {{"inForce", true},
                               {"file", report.file.empty() ? Json() : Json(report.file)},
                               {"pid", server.pid()},
                               {"afterRestart", report.after_restart},
                               {"warnings", report.warnings}});
    for (const std::string& warning : report.warnings)
        session.output.warn(warning);
    for (const std::string& key : report.after_restart)
        session.output.warn(key + ": takes effect after a restart");
    return session.output.print(
        (report.file.empty() ? "built-in defaults (no file was read)" : report.file) +
        ": in force in " + process_text(server) + "\n");
}

Status reload(CommandContext& session) {
    const auto config = session.config();
    if (!config)
        return not_signalled(config.failure());
    const std::string database = config.value()->database;
    const uid_t user = ::getuid();
    const auto database_rights = ops::rights_of(database);
    const ServerCommands ways =
        server_ways(config.value()->file, database_rights ? database_rights->owner : user, user);
    const auto rights = store::AsOwner::of(database);
    if (!rights)
        return about_default(*config.value(), ways, rights.failure());
    const auto server = running_server(database, ways);
    if (!server)
        return about_default(*config.value(), ways, server.failure());
    const auto before = server.value().read();
    if (Status sound = check_file_of(session, *config.value(), before ? before->file : "");
        before && !sound)
        return sound;
    const std::int64_t asked_us = ops::monotonic_us();
    if (Status sent = server.value().hang_up(); !sent)
        return sent;
    const auto report = wait_for_report(session, server.value(), ways, asked_us);
    if (!report)
        return report.failure();
    return show_report(session, server.value(), report.value());
}

}  // namespace

std::vector<Command> reload_commands() {
    return {
        {.name = "reload",
         .summary = "Have the running server read its configuration again, and say what came of it",
         .details =
             "Checks the file, signals the server that uses the database, and returns when the new "
             "configuration is in force (exit 0) or was refused (exit 1, with every mistake, and "
             "the previous one stays). It waits a minute at most.",
         .example = "sudo hourgate reload",
         .run = reload},
    };
}

}  // namespace hourgate::cli
