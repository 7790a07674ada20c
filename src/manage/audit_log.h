// The audit log as it is read: every change, by whoever and from wherever, newest first.
#pragma once

#include <string>

#include "base/result.h"
#include "manage/ledger.h"

namespace hourgate::manage {

/// Operators only. A workspace is named by id or name, once: not_found when there is none.
[[nodiscard]] Result<Slice<AuditEvent>> list_events(const Context&, AuditFilter filter,
                                                    const Page& = {});

/// What list cursors are sealed with; see http/cursor.h.
[[nodiscard]] Result<std::string> cursor_key(const Context&);

}  // namespace hourgate::manage
