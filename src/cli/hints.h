// Completes commands in messages so that they work when pasted. They get the program's name as it
// was called, and the configuration and database of this run.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace hourgate::cli {

class Hints {
public:
    /// Leaves every text as it is.
    Hints() = default;
    /// `program` is the name it was called by, quoted for the shell. `config` and `database` are
    /// the files to name; nullopt if the command finds the file without.
    Hints(std::string program, std::optional<std::string> config,
          std::optional<std::string> database)
        : program_(std::move(program)),
          config_(std::move(config)),
          database_(std::move(database)) {}

    /// Returns the hints for a run of `program` with these arguments. The file is that of --config
    /// or else of $HOURGATE_CONFIG, which sudo and timers do not pass on.
    [[nodiscard]] static Hints of(const std::string& program, const Arguments& arguments);

    /// Does the same if the words could not be parsed as a command.
    [[nodiscard]] static Hints of_words(const std::string& program,
                                        const std::vector<std::string>& words);

    /// Completes every command of this program in `text`, in backticks or not. A command that
    /// already names a file keeps it.
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
