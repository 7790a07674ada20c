// Workspaces: added, listed, shown, moved to another plan, closed.
#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "base/time_text.h"
#include "manage/accounts.h"
#include "manage/audit.h"
#include "manage/find.h"
#include "manage/rights.h"
#include "manage/similar.h"

namespace hourgate::manage {

namespace {

Status check_name(std::string_view name) {
    if (is_name(name, limits::name_bytes_max))
        return Done{};
    return Failure{Fault::usage, "a workspace cannot be named " + quoted(name),
                   name_rule(name, limits::name_bytes_max), "bad_name", "name"};
}

/// Conflict when another workspace than the one of `row` has the name, or it as its id.
Status check_name_free(Rows& rows, std::string_view name, std::int64_t row) {
    const auto taken = rows.workspace(name);
    if (!taken)
        return taken.failure();
    if (!taken.value() || taken.value()->id == row)
        return Done{};
    return Failure{
        Fault::conflict,
        "there is a workspace " + quoted(name) + " already (" + taken.value()->public_id + ")",
        "choose another name",
        "name_taken",
        "name",
        taken.value()->public_id};
}

void add_state(Json& json, const Workspace& workspace, std::string_view plan) {
    json.add("plan", plan).add_time("paidUntil", workspace.paid_until_ms);
}

/// The view with where the workspace stands with its payment now.
WorkspaceView with_standing(WorkspaceView view, const Context& context) {
    const std::int64_t now_ms = context.now.wall_ms;
    const auto paid_until_ms = view.workspace.paid_until_ms;
    view.standing = standing_at(paid_until_ms, context.lapse, now_ms);
    if (!paid_until_ms)
        return view;
    const bool in_grace = view.standing.paid == Paid::in_grace;
    const std::int64_t left_ms = (in_grace ? view.standing.lapses_ms : *paid_until_ms) - now_ms;
    view.days_left = std::max<std::int64_t>((left_ms + ms_per_day - 1) / ms_per_day, 0);
    return view;
}
Result<WorkspaceView> with_standing(Result<WorkspaceView> view, const Context& context) {
    if (!view)
        return view;
    return with_standing(std::move(view).value(), context);
}

Result<WorkspaceView> add_in(Rows& rows, const Context& context, const NewWorkspace& asked) {
    if (Status free = check_name_free(rows, asked.name, 0); !free)
        return free.failure();
    const Result<Plan> plan = find_plan(rows, asked.plan, "plan");
    if (!plan)
        return plan.failure();
    Workspace workspace;
    workspace.public_id = random_id("ws_");
    workspace.name = asked.name;
    workspace.plan_id = plan.value().id;
    workspace.paid_until_ms = asked.paid_until_ms;
    workspace.created_ms = context.now.wall_ms;
    if (Status added = rows.add(workspace); !added)
        return added.failure();
    Json after;
    after.add("name", workspace.name).add("plan", asked.plan);
    after.add_time("paidUntil", workspace.paid_until_ms);
    const Object object{workspace.public_id, workspace.public_id};
    if (Status told = record(rows, context, "workspace.add", object, {}, after); !told)
        return told.failure();
    return WorkspaceView{workspace, asked.plan, 0, 0};
}

/// Sets in `workspace` what is asked for, as far as it can be.
Status apply(Rows& rows, const WorkspaceChange& change, Workspace& workspace) {
    if (change.name) {
        if (Status free = check_name_free(rows, *change.name, workspace.id); !free)
            return free;
        workspace.name = *change.name;
    }
    if (change.plan) {
        const Result<Plan> plan = find_plan(rows, *change.plan, "plan");
        if (!plan)
            return plan.failure();
        workspace.plan_id = plan.value().id;
    }
    if (change.paid_until_ms)
        workspace.paid_until_ms = *change.paid_until_ms;
    return Done{};
}

Result<WorkspaceView> change_in(Rows& rows, const Context& context, std::string_view ws,
                                const WorkspaceChange& change) {
    Result<Workspace> found = find_workspace(rows, ws);
    if (!found)
        return found.failure();
    const Result<WorkspaceView> before = view_of(rows, found.value(), context.now.wall_ms);
    if (!before)
        return before;
    const Workspace& was = before.value().workspace;
    Workspace& is = found.value();
    if (Status applied = apply(rows, change, is); !applied)
        return applied.failure();
    const bool renamed = is.name != was.name;
    const bool moved = is.plan_id != was.plan_id || is.paid_until_ms != was.paid_until_ms;
    if (!renamed && !moved)
        return before;

    if (Status updated = rows.update(is); !updated)
        return updated.failure();
    const Result<WorkspaceView> after = view_of(rows, is, context.now.wall_ms);
    if (!after)
        return after;
    Json old_state, new_state;
    if (renamed) {
        old_state.add("name", was.name);
        new_state.add("name", is.name);
    }
    if (moved) {
        add_state(old_state, was, before.value().plan);
        add_state(new_state, is, after.value().plan);
    }
    const std::string_view action = !moved    ? "workspace.rename"
                                    : renamed ? "workspace.change"
                                              : "workspace.plan";
    const Object object{is.public_id, is.public_id};
    if (Status told = record(rows, context, action, object, old_state, new_state); !told)
        return told.failure();
    return after;
}

/// Removes ended tokens of a workspace that has no others, as many as one transaction takes; then
/// the workspace. Returns whether that is done.
Result<bool> close_step(Rows& rows, const Context& context, std::string_view ws,
                        ClosedWorkspace& closed) {
    const Result<Workspace> found = find_workspace(rows, ws);
    if (!found)
        return found.failure();
    Result<WorkspaceView> view = view_of(rows, found.value(), context.now.wall_ms);
    if (!view)
        return view.failure();
    closed.view = std::move(view).value();
    const Workspace& workspace = closed.view.workspace;
    if (closed.view.tokens > 0)
        return Failure{
            Fault::conflict,
            "workspace " + quoted(workspace.name) + " has " + std::to_string(closed.view.tokens) +
                (closed.view.tokens == 1 ? " live token" : " live tokens"),
            "revoke them first: `hourgate token revoke --workspace " + workspace.public_id + "`",
            "workspace_in_use",
            {},
            workspace.public_id};
    TokenRows which;
    which.workspace = workspace.id;
    const auto tokens = rows.tokens(which, {limits::prune_rows_max});
    if (!tokens)
        return tokens.failure();
    std::int64_t left = limits::prune_rows_max;
    // The newest first: the first of a line goes when the others are gone.
    for (const TokenView& one : tokens.value().items) {
        const auto usage = rows.remove_ended_token(one.token.id, context.now.wall_ms, left);
        if (!usage)
            return usage.failure();
        if (usage.value() == left)
            return false;
        left -= usage.value() + 1;
        ++closed.ended_tokens;
        if (left <= 0)
            return false;
    }
    const auto members = rows.members({workspace.id}, {});
    if (!members)
        return members.failure();
    closed.members = static_cast<std::int64_t>(members.value().items.size());
    if (Status removed = rows.remove_workspace(workspace.id); !removed)
        return removed.failure();
    Json before;
    before.add("name", workspace.name);
    add_state(before, workspace, closed.view.plan);
    before.add("members", closed.members).add("endedTokens", closed.ended_tokens);
    const Object object{workspace.public_id, workspace.public_id};
    if (Status told = record(rows, context, "workspace.close", object, before, {}); !told)
        return told.failure();
    return true;
}

}  // namespace

Result<WorkspaceView> add_workspace(const Context& context, const NewWorkspace& asked) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    if (Status named = check_name(asked.name); !named)
        return named.failure();
    return with_standing(
        in_write(context, [&](Rows& rows) { return add_in(rows, context, asked); }), context);
}

