// hourgate member add | list | role | remove | restore
#include "cli/commands.h"
#include "cli/session.h"
#include "cli/show.h"
#include "cli/values.h"
#include "manage/accounts.h"

namespace hourgate::cli {

namespace {

constexpr Parameter ws = word("WS", "a workspace, by id or name");
constexpr Parameter member =
    word("MEMBER", "by id, WS/EMAIL, WS/SERVICE, or e-mail where only one has it");

Result<manage::NewMember> asked_of(const Arguments& arguments) {
    const auto email = arguments.find("EMAIL");
    const auto service = arguments.find("--service");
    if (email.has_value() == service.has_value())
        return Failure{Fault::usage,
                       email ? "a member is a person or a service, not both"
                             : "an e-mail address or --service NAME is missing",
                       "hourgate member add WS EMAIL, or hourgate member add WS --service NAME"};
    if (service && arguments.given("--name"))
        return Failure{Fault::usage,
                       "--name is for persons: a service's name stands after --service",
                       "leave --name out"};
    const auto role = role_of(arguments, "--role");
    if (!role)
        return role.failure();
    manage::NewMember asked;
    asked.workspace = arguments.one(ws.name);
    asked.kind = service ? MemberKind::service : MemberKind::person;
    asked.email = email.value_or("");
    asked.name = service ? *service : arguments.find("--name").value_or("");
    asked.role = role.value().value_or(Role::member);
    return asked;
}

Status add(Session& session) {
    const auto asked = asked_of(session.arguments);
    if (!asked)
        return asked.failure();
    const auto context = session.manage();
    if (!context)
        return context.failure();
    const auto added = manage::add_member(context.value(), asked.value());
    if (added)
        if (const auto warning =
                manage::warning_about_name(context.value(), added.value().member);
            warning && !warning.value().empty())
            session.output.warn(warning.value());
    return shown_in_force(session, added);
}

Status list(Session& session) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    return shown(session, manage::list_members(context.value(), session.arguments.one(ws.name)));
}

Status role(Session& session) {
    const auto role = role_of(session.arguments, "ROLE");
    if (!role)
        return role.failure();
    const auto context = session.manage();
    if (!context)
        return context.failure();
    return shown_in_force(session,
                          manage::change_role(context.value(), session.arguments.one(member.name),
                                              role.value().value()));
}

Status remove(Session& session) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    return shown_in_force(
        session, manage::remove_member(context.value(), session.arguments.one(member.name)));
}

Status restore(Session& session) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    return shown_in_force(
        session, manage::restore_member(context.value(), session.arguments.one(member.name)));
}

}  // namespace

std::vector<Command> member_commands() {
    return {
        {.group = "member",
         .name = "add",
         .summary = "Add a person by e-mail, or a service by name",
         .parameters = {ws, optional_word("EMAIL", "of a person"),
                        option("--service", "NAME", "for a machine"),
                        option("--role", "R",
                               "owner, admin, manager or member; without it: member"),
                        option("--name", "N", "of a person")},
         .example = "hourgate member add Acme ann@acme.example --role manager --name \"Ann Lee\"\n"
                    "hourgate member add Acme --service importer --role member",
         .run = add},
        {.group = "member",
         .name = "list",
         .summary = "List the members of a workspace, removed ones too",
         .parameters = {ws},
         .example = "hourgate member list Acme",
         .run = list},
        {.group = "member",
         .name = "role",
         .summary = "Give a member another role",
         .details = "Their tokens act with it at once.",
         .parameters = {member, word("ROLE", "owner, admin, manager or member")},
         .example = "hourgate member role Acme/ann@acme.example admin",
         .run = role},
        {.group = "member",
         .name = "remove",
         .summary = "Remove a member; their tokens end at once",
         .details = "They stay on record and can be restored, and their tokens with them.",
         .parameters = {member},
         .example = "hourgate member remove Acme/ann@acme.example",
         .run = remove},
        {.group = "member",
         .name = "restore",
         .summary = "Bring a removed member back, with their tokens",
         .parameters = {member},
         .example = "hourgate member restore Acme/ann@acme.example",
         .run = restore},
    };
}

}  // namespace hourgate::cli
