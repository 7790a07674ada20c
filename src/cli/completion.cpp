// hourgate completion and hourgate man, both generated from the table of commands.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/print.h"
#include "cli/values.h"
#include "manage/audit_log.h"
#include "manage/list_order.h"
#include "plan/plan.h"

namespace hourgate::cli {

namespace {

using Kind = Parameter::Kind;

/// Returns the options and flags of a command; those that every command takes come last.
std::vector<Parameter> options_of(const Command& command) {
    std::vector<Parameter> options;
    for (const Parameter& parameter : command.parameters)
        if (parameter.name.starts_with('-'))
            options.push_back(parameter);
    for (const Parameter& parameter : {config_option, json_flag, help_flag})
        options.push_back(parameter);
    return options;
}

bool takes_value(const Parameter& parameter) {
    return parameter.kind == Kind::option || parameter.kind == Kind::options;
}

bool takes_file(const Parameter& parameter) {
    constexpr std::array<std::string_view, 3> files = {"FILE", "DIR", "FOLDER"};
    const std::string_view named = takes_value(parameter) ? parameter.value : parameter.name;
    return std::find(files.begin(), files.end(), named) != files.end();
}

/// Returns the words that can come first, or after a group.
std::vector<std::string> words_behind(const Table& table, std::string_view group) {
    std::vector<std::string> words;
    for (const Command& command : table.commands) {
        const std::string_view word = command.group == group ? command.name
                                      : group.empty()        ? command.group
                                                             : "";
        if (!word.empty() && std::find(words.begin(), words.end(), word) == words.end())
            words.emplace_back(word);
    }
    return words;
}

std::string joined(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words)
        all.append(all.empty() ? "" : " ").append(word);
    return all;
}

std::string joined_names(const std::vector<Plan>& plans) {
    std::vector<std::string> names;
    for (const Plan& plan : plans)
        names.push_back(plan.name);
    return joined(names);
}

template <typename Words>
std::string joined_words(const Words& words) {
    return joined(std::vector<std::string>(words.begin(), words.end()));
}

/// Returns the fields by which that command's list can be sorted, in both directions.
std::string sorts_of(const std::string& path) {
    const manage::ListOrder& order = path == "workspace list"           ? manage::workspace_order
                                     : path == "member list"            ? manage::member_order
                                     : path == "plan list"              ? manage::plan_order
                                     : path == "usage"                  ? manage::usage_order
                                     : path == "audit" || path == "why" ? manage::event_order
                                                                        : manage::token_order;
    std::vector<std::string> all;
    for (const std::string_view field : order.fields)
        for (const char* way : {"", "-"})
            all.push_back(way + std::string(field));
    return joined(all);
}

/// Returns the possible values of an option or positional argument, if they are known without the
/// database: "owner admin manager member". Returns "" for any text.
std::string values_of(const Command& command, const Parameter& parameter) {
    const std::string path = command.path();
    const std::string_view name = parameter.name;
    const auto is_one_of = [&](const std::initializer_list<std::string_view> names) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    if (is_one_of({"--role", "ROLE"}))
        return "owner admin manager member";
    if (name == "--former")
        return "admin manager member";
    if (name == "--env")
        return "live test";
    if (name == "--kind")
        return "person service";
    if (name == "--standing")
        return "paid grace lapsed";
    if (name == "--status" && path == "member list")
        return "present removed";
    if (name == "--status")
        return "working ended live grace rotated revoked expired member_removed all";
    if (parameter.value == "YES-OR-NO")
        return "yes no";
    if (name == "PROXY")
        return "nginx caddy haproxy haproxy.lua traefik envoy";
    if (name == "SHELL")
        return "bash zsh fish";
    if (name == "METHOD")
        return "GET HEAD POST PUT PATCH DELETE OPTIONS";
    if (is_one_of({"--expires", "--paid-until"}))
        return "30d 90d 365d tomorrow never";
    if (parameter.value == "TIME")
        return "1h 24h 7d today yesterday";
    if (is_one_of({"--plan", "PLAN"}) || (command.group == "plan" && name == "NAME"))
        return joined_names(built_in_plans());
    if (name == "--sort")
        return sorts_of(path);
    if (name == "--action")
        return joined_words(manage::audit_actions);
    return name == "--reason" ? joined_words(told_reasons()) : "";
}

/// Returns every option of any command that is followed by its value.
std::vector<std::string> options_with_value(const Table& table) {
    std::vector<std::string> names;
    for (const Command& command : table.commands)
        for (const Parameter& parameter : options_of(command))
            if (takes_value(parameter) &&
                std::find(names.begin(), names.end(), parameter.name) == names.end())
                names.emplace_back(parameter.name);
    return names;
}

/// Returns the positional arguments in order.
std::vector<Parameter> words_of(const Command& command) {
    std::vector<Parameter> words;
    for (const Parameter& parameter : command.parameters)
        if (!parameter.name.starts_with('-'))
            words.push_back(parameter);
    return words;
}

// --- bash, and zsh by its bashcompinit ----------------------------------------------------------

/// Returns the pattern of a case: "'token mint'|'token rotate'".
std::string pattern(const std::vector<std::string>& paths) {
    std::string all;
    for (const std::string& path : paths)
        all.append(all.empty() ? "'" : "|'").append(path).append("'");
    return all;
}

/// Returns the bash code that completes `$cur` from these words.
std::string bash_words(const std::string& words) {
    return "COMPREPLY=($(compgen -W '" + words + "' -- \"$cur\"))";
}

/// Returns the bash code that completes the value of a parameter; "" for free text.
std::string bash_value(const Command& command, const Parameter& parameter) {
    const std::string values = values_of(command, parameter);
    if (!values.empty())
        return bash_words(values);
    return takes_file(parameter) ? "_hourgate_files \"$cur\"" : "";
}

/// Returns the bash case of a command: options by their value, then positional arguments.
std::string bash_case(const Command& command) {
    std::vector<std::string> names;
    std::string text = "    '" + command.path() + "')\n        case $prev in\n";
    for (const Parameter& parameter : options_of(command)) {
        names.emplace_back(parameter.name);
        if (takes_value(parameter))
            text += "        '" + std::string(parameter.name) + "') " +
                    bash_value(command, parameter) + " ;;\n";
    }
    text += "        *) case $cur in\n           -*) " + bash_words(joined(names)) +
            " ;;\n           *) case $place in\n";
    std::size_t place = 0;
    for (const Parameter& parameter : words_of(command)) {
        const std::string value = bash_value(command, parameter);
        const std::string at =
            parameter.kind == Kind::words ? std::string("*") : std::to_string(place);
        if (!value.empty())
            text += "              " + at + ") " + value + " ;;\n";
        ++place;
    }
    return text + "              esac ;;\n           esac ;;\n        esac ;;\n";
}

std::string bash_text(const Table& table) {
    std::vector<std::string> groups;
    for (const Group& group : table.groups)
        groups.emplace_back(group.name);
    std::string text =
        R"(# bash completion for hourgate, written by `hourgate completion bash`
_hourgate_files() {
    # As it is meant: without the quote it begins with, and without what escapes a space.
    local file=${1#[\"\']}
    file=${file//\\/}
    compopt -o filenames 2>/dev/null
    if type mapfile >/dev/null 2>&1; then
        mapfile -t COMPREPLY < <(compgen -f -- "$file")
    else
        local IFS=$'\n'
        COMPREPLY=($(compgen -f -- "$file"))
    fi
}
_hourgate() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cmd= word before i place=0
    COMPREPLY=()
    # --option=value comes as three words.
    if [[ $cur == '=' ]]; then
        cur=
    elif [[ $prev == '=' ]]; then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    fi
    for ((i = 1; i < COMP_CWORD; ++i)); do
        word=${COMP_WORDS[i]} before=${COMP_WORDS[i-1]}
        case $word in -*|'=') continue ;; esac
        case $before in '='|)" +
        pattern(options_with_value(table)) +
        R"() continue ;; esac
        case "$cmd" in
        '') cmd=$word ;;
        )" +
        pattern(groups) + R"() cmd="$cmd $word" ;;
        *) place=$((place + 1)) ;;
        esac
    done
    case "$cmd $prev" in
    ' --config') _hourgate_files "$cur"; return ;;
    esac
    case "$cmd" in
    '') )" +
        bash_words(joined(words_behind(table, "")) + " help --config --json --version --help") +
        " ;;\n";
    for (const std::string& group : groups)
        text += "    '" + group +
                "') case $prev in\n        --config) _hourgate_files \"$cur\" ;;\n" +
                "        *) " +
                bash_words(joined(words_behind(table, group)) + " --config --json --help") +
                " ;;\n        esac ;;\n";
    for (const Command& command : table.commands)
        text += bash_case(command);
    return text + "    esac\n}\ncomplete -F _hourgate hourgate\n";
}

