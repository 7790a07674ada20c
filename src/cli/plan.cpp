// hourgate plan list | show | set | remove
#include <utility>

#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/show.h"
#include "cli/values.h"
#include "manage/accounts.h"

namespace hourgate::cli {

namespace {

constexpr Parameter name = word("NAME", "1 to 32 of a-z, 0-9, _ and -, a letter first");
constexpr std::int64_t rank_max = 1'000'000;

/// Returns all given windows, an empty list for "--window none", or nullopt without --window.
Result<std::optional<std::vector<Window>>> windows_of(const Arguments& arguments) {
    if (!arguments.given("--window"))
        return std::optional<std::vector<Window>>();
    std::vector<Window> windows;
    const std::vector<std::string> texts = arguments.all("--window");
    if (texts == std::vector<std::string>{"none"})
        return std::optional(windows);
    for (const std::string& text : texts) {
        auto window = parse_window(text);
        if (!window)
            return window.failure();
        windows.push_back(std::move(window).value());
    }
    return std::optional(std::move(windows));
}

Status set(CommandContext& session) {
    manage::PlanChange change;
    change.name = session.arguments.one(name.name);
    const auto api = yes_or_no(session.arguments, "--api");
    if (!api)
        return api.failure();
    const auto rank = number_of(session.arguments, "--rank", rank_max);
    if (!rank)
        return rank.failure();
    const auto windows = windows_of(session.arguments);
    if (!windows)
        return windows.failure();
    change.api = api.value();
    change.rank = rank.value();
    change.windows = windows.value();
    const auto context = session.manage();
    if (!context)
        return context.failure();
    return shown_in_force(session, manage::change_plan(context.value(), change));
}

Status list(CommandContext& session) {
    const auto page = page_of(session.arguments, manage::plan_order);
    if (!page)
        return page.failure();
    const auto context = session.manage();
    if (!context)
        return context.failure();
    return shown(session, manage::list_plans(context.value(), page.value()));
}

Status show_one(CommandContext& session) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    return shown(session, manage::show_plan(context.value(), session.arguments.one(name.name)));
}

Status remove(CommandContext& session) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    const std::string& named = session.arguments.one(name.name);
    if (Status removed = manage::remove_plan(context.value(), named); !removed)
        return removed;
    store::wait_out_leases();
    return show_removed_plan(session, named);
}

}  // namespace

std::vector<Command> plan_commands() {
    return {
        {.group = "plan",
         .name = "list",
         .summary = "List the plans, the cheapest first",
         .parameters = {option("--sort", "FIELD",
                               "rank (the default) or name, or one of these behind a '-'"),
                        search_option},
         .example = "hourgate plan list",
         .run = list},
        {.group = "plan",
         .name = "show",
         .summary = "Show a plan",
         .parameters = {name},
         .example = "hourgate plan show studio",
         .run = show_one},
        {.group = "plan",
         .name = "set",
         .summary = "Make a plan or change it",
         .details = "What is not given stays as it is.",
         .parameters =
             {name,
              option("--api", "YES-OR-NO", "whether calls are granted at all; of a new plan: no"),
              option("--rank", "N", "orders plans, the cheaper one lower; of a new plan: 0"),
              options(
                  "--window", "NAME=LIMIT/SECONDS[/PER]",
                  "at most LIMIT calls in any SECONDS, counted per token (the default), member or "
                  "workspace; replaces all windows; \"none\" for none"),
              dry_run_flag},
         .example = "hourgate plan set team --api yes --rank 15 --window burst=60/10 "
                    "--window sustained=600/60/member --window day=5000/86400/workspace",
         .run = set},
        {.group = "plan",
         .name = "remove",
         .summary = "Remove a plan that no workspace is on",
         .parameters = {name, dry_run_flag},
         .example = "hourgate plan remove team",
         .run = remove},
    };
}

}  // namespace hourgate::cli
