// hourgate token mint | list | show | rotate | revoke, and hourgate operator mint
#include "cli/commands.h"
#include "cli/session.h"
#include "cli/show.h"
#include "cli/values.h"
#include "manage/tokens.h"

namespace hourgate::cli {

namespace {

constexpr Parameter prefix = word("PREFIX", "12 hex digits: what stands between the 2nd and 3rd _");
constexpr Parameter name = needed_option("--name", "N", "what it is for");
constexpr Parameter expires_option = option(
    "--expires", "WHEN", "90d, or a date, which ends with that day (UTC); without it: never");

Status mint(Session& session) {
    const Arguments& arguments = session.arguments;
    const auto env = env_of(arguments, "--env");
    if (!env)
        return env.failure();
    auto scopes = scopes_of(arguments, "--scope");
    if (!scopes)
        return scopes.failure();
    const auto expires = end_of(arguments, expires_option.name, session.clock.now().wall_ms);
    if (!expires)
        return expires.failure();
    manage::NewToken asked;
    asked.member = arguments.one("MEMBER");
    asked.name = arguments.one(name.name);
    asked.env = env.value();
    asked.scopes = scopes.value();
    asked.expires_ms = expires.value();
    if (const auto rules = session.config(); !rules)  // of brand, environment and lifetime
        return rules.failure();
    const auto context = session.manage();
    if (!context)
        return context.failure();
    return shown_in_force(session, manage::mint_token(context.value(), asked));
}

Status list(Session& session) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    const manage::TokenQuery query{session.arguments.find("WS").value_or(""), ""};
    return shown(session, manage::list_tokens(context.value(), query));
}

Status show_one(Session& session) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    return shown(session, manage::show_token(context.value(), session.arguments.one(prefix.name)));
}

Status rotate(Session& session) {
    const auto grace_s = span_of(session.arguments, "--grace");
    if (!grace_s)
        return grace_s.failure();
    if (const auto rules = session.config(); !rules)
        return rules.failure();
    const auto context = session.manage();
    if (!context)
        return context.failure();
    return shown_in_force(
        session,
        manage::rotate_token(context.value(), session.arguments.one(prefix.name), grace_s.value()));
}

Status revoke(Session& session) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    const auto revoked = manage::revoke_tokens(context.value(), session.arguments.all("PREFIX"));
    if (!revoked)
        return revoked.failure();
    store::wait_out_leases();
    return show_revoked(session, revoked.value());
}

Status mint_operator(Session& session) {
    const auto expires =
        end_of(session.arguments, expires_option.name, session.clock.now().wall_ms);
    if (!expires)
        return expires.failure();
    if (const auto rules = session.config(); !rules)
        return rules.failure();
    const auto context = session.manage();
    if (!context)
        return context.failure();
    return shown_in_force(
        session,
        manage::mint_operator(context.value(), session.arguments.one(name.name), expires.value()));
}

}  // namespace

std::vector<Command> token_commands() {
    return {
        {.group = "token",
         .name = "mint",
         .summary = "Mint a token for a member; it is shown once",
         .details = "It acts with the member's present role, narrowed by its scopes.",
         .parameters = {word("MEMBER",
                             "by id, WS/EMAIL, WS/SERVICE, or e-mail where only one has it"),
                        name,
                        option("--env", "E", "live or test; without it: as [tokens] env says"),
                        options("--scope", "S",
                                "RESOURCE:read, :write or :*; without any: all its role allows"),
                        expires_option},
         .example = "hourgate token mint Acme/ann@acme.example --name \"ci job\" "
                    "--scope clients:read --expires 90d",
         .run = mint},
        {.group = "token",
         .name = "list",
         .summary = "List all tokens, or those of a workspace, newest first",
         .parameters = {optional_word("WS", "a workspace, by id or name")},
         .example = "hourgate token list Acme",
         .run = list},
        {.group = "token",
         .name = "show",
         .summary = "Show what is on record of a token",
         .parameters = {prefix},
         .example = "hourgate token show 4f8a2c1bdedf",
         .run = show_one},
        {.group = "token",
         .name = "rotate",
         .summary = "Mint a successor; the old token works on for a grace",
         .details = "Member, name, scopes and length of life are kept, and so is what its windows "
                    "have counted.",
         .parameters = {prefix, option("--grace", "SPAN",
                                       "24h, or 0 to end the old one at once; else as configured")},
         .example = "hourgate token rotate 4f8a2c1bdedf --grace 24h",
         .run = rotate},
        {.group = "token",
         .name = "revoke",
         .summary = "Revoke tokens for good: all of them or, if one is unknown, none",
         .details = "No request that is received after the command returns is granted.",
         .parameters = {words("PREFIX", "12 hex digits of each")},
         .example = "hourgate token revoke 4f8a2c1bdedf 0c33d1a9b27e",
         .run = revoke},
    };
}

std::vector<Command> operator_commands() {
    return {
        {.group = "operator",
         .name = "mint",
         .summary = "Mint an operator token; it is shown once",
         .details = "It opens /admin/v1 on the admin listener and nothing else.",
         .parameters = {name, expires_option},
         .example = "hourgate operator mint --name \"ann's laptop\" --expires 90d",
         .run = mint_operator},
    };
}

}  // namespace hourgate::cli
