#include "app/app.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

#include "app/config_snapshot.h"
#include "app/decision_recorder.h"
#include "app/in_force_ledger.h"
#include "app/listeners.h"
#include "base/text.h"
#include "config/live.h"
#include "config/load.h"
#include "embedded.h"
#include "gate/gate.h"
#include "http/manage/idempotency_cache.h"
#include "http/proxy/resolver.h"
#include "http/proxy/upstream.h"
#include "http/service.h"
#include "http/why/why.h"
#include "limiter/limiter.h"
#include "manage/accounts.h"
#include "manage/audit_log.h"
#include "ops/counter_keeper.h"
#include "ops/decision_log.h"
#include "ops/decision_writer.h"
#include "ops/machine.h"
#include "ops/metrics.h"
#include "ops/notify.h"
#include "ops/reload_report.h"
#include "ops/state_file.h"
#include "ops/usage_meter.h"
#include "ops/usage_writer.h"
#include "policy/policy.h"
#include "policy/reached.h"
#include "store/as_owner.h"
#include "store/backup.h"
#include "store/database.h"
#include "store/files.h"
#include "store/leased_directory.h"
#include "store/server_lock.h"
#include "store/sqlite_ledger.h"

namespace hourgate {
namespace {

constexpr std::int64_t sweep_interval_us = 10 * us_per_s;

/// Returns the API description with the configured prefix.
std::string openapi_for(const std::string& api_prefix) {
    constexpr std::string_view written = "\"/_hourgate/api/v1/";
    std::string text = embedded::openapi;
    const std::string wanted = "\"" + api_prefix + "/";
    for (auto at = text.find(written); at != text.npos; at = text.find(written, at + wanted.size()))
        text.replace(at, written.size(), wanted);
    return text;
}

ops::Grants grants_kept(config::GrantsKept kept) noexcept {
    switch (kept) {
        case config::GrantsKept::none:
            return ops::Grants::none;
        case config::GrantsKept::last:
            return ops::Grants::last;
        case config::GrantsKept::all:
            return ops::Grants::all;
    }
    return ops::Grants::last;
}

std::string shown_mode(const config::Config& config) {
    return config.mode == Mode::observe ? "observe" : "enforce";
}

/// "http://a:1 unix:/b", or "off"; with several APIs "shop: http://a:1, billing: off".
std::string shown_upstream(const config::Config& config) {
    const auto shown = [](const std::vector<std::string>& urls) {
        std::string all;
        for (const std::string& url : urls)
            all.append(all.empty() ? "" : " ").append(url);
        return all.empty() ? std::string("off") : all;
    };
    if (config.apis.empty())
        return shown(config.upstream_urls);
    std::string all;
    for (const config::Api& api : config.apis)
        all.append(all.empty() ? "" : ", ")
            .append(api.name + ": " + shown(config::upstream_of(config, api)));
    return all;
}

}  // namespace

/// Logs a change of an upstream's name.
void tell_of_name(const ops::Log& log, const http::Upstream::Change& change) {
    using What = http::Upstream::Change::What;
    try {
        if (change.what == What::unresolved)
            return log.line(
                ops::Level::warning,
                change.addresses.empty()
                    ? "the name of an upstream does not resolve: calls to it get 502 until it does"
                    : "the name of an upstream does not resolve; the addresses that it had are "
                      "still used",
                {{"upstream", change.endpoint},
                 {"why", change.why},
                 {"addresses", change.addresses},
                 {"next",
                  "see whether the name resolves on this machine, or change [upstream] "
                  "url"}});
        log.line(ops::Level::notice,
                 change.what == What::resolved ? "the name of an upstream resolves again"
                                               : "the name of an upstream has other addresses",
                 {{"upstream", change.endpoint}, {"addresses", change.addresses}});
    } catch (...) {  // out of memory: no line is written
    }
}

/// Holds the configuration snapshot in force. Threads: any. A reader keeps the snapshot alive.
class SnapshotInForce {
public:
    explicit SnapshotInForce(std::shared_ptr<const ConfigSnapshot> rules)
        : rules_(std::move(rules)) {}