Result<Slice<WorkspaceView>> list_workspaces(const Context& context, const Page& page,
                                             const WorkspaceQuery& query) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    auto listed = in_read(context, [&](Rows& rows) -> Result<Slice<WorkspaceView>> {
        WorkspaceRows which{{}, query.standing, context.now.wall_ms, context.lapse};
        if (!query.plan.empty()) {
            const Result<Plan> plan = find_plan(rows, query.plan, "plan");
            if (!plan)
                return plan.failure();
            which.plan = plan.value().id;
        }
        return rows.workspaces(which, page);
    });
    if (listed)
        for (WorkspaceView& view : listed.value().items)
            view = with_standing(std::move(view), context);
    return listed;
}

Result<WorkspaceView> show_workspace(const Context& context, std::string_view ws) {
    return in_read(context, [&](Rows& rows) -> Result<WorkspaceView> {
        const auto found = caller_and_workspace(rows, context, ws);
        if (!found)
            return found.failure();
        const auto& [caller, workspace] = found.value();
        if (caller && caller->member.role == Role::member)
            return Failure{Fault::forbidden, "role member does not see the workspace",
                           "ask a manager or above", "role_forbidden"};
        return with_standing(view_of(rows, workspace, context.now.wall_ms), context);
    });
}

Result<WorkspaceView> change_workspace(const Context& context, std::string_view ws,
                                       const WorkspaceChange& change) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    if (change.name)
        if (Status named = check_name(*change.name); !named)
            return named.failure();
    return with_standing(
        in_write(context, [&](Rows& rows) { return change_in(rows, context, ws, change); }),
        context);
}

Result<ClosedWorkspace> close_workspace(const Context& context, std::string_view ws) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    ClosedWorkspace closed;
    std::string named(ws);
    for (;;) {
        const Result<bool> done =
            in_write(context, [&](Rows& rows) { return close_step(rows, context, named, closed); });
        if (!done)
            return done.failure();
        closed.view = with_standing(std::move(closed.view), context);
        if (done.value() || context.preview)
            return closed;
        named = closed.view.workspace.public_id;
    }
}

Result<std::string> warning_about_name(const Context& context, const Workspace& workspace) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    return in_read(context, [&](Rows& rows) -> Result<std::string> {
        const auto similar = similar_workspace(rows, workspace.name, workspace.id);
        if (!similar)
            return similar.failure();
        if (!similar.value())
            return std::string();
        return "There is also a workspace " + quoted(similar.value()->name) + " (" +
               similar.value()->public_id + "): its name differs from " + quoted(workspace.name) +
               " only in letter case.";
    });
}

std::vector<std::string> standing_warnings(const Context& context, const WorkspaceView& view) {
    std::vector<std::string> warnings;
    const auto paid_until_ms = view.workspace.paid_until_ms;
    const Standing standing = standing_at(paid_until_ms, context.lapse, context.now.wall_ms);
    if (standing.paid != Paid::yes)
        warnings.push_back("Paid until " + format_time(*paid_until_ms) +
                           " is in the past: the workspace " +
                           (standing.paid == Paid::in_grace ? "is in its grace, and counts"
                                                            : "has lapsed, and counts") +
                           " as plan " + quoted(context.lapse_to) +
                           (standing.paid == Paid::in_grace ? " from " : " since ") +
                           format_time(standing.lapses_ms) + ".");
    const auto plan = show_plan(context, view.plan);
    if (plan && !plan.value().api && view.tokens > 0)
        warnings.push_back("The workspace has " + std::to_string(view.tokens) +
                           (view.tokens == 1 ? " live token" : " live tokens") + ", and plan " +
                           quoted(view.plan) +
                           " has no API access: their calls are answered 402 from now on.");
    return warnings;
}

}  // namespace hourgate::manage
