// hourgate token mint | list | show | rename | note | rotate | revoke, and
// hourgate operator mint | list | revoke
#include <algorithm>

#include "base/text.h"
#include "base/time_text.h"
#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/show.h"
#include "cli/values.h"
#include "manage/tokens.h"

namespace hourgate::cli {

namespace {

constexpr Parameter prefix = word("PREFIX", "12 hex digits: what stands between the 2nd and 3rd _");
constexpr Parameter name = needed_option("--name", "N", "what it is for");
constexpr Parameter expires_option =
    option("--expires", "WHEN",
           "90d, tomorrow, or a date, which ends with that day (UTC), at most [tokens] "
           "line_max from now; never, as without it");

constexpr Parameter quiet_flag = flag("--quiet", "print the token alone");
constexpr Parameter note_option = option("--note", "TEXT", "for people, at most 500 bytes");
constexpr Parameter env_option = option("--env", "E", "live or test");
constexpr Parameter sort_option =
    option("--sort", "FIELD",
           "created, lastUsed, or -created (the default) or -lastUsed for the latest first");
constexpr Parameter status_option =
    option("--status", "S",
           "working (the default: live or in grace), ended, live, grace, rotated, revoked, "
           "expired, member_removed or all");

/// Refuses a duration that is longer than a token may live, as in --expires 36500d. Minting checks
/// a date.
Status check_expires(const CommandContext& session, const manage::Context& context) {
    const std::string typed = session.arguments.find(expires_option.name).value_or("");
    const auto life_s = parse_duration_s(typed);
    return life_s ? manage::check_life(context, *life_s, typed) : Status(Done{});
}

Status mint(CommandContext& session) {
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
    asked.note = arguments.find(note_option.name).value_or("");
    asked.env = env.value();
    asked.scopes = scopes.value();
    asked.expires_ms = expires.value().value_or(std::nullopt);
    if (const auto rules = session.config(); !rules)  // brand, environment, lifetime
        return rules.failure();
    const auto context = session.manage();
    if (!context)
        return context.failure();
    if (Status fits = check_expires(session, context.value()); !fits)
        return fits;
    return shown_in_force(session, manage::mint_token(context.value(), asked));
}

/// Omits ended tokens, which are many and hide those that work, and says how many were omitted.
Status list_some(CommandContext& session, manage::TokenQuery query) {
    const auto status = token_status_of(session.arguments, manage::TokenStatus::working);
    if (!status)
        return status.failure();
    query.status = status.value();
    const auto env = env_of(session.arguments, env_option.name);
    if (!env)
        return env.failure();
    query.env = env.value();
    const auto sort = sort_of(session.arguments, manage::token_order);
    if (!sort)
        return sort.failure();
    query.order = manage::token_order_of(sort.value());
    const auto page = page_of(session.arguments, manage::token_order);
    if (!page)
        return page.failure();
    const auto context = session.manage();
    if (!context)
        return context.failure();
    const auto listed = manage::list_tokens(context.value(), query, page.value());
    if (!listed)
        return listed.failure();
    if (query.operators && listed.value().items.empty() && session.output.form() != Form::json)
        return session.output.print_found(
            session.output.hinted("no matching operator tokens; mint one: hourgate operator mint "
                                  "--name NAME") +
            "\n");
    if (Status printed = show(session, listed.value()); !printed)
        return printed;
    if (session.arguments.given(status_option.name) || session.output.form() == Form::json ||
        session.arguments.given(search_option.name))
        return Done{};
    query.status = manage::TokenStatus::ended;
    const auto hidden = manage::count_tokens(context.value(), query);
    if (hidden && hidden.value() > 0)
        session.output.note(std::to_string(hidden.value()) +
                            (hidden.value() == 1 ? " token that has" : " tokens that have") +
                            " ended " + (hidden.value() == 1 ? "is" : "are") +
                            " not shown; see them with --status all");
    return Done{};
}

Status list(CommandContext& session) {
    const auto workspace = workspace_of(session.arguments);
    if (!workspace)
        return workspace.failure();
    manage::TokenQuery query;
    query.workspace = workspace.value();
    query.member = session.arguments.find(member_option.name).value_or("");
    return list_some(session, query);
}

Status change(CommandContext& session, const manage::TokenChange& change) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    return shown_in_force(
        session, manage::change_token(context.value(), session.arguments.one(prefix.name), change));
}

Status rename(CommandContext& session) {
    manage::TokenChange asked;
    asked.name = session.arguments.one("NAME");
    return change(session, asked);
}

Status note(CommandContext& session) {
    manage::TokenChange asked;
    asked.note = session.arguments.one("TEXT");
    return change(session, asked);
}

Status show_one(CommandContext& session) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    const auto token = manage::show_token(context.value(), session.arguments.one(prefix.name));
    if (!token)
        return token.failure();
    const auto links = manage::links_of(context.value(), token.value().token);
    if (!links)
        return links.failure();
    return show(session, token.value(), links.value());
}