std::string zsh_text(const Table& table) {
    return "#compdef hourgate\n"
           "# zsh completion for hourgate, written by `hourgate completion zsh`\n"
           "autoload -U +X bashcompinit && bashcompinit\n" +
           bash_text(table) +
           "# The first time, zsh runs this file in the place of the function in it.\n"
           "[[ ${funcstack[1]-} == _hourgate ]] && _bash_complete -F _hourgate\n";
}

// --- fish ---------------------------------------------------------------------------------------

/// Quotes `text` for fish, in single quotes.
std::string fish_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + "'";
}

/// Returns what may follow an option or positional argument: its values, a file, or any text.
std::string fish_value(const Command& command, const Parameter& parameter) {
    const std::string values = values_of(command, parameter);
    if (!values.empty())
        return " -x -a " + fish_quoted(values);
    return takes_file(parameter) ? " -rF" : " -x";
}

std::string fish_text(const Table& table) {
    std::string text =
        "# fish completion for hourgate, written by `hourgate completion fish`\n"
        "# The words typed so far, without options and their values.\n"
        "function __hourgate_words\n"
        "    set -l skip 0\n"
        "    for word in (commandline -opc)[2..-1]\n"
        "        if test $skip = 1\n"
        "            set skip 0\n"
        "        else if contains -- $word " +
        joined(options_with_value(table)) +
        "\n"
        "            set skip 1\n"
        "        else if not string match -q -- '-*' $word\n"
        "            echo $word\n"
        "        end\n"
        "    end\n"
        "end\n"
        "# Whether they are these.\n"
        "function __hourgate_is\n"
        "    set -l words (__hourgate_words)\n"
        "    test \"$words\" = \"$argv\"\n"
        "end\n"
        "# Whether they begin with these.\n"
        "function __hourgate_in\n"
        "    set -l words (__hourgate_words)\n"
        "    test (count $words) -ge (count $argv)\n"
        "    or return 1\n"
        "    set -l first $words[1..(count $argv)]\n"
        "    test \"$first\" = \"$argv\"\n"
        "end\n"
        "# The same, with as many behind them as the first argument says.\n"
        "function __hourgate_place\n"
        "    set -l words (__hourgate_words)\n"
        "    __hourgate_in $argv[2..-1]\n"
        "    and test (count $words) -eq (math (count $argv) - 1 + $argv[1])\n"
        "end\n"
        "complete -c hourgate -f\n"
        "complete -c hourgate -l config -rF -d " +
        fish_quoted(config_option.help) + "\ncomplete -c hourgate -l json -d " +
        fish_quoted(json_flag.help) + "\ncomplete -c hourgate -l help -d " +
        fish_quoted(help_flag.help) + "\n";
    for (const Group& group : table.groups)
        text += "complete -c hourgate -n __hourgate_is -a " + std::string(group.name) + " -d " +
                fish_quoted(group.summary) + "\n";
    for (const Command& command : table.commands) {
        const std::string path = command.path();
        const std::string here = command.group.empty()
                                     ? "__hourgate_is"
                                     : "'__hourgate_is " + std::string(command.group) + "'";
        text += "complete -c hourgate -n " + here + " -a " + std::string(command.name) + " -d " +
                fish_quoted(command.summary) + "\n";
        for (const Parameter& option : command.parameters)
            if (option.name.starts_with('-'))
                text += "complete -c hourgate -n '__hourgate_in " + path + "' -l " +
                        std::string(option.name.substr(2)) +
                        (takes_value(option) ? fish_value(command, option) : "") + " -d " +
                        fish_quoted(option.help) + "\n";
        std::size_t place = 0;
        for (const Parameter& word : words_of(command)) {
            const std::string values = values_of(command, word);
            const std::string condition =
                word.kind == Kind::words
                    ? "'__hourgate_in " + path + "'"
                    : "'__hourgate_place " + std::to_string(place) + " " + path + "'";
            if (!values.empty())
                text +=
                    "complete -c hourgate -n " + condition + " -a " + fish_quoted(values) + "\n";
            else if (takes_file(word))
                text += "complete -c hourgate -n " + condition + " -F\n";
            ++place;
        }
    }
    return text;
}

