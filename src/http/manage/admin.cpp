// The routes of /admin/v1 on the admin listener, for operator tokens: all that an operator changes
// or reads.
#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "http/decision/json.h"
#include "http/manage/management.h"
#include "http/manage/self_service.h"
#include "http/manage/views.h"
#include "http/manage/why_routes.h"
#include "manage/accounts.h"
#include "manage/audit_log.h"
#include "manage/ownership.h"
#include "manage/tokens.h"

namespace hourgate::http {

namespace {

Json workspace_json(const manage::WorkspaceView& view) {
    return view_of(view);
}
Json member_json(const manage::MemberView& view) {
    return view_of(view);
}
Json plan_json(const Plan& plan) {
    return view_of(plan);
}

/// Adds a warning about names that may be mistaken for the new one. A failed look-up is left out,
/// because the change itself is done.
Json with_warning(Json view, const Result<std::string>& warning) {
    view["warnings"] = Json::array();
    if (warning && !warning.value().empty())
        view["warnings"].push_back(warning.value());
    return view;
}

Json with_warnings(const manage::Context& context, const manage::WorkspaceView& view) {
    Json json = with_warning(view_of(view), manage::warning_about_name(context, view.workspace));
    for (std::string& warning : manage::standing_warnings(context, view))
        json["warnings"].push_back(std::move(warning));
    return json;
}

// --- workspaces ----------------------------------------------------------------------------------

std::optional<Paid> standing_in(Fields& query) {
    const auto text = query.text("standing");
    if (!text)
        return std::nullopt;
    if (*text == "paid")
        return Paid::yes;
    if (*text == "grace")
        return Paid::in_grace;
    if (*text != "lapsed")
        query.refuse_value("standing", "paid, grace or lapsed");
    return Paid::lapsed;
}

Response list_all_workspaces(ManagementCall& call) {
    manage::WorkspaceQuery query;
    query.plan = call.query.text("plan").value_or("");
    query.standing = standing_in(call.query);
    const manage::Page page = call.page_by(manage::workspace_order);
    if (auto off = call.flawed())
        return *std::move(off);
    return call.list(manage::list_workspaces(call.context(), page, query), workspace_json);
}

Response add_one_workspace(ManagementCall& call) {
    manage::NewWorkspace asked;
    asked.name = call.body.needed_text("name");
    asked.plan = call.body.text("plan").value_or(asked.plan);
    asked.paid_until_ms = call.body.time("paidUntil", DateMeans::its_end);
    if (auto off = call.flawed())
        return *std::move(off);
    const manage::Context context = call.context();
    return call.one(
        201, manage::add_workspace(context, asked),
        [&](const manage::WorkspaceView& view) { return with_warnings(context, view); });
}

Response show_one_workspace(ManagementCall& call) {
    if (auto off = call.flawed())
        return *std::move(off);
    return call.one(200, manage::show_workspace(call.context(), call.captured(0)), workspace_json);
}

Response change_one_workspace(ManagementCall& call) {
    manage::WorkspaceChange change;
    change.name = call.body.text("name");
    change.plan = call.body.text("plan");
    if (call.body.has("paidUntil"))
        change.paid_until_ms =
            call.body.time("paidUntil", DateMeans::its_end);  // null: paid without end
    if (auto off = call.flawed())
        return *std::move(off);
    const manage::Context context = call.context();
    return call.one(
        200, manage::change_workspace(context, call.captured(0), change),
        [&](const manage::WorkspaceView& view) { return with_warnings(context, view); });
}

Response close_one_workspace(ManagementCall& call) {
    if (auto off = call.flawed())
        return *std::move(off);
    return call.one(200, manage::close_workspace(call.context(), call.captured(0)),
                    [](const manage::ClosedWorkspace& closed) {
                        return Json{{"id", closed.view.workspace.public_id},
                                    {"name", closed.view.workspace.name},
                                    {"closed", true},
                                    {"members", closed.members},
                                    {"endedTokens", closed.ended_tokens}};
                    });
}

// --- members -------------------------------------------------------------------------------------

Response list_workspace_members(ManagementCall& call) {
    return list_members(call, call.captured(0));
}

/// Adds a person, who has an e-mail address, or a service, which has only a name.
Response add_one_member(ManagementCall& call) {
    manage::NewMember asked;
    asked.workspace = call.captured(0);
    asked.email = call.body.text("email").value_or("");
    asked.name = call.body.text("name").value_or("");
    asked.role = role_in(call.body).value_or(asked.role);
    const std::string kind = call.body.text("kind").value_or("person");
    if (kind == "service")
        asked.kind = MemberKind::service;
    else if (kind != "person")
        call.body.refuse_value("kind", "person or service");
    if (auto off = call.flawed())
        return *std::move(off);
    const manage::Context context = call.context();
    return call.one(201, manage::add_member(context, asked), [&](const manage::MemberView& view) {
        return with_warning(view_of(view), manage::warning_about_name(context, view.member));
    });
}

Response change_one_member(ManagementCall& call) {
    manage::MemberChange change;
    change.role = role_in(call.body);
    change.name = call.body.text("name");
    change.email = call.body.text("email");
    if (!call.body.has("role") && !change.name && !change.email)
        call.body.refuse("role", "is missing; send role, name or email");
    if (auto off = call.flawed())
        return *std::move(off);
    return call.one(200, manage::change_member(call.context(), call.captured(0), change),
                    member_json);
}

Response remove_one_member(ManagementCall& call) {
    if (auto off = call.flawed())
        return *std::move(off);
    return call.one(200, manage::remove_member(call.context(), call.captured(0)), member_json);
}

Response restore_one_member(ManagementCall& call) {
    if (auto off = call.flawed())
        return *std::move(off);
    return call.one(200, manage::restore_member(call.context(), call.captured(0)), member_json);
}

Response transfer_workspace(ManagementCall& call) {
    manage::Transfer asked;
    asked.workspace = call.captured(0);
    asked.to = call.body.needed_text("to");
    asked.from = call.body.text("from").value_or("");
    if (const auto text = call.body.text("formerRole")) {
        const auto role = role_from(*text);
        if (!role || *role == Role::owner)
            call.body.refuse_value("formerRole", "admin, manager or member");
        asked.former = role.value_or(asked.former);
    }
    if (auto off = call.flawed())
        return *std::move(off);
    return call.one(
        200, manage::transfer_ownership(call.context(), asked),
        [](const manage::Transferred& done) {
            return Json{{"owner", view_of(done.owner)}, {"former", view_of(done.former)}};
        });
}

// --- plans ---------------------------------------------------------------------------------------

constexpr std::string_view window_rule =
    "an object with name, limit and seconds, and with per if more than one token shares it";
constexpr std::string_view name_rule = "1 to 32 of a-z, 0-9, '_' and '-', a letter first";

bool is_window_name(const std::string& name) {
    Plan plan;
    plan.name = "any";
    plan.windows = {{name, 1, 1, Per::token}};
    return validate(plan).ok();
}

std::uint32_t whole_in(Fields& body, const Json& item, const std::string& at, const char* name,
                       std::uint32_t most) {
    const std::string rule = "a whole number from 1 to " + std::to_string(most);
    const auto found = item.find(name);
    if (found == item.end()) {
        body.refuse(at + "." + name, "is missing; it has to be " + rule);
        return 0;
    }
    if (found->is_number_unsigned() && found->get<std::uint64_t>() - 1 < most)
        return found->get<std::uint32_t>();
    body.refuse_value(at + "." + name, *found, rule);
    return 0;
}

/// Reads the name of a window. No window in `before` may have it.
std::string window_name_in(Fields& body, const Json& item, const std::string& at,
                           const std::vector<Window>& before) {
    const auto found = item.find("name");
    if (found == item.end()) {
        body.refuse(at + ".name", "is missing; it has to be " + std::string(name_rule));
        return "";
    }
    if (!found->is_string() || !is_window_name(found->get<std::string>())) {
        body.refuse_value(at + ".name", *found, name_rule);
        return "";
    }
    const std::string name = found->get<std::string>();
    for (const Window& other : before)
        if (other.name == name)
            body.refuse_value(at + ".name", *found, "a name that no other window of the plan has");
    return name;
}

Window window_in(Fields& body, const Json& item, const std::string& at,
                 const std::vector<Window>& before) {
    Window window;
    window.name = window_name_in(body, item, at, before);
    window.limit = whole_in(body, item, at, "limit", limits::window_calls_max);
    window.seconds = whole_in(body, item, at, "seconds", limits::window_seconds_max);
    if (const auto said = item.find("per"); said != item.end()) {
        const auto per = said->is_string() ? per_from(said->get<std::string>()) : std::nullopt;
        if (!per)
            body.refuse_value(at + ".per", *said, "token, member or workspace");
        window.per = per.value_or(window.per);
    }
    constexpr std::array<std::string_view, 4> known = {"name", "limit", "seconds", "per"};
    for (const auto& [name, value] : item.items())
        if (std::find(known.begin(), known.end(), name) == known.end())
            body.refuse(at + "." + printable(name, 64),
                        "is not known here; known are limit, name, per, seconds");
    return window;
}

/// Reads [{"name","limit","seconds","per"?}].
std::optional<std::vector<Window>> windows_in(Fields& body) {
    const Json* list = body.list("windows");
    if (list == nullptr)
        return std::nullopt;
    if (list->size() > limits::windows_per_plan_max)
        body.refuse("windows", "has " + std::to_string(list->size()) +
                                   " items; it may have at most " +
                                   std::to_string(limits::windows_per_plan_max));
    std::vector<Window> windows;
    for (std::size_t i = 0; i < list->size() && i < limits::windows_per_plan_max; ++i) {
        const std::string at = "windows[" + std::to_string(i) + "]";
        if ((*list)[i].is_object())
            windows.push_back(window_in(body, (*list)[i], at, windows));
        else
            body.refuse_value(at, (*list)[i], window_rule);
    }
    return windows;
}

/// Lists all plans on one page, since there are at most limits::plans_max.
Response list_all_plans(ManagementCall& call) {
    manage::Page page;
    manage::put_sort(call.sort(manage::plan_order), page);
    page.search = call.query.text("search").value_or("");
    if (auto off = call.flawed())
        return *std::move(off);
    return call.one(200, manage::list_plans(call.context(), page),
                    [](const std::vector<Plan>& plans) {
                        Json list = Json::array();
                        for (const Plan& plan : plans)
                            list.push_back(view_of(plan));
                        return list;
                    });
}

Response show_one_plan(ManagementCall& call) {
    if (auto off = call.flawed())
        return *std::move(off);
    return call.one(200, manage::show_plan(call.context(), call.captured(0)), plan_json);
}

Response set_one_plan(ManagementCall& call) {
    manage::PlanChange change;
    change.name = call.captured(0);
    change.api = call.body.truth("api");
    change.rank = call.body.whole("rank", 0, 1'000'000);
    change.windows = windows_in(call.body);
    if (auto off = call.flawed())
        return *std::move(off);
    return call.one(200, manage::change_plan(call.context(), change),
                    [](const manage::PlanSet& set) {
                        Json json = view_of(set.plan);
                        json["warnings"] = set.warnings;
                        return json;
                    });
}

Response remove_one_plan(ManagementCall& call) {
    if (auto off = call.flawed())
        return *std::move(off);
    return call.one(200, manage::remove_plan(call.context(), call.captured(0)), [&](const Done&) {
        return Json{{"name", call.captured(0)}};
    });
}

// --- tokens --------------------------------------------------------------------------------------

Response mint_for_member(ManagementCall& call) {
    return mint(call, call.captured(0));
}

Response rotate_any(ManagementCall& call) {
    return rotated(call, call.captured(0));
}

Response list_operators(ManagementCall& call) {
    manage::TokenQuery query;
    query.operators = true;
    return list_tokens(call, std::move(query));
}

Response revoke_operator(ManagementCall& call) {
    if (auto off = call.flawed())
        return *std::move(off);
    return call.one(200, manage::revoke_operators(call.context(), {call.captured(0)}),
                    [&](const std::vector<manage::TokenView>& views) {
                        return view_of(views.front(), call.now_ms());
                    });
}

Response revoke_several(ManagementCall& call) {
    manage::RevokeMany asked;
    asked.prefixes = call.body.texts("prefixes", limits::prefixes_per_revocation_max);
    asked.workspace = call.body.text("workspace").value_or("");
    asked.member = call.body.text("member").value_or("");
    const bool preview = call.body.truth("preview").value_or(false);
    if (auto off = call.flawed())
        return *std::move(off);
    const manage::Context context = call.context();
    return call.one(
        200,
        preview ? manage::preview_revocation(context, asked) : manage::revoke_many(context, asked),
        [&](const manage::Revocation& all) {
            Json tokens = Json::array();
            for (const manage::TokenView& view : all.tokens)
                tokens.push_back(view_of(view, call.now_ms()));
            return Json{{"preview", preview},
                        {"tokens", std::move(tokens)},
                        {"live", all.live},
                        {"usedInLastHour", all.used_lately}};
        });
}

// --- audit ---------------------------------------------------------------------------------------

Response list_audit(ManagementCall& call) {
    manage::AuditFilter filter;
    filter.workspace_id = call.query.text("workspace").value_or("");
    filter.actor = call.query.text("actor").value_or("");
    filter.action = call.query.text("action").value_or("");
    filter.object = call.query.text("object").value_or("");
    const ManagementCall::Period period = call.period();
    filter.from_ms = period.from_ms;
    filter.until_ms = period.until_ms;
    const manage::Page page = call.page_by(manage::event_order);
    if (auto off = call.flawed())
        return *std::move(off);
    return call.list(manage::list_events(call.context(), filter, page),
                     [](const manage::AuditEvent& event) { return view_of(event); });
}

constexpr std::array routes = {
    Route{"GET", "workspaces", Body::none, list_all_workspaces},
    Route{"POST", "workspaces", Body::json, add_one_workspace, Creates::yes},
    Route{"GET", "workspaces/{}", Body::none, show_one_workspace},
    Route{"PATCH", "workspaces/{}", Body::json, change_one_workspace},
    Route{"DELETE", "workspaces/{}", Body::none, close_one_workspace},
    Route{"POST", "workspaces/{}/transfer", Body::json, transfer_workspace},
    Route{"GET", "workspaces/{}/members", Body::none, list_workspace_members},
    Route{"POST", "workspaces/{}/members", Body::json, add_one_member, Creates::yes},
    Route{"GET", "members/{}", Body::none, show_member},
    Route{"PATCH", "members/{}", Body::json, change_one_member},
    Route{"DELETE", "members/{}", Body::none, remove_one_member},
    Route{"POST", "members/{}/restore", Body::json, restore_one_member},
    Route{"POST", "members/{}/tokens", Body::json, mint_for_member, Creates::yes},
    Route{"GET", "plans", Body::none, list_all_plans},
    Route{"GET", "plans/{}", Body::none, show_one_plan},
    Route{"PUT", "plans/{}", Body::json, set_one_plan},
    Route{"DELETE", "plans/{}", Body::none, remove_one_plan},
    Route{"GET", "tokens", Body::none, list_tokens},
    Route{"POST", "tokens/revoke", Body::json, revoke_several},
    Route{"GET", "tokens/{}", Body::none, show_token},
    Route{"PATCH", "tokens/{}", Body::json, change_token},
    Route{"DELETE", "tokens/{}", Body::none, revoke},
    Route{"POST", "tokens/{}/rotate", Body::json, rotate_any, Creates::yes},
    Route{"GET", "operators", Body::none, list_operators},
    Route{"DELETE", "operators/{}", Body::none, revoke_operator},
    Route{"GET", "audit", Body::none, list_audit},
    Route{"GET", "usage", Body::none, list_usage},
    Route{"GET", "decisions", Body::none, list_decisions},
    Route{"GET", "decisions/{}", Body::none, show_decision},
};

}  // namespace

std::span<const Route> admin_routes() noexcept {
    return routes;
}

}  // namespace hourgate::http
