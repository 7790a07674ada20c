// Workspaces: added, listed, shown, moved to another plan.
#include <utility>

#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "manage/accounts.h"
#include "manage/audit.h"
#include "manage/find.h"

namespace hourgate::manage {

namespace {

Result<Plan> find_plan(Rows& rows, std::string_view name) {
    const Result<PlanBook> book = rows.plans();
    if (!book)
        return book.failure();
    if (const Plan* plan = book.value().find(name))
        return *plan;
    return Failure{Fault::not_found, "there is no plan " + quoted(name),
                   "see `hourgate plan list`"};
}

Json state_of(const Workspace& workspace, std::string_view plan) {
    Json json;
    json.add("plan", plan).add_time("paidUntil", workspace.paid_until_ms);
    return json;
}

Result<WorkspaceView> add_in(Rows& rows, const Context& context, const NewWorkspace& asked) {
    const auto taken = rows.workspace(asked.name);
    if (!taken)
        return taken.failure();
    if (taken.value())
        return Failure{Fault::conflict,
                       "there is a workspace " + quoted(asked.name) + " already (" +
                           taken.value()->public_id + ")",
                       "choose another name"};
    const Result<Plan> plan = find_plan(rows, asked.plan);
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

Result<WorkspaceView> change_plan_in(Rows& rows, const Context& context, std::string_view ws,
                                     std::string_view plan_name,
                                     std::optional<std::int64_t> paid_until_ms) {
    Result<Workspace> found = find_workspace(rows, ws);
    if (!found)
        return found.failure();
    Workspace& workspace = found.value();
    const Result<Plan> plan = find_plan(rows, plan_name);
    if (!plan)
        return plan.failure();
    const Result<WorkspaceView> before = view_of(rows, workspace, context.now.wall_ms);
    if (!before)
        return before.failure();
    const bool same =
        workspace.plan_id == plan.value().id && workspace.paid_until_ms == paid_until_ms;
    if (same)
        return before.value();

    const Json old_state = state_of(workspace, before.value().plan);
    workspace.plan_id = plan.value().id;
    workspace.paid_until_ms = paid_until_ms;
    if (Status updated = rows.update(workspace); !updated)
        return updated.failure();
    const Object object{workspace.public_id, workspace.public_id};
    const Json new_state = state_of(workspace, plan.value().name);
    if (Status told = record(rows, context, "workspace.plan", object, old_state, new_state); !told)
        return told.failure();
    return WorkspaceView{workspace, plan.value().name, before.value().members,
                         before.value().tokens};
}

}  // namespace

Result<WorkspaceView> add_workspace(const Context& context, const NewWorkspace& asked) {
    if (!is_plain_name(asked.name, limits::name_bytes_max))
        return Failure{Fault::usage, "a workspace cannot be named " + quoted(asked.name),
                       "use 1 to " + std::to_string(limits::name_bytes_max) +
                           " bytes of plain UTF-8 text, no space at either end"};
    return in_write(context, [&](Rows& rows) { return add_in(rows, context, asked); });
}

Result<std::vector<WorkspaceView>> list_workspaces(const Context& context) {
    return in_read(context,
                   [&](Rows& rows) { return rows.workspaces(context.now.wall_ms, std::nullopt); });
}

Result<WorkspaceView> show_workspace(const Context& context, std::string_view ws) {
    return in_read(context, [&](Rows& rows) -> Result<WorkspaceView> {
        const Result<Workspace> workspace = find_workspace(rows, ws);
        if (!workspace)
            return workspace.failure();
        return view_of(rows, workspace.value(), context.now.wall_ms);
    });
}

Result<WorkspaceView> change_plan(const Context& context, std::string_view ws,
                                  std::string_view plan,
                                  std::optional<std::int64_t> paid_until_ms) {
    return in_write(context, [&](Rows& rows) {
        return change_plan_in(rows, context, ws, plan, paid_until_ms);
    });
}

}  // namespace hourgate::manage