// --- the manual page ----------------------------------------------------------------------------

/// Escapes `text` for roff (groff_man(7)): '-' is a minus that can be copied, and no line begins
/// with a request.
std::string roff(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n'))
            out += std::string("\\&") + c;
        else
            out += c;
    }
    return out;
}

/// Quotes `text` as the argument of a roff request; '"' becomes \(dq.
std::string roff_argument(std::string_view text) {
    std::string out = "\"";
    for (const char c : roff(text))
        out += c == '"' ? std::string("\\(dq") : std::string(1, c);
    return out + "\"";
}

void add_parameters(std::string& text, const std::vector<Parameter>& parameters) {
    for (const Parameter& parameter : parameters)
        text += ".TP\n.B " +
                roff_argument(std::string(parameter.name) +
                              (parameter.value.empty() ? "" : " " + std::string(parameter.value)) +
                              (parameter.kind == Kind::words ? "..." : "")) +
                "\n" + roff(parameter.help) + "\n";
}

std::string manual_text(const Table& table) {
    std::string text =
        ".TH HOURGATE 1\n.SH NAME\nhourgate \\- a gate in front of an HTTP API\n"
        ".SH SYNOPSIS\n.B hourgate\n.I COMMAND\n[arguments]\n"
        ".SH DESCRIPTION\nStands in front of an HTTP API and answers four questions for every "
        "call: who is asking (401), is it paid for (402), may they (403), is there room (429).\n"
        ".PP\nEvery command takes these options:\n";
    add_parameters(text, {config_option, json_flag, help_flag});
    text += ".SH COMMANDS\n";
    for (const Command& command : table.commands) {
        text += ".SS " + roff_argument("hourgate " + usage_of(command)) + "\n";
        text += roff(command.summary) + ".\n";
        if (!command.details.empty())
            text += ".PP\n" + roff(command.details) + "\n";
        add_parameters(text, command.parameters);
        text += ".PP\nExample:\n.PP\n.nf\n";
        for (const std::string_view line : split(command.example, '\n'))
            text += ".RS\n" + roff(line) + "\n.RE\n";
        text += ".fi\n";
    }
    return text +
           ".SH FILES\n.TP\n.I /etc/hourgate/config.toml\nThe configuration; config.example.toml "
           "has every key.\n"
           ".SH ENVIRONMENT\n.TP\n.B HOURGATE_CONFIG\nThe configuration, where "
           "\\-\\-config does not name one.\n.TP\n.B NO_COLOR\nIf it is set, no colours are "
           "used.\n"
           ".SH EXIT STATUS\n0: done. 1: failed. 2: wrong usage.\n";
}

