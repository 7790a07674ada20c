// hourgate quickstart: creates a gate in front of an API, in one folder, completely or not at all.
// It works in "FOLDER.part" and renames that when it is complete.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "base/text.h"
#include "base/visible.h"
#include "cli/client/probe.h"
#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/shell.h"
#include "cli/values.h"
#include "config/load.h"
#include "config/writer.h"
#include "manage/accounts.h"
#include "manage/tokens.h"
#include "ops/machine.h"
#include "ops/signals.h"
#include "store/as_owner.h"
#include "store/database.h"
#include "store/errors.h"
#include "store/files.h"
#include "store/sqlite_ledger.h"

namespace hourgate::cli {

namespace {

constexpr std::string_view usual_folder = "gate";
constexpr std::string_view config_name = "/config.toml";
constexpr std::string_view database_name = "/hourgate.db";
constexpr std::string_view mark_name = "/quickstart";  // only while the folder is being made
constexpr std::int64_t usual_port = 8402;
constexpr std::int64_t port_least = 2, port_max = 65'534;  // the ports next to it are used too
constexpr std::array<std::int64_t, 3> offsets = {0, -1, 1};
constexpr const char* workspace_name = "My API";
constexpr const char* plan_name = "unlimited";
constexpr const char* member_email = "me@example.com";

/// The arguments of the run.
struct Asked {
    std::string api;     // in the form of [upstream] url
    std::string folder;  // absolute
    std::int64_t port = usual_port;

