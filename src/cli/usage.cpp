// hourgate usage
#include <string>

#include "cli/commands.h"
#include "cli/session.h"
#include "cli/show.h"
#include "cli/values.h"
#include "manage/usage.h"

namespace hourgate::cli {

namespace {

constexpr std::int64_t shown_by_default = 50;

Status usage(Session& session) {
    const Arguments& arguments = session.arguments;
    const auto workspace = workspace_of(arguments);
    if (!workspace)
        return workspace.failure();
    manage::UsageQuery query;
    query.tokens.workspace = workspace.value();
    query.tokens.member = arguments.find(member_option.name).value_or("");
    query.prefix = arguments.find(token_option.name).value_or("");
    const auto listing =
        listing_of(arguments, shown_by_default, session.clock.now().wall_ms, manage::usage_order);
    if (!listing)
        return listing.failure();
    query.from_ms = listing.value().from_ms;
    query.until_ms = listing.value().until_ms;
    const auto context = session.manage();
    if (!context)
        return context.failure();
    return shown(session, manage::list_usage(context.value(), query, listing.value().page));
}

}  // namespace

std::vector<Command> usage_commands() {
    return {
        {.name = "usage",
         .summary = "List how tokens are used: calls by hour, granted and refused",
         .details = "Latest hour first. The server writes what it counted every few seconds, and "
                    "keeps it as [usage] keep says.",
         .parameters = {workspace_option, member_option, token_option, from_option, since_option,
                        until_option,
                        option("--limit", "N", "at most so many; without it 50, 0: all"),
                        option("--sort", "FIELD",
                               "hour for the oldest first; -hour is the default"),
                        search_option},
         .example = "hourgate usage --workspace Acme --since 7d",
         .run = usage},
    };
}

}  // namespace hourgate::cli
