#include "cli/hints.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/shell.h"

namespace hourgate::cli {

namespace {

constexpr std::string_view own_name = "hourgate";

/// Returns true if the shell finds the program `called` by its usual name.
bool is_on_path(const std::string& called) {
    const char* const folders = std::getenv("PATH");
    for (const std::string_view folder : split(folders == nullptr ? "" : folders, ':')) {
        const std::string found = std::string(folder) + "/" + std::string(own_name);
        std::error_code error;
        if (!folder.empty() && ::access(found.c_str(), X_OK) == 0)
            return std::filesystem::equivalent(found, called, error);
    }
    return false;
}

/// Returns the absolute path: a pasted line may run in any folder, as in a crontab.
std::string absolute(const std::string& path) {
    std::error_code error;
    const auto found = std::filesystem::absolute(path, error);
    return error ? path : found.lexically_normal().string();
}

/// Returns where the command that begins at `at` ends: at its backtick, or where the sentence
/// continues.
std::size_t end_of_command(std::string_view text, std::size_t at) {
    const bool in_backticks =
        std::count(text.begin(), text.begin() + static_cast<long>(at), '`') % 2;
    std::size_t end = std::min(text.find(in_backticks ? '`' : '\n', at), text.size());
    constexpr std::array<std::string_view, 3> sentence = {", ", "; ", " ("};
    constexpr std::array<std::string_view, 4> shell = {" < ", " > ", " | ", " && "};
    const auto stop_before = [&](const auto& marks) {
        for (const std::string_view mark : marks)
            end = std::min(end, text.find(mark, at));
    };
    stop_before(shell);
    if (!in_backticks)
        stop_before(sentence);
    return end;
}

/// Returns the command that `words` begin with; null if there is none.
const Command* command_of(const Table& table, std::string_view words) {
    for (const Command& command : table.commands) {
        const std::string path = command.path();
        if (words.starts_with(path) && (words.size() == path.size() || words[path.size()] == ' '))
            return &command;
    }
    return nullptr;
}

}  // namespace

Hints Hints::of(const std::string& program, const Arguments& arguments) {
    return made(program, arguments.find(config_option.name), arguments.find(database_option.name));
}

Hints Hints::of_words(const std::string& program, const std::vector<std::string>& words) {
    const auto value_of = [&](std::string_view option) -> std::optional<std::string> {
        const std::string joined = std::string(option) + "=";
        for (std::size_t at = 0; at < words.size() && words[at] != "--"; ++at) {
            if (words[at] == option && at + 1 < words.size())
                return words[at + 1];
            if (words[at].starts_with(joined))
                return words[at].substr(joined.size());
        }
        return std::nullopt;
    };
    return made(program, value_of(config_option.name), value_of(database_option.name));
}

Hints Hints::made(const std::string& program, std::optional<std::string> config,
                  std::optional<std::string> database) {
    constexpr std::string_view standard = "/etc/hourgate/config.toml";
    if (const char* named = std::getenv("HOURGATE_CONFIG");
        !config && named != nullptr && *named != '\0')
        config = named;
    if (config && !config->empty())
        config = absolute(*config);
    if (config == standard)
        config.reset();
    if (database && !database->empty())
        database = absolute(*database);
    const bool by_path = program.find('/') != std::string::npos && !is_on_path(program);
    return {by_path ? for_shell(absolute(program)) : std::string(own_name), std::move(config),
            std::move(database)};
}

std::string Hints::completed(const Command& command, std::string_view words) const {
    constexpr std::array<std::string_view, 4> without = {"quickstart", "completion", "man",
                                                         "version"};
    std::string text = program_ + " " + std::string(words);
    const auto add = [&](const Parameter& option, const std::optional<std::string>& file) {
        if (file && words.find(option.name) == words.npos)
            text.append(" ").append(option.name).append(" ").append(for_shell(*file));
    };
    if (std::find(without.begin(), without.end(), command.path()) != without.end())
        return text;
    add(config_option, config_);
    if (std::any_of(command.parameters.begin(), command.parameters.end(),
                    [](const Parameter& one) { return one.name == database_option.name; }))
        add(database_option, database_);
    return text;
}

std::string Hints::in(std::string_view text) const {
    if (text.find(own_name) == text.npos)
        return std::string(text);
    const Table table = all_commands();
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t found = text.find(own_name, at);
        if (found == text.npos)
            return out.append(text.substr(at));
        const std::size_t words = found + own_name.size() + 1;
        const bool is_http_token = (found == 0 || std::string_view(" `\n").find(text[found - 1]) !=
                                                      std::string_view::npos) &&
                                   words < text.size() && text[words - 1] == ' ';
        const std::size_t end = is_http_token ? end_of_command(text, words) : 0;
        const Command* const command =
            is_http_token ? command_of(table, text.substr(words, end - words)) : nullptr;
        if (command == nullptr) {
            out.append(text.substr(at, found + own_name.size() - at));
            at = found + own_name.size();
            continue;
        }
        out.append(text.substr(at, found - at));
        out.append(completed(*command, text.substr(words, end - words)));
        at = end;
    }
    return out;
}

}  // namespace hourgate::cli