Status rotate(CommandContext& session) {
    const auto grace_s = span_of(session.arguments, "--grace");
    if (!grace_s)
        return grace_s.failure();
    if (const auto rules = session.config(); !rules)
        return rules.failure();
    const auto context = session.manage();
    if (!context)
        return context.failure();
    if (grace_s.value())
        if (Status fits = manage::check_grace(context.value(), *grace_s.value(),
                                              session.arguments.one("--grace"));
            !fits)
            return fits;
    const std::string& old = session.arguments.one(prefix.name);
    const auto rotated = manage::rotate_token(context.value(), old, grace_s.value());
    if (Status shown = shown_in_force(session, rotated); !shown || !rotated)
        return shown;
    if (const auto before = manage::show_token(context.value(), old);
        before && before.value().token.works_until_ms)
        session.output.note("token " + old + " works until " +
                            format_time(*before.value().token.works_until_ms));
    return Done{};
}

/// Says how many tokens were revoked, and how many had been revoked before `now_ms`, the time of
/// this revocation. A preview has listed what it would do, so it adds only the latter.
void note_revoked(const CommandContext& session, const std::vector<manage::TokenView>& views,
                  std::int64_t now_ms, bool preview) {
    const auto before = [&](const manage::TokenView& view) {
        return view.token.revoked_ms && (preview || *view.token.revoked_ms != now_ms);
    };
    const auto already = std::count_if(views.begin(), views.end(), before);
    if (views.size() == 1 && already == 1) {
        const auto& token = views.front().token;
        session.output.note("token " + token.prefix + " was revoked already, at " +
                            format_time(*token.revoked_ms));
        return;
    }
    const auto counted = [](std::int64_t count) {
        return std::to_string(count) + (count == 1 ? " token was revoked" : " tokens were revoked");
    };
    std::string text = preview ? "" : counted(static_cast<std::int64_t>(views.size()) - already);
    if (already > 0)
        text += (text.empty() ? "" : ", ") + counted(already) + " already";
    const bool one_now = views.size() == 1 && already == 0;
    if (!text.empty() && !one_now)
        session.output.note(text);
}

Status revoke(CommandContext& session) {
    const manage::RevokeMany asked{session.arguments.all("PREFIX"),
                                   session.arguments.find(member_option.name).value_or(""),
                                   session.arguments.find(workspace_option.name).value_or("")};
    const auto context = session.manage();
    if (!context)
        return context.failure();
    const auto revoked = context.value().preview
                             ? manage::preview_revocation(context.value(), asked)
                             : manage::revoke_many(context.value(), asked);
    if (!revoked)
        return revoked.failure();
    store::wait_out_leases();
    note_revoked(session, revoked.value().tokens, context.value().now.wall_ms,
                 context.value().preview);
    return show_revoked(session, revoked.value());
}

Status list_operators(CommandContext& session) {
    manage::TokenQuery query;
    query.operators = true;
    return list_some(session, query);
}

