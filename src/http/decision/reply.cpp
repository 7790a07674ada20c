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

constexpr std::string_view id_mark = "dec_";
constexpr std::size_t headers_usual = 12;  // of a refusal: few have more

/// Nothing but printable ASCII goes into a header's value, no matter who chose it.
/// `changed` is used when `text` has anything else.
std::string_view header_safe(std::string_view text, std::string& changed) {
    if (is_printable_ascii(text))
        return text;
    changed = text;
    std::replace_if(
        changed.begin(), changed.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    return changed;
}

/// Inside a quoted-string of WWW-Authenticate: RFC 6750 section 3 allows neither '"' nor '\'.
std::string quoted_safe(std::string_view text) {
    std::string changed;
    std::string safe(header_safe(text, changed));
    std::replace_if(
        safe.begin(), safe.end(), [](char c) { return c == '"' || c == '\\'; }, '\'');
    return safe;
}

// --- what each kind of refusal says beyond its words ---------------------------------------------

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
        error["requiredRole"] = decision.door == Door::admin ? Json("operator")
                                : role                       ? Json(to_text(*role))
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

/// Whose calls a window counts together.
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
    const Words words = words_for(decision.because, decision, settings);
    error["because"] =
        Json{{"reason", to_text(decision.because)}, {"message", words.message}, {"fix", words.fix}};
}

/// RFC 6750 section 3. A caller who sent nothing of ours is told the scheme, and no error code.
std::string challenge(const Decision& decision, const ReplySettings& settings) {
    std::string value = "Bearer realm=\"" + quoted_safe(settings.realm) + "\"";
    if (status_of(decision.reason) == 403) {
        value += ", error=\"insufficient_scope\"";
        if (!decision.judgement.required_scope.empty())
            value += ", scope=\"" + quoted_safe(decision.judgement.required_scope) + "\"";
    } else if (decision.reason != Reason::no_credentials &&
               decision.reason != Reason::wrong_scheme) {
        value += ", error=\"invalid_token\", error_description=\"" +
                 quoted_safe(token::blotted(words_of(decision, settings).message)) + "\"";
    }
    return value;
}

}  // namespace

// --- format --------------------------------------------------------------------------------------

