#include "cli/demo.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "app.h"
#include "base/time_text.h"
#include "cli/demo_cast.h"
#include "cli/new_database.h"
#include "cli/shell.h"
#include "config/load.h"
#include "config/writer.h"
#include "embedded.h"
#include "http/library/sample_api.h"
#include "ops/log.h"
#include "ops/signals.h"
#include "store/errors.h"
#include "store/sqlite_ledger.h"

namespace hourgate::cli {

namespace {

// --- the folder ----------------------------------------------------------------------------------

/// A private folder (0700), removed with all that is in it.
class Folder {
public:
    [[nodiscard]] static Result<std::unique_ptr<Folder>> make() {
        const char* parent = std::getenv("TMPDIR");
        std::string path = parent != nullptr && *parent == '/' ? parent : "/tmp";
        path += "/hourgate-demo-XXXXXX";
        if (::mkdtemp(path.data()) == nullptr)
            return store::system_failure("make a folder like", path, errno);
        return std::unique_ptr<Folder>(new Folder(std::move(path)));
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    explicit Folder(std::string path) : path_(std::move(path)) {}
    const std::string path_;
};

/// Closing the terminal ends a demonstration as Ctrl-C does; a server outlives it. Started with
/// nohup(1), which ignores SIGHUP, it stays.
class HangUpEnds {
public:
    HangUpEnds() { ::sigaction(SIGHUP, nullptr, &before_); }
    /// After ops::Signals, which ignores the signal.
    void begin() {
        if (before_.sa_handler == SIG_IGN)
            return;
        struct sigaction action {};
        action.sa_handler = [](int) { ::kill(::getpid(), SIGTERM); };
        ::sigaction(SIGHUP, &action, nullptr);
    }

private:
    struct sigaction before_ {};
};

// --- the configuration ---------------------------------------------------------------------------

constexpr std::uint16_t sample_port = 8400;

/// `port`, or 0, any free one, when another process has it.
std::uint16_t if_free(std::uint16_t port) noexcept {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool is_free =
        ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        ::listen(probe, 1) == 0;
    ::close(probe);
    return is_free ? port : std::uint16_t{0};
}

std::string config_text(const std::string& folder, const App::Ports& ports) {
    const auto address = [](std::uint16_t port) {
        return "\"127.0.0.1:" + std::to_string(port) + "\"\n";
    };
    const std::string example = embedded::config_example;
    std::string text =
        "# The configuration of a demonstration. It goes when the demonstration "
        "ends.\n\n[server]\n";
    text += "public = " + address(ports.public_);
    text += "ask = " + address(ports.ask);
    text += "admin = " + address(ports.admin);
    text += "\n[database]\npath = " + config::quoted_text(folder + "/hourgate.db") + "\n";
    // The worked example: from the first row that is not in a comment.
    return text + example.substr(std::min(example.find("\n[[resource]]"), example.size()));
}

Status write_file(const std::string& path, const std::string& text) {
    std::ofstream out(path, std::ios::binary);
    out << text;
    out.close();
    return out ? Status(Done{}) : Status(store::system_failure("write", path, errno));
}

// --- what it prints ------------------------------------------------------------------------------

/// All that the lines to paste are made of.
struct Stage {
    std::string program;  ///< full path of this executable
    std::string config_file;
    App::Ports ports;
    std::uint16_t sample_port = 0;
    std::vector<DemoToken> cast;
    std::int64_t now_ms = 0;

