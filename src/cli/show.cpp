#include "cli/show.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/time_text.h"
#include "cli/print.h"
#include "cli/terminal.h"
#include "http/manage/views.h"
#include "manage/decisions.h"

namespace hourgate::cli {

namespace {

using http::view_of;
using Rows = std::vector<std::vector<std::string>>;

/// Returns the time in UTC; for people, also how long ago it is.
std::string time_text(const CommandContext& session, std::int64_t time_ms) {
    std::string text = format_time(time_ms);
    if (session.output.is_for_people())
        text += " (" + relative_time(time_ms, session.clock.now().wall_ms) + ")";
    return text;
}
std::string time_text(const CommandContext& session, std::optional<std::int64_t> time_ms) {
    return time_ms ? time_text(session, *time_ms) : std::string();
}

/// Shows a list: an array, a table with its heading, or one line that says how to fill it.
template <typename T, typename View, typename Row>
Status show_list(const CommandContext& session, const std::vector<T>& items, Rows rows,
                 std::string_view empty, View view, Row row) {
    if (wants_json(session)) {
        Json array = Json::array();
        for (const T& item : items)
            array.push_back(view(item));
        return print_found(session, array);
    }
    if (items.empty())
        return session.output.print_found(session.output.hinted(empty) + "\n");
    for (const T& item : items)
        rows.push_back(row(item));
    return session.output.print_found(columns_of(rows));
}

/// Returns "from 192.0.2.7", or that the address is unknown.
std::string from_text(const std::string& address) {
    return " from " + (address.empty() ? std::string("an unknown address") : address);
}

std::string who_of(const manage::TokenView& view) {
    return view.member.email.empty() ? view.member.name : view.member.email;
}

std::string role_text(const manage::TokenView& view) {
    return std::string(view.token.is_operator ? "operator" : to_text(view.member.role));
}

std::string status_text(const CommandContext& session, const manage::TokenView& view,
                        std::int64_t now_ms) {
    const manage::TokenRecord& token = view.token;
    std::string text(manage::status_of(view, now_ms));
    if (token.revoked_ms)
        return text + " " + time_text(session, *token.revoked_ms);
    if (text == "member_removed")
        return text + " " + time_text(session, *view.member.removed_ms);
    if (!token.works_until_ms)
        return text;
    const bool over = *token.works_until_ms <= now_ms;
    return text + (over ? ", worked until " : ", works until ") +
           time_text(session, *token.works_until_ms);
}

/// Returns "paid", "paid, 62 days left", "in grace, 1 day left" or "lapsed".
std::string standing_text(const manage::WorkspaceView& view) {
    const std::int64_t days = view.days_left.value_or(0);
    const std::string left = ", " + std::to_string(days) + (days == 1 ? " day" : " days") + " left";
    switch (view.standing.paid) {
        case Paid::yes:
            return view.days_left ? "paid" + left : "paid";
        case Paid::in_grace:
            return "in grace" + left;
        case Paid::lapsed:
            return "lapsed";
    }
    return "";
}

std::string windows_of(const Plan& plan) {
    std::string text;
    for (const Window& window : plan.windows)
        text += (text.empty() ? "" : " ") + to_text(window);
    return text;
}

}  // namespace

Pairs pairs_of(const CommandContext& session, const manage::TokenView& view) {
    const std::int64_t now_ms = session.clock.now().wall_ms;
    const manage::TokenRecord& token = view.token;
    Pairs pairs = {{"prefix", token.prefix}, {"name", token.name}};
    if (!token.is_operator) {
        pairs.emplace_back("member", who_of(view) + " (" + view.member.public_id + ")");
        pairs.emplace_back("workspace", view.workspace_name + " (" + view.workspace_id + ")");
    }
    if (!token.note.empty())
        pairs.emplace_back("note", token.note);
    pairs.emplace_back("role", role_text(view));
    pairs.emplace_back("env", token::to_text(token.env));
    if (!token.is_operator)
        pairs.emplace_back("scopes",
                           token.scopes.empty() ? "all its role allows" : to_text(token.scopes));
    pairs.emplace_back("status", status_text(session, view, now_ms));
    pairs.emplace_back("created", time_text(session, token.created_ms));
    pairs.emplace_back("expires",
                       token.expires_ms ? time_text(session, *token.expires_ms) : "never");
    const manage::TokenUse& use = view.use;
    if (use.used_ms)
        pairs.emplace_back("last used",
                           time_text(session, *use.used_ms) + from_text(use.used_from));
    if (use.refused_ms)
        pairs.emplace_back("last refused", time_text(session, *use.refused_ms) +
                                               from_text(use.refused_from) + ", " +
                                               use.refused_reason);
    return pairs;
}

Status show(const CommandContext& session, const manage::WorkspaceView& view) {
    if (wants_json(session))
        return print(session, view_of(view));
    const Workspace& workspace = view.workspace;
    Pairs pairs = {{"id", workspace.public_id},
                   {"name", workspace.name},
                   {"plan", view.plan},
                   {"paid until", time_text(session, workspace.paid_until_ms)},
                   {"standing", standing_text(view)}};
    if (workspace.paid_until_ms)
        pairs.emplace_back(view.standing.paid == Paid::lapsed ? "lapsed" : "lapses",
                           time_text(session, view.standing.lapses_ms));
    pairs.emplace_back("created", time_text(session, workspace.created_ms));
    pairs.emplace_back("members", std::to_string(view.members));
    pairs.emplace_back("tokens", std::to_string(view.tokens));
    return session.output.print(lines_of(pairs));
}

Status show(const CommandContext& session, const std::vector<manage::WorkspaceView>& views) {
    using View = manage::WorkspaceView;
    return show_list(
        session, views, {{"ID", "NAME", "PLAN", "PAID UNTIL", "STANDING", "MEMBERS", "TOKENS"}},
        "no matching workspaces; add one: hourgate workspace add NAME --plan studio",
        [](const View& view) { return view_of(view); },
        [&](const View& view) {
            return std::vector<std::string>{view.workspace.public_id,
                                            view.workspace.name,
                                            view.plan,
                                            time_text(session, view.workspace.paid_until_ms),
                                            standing_text(view),
                                            std::to_string(view.members),
                                            std::to_string(view.tokens)};
        });
}

Status show(const CommandContext& session, const manage::MemberView& view) {
    if (wants_json(session))
        return print(session, view_of(view));
    const Member& member = view.member;
    const bool person = member.kind == MemberKind::person;
    Pairs pairs = {{"id", member.public_id},
                   {"workspace", view.workspace_name + " (" + view.workspace_id + ")"},
                   {"kind", person ? "person" : "service"}};
    if (person)
        pairs.emplace_back("email", member.email);
    pairs.emplace_back("name", member.name);
    pairs.emplace_back("role", to_text(member.role));
    pairs.emplace_back("created", time_text(session, member.created_ms));
    if (member.removed_ms)
        pairs.emplace_back("removed", time_text(session, *member.removed_ms));
    pairs.emplace_back("tokens", std::to_string(view.tokens));
    return session.output.print(lines_of(pairs));
}

Status show(const CommandContext& session, const std::vector<manage::MemberView>& views) {
    using View = manage::MemberView;
    return show_list(
        session, views, {{"ID", "KIND", "E-MAIL", "NAME", "ROLE", "REMOVED", "TOKENS"}},
        "no matching members; add one: hourgate member add WORKSPACE EMAIL --role owner",
        [](const View& view) { return view_of(view); },
        [&](const View& view) {
            const Member& member = view.member;
            return std::vector<std::string>{
                member.public_id,
                member.kind == MemberKind::person ? "person" : "service",
                member.email,
                member.name,
                std::string(to_text(member.role)),
                time_text(session, member.removed_ms),
                std::to_string(view.tokens)};
        });
}

namespace {

/// Returns "4f8a2c1bdedf -> 0c33d1a9b27e" for a rotation: the token and its successor.
std::string object_text(const manage::AuditEvent& event) {
    const Json json = view_of(event);
    if (event.action != "token.rotate" || !json["after"].is_object() ||
        !json["after"].contains("successor"))
        return event.object;
    return event.object + " -> " + std::string(json["after"]["successor"]);
}

}  // namespace

Status show(const CommandContext& session, const std::vector<manage::AuditEvent>& events) {
    using Event = manage::AuditEvent;
    return show_list(
        session, events, {{"TIME", "ACTOR", "ACTION", "OBJECT", "WORKSPACE", "FROM"}},
        "no matching events", [](const Event& event) { return view_of(event); },
        [&](const Event& event) {
            return std::vector<std::string>{time_text(session, event.at_ms),
                                            event.actor,
                                            event.action,
                                            object_text(event),
                                            event.workspace_id,
                                            event.from};
        });
}

Status show(const CommandContext& session, const std::vector<manage::DecisionRecord>& records) {
    using Record = manage::DecisionRecord;
    return show_list(
        session, records, {{"TIME", "STATUS", "REASON", "TOKEN", "CALL", "DECISION"}},
        "no matching decisions", [](const Record& record) { return view_of(record); },
        [&](const Record& record) {
            return std::vector<std::string>{
                time_text(session, record.at_ms),  std::to_string(record.status),
                manage::told_reason(record),       record.prefix,
                record.method + " " + record.path, "dec_" + record.id};
        });
}

Status show(const CommandContext& session, const Plan& plan) {
    if (wants_json(session))
        return print(session, view_of(plan));
    return session.output.print(lines_of({{"name", plan.name},
                                          {"api access", plan.api ? "yes" : "no"},
                                          {"rank", std::to_string(plan.rank)},
                                          {"windows", windows_of(plan)}}));
}

Status show(const CommandContext& session, const manage::PlanSet& set) {
    for (const std::string& warning : set.warnings)
        session.output.warn(warning);
    if (!wants_json(session))
        return show(session, set.plan);
    Json json = view_of(set.plan);
    json["warnings"] = set.warnings;
    return print(session, json);
}

Status show(const CommandContext& session, const std::vector<Plan>& plans) {
    return show_list(
        session, plans, {{"NAME", "API", "RANK", "WINDOWS"}},
        "no matching plans; make one: hourgate plan set studio --api yes --window burst=30/10",
        [](const Plan& plan) { return view_of(plan); },
        [](const Plan& plan) {
            return std::vector<std::string>{plan.name, plan.api ? "yes" : "no",
                                            std::to_string(plan.rank), windows_of(plan)};
        });
}

Status show(const CommandContext& session, const manage::TokenView& view) {
    const std::int64_t now_ms = session.clock.now().wall_ms;
    if (wants_json(session))
        return print(session, view_of(view, now_ms));
    return session.output.print(lines_of(pairs_of(session, view)));
}

namespace {

void add_links(Pairs& pairs, const manage::TokenLinks& links) {
    if (!links.predecessor.empty())
        pairs.emplace_back("predecessor", links.predecessor);
    if (!links.successor.empty())
        pairs.emplace_back("successor", links.successor);
}

}  // namespace

Status show(const CommandContext& session, const manage::TokenView& view,
            const manage::TokenLinks& links) {
    if (wants_json(session))
        return print(session, view_of(view, links, session.clock.now().wall_ms));
    Pairs pairs = pairs_of(session, view);
    add_links(pairs, links);
    return session.output.print(lines_of(pairs));
}

Status show(const CommandContext& session, const std::vector<manage::TokenView>& views) {
    const std::int64_t now_ms = session.clock.now().wall_ms;
    using View = manage::TokenView;
    return show_list(
        session, views,
        {{"PREFIX", "STATUS", "ENV", "ROLE", "WORKSPACE", "MEMBER", "EXPIRES", "LAST USED",
          "NAME"}},
        "no matching tokens; mint one: hourgate token mint MEMBER --name NAME",
        [&](const View& view) { return view_of(view, now_ms); },
        [&](const View& view) {
            const manage::TokenRecord& token = view.token;
            return std::vector<std::string>{
                token.prefix,
                std::string(manage::status_of(view, now_ms)),
                std::string(token::to_text(token.env)),
                role_text(view),
                view.workspace_name,
                who_of(view),
                token.expires_ms ? time_text(session, *token.expires_ms) : "never",
                time_text(session, view.use.used_ms),
                token.name};
        });
}

Status show(const CommandContext& session, const manage::MintedToken& minted) {
    const std::int64_t now_ms = session.clock.now().wall_ms;
    for (const std::string& warning : minted.warnings)
        session.output.warn(warning);
    if (session.arguments.given("--quiet"))
        return print_token(session, minted.token);
    if (wants_json(session)) {
        Json json = view_of(minted.view, {minted.predecessor, ""}, now_ms);
        json["warnings"] = minted.warnings;
        return print_with_token(session, json, minted.token);
    }
    Pairs pairs = pairs_of(session, minted.view);
    add_links(pairs, {minted.predecessor, ""});
    return print_with_token(session, lines_of(pairs), minted.token);
}

namespace {

bool is_preview(const CommandContext& session) {
    return session.arguments.given(dry_run_flag.name);
}

/// Adds to a preview what stays unchanged.
Status with_note(const CommandContext& session, Status printed, const std::string& what) {
    if (printed && is_preview(session))
        session.output.note("nothing was changed: " + what);
    return printed;
}

}  // namespace

Status with_preview_note(const CommandContext& session, Status printed) {
    if (wants_json(session))
        return printed;
    return with_note(session, printed, "this is what it would be");
}

namespace {

std::string counted(std::int64_t count, std::string_view what) {
    return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

std::int64_t not_revoked(const std::vector<manage::TokenView>& views) {
    return std::count_if(views.begin(), views.end(),
                         [](const manage::TokenView& view) { return !view.token.revoked_ms; });
}

Json json_of(const std::vector<manage::TokenView>& views, std::int64_t now_ms) {
    Json all = Json::array();
    for (const manage::TokenView& view : views)
        all.push_back(view_of(view, now_ms));
    return all;
}

}  // namespace

Status show_revoked(const CommandContext& session, const manage::Revocation& revoked) {
    if (wants_json(session))
        return print(session, {{"dryRun", is_preview(session)},
                               {"revoked", json_of(revoked.tokens, session.clock.now().wall_ms)},
                               {"live", revoked.live},
                               {"usedInLastHour", revoked.used_lately}});
    return with_note(session, show(session, revoked.tokens),
                     counted(not_revoked(revoked.tokens), "token") +
                         " would be revoked, of which " + std::to_string(revoked.live) +
                         " worked until now and " + std::to_string(revoked.used_lately) +
                         " were used in the last hour");
}

Status show_revoked(const CommandContext& session, const std::vector<manage::TokenView>& views) {
    if (wants_json(session))
        return print(session, {{"dryRun", is_preview(session)},
                               {"revoked", json_of(views, session.clock.now().wall_ms)}});
    return with_note(session, show(session, views),
                     counted(not_revoked(views), "token") + " would be revoked");
}

Status show_removal(const CommandContext& session, const manage::MemberView& member,
                    const std::vector<manage::TokenView>& tokens) {
    if (wants_json(session)) {
        Json json = view_of(member);
        json["dryRun"] = true;
        json["tokensThatEnd"] = json_of(tokens, session.clock.now().wall_ms);
        return print(session, json);
    }
    Status printed = show(session, member);
    if (printed && !tokens.empty())
        printed = show(session, tokens);
    return with_note(session, printed,
                     "the member would be removed, and " +
                         counted(static_cast<std::int64_t>(tokens.size()), "token") +
                         " of theirs would end");
}

Status show(const CommandContext& session, const std::vector<manage::UsageRow>& rows) {
    using Row = manage::UsageRow;
    return show_list(
        session, rows, {{"HOUR", "TOKEN", "NAME", "WORKSPACE", "GRANTED", "REFUSED"}},
        "no matching usage", [](const Row& row) { return view_of(row); },
        [](const Row& row) {
            std::int64_t granted = 0;
            std::string refused;
            for (const auto& [reason, calls] : row.calls) {
                if (reason == "granted")
                    granted = calls;
                else
                    refused.append(refused.empty() ? "" : ", ")
                        .append(std::to_string(calls) + " " + reason);
            }
            return std::vector<std::string>{format_time(row.hour * ms_per_hour),
                                            row.prefix,
                                            row.token_name,
                                            row.workspace_id,
                                            std::to_string(granted),
                                            refused};
        });
}

Status show_closed(const CommandContext& session, const manage::ClosedWorkspace& closed) {
    const Workspace& workspace = closed.view.workspace;
    const bool preview = is_preview(session);
    if (wants_json(session))
        return print(session, {{"id", workspace.public_id},
                               {"name", workspace.name},
                               {"closed", !preview},
                               {"dryRun", preview},
                               {"members", closed.members},
                               {"endedTokens", closed.ended_tokens}});
    return with_note(
        session,
        session.output.print(lines_of({{preview ? "would close" : "closed", workspace.name},
                                       {"id", workspace.public_id},
                                       {"members", std::to_string(closed.members)},
                                       {"ended tokens", std::to_string(closed.ended_tokens)}})),
        "the workspace would be deleted, with its members and ended tokens");
}

Status show_removed_plan(const CommandContext& session, std::string_view name) {
    const bool preview = is_preview(session);
    if (wants_json(session))
        return print(session, {{"name", name}, {"removed", !preview}});
    return with_note(session,
                     session.output.print("plan " + std::string(name) +
                                          (preview ? " would be removed\n" : " is removed\n")),
                     "the plan would be removed");
}

}  // namespace hourgate::cli