    [[nodiscard]] std::shared_ptr<const ConfigSnapshot> get() const {
        const std::lock_guard lock(mutex_);
        return rules_;
    }
    void set(std::shared_ptr<const ConfigSnapshot> rules) noexcept {
        const std::lock_guard lock(mutex_);
        rules_.swap(rules);
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const ConfigSnapshot> rules_;  // guarded by mutex_
};

/// In construction order: each member uses only those above it.
struct App::Parts {
    Parts(const Clock& clock_, ops::Log& log_, std::unique_ptr<store::ServerLock> lock_,
          std::unique_ptr<SharedState> instruments_, std::unique_ptr<http::Resolver> resolver_,
          std::unique_ptr<manage::Ledger> writing, std::unique_ptr<manage::Ledger> reading,
          std::string cursor_key_, const std::shared_ptr<ConfigSnapshot>& rules_)
        : config(rules_->config),
          clock(clock_),
          log(log_),
          lock(std::move(lock_)),
          shared(std::move(instruments_)),
          resolver(std::move(resolver_)),
          ledger(std::move(writing), std::move(reading), *shared->directory, clock, log),
          cursor_key(std::move(cursor_key_)),
          keeper(keeper_settings(),
                 {shared->limiter, shared->gate_routes, shared->failures, shared->public_calls,
                  shared->preflights},
                 clock, log),
          rules(rules_),
          usage_writer(usage, ledger.apart(), clock, log,
                       {config.usage_keep_s, config.tokens_keep_s}),
          decisions(grants_kept(config.decisions_grants)),
          decision_writer(decisions, ledger.apart(), clock, log, decision_settings()),
          recorder(metrics, shared->resources, usage, decisions, log, clock),
          service(service_settings(rules_), rules_->gate, clock, recorder),
          listeners(config, log) {}

    const config::Config config;  // the one at the start
    const Clock& clock;
    ops::Log& log;
    const std::unique_ptr<store::ServerLock> lock;
    std::unique_ptr<ops::ReloadBoard> board;  // null: reloads are not reported
    const std::unique_ptr<SharedState> shared;
    const std::unique_ptr<http::Resolver> resolver;
    InForceLedger ledger;
    const std::string cursor_key;
    ops::CounterKeeper keeper;
    // Main thread only: description is openapi_for(described_prefix).
    std::string described_prefix;
    std::shared_ptr<const std::string> description;
    SnapshotInForce rules;
    http::IdempotencyCache repeats;
    ops::Metrics metrics;
    ops::UsageMeter usage;
    ops::UsageWriter usage_writer;
    ops::DecisionLog decisions;
    ops::DecisionWriter decision_writer;
    DecisionRecorder recorder;
    http::Service service;
    Listeners listeners;
    std::int64_t started_us = 0;
    std::uint64_t reloads = 0;         // number of reloads since the start
    std::int64_t reload_began_us = 0;  // start of the latest reload, CLOCK_MONOTONIC
    std::atomic<std::uint64_t> reloads_in_force{0}, reloads_refused{0};
    std::atomic<bool> last_reload_good{true};
    std::atomic<std::int64_t> config_read_ms{clock.now().wall_ms};

    [[nodiscard]] ops::CounterKeeper::Settings keeper_settings() const {
        // Resolves symbolic links, so that one database has one state file.
        const Result<std::string> path = store::true_path(config.database);
        return {ops::state_path_of(path ? path.value() : config.database), cursor_key,
                ops::read_boot_id()};
    }

