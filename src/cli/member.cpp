// hourgate member add | list | show | role | rename | email | remove | restore
#include "base/time_text.h"
#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/show.h"
#include "cli/values.h"
#include "manage/accounts.h"
#include "manage/tokens.h"

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

/// Ignores a failed look-up: the change itself is done.
void warn_of_name(CommandContext& session, const manage::Context& context, const Member& changed) {
    const auto warning = manage::warning_about_name(context, changed);
    if (warning && !warning.value().empty())
        session.output.warn(warning.value());
}

Status add(CommandContext& session) {
    const auto asked = asked_of(session.arguments);
    if (!asked)
        return asked.failure();
    const auto context = session.manage();
    if (!context)
        return context.failure();
    const auto added = manage::add_member(context.value(), asked.value());
    if (added)
        warn_of_name(session, context.value(), added.value().member);
    return shown_in_force(session, added);
}

Status list(CommandContext& session) {
    const auto workspace = workspace_of(session.arguments);
    if (!workspace)
        return workspace.failure();
    if (workspace.value().empty())
        return Failure{Fault::usage, "the workspace is missing",
                       "the form is `hourgate member list WS`"};
    const auto page = page_of(session.arguments, manage::member_order);
    if (!page)
        return page.failure();
    const auto role = role_of(session.arguments, "--role");
    if (!role)
        return role.failure();
    const auto kind = kind_of(session.arguments, "--kind");
    if (!kind)
        return kind.failure();
    const auto removed = removed_of(session.arguments, "--status");
    if (!removed)
        return removed.failure();
    const manage::MemberQuery query{role.value(), kind.value(), removed.value()};
    const auto context = session.manage();
    if (!context)
        return context.failure();
    return shown(session,
                 manage::list_members(context.value(), workspace.value(), page.value(), query));
}

Status role(CommandContext& session) {
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

Status show_one(CommandContext& session) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    return shown(session, manage::show_member(context.value(), session.arguments.one(member.name)));
}

Status change(CommandContext& session, const manage::MemberChange& change) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    const auto changed =
        manage::change_member(context.value(), session.arguments.one(member.name), change);
    if (changed && change.name)
        warn_of_name(session, context.value(), changed.value().member);
    return shown_in_force(session, changed);
}

Status rename(CommandContext& session) {
    manage::MemberChange asked;
    asked.name = session.arguments.one("NAME");
    return change(session, asked);
}

Status email(CommandContext& session) {
    manage::MemberChange asked;
    asked.email = session.arguments.one("EMAIL");
    return change(session, asked);
}

Status remove(CommandContext& session) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    const std::string& named = session.arguments.one(member.name);
    manage::TokenQuery theirs;
    theirs.member = named;
    theirs.status = manage::TokenStatus::working;
    const auto tokens = manage::list_tokens(context.value(), theirs);
    const auto before = manage::show_member(context.value(), named);
    const auto removed = manage::remove_member(context.value(), named);
    if (removed && before && before.value().member.removed_ms)
        session.output.note("this member was removed already, at " +
                            format_time(*before.value().member.removed_ms));
    if (!removed || !tokens || !context.value().preview)
        return shown_in_force(session, removed);
    return show_removal(session, removed.value(), tokens.value().items);
}

Status restore(CommandContext& session) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    const std::string& named = session.arguments.one(member.name);
    const auto before = manage::show_member(context.value(), named);
    const auto restored = manage::restore_member(context.value(), named);
    if (restored && before && !before.value().member.removed_ms)
        session.output.note("this member was not removed: nothing was changed");
    return shown_in_force(session, restored);
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
         .parameters = {optional_word("WS", "a workspace, by id or name"), workspace_option,
                        option("--role", "R", "owner, admin, manager or member"),
                        option("--kind", "K", "person or service"),
                        option("--status", "S", "present or removed; without it: both"),
                        option("--sort", "FIELD",
                               "created (the default), name or email, or one of these behind a "
                               "'-'"),
                        search_option},
         .example = "hourgate member list Acme",
         .run = list},
        {.group = "member",
         .name = "show",
         .summary = "Show a member",
         .parameters = {member},
         .example = "hourgate member show Acme/ann@acme.example",
         .run = show_one},
        {.group = "member",
         .name = "role",
         .summary = "Give a member another role",
         .details = "Their tokens act with it at once.",
         .parameters = {member, word("ROLE", "owner, admin, manager or member"), dry_run_flag},
         .example = "hourgate member role Acme/ann@acme.example admin",
         .run = role},
        {.group = "member",
         .name = "rename",
         .summary = "Give a member another name; id and tokens stay",
         .parameters = {member, word("NAME", "of a service: unique; of a person: may be \"\""),
                        dry_run_flag},
         .example = "hourgate member rename Acme/ann@acme.example \"Ann Lee\"",
         .run = rename},
        {.group = "member",
         .name = "email",
         .summary = "Give a person another e-mail address; id and tokens stay",
         .parameters = {member, word("EMAIL", "no other member of the workspace has it"),
                        dry_run_flag},
         .example = "hourgate member email Acme/ann@acme.example ann.lee@acme.example",
         .run = email},
        {.group = "member",
         .name = "remove",
         .summary = "Remove a member; their tokens end at once",
         .details = "They stay on record and can be restored, and their tokens with them.",
         .parameters = {member, dry_run_flag},
         .example = "hourgate member remove Acme/ann@acme.example",
         .run = remove},
        {.group = "member",
         .name = "restore",
         .summary = "Bring a removed member back, with their tokens",
         .parameters = {member, dry_run_flag},
         .example = "hourgate member restore Acme/ann@acme.example",
         .run = restore},
    };
}

}  // namespace hourgate::cli
