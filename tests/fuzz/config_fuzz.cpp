// The configuration file.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/text.h"
#include "config/live.h"
#include "config/load.h"
#include "fuzz/fuzz.h"

using namespace hourgate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string name = "hourgate.toml";
    const auto read = config::parse(fuzz::text_of(data, size), name);
    if (!read) {
        // One line for a terminal, whatever the file holds.
        const Failure& failure = read.failure();
        HOURGATE_LAW(failure.fault == Fault::config && failure.what.starts_with(name));
        HOURGATE_LAW(failure.what.size() < 2'000 && is_utf8(failure.what));
        HOURGATE_LAW(std::none_of(failure.what.begin(), failure.what.end(), is_control_byte));
        return 0;
    }
    const config::Config& made = read.value();
    for (const std::string& warning : config::warnings(made))
        HOURGATE_LAW(!warning.empty());
    const std::string shown = config::show_toml(made);
    const auto again = config::parse(shown, name);
    HOURGATE_LAW(again.ok());
    HOURGATE_LAW(config::show_toml(again.value()) == shown);
    const std::string json = config::show_json(made);
    HOURGATE_LAW(nlohmann::json::accept(json));
    HOURGATE_LAW(config::show_json(again.value()) == json);

    std::vector<std::string> kept;
    HOURGATE_LAW(config::show_toml(config::live(made, again.value(), kept)) == shown);
    HOURGATE_LAW(kept.empty());
    const config::Config defaults;
    const config::Config mixed = config::live(defaults, made, kept);
    HOURGATE_LAW(mixed.database == defaults.database);
    // What it came to can be written down, and is a configuration.
    HOURGATE_LAW(kept.size() < 100);
    std::vector<std::string> again_kept;
    const config::Config twice = config::live(defaults, mixed, again_kept);
    HOURGATE_LAW(config::show_toml(twice) == config::show_toml(mixed) && again_kept.empty());
    return 0;
}
