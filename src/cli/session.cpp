#include "cli/session.h"

#include <optional>
#include <utility>

#include "cli/shell.h"
#include "config/load.h"
#include "policy/policy.h"
#include "store/as_owner.h"
#include "store/database.h"
#include "store/sqlite_ledger.h"

namespace hourgate::cli {

namespace {

std::vector<std::string> with_program(std::string program, std::vector<std::string> words) {
    words.insert(words.begin(), std::move(program));
    return words;
}

/// From now on, root works as the user that can rearrange the folder of the database. Rights are
/// those of a process, and so are the ones kept here: until its end, after that of every session.
Status keep_rights_of_owner(const std::string& database) {
    static std::optional<store::AsOwner> rights;
    rights.reset();
    auto owner = store::AsOwner::of(database);
    if (!owner)
        return owner.failure();
    rights.emplace(std::move(owner).value());
    return Done{};
}

}  // namespace

manage::TokenRules token_rules(const config::Config& config) {
    return {config.brand,      config.env,      config.rotate_grace_s,
            config.line_max_s, config.live_max, config.mints_per_day};
}

Session::Session(std::string program, std::vector<std::string> words, Arguments given, Form form)
    : arguments(std::move(given)),
      output(form),
      words_(with_program(std::move(program), std::move(words))) {}

Result<const config::Config*> Session::config() {
    if (!config_) {
        auto loaded = config::load(arguments.find(config_option.name));
        if (!loaded)
            return loaded.failure();
        config_ = std::move(loaded).value();
    }
    return &*config_;
}

Result<manage::Context> Session::manage() {
    const auto config = this->config();
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
    // Loading the configuration has made this policy once: it is sound.
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
                           {}};
}

std::string Session::config_file() const {
    if (!config_)
        return "";
    return config_->file.empty() ? "built-in defaults, database " + config_->database
                                 : config_->file;
}

Failure Session::with_advice(const Failure& failure) const {
    if (failure.fault != Fault::permission)
        return failure;
    return with_sudo(failure, config_ ? config_->database : config::Config().database, words_);
}

}  // namespace hourgate::cli
