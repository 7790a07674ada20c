// Use cases on workspaces, members and plans. Each is one transaction with its audit event.
// Failures: usage (the text itself is wrong), not_found, conflict (the rules forbid it now), store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "manage/ledger.h"

namespace hourgate::manage {

// --- workspaces: WS is a public id or a unique name ---

struct NewWorkspace {
    std::string name;
    std::string plan = "free";
    std::optional<std::int64_t> paid_until_ms;
};
[[nodiscard]] Result<WorkspaceView> add_workspace(const Context&, const NewWorkspace&);
[[nodiscard]] Result<std::vector<WorkspaceView>> list_workspaces(const Context&);
[[nodiscard]] Result<WorkspaceView> show_workspace(const Context&, std::string_view ws);
/// Moves to a plan; paid_until is set as given, none: paid without end.
[[nodiscard]] Result<WorkspaceView> change_plan(const Context&, std::string_view ws,
                                                std::string_view plan,
                                                std::optional<std::int64_t> paid_until_ms);

// --- members: MEMBER is a public id, "WS/EMAIL", "WS/SERVICE NAME", or an e-mail where unambiguous
// ---

struct NewMember {
    std::string workspace;
    MemberKind kind = MemberKind::person;
    std::string email;  ///< person
    std::string name;   ///< service: required
    Role role = Role::member;
};
[[nodiscard]] Result<MemberView> add_member(const Context&, const NewMember&);
[[nodiscard]] Result<std::vector<MemberView>> list_members(const Context&, std::string_view ws);
/// Conflict when it would leave the workspace, which has an owner, without one.
[[nodiscard]] Result<MemberView> change_role(const Context&, std::string_view member, Role role);
[[nodiscard]] Result<MemberView> remove_member(const Context&, std::string_view member);
[[nodiscard]] Result<MemberView> restore_member(const Context&, std::string_view member);

// --- plans ---

/// What is given is set, the rest stays; a plan that does not exist is made (api no, rank 0).
struct PlanChange {
    std::string name;
    std::optional<bool> api;
    std::optional<std::int64_t> rank;
    std::optional<std::vector<Window>> windows;  ///< replaces all windows
};
[[nodiscard]] Result<std::vector<Plan>> list_plans(const Context&);
[[nodiscard]] Result<Plan> set_plan(const Context&, const PlanChange&);
/// Conflict while a workspace is on it.
[[nodiscard]] Status remove_plan(const Context&, std::string_view name);

/// For `init`: makes the built-in plans in an empty database.
[[nodiscard]] Status add_built_in_plans(const Context&);

}  // namespace hourgate::manage
