// Use cases on workspaces, members and plans. Each is one transaction with its audit event.
// Operators change; what members may look at is said where it stands. Failures: usage (the text
// itself is wrong), not_found, conflict (the rules forbid it now), forbidden (to whoever asks),
// store.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
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
/// Which workspaces to list. Empty: any.
struct WorkspaceQuery {
    std::string plan = {};
    std::optional<Paid> standing = {};
};
/// In the order they were added; all at once by name.
[[nodiscard]] Result<Slice<WorkspaceView>> list_workspaces(const Context&, const Page& = {},
                                                           const WorkspaceQuery& = {});
/// A member sees their own, which they need not name; role member sees none (forbidden).
[[nodiscard]] Result<WorkspaceView> show_workspace(const Context&, std::string_view ws);

/// What is given is set, the rest stays.
struct WorkspaceChange {
    std::optional<std::string> name;
    std::optional<std::string> plan;
    /// Given but none: paid without end.
    std::optional<std::optional<std::int64_t>> paid_until_ms;
};
[[nodiscard]] Result<WorkspaceView> change_workspace(const Context&, std::string_view ws,
                                                     const WorkspaceChange&);

/// What a closed workspace was.
struct ClosedWorkspace {
    WorkspaceView view;             ///< as it was before
    std::int64_t members = 0;       ///< removed ones included
    std::int64_t ended_tokens = 0;  ///< that went with it
};
/// Deletes a workspace with its members and what is left of their ended tokens; the audit log and
/// the decision log stay. Conflict (workspace_in_use) while a token is live or in grace. The ended
/// tokens go first, in transactions of at most limits::prune_rows_max rows each, so that no other
/// writer waits long; a failure half-way leaves the workspace, without some of its ended tokens.
[[nodiscard]] Result<ClosedWorkspace> close_workspace(const Context&, std::string_view ws);

/// Returns a sentence if another workspace's name differs from this one's only in letter case; ""
/// if none does. Looks at the first 10,000 workspaces.
[[nodiscard]] Result<std::string> warning_about_name(const Context&, const Workspace&);
/// What follows from what it is paid until, if that is in the past, and from a plan without API
/// access; full sentences. What cannot be looked up is left out. For after a change: a date in the
/// past may be meant, so it is no failure.
[[nodiscard]] std::vector<std::string> standing_warnings(const Context&, const WorkspaceView&);

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
/// The same for a service and the other services of its workspace; "" for a person: e-mail
/// addresses are compared without their case.
[[nodiscard]] Result<std::string> warning_about_name(const Context&, const Member&);
/// Which members to list. Empty: any.
struct MemberQuery {
    std::optional<Role> role = {};
    std::optional<MemberKind> kind = {};
    std::optional<bool> removed = {};
};
/// In the order they were added, removed ones included. Members see those of their own workspace,
/// role member themselves alone.
[[nodiscard]] Result<Slice<MemberView>> list_members(const Context&, std::string_view ws,
                                                     const Page& = {}, const MemberQuery& = {});
/// Returns members of these roles who are not removed, the longest there first, at most
/// `members_max`; of a workspace with more than 10,000 members only those among the first 10,000.
/// Role member sees none.
[[nodiscard]] Result<std::vector<Member>> members_of_roles(const Context&, std::string_view ws,
                                                           std::span<const Role> roles,
                                                           std::int64_t members_max);
/// The same rule: who may not be seen is not found.
[[nodiscard]] Result<MemberView> show_member(const Context&, std::string_view member);
/// Conflict when it would leave the workspace, which has an owner, without one.
[[nodiscard]] Result<MemberView> change_role(const Context&, std::string_view member, Role role);
/// What is given is set, the rest stays. A service has no e-mail address, and its name is not
/// empty. Conflict when another member of the workspace has the address or the service's name.
struct MemberChange {
    std::optional<std::string> name = {};
    std::optional<std::string> email = {};
    std::optional<Role> role = {};
};
[[nodiscard]] Result<MemberView> change_member(const Context&, std::string_view member,
                                               const MemberChange&);
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
[[nodiscard]] Result<std::vector<Plan>> list_plans(const Context&, const Page& = {});
/// What is weak about each plan: see warning_about() of plan/plan.h.
[[nodiscard]] Result<std::vector<std::string>> plan_warnings(const Context&);
[[nodiscard]] Result<Plan> show_plan(const Context&, std::string_view name);
[[nodiscard]] Result<Plan> set_plan(const Context&, const PlanChange&);
/// The same, with what is weak about the plan now, and whom the change cuts off or slows down: how
/// many workspaces count as this plan, and how many live tokens they have.
struct PlanSet {
    Plan plan;
    std::vector<std::string> warnings;  ///< full sentences
};
[[nodiscard]] Result<PlanSet> change_plan(const Context&, const PlanChange&);
/// Conflict while a workspace is on it.
[[nodiscard]] Status remove_plan(const Context&, std::string_view name);

/// For `init`: makes the built-in plans in an empty database.
[[nodiscard]] Status add_built_in_plans(const Context&);

}  // namespace hourgate::manage
