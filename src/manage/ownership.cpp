#include "manage/ownership.h"

#include <array>
#include <utility>
#include <vector>

#include "manage/audit.h"
#include "manage/find.h"
#include "manage/rights.h"

namespace hourgate::manage {

namespace {

/// A member by id, or by e-mail or service name within the workspace.
Result<Member> member_of(Rows& rows, const Workspace& workspace, const std::string& text) {
    const auto by_id = rows.member_by_id(text);
    if (!by_id)
        return by_id.failure();
    Result<Member> found = by_id.value()
                               ? Result<Member>(*by_id.value())
                               : find_member(rows, text.starts_with(workspace.name + "/")
                                                       ? text
                                                       : workspace.public_id + "/" + text);
    if (!found || found.value().workspace_id == workspace.id)
        return found;
    return Failure{Fault::not_found,
                   name_of(found.value()) + " is not a member of " + quoted(workspace.name),
                   "see `hourgate member list " + workspace.public_id + "`", "not_found"};
}

/// The owner who is named, or the only one there is.
Result<Member> former_owner(Rows& rows, const Workspace& workspace, const std::string& named) {
    if (!named.empty()) {
        Result<Member> found = member_of(rows, workspace, named);
        if (!found)
            return found;
        if (found.value().role == Role::owner && !found.value().removed_ms)
            return found;
        return Failure{Fault::conflict, name_of(found.value()) + " is not an owner at present",
                       "name one with --from; see `hourgate member list`", "conflict"};
    }
    constexpr std::array roles = {Role::owner};
    const auto owners = rows.present_members(workspace.id, roles, 2, std::nullopt);
    if (!owners)
        return owners.failure();
    if (owners.value().size() == 1)
        return owners.value().front();
    if (owners.value().empty())
        return Failure{Fault::conflict, quoted(workspace.name) + " has no owner",
                       "make one: `hourgate member role MEMBER owner`", "conflict"};
    return Failure{Fault::usage, quoted(workspace.name) + " has more than one owner",
                   "say who hands over, by id: --from MEMBER", "ambiguous_member", "from"};
}

Result<MemberView> with_role(Rows& rows, const Context& context, const Workspace& workspace,
                             Member member, Role role) {
    Json before, after;
    before.add("role", to_text(member.role));
    after.add("role", to_text(role));
    member.role = role;
    if (Status updated = rows.update(member); !updated)
        return updated.failure();
    const Object object{member.public_id, workspace.public_id};
    if (Status told = record(rows, context, "member.role", object, before, after); !told)
        return told.failure();
    return view_of(rows, std::move(member), context.now.wall_ms);
}

Result<Transferred> transfer_in(Rows& rows, const Context& context, const Transfer& asked) {
    const Result<Workspace> workspace = find_workspace(rows, asked.workspace);
    if (!workspace)
        return workspace.failure();
    const Result<Member> from = former_owner(rows, workspace.value(), asked.from);
    if (!from)
        return from.failure();
    const Result<Member> to = member_of(rows, workspace.value(), asked.to);
    if (!to)
        return to.failure();
    if (to.value().id == from.value().id)
        return Failure{Fault::usage, name_of(to.value()) + " is that owner already",
                       "name another member", "conflict", "to"};
    if (to.value().removed_ms)
        return Failure{Fault::conflict,
                       name_of(to.value()) + " was removed",
                       "bring them back: `hourgate member restore " + to.value().public_id + "`",
                       "member_removed",
                       {},
                       to.value().public_id};
    Result<MemberView> owner = with_role(rows, context, workspace.value(), to.value(), Role::owner);
    if (!owner)
        return owner.failure();
    Result<MemberView> former =
        with_role(rows, context, workspace.value(), from.value(), asked.former);
    if (!former)
        return former.failure();
    return Transferred{std::move(owner).value(), std::move(former).value()};
}

}  // namespace

Result<Transferred> transfer_ownership(const Context& context, const Transfer& asked) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    if (asked.former == Role::owner)
        return Failure{Fault::usage, "the former owner would stay one",
                       "to have two owners: `hourgate member role MEMBER owner`", "conflict",
                       "formerRole"};
    return in_write(context, [&](Rows& rows) { return transfer_in(rows, context, asked); });
}

}  // namespace hourgate::manage
