// Members: added, listed, renamed, given another role, removed, restored.
#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "manage/accounts.h"
#include "manage/audit.h"
#include "manage/find.h"
#include "manage/rights.h"
#include "manage/similar.h"
#include "token/blot.h"

namespace hourgate::manage {

namespace {

/// The domain of an address is the same in any case; what stands before it is left as it is.
std::string with_lower_domain(std::string_view email) {
    const std::size_t at = email.find('@');
    return std::string(email.substr(0, at)) + lower(email.substr(at));
}

Status check_new(const NewMember& asked) {
    const std::string rule = name_rule(asked.name, limits::name_bytes_max);
    if (asked.kind == MemberKind::person) {
        if (!is_email(asked.email) || token::shows_secret(asked.email))
            return Failure{Fault::usage, quoted(asked.email) + " is not an e-mail address",
                           "write one like ann@example.com; for a machine use --service NAME",
                           "bad_email", "email"};
        if (!asked.name.empty() && !is_name(asked.name, limits::name_bytes_max))
            return Failure{Fault::usage, "a member cannot be named " + quoted(asked.name), rule,
                           "bad_name", "name"};
        return Done{};
    }
    if (!asked.email.empty())
        return Failure{Fault::usage, "a service has no e-mail address", "leave it out", "bad_email",
                       "email"};
    if (!is_name(asked.name, limits::name_bytes_max))
        return Failure{Fault::usage, "a service cannot be named " + quoted(asked.name), rule,
                       "bad_name", "name"};
    return Done{};
}

/// The same for an address or a name that is to be changed.
Status check_change(const Member& member, const MemberChange& change) {
    NewMember as;
    as.kind = member.kind;
    as.email = change.email.value_or(member.email);
    as.name = change.name.value_or(member.name);
    return check_new(as);
}

Failure already_there(const Member& member, const Workspace& workspace) {
    const std::string who = name_of(member) + " of " + quoted(workspace.name);
    if (member.removed_ms)
        return {Fault::conflict,
                who + " was removed and is still on record",
                "bring them back: `hourgate member restore " + member.public_id + "`",
                "member_exists",
                {},
                member.public_id};
    return {Fault::conflict,
            who + " is a member already",
            "to change what they may do: `hourgate member role " + member.public_id + " ROLE`",
            "member_exists",
            {},
            member.public_id};
}

/// Conflict when another member of this e-mail, or service of this name, is on record.
Status check_free(Rows& rows, const Workspace& workspace, const Member& wanted) {
    if (wanted.kind == MemberKind::service) {
        const auto service = rows.service(workspace.id, wanted.name);
        if (!service)
            return service.failure();
        return service.value() && service.value()->id != wanted.id
                   ? Status(already_there(*service.value(), workspace))
                   : Done{};
    }
    const auto persons = rows.members_by_email(wanted.email, workspace.id);
    if (!persons)
        return persons.failure();
    return persons.value().empty() || persons.value().front().id == wanted.id
               ? Done{}
               : Status(already_there(persons.value().front(), workspace));
}

Result<MemberView> add_in(Rows& rows, const Context& context, const NewMember& asked) {
    const Result<Workspace> workspace = find_workspace(rows, asked.workspace);
    if (!workspace)
        return workspace.failure();
    Member member;
    member.public_id = random_id("mem_");
    member.workspace_id = workspace.value().id;
    member.kind = asked.kind;
    if (asked.kind == MemberKind::person)
        member.email = with_lower_domain(asked.email);
    member.name = asked.name;
    member.role = asked.role;
    member.created_ms = context.now.wall_ms;
    if (Status free = check_free(rows, workspace.value(), member); !free)
        return free.failure();
    if (Status added = rows.add(member); !added)
        return added.failure();
    Json after;
    after.add("kind", member.kind == MemberKind::person ? "person" : "service");
    after.add("email", member.email).add("name", member.name).add("role", to_text(member.role));
    const Object object{member.public_id, workspace.value().public_id};
    if (Status told = record(rows, context, "member.add", object, {}, after); !told)
        return told.failure();
    return view_of(rows, std::move(member), context.now.wall_ms);
}

/// Conflict when this present owner is the only one: nobody could manage the workspace's tokens.
Status check_other_owner(Rows& rows, const Member& owner) {
    constexpr std::array roles = {Role::owner};
    const auto owners = rows.present_members(owner.workspace_id, roles, 2, std::nullopt);
    if (!owners)
        return owners.failure();
    const auto other = [&](const Member& member) { return member.id != owner.id; };
    if (std::any_of(owners.value().begin(), owners.value().end(), other))
        return Done{};
    return Failure{Fault::conflict, name_of(owner) + " is the last owner of the workspace",
                   "make somebody else owner first: `hourgate member role MEMBER owner`",
                   "last_owner"};
}

bool is_present_owner(const Member& member) {
    return member.role == Role::owner && !member.removed_ms;
}

/// Whether who the member is differs, and not only what they may do.
bool is_renamed(const Member& before, const Member& after) {
    return after.name != before.name || after.email != before.email;
}

Json state_of(const Member& member) {
    Json json;
    json.add("role", to_text(member.role)).add_time("removed", member.removed_ms);
    return json;
}

Json description_of(const Member& member) {
    Json json;
    json.add("email", member.email).add("name", member.name);
    return json.add_all(state_of(member));
}

/// Conflict when the new address or name is another's.
Status check_new_name(Rows& rows, const Member& before, const Member& after) {
    if (!is_renamed(before, after))
        return Done{};
    const Result<Workspace> workspace = workspace_of(rows, after);
    return workspace ? check_free(rows, workspace.value(), after) : Status(workspace.failure());
}

/// Changes one member: `change` alters it. Left as it was: done, and nothing is recorded.
template <typename Change>
Result<MemberView> alter_member(const Context& context, std::string_view text,
                                std::string_view action, Change change) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    return in_write(context, [&](Rows& rows) -> Result<MemberView> {
        Result<Member> found = find_member(rows, text);
        if (!found)
            return found.failure();
        const Member before = found.value();
        Member after = before;
        if (Status changed = change(after); !changed)
            return changed.failure();
        const bool renamed = is_renamed(before, after);
        if (!renamed && after.role == before.role && after.removed_ms == before.removed_ms)
            return view_of(rows, before, context.now.wall_ms);
        if (Status free = check_new_name(rows, before, after); !free)
            return free.failure();
        if (is_present_owner(before) && !is_present_owner(after))
            if (Status other = check_other_owner(rows, before); !other)
                return other.failure();
        if (Status updated = rows.update(after); !updated)
            return updated.failure();
        Result<MemberView> view = view_of(rows, after, context.now.wall_ms);
        if (!view)
            return view;
        const Object object{after.public_id, view.value().workspace_id};
        const Status told =
            renamed ? record(rows, context, action, object, description_of(before),
                             description_of(after))
                    : record(rows, context, action, object, state_of(before), state_of(after));
        if (!told)
            return told.failure();
        return view;
    });
}

}  // namespace

