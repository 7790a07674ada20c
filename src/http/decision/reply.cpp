#include "http/decision/reply.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>

#include "base/limits.h"
#include "base/text.h"
#include "base/time_text.h"
#include "http/decision/json.h"
#include "http/decision/refusal_texts.h"
#include "http/wire/response_writer.h"

namespace hourgate::http {

namespace {

constexpr std::size_t headers_usual = 12;  // of a refusal; few have more

// --- members of each kind of refusal -------------------------------------------------------------

void add_paid(Json& error, const Decision& decision, const ReplySettings& settings) {
    const Plan* required = required_plan(decision);
    error["requiredPlan"] = required != nullptr ? Json(required->name) : Json();
    error["plansWithApi"] = Json::array();
    if (decision.plans)
        for (const Plan& plan : decision.plans->plans())
            if (plan.api)
                error["plansWithApi"].push_back(plan.name);
    error["feature"] = "apiAccess";
    error["plan"] = decision.plan != nullptr ? Json(decision.plan->name) : Json();
    if (decision.reason == Reason::plan_lapsed) {
        error["lapsedAt"] = format_time(decision.standing.lapses_ms);
        if (decision.facts && decision.facts->workspace->paid_until_ms)
            error["paidUntil"] = format_time(*decision.facts->workspace->paid_until_ms);
        error["graceDays"] = grace_days(decision);
    }
    error["rolesThatRenew"] = Json::array();
    for (const Role role : roles_that_renew)
        error["rolesThatRenew"].push_back(to_text(role));
    if (!settings.renew_url.empty())
        error["renewUrl"] = settings.renew_url;
}

}  // namespace

void add_lapse(Json& error, const Decision& decision, const ReplySettings& settings) {
    if (decision.standing.paid != Paid::lapsed || !decision.facts)
        return;
    error["lapsedAt"] = format_time(decision.standing.lapses_ms);
    if (decision.facts->workspace->paid_until_ms)
        error["paidUntil"] = format_time(*decision.facts->workspace->paid_until_ms);
    error["plan"] = decision.plan != nullptr ? Json(decision.plan->name) : Json();
    if (!settings.renew_url.empty())
        error["renewUrl"] = settings.renew_url;
}

namespace {

void add_may(Json& error, const Decision& decision) {
    const policy::Resource* resource = decision.match.resource;
    const auto action = policy::action_of(decision.method, resource);
    error["resource"] = resource != nullptr ? Json(resource->name) : Json();
    error["action"] = action ? Json(policy::to_text(*action)) : Json();
    error["role"] = text_or_null(decision.role());
    if (decision.reason == Reason::role_forbidden) {
        const auto role = decision.judgement.required_role;
        error["requiredRole"] = decision.call_kind == CallKind::admin ? Json("operator")
                                : role                                ? Json(to_text(*role))
                                                                      : Json();
        if (role)
            error["rolesThatMay"] = Json::array();
        for (const Role one : all_roles)
            if (decision.judgement.able_roles.has(one))
                error["rolesThatMay"].push_back(to_text(one));
    }
    if (decision.reason == Reason::scope_missing || decision.judgement.lacks_scope)
        error["requiredScope"] = text_or_null(decision.judgement.required_scope);
}

/// Returns whose calls a window counts together.
std::string_view per_of(const Decision& decision, const Window& window) noexcept {
    if (decision.room_of == RoomOf::failures && !decision.address)
        return "peer";
    if (decision.room_of == RoomOf::failures || decision.room_of == RoomOf::public_calls)
        return "address";
    return to_text(window.per);
}

void add_who(Json& error, const Decision& decision) {
    if (const auto at = ended_at(decision.reason, decision))
        error["at"] = format_time(*at);
    if (decision.reason == Reason::rotated_token && decision.facts->token.rotated_ms)
        error["rotatedAt"] = format_time(*decision.facts->token.rotated_ms);
    if (decision.misplaced != Misplaced::none)
        error["tokenIn"] = to_text(decision.misplaced);
}

void add_room(Json& error, const Decision& decision, const ReplySettings& settings) {
    const Window* window = full_window(decision, settings);
    error["window"] = window != nullptr ? Json(window->name) : Json();
    error["limit"] = window != nullptr ? Json(window->limit) : Json();
    error["windowSeconds"] = window != nullptr ? Json(window->seconds) : Json();
    error["per"] = window != nullptr ? Json(per_of(decision, *window)) : Json();
    error["retryAfter"] = decision.room.retry_after_s;
    error["retryAt"] = format_time(retry_at_s(decision) * ms_per_s);
    if (decision.reason == Reason::window_full && window != nullptr)
        error["paceSeconds"] = static_cast<double>(pace_ms(*window)) / 1'000;
}

void add_because(Json& error, const Decision& decision, const ReplySettings& settings) {
    const RefusalText words = text_for(decision.because, decision, settings);
    error["because"] =
        Json{{"reason", to_text(decision.because)}, {"message", words.message}, {"fix", words.fix}};
}

}  // namespace

// --- format --------------------------------------------------------------------------------------

namespace {

/// Returns the weight "q=0.8" in thousandths (RFC 9110 section 12.4.2); 1000 if it is absent or
/// malformed.
int weight_of(std::string_view parameters) noexcept {
    while (!parameters.empty()) {
        const std::size_t end = parameters.find(';');
        const std::string_view one = trimmed(parameters.substr(0, end));
        parameters = end == parameters.npos ? std::string_view() : parameters.substr(end + 1);
        if (one.size() < 3 || (one[0] != 'q' && one[0] != 'Q') || one[1] != '=')
            continue;
        if (one[2] != '0')
            return 1000;
        int weight = 0;
        int unit = 100;
        for (std::size_t at = 4; at < one.size() && at < 7; ++at, unit /= 10) {
            if (one[at] < '0' || one[at] > '9')
                return 1000;
            weight += (one[at] - '0') * unit;
        }
        return weight;
    }
    return 1000;
}

}  // namespace

int weight_in(std::string_view accept, std::string_view type) noexcept {
    int weight = 0;
    while (!accept.empty()) {
        const std::size_t end = accept.find(',');
        const std::string_view range = accept.substr(0, end);
        accept = end == accept.npos ? std::string_view() : accept.substr(end + 1);
        const std::size_t semicolon = range.find(';');
        if (!same_ignoring_case(trimmed(range.substr(0, semicolon)), type))
            continue;
        const bool weighed = semicolon != range.npos;
        weight = std::max(weight, weighed ? weight_of(range.substr(semicolon + 1)) : 1000);
    }
    return weight;
}

Format format_for(std::string_view accept) noexcept {
    const int problem = weight_in(accept, "application/problem+json");
    return problem > 0 && problem >= weight_in(accept, "application/json") ? Format::problem
                                                                           : Format::json;
}

int status_of(const Decision& decision) noexcept {
    return decision.granted() ? 200 : status_of(decision.reason);
}

std::string docs_of(std::string_view reason, const ReplySettings& settings) {
    if (settings.docs_url.empty())
        return {};
    return settings.docs_url + "#" + std::string(reason);
}

// --- body ----------------------------------------------------------------------------------------

namespace {

/// REQUIRES: `members` contain no secrets.
Response blotted_answer(int status, const Json& members, Format format) {
    Response answer;
    answer.status = status;
    answer.headers.reserve(headers_usual);
    if (format == Format::json) {
        answer.headers.push_back({"Content-Type", "application/json"});
        // Not as a tree of its own, which would copy the whole of this one.
        answer.body.append("{\"error\":").append(text_of(members)).append("}\n");
        return answer;
    }
    Json problem = Json::object();
    problem["type"] = members.contains("docs") ? members["docs"] : Json("about:blank");
    problem["title"] = phrase_of(status);
    problem["status"] = status;
    problem["detail"] = members["message"];
    for (const auto& [name, value] : members.items())
        problem[name] = value;
    answer.headers.push_back({"Content-Type", "application/problem+json"});
    answer.body = text_of(problem) + "\n";
    return answer;
}

}  // namespace

Response error_answer(int status, Json members, Format format) {
    blot(members);
    return blotted_answer(status, members, format);
}

Json error_members(const Decision& decision, const ReplySettings& settings) {
    const RefusalText words = refusal_text(decision, settings);
    Json error = Json::object();
    error["code"] = code_of(decision.reason);
    error["reason"] = to_text(decision.reason);
    error["message"] = words.message;
    error["fix"] = words.fix;
    if (is_for_operator(decision, settings) && !settings.contact.empty())
        error["contact"] = settings.contact;
    if (decision.has_id())
        error["decision"] = shown_id(decision);
    if (const std::string docs = docs_of(to_text(decision.reason), settings); !docs.empty())
        error["docs"] = docs;
    switch (status_of(decision.reason)) {
        case 401:
            add_who(error, decision);
            break;
        case 402:
            add_paid(error, decision, settings);
            break;
        case 403:
            add_may(error, decision);
            add_lapse(error, decision, settings);
            break;
        case 429:
            add_room(error, decision, settings);
            add_lapse(error, decision, settings);
            if (decision.reason == Reason::too_many_failures)
                add_because(error, decision, settings);
            break;
        default:
            break;
    }
    blot(error);
    return error;
}

std::string error_json(const Decision& decision, const ReplySettings& settings) {
    return text_of(error_members(decision, settings));
}

Json limits_of(const Decision& decision) {
    Json limits = Json::array();
    const std::span<const Window> windows = decision.windows();
    for (std::size_t i = 0; i < windows.size(); ++i) {
        const Window& window = windows[i];
        const WindowState& state = decision.room.states[i];
        limits.push_back(Json{{"window", window.name},
                              {"limit", window.limit},
                              {"windowSeconds", window.seconds},
                              {"per", to_text(window.per)},
                              {"remaining", state.remaining},
                              {"reset", state.reset_s}});
    }
    return limits;
}

Json scopes_of(const Decision& decision) {
    Json scopes = Json::array();
    if (decision.facts)
        for (const policy::Scope& scope : decision.facts->token.scopes)
            scopes.push_back(policy::to_text(scope));
    return scopes;
}

Json notices_of(const Decision& decision, const ReplySettings& settings) {
    Json notices = Json::object();
    if (!settings.notices || !is_live(decision))
        return notices;
    if (decision.standing.paid == Paid::in_grace)
        notices["planLapses"] = format_time(decision.standing.lapses_ms);
    if (const auto expires_ms = expires_soon(decision))
        notices["tokenExpires"] = format_time(*expires_ms);
    const TokenFacts& token = decision.facts->token;
    if (token.rotated_ms && token.works_until_ms) {
        notices["tokenRotated"] = format_time(*token.rotated_ms);
        notices["tokenWorksUntil"] = format_time(*token.works_until_ms);
    }
    return notices;
}

// --- answers -------------------------------------------------------------------------------------

Response refusal(const Decision& decision, const ReplySettings& settings, Format format) {
    Response answer =
        blotted_answer(status_of(decision.reason), error_members(decision, settings), format);
    ResponseHeaders to(answer);
    add_decision_headers(to, decision, settings);
    if (decision.reason == Reason::method_not_allowed)  // RFC 9110 section 15.5.6
        to.add("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    return answer;
}

Response plain_error(int status, std::string_view code, std::string_view reason,
                     std::string_view message, std::string_view fix, const ErrorFrame& frame) {
    return framed_error(
        status, Json{{"code", code}, {"reason", reason}, {"message", message}, {"fix", fix}},
        frame);
}

Response framed_error(int status, Json members, const ErrorFrame& frame) {
    const bool decided = frame.decision != nullptr && frame.decision->has_id();
    members["decision"] = decided ? Json(shown_id(*frame.decision)) : Json();
    const std::string& reason = members["reason"].get_ref<const std::string&>();
    if (is_for_operator(reason) && !frame.settings.contact.empty()) {
        members["fix"] = with_contact(members["fix"].get_ref<const std::string&>(), frame.settings);
        members["contact"] = frame.settings.contact;
    }
    if (std::string docs = docs_of(members["reason"].get_ref<const std::string&>(), frame.settings);
        !docs.empty())
        members["docs"] = std::move(docs);
    Response answer = error_answer(status, std::move(members), frame.format);
    ResponseHeaders to(answer);
    if (decided)
        add_decision_headers(to, *frame.decision, frame.settings);
    else
        to.add("Cache-Control", "no-store");
    add_cors(answer, frame.origin, frame.settings);
    return answer;
}

}  // namespace hourgate::http
