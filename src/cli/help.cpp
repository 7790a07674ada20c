#include "cli/help.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "config/nearest.h"

namespace hourgate::cli {

namespace {

using Kind = Parameter::Kind;
using Rows = std::vector<std::pair<std::string, std::string_view>>;

constexpr std::size_t left_column_max = 22;  // longer entries get their own line

/// Returns "--plan P" or "PREFIX...".
std::string form_of(const Parameter& parameter) {
    std::string form(parameter.name);
    if (!parameter.value.empty())
        form.append(" ").append(parameter.value);
    if (parameter.kind == Kind::words)
        form += "...";
    return form;
}

/// Returns two columns; the left one is as wide as necessary.
std::string columns(const Rows& rows) {
    std::size_t width = 0;
    for (const auto& [left, right] : rows)
        if (left.size() <= left_column_max)
            width = std::max(width, left.size());
    std::string out;
    for (const auto& [left, right] : rows) {
        out.append("  ").append(left);
        if (left.size() > width)
            out.append("\n  ").append(width, ' ');
        else
            out.append(width - left.size(), ' ');
        out.append("  ").append(right).append("\n");
    }
    return out;
}

/// Breaks `text` at spaces into lines that fit a terminal.
std::string wrapped(std::string_view text) {
    constexpr std::size_t columns_max = 80;
    std::string out;
    std::size_t used = 0;
    for (const std::string_view part : split(text, ' ')) {
        if (used > 0 && used + 1 + part.size() > columns_max) {
            out += '\n';
            used = 0;
        }
        if (used > 0)
            out += ' ';
        out += part;
        used += part.size() + (used > 0 ? 1 : 0);
    }
    return out + "\n";
}

/// Returns the lines of the example, indented.
std::string example_lines(std::string_view example) {
    std::string out = "\nExample:\n";
    for (const std::string_view line : split(example, '\n'))
        out.append("  ").append(line).append("\n");
    return out;
}

void add(Rows& rows, const Parameter& parameter) {
    rows.emplace_back(form_of(parameter), parameter.help);
}

Rows common_rows() {
    Rows rows;
    for (const Parameter& parameter : {config_option, json_flag, help_flag})
        add(rows, parameter);
    return rows;
}

/// Returns the words that may follow `group`, or that may come first if it is null.
std::vector<std::string_view> known_words(const Table& table, const Group* group) {
    std::vector<std::string_view> known;
    for (const Command& command : table.commands) {
        const std::string_view own = group == nullptr ? "" : group->name;
        const std::string_view word = command.group == own ? command.name
                                      : group == nullptr   ? command.group
                                                           : "";
        if (!word.empty() && std::find(known.begin(), known.end(), word) == known.end())
            known.push_back(word);
    }
    return known;
}

/// Returns the known word that is a synonym: "create" is "add" or "mint" here.
std::optional<std::string_view> same_in_other_words(std::string_view word,
                                                    const std::vector<std::string_view>& known) {
    static const std::vector<std::vector<std::string_view>> kin = {
        {"set", "update", "change", "edit", "modify", "role", "plan"},
        {"create", "new", "make", "generate", "issue", "add", "mint", "set"},
        {"delete", "del", "rm", "destroy", "disable", "end", "remove", "revoke"},
        {"ls", "all", "list"},
        {"get", "info", "describe", "view", "status", "show"},
        {"set-role", "promote", "role"},
        {"upgrade", "move", "plan"},
        {"renew", "roll", "rotate"},
        {"undelete", "readd", "enable", "restore"},
        {"validate", "verify", "test", "lint", "check"},
        {"dump", "print", "show"},
        {"start", "run", "server", "serve"},
        {"setup", "install", "init"},
        {"log", "history", "audit"},
        {"user", "users", "account", "member"},
        {"org", "organization", "team", "tenant", "customer", "workspace"},
        {"key", "keys", "apikey", "token"},
    };
    const auto has = [](const auto& words, std::string_view one) {
        return std::find(words.begin(), words.end(), one) != words.end();
    };
    for (const auto& words : kin) {
        if (!has(words, word))
            continue;
        for (const std::string_view one : words)
            if (has(known, one))
                return one;
    }
    return std::nullopt;
}

std::string joined(const std::vector<std::string_view>& words) {
    std::string out;
    for (const std::string_view word : words)
        out.append(out.empty() ? "" : ", ").append(word);
    return out;
}

std::string path_of(const Group* group) {
    return group == nullptr ? "hourgate" : "hourgate " + std::string(group->name);
}

}  // namespace

std::string usage_of(const Command& command) {
    std::string usage = command.path();
    for (const Parameter& parameter : command.parameters) {
        usage += ' ';
        usage += parameter.needed ? form_of(parameter) : "[" + form_of(parameter) + "]";
        if (parameter.kind == Kind::options)
            usage += "...";
    }
    return usage;
}

std::string help_of(const Command& command) {
    std::string out = "usage: hourgate " + usage_of(command) + "\n\n";
    out.append(command.summary).append(".\n");
    if (!command.details.empty())
        out += wrapped(command.details);
    Rows rows;
    for (const Parameter& parameter : command.parameters)
        add(rows, parameter);
    for (auto& row : common_rows())
        rows.push_back(std::move(row));
    return out + "\n" + columns(rows) + example_lines(command.example);
}

std::string help_of(const Table& table, const Group& group) {
    std::string out = "usage: hourgate " + std::string(group.name) + " COMMAND\n\n";
    out.append(group.summary).append(".\n\n");
    for (const Command& command : table.commands) {
        if (command.group != group.name)
            continue;
        out.append("  ").append(usage_of(command)).append("\n");
        out.append("      ").append(command.summary).append("\n");
    }
    out.append("\n").append(columns(common_rows()));
    return out + example_lines(group.example);
}

std::string help_of_all(const Table& table) {
    std::string out =
        "usage: hourgate COMMAND\n\n"
        "Stands in front of an HTTP API and answers four questions for every call: who is asking\n"
        "(401), is it paid for (402), may they (403), is there room (429).\n\n";
    Rows rows;
    for (const std::string_view word : known_words(table, nullptr)) {
        const Group* group = table.find_group(word);
        const auto alone = std::find_if(
            table.commands.begin(), table.commands.end(),
            [&](const Command& command) { return command.group.empty() && command.name == word; });
        rows.emplace_back(word, group != nullptr ? group->summary : alone->summary);
    }
    out += columns(rows) + "\n" + columns(common_rows());
    return out +
           example_lines(
               "hourgate serve --demo              # see it work; nothing is installed\n"
               "hourgate quickstart --api URL      # make a gate for your API, in one folder\n"
               "hourgate init                      # make the database\n"
               "hourgate workspace add Acme --plan studio\n"
               "hourgate member add Acme ann@acme.example --role manager\n"
               "hourgate token mint Acme/ann@acme.example --name \"ci job\"\n"
               "hourgate token mint --help         # every command has help and an example");
}

Failure no_such_command(const Table& table, const Group* group, std::string_view word) {
    const std::vector<std::string_view> known = known_words(table, group);
    std::string what = "`" + path_of(group) + "` has no command '" + echoed(word) + "'";
    auto meant = config::nearest(lower(word), known);
    if (!meant)
        meant = same_in_other_words(lower(word), known);
    if (meant)
        return {Fault::usage, std::move(what),
                "did you mean `" + path_of(group) + " " + std::string(*meant) + "`?"};
    return {Fault::usage, std::move(what), "the commands are: " + joined(known)};
}

Failure command_missing(const Table& table, const Group* group) {
    return {
        Fault::usage, "`" + path_of(group) + "` needs a command",
        "one of: " + joined(known_words(table, group)) + "; see `" + path_of(group) + " --help`"};
}

namespace {

/// Returns what replaces an option that other programs have; "" for any other option.
std::string instead_of(const Command* command, std::string_view option) {
    constexpr std::array<std::string_view, 8> tokens = {
        "--token", "-t", "--bearer", "--authorization", "--auth", "--header", "-H", "--key"};
    if (command != nullptr && command->reads_token &&
        std::find(tokens.begin(), tokens.end(), option) != tokens.end())
        return "put the token into a file and send that to standard input: `hourgate " +
               usage_of(*command) + " < FILE`";
    constexpr std::array<std::string_view, 9> listening = {
        "--port", "-p", "--listen", "--bind", "--addr", "--address", "--host", "-l", "-b"};
    if (command == nullptr || command->name != "serve" ||
        std::find(listening.begin(), listening.end(), option) == listening.end())
        return "";
    return "did you mean [server] public of the configuration? It says where the server listens, "
           "as in public = \"127.0.0.1:8402\"; so do ask and admin";
}

}  // namespace

Failure no_such_option(const Command* command, std::string_view option) {
    std::vector<std::string_view> known;
    if (command != nullptr)
        for (const Parameter& parameter : command->parameters)
            if (parameter.name.starts_with('-'))
                known.push_back(parameter.name);
    for (const Parameter& parameter : {config_option, json_flag, help_flag})
        known.push_back(parameter.name);
    const std::string path = command == nullptr ? "hourgate" : "hourgate " + command->path();
    const std::string_view name = option.substr(0, option.find('='));
    std::string what = "`" + path + "` has no option '" + echoed(name) + "'";
    if (std::string key = instead_of(command, name); !key.empty())
        return {Fault::usage, std::move(what), std::move(key)};
    if (const auto meant = config::nearest(lower(name), known))
        return {Fault::usage, std::move(what), "did you mean " + std::string(*meant) + "?"};
    return {Fault::usage, std::move(what), "the options are: " + joined(known)};
}

}  // namespace hourgate::cli
