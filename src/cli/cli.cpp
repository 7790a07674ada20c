#include "cli/cli.h"

#include <algorithm>
#include <csignal>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/parser.h"
#include "ops/signals.h"

namespace hourgate::cli {

namespace {

/// Determines the form before parsing, so that usage errors are also reported in it.
Form form_of(const std::vector<std::string>& words) {
    const auto end = std::find(words.begin(), words.end(), "--");
    return std::find(words.begin(), end, json_flag.name) == end ? Form::plain : Form::json;
}

int run_words(std::string program, std::vector<std::string> words) {
    const Form form = form_of(words);
    const Output output(form, Hints::of_words(program, words));
    const Table table = all_commands();
    Result<Invocation> parsed = parse(words, table);
    if (!parsed) {
        output.fail(parsed.failure(), "");
        return exit_code_of(parsed.failure());
    }
    Invocation& invocation = parsed.value();
    if (invocation.command == nullptr) {
        const Status printed = output.print_found(invocation.help);
        return printed ? 0 : 1;
    }
    CommandContext session(std::move(program), std::move(words), std::move(invocation.arguments),
                           form);
    const Status done = invocation.command->run(session);
    if (done)
        return 0;
    session.output.fail(session.with_advice(done.failure()), session.config_file());
    return exit_code_of(done.failure());
}

}  // namespace

int run(int argc, char** argv) noexcept {
    // Any command may have a token in memory. SIGPIPE must not end a command that has changed
    // something: a closed pipe is a failure to report.
    ops::forbid_dumps();
    ops::confine_name_look_ups();
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
    const Output output(Form::plain);
    try {
        const std::vector<std::string> all(argv, argv + argc);
        if (all.empty())
            return run_words("hourgate", {});
        return run_words(all.front(), {all.begin() + 1, all.end()});
    } catch (const std::bad_alloc&) {
        output.fail({Fault::system, "out of memory", "free some and try again"}, "");
    } catch (const std::exception& error) {
        output.fail(
            {Fault::system, std::string("unexpected: ") + error.what(), "please report this"}, "");
    } catch (...) {
        output.fail({Fault::system, "something unexpected happened", "please report this"}, "");
    }
    return 1;
}

}  // namespace hourgate::cli
