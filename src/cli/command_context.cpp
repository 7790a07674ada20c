#include "cli/command_context.h"

#include <filesystem>
#include <optional>
#include <span>
#include <utility>

#include "cli/shell.h"
#include "config/load.h"
#include "policy/policy.h"
#include "policy/reached.h"
#include "store/as_owner.h"
#include "store/database.h"
#include "store/sqlite_ledger.h"

namespace hourgate::cli {

namespace {

std::vector<std::string> with_program(std::string program, std::vector<std::string> words) {
    words.insert(words.begin(), std::move(program));
    return words;
}

/// Returns --database as an absolute path; nullopt if it is not given.
Result<std::optional<std::string>> named_database(const Arguments& arguments) {
    const auto given = arguments.find(database_option.name);
    if (!given)
        return std::optional<std::string>();
    if (given->empty())
        return Failure{Fault::usage, "--database names no file", "write --database FILE"};
    return std::optional(std::filesystem::absolute(*given).lexically_normal().string());
}

/// Makes root work, from now on, as the user who controls the folder of the database. The rights
/// belong to the process, so they are kept until it ends, longer than any session.
Status keep_rights_of_owner(const std::string& database) {
    static std::optional<store::AsOwner> rights;
    rights.reset();
    auto owner = store::AsOwner::of(database);
    if (!owner)
        return owner.failure();
    rights.emplace(std::move(owner).value());
    return Done{};
}

/// Replaces [database] path by --database in the next step of a failure, if --database overrides
/// it.
Failure for_named_database(Failure failure) {
    constexpr std::string_view by_key = "check [database] path", by_init = "run `hourgate init`";
    const std::string by_option = "check the path after " + std::string(database_option.name);
    if (failure.next.starts_with(by_key))
        failure.next.replace(0, by_key.size(), by_option);
    else if (failure.next.starts_with(by_init))
        failure.next = by_option +
                       "; `hourgate init` makes a database where [database] path of a "
                       "configuration says";
    return failure;
}

}  // namespace

Result<config::Config> load_config(const std::optional<std::string>& named) {
    const auto rights = store::AsOwner::reading(config::file_to_read(named));
    if (!rights)
        return rights.failure();
    return config::load(named);
}

manage::TokenSettings token_rules(const config::Config& config) {
    return {config.brand,    config.env,           config.rotate_grace_s,   config.line_max_s,
            config.live_max, config.mints_per_day, config.rules.write_scope};
}

CommandContext::CommandContext(std::string program, std::vector<std::string> words, Arguments given,
                               Form form)
    : arguments(std::move(given)),
      output(form, Hints::of(program, arguments)),
      words_(with_program(std::move(program), std::move(words))) {}

Result<const config::Config*> CommandContext::config() {
    if (config_)
        return &*config_;
    const auto named = named_database(arguments);
    if (!named)
        return named.failure();
    auto loaded = load_config(arguments.find(config_option.name));
    if (!loaded) {
        Failure failure = loaded.failure();
        if (failure.next.empty() && failure.fault == Fault::config)
            failure.next =
                "correct the configuration; `hourgate config check` says whether it is "
                "sound";
        return failure;
    }
    config_ = std::move(loaded).value();
    if (named.value())
        config_->database = *named.value();
    return &*config_;
}

Result<const config::Config*> CommandContext::settings() {
    if (stand_in_)
        return &*stand_in_;
    const auto read = config();
    if (read)
        return read;
    Failure failure = read.failure();
    if (failure.fault != Fault::config && failure.fault != Fault::permission)
        return failure;
    const auto named = named_database(arguments);
    if (!named)
        return named.failure();
    if (!named.value()) {
        if (failure.fault == Fault::config)
            failure.next +=
                "; to do this without it, name the database: add `--database FILE` to the command";
        return failure;
    }
    output.warn("the configuration cannot be used, so built-in defaults stand in for it: " +
                failure.what.substr(0, failure.what.find('\n')));
    stand_in_.emplace();
    stand_in_->database = *named.value();
    return &*stand_in_;
}

Result<manage::Context> CommandContext::manage() {
    const auto config = this->settings();
    if (!config)
        return config.failure();
    const config::Config& settings = *config.value();
    if (!ledger_) {
        if (Status fine = store::check_library(); !fine)
            return fine.failure();
        if (Status rights = keep_rights_of_owner(settings.database); !rights)
            return rights.failure();
        if (Status fine = store::check_database(settings.database, store::Migrate::no); !fine)
            return fine.failure();
        auto opened = store::SqliteLedger::open(settings.database);
        if (!opened)
            return opened.failure();
        ledger_ = std::move(opened).value();
    }
    // Loading the configuration has already made this policy once: it is valid.
    auto policy = policy::Policy::make(settings.rules);
    if (!policy)
        return policy.failure();
    const auto shared = std::make_shared<const policy::Policy>(std::move(policy).value());
    return manage::Context{*ledger_,
                           {actor_name(), "local"},
                           clock.now(),
                           token_rules(settings),
                           [shared](std::string_view resource) { return shared->knows(resource); },
                           LapseRule{settings.grace_days * ms_per_day},
                           {},
                           [shared](Role role, std::span<const policy::Scope> scopes) {
                               return policy::passes_something(*shared, role, scopes);
                           },
                           settings.lapse_to,
                           arguments.given(dry_run_flag.name)};
}

const config::Config* CommandContext::known() const noexcept {
    return config_ ? &*config_ : stand_in_ ? &*stand_in_ : nullptr;
}

std::string CommandContext::config_file() const {
    const config::Config* const config = known();
    if (config == nullptr)
        return "";
    return config->file.empty() ? "built-in defaults, database " + config->database : config->file;
}

Failure CommandContext::with_advice(const Failure& failure) const {
    if (failure.fault != Fault::permission)
        return arguments.given(database_option.name) ? for_named_database(failure) : failure;
    const config::Config* const config = known();
    return with_sudo(failure, config != nullptr ? config->database : config::Config().database,
                     words_);
}

}  // namespace hourgate::cli
