// hourgate audit
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/show.h"
#include "cli/values.h"
#include "manage/accounts.h"
#include "manage/audit_log.h"

namespace hourgate::cli {

namespace {

constexpr std::int64_t shown_by_default = 50;

/// Refuses an action that is never recorded: its empty result would look like a quiet day.
Status check_action(const std::optional<std::string>& action) {
    const auto& known = manage::audit_actions;
    if (!action || std::find(known.begin(), known.end(), *action) != known.end())
        return Done{};
    std::string all;
    for (const std::string_view one : known)
        all.append(all.empty() ? "" : ", ").append(one);
    return Failure{Fault::usage, "--action '" + echoed(*action) + "' is not an action",
                   "the actions are: " + all};
}

/// Returns true if any event matches `filter`, or if the list cannot be read.
bool is_on_record(const manage::Context& context, const manage::AuditFilter& filter) {
    const auto one = manage::list_events(context, filter, {1});
    return !one || !one.value().items.empty();
}

/// Returns the actor that was probably meant by one without events: "cli:ann" or "operator:ann" for
/// "ann", or the id of a member. Returns "" if there is none.
std::string meant_by(const manage::Context& context, const std::string& actor) {
    manage::AuditFilter at_shell, by_token;
    at_shell.actor = "cli:" + actor;
    by_token.actor = "operator:" + actor;
    for (const manage::AuditFilter& one : {at_shell, by_token})
        if (is_on_record(context, one))
            return one.actor;
    const auto member = manage::show_member(context, actor);
    return member ? member.value().member.public_id : "";
}

/// Warns if a filter matches nothing at all: its empty result would look like a quiet day.
void warn_of_unknown(const CommandContext& session, const manage::Context& context,
                     const manage::AuditFilter& filter) {
    manage::AuditFilter by, on;
    by.actor = filter.actor;
    on.object = filter.object;
    if (!filter.actor.empty() && !is_on_record(context, by)) {
        const std::string meant = meant_by(context, filter.actor);
        session.output.warn("no event on record is by --actor '" + echoed(filter.actor) + "'; " +
                            (meant.empty() || meant == filter.actor
                                 ? "actors are cli:USER, operator:PREFIX or the id of a member"
                                 : "did you mean " + meant + "?"));
    }
    if (!filter.object.empty() && !is_on_record(context, on))
        session.output.warn("no event on record is on --object '" + echoed(filter.object) +
                            "'; objects are prefixes of tokens, ids of members and workspaces, and "
                            "names of plans");
}

Status audit(CommandContext& session) {
    const Arguments& arguments = session.arguments;
    if (Status known = check_action(arguments.find("--action")); !known)
        return known;
    const auto workspace = workspace_of(arguments);
    if (!workspace)
        return workspace.failure();
    manage::AuditFilter filter;
    filter.workspace_id = workspace.value();
    filter.actor = arguments.find("--actor").value_or("");
    filter.action = arguments.find("--action").value_or("");
    filter.object = arguments.find("--object").value_or("");
    const auto listing = listing_of(arguments, shown_by_default, session.clock.now().wall_ms);
    if (!listing)
        return listing.failure();
    filter.from_ms = listing.value().from_ms;
    filter.until_ms = listing.value().until_ms;
    const auto context = session.manage();
    if (!context)
        return context.failure();
    const auto events = manage::list_events(context.value(), filter, listing.value().page);
    if (events && events.value().items.empty())
        warn_of_unknown(session, context.value(), filter);
    return shown(session, events);
}

}  // namespace

std::vector<Command> audit_commands() {
    return {
        {.group = "",
         .name = "audit",
         .summary = "List changes, newest first: who, what, on whom, from where",
         .details = "Every change is an event, made at the command line, over HTTP or by a "
                    "restore. With --json also what was before and after.",
         .parameters = {optional_word("WS", "of one workspace, by id or name"), workspace_option,
                        option("--actor", "WHO", "cli:ann, operator:PREFIX or a member's id"),
                        option("--action", "WHAT", "token.mint, member.role, ..."),
                        option("--object", "ID",
                               "a token's prefix (also of a rotation that made it), a member's or "
                               "workspace's id"),
                        from_option, since_option, until_option,
                        option("--limit", "N", "at most so many; without it 50, 0: all"),
                        option("--sort", "FIELD", "at for the oldest first; -at is the default"),
                        search_option},
         .example = "hourgate audit Acme --action token.mint",
         .run = audit},
    };
}

}  // namespace hourgate::cli
