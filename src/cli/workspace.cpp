// hourgate workspace add | list | show | plan | rename | transfer | close
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/show.h"
#include "cli/values.h"
#include "manage/accounts.h"
#include "manage/ownership.h"

namespace hourgate::cli {

namespace {

constexpr Parameter ws = word("WS", "a workspace, by id or name");
constexpr std::string_view paid_until = "--paid-until";

Result<std::optional<std::optional<std::int64_t>>> paid_until_of(const CommandContext& session) {
    return end_of(session.arguments, paid_until, session.clock.now().wall_ms);
}

void warn_of_standing(const CommandContext& session, const manage::Context& context,
                      const manage::WorkspaceView& view) {
    for (const std::string& warning : manage::standing_warnings(context, view))
        session.output.warn(warning);
}

/// Ignores a failed look-up: the change itself is done.
void warn_of_name(CommandContext& session, const manage::Context& context,
                  const Workspace& workspace) {
    const auto warning = manage::warning_about_name(context, workspace);
    if (warning && !warning.value().empty())
        session.output.warn(warning.value());
}

Status add(CommandContext& session) {
    const auto until = paid_until_of(session);
    if (!until)
        return until.failure();
    const auto context = session.manage();
    if (!context)
        return context.failure();
    manage::NewWorkspace asked;
    asked.name = session.arguments.one("NAME");
    asked.plan = session.arguments.find("--plan").value_or(asked.plan);
    asked.paid_until_ms = until.value().value_or(std::nullopt);
    const auto added = manage::add_workspace(context.value(), asked);
    if (added) {
        warn_of_standing(session, context.value(), added.value());
        warn_of_name(session, context.value(), added.value().workspace);
    }
    return shown_in_force(session, added);
}

Status list(CommandContext& session) {
    const auto page = page_of(session.arguments, manage::workspace_order);
    if (!page)
        return page.failure();
    const auto standing = standing_of(session.arguments, "--standing");
    if (!standing)
        return standing.failure();
    const manage::WorkspaceQuery query{session.arguments.find("--plan").value_or(""),
                                       standing.value()};
    const auto context = session.manage();
    if (!context)
        return context.failure();
    return shown(session, manage::list_workspaces(context.value(), page.value(), query));
}

Status show_one(CommandContext& session) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    return shown(session, manage::show_workspace(context.value(), session.arguments.one(ws.name)));
}

Status plan(CommandContext& session) {
    const auto until = paid_until_of(session);
    if (!until)
        return until.failure();
    const auto context = session.manage();
    if (!context)
        return context.failure();
    manage::WorkspaceChange change;
    change.plan = session.arguments.one("PLAN");
    change.paid_until_ms = until.value();
    const auto changed =
        manage::change_workspace(context.value(), session.arguments.one(ws.name), change);
    if (changed)
        warn_of_standing(session, context.value(), changed.value());
    return shown_in_force(session, changed);
}

Status rename(CommandContext& session) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    manage::WorkspaceChange change;
    change.name = session.arguments.one("NAME");
    const auto renamed =
        manage::change_workspace(context.value(), session.arguments.one(ws.name), change);
    if (renamed)
        warn_of_name(session, context.value(), renamed.value().workspace);
    return shown_in_force(session, renamed);
}

Status transfer(CommandContext& session) {
    const auto role = role_of(session.arguments, "--former");
    if (!role)
        return role.failure();
    manage::Transfer asked;
    asked.workspace = session.arguments.one(ws.name);
    asked.to = session.arguments.one("MEMBER");
    asked.from = session.arguments.find("--from").value_or("");
    asked.former = role.value().value_or(asked.former);
    const auto context = session.manage();
    if (!context)
        return context.failure();
    const auto done = manage::transfer_ownership(context.value(), asked);
    if (!done)
        return done.failure();
    store::wait_out_leases();
    return with_preview_note(session, show(session, std::vector<manage::MemberView>{
                                                        done.value().owner, done.value().former}));
}

Status close(CommandContext& session) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    const auto closed = manage::close_workspace(context.value(), session.arguments.one(ws.name));
    if (!closed)
        return closed.failure();
    store::wait_out_leases();
    return show_closed(session, closed.value());
}

}  // namespace

std::vector<Command> workspace_commands() {
    return {
        {.group = "workspace",
         .name = "add",
         .summary = "Add a workspace",
         .parameters = {word("NAME", "unique; put quotes around more than one word"),
                        option("--plan", "P", "its plan; without it: free"),
                        option(paid_until, "DATE",
                               "2027-01-31 (with that day, UTC), an instant, or 90d from now; "
                               "never, as without it, for no end")},
         .example = "hourgate workspace add \"Acme Inc\" --plan studio --paid-until 2027-01-31",
         .run = add},
        {.group = "workspace",
         .name = "list",
         .summary = "List all workspaces, or those that fit every filter",
         .parameters = {option("--plan", "P", "on one plan"),
                        option("--standing", "S", "paid, grace or lapsed"),
                        option("--sort", "FIELD",
                               "created (the default) or name, or one of these behind a '-'"),
                        search_option},
         .example = "hourgate workspace list --json",
         .run = list},
        {.group = "workspace",
         .name = "show",
         .summary = "Show a workspace",
         .parameters = {ws},
         .example = "hourgate workspace show Acme",
         .run = show_one},
        {.group = "workspace",
         .name = "plan",
         .summary = "Move a workspace to a plan, or pay for the one it has",
         .details = "In force, for the same tokens, when the command returns.",
         .parameters = {ws, word("PLAN", "see `hourgate plan list`"),
                        option(paid_until, "DATE",
                               "2027-01-31 (with that day, UTC), an instant, 90d from now, or "
                               "never; without it: as it was"),
                        dry_run_flag},
         .example = "hourgate workspace plan Acme agency --paid-until 2027-01-31",
         .run = plan},
        {.group = "workspace",
         .name = "rename",
         .summary = "Give a workspace another name; its id stays",
         .parameters = {ws, word("NAME", "unique; put quotes around more than one word"),
                        dry_run_flag},
         .example = "hourgate workspace rename Acme \"Acme International\"",
         .run = rename},
        {.group = "workspace",
         .name = "transfer",
         .summary = "Make another member the owner, in the place of the present one",
         .details = "In one step, so that the workspace is never without an owner.",
         .parameters = {ws, word("MEMBER", "who becomes owner, by id, e-mail or service name"),
                        option("--from", "MEMBER", "the present owner, where there are several"),
                        option("--former", "R",
                               "what that owner becomes: admin (without it), manager or member"),
                        dry_run_flag},
         .example = "hourgate workspace transfer Acme bob@acme.example",
         .run = transfer},
        {.group = "workspace",
         .name = "close",
         .summary = "Delete a workspace that has no live tokens, with its members",
         .details = "This cannot be undone. Its ended tokens and their usage go with it; the audit "
                    "log and the decision log stay. Its name is free again. To revoke its tokens "
                    "first: `hourgate token revoke --workspace WS`.",
         .parameters = {ws, dry_run_flag},
         .example = "hourgate workspace close Acme",
         .run = close},
    };
}

}  // namespace hourgate::cli