    http::Service::Settings service_settings(const std::shared_ptr<const ConfigSnapshot>& kept) {
        const ConfigSnapshot& by = *kept;
        http::Service::Settings settings;
        settings.trust = {by.config.peers,  by.config.proxies, by.config.method_override_refused,
                          by.config.ask_id, by.config.hosts,   !by.config.apis.empty()};
        settings.reply = by.reply;
        settings.api_prefix = by.config.rules.api_prefix;
        settings.services = {[this, &by] { return context(by); },
                             [this](std::string_view id) { return record_in_memory(id); },
                             cursor_key, &repeats};
        const auto openapi = description_below(by.config.rules.api_prefix);
        settings.openapi = *openapi;
        settings.kept = {kept, openapi};
        settings.errors = embedded::errors;
        for (const ConfigSnapshot::Behind& behind : by.behind) {
            if (by.config.apis.empty())
                settings.upstream = behind.upstream.get();
            else
                settings.api_upstreams.push_back(behind.upstream.get());
        }
        settings.ready = [this] { return shared->directory->ready(); };
        settings.ready_note = [this] {
            const auto age_s = backup_age_s();
            return age_s ? fmt::format("newest backup: {} h old", *age_s / 3'600) : "no backup";
        };
        settings.metrics = [this] { return metrics.text(gauges(), shared->resources); };
        return settings;
    }

    /// Returns openapi_for(`api_prefix`). The text is long and the prefix rarely changes, so one
    /// copy is shared.
    std::shared_ptr<const std::string> description_below(const std::string& api_prefix) {
        if (!description || described_prefix != api_prefix) {
            description = std::make_shared<const std::string>(openapi_for(api_prefix));
            described_prefix = api_prefix;
        }
        return description;
    }

    ops::DecisionWriter::Settings decision_settings() {
        return {config.decisions_keep_s, config.decisions_rows, [this](const KeptDecision& kept) {
                    return http::record_of(kept, rules.get()->reply);
                }};
    }

    /// Returns the context for a use case. The caller sets the actor.
    [[nodiscard]] manage::Context context(const ConfigSnapshot& by) {
        const config::Config& now = by.config;
        return {ledger,
                {"server", "local"},
                clock.now(),
                {now.brand, now.env, now.rotate_grace_s, now.line_max_s, now.live_max,
                 now.mints_per_day, now.rules.write_scope},
                [&by](std::string_view resource) { return by.policy.knows(resource); },
                LapseRule{now.grace_days * ms_per_day},
                [this] { return usage_writer.settle(); },
                [&by](Role role, std::span<const policy::Scope> scopes) {
                    return policy::passes_something(by.policy, role, scopes);
                },
                now.lapse_to};
    }

    /// Returns the record of a recent decision, which may not be in the database yet, or never will
    /// be.
    [[nodiscard]] std::optional<manage::DecisionRecord> record_in_memory(std::string_view id) {
        const auto kept = decisions.find(id);
        if (!kept)
            return std::nullopt;
        return http::record_of(*kept, rules.get()->reply);
    }

    /// Returns the age of the newest backup in the folder of the backup timer. Lists that folder
    /// each time.
    [[nodiscard]] std::optional<std::int64_t> backup_age_s() const {
        const auto newest = ops::newest_in(store::backups_folder(config.database), ".db").file;
        if (!newest)
            return std::nullopt;
        const std::int64_t age_ms = clock.now().wall_ms - newest->changed_ms;
        return std::max<std::int64_t>(age_ms, 0) / ms_per_s;
    }

    [[nodiscard]] ops::Gauges gauges() const {
        const store::LeasedDirectory::Counts counts = shared->directory->counts();
        ops::Gauges gauges;
        gauges.directory_hits = counts.hits;
        gauges.directory_look_ups = counts.look_ups;
        gauges.directory_version_reads = counts.version_reads;
        gauges.directory_failures = counts.failures;
        gauges.directory_reloads = counts.reloads;
        gauges.directory_evictions = counts.evictions;
        gauges.directory_entries = counts.entries;
        add_limiters(gauges);
        gauges.usage_dropped = usage.dropped();
        gauges.decisions_written = decision_writer.written();
        gauges.decisions_passed_over = decision_writer.passed_over();
        gauges.decisions_lost = decisions.lost();
        gauges.state_age_s = keeper.age_s();
        gauges.state_failures = keeper.failures();
        gauges.state_bytes = keeper.bytes();
        listeners.add_connections(gauges);
        recorder.fill(gauges);
        for (const auto& upstream : rules.get()->upstreams())
            add_upstream(gauges, *upstream);
        gauges.changes = ledger.changes();
        gauges.records = ledger.records();
        gauges.log = log.counts();
        gauges.log_left_out = log.left_out();
        gauges.reloads = reloads_in_force.load();
        gauges.reloads_refused = reloads_refused.load();
        gauges.last_reload_good = last_reload_good.load();
        gauges.config_read_at_s = config_read_ms.load() / ms_per_s;
        gauges.backup_age_s = backup_age_s();
        gauges.uptime_s = (clock.now().boot_us - started_us) / us_per_s;
        return gauges;
    }

    void add_limiters(ops::Gauges& gauges) const {
        const Limiter& limiter = shared->limiter;
        const Limiter& own = shared->gate_routes;
        gauges.limiter = {limiter.entries() + own.entries(), limiter.evicted() + own.evicted()};
        gauges.limiter_bytes = limiter.bytes() + own.bytes();
        const auto read = [](const AddressLimiter& table) -> ops::TableGauges {
            return {table.entries(), table.evicted(), table.shared_in_net(), table.shared_by_all()};
        };
        gauges.failures = read(shared->failures);
        gauges.public_calls = read(shared->public_calls);
        gauges.preflights = read(shared->preflights);
    }

    void add_upstream(ops::Gauges& gauges, const http::Upstream& upstream) const {
        const http::Upstream::Counts& exchanges = shared->upstream_counts;
        gauges.forwards = true;
        gauges.upstream_forwarded = exchanges.forwarded.load();
        gauges.upstream_unreachable = exchanges.unreachable.load();
        gauges.upstream_broken = exchanges.broken.load();
        gauges.upstream_timed_out = exchanges.timed_out.load();
        gauges.upstream_ended = exchanges.ended.load();
        gauges.upstream_retried = exchanges.retried.load();
        gauges.upstream_connections = static_cast<std::uint64_t>(exchanges.open.load());
        gauges.upstream_answers = exchanges.answer_time.read();
        for (http::Upstream::Health& one : upstream.health(ops::monotonic_us() / 1'000)) {
            auto& all = gauges.upstream_up;
            const auto same = [&](const auto& other) { return other.first == one.address; };
            // Several APIs may share an address: it is up if one of them can reach it.
            if (const auto at = std::find_if(all.begin(), all.end(), same); at != all.end())
                at->second |= one.up;
            else
                all.emplace_back(std::move(one.address), one.up);
        }
    }

    /// Returns the absolute name of the configuration file.
    [[nodiscard]] std::string config_path() const {
        std::error_code error;
        const auto whole = std::filesystem::absolute(config.file, error);
        return config.file.empty() || error ? config.file : whole.lexically_normal().string();
    }

    void take_reloads() {
        const Result<std::string> path = store::true_path(config.database);
        auto opened =
            ops::ReloadBoard::open(ops::reload_path_of(path ? path.value() : config.database));
        if (!opened) {
            log.line(ops::Level::warning, "`hourgate reload` will not see the result of a reload",
                     {{"why", opened.failure().what}, {"next", opened.failure().next}});
            return;
        }
        board = std::move(opened).value();
        ops::ReloadReport none;
        none.file = config_path();
        none.public_place = listeners.bound(http::Listener::public_);
        board->post(none);
    }

    void post(ops::ReloadReport report) {
        report.number = reloads;
        report.began_us = reload_began_us;
        report.file = config_path();
        report.public_place = listeners.bound(http::Listener::public_);
        if (board)
            board->post(report);
    }

    /// Reads the configuration again and puts it in force. An invalid one changes nothing. Logs the
    /// result.
    void reload() {
        reload_began_us = ops::monotonic_us();
        ++reloads;
        auto loaded = config.file.empty() ? config::load(std::nullopt) : config::load(config.file);
        if (!loaded)
            return refuse_reload(loaded.failure());
        if (Status narrow = check_still_has_resources(loaded.value()); !narrow)
            return refuse_reload(narrow.failure());
        std::vector<std::string> kept;
        config::Config next = config::live(config, std::move(loaded).value(), kept);
        if (Status in_force = put_in_force(next); !in_force)
            return refuse_reload(in_force.failure());
        ops::ReloadReport report;
        report.warnings = config::warnings(next);
        for (const std::string& warning : report.warnings)
            log.line(ops::Level::warning, warning);
        warn_of_plans();
        shared->failures.use(next.failures);
        shared->public_calls.use(next.public_calls);
        shared->preflights.use(next.public_calls);
        log.use(log_settings(next));
        reloads_in_force.fetch_add(1);
        last_reload_good.store(true);
        config_read_ms.store(clock.now().wall_ms);
        log.line(ops::Level::notice, "configuration was read again",
                 {{"reload", std::to_string(reloads)},
                  {"file", next.file},
                  {"mode", shown_mode(next)},
                  {"upstream", shown_upstream(next)}});
        for (const std::string& key : kept)
            log.line(ops::Level::warning, key + ": takes effect after a restart",
                     {{"next", "restart the server"}});
        report.after_restart = std::move(kept);
        post(std::move(report));
    }

    /// Fails if resources would be replaced by none. A full disk or an editor may leave an empty
    /// file, and without resources most roles may do everything. Only a restart may do that.
    [[nodiscard]] Status check_still_has_resources(const config::Config& next) const {
        if (rules.get()->config.rules.resources.empty() || !next.rules.resources.empty())
            return Done{};
        return Failure{Fault::config,
                       printable(next.file, 4'096) +
                           ": has no [[resource]] row any more: owner, admin and manager could use "
                           "every path",
                       "restore the file and reload again; restart the server if you mean it"};
    }

    void warn_of_plans() {
        const auto warnings = manage::plan_warnings(context(*rules.get()));
        for (const std::string& warning : warnings ? warnings.value() : std::vector<std::string>())
            log.line(ops::Level::warning, warning);
    }

    /// Resolves the names of the upstreams and waits at most limits::resolve_wait_ms. Calls during
    /// that time use the previous addresses. tell_of_name() reports names that do not resolve.
    void resolve(const ConfigSnapshot& by) {
        resolver->watch(by.upstreams());
        if (!resolver->ask(limits::resolve_wait_ms))
            log.line(ops::Level::warning,
                     "the name of an upstream was not resolved in time, and is waited for",
                     {{"upstream", shown_upstream(rules.get()->config)}});
    }

    /// Puts a configuration in force. If it is the same, only resolves the addresses of the API.
    /// Otherwise the previous snapshot is freed after the last call that it decided.
    Status put_in_force(const config::Config& next) {
        const auto former = rules.get();
        if (former->config == next) {
            resolve(*former);
            return Done{};
        }
        auto made = ConfigSnapshot::make(next, *shared, former.get());
        if (!made)
            return made.failure();
        const std::shared_ptr<ConfigSnapshot> by = std::move(made).value();
        resolve(*by);
        if (Status resolved = by->check_resolved(former.get()); !resolved) {
            resolver->watch(former->upstreams());
            return resolved;
        }
        service.use(service_settings(by), by->gate);
        rules.set(by);
        return Done{};
    }

    void refuse_reload(const Failure& failure) {
        reloads_refused.fetch_add(1);
        last_reload_good.store(false);
        ops::ReloadReport report;
        report.in_force = false;
        report.next = failure.next;
        for (const std::string_view mistake : split(failure.what, '\n')) {
            std::vector<std::pair<std::string_view, std::string>> fields = {
                {"reload", std::to_string(reloads)}, {"why", std::string(mistake)}};
            if (!failure.next.empty())
                fields.emplace_back("next", failure.next);
            log.line(ops::Level::error, "reload failed; the previous configuration stays in force",
                     fields);
            report.mistakes.emplace_back(mistake);
        }
        post(std::move(report));
    }

    void sweep() {
        const Now now = clock.now();
        shared->directory->sweep(now);
        shared->limiter.sweep(now);
        shared->gate_routes.sweep(now);
        shared->failures.sweep(now);
        shared->public_calls.sweep(now);
        shared->preflights.sweep(now);
        log.tell_left_out();
    }
};

const std::vector<std::string_view> App::listener_names(Listeners::names.begin(),
                                                        Listeners::names.end());

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
App::~App() = default;

Result<std::unique_ptr<App>> App::make(const config::Config& config, const Clock& clock,
                                       ops::Log& log, ops::PassedSockets passed) {
    ops::allow_many_files();
    if (Status status = store::check_library(); !status)
        return status.failure();
    // Takes the lock before a migration, which must not run next to a server. Checks the database
    // first, so that no lock file is left if there is none. Migrate::no reports an older schema as
    // a conflict.
    if (Status status = store::check_database(config.database, store::Migrate::no);
        !status && status.failure().fault != Fault::conflict)
        return status.failure();
    if (Status status = store::check_private(config.database); !status)
        return status.failure();
    auto lock = store::ServerLock::take(config.database);
    if (!lock)
        return lock.failure();
    if (Status status = store::check_database(config.database, store::Migrate::yes); !status)
        return status.failure();
    auto directory = store::LeasedDirectory::open(config.database, clock);
    if (!directory)
        return directory.failure();

    auto writing = store::SqliteLedger::open(config.database);
    if (!writing)
        return writing.failure();
    auto reading = store::SqliteLedger::open(config.database);
    if (!reading)
        return reading.failure();

    auto seal = manage::cursor_key({*reading.value(), {}, clock.now(), {}, {}});
    if (!seal)
        return seal.failure();

    auto shared = std::make_unique<SharedState>(std::move(directory).value(), config);
    auto resolver = std::make_unique<http::Resolver>(
        [&log](const http::Upstream::Change& change) { tell_of_name(log, change); });
    shared->when_unreachable = resolver->asking_soon();
    auto rules = ConfigSnapshot::make(config, *shared, nullptr);
    if (!rules)
        return rules.failure();
    auto parts = std::make_unique<Parts>(clock, log, std::move(lock).value(), std::move(shared),
                                         std::move(resolver), std::move(writing).value(),
                                         std::move(reading).value(), std::move(seal).value(),
                                         std::move(rules).value());
    parts->resolve(*parts->rules.get());
    // Binds ports below 1024, and sockets in root's folders, with the rights of the user who
    // started the process. If another user can write the configuration, binds with theirs.
    const auto starter = store::AsOwner::starter();
    if (!starter)
        return starter.failure();
    const auto author =
        store::AsOwner::author_of(config.file.empty() ? config.database : config.file);
    if (!author)
        return author.failure();
    if (Status status = parts->listeners.open(parts->service, passed); !status)
        return status.failure();
    return std::unique_ptr<App>(new App(std::move(parts)));
}

App::Ports App::ports() const {
    const Listeners& listeners = parts_->listeners;
    return {listeners.port(http::Listener::public_), listeners.port(http::Listener::ask),
            listeners.port(http::Listener::admin)};
}

void App::take_reloads() {
    parts_->take_reloads();
}

void App::start() {
    parts_->log.start();
    parts_->started_us = parts_->clock.now().boot_us;
    parts_->keeper.load();
    parts_->keeper.start();
    parts_->usage_writer.start();
    parts_->decision_writer.start();
    parts_->listeners.start();
    parts_->warn_of_plans();
    const config::Config& config = parts_->config;
    parts_->log.line(ops::Level::info, "listening",
                     {{"public", parts_->listeners.bound(http::Listener::public_)},
                      {"ask", parts_->listeners.bound(http::Listener::ask)},
                      {"admin", parts_->listeners.bound(http::Listener::admin)},
                      {"upstream", shown_upstream(config)},
                      {"mode", shown_mode(config)},
                      {"database", config.database}});
    ops::notify("READY=1\nSTATUS=deciding");
}

/// Notifies systemd before and after a reload: sd_notify(3), RELOADING=1.
void App::reload() {
    ops::notify(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", ops::monotonic_us()));
    try {
        parts_->reload();
    } catch (const std::bad_alloc&) {
        parts_->refuse_reload({Fault::system, "out of memory", ""});
    }
    ops::notify("READY=1\nSTATUS=deciding");
}

void App::run(ops::Signals& signals) {
    const std::int64_t watchdog_us = ops::watchdog_interval_us();
    const std::int64_t wake_us =
        watchdog_us > 0 ? std::min(watchdog_us, sweep_interval_us) : sweep_interval_us;
    std::int64_t swept_us = parts_->clock.now().boot_us;
    int signal = 0;
    while ((signal = signals.wait(wake_us)) == 0 || signal == SIGHUP) {
        if (signal == SIGHUP)
            reload();
        // A failing store is not reported here but by readyz, since a restart would not fix it.
        if (watchdog_us > 0)
            ops::notify("WATCHDOG=1");
        const std::int64_t now_us = parts_->clock.now().boot_us;
        if (now_us - swept_us < sweep_interval_us)
            continue;
        parts_->sweep();
        swept_us = now_us;
    }

    ops::notify("STOPPING=1\nSTATUS=finishing what is in flight");
    parts_->log.line(ops::Level::info, "stopping",
                     {{"signal", std::to_string(signal)},
                      {"drain", fmt::format("{}s", parts_->rules.get()->config.drain_s)}});
    parts_->listeners.stop_accepting();
    const std::int64_t deadline_us =
        parts_->clock.now().boot_us + parts_->rules.get()->config.drain_s * us_per_s;
    const std::int64_t cut = parts_->listeners.finish(parts_->clock, deadline_us);
    parts_->keeper.stop();
    parts_->usage_writer.stop();
    parts_->decision_writer.stop();
    parts_->log.line(cut == 0 ? ops::Level::info : ops::Level::warning, "stopped",
                     {{"cut", std::to_string(cut)}});
    parts_->log.stop();
}

}  // namespace hourgate