    [[nodiscard]] std::string config_file() const { return folder + std::string(config_name); }
    [[nodiscard]] std::string database() const { return folder + std::string(database_name); }
    [[nodiscard]] std::string part() const { return folder + ".part"; }
    [[nodiscard]] std::string address(std::int64_t offset) const {
        return "127.0.0.1:" + std::to_string(port + offset);
    }
};

Result<Asked> asked_of(const Arguments& arguments) {
    Asked asked;
    asked.api = arguments.one("--api");
    if (asked.api.empty())
        return Failure{Fault::usage, "--api names no API",
                       "write it as in http://127.0.0.1:3000, or unix:/run/api.sock"};
    // A host with a port needs no scheme, as with curl.
    if (asked.api.find("://") == asked.api.npos && !asked.api.starts_with("unix:") &&
        asked.api.find(':') != asked.api.npos)
        asked.api.insert(0, "http://");
    while (asked.api.ends_with('/') && !asked.api.ends_with("//"))
        asked.api.pop_back();
    const auto port = number_of(arguments, "--port", port_max, port_least);
    if (!port) {
        Failure failure = port.failure();
        failure.next += ": the gate also listens on the port before it and on the one behind it";
        return failure;
    }
    asked.port = port.value().value_or(usual_port);
    const std::string named = arguments.find("--folder").value_or(std::string(usual_folder));
    if (named.empty())
        return Failure{Fault::usage, "--folder names no folder", "write --folder FOLDER"};
    if (visible_line(named) != named)
        return Failure{Fault::usage,
                       "--folder '" + echoed(named) + "' has a character that cannot be shown",
                       "name a folder without line ends and control characters"};
    std::error_code error;
    const auto whole = std::filesystem::absolute(named, error);
    if (error)
        return store::system_failure("find", named, error.value());
    asked.folder = whole.lexically_normal().string();
    while (asked.folder.size() > 1 && asked.folder.ends_with('/'))
        asked.folder.pop_back();
    return asked;
}

/// Returns the program's path, quoted for the shell.
std::string program_name() {
    std::error_code unknown;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", unknown);
    return for_shell(unknown ? "hourgate" : self.string());
}

std::string config_text(const Asked& asked) {
    const auto quoted = [](std::string_view text) { return config::quoted_text(text) + "\n"; };
    return "# A gate in front of an API, made by `hourgate quickstart`. Every key, with its unit, "
           "bound and\n# default: config.example.toml. After a change:\n# " +
           program_name() + " reload --config " + for_shell(asked.config_file()) +
           "\n\n"
           "# The API. Calls that are granted go there.\n[upstream]\nurl = " +
           quoted(asked.api) + "\n# Where callers call, and where operators look.\n[server]\n" +
           "public = " + quoted(asked.address(0)) + "ask = " + quoted(asked.address(-1)) +
           "admin = " + quoted(asked.address(1)) +
           "\n[database]\npath = " + quoted(asked.database()) +
           "\n# The scope RESOURCE:write allows reading, too.\n[tokens]\nwrite_scope = "
           "\"reads_too\"\n" +
           "\n# Callers reach this gate without a proxy, so nobody speaks for them.\n[trust]\n"
           "proxies = []\n\n"
           "# Who may do what. This row is every path of the API; write rows for parts of it "
           "above it:\n# the first that fits is used.\n[[resource]]\nname = \"api\"\n"
           "paths = [\"/**\"]\nowner = \"full\"\nadmin = \"full\"\nmanager = \"full\"\n"
           "member = \"read\"\n";
}

/// Parses the configuration as the server will, to find a bad --api or --folder. The file does not
/// exist yet, so a failure names the argument instead of the file and line.
Result<config::Config> checked_config(const Asked& asked) {
    auto config = config::parse(config_text(asked), asked.config_file());
    if (config)
        return config;
    const std::string& what = config.failure().what;
    const auto about = [&](std::string_view key) -> std::optional<std::string> {
        const std::size_t at = what.find(key);
        if (at == what.npos)
            return std::nullopt;
        return what.substr(at + key.size(), what.find('\n', at) - at - key.size());
    };
    if (const auto why = about(": database.path: "))
        return Failure{Fault::usage,
                       "--folder '" + echoed(asked.folder) + "' cannot be used: " + *why,
                       "name a folder with a shorter and plainer path"};
    const std::string why = about(": upstream.url: ").value_or(what);
    const bool own = why.find("Hourgate itself listens") != why.npos;
    return Failure{Fault::usage,
                   "--api '" + echoed(asked.api) +
                       "' cannot be used: " + (own ? "the gate itself would listen there" : why),
                   own ? "name another port for the gate with --port N, which takes N - 1, N and "
                         "N + 1"
                       : "write it as in http://127.0.0.1:3000, or unix:/run/api.sock"};
}

/// Returns why the gate could not listen where it is asked to: "127.0.0.1:8402: Address already in
/// use". Returns "" if it could.
std::string why_not_listened(const Asked& asked) {
    for (const std::int64_t offset : offsets) {
        const std::string why = ops::why_not_listened(
            Address::loopback(), static_cast<std::uint16_t>(asked.port + offset));
        if (!why.empty())
            return asked.address(offset) + ": " + why;
    }
    return "";
}

/// Checks before anything is written: a gate that cannot start is of no use.
Status check_ports(const Asked& asked) {
    const std::string why = why_not_listened(asked);
    if (why.empty())
        return Done{};
    constexpr int tries = 20;
    constexpr std::int64_t step = 10;
    std::string next = "name another with --port N: the gate takes N - 1, N and N + 1";
    Asked other = asked;
    other.port = std::max(asked.port, usual_port - step);  // lower ports are often taken
    for (int i = 0; i < tries && other.port + step <= port_max; ++i) {
        other.port += step;
        if (!why_not_listened(other).empty())
            continue;
        next += "; --port " + std::to_string(other.port) + " is free";
        break;
    }
    return Failure{Fault::conflict, "the gate cannot listen on " + why + ": nothing was made",
                   next + "; what has the port: `ss -ltnp`"};
}

// --- the folder under construction ---------------------------------------------------------------

/// "FOLDER.part". Removed with everything that a quickstart puts there, unless it was put in place.
class Part {
public:
    /// Removes what an earlier, killed quickstart left, and nothing else.
    [[nodiscard]] static Result<Part> make(const Asked& asked) {
        Part part(asked.part());
        if (store::exists(part.path_))
            if (Status cleared = part.clear_left(); !cleared)
                return cleared.failure();
        if (::mkdir(part.path_.c_str(), S_IRWXU) != 0)
            return store::system_failure("make the folder", asked.folder, errno);
        part.made_ = true;
        part.mark_.emplace(::open((part.path_ + std::string(mark_name)).c_str(),
                                  O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                                  S_IRUSR | S_IWUSR));
        if (part.mark_->fd() < 0 || ::flock(part.mark_->fd(), LOCK_EX | LOCK_NB) != 0)
            return store::system_failure("write in", asked.folder, errno);
        return part;
    }
    Part(Part&& other) noexcept
        : path_(std::move(other.path_)),
          mark_(std::move(other.mark_)),
          made_(std::exchange(other.made_, false)) {}
    Part& operator=(Part&&) = delete;
    ~Part() {
        if (made_)
            static_cast<void>(remove());
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    Status write(std::string_view name, std::string_view text) const {
        const std::string path = path_ + std::string(name);
        const store::File file(::open(
            path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
        if (file.fd() < 0)
            return store::system_failure("write", shown(name), errno);
        while (!text.empty()) {
            const ssize_t written = ::write(file.fd(), text.data(), text.size());
            if (written < 0)
                return store::system_failure("write", shown(name), errno);
            text.remove_prefix(static_cast<std::size_t>(written));
        }
        return ::fsync(file.fd()) == 0 ? Status(Done{})
                                       : store::system_failure("write", shown(name), errno);
    }

    /// Moves the folder to its target, and never overwrites.
    Status place(const std::string& folder) {
        // SQLite removes the WAL when the last connection has closed and everything is in the
        // database.
        if (store::exists(path_ + std::string(database_name) + "-wal"))
            return Failure{Fault::system, "not all of " + shown("") + " could be written",
                           "see that the disk is not full, then try again"};
        if (!store::rename_to_nothing(path_, folder))
            return store::system_failure("make the folder", folder, errno);
        made_ = false;
        ::unlink((folder + std::string(mark_name)).c_str());
        return store::sync_folder_of(folder);
    }

private:
    /// Returns the name that a file will have once it is in place, for messages.
    [[nodiscard]] std::string shown(std::string_view name) const {
        constexpr std::string_view end = ".part";
        return path_.substr(0, path_.size() - end.size()).append(name);
    }

    explicit Part(std::string path) : path_(std::move(path)) {}

    /// Returns true if a quickstart makes a file of this name. SQLite's files begin with the
    /// database's name.
    static bool is_ours(const std::string& name) {
        const std::string path = "/" + name;
        return path == config_name || path == mark_name || path.starts_with(database_name);
    }

    /// Returns true if everything is gone. Removes nothing if the folder contains any other file.
    bool remove() const noexcept {
        std::error_code error;
        std::vector<std::string> names;
        for (std::filesystem::directory_iterator at(path_, error), end; !error && at != end;
             at.increment(error))
            names.push_back(at->path().filename().string());
        if (error || !std::all_of(names.begin(), names.end(), is_ours))
            return false;
        for (const std::string& name : names)
            ::unlink((path_ + "/" + name).c_str());
        return ::rmdir(path_.c_str()) == 0;
    }

    [[nodiscard]] Status clear_left() const {
        const std::string name = path_ + std::string(mark_name);
        const store::File mark(::open(name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
        if (mark.fd() >= 0 && ::flock(mark.fd(), LOCK_EX | LOCK_NB) != 0)
            return Failure{Fault::conflict, "another quickstart is making " + shown(""),
                           "wait for it, or name another folder with --folder"};
        // Without the mark, the earlier run was killed at its very start, and the folder is empty.
        if (mark.fd() >= 0 ? remove() : ::rmdir(path_.c_str()) == 0)
            return Done{};
        return Failure{Fault::conflict,
                       path_ + ", where quickstart would prepare " + shown("") +
                           ", exists and holds what no quickstart left",
                       "move it away, or name another folder with --folder"};
    }

    std::string path_;
    std::optional<store::File> mark_;  // locked while the folder is being made
    bool made_ = false;
};

// --- the database --------------------------------------------------------------------------------

Result<manage::MintedToken> fill(const CommandContext& session, const std::string& database,
                                 const config::Config& config) {
    if (Status created = store::create_database(database); !created)
        return created.failure();
    auto ledger = store::SqliteLedger::open(database);
    if (!ledger)
        return ledger.failure();
    const manage::Context context{*ledger.value(),
                                  {actor_name(), "local"},
                                  session.clock.now(),
                                  token_rules(config),
                                  [](std::string_view) { return false; }};
    if (Status planned = manage::add_built_in_plans(context); !planned)
        return planned.failure();
    constexpr std::int64_t above_the_others = 100;
    const manage::PlanChange unlimited{plan_name, true, above_the_others, std::vector<Window>()};
    if (auto plan = manage::set_plan(context, unlimited); !plan)
        return plan.failure();
    const auto workspace = manage::add_workspace(context, {workspace_name, plan_name, {}});
    if (!workspace)
        return workspace.failure();
    manage::NewMember person;
    person.workspace = workspace.value().workspace.public_id;
    person.email = member_email;
    person.role = Role::owner;
    const auto member = manage::add_member(context, person);
    if (!member)
        return member.failure();
    manage::NewToken token;
    token.member = member.value().member.public_id;
    token.name = "quickstart";
    return manage::mint_token(context, token);
}

// --- output --------------------------------------------------------------------------------------

std::string start_line(const Asked& asked) {
    return as_user(store::AsOwner::working_as().value_or(::getuid()), ::getuid()) + program_name() +
           " serve --config " + for_shell(asked.config_file());
}

std::string doctor_line(const Asked& asked) {
    return program_name() + " doctor --config " + for_shell(asked.config_file());
}

/// Returns the parts of a curl line before and after its token.
std::pair<std::string, std::string> curl_line(const Asked& asked) {
    return {"curl -i -H 'Authorization: Bearer ", "' http://" + asked.address(0) + "/"};
}

Status show_plan(const CommandContext& session, const Asked& asked) {
    const auto [before, after] = curl_line(asked);
    const std::string curl = before + "TOKEN" + after;
    if (wants_json(session))
        return print(session, {{"dryRun", true},
                               {"folder", asked.folder},
                               {"config", asked.config_file()},
                               {"database", asked.database()},
                               {"configText", config_text(asked)},
                               {"workspace", workspace_name},
                               {"plan", plan_name},
                               {"member", member_email},
                               {"start", start_line(asked)},
                               {"curl", curl}});
    return session.output.print(
        "Nothing was made: this is what `hourgate quickstart` would make.\n\n" +
        lines_of({{"folder", asked.folder + " (0700)"},
                  {"configuration", asked.config_file() + " (0600)"},
                  {"database", asked.database() + " (0600)"},
                  {"workspace", std::string(workspace_name) + ", on plan " + plan_name +
                                    ": API access, no windows"},
                  {"member", std::string(member_email) + ", role owner"},
                  {"token", "one, which is shown once"}}) +
        "\nThe configuration:\n\n" + config_text(asked) + "\nThen:\n\n" + start_line(asked) + "\n" +
        curl + "\n");
}

Status show_made(const CommandContext& session, const Asked& asked,
                 const manage::MintedToken& minted) {
    if (wants_json(session))
        return print_with_token(session,
                                {{"folder", asked.folder},
                                 {"config", asked.config_file()},
                                 {"database", asked.database()},
                                 {"workspace", workspace_name},
                                 {"plan", plan_name},
                                 {"member", member_email},
                                 {"prefix", minted.view.token.prefix},
                                 {"start", start_line(asked)}},
                                minted.token);
    const auto [before, after] = curl_line(asked);
    std::string text =
        lines_of({{"configuration", asked.config_file()},
                  {"database", asked.database()},
                  {"workspace", std::string(workspace_name) + ", on plan " + plan_name},
                  {"member", std::string(member_email) + ", role owner"}}) +
        "\nStart the gate in front of " + asked.api + ":\n\n" + start_line(asked) +
        "\n\nCall the API through it, from a second terminal. The token is shown only here:\n\n";
    const std::string more =
        "\n\nSee that all is well, while it runs:\n\n" + doctor_line(asked) + "\n";
    text.reserve(text.size() + before.size() + minted.token.reveal().size() + after.size() +
                 more.size());
    text.append(before).append(minted.token.reveal()).append(after).append(more);
    const Status printed = session.output.print(text);
    wipe(text);
    return printed;
}

/// Asks the API for "/" once. Any HTTP answer suffices.
void warn_of_silence(const CommandContext& session, const std::string& api) {
    constexpr std::string_view scheme = "http://";
    constexpr int quick_ms = 2'000;
    http::ProbeTarget where;
    where.total_ms = quick_ms;
    if (api.starts_with("unix:")) {
        where.socket_path = api.substr(5);
    } else {
        const std::string place = api.substr(std::min(scheme.size(), api.size()));
        const std::size_t end = place.starts_with('[') ? place.find(']') : place.find(':');
        where.host =
            place.substr(place.starts_with('[') ? 1 : 0, end - (place.starts_with('[') ? 1 : 0));
        const std::size_t colon = place.find(':', end == place.npos ? place.size() : end);
        if (colon != place.npos)
            where.port = static_cast<std::uint16_t>(
                parse_number(place.substr(colon + 1), 65'535).value_or(80));
    }
    if (const auto answer = http::probe(where, "/"); !answer)
        session.output.warn("the API at " + api + " does not answer yet: " + answer.failure().what +
                            ". Calls are answered 502 until it does");
}

Status quickstart(CommandContext& session) {
    if (session.arguments.given(config_option.name))
        return Failure{Fault::usage, "quickstart writes a configuration of its own",
                       "leave --config out; --folder says where it goes"};
    const auto asked = asked_of(session.arguments);
    if (!asked)
        return asked.failure();
    const Asked& what = asked.value();
    const auto config = checked_config(what);
    if (!config)
        return config.failure();
    const auto owner = store::AsOwner::of(what.folder);
    if (!owner)
        return owner.failure();
    if (store::exists(what.folder))
        return Failure{Fault::conflict, what.folder + " exists already: nothing was changed",
                       store::exists(what.config_file())
                           ? "start the gate that is there: " + start_line(what) +
                                 "; or name another folder with --folder"
                           : "name another folder with --folder"};
    if (Status free = check_ports(what); !free)
        return free;
    if (session.arguments.given("--dry-run"))
        return show_plan(session, what);
    if (Status fine = store::check_library(); !fine)
        return fine;
    const ops::Signals signals;  // from here on, a signal waits until no incomplete file is left
    auto part = Part::make(what);
    if (!part)
        return part.failure();
    const auto minted =
        fill(session, part.value().path() + std::string(database_name), config.value());
    if (!minted)
        return minted.failure();
    if (Status written = part.value().write(config_name, config_text(what)); !written)
        return written;
    if (Status placed = part.value().place(what.folder); !placed)
        return placed;
    warn_of_silence(session, what.api);
    return show_made(session, what, minted.value());
}

}  // namespace

std::vector<Command> quickstart_commands() {
    return {
        {.name = "quickstart",
         .summary = "Make a gate for your API in one folder: configuration, database, one token",
         .details =
             "Makes a new folder with a configuration for the API, a database, a workspace on a "
             "plan without limits, one member and one token, and prints a curl line to try it. It "
             "never overwrites anything; what it could not complete is removed.",
         .parameters = {needed_option("--api", "URL", "the API: http://HOST:PORT or unix:PATH"),
                        option("--folder", "FOLDER", "a new folder; without it: ./gate"),
                        option("--port", "N",
                               "where callers call, 2 to 65534; without it 8402. The ports before "
                               "and behind it are the gate's, too"),
                        flag("--dry-run", "show what would be made, and make nothing")},
         .example = "hourgate quickstart --api http://127.0.0.1:3000",
         .run = quickstart},
    };
}

}  // namespace hourgate::cli