/// Prints the text or, with --json, an object that contains it.
Status show_text(const CommandContext& session, Json about, const std::string& text) {
    if (!wants_json(session))
        return session.output.print_found(text);
    about["text"] = text;
    return print_found(session, about);
}

Status completion(CommandContext& session) {
    const std::string& shell = session.arguments.one("SHELL");
    const Table table = all_commands();
    using Text = std::string (*)(const Table&);
    constexpr std::array<std::pair<std::string_view, Text>, 3> shells = {
        {{"bash", bash_text}, {"zsh", zsh_text}, {"fish", fish_text}}};
    for (const auto& [name, text] : shells)
        if (shell == name)
            return show_text(session, {{"shell", shell}}, text(table));
    return Failure{Fault::usage, "SHELL: '" + echoed(shell) + "' is not known",
                   "write bash, zsh or fish"};
}

Status manual(CommandContext& session) {
    return show_text(session, {{"format", "man"}}, manual_text(all_commands()));
}

}  // namespace

std::vector<Command> completion_commands() {
    return {
        {.name = "completion",
         .summary = "Print what makes a shell complete the commands and options of hourgate",
         .details = "For bash, put it into a file in /usr/share/bash-completion/completions, or "
                    "`source <(hourgate completion bash)` in ~/.bashrc. For zsh, put it as "
                    "_hourgate into a folder of $fpath. For fish, put it as hourgate.fish into "
                    "~/.config/fish/completions.",
         .parameters = {word("SHELL", "bash, zsh or fish")},
         .example = "source <(hourgate completion bash)",
         .run = completion},
        {.name = "man",
         .summary = "Print the manual page of hourgate",
         .details = "In the language of man(1), with every command and option.",
         .example = "hourgate man | man -l -",
         .run = manual},
    };
}

}  // namespace hourgate::cli
