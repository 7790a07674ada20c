#include "http/manage/views.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/time_text.h"
#include "manage/decisions.h"
#include "manage/tokens.h"

namespace hourgate::http {

namespace {

using Json = nlohmann::ordered_json;

Json time_or_null(std::optional<std::int64_t> time_ms) {
    return time_ms ? Json(format_time(*time_ms)) : Json();
}

Json text_or_null(std::string_view text) {
    return text.empty() ? Json() : Json(text);
}

std::string_view kind_of(MemberKind kind) noexcept {
    switch (kind) {
        case MemberKind::person:
            return "person";
        case MemberKind::service:
            return "service";
    }
    return "";
}

/// Returns "paid", "grace" or "lapsed".
std::string_view standing_of(Paid paid) noexcept {
    switch (paid) {
        case Paid::yes:
            return "paid";
        case Paid::in_grace:
            return "grace";
        case Paid::lapsed:
            return "lapsed";
    }
    return "";
}

}  // namespace

Json view_of(const manage::WorkspaceView& view) {
    const bool ends = view.workspace.paid_until_ms.has_value();
    return {{"id", view.workspace.public_id},
            {"name", view.workspace.name},
            {"plan", view.plan},
            {"paidUntil", time_or_null(view.workspace.paid_until_ms)},
            {"standing", standing_of(view.standing.paid)},
            {"lapsesAt", ends ? Json(format_time(view.standing.lapses_ms)) : Json()},
            {"daysLeft", view.days_left ? Json(*view.days_left) : Json()},
            {"createdAt", format_time(view.workspace.created_ms)},
            {"members", view.members},
            {"tokens", view.tokens}};
}

Json view_of(const manage::MemberView& view) {
    return {{"id", view.member.public_id},
            {"workspaceId", view.workspace_id},
            {"workspaceName", view.workspace_name},
            {"kind", kind_of(view.member.kind)},
            {"email", text_or_null(view.member.email)},
            {"name", text_or_null(view.member.name)},
            {"role", to_text(view.member.role)},
            {"removedAt", time_or_null(view.member.removed_ms)},
            {"createdAt", format_time(view.member.created_ms)},
            {"tokens", view.tokens}};
}

Json view_of(const Plan& plan) {
    Json windows = Json::array();
    for (const Window& window : plan.windows)
        windows.push_back({{"name", window.name},
                           {"limit", window.limit},
                           {"seconds", window.seconds},
                           {"per", to_text(window.per)}});
    return {{"name", plan.name}, {"api", plan.api}, {"rank", plan.rank}, {"windows", windows}};
}

namespace {

/// Splits "192.0.2.1 via 127.0.0.1" (see ManagementCall::context()). The second part may be "".
std::pair<std::string, std::string> parted(const std::string& from) {
    constexpr std::string_view between = " via ";
    const std::size_t cut = from.find(between);
    return {from.substr(0, cut), cut == from.npos ? "" : from.substr(cut + between.size())};
}

}  // namespace

Json view_of(const manage::AuditEvent& event) {
    const auto [from, via] = parted(event.from);
    const auto state = [](const std::string& text) {
        return text.empty() ? Json() : Json::parse(text, nullptr, false);
    };
    return {{"id", event.id},
            {"at", format_time_ms(event.at_ms)},
            {"actor", event.actor},
            {"token", text_or_null(event.token)},
            {"from", from},
            {"via", text_or_null(via)},
            {"action", event.action},
            {"object", event.object},
            {"workspaceId", text_or_null(event.workspace_id)},
            {"workspaceName", text_or_null(event.workspace_name)},
            {"before", state(event.before)},
            {"after", state(event.after)}};
}

Json view_of(const manage::UsageRow& row) {
    std::int64_t granted = 0;
    Json refused = Json::object();
    for (const auto& [reason, calls] : row.calls) {
        if (reason == "granted")
            granted = calls;
        else
            refused[reason] = calls;
    }
    return {{"hour", format_time(row.hour * ms_per_hour)},
            {"token", row.prefix},
            {"tokenName", row.token_name},
            {"memberId", text_or_null(row.member_id)},
            {"workspaceId", text_or_null(row.workspace_id)},
            {"workspaceName", text_or_null(row.workspace_name)},
            {"granted", granted},
            {"refused", refused}};
}

Json view_of(const manage::DecisionRecord& record) {
    const auto [address, via] = parted(record.address);
    Json upstream;
    if (manage::has_failed(record)) {
        const Json document = Json::parse(record.document, nullptr, false);
        if (document.is_object() && document.contains("upstream"))
            upstream = document["upstream"];
    }
    return {{"decision", "dec_" + record.id},
            {"at", format_time_ms(record.at_ms)},
            {"status", record.status},
            {"reason", manage::told_reason(record)},
            {"workspaceId", text_or_null(record.workspace_id)},
            {"workspaceName", text_or_null(record.workspace_name)},
            {"memberId", text_or_null(record.member_id)},
            {"token", text_or_null(record.prefix)},
            {"method", record.method},
            {"path", record.path},
            {"resource", text_or_null(record.resource)},
            {"address", via.empty() ? text_or_null(address) : Json()},
            {"via", text_or_null(via)},
            {"requestId", text_or_null(record.request_id)},
            {"upstream", std::move(upstream)}};
}

Json view_of(const manage::TokenView& view, std::int64_t now_ms) {
    const manage::TokenRecord& token = view.token;
    Json scopes = Json::array();
    for (const policy::Scope& scope : token.scopes)
        scopes.push_back(policy::to_text(scope));
    return {{"prefix", token.prefix},
            {"name", token.name},
            {"note", text_or_null(token.note)},
            {"kind", token.is_operator ? "operator" : "member"},
            {"env", token::to_text(token.env)},
            {"memberId", text_or_null(view.member.public_id)},
            {"memberEmail", text_or_null(view.member.email)},
            {"memberName", text_or_null(view.member.name)},
            {"workspaceId", text_or_null(view.workspace_id)},
            {"workspaceName", text_or_null(view.workspace_name)},
            {"role", token.is_operator ? "operator" : to_text(view.member.role)},
            {"scopes", scopes},
            {"status", manage::status_of(view, now_ms)},
            {"createdAt", format_time(token.created_ms)},
            {"expiresAt", time_or_null(token.expires_ms)},
            {"rotatedAt", time_or_null(token.rotated_ms)},
            {"worksUntil", time_or_null(token.works_until_ms)},
            {"revokedAt", time_or_null(token.revoked_ms)},
            {"lastUsedAt", time_or_null(view.use.used_ms)},
            {"lastUsedFrom", text_or_null(view.use.used_from)},
            {"lastRefusedAt", time_or_null(view.use.refused_ms)},
            {"lastRefusedFrom", text_or_null(view.use.refused_from)},
            {"lastRefusedReason", text_or_null(view.use.refused_reason)}};
}

Json view_of(const manage::TokenView& view, const manage::TokenLinks& links, std::int64_t now_ms) {
    Json json = view_of(view, now_ms);
    json["predecessor"] = text_or_null(links.predecessor);
    json["successor"] = text_or_null(links.successor);
    return json;
}

}  // namespace hourgate::http
