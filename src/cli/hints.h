// Commands in messages, written so that they work when they are pasted: by the program's name as it
// was called, with the configuration and the database that this run was given.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace hourgate::cli {

class Hints {
public:
    /// Changes nothing.
    Hints() = default;
    /// `program` is the name it was called by, as the shell has to read it. `config` and `database`
    /// are the files that have to be named; nullopt: what the command takes without.
    Hints(std::string program, std::optional<std::string> config,
          std::optional<std::string> database)
        : program_(std::move(program)),
          config_(std::move(config)),
          database_(std::move(database)) {}

    /// Returns the hints for a run of `program` with these arguments: the file is that of --config
    /// or, because sudo and timers do not have it, of $HOURGATE_CONFIG.
    [[nodiscard]] static Hints of(const std::string& program, const Arguments& arguments);

    /// Does the same where the words could not be read as a command.
    [[nodiscard]] static Hints of_words(const std::string& program,
                                        const std::vector<std::string>& words);

    /// Completes every command of this program in `text`, whether in backticks or not. A command
    /// that names a file already keeps it.
    [[nodiscard]] std::string in(std::string_view text) const;

private:
    [[nodiscard]] static Hints made(const std::string& program, std::optional<std::string> config,
                                    std::optional<std::string> database);
    [[nodiscard]] std::string completed(const Command& command, std::string_view words) const;

    std::string program_ = "hourgate";
    std::optional<std::string> config_;
    std::optional<std::string> database_;
};

}  // namespace hourgate::cli
