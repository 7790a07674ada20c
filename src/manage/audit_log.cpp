#include "manage/audit_log.h"

#include <utility>

#include "manage/find.h"
#include "manage/rights.h"

namespace hourgate::manage {

Result<Slice<AuditEvent>> list_events(const Context& context, AuditFilter filter,
                                      const Page& page) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    return in_read(context, [&](Rows& rows) -> Result<Slice<AuditEvent>> {
        if (!filter.workspace_id.empty()) {
            Result<std::string> id = find_workspace_in_logs(rows, filter.workspace_id);
            if (!id)
                return id.failure();
            filter.workspace_id = std::move(id).value();
        }
        return rows.events(filter, page);
    });
}

Result<std::string> cursor_key(const Context& context) {
    return in_read(context, [](Rows& rows) { return rows.cursor_key(); });
}

}  // namespace hourgate::manage
