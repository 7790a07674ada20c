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
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "app/app.h"
#include "cli/client/sample_api.h"
#include "cli/demo_cast.h"
#include "cli/demo_stage.h"
#include "cli/new_database.h"
#include "cli/shell.h"
#include "config/load.h"
#include "config/writer.h"
#include "embedded.h"
#include "ops/log.h"
#include "ops/signals.h"
#include "store/errors.h"
#include "store/sqlite_ledger.h"

namespace hourgate::cli {

namespace {

// --- the folder ----------------------------------------------------------------------------------

/// A private folder (0700), removed with everything in it.
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

/// Makes SIGHUP end a demonstration like Ctrl-C, when the terminal closes; a server outlives its
/// terminal. If nohup(1) started it, SIGHUP stays ignored.
class HangUpEnds {
public:
    HangUpEnds() { ::sigaction(SIGHUP, nullptr, &before_); }
    /// REQUIRES: ops::Signals, which ignores SIGHUP, has been made.
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

/// Returns `port`, or 0 for any free port if another process has it.
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

std::string config_text(const std::string& folder, const App::Ports& ports,
                        std::uint16_t sample_port) {
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
    text += "\n[upstream]\nurl = \"http://127.0.0.1:" + std::to_string(sample_port) + "\"\n";
    text +=
        "\n# Callers reach this gate without a proxy, so nobody speaks for them.\n[trust]\n"
        "proxies = []\n";
    text += "\n[database]\npath = " + config::quoted_text(folder + "/hourgate.db") + "\n";
    // The worked example, from its first row outside comments.
    return text + example.substr(std::min(example.find("\n[[resource]]"), example.size()));
}

Status write_file(const std::string& path, const std::string& text) {
    std::ofstream out(path, std::ios::binary);
    out << text;
    out.close();
    return out ? Status(Done{}) : Status(store::system_failure("write", path, errno));
}

// --- the run -------------------------------------------------------------------------------------

Result<std::vector<DemoToken>> make_data(const config::Config& config, const Clock& clock) {
    const manage::TokenSettings rules = token_rules(config);
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

/// Uses the usual ports if they are free. If one is taken between that check and listening, which
/// is rare, tries once more with any free ports.
Result<std::unique_ptr<App>> make_app(const std::string& folder, const config::Config& config,
                                      std::uint16_t sample_port, const Clock& clock,
                                      ops::Log& log) {
    auto app = App::make(config, clock, log);
    if (app || app.failure().fault != Fault::system)
        return app;
    auto any = config::parse(config_text(folder, {}, sample_port), config.file);
    if (!any)
        return any.failure();
    return App::make(any.value(), clock, log);
}

Result<std::unique_ptr<http::SampleApi>> start_sample() {
    auto sample = http::SampleApi::start(if_free(usual_sample_port));
    return sample ? std::move(sample) : http::SampleApi::start(0);
}

Status run(const CommandContext& session, const Folder& folder, ops::Signals& signals) {
    const std::string file = folder.path() + "/config.toml";
    const App::Ports free = {if_free(usual_ports.public_), if_free(usual_ports.ask),
                             if_free(usual_ports.admin)};
    const auto sample = start_sample();
    if (!sample)
        return sample.failure();
    const std::uint16_t sample_port = sample.value()->port();
    const auto config = config::parse(config_text(folder.path(), free, sample_port), file);
    if (!config)
        return config.failure();
    auto cast = make_data(config.value(), session.clock);
    if (!cast)
        return cast.failure();

    ops::Log log;
    auto app = make_app(folder.path(), config.value(), sample_port, session.clock, log);
    if (!app)
        return app.failure();
    const App::Ports ports = app.value()->ports();
    if (Status written = write_file(file, config_text(folder.path(), ports, sample_port)); !written)
        return written;
    app.value()->start();

    std::error_code unknown;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", unknown);
    const DemoStage stage{
        unknown ? "hourgate" : self.string(), file, ports, sample_port, std::move(cast).value(),
        session.clock.now().wall_ms};
    const bool json = session.output.form() == Form::json;
    if (Status said = session.output.print(json ? json_text(stage) : plain_text(stage)); !said)
        return said;
    app.value()->run(signals);
    return Done{};
}

}  // namespace

Status serve_demo(CommandContext& session) {
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
