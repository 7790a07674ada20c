#include "manage/audit_log.h"

#include <utility>

#include "manage/find.h"
#include "manage/rights.h"

namespace hourgate::manage {

namespace {

Result<bool> has_events(Rows& rows, const std::string& workspace_id) {
    AuditFilter filter;
    filter.workspace_id = workspace_id;
    const auto one = rows.events(filter, {1});
    if (!one)
        return one.failure();
    return !one.value().items.empty();
}

}  // namespace

Result<Slice<AuditEvent>> list_events(const Context& context, AuditFilter filter,
                                      const Page& page) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    return in_read(context, [&](Rows& rows) -> Result<Slice<AuditEvent>> {
        if (!filter.workspace_id.empty()) {
            Result<Workspace> workspace = find_workspace(rows, filter.workspace_id);
            // One that was closed is in the log still, by its id.
            const bool by_id = filter.workspace_id.starts_with("ws_");
            if (!workspace && !(by_id && workspace.failure().fault == Fault::not_found))
                return workspace.failure();
            if (workspace)
                filter.workspace_id = std::move(workspace.value().public_id);
            else if (Result<bool> closed = has_events(rows, filter.workspace_id);
                     !closed || !closed.value())
                return closed ? workspace.failure() : closed.failure();
        }
        return rows.events(filter, page);
    });
}

Result<std::string> cursor_key(const Context& context) {
    return in_read(context, [](Rows& rows) { return rows.cursor_key(); });
}

}  // namespace hourgate::manage