    [[nodiscard]] const DemoToken& token(std::string_view workspace, std::string_view role) const {
        const auto found = std::find_if(cast.begin(), cast.end(), [&](const DemoToken& one) {
            return one.workspace == workspace && one.role == role;
        });
        HOURGATE_CHECK(found != cast.end());
        return *found;
    }
};

/// A line to paste, and what it shows.
struct Line {
    std::string heading;
    std::string command;
};

std::string curl(const Stage& stage, const DemoToken* token, std::string_view flags) {
    std::string line = "curl " + std::string(flags) + " ";
    if (token != nullptr)
        line.append("-H 'Authorization: Bearer ").append(token->token.reveal()).append("' ");
    return line + "http://127.0.0.1:" + std::to_string(stage.sample_port) + "/api/v1/clients";
}

std::vector<Line> answer_lines(const Stage& stage) {
    const DemoToken& manager = stage.token("Acme", "manager");
    const DemoToken& member = stage.token("Acme", "member");
    const DemoToken& lapsed = stage.token("Dune", "owner");
    const DemoToken& busy = stage.token("Acme", "admin");
    return {
        {"200: a manager of Acme (plan studio) reads clients", curl(stage, &manager, "-i")},
        {"401: nobody says who they are", curl(stage, nullptr, "-i")},
        {"402: the owner of Dune, whose plan has lapsed", curl(stage, &lapsed, "-i")},
        {"403: a role member of Acme, whom the policy keeps from clients",
         curl(stage, &member, "-i")},
        {"429: plan studio has room for 30 calls in 10 s; the 31st is told when to come again",
         "for call in $(seq 31); do answer=$(" + curl(stage, &busy, "-is") +
             "); echo \"$answer\" | head -n 1; done; echo \"$answer\""},
    };
}

std::vector<Line> change_lines(const Stage& stage) {
    const std::string next_year = format_time(stage.now_ms + 365 * ms_per_day).substr(0, 10);
    const std::string program = for_shell(stage.program);
    return {
        {"Dune pays: paste the 402 line again, it answers 200, with the same token",
         program + " workspace plan Dune studio --paid-until " + next_year},
        {"The token of the 200 line is revoked: paste that line again, it answers 401",
         program + " token revoke " + stage.token("Acme", "manager").prefix},
    };
}

std::string export_line(const Stage& stage) {
    return "export HOURGATE_CONFIG=" + for_shell(stage.config_file);
}

std::string port_note(std::uint16_t wanted, std::uint16_t got) {
    if (wanted == got)
        return "";
    return "Port " + std::to_string(wanted) + " is taken by another process; " +
           std::to_string(got) + " is used instead.\n";
}

std::string plain_text(const Stage& stage) {
    std::string text = "\nA gate and a sample API behind it are running. Everything is in " +
                       std::filesystem::path(stage.config_file).parent_path().string() +
                       "\nand is removed when this ends (Ctrl-C).\n";
    text += port_note(sample_port, stage.sample_port) + port_note(8401, stage.ports.ask) +
            port_note(8402, stage.ports.public_) + port_note(8403, stage.ports.admin);
    text += "\nPaste into a second terminal:\n\n" + export_line(stage) + "\n";
    for (const Line& line : answer_lines(stage))
        text += "\n# " + line.heading + "\n" + line.command + "\n";
    text += "\nChange something while it runs, from the second terminal too:\n";
    for (const Line& line : change_lines(stage))
        text += "\n# " + line.heading + "\n" + line.command + "\n";
    text += "\nTokens, one for each role and plan:\n\n";
    std::vector<std::vector<std::string>> rows = {{"WORKSPACE", "PLAN", "ROLE", "TOKEN"}};
    for (const DemoToken& one : stage.cast)
        rows.push_back({one.workspace, one.plan, one.role, std::string(one.token.reveal())});
    return text + columns_of(rows) + "\n";
}

std::string json_text(const Stage& stage) {
    using Json = nlohmann::ordered_json;
    const auto lines = [](const std::vector<Line>& all) {
        Json array = Json::array();
        for (const Line& line : all)
            array.push_back({{"heading", line.heading}, {"command", line.command}});
        return array;
    };
    Json tokens = Json::array();
    for (const DemoToken& one : stage.cast)
        tokens.push_back({{"workspace", one.workspace},
                          {"plan", one.plan},
                          {"role", one.role},
                          {"prefix", one.prefix},
                          {"token", one.token.reveal()}});
    const Json json = {{"config", stage.config_file},
                       {"publicPort", stage.ports.public_},
                       {"askPort", stage.ports.ask},
                       {"adminPort", stage.ports.admin},
                       {"samplePort", stage.sample_port},
                       {"tokens", tokens},
                       {"answers", lines(answer_lines(stage))},
                       {"changes", lines(change_lines(stage))}};
    return json.dump() + "\n";
}

// --- the run -------------------------------------------------------------------------------------

Result<std::vector<DemoToken>> make_data(const config::Config& config, const Clock& clock) {
    const manage::TokenRules rules = token_rules(config);
    if (auto made = make_database(config.database, clock, rules, "demo"); !made)
        return made.failure();
    auto ledger = store::SqliteLedger::open(config.database);
    if (!ledger)
        return ledger.failure();
    return make_cast(
        {*ledger.value(), {actor_name(), "local"}, clock.now(), rules, [](std::string_view) {
             return false;
         }});
}

/// The usual ports where they are free. A port taken between the look and the listening is rare
/// enough for one more attempt with any free ones.
Result<std::unique_ptr<App>> make_app(const std::string& folder, config::Config config,
                                      const Clock& clock, const ops::Log& log) {
    auto app = App::make(config, clock, log);
    if (app || app.failure().fault != Fault::system)
        return app;
    auto any = config::parse(config_text(folder, {}), config.file);
    if (!any)
        return any.failure();
    return App::make(any.value(), clock, log);
}

Result<std::unique_ptr<http::SampleApi>> start_sample(std::uint16_t ask_port) {
    auto sample = http::SampleApi::start(if_free(sample_port), ask_port);
    return sample ? std::move(sample) : http::SampleApi::start(0, ask_port);
}

Status run(const Session& session, const Folder& folder, ops::Signals& signals) {
    const std::string file = folder.path() + "/config.toml";
    const App::Ports wanted = {if_free(8402), if_free(8401), if_free(8403)};
    const auto config = config::parse(config_text(folder.path(), wanted), file);
    if (!config)
        return config.failure();
    auto cast = make_data(config.value(), session.clock);
    if (!cast)
        return cast.failure();

    const ops::Log log;
    auto app = make_app(folder.path(), config.value(), session.clock, log);
    if (!app)
        return app.failure();
    const App::Ports ports = app.value()->ports();
    if (Status written = write_file(file, config_text(folder.path(), ports)); !written)
        return written;
    auto sample = start_sample(ports.ask);
    if (!sample)
        return sample.failure();
    app.value()->start();

    std::error_code unknown;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", unknown);
    const Stage stage{unknown ? "hourgate" : self.string(),
                      file,
                      ports,
                      sample.value()->port(),
                      std::move(cast).value(),
                      session.clock.now().wall_ms};
    const bool json = session.output.form() == Form::json;
    if (Status said = session.output.print(json ? json_text(stage) : plain_text(stage)); !said)
        return said;
    app.value()->run(signals);
    return Done{};
}

}  // namespace

Status serve_demo(Session& session) {
    if (session.arguments.given(config_option.name))
        return Failure{Fault::usage, "--demo brings its own configuration", "leave --config out"};
    HangUpEnds hang_up;
    ops::Signals signals;  // before any thread
    hang_up.begin();
    const auto folder = Folder::make();
    if (!folder)
        return folder.failure();
    return run(session, *folder.value(), signals);
}

}  // namespace hourgate::cli
