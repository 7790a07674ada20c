#include "cli/parser.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "base/text.h"
#include "cli/help.h"
#include "token/format.h"

namespace hourgate::cli {

namespace {

using Kind = Parameter::Kind;

const Parameter common[] = {config_option, json_flag, help_flag};

bool is_option(std::string_view word) noexcept {
    return word.size() > 1 && word.front() == '-' && word != "--";
}

/// For a command that reads a token.
constexpr std::string_view to_standard_input =
    "put the token into a file and send that, as in `hourgate check GET /path < FILE`; or leave it "
    "out and paste it when you are asked";

std::string see_help(const Command* command) {
    return "see `hourgate " + (command == nullptr ? "" : command->path() + " ") + "--help`";
}

// --- checks of the words -------------------------------------------------------------------------

/// Returns the command that the words name, before they are parsed; null if they name none.
const Command* named_by(const std::vector<std::string>& words, const Table& table) {
    std::vector<std::string_view> plain;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const bool is_value = at > 0 && (words[at - 1] == config_option.name ||
                                         words[at - 1] == database_option.name);
        if (!is_option(words[at]) && !is_value)
            plain.push_back(words[at]);
    }
    for (const Command& command : table.commands) {
        const std::size_t place = command.group.empty() ? 0 : 1;
        if (plain.size() > place && plain[place] == command.name &&
            (place == 0 || plain.front() == command.group))
            return &command;
    }
    return nullptr;
}

/// Returns how to hand `command` the token that is among its arguments.
std::string place_of_token(const Command* command, const std::string& prefix) {
    if (command == nullptr)
        return "leave it out";
    if (command->reads_token)
        return std::string(to_standard_input);
    const bool takes_prefix = std::any_of(
        command->parameters.begin(), command->parameters.end(),
        [](const auto& one) { return one.name == "PREFIX" || one.name == token_option.name; });
    return takes_prefix ? "give its prefix, " + prefix : "leave it out: this command needs none";
}

Status check_word(std::string_view word, std::size_t place, const Command* command) {
    const std::string argument = "argument " + std::to_string(place);
    if (const std::string prefix(prefix_of_token_in(word)); !prefix.empty())
        return Failure{
            Fault::usage,
            argument + " holds a whole token, which everyone on this machine can see there",
            place_of_token(command, prefix) +
                "; if others use this machine, revoke it: `hourgate token revoke " + prefix + "`"};
    // An argument may not contain what a name may not, because messages repeat it.
    constexpr std::size_t any_length = static_cast<std::size_t>(-1);
    const std::string inside = "x" + std::string(word) + "x";
    if (is_plain_name(inside, any_length))
        return Done{};
    return Failure{
        Fault::usage,
        argument + ", '" + echoed(word) + "', " +
            (is_utf8(word) ? "has a control character, or one that nobody sees" : "is not UTF-8"),
        "leave it out; names are UTF-8 text of one line"};
}

/// Splits "--name=" into "--name" and "". CLI11 would take the next word for the value.
std::vector<std::string> apart(const std::vector<std::string>& words) {
    std::vector<std::string> out;
    bool options_ended = false;
    for (const std::string& word : words) {
        options_ended = options_ended || word == "--";
        if (!options_ended && word.starts_with("--") && word.find('=') == word.size() - 1) {
            out.push_back(word.substr(0, word.size() - 1));
            out.emplace_back();
        } else {
            out.push_back(word);
        }
    }
    return out;
}

// --- the table as CLI11 options ------------------------------------------------------------------

class Tree {
public:
    explicit Tree(const Table& table) : table_(table) {
        prepare(root_, common);
        for (const Command& command : table.commands) {
            CLI::App* parent = &root_;
            if (!command.group.empty())
                parent = group(command.group);
            CLI::App* leaf = parent->add_subcommand(std::string(command.name));
            prepare(*leaf, common);
            prepare(*leaf, command.parameters);
            commands_[leaf] = &command;
        }
    }

    [[nodiscard]] Result<Invocation> read(std::vector<std::string> words) {
        const std::string last = words.empty() ? "" : words.back();
        std::reverse(words.begin(), words.end());
        try {
            root_.parse(std::move(words));
        } catch (const CLI::ArgumentMismatch&) {
            return Failure{Fault::usage, echoed(last) + " needs a value", see_help(command())};
        } catch (const CLI::Error& error) {
            return Failure{Fault::usage, printable(error.what()), see_help(command())};
        }
        return outcome();
    }

private:
    /// Makes the app accept everything. This file reports mistakes itself, in texts that do not
    /// depend on the library's version.
    template <typename Parameters>
    void prepare(CLI::App& app, const Parameters& parameters) {
        app.set_help_flag();
        app.allow_extras();
        app.require_subcommand(0, 1);
        for (const Parameter& parameter : parameters)
            add(app, parameter);
    }

    static void add(CLI::App& app, const Parameter& parameter) {
        const std::string name(parameter.name);
        CLI::Option* added = nullptr;
        if (parameter.kind == Kind::flag)
            added = app.add_flag(name == "--help" ? "-h,--help" : name);
        else
            added = app.add_option(name);
        added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        if (parameter.kind == Kind::words)
            added->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
    }

    CLI::App* group(std::string_view name) {
        CLI::App*& app = groups_[std::string(name)];
        if (app == nullptr) {
            app = root_.add_subcommand(std::string(name));
            prepare(*app, common);
        }
        return app;
    }

    /// Returns the apps that the words led through, the root first.
    [[nodiscard]] std::vector<CLI::App*> path() {
        std::vector<CLI::App*> path = {&root_};
        for (auto next = root_.get_subcommands(); !next.empty();
             next = path.back()->get_subcommands())
            path.push_back(next.front());
        return path;
    }