namespace {

/// Thousandths of a weight "q=0.8", RFC 9110 section 12.4.2; 1000 when there is none or it is odd.
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

std::string shown_id(const Decision& decision) {
    return std::string(id_mark).append(decision.id.begin(), decision.id.end());
}

// --- body ----------------------------------------------------------------------------------------

namespace {

/// REQUIRES: `members` are blotted.
Answer blotted_answer(int status, const Json& members, Format format) {
    Answer answer;
    answer.status = status;
    answer.headers.reserve(headers_usual);
    if (format == Format::json) {
        answer.headers.push_back({"Content-Type", "application/json"});
        // Not as a tree of its own: that would be a copy of all that is in this one.
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

Answer error_answer(int status, Json members, Format format) {
    blot(members);
    return blotted_answer(status, members, format);
}

Json error_members(const Decision& decision, const ReplySettings& settings) {
    const Words words = words_of(decision, settings);
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

// --- headers -------------------------------------------------------------------------------------

namespace {

/// A text that is put together in place. It has room for all windows a plan can have; what a hand
/// at the database made longer is cut.
class Line {
public:
    Line& operator<<(std::string_view more) noexcept {
        more = more.substr(0, text_.size() - size_);
        std::memcpy(text_.data() + size_, more.data(), more.size());
        size_ += more.size();
        return *this;
    }
    operator std::string_view() const noexcept { return {text_.data(), size_}; }

private:
    static constexpr std::size_t window_bytes_max = 64;  // a name of 32 and two numbers of 10
    std::array<char, limits::windows_per_plan_max * window_bytes_max> text_;
    std::size_t size_ = 0;
};

/// The window that X-RateLimit-* show: the full one, where the call was refused for it, else the
/// longest. REQUIRES: windows is not empty.
std::size_t window_to_show(const Decision& decision, std::span<const Window> windows) noexcept {
    const auto full = static_cast<std::size_t>(std::max(decision.room.full, 0));
    if (decision.reason == Reason::window_full && decision.room.full >= 0 && full < windows.size())
        return full;
    const auto longest =
        std::max_element(windows.begin(), windows.end(),
                         [](const Window& a, const Window& b) { return a.seconds < b.seconds; });
    return static_cast<std::size_t>(longest - windows.begin());
}

/// X-RateLimit-* and RateLimit-Policy / RateLimit. The one function that writes them.
void add_limit_headers(HeaderSink& to, const Decision& decision) {
    const std::span<const Window> windows = decision.windows();
    if (windows.empty())
        return;
    Line policy;
    Line left;
    for (std::size_t i = 0; i < windows.size(); ++i) {
        const Window& window = windows[i];
        const WindowState& state = decision.room.states[i];
        std::string changed;
        const std::string_view name = header_safe(window.name, changed);
        const std::string_view before = i == 0 ? "\"" : ", \"";
        policy << before << name << "\";q=" << Digits(window.limit)
               << ";w=" << Digits(window.seconds);
        left << before << name << "\";r=" << Digits(state.remaining)
             << ";t=" << Digits(state.reset_s);
    }
    const std::size_t shown = window_to_show(decision, windows);
    const WindowState& state = decision.room.states[shown];
    // Rounded up, as t is: who waits until that second is never early.
    const std::int64_t now_s = (decision.now.wall_ms + ms_per_s - 1) / ms_per_s;
    to.add("X-RateLimit-Limit", Digits(windows[shown].limit));
    to.add("X-RateLimit-Remaining", Digits(state.remaining));
    to.add("X-RateLimit-Reset", Digits(now_s + state.reset_s));
    to.add("RateLimit-Policy", policy);
    to.add("RateLimit", left);
}

/// When the token stops working, if that is soon enough to be told.
std::optional<std::int64_t> expires_soon(const Decision& decision) noexcept {
    const auto& expires_ms = decision.facts->token.expires_ms;
    const bool soon = expires_ms && *expires_ms - decision.now.wall_ms <= limits::expiry_notice_ms;
    return soon ? expires_ms : std::nullopt;
}

/// Whether the caller holds a token that works.
bool is_live(const Decision& decision) noexcept {
    return decision.facts != nullptr && question_of(decision.reason) != 1;
}

/// What is about to end: few have anything, and then it is worth the words.
void add_notices(HeaderSink& to, const Decision& decision) {
    if (decision.standing.paid == Paid::in_grace)
        to.add("X-Hourgate-Plan-Lapses", format_time(decision.standing.lapses_ms));
    if (!is_live(decision))
        return;
    if (const auto expires_ms = expires_soon(decision))
        to.add("X-Hourgate-Token-Expires", format_time(*expires_ms));
    const TokenFacts& token = decision.facts->token;
    if (token.rotated_ms && token.works_until_ms) {
        to.add("Deprecation", "@" + std::to_string(*token.rotated_ms / ms_per_s));
        to.add("Sunset", http_date_at(*token.works_until_ms / ms_per_s));
    }
}

}  // namespace

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

void add_decision_headers(HeaderSink& to, const Decision& decision, const ReplySettings& settings) {
    if (decision.has_id())
        to.add("X-Hourgate-Decision",
               Line() << id_mark << std::string_view(decision.id.data(), decision.id.size()));
    to.add("Cache-Control", "no-store");
    const int status = status_of(decision.reason);
    if (decision.observed) {
        to.add("X-Hourgate-Would",
               std::to_string(status) + " " + std::string(to_text(decision.reason)));
    } else if (status == 401 || status == 403) {
        to.add("WWW-Authenticate", challenge(decision, settings));
    } else if (status == 429) {
        to.add("Retry-After", Digits(decision.room.retry_after_s));
    }
    if (settings.notices)
        add_notices(to, decision);
    add_limit_headers(to, decision);
}

void add_identity_headers(HeaderSink& to, const Decision& decision) {
    static const Facts nobody;
    const bool known = decision.facts != nullptr;
    const Facts& facts = known ? *decision.facts : nobody;
    const std::string_view plan =
        decision.plan != nullptr ? decision.plan->name : std::string_view();
    const std::string_view env = known ? token::to_text(decision.env) : std::string_view();
    const auto add = [&](std::string_view name, std::string_view value) {
        std::string changed;
        to.add(name, header_safe(value, changed));
    };
    add("X-Hourgate-Workspace", facts.workspace->public_id);
    add("X-Hourgate-Member", facts.member->public_id);
    add("X-Hourgate-Role", decision.role());
    add("X-Hourgate-Plan", plan);
    add("X-Hourgate-Token", facts.token.prefix);
    add("X-Hourgate-Env", env);
    add("X-Hourgate-Scopes", policy::to_text(facts.token.scopes));
    add("X-Hourgate-Own", decision.judgement.own);
}

// --- answers -------------------------------------------------------------------------------------

Answer refusal(const Decision& decision, const ReplySettings& settings, Format format) {
    Answer answer =
        blotted_answer(status_of(decision.reason), error_members(decision, settings), format);
    AnswerHeaders to(answer);
    add_decision_headers(to, decision, settings);
    if (decision.reason == Reason::method_not_allowed)  // RFC 9110 section 15.5.6
        to.add("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    return answer;
}

Answer plain_error(int status, std::string_view code, std::string_view reason,
                   std::string_view message, std::string_view fix, const ErrorFrame& frame) {
    return framed_error(
        status, Json{{"code", code}, {"reason", reason}, {"message", message}, {"fix", fix}},
        frame);
}

Answer framed_error(int status, Json members, const ErrorFrame& frame) {
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
    Answer answer = error_answer(status, std::move(members), frame.format);
    AnswerHeaders to(answer);
    if (decided)
        add_decision_headers(to, *frame.decision, frame.settings);
    else
        to.add("Cache-Control", "no-store");
    add_cors(answer, frame.origin, frame.settings);
    return answer;
}

bool is_cors_origin(std::string_view origin, const ReplySettings& settings) noexcept {
    const auto& origins = settings.cors_origins;
    return std::find(origins.begin(), origins.end(), origin) != origins.end();
}

void add_cors(Answer& answer, std::string_view origin, const ReplySettings& settings) {
    if (!is_cors_origin(origin, settings))
        return;
    answer.headers.push_back({"Access-Control-Allow-Origin", std::string(origin)});
    answer.headers.push_back({"Access-Control-Expose-Headers", std::string(exposed_headers)});
    answer.headers.push_back({"Vary", "Origin"});
}

}  // namespace hourgate::http
