// hourgate check: predicts the answer to a call. Asks the running server, because only it knows
// what is left of the windows. If none answers, decides here, with empty windows. The token is sent
// to nobody else: nothing is sent if no server of this database runs, or if another user listens at
// its address.
#include <sys/types.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/config_snapshot.h"
#include "base/text.h"
#include "cli/client/probe.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/token_input.h"
#include "http/ask/verify.h"
#include "ops/machine.h"
#include "policy/hosts.h"
#include "store/as_owner.h"
#include "store/database.h"
#include "store/leased_directory.h"
#include "store/server_lock.h"

namespace hourgate::cli {

namespace {

constexpr std::size_t method_bytes_max = 32;

struct Found {
    Json answer;       ///< in the form of POST /_hourgate/verify
    std::string note;  ///< why no server answered; empty if one did
};

Result<http::Question> question_of(const Arguments& arguments) {
    http::Question question;
    question.method = arguments.one("METHOD");
    question.path = arguments.one("PATH");
    question.spend = Spend::no;
    if (question.method.size() > method_bytes_max || !http::is_http_token(question.method))
        return Failure{Fault::usage,
                       "METHOD is no method; it is not repeated here, since it may be a token",
                       "as in `hourgate check GET /api/v1/clients`"};
    if (!question.path.starts_with('/') || question.path.size() > limits::target_bytes_max)
        return Failure{Fault::usage,
                       "PATH does not begin with /, or is over " +
                           std::to_string(limits::target_bytes_max) +
                           " bytes; it is not repeated here, since it may be a token",
                       "give the path alone, as in `hourgate check GET /api/v1/clients`"};
    if (const auto host = arguments.find("--host")) {
        question.host = *host;
        if (policy::FoldedHost(*host).text().empty())
            return Failure{Fault::usage, "--host '" + echoed(*host) + "' is no host",
                           "give it as callers send it, as in --host api.example.com"};
    }
    if (const auto text = arguments.find("--address")) {
        question.address = Address::parse(*text);
        if (!question.address)
            return Failure{Fault::usage, "--address '" + echoed(*text) + "' is not an address",
                           "give the caller's IPv4 or IPv6 address alone"};
    }
    auto token = read_token();
    if (!token)
        return token.failure();
    question.token = std::move(token).value();
    return question;
}

/// Returns the question as JSON. The token is escaped into its final buffer, so that no copy stays
/// in memory.
Secret json_of(const http::Question& question) {
    Json rest = {{"method", question.method}, {"path", question.path}, {"spend", false}};
    if (!question.host.empty())
        rest["host"] = question.host;
    if (question.address)
        rest["address"] = question.address->text();
    const std::string more = rest.dump(-1, ' ', false, Json::error_handler_t::replace);
    const std::string_view token = question.token.reveal();
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "{\"token\":\"";
    text.reserve(text.size() + 6 * token.size() + more.size() + 2);
    for (const char c : token) {
        if (static_cast<unsigned char>(c) < 0x20) {
            text.append("\\u00") += digits[static_cast<unsigned char>(c) >> 4U];
            text += digits[static_cast<unsigned char>(c) & 0xFU];
            continue;
        }
        if (c == '"' || c == '\\')
            text += '\\';
        text += c;
    }
    text.append("\",").append(more, 1);
    return Secret(std::move(text));
}

/// Returns true if the listener there may be sent a token. It must run as the owner of the
/// database, or as root, who can read it anyway. If the kernel does not say who listens, the
/// server's lock on the database must suffice.
bool is_ours(const http::ProbeTarget& target, const std::string& database) {
    std::vector<uid_t> users;
    if (!target.socket_path.empty()) {
        users = ops::listening_users(target.socket_path);
    } else if (const auto address = ops::resolved(target.host)) {
        users = ops::listening_users(*address, target.port);
    }
    const auto rights = ops::rights_of(database);
    return std::all_of(users.begin(), users.end(),
                       [&](uid_t user) { return user == 0 || (rights && user == rights->owner); });
}

/// Returns the server's answer, or why there is none.
Result<Json> ask_server(const config::Config& config, const http::Question& question) {
    if (config.ask.empty())
        return Failure{Fault::system, "[server] ask is off", ""};
    // Prefer the socket: another user may take a port, but cannot create a file in that folder.
    const auto socket = std::find_if(config.ask.begin(), config.ask.end(), [](const auto& one) {
        return one.kind == config::Listen::Kind::unix_socket;
    });
    const config::Listen& ask = socket != config.ask.end() ? *socket : config.ask.front();
    if (ask.kind == config::Listen::Kind::tcp && ask.port == 0)
        return Failure{Fault::system, "[server] ask is another port at each start", ""};
    http::ProbeTarget target;
    target.socket_path = ask.path;
    target.port = ask.port;
    target.host = ask.host == "0.0.0.0" ? "127.0.0.1" : ask.host == "::" ? "::1" : ask.host;
    target.host_header = "localhost";  // every ask listener answers to this name
    const auto seen = store::find_server(config.database);
    if (!seen)
        return Failure{Fault::system, "cannot tell whether a server runs: " + seen.failure().what,
                       ""};
    if (!seen.value().running)
        return Failure{Fault::system, "no server runs on " + config.database, ""};
    if (!is_ours(target, config.database))
        return Failure{Fault::system,
                       "another user listens on " + ask.text() +
                           ", so the token was not sent: see who with `ss -ltnp`",
                       ""};
    const auto answer =
        http::probe_with_json(target, "/_hourgate/verify", json_of(question).reveal());
    if (!answer)
        return answer.failure();
    if (answer.value().status == 404)
        return Failure{Fault::system,
                       ask.text() + " does not answer this machine: it is not in trust.peers", ""};
    Json json = Json::parse(answer.value().body, nullptr, false);
    if (answer.value().status != 200 || !json.is_object() || !json.contains("granted"))
        return Failure{Fault::system, "what answers on " + ask.text() + " is not this gate", ""};
    return json;
}

/// Decides with the gate itself and empty windows.
Result<Json> decide_here(CommandContext& session, const config::Config& config,
                         const http::Question& question) {
    if (Status fine = store::check_library(); !fine)
        return fine.failure();
    const auto owner = store::AsOwner::of(config.database);
    if (!owner)
        return owner.failure();
    if (Status fine = store::check_database(config.database, store::Migrate::no); !fine)
        return fine.failure();
    const auto directory = store::LeasedDirectory::open(config.database, session.clock);
    if (!directory)
        return directory.failure();
    const auto policy = policy::Policy::make(config.rules);
    if (!policy)
        return policy.failure();
    Limiter limiter, own;
    AddressLimiter failures(config.failures), public_calls(config.public_calls);
    AddressLimiter preflights(config.public_calls);
    Gate gate(gate_settings(config), policy.value(), *directory.value(), limiter, own, failures,
              public_calls, preflights);
    http::Trust trust;
    trust.method_override_refused = config.method_override_refused;
    trust.by_host = !config.apis.empty();
    const Decision decision = gate.decide(http::call_of(question, trust, session.clock.now()));
    return Json::parse(http::verify_answer(decision, reply_settings(config)).body);
}

Result<Found> find(CommandContext& session, const http::Question& question) {
    const auto config = session.config();
    if (!config)
        return config.failure();
    if (!config.value()->apis.empty() && question.host.empty())
        return Failure{Fault::usage,
                       "the configuration has an [[api]], so the host says which one a call is for",
                       "name it, as in --host api.example.com"};
    auto asked = ask_server(*config.value(), question);
    if (asked)
        return Found{std::move(asked).value(), {}};
    auto decided = decide_here(session, *config.value(), question);
    if (!decided)
        return decided.failure();
    return Found{std::move(decided).value(), asked.failure().what};
}

// --- output --------------------------------------------------------------------------------------

/// Returns a text or number of the answer; "" if it is null or absent.
std::string text_in(const Json& json, const char* name) {
    const auto found = json.find(name);
    if (found == json.end() || found->is_null())
        return "";
    return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string left_in(const Json& window) {
    std::string text = "per " + text_in(window, "per") + ": " + text_in(window, "remaining") +
                       " of " + text_in(window, "limit") + " calls left in " +
                       text_in(window, "windowSeconds") + " s";
    if (window.value("remaining", 0) < window.value("limit", 0))
        text += "; the next comes back in " + text_in(window, "reset") + " s";
    return text;
}

std::string lines_of(const Found& found) {
    const Json& answer = found.answer;
    const bool observed = answer.value("observed", false);
    Pairs lines = {{"granted", !answer.value("granted", false) ? "no"
                               : observed ? "yes, because [gate] mode is observe"
                                          : "yes"},
                   {"status", text_in(answer, "status")},
                   {"reason", text_in(answer, "reason")}};
    const auto add = [&](std::string key, std::string value) {
        if (!value.empty())
            lines.emplace_back(std::move(key), std::move(value));
    };
    if (const auto error = answer.find("error"); error != answer.end() && error->is_object()) {
        add("message", text_in(*error, "message"));
        add("fix", text_in(*error, "fix"));
    }
    for (const char* name : {"token", "role", "plan", "own"})
        add(name, text_in(answer, name));
    for (const Json& window : answer.value("limits", Json::array()))
        add("window " + text_in(window, "window"), left_in(window));
    add("decided", found.note.empty()
                       ? "by the running server; nothing was spent"
                       : "here, from configuration and database: windows are shown as if nothing "
                         "had been called (" +
                             found.note + ")");
    return cli::lines_of(lines);
}

/// Returns the next step that the answer names; "" if it names none.
std::string fix_in(const Json& answer) {
    const auto error = answer.find("error");
    return error != answer.end() && error->is_object() ? text_in(*error, "fix") : "";
}

Status check(CommandContext& session) {
    const auto question = question_of(session.arguments);
    if (!question)
        return question.failure();
    auto found = find(session, question.value());
    if (!found)
        return found.failure();
    Json& answer = found.value().answer;
    Status printed = Done{};
    if (wants_json(session)) {
        Json json = answer;
        json["live"] = found.value().note.empty();
        json["note"] = found.value().note.empty() ? Json() : Json(found.value().note);
        printed = print(session, json);
    } else {
        printed = session.output.print_found(lines_of(found.value()));
    }
    if (!printed || answer.value("granted", false))
        return printed;
    return Failure{
        Fault::system,
        "the call would be refused: " + text_in(answer, "status") + " " + text_in(answer, "reason"),
        fix_in(answer)};
}

}  // namespace

std::vector<Command> check_commands() {
    return {
        {.name = "check",
         .summary = "Predict the answer to a call, and say why; nothing is spent",
         .details =
             "The token is read from standard input, or asked for on a terminal; nothing there "
             "means a call without one. The running server is asked on its listener [server] ask: "
             "what is left of each window is as it is now. Where no server of this database runs, "
             "or it does not answer, nothing is sent and the call is decided here, from "
             "configuration and database, as if nothing had been called. The call is counted and "
             "logged nowhere. Exit code: 0 it would be granted, 1 refused, 2 wrong usage.",
         .parameters = {word("METHOD", "as in GET"),
                        word("PATH", "as in /api/v1/clients; a query may follow"),
                        option("--address", "ADDRESS", "of the caller, for what is counted by it"),
                        option("--host", "HOST",
                               "to which the call is sent; needed where there is an [[api]]")},
         .example = "hourgate check GET /api/v1/clients < token.txt\n"
                    "hourgate check POST /api/v1/clients --json < token.txt",
         .reads_token = true,
         .run = check},
    };
}

}  // namespace hourgate::cli
