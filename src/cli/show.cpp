#include "cli/show.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/secret.h"
#include "base/time_text.h"
#include "build_info.h"
#include "http/views.h"

namespace hourgate::cli {

namespace {

using Json = nlohmann::ordered_json;
using http::view_of;
using Rows = std::vector<std::vector<std::string>>;

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Status print(const Session& session, const Json& json) {
    return session.output.print(dump(json));
}

bool wants_json(const Session& session) noexcept {
    return session.output.form() == Form::json;
}

std::string time_text(std::optional<std::int64_t> time_ms) {
    return time_ms ? format_time(*time_ms) : std::string();
}

/// A list: an array, or a table under its heading, or one line that says how to fill it.
template <typename T, typename View, typename Row>
Status show_list(const Session& session, const std::vector<T>& items, Rows rows,
                 std::string_view empty, View view, Row row) {
    if (wants_json(session)) {
        Json array = Json::array();
        for (const T& item : items)
            array.push_back(view(item));
        return print(session, array);
    }
    if (items.empty())
        return session.output.print(std::string(empty) + "\n");
    for (const T& item : items)
        rows.push_back(row(item));
    return session.output.print(columns_of(rows));
}

// --- tokens --------------------------------------------------------------------------------------

std::string who_of(const manage::TokenView& view) {
    return view.member.email.empty() ? view.member.name : view.member.email;
}

std::string role_text(const manage::TokenView& view) {
    return std::string(view.token.is_operator ? "operator" : to_text(view.member.role));
}

std::string status_text(const manage::TokenRecord& token, std::int64_t now_ms) {
    std::string text(manage::status_of(token, now_ms));
    if (token.revoked_ms)
        return text + " " + format_time(*token.revoked_ms);
    if (token.works_until_ms)
        return text + ", works until " + format_time(*token.works_until_ms);
    return text;
}

Pairs pairs_of(const manage::TokenView& view, std::int64_t now_ms) {
    const manage::TokenRecord& token = view.token;
    Pairs pairs = {{"prefix", token.prefix}, {"name", token.name}};
    if (!token.is_operator) {
        pairs.emplace_back("member", who_of(view) + " (" + view.member.public_id + ")");
        pairs.emplace_back("workspace", view.workspace_name + " (" + view.workspace_id + ")");
    }
    pairs.emplace_back("role", role_text(view));
    pairs.emplace_back("env", token::to_text(token.env));
    if (!token.is_operator)
        pairs.emplace_back("scopes",
                           token.scopes.empty() ? "all its role allows" : to_text(token.scopes));
    pairs.emplace_back("status", status_text(token, now_ms));
    pairs.emplace_back("created", format_time(token.created_ms));
    pairs.emplace_back("expires", token.expires_ms ? format_time(*token.expires_ms) : "never");
    return pairs;
}

/// The JSON of `view` with `first` before its members, and the token itself as the first of all.
/// The token has no character that JSON escapes, and is put in as text so that no copy stays
/// behind.
Status print_with_token(const Session& session, const Json& json, const Secret& token) {
    std::string text = "{\"token\":\"";
    std::string rest = dump(json);
    text.reserve(text.size() + token.reveal().size() + rest.size() + 2);
    text.append(token.reveal()).append("\",").append(rest, 1);
    const Status printed = session.output.print(text);
    wipe(text);
    return printed;
}

Status print_with_token(const Session& session, const std::string& before, const Secret& token) {
    std::string text = before + "\ntoken, shown once; what is kept cannot bring it back:\n";
    text.reserve(text.size() + token.reveal().size() + 1);
    text.append(token.reveal()).append("\n");
    const Status printed = session.output.print(text);
    wipe(text);
    return printed;
}

std::string windows_of(const Plan& plan) {
    std::string text;
    for (const Window& window : plan.windows)
        text += (text.empty() ? "" : " ") + to_text(window);
    return text;
}

std::string text_of(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

}  // namespace

Status show(const Session& session, const manage::WorkspaceView& view) {
    if (wants_json(session))
        return print(session, view_of(view));
    const Workspace& workspace = view.workspace;
    return session.output.print(lines_of({{"id", workspace.public_id},
                                          {"name", workspace.name},
                                          {"plan", view.plan},
                                          {"paid until", time_text(workspace.paid_until_ms)},
                                          {"created", format_time(workspace.created_ms)},
                                          {"members", std::to_string(view.members)},
                                          {"tokens", std::to_string(view.tokens)}}));
}

Status show(const Session& session, const std::vector<manage::WorkspaceView>& views) {
    using View = manage::WorkspaceView;
    return show_list(
        session, views, {{"ID", "NAME", "PLAN", "PAID UNTIL", "MEMBERS", "TOKENS"}},
        "no workspaces yet; add one: hourgate workspace add NAME --plan studio",
        [](const View& view) { return view_of(view); },
        [](const View& view) {
            return std::vector<std::string>{view.workspace.public_id,
                                            view.workspace.name,
                                            view.plan,
                                            time_text(view.workspace.paid_until_ms),
                                            std::to_string(view.members),
                                            std::to_string(view.tokens)};
        });
}

Status show(const Session& session, const manage::MemberView& view) {
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
    pairs.emplace_back("created", format_time(member.created_ms));
    if (member.removed_ms)
        pairs.emplace_back("removed", format_time(*member.removed_ms));
    pairs.emplace_back("tokens", std::to_string(view.tokens));
    return session.output.print(lines_of(pairs));
}

Status show(const Session& session, const std::vector<manage::MemberView>& views) {
    using View = manage::MemberView;
    return show_list(
        session, views, {{"ID", "KIND", "E-MAIL", "NAME", "ROLE", "REMOVED", "TOKENS"}},
        "no members yet; add one: hourgate member add WORKSPACE EMAIL --role owner",
        [](const View& view) { return view_of(view); },
        [](const View& view) {
            const Member& member = view.member;
            return std::vector<std::string>{
                member.public_id,
                member.kind == MemberKind::person ? "person" : "service",
                member.email,
                member.name,
                std::string(to_text(member.role)),
                time_text(member.removed_ms),
                std::to_string(view.tokens)};
        });
}

Status show(const Session& session, const Plan& plan) {
    if (wants_json(session))
        return print(session, view_of(plan));
    return session.output.print(lines_of({{"name", plan.name},
                                          {"api access", plan.api ? "yes" : "no"},
                                          {"rank", std::to_string(plan.rank)},
                                          {"windows", windows_of(plan)}}));
}

Status show(const Session& session, const std::vector<Plan>& plans) {
    return show_list(
        session, plans, {{"NAME", "API", "RANK", "WINDOWS"}},
        "no plans; make one: hourgate plan set studio --api yes --window burst=30/10",
        [](const Plan& plan) { return view_of(plan); },
        [](const Plan& plan) {
            return std::vector<std::string>{plan.name, plan.api ? "yes" : "no",
                                            std::to_string(plan.rank), windows_of(plan)};
        });
}

Status show(const Session& session, const manage::TokenView& view) {
    const std::int64_t now_ms = session.clock.now().wall_ms;
    if (wants_json(session))
        return print(session, view_of(view, now_ms));
    return session.output.print(lines_of(pairs_of(view, now_ms)));
}

Status show(const Session& session, const std::vector<manage::TokenView>& views) {
    const std::int64_t now_ms = session.clock.now().wall_ms;
    using View = manage::TokenView;
    return show_list(
        session, views,
        {{"PREFIX", "STATUS", "ENV", "ROLE", "WORKSPACE", "MEMBER", "EXPIRES", "NAME"}},
        "no tokens yet; mint one: hourgate token mint MEMBER --name NAME",
        [&](const View& view) { return view_of(view, now_ms); },
        [&](const View& view) {
            const manage::TokenRecord& token = view.token;
            return std::vector<std::string>{
                token.prefix,
                std::string(manage::status_of(token, now_ms)),
                std::string(token::to_text(token.env)),
                role_text(view),
                view.workspace_name,
                who_of(view),
                token.expires_ms ? format_time(*token.expires_ms) : "never",
                token.name};
        });
}

Status show(const Session& session, const manage::MintedToken& minted) {
    const std::int64_t now_ms = session.clock.now().wall_ms;
    if (wants_json(session))
        return print_with_token(session, view_of(minted.view, now_ms), minted.token);
    return print_with_token(session, lines_of(pairs_of(minted.view, now_ms)), minted.token);
}

Status show_revoked(const Session& session, const std::vector<manage::TokenView>& views) {
    if (!wants_json(session))
        return show(session, views);
    const std::int64_t now_ms = session.clock.now().wall_ms;
    Json revoked = Json::array();
    for (const manage::TokenView& view : views)
        revoked.push_back(view_of(view, now_ms));
    return print(session, {{"revoked", revoked}});
}

Status show_removed_plan(const Session& session, std::string_view name) {
    if (wants_json(session))
        return print(session, {{"name", name}, {"removed", true}});
    return session.output.print("plan " + std::string(name) + " is removed\n");
}

Status show_made(const Session& session, const std::string& database,
                 const manage::MintedToken& minted) {
    const std::int64_t now_ms = session.clock.now().wall_ms;
    if (wants_json(session)) {
        Json json = {{"database", database}};
        json.update(view_of(minted.view, now_ms));
        return print_with_token(session, json, minted.token);
    }
    Pairs pairs = {{"database", database}, {"plans", "free, studio, agency"}};
    const std::string before = lines_of(pairs) +
                               "\nThe first operator token, for those who run the gate:\n" +
                               lines_of(pairs_of(minted.view, now_ms)) +
                               "\nNext: hourgate workspace add NAME --plan studio, hourgate member "
                               "add, hourgate token mint,\n"
                               "and start the server: hourgate serve\n";
    return print_with_token(session, before, minted.token);
}

Status show_backup(const Session& session, const std::string& file,
                   const store::BackupReport& report) {
    if (wants_json(session))
        return print(session, {{"file", file},
                               {"bytes", report.bytes},
                               {"workspaces", report.workspaces},
                               {"members", report.members},
                               {"tokens", report.tokens}});
    return session.output.print(lines_of({{"backup", file},
                                          {"bytes", std::to_string(report.bytes)},
                                          {"workspaces", std::to_string(report.workspaces)},
                                          {"members", std::to_string(report.members)},
                                          {"tokens", std::to_string(report.tokens)}}));
}

Status show_restored(const Session& session, const std::string& database,
                     const store::RestoreReport& report) {
    if (wants_json(session))
        return print(session,
                     {{"database", database},
                      {"oldFile", report.old_file.empty() ? Json() : Json(report.old_file)},
                      {"workspaces", report.workspaces},
                      {"members", report.members},
                      {"tokens", report.tokens},
                      {"keptRevoked", report.kept_revoked},
                      {"keptRemoved", report.kept_removed}});
    Pairs pairs = {{"database", database},
                   {"moved away to", report.old_file},
                   {"workspaces", std::to_string(report.workspaces)},
                   {"members", std::to_string(report.members)},
                   {"tokens", std::to_string(report.tokens)}};
    if (!report.kept_revoked.empty())
        pairs.emplace_back("still revoked", text_of(report.kept_revoked));
    if (!report.kept_removed.empty())
        pairs.emplace_back("still removed", text_of(report.kept_removed));
    std::string text = lines_of(pairs);
    if (!report.kept_revoked.empty() || !report.kept_removed.empty())
        text +=
            "\nWhat was revoked or removed since the backup stays so. To have the backup as it "
            "was,\n"
            "restore it again with --bring-back; one member alone: hourgate member restore "
            "MEMBER.\n";
    return session.output.print(text);
}

Status show_checked(const Session& session, const std::string& file,
                    const std::vector<std::string>& warnings) {
    if (wants_json(session))
        return print(session, {{"file", file}, {"ok", true}, {"warnings", warnings}});
    std::string text = (file.empty() ? "built-in defaults (no file was read)" : file) + ": OK\n";
    for (const std::string& warning : warnings)
        text += "warning: " + warning + "\n";
    return session.output.print(text);
}

Status show_version(const Session& session) {
    if (wants_json(session)) {
        Json libraries = Json::array();
        for (const build_info::Part& part : build_info::parts)
            libraries.push_back({{"name", part.name},
                                 {"version", part.version},
                                 {"sha256", *part.sha256 == '\0' ? Json() : Json(part.sha256)}});
        return print(session, {{"version", build_info::version},
                               {"commit", build_info::commit},
                               {"compiler", build_info::compiler},
                               {"schema", store::schema_version()},
                               {"libraries", libraries}});
    }
    Pairs pairs = {{"hourgate", build_info::version},
                   {"commit", build_info::commit},
                   {"compiler", build_info::compiler},
                   {"schema", std::to_string(store::schema_version())}};
    for (const build_info::Part& part : build_info::parts)
        pairs.emplace_back(part.name, part.version);
    return session.output.print(lines_of(pairs));
}

}  // namespace hourgate::cli
