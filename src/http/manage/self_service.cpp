#include "http/manage/self_service.h"

#include <array>
#include <utility>

#include "base/limits.h"
#include "base/time_text.h"
#include "http/decision/json.h"
#include "http/manage/views.h"
#include "http/wire/structured_field.h"
#include "manage/accounts.h"
#include "manage/usage.h"

namespace hourgate::http {

namespace {

std::optional<token::Env> env_of(Fields& body) {
    const auto text = body.text("env");
    if (!text)
        return std::nullopt;
    for (const token::Env env : {token::Env::live, token::Env::test})
        if (*text == token::to_text(env))
            return env;
    body.refuse_value("env", "live or test");
    return std::nullopt;
}

std::vector<policy::Scope> scopes_in(Fields& body) {
    std::vector<policy::Scope> scopes;
    std::size_t at = 0;
    for (const std::string& text : body.texts("scopes", limits::scopes_max)) {
        const auto scope = policy::parse_scope(text);
        if (scope)
            scopes.push_back(scope.value());
        else
            body.refuse_value("scopes[" + std::to_string(at) + "]", Json(text),
                              "resource:read, resource:write, resource:* or *:read");
        ++at;
    }
    return scopes;
}

std::optional<std::int64_t> expiry_in(Fields& body, std::int64_t now_ms) {
    const auto at_ms = body.time("expiresAt", DateMeans::its_end);
    const auto in_s = body.span_s("expiresIn");
    if (!in_s)
        return at_ms;
    if (at_ms)
        body.refuse("expiresIn", "is sent together with expiresAt; send one of them");
    if (*in_s == 0)
        body.refuse_value("expiresIn", "more than 0");
    return now_ms + *in_s * ms_per_s;
}

manage::TokenStatus token_status_in(Fields& query) {
    const auto text = query.text("status");
    if (!text)
        return manage::TokenStatus::any;
    const auto status = manage::token_status_from(*text);
    if (!status)
        query.refuse_value("status", manage::token_statuses);
    return status.value_or(manage::TokenStatus::any);
}

/// Reads kind=service.
std::optional<MemberKind> member_kind_in(Fields& query) {
    const auto text = query.text("kind");
    if (!text)
        return std::nullopt;
    if (*text != "person" && *text != "service")
        query.refuse_value("kind", "person or service");
    return *text == "person" ? MemberKind::person : MemberKind::service;
}

/// Reads status=removed.
std::optional<bool> removed_in(Fields& query) {
    const auto text = query.text("status");
    if (!text)
        return std::nullopt;
    if (*text != "present" && *text != "removed")
        query.refuse_value("status", "present or removed");
    return *text == "removed";
}

/// Returns 201 with the token, which is shown only once, and with what keeps it from working.
Response minted(const ManagementCall& call, const Result<manage::MintedToken>& minted) {
    if (!minted)
        return call.failed(minted.failure());
    const std::string& predecessor = minted.value().predecessor;
    Json data = view_of(minted.value().view, {predecessor, ""}, call.now_ms());
    data["warnings"] = minted.value().warnings;
    return call.data_with_token(201, data, minted.value().token);
}

// --- routes --------------------------------------------------------------------------------------

/// Has no fields, so only unknown ones can be wrong.
Response show_me(ManagementCall& call) {
    if (auto off = call.flawed())
        return *std::move(off);
    return call.data(200, me_of(call.decision()));
}

Response rotate_me(ManagementCall& call) {
    return rotated(call, call.decision().facts->token.prefix);
}

Response rotate_one(ManagementCall& call) {
    return rotated(call, call.captured(0));
}

Response mint_own(ManagementCall& call) {
    return mint(call, "");
}

Response list_own_members(ManagementCall& call) {
    return list_members(call, "");
}

/// Decides without spending, and returns the refusal that a call would get.
Response check_call(ManagementCall& call) {
    const std::string method = call.body.needed_text("method");
    const std::string path = call.body.needed_text("path");
    if (auto off = call.flawed())
        return *std::move(off);
    return call.data(200, check_of(call.supposed(method, path), call.settings()));
}

Response show_organization(ManagementCall& call) {
    if (auto off = call.flawed())
        return *std::move(off);
    return call.one(200, manage::show_workspace(call.context(), ""),
                    [](const manage::WorkspaceView& view) { return view_of(view); });
}

constexpr std::array routes = {
    Route{"GET", "me", Body::none, show_me},
    Route{"POST", "me/rotate", Body::json, rotate_me, Creates::yes},
    Route{"GET", "tokens", Body::none, list_tokens},
    Route{"POST", "tokens", Body::json, mint_own, Creates::yes},
    Route{"GET", "tokens/{}", Body::none, show_token},
    Route{"PATCH", "tokens/{}", Body::json, change_token},
    Route{"DELETE", "tokens/{}", Body::none, revoke},
    Route{"POST", "tokens/{}/rotate", Body::json, rotate_one, Creates::yes},
    Route{"GET", "members", Body::none, list_own_members},
    Route{"GET", "members/{}", Body::none, show_member},
    Route{"POST", "check", Body::json, check_call},
    Route{"GET", "organization", Body::none, show_organization},
    Route{"GET", "usage", Body::none, list_usage},
};

}  // namespace

std::span<const Route> self_service_routes() noexcept {
    return routes;
}

Json me_of(const Decision& decision) {
    const Facts& facts = *decision.facts;
    return {
        {"workspaceId", facts.workspace->public_id},
        {"workspaceName", facts.workspace->name},
        {"orgId", facts.workspace->public_id},
        {"orgName", facts.workspace->name},
        {"memberId", facts.member->public_id},
        {"email", text_or_null(facts.member->email)},
        {"role", decision.role()},
        {"plan", decision.plan != nullptr ? Json(decision.plan->name) : Json()},
        {"scopes", scopes_of(decision)},
        {"tokenName", facts.token.name},
        {"token", facts.token.prefix},
        {"env", token::to_text(facts.token.env)},
        {"expiresAt", facts.token.expires_ms ? Json(format_time(*facts.token.expires_ms)) : Json()},
        {"limits", limits_of(decision)},
    };
}

Json check_of(const Decision& decision, const ReplySettings& settings) {
    const policy::Resource* resource = decision.match.resource;
    return {
        {"granted", decision.granted()},
        {"status", status_of(decision)},
        {"reason", to_text(decision.reason)},
        {"observed", decision.observed},
        {"resource", resource != nullptr ? Json(resource->name) : Json()},
        {"role", text_or_null(decision.role())},
        {"plan", decision.plan != nullptr ? Json(decision.plan->name) : Json()},
        {"own", text_or_null(decision.judgement.own)},
        {"limits", limits_of(decision)},
        {"error", decision.granted() ? Json() : error_members(decision, settings)},
    };
}

Response list_tokens(ManagementCall& call) {
    manage::TokenQuery query;
    if (call.decision().facts->is_operator())
        query.workspace = call.query.text("workspace").value_or("");
    query.member = call.query.text("member").value_or("");
    return list_tokens(call, std::move(query));
}

Response list_tokens(ManagementCall& call, manage::TokenQuery query) {
    query.order = manage::token_order_of(call.sort(manage::token_order));
    query.status = token_status_in(call.query);
    query.env = env_of(call.query);
    const manage::Page page = call.page();
    if (auto off = call.flawed())
        return *std::move(off);
    return call.list(manage::list_tokens(call.context(), query, page),
                     [&](const manage::TokenView& view) { return view_of(view, call.now_ms()); });
}

Response mint(ManagementCall& call, std::string_view member) {
    manage::NewToken asked;
    asked.member = member;
    asked.name = call.body.needed_text("name");
    asked.note = call.body.text("note").value_or("");
    asked.env = env_of(call.body);
    asked.scopes = scopes_in(call.body);
    asked.expires_ms = expiry_in(call.body, call.now_ms());
    if (call.request().count("Idempotency-Key") > 0)
        asked.idempotency_key =
            read_string_item(call.request().only("Idempotency-Key").value_or("")).value_or("");
    if (auto off = call.flawed())
        return *std::move(off);
    const manage::Context context = call.context();
    if (const auto in_s = call.body.span_s("expiresIn"))
        if (Status fits =
                manage::check_life(context, *in_s, call.body.text("expiresIn").value_or(""));
            !fits)
            return call.failed(fits.failure());
    return minted(call, manage::mint_token(context, asked));
}

Response change_token(ManagementCall& call) {
    manage::TokenChange change;
    change.name = call.body.text("name");
    if (call.body.has("note"))
        change.note = call.body.text("note").value_or("");  // null: none
    if (!change.name && !change.note)
        call.body.refuse("name", "is missing; send name or note");
    if (auto off = call.flawed())
        return *std::move(off);
    return call.one(200, manage::change_token(call.context(), call.captured(0), change),
                    [&](const manage::TokenView& view) { return view_of(view, call.now_ms()); });
}

std::optional<Role> role_in(Fields& fields) {
    const auto text = fields.text("role");
    if (!text)
        return std::nullopt;
    const auto role = role_from(*text);
    if (!role)
        fields.refuse_value("role", "owner, admin, manager or member");
    return role;
}

Response list_members(ManagementCall& call, std::string_view workspace) {
    const manage::MemberQuery query{role_in(call.query), member_kind_in(call.query),
                                    removed_in(call.query)};
    const manage::Page page = call.page_by(manage::member_order);
    if (auto off = call.flawed())
        return *std::move(off);
    return call.list(manage::list_members(call.context(), workspace, page, query),
                     [](const manage::MemberView& view) { return view_of(view); });
}

Response rotated(ManagementCall& call, std::string_view prefix) {
    const auto grace_s = call.body.span_s("grace");
    if (auto off = call.flawed())
        return *std::move(off);
    const manage::Context context = call.context();
    if (grace_s)
        if (Status fits =
                manage::check_grace(context, *grace_s, call.body.text("grace").value_or(""));
            !fits)
            return call.failed(fits.failure());
    return minted(call, manage::rotate_token(context, prefix, grace_s));
}

Response revoke(ManagementCall& call) {
    if (auto off = call.flawed())
        return *std::move(off);
    return call.one(200, manage::revoke_tokens(call.context(), {call.captured(0)}),
                    [&](const std::vector<manage::TokenView>& views) {
                        return view_of(views.front(), call.now_ms());
                    });
}

Response show_token(ManagementCall& call) {
    if (auto off = call.flawed())
        return *std::move(off);
    const manage::Context context = call.context();
    const auto shown = manage::show_token(context, call.captured(0));
    if (!shown)
        return call.failed(shown.failure());
    return call.one(200, manage::links_of(context, shown.value().token),
                    [&](const manage::TokenLinks& links) {
                        return view_of(shown.value(), links, call.now_ms());
                    });
}

Response list_usage(ManagementCall& call) {
    manage::UsageQuery query;
    if (call.decision().facts->is_operator())
        query.tokens.workspace = call.query.text("workspace").value_or("");
    query.tokens.member = call.query.text("member").value_or("");
    query.prefix = call.query.text("token").value_or("");
    const ManagementCall::Period period = call.period();
    query.from_ms = period.from_ms;
    query.until_ms = period.until_ms;
    const manage::Page page = call.page_by(manage::usage_order);
    if (auto off = call.flawed())
        return *std::move(off);
    return call.list(manage::list_usage(call.context(), query, page),
                     [](const manage::UsageRow& row) { return view_of(row); });
}

Response show_member(ManagementCall& call) {
    if (auto off = call.flawed())
        return *std::move(off);
    return call.one(200, manage::show_member(call.context(), call.captured(0)),
                    [](const manage::MemberView& view) { return view_of(view); });
}

}  // namespace hourgate::http