Status revoke_operators(CommandContext& session) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    const auto revoked = manage::revoke_operators(context.value(), session.arguments.all("PREFIX"));
    if (!revoked)
        return revoked.failure();
    store::wait_out_leases();
    note_revoked(session, revoked.value(), context.value().now.wall_ms, context.value().preview);
    return show_revoked(session, revoked.value());
}

Status mint_operator(CommandContext& session) {
    const auto expires =
        end_of(session.arguments, expires_option.name, session.clock.now().wall_ms);
    if (!expires)
        return expires.failure();
    if (const auto rules = session.config(); !rules)
        return rules.failure();
    const auto context = session.manage();
    if (!context)
        return context.failure();
    if (Status fits = check_expires(session, context.value()); !fits)
        return fits;
    return shown_in_force(session,
                          manage::mint_operator(context.value(), session.arguments.one(name.name),
                                                expires.value().value_or(std::nullopt)));
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
                        expires_option, note_option, quiet_flag},
         .example = "hourgate token mint Acme/ann@acme.example --name \"ci job\" "
                    "--scope clients:read --expires 90d",
         .run = mint},
        {.group = "token",
         .name = "list",
         .summary = "List tokens that work, newest first: all, or those of a workspace or member",
         .details = "How many have ended is said below the list; --status shows those.",
         .parameters = {optional_word("WS", "a workspace, by id or name"), workspace_option,
                        member_option, status_option, env_option, sort_option, search_option},
         .example = "hourgate token list Acme",
         .run = list},
        {.group = "token",
         .name = "show",
         .summary = "Show what is on record of a token",
         .details = "Of a rotated token also its successor, and of that one its predecessor.",
         .parameters = {prefix},
         .example = "hourgate token show 4f8a2c1bdedf",
         .run = show_one},
        {.group = "token",
         .name = "rename",
         .summary = "Give a token another name",
         .parameters = {prefix, word("NAME", "what it is for"), dry_run_flag},
         .example = "hourgate token rename 4f8a2c1bdedf \"ci job\"",
         .run = rename},
        {.group = "token",
         .name = "note",
         .summary = "Write a note on a token, for people",
         .parameters = {prefix, word("TEXT", "at most 500 bytes; \"\" for none"), dry_run_flag},
         .example = "hourgate token note 4f8a2c1bdedf \"asked for by Ann, ticket 1234\"",
         .run = note},
        {.group = "token",
         .name = "rotate",
         .summary = "Mint a successor; the old token keeps working for a grace period",
         .details = "Member, name, scopes and length of life are kept, and so is what its windows "
                    "have counted.",
         .parameters = {prefix,
                        option("--grace", "SPAN",
                               "24h, at most 365d, or 0 to end the old one at once; else as "
                               "[tokens] rotate_grace says"),
                        quiet_flag},
         .example = "hourgate token rotate 4f8a2c1bdedf --grace 24h",
         .run = rotate},
        {.group = "token",
         .name = "revoke",
         .summary = "Revoke tokens for good: all of them or, if one is unknown, none",
         .details = "No request that is received after the command returns is granted. Name the "
                    "tokens, or a member or a workspace to revoke every token of theirs.",
         .parameters = {optional_words("PREFIX", "12 hex digits of each"), member_option,
                        workspace_option, dry_run_flag},
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
         .parameters = {name, expires_option, quiet_flag},
         .example = "hourgate operator mint --name \"ann's laptop\" --expires 90d",
         .run = mint_operator},
        {.group = "operator",
         .name = "list",
         .summary = "List the operator tokens that work, newest first",
         .parameters = {status_option, env_option, sort_option, search_option},
         .example = "hourgate operator list",
         .run = list_operators},
        {.group = "operator",
         .name = "revoke",
         .summary = "Revoke operator tokens for good: all those named, or none if one is unknown",
         .parameters = {words("PREFIX", "12 hex digits of each"), dry_run_flag},
         .example = "hourgate operator revoke 4f8a2c1bdedf",
         .run = revoke_operators},
    };
}

}  // namespace hourgate::cli
