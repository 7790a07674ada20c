// The command line as data: the commands, their parameters, and the arguments of one run. Parser,
// help and suggestions read the same table, so they cannot disagree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace hourgate::cli {

class CommandContext;

/// One parameter of a command.
struct Parameter {
    enum class Kind : std::uint8_t {
        word,     ///< positional: NAME
        words,    ///< positional, one or more, always last: PREFIX...
        option,   ///< --plan P, at most once
        options,  ///< --scope S, any number of times
        flag,     ///< --demo
    };
    Kind kind = Kind::word;
    bool needed = false;
    std::string_view name;   ///< "NAME", "--plan"
    std::string_view value;  ///< placeholder of an option in help: "P"
    std::string_view help;
};

[[nodiscard]] constexpr Parameter word(std::string_view name, std::string_view help) {
    return {Parameter::Kind::word, true, name, "", help};
}
[[nodiscard]] constexpr Parameter optional_word(std::string_view name, std::string_view help) {
    return {Parameter::Kind::word, false, name, "", help};
}
[[nodiscard]] constexpr Parameter words(std::string_view name, std::string_view help) {
    return {Parameter::Kind::words, true, name, "", help};
}
[[nodiscard]] constexpr Parameter optional_words(std::string_view name, std::string_view help) {
    return {Parameter::Kind::words, false, name, "", help};
}
[[nodiscard]] constexpr Parameter option(std::string_view name, std::string_view value,
                                         std::string_view help) {
    return {Parameter::Kind::option, false, name, value, help};
}
[[nodiscard]] constexpr Parameter needed_option(std::string_view name, std::string_view value,
                                                std::string_view help) {
    return {Parameter::Kind::option, true, name, value, help};
}
[[nodiscard]] constexpr Parameter options(std::string_view name, std::string_view value,
                                          std::string_view help) {
    return {Parameter::Kind::options, false, name, value, help};
}
[[nodiscard]] constexpr Parameter flag(std::string_view name, std::string_view help) {
    return {Parameter::Kind::flag, false, name, "", help};
}

/// One command. `summary` is a sentence without its full stop. `details` is shown only in the
/// command's own help.
struct Command {
    std::string_view group = {};  ///< "workspace"; "" for a command without a group
    std::string_view name = {};   ///< "add"
    std::string_view summary = {};
    std::string_view details = {};
    std::vector<Parameter> parameters = {};
    std::string_view example = {};  ///< complete lines
    bool reads_token = false;       ///< from standard input: a surplus argument may be one
    Status (*run)(CommandContext& session) = nullptr;

    [[nodiscard]] std::string path() const;  ///< "workspace add"
};

/// A group of commands: "workspace".
struct Group {
    std::string_view name;
    std::string_view summary;
    std::string_view example;
};

struct Table {
    std::vector<Group> groups;
    std::vector<Command> commands;  ///< in the order of help

    [[nodiscard]] const Group* find_group(std::string_view name) const noexcept;
};

/// Options of every command.
inline constexpr Parameter config_option = option(
    "--config", "FILE", "configuration; else $HOURGATE_CONFIG, else /etc/hourgate/config.toml");
/// all_commands() adds it to the commands that work on the database.
inline constexpr Parameter database_option =
    option("--database", "FILE", "the database; else as [database] path says");
inline constexpr Parameter json_flag = flag("--json", "print the result as JSON");
inline constexpr Parameter help_flag = flag("--help", "print this");

// The filters of lists, spelled the same for every command.
inline constexpr Parameter workspace_option =
    option("--workspace", "WS", "of one workspace, by id or name");
inline constexpr Parameter member_option =
    option("--member", "MEMBER",
           "of one member: by id, WS/EMAIL, WS/SERVICE, or e-mail where only one "
           "has it");
inline constexpr Parameter token_option =
    option("--token", "PREFIX", "of one token, by its 12 hex digits");

/// For commands that change, end or delete something: see CommandContext::manage().
inline constexpr Parameter dry_run_flag =
    flag("--dry-run", "show what would be changed, and change nothing");

/// Returns `argument` as messages repeat it: shortened if it is long, escaped if it cannot be
/// shown.
[[nodiscard]] std::string echoed(std::string_view argument);

/// The arguments of one run. Values are UTF-8 without control characters.
class Arguments {
public:
    void add(std::string_view name, std::vector<std::string> values);

    [[nodiscard]] bool given(std::string_view name) const noexcept;
    /// REQUIRES: given(name).
    [[nodiscard]] const std::string& one(std::string_view name) const;
    [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> all(std::string_view name) const;

private:
    std::vector<std::pair<std::string_view, std::vector<std::string>>> values_;
};

}  // namespace hourgate::cli