    [[nodiscard]] const Command* command() {
        const auto found = commands_.find(path().back());
        return found == commands_.end() ? nullptr : found->second;
    }

    [[nodiscard]] const Group* group() {
        const std::vector<CLI::App*> apps = path();
        return apps.size() < 2 ? nullptr : table_.find_group(apps[1]->get_name());
    }

    [[nodiscard]] Result<Invocation> outcome() {
        Invocation invocation;
        const Command* found = command();
        const std::vector<std::string> extras = leftovers();
        if (is_given(help_flag)) {
            invocation.help = help(found);
            return invocation;
        }
        // Options belong to commands. If no command was found, the mistake to report is the word
        // that is not a command, not the options after it.
        const auto word = std::find_if_not(extras.begin(), extras.end(), is_option);
        // A word before a command was meant as a command: in `confg check`, "check" is a command
        // too.
        const std::vector<std::string> before = root_.remaining();
        if (found != nullptr && !before.empty() && !is_option(before.front()) &&
            before.front() != "--")
            return no_such_command(table_, nullptr, before.front());
        if (found == nullptr && word != extras.end())
            return no_such_command(table_, group(), *word);
        for (const std::string& extra : extras)
            if (is_option(extra))
                return no_such_option(found, extra);
        if (found == nullptr)
            return command_missing(table_, group());
        if (!extras.empty() && found->reads_token)
            return Failure{Fault::usage,
                           "there is one argument too many, which may be a token, so it is not "
                           "repeated here",
                           "the form is `hourgate " + usage_of(*found) + "`; " +
                               std::string(to_standard_input)};
        if (!extras.empty())
            return Failure{Fault::usage,
                           "'" + echoed(extras.front()) + "' is one argument too many",
                           (extras.front().ends_with(".toml")
                                ? "did you mean `--config " + echoed(extras.front()) + "`? "
                                : std::string()) +
                               "the form is `hourgate " + usage_of(*found) +
                               "`; put quotes around words that belong together"};
        invocation.command = found;
        if (Status taken = take_all(*found, invocation.arguments); !taken)
            return taken.failure();
        return invocation;
    }

    [[nodiscard]] std::string help(const Command* found) {
        if (found != nullptr)
            return help_of(*found);
        return group() != nullptr ? help_of(table_, *group()) : help_of_all(table_);
    }

    [[nodiscard]] std::vector<std::string> leftovers() {
        std::vector<std::string> all;
        for (const CLI::App* app : path())
            for (std::string& word : app->remaining())
                if (word != "--")
                    all.push_back(std::move(word));
        return all;
    }

    /// Returns the values given for `parameter` at any level.
    [[nodiscard]] std::vector<std::string> values_of(const Parameter& parameter) {
        std::vector<std::string> values;
        for (const CLI::App* app : path()) {
            const CLI::Option* known = app->get_option_no_throw(std::string(parameter.name));
            if (known != nullptr)
                values.insert(values.end(), known->results().begin(), known->results().end());
        }
        return values;
    }

    [[nodiscard]] bool is_given(const Parameter& parameter) {
        return !values_of(parameter).empty();
    }

    Status take(const Command& from, const Parameter& parameter, Arguments& arguments) {
        std::vector<std::string> values = values_of(parameter);
        const std::string name(parameter.name);
        if (values.empty()) {
            if (!parameter.needed)
                return Done{};
            return Failure{Fault::usage, name + " is missing",
                           "the form is `hourgate " + usage_of(from) + "`"};
        }
        if (parameter.kind == Kind::option && values.size() > 1)
            return Failure{Fault::usage,
                           name + " is given " + std::to_string(values.size()) + " times",
                           "give it once"};
        if (parameter.kind == Kind::flag && values.front() != "true")
            return Failure{Fault::usage, name + " takes no value", "write " + name + " alone"};
        arguments.add(parameter.name, std::move(values));
        return Done{};
    }

    Status take_all(const Command& from, Arguments& arguments) {
        for (const Parameter& parameter : from.parameters)
            if (Status taken = take(from, parameter, arguments); !taken)
                return taken;
        for (const Parameter& parameter : common)
            if (Status taken = take(from, parameter, arguments); !taken)
                return taken;
        return Done{};
    }

    const Table& table_;
    CLI::App root_;
    std::map<std::string, CLI::App*> groups_;
    std::map<const CLI::App*, const Command*> commands_;
};

}  // namespace

std::string_view prefix_of_token_in(std::string_view text) noexcept {
    for (const std::string_view mark : {"_live_", "_test_"}) {
        for (std::size_t at = text.find(mark); at != text.npos; at = text.find(mark, at + 1)) {
            const std::string_view rest = text.substr(at + mark.size());
            const std::string_view prefix = rest.substr(0, token::prefix_digits);
            if (rest.size() > prefix.size() + 1 && rest[prefix.size()] == '_' &&
                token::is_prefix(prefix))
                return prefix;
        }
    }
    return {};
}

Result<Invocation> parse(const std::vector<std::string>& words, const Table& table) {
    const Command* const command = named_by(words, table);
    for (std::size_t at = 0; at < words.size(); ++at)
        if (Status fine = check_word(words[at], at + 1, command); !fine)
            return fine.failure();
    std::vector<std::string> plain = apart(words);
    // Habits from other programs: `hourgate help workspace add` and `hourgate --version` or `-V`.
    if (!plain.empty() && plain.front() == "help") {
        plain.erase(plain.begin());
        plain.emplace_back("--help");
    }
    if (!plain.empty() && (plain.front() == "--version" || plain.front() == "-V"))
        plain.front() = "version";
    return Tree(table).read(std::move(plain));
}

}  // namespace hourgate::cli