Result<MemberView> add_member(const Context& context, const NewMember& asked) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    if (Status valid = check_new(asked); !valid)
        return valid.failure();
    return in_write(context, [&](Rows& rows) { return add_in(rows, context, asked); });
}

Result<std::vector<Member>> members_of_roles(const Context& context, std::string_view ws,
                                             std::span<const Role> roles,
                                             std::int64_t members_max) {
    constexpr std::int64_t looked_at_max = 10'000;
    return in_read(context, [&](Rows& rows) -> Result<std::vector<Member>> {
        const auto found = caller_and_workspace(rows, context, ws);
        if (!found)
            return found.failure();
        const auto& [caller, workspace] = found.value();
        if (caller && !caller->sees_all_members())
            return std::vector<Member>();
        return rows.present_members(workspace.id, roles, members_max, looked_at_max);
    });
}

Result<Slice<MemberView>> list_members(const Context& context, std::string_view ws,
                                       const Page& page, const MemberQuery& query) {
    return in_read(context, [&](Rows& rows) -> Result<Slice<MemberView>> {
        const auto found = caller_and_workspace(rows, context, ws);
        if (!found)
            return found.failure();
        const auto& [caller, workspace] = found.value();
        MemberRows which{workspace.id, query.role, query.kind, query.removed};
        if (caller && !caller->sees_all_members())
            which.member = caller->member.id;
        Result<Slice<Member>> members = rows.members(which, page);
        if (!members)
            return members.failure();
        Slice<MemberView> views;
        views.next = members.value().next;
        for (Member& member : members.value().items) {
            Result<MemberView> view = view_of(rows, std::move(member), context.now.wall_ms);
            if (!view)
                return view.failure();
            views.items.push_back(std::move(view).value());
        }
        return views;
    });
}

Result<MemberView> show_member(const Context& context, std::string_view member) {
    return in_read(context, [&](Rows& rows) -> Result<MemberView> {
        const auto caller = caller_of(rows, context);
        if (!caller)
            return caller.failure();
        Result<Member> found = find_member_for(rows, caller.value(), member);
        if (!found)
            return found.failure();
        return view_of(rows, std::move(found).value(), context.now.wall_ms);
    });
}

Result<MemberView> change_role(const Context& context, std::string_view member, Role role) {
    return alter_member(context, member, "member.role", [&](Member& m) -> Status {
        m.role = role;
        return Done{};
    });
}

Result<MemberView> change_member(const Context& context, std::string_view member,
                                 const MemberChange& change) {
    const bool role_alone = !change.name && !change.email;
    return alter_member(context, member, role_alone ? "member.role" : "member.change",
                        [&](Member& m) -> Status {
                            if (Status valid = check_change(m, change); !role_alone && !valid)
                                return valid;
                            m.name = change.name.value_or(m.name);
                            if (change.email)
                                m.email = with_lower_domain(*change.email);
                            m.role = change.role.value_or(m.role);
                            return Done{};
                        });
}

Result<MemberView> remove_member(const Context& context, std::string_view member) {
    return alter_member(context, member, "member.remove", [&](Member& m) -> Status {
        if (!m.removed_ms)
            m.removed_ms = context.now.wall_ms;
        return Done{};
    });
}

Result<MemberView> restore_member(const Context& context, std::string_view member) {
    return alter_member(context, member, "member.restore", [](Member& m) -> Status {
        m.removed_ms.reset();
        return Done{};
    });
}

Result<std::string> warning_about_name(const Context& context, const Member& member) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    if (member.kind != MemberKind::service)
        return std::string();
    return in_read(context, [&](Rows& rows) -> Result<std::string> {
        const auto similar = similar_service(rows, member.workspace_id, member.name, member.id);
        if (!similar)
            return similar.failure();
        if (!similar.value())
            return std::string();
        return "The workspace also has a service " + name_of(*similar.value()) +
               (similar.value()->removed_ms ? ", which was removed" : "") +
               ": its name differs from " + quoted(member.name) + " only in letter case.";
    });
}

}  // namespace hourgate::manage
