// hourgate completion and hourgate man: both are written from the table of commands.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/session.h"

namespace hourgate::cli {

namespace {

using Kind = Parameter::Kind;

/// Options and flags of a command, those that every command takes at the end.
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

/// The words that can stand first, or behind a group.
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

// --- bash, and zsh by its bashcompinit ----------------------------------------------------------

/// Patterns of a case: "'token mint'|'token rotate'".
std::string pattern(std::vector<std::string> paths) {
    std::string all;
    for (const std::string& path : paths)
        all.append(all.empty() ? "'" : "|'").append(path).append("'");
    return all;
}

std::string bash_text(const Table& table) {
    std::string text =
        "# bash completion for hourgate, written by `hourgate completion bash`\n"
        "_hourgate() {\n"
        "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cmd= word i\n"
        "    COMPREPLY=()\n"
        "    for ((i = 1; i < COMP_CWORD; ++i)); do\n"
        "        word=${COMP_WORDS[i]}\n"
        "        case $word in -*) continue ;; esac\n"
        "        case ${COMP_WORDS[i-1]} in --config|--database) continue ;; esac\n"
        "        case \"$cmd\" in\n"
        "        '') cmd=$word ;;\n"
        "        " +
        [&] {
            std::vector<std::string> groups;
            for (const Group& group : table.groups)
                groups.emplace_back(group.name);
            return pattern(groups);
        }() +
        ") cmd=\"$cmd $word\" ;;\n"
        "        esac\n"
        "    done\n"
        "    case \"$cmd\" in\n"
        "    '') COMPREPLY=($(compgen -W '" +
        joined(words_behind(table, "")) + " help --version --help' -- \"$cur\")) ;;\n";
    for (const Group& group : table.groups)
        text += "    '" + std::string(group.name) + "') COMPREPLY=($(compgen -W '" +
                joined(words_behind(table, group.name)) + " --help' -- \"$cur\")) ;;\n";
    for (const Command& command : table.commands) {
        std::vector<std::string> names, files, others;
        bool files_by_place = false;
        for (const Parameter& parameter : options_of(command)) {
            names.emplace_back(parameter.name);
            if (takes_value(parameter))
                (takes_file(parameter) ? files : others).emplace_back(parameter.name);
        }
        for (const Parameter& parameter : command.parameters)
            files_by_place =
                files_by_place || (!parameter.name.starts_with('-') && takes_file(parameter));
        text += "    '" + command.path() + "')\n        case $prev in\n";
        if (!files.empty())
            text += "        " + pattern(files) + ") COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n";
        if (!others.empty())
            text += "        " + pattern(others) + ") ;;\n";
        text +=
            "        *) case $cur in\n"
            "           -*) COMPREPLY=($(compgen -W '" +
            joined(names) + "' -- \"$cur\")) ;;\n";
        if (command.name == "completion")
            text += "           *) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$cur\")) ;;\n";
        else if (files_by_place)
            text += "           *) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n";
        text += "           esac ;;\n        esac ;;\n";
    }
    return text + "    esac\n}\ncomplete -F _hourgate hourgate\n";
}

std::string zsh_text(const Table& table) {
    return "#compdef hourgate\n"
           "# zsh completion for hourgate, written by `hourgate completion zsh`\n"
           "autoload -U +X bashcompinit && bashcompinit\n" +
           bash_text(table);
}

// --- fish ---------------------------------------------------------------------------------------

/// In single quotes, as fish reads it.
std::string fish_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + "'";
}

std::string fish_text(const Table& table) {
    const std::string first = "__fish_use_subcommand";
    std::string text =
        "# fish completion for hourgate, written by `hourgate completion fish`\n"
        "complete -c hourgate -f\n";
    for (const Group& group : table.groups)
        text += "complete -c hourgate -n " + first + " -a " + std::string(group.name) + " -d " +
                fish_quoted(group.summary) + "\n";
    for (const Command& command : table.commands) {
        std::string here = first;
        std::string inside = "'__fish_seen_subcommand_from " + std::string(command.name) + "'";
        if (!command.group.empty()) {
            const std::string group(command.group);
            here = "'__fish_seen_subcommand_from " + group +
                   "; and not __fish_seen_subcommand_from " +
                   joined(words_behind(table, command.group)) + "'";
            inside = "'__fish_seen_subcommand_from " + group +
                     "; and __fish_seen_subcommand_from " + std::string(command.name) + "'";
        }
        text += "complete -c hourgate -n " + here + " -a " + std::string(command.name) + " -d " +
                fish_quoted(command.summary) + "\n";
        for (const Parameter& option : options_of(command))
            text += "complete -c hourgate -n " + inside + " -l " +
                    std::string(option.name.substr(2)) +
                    (takes_value(option) ? takes_file(option) ? " -rF" : " -x" : "") + " -d " +
                    fish_quoted(option.help) + "\n";
        if (command.name == "completion")
            text += "complete -c hourgate -n " + inside + " -a 'bash zsh fish'\n";
    }
    return text;
}

// --- the manual page ----------------------------------------------------------------------------

/// Text as roff shows it (groff_man(7)): '-' is a minus that can be copied, and no line begins with
/// a request.
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

/// As the argument of a request: a '"' is written as two within quotes.
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

Status completion(Session& session) {
    const std::string& shell = session.arguments.one("SHELL");
    const Table table = all_commands();
    if (shell == "bash")
        return session.output.print_found(bash_text(table));
    if (shell == "zsh")
        return session.output.print_found(zsh_text(table));
    if (shell == "fish")
        return session.output.print_found(fish_text(table));
    return Failure{Fault::usage, "SHELL: '" + echoed(shell) + "' is not known",
                   "write bash, zsh or fish"};
}

Status manual(Session& session) {
    return session.output.print_found(manual_text(all_commands()));
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
