// The audit log as it is read: every change, by whoever and from wherever, newest first.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/result.h"
#include "manage/ledger.h"

namespace hourgate::manage {

/// Every action that is written, sorted.
inline constexpr std::array<std::string_view, 17> audit_actions = {
    "database.restore", "member.add",      "member.change", "member.remove",    "member.restore",
    "member.role",      "plan.remove",     "plan.set",      "token.change",     "token.mint",
    "token.revoke",     "token.rotate",    "workspace.add", "workspace.change", "workspace.close",
    "workspace.plan",   "workspace.rename"};

/// Operators only. A workspace is named by id or name, once: not_found when there is none.
[[nodiscard]] Result<Slice<AuditEvent>> list_events(const Context&, AuditFilter filter,
                                                    const Page& = {});

/// What list cursors are sealed with; see http/manage/cursor.h.
[[nodiscard]] Result<std::string> cursor_key(const Context&);

}  // namespace hourgate::manage
