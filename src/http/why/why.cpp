#include "http/why/why.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "base/time_text.h"
#include "http/decision/refusal_texts.h"
#include "http/why/decided_by.h"
#include "policy/gate_routes.h"
#include "policy/path.h"

namespace hourgate::http {

namespace {

Json time_or_null(std::optional<std::int64_t> time_ms) {
    return time_ms ? Json(format_time(*time_ms)) : Json();
}

std::string describe_role(std::string_view role) {
    return "role " + std::string(role);
}

// --- the five things that are asked, in order ----------------------------------------------------

enum class Outcome : std::uint8_t { passed, stopped_here, not_asked };

std::string_view to_text(Outcome outcome) noexcept {
    switch (outcome) {
        case Outcome::passed:
            return "yes";
        case Outcome::stopped_here:
            return "no";
        case Outcome::not_asked:
            return "not asked";
    }
    return "";
}

/// One question: what was looked at, as members for programs and as a line for people.
struct Asked {
    std::string_view question;
    Outcome outcome = Outcome::not_asked;
    Json looked_at = Json::object();
    std::string saw = {};
};

Json json_of(const Asked& asked) {
    return {{"question", asked.question},
            {"outcome", to_text(asked.outcome)},
            {"lookedAt", asked.looked_at},
            {"saw", asked.saw}};
}

/// Returns the question at which a decision ended; nullopt if all passed.
std::optional<int> stopped_at(Reason reason) noexcept {
    if (reason == Reason::granted)
        return std::nullopt;
    if (reason == Reason::store_failed)
        return 1;  // no caller could be looked up
    return question_of(reason);
}

Outcome outcome_of(const Decision& decision, int question, bool was_asked) noexcept {
    const auto stop = stopped_at(decision.reason);
    if (stop && question == *stop)
        return Outcome::stopped_here;
    return was_asked && (!stop || question < *stop) ? Outcome::passed : Outcome::not_asked;
}

Asked readable(const Decision& decision) {
    Asked asked{"can it be read", outcome_of(decision, 0, true)};
    asked.looked_at["path"] = decision.target;
    asked.saw = printable(decision.method, 32) + " " + printable(decision.target, 120);
    if (!decision.problem_detail.empty()) {
        asked.looked_at["header"] = printable(decision.problem_detail, 120);
        asked.saw = "the header " + printable(decision.problem_detail, 120);
    } else if (decision.match.flaw != policy::PathFlaw::none) {
        asked.looked_at["flaw"] = policy::explain(decision.match.flaw);
        asked.saw = policy::explain(decision.match.flaw);
    }
    return asked;
}

std::string_view describe_credentials(const Decision& decision) noexcept {
    switch (decision.presented) {
        case Presented::nothing:
            return "no Authorization header";
        case Presented::bearer:
            return "a Bearer token";
        case Presented::other_scheme:
            return "another scheme than Bearer";
        case Presented::bare:
            return "a word without a scheme";
    }
    return "";
}

void look_at_token(Json& at, const Facts& facts) {
    const TokenFacts& token = facts.token;
    at["tokenName"] = token.name;
    at["createdAt"] = format_time(token.created_ms);
    at["expiresAt"] = time_or_null(token.expires_ms);
    at["rotatedAt"] = time_or_null(token.rotated_ms);
    at["worksUntil"] = time_or_null(token.works_until_ms);
    at["revokedAt"] = time_or_null(token.revoked_ms);
    if (facts.is_operator())
        return;
    at["member"] = facts.member->public_id;
    at["memberRemovedAt"] = time_or_null(facts.member->removed_ms);
    at["workspace"] = facts.workspace->public_id;
    at["workspaceName"] = facts.workspace->name;
}

/// Returns "token 4f8a2c1bdedf 'ci' of mem_…, role manager, in 'Acme'".
std::string describe_token(const Decision& decision) {
    const Facts& facts = *decision.facts;
    std::string words = "token " + facts.token.prefix + " '" + printable(facts.token.name) + "'";
    if (!facts.is_operator())
        words.append(" of " + facts.member->public_id);
    words.append(", " + describe_role(decision.role()));
    if (!facts.is_operator())
        words.append(", in workspace '" + printable(facts.workspace->name) + "'");
    return words;
}

Asked who(const Decision& decision, const ReplySettings& settings) {
    const bool known = decision.facts != nullptr;
    Asked asked{"who is asking", outcome_of(decision, 1, known)};
    if (asked.outcome == Outcome::not_asked)
        return asked;
    Json& at = asked.looked_at;
    at["presented"] = describe_credentials(decision);
    asked.saw = describe_credentials(decision);
    if (!decision.scheme.empty())
        at["scheme"] = decision.scheme;
    if (decision.misplaced != Misplaced::none) {
        at["tokenIn"] = http::to_text(decision.misplaced);
        asked.saw.append("; a token in the ").append(http::to_text(decision.misplaced));
    }
    if (!decision.prefix.empty()) {
        at["token"] = decision.prefix;
        at["env"] = token::to_text(decision.env);
        asked.saw = "a " + std::string(token::to_text(decision.env)) + " token that says it is " +
                    decision.prefix;
    }
    if (known) {
        look_at_token(at, *decision.facts);
        asked.saw = describe_token(decision);
    }
    if (decision.reason == Reason::too_many_failures) {
        at["because"] = hourgate::to_text(decision.because);
        at["failuresAllowed"] = settings.failures.limit;
        at["failuresSeconds"] = settings.failures.seconds;
        asked.saw.append("; too many failures from this address");
    }
    return asked;
}

Asked paid(const Decision& decision) {
    const bool is_member = decision.facts && !decision.facts->is_operator();
    const bool asks = policy::asks_whether_paid(decision.match.own, decision.method);
    const bool was_asked =
        is_member && asks && decision.call_kind == CallKind::api && decision.plan;
    Asked asked{"is it paid for", outcome_of(decision, 2, was_asked)};
    if (asked.outcome == Outcome::not_asked)
        return asked;
    const Workspace& workspace = *decision.facts->workspace;
    const Plan* own = decision.plans ? decision.plans->find(workspace.plan_id) : nullptr;
    const std::string own_name = own != nullptr ? own->name : "";
    Json& at = asked.looked_at;
    at["plan"] = text_or_null(own_name);
    at["countsAs"] = decision.plan != nullptr ? Json(decision.plan->name) : Json();
    at["apiAccess"] = decision.plan != nullptr && decision.plan->api;
    at["paidUntil"] = time_or_null(workspace.paid_until_ms);
    asked.saw = own_name.empty() ? std::string("no plan") : "plan '" + own_name + "'";
    if (workspace.paid_until_ms) {
        at["lapsesAt"] = format_time(decision.standing.lapses_ms);
        asked.saw.append(", paid until " + format_time(*workspace.paid_until_ms));
    }
    if (decision.standing.paid == Paid::in_grace)
        asked.saw.append(", in its grace until " + format_time(decision.standing.lapses_ms));
    if (decision.plan != nullptr && decision.plan->name != own_name)
        asked.saw.append(", lapsed, so it counts as '" + decision.plan->name + "'");
    return asked;
}

Asked may(const Decision& decision) {
    Asked asked{"may they", outcome_of(decision, 3, decision.facts != nullptr)};
    const policy::Resource* resource = decision.match.resource;
    if (resource != nullptr)
        asked.looked_at["resource"] = resource->name;
    if (asked.outcome == Outcome::not_asked) {
        if (resource != nullptr && resource->is_public)
            asked.saw = "resource '" + resource->name + "' is public";
        else if (resource != nullptr && resource->other_bearers_pass &&
                 decision.presented == Presented::bearer && decision.reason == Reason::granted)
            asked.saw =
                "resource '" + resource->name + "' leaves other services' bearers to the API";
        return asked;
    }
    Json& at = asked.looked_at;
    const auto action = policy::action_of(decision.method, resource);
    at["action"] = action ? Json(policy::to_text(*action)) : Json();
    at["role"] = text_or_null(decision.role());
    at["scopes"] = scopes_of(decision);
    asked.saw = resource != nullptr ? "resource '" + resource->name + "'"
                                    : std::string("a path that no resource lists");
    asked.saw.append(", action ")
        .append(action ? policy::to_text(*action) : std::string_view("unknown"));
    if (resource != nullptr && decision.facts && !decision.facts->is_operator()) {
        const policy::Access& row = resource->access[index(decision.facts->member->role)];
        at["roleMay"] = policy::to_text(row);
        asked.saw.append("; " + describe_role(decision.role()) + " may: " + policy::to_text(row));
    }
    const std::string scopes =
        decision.facts ? policy::to_text(decision.facts->token.scopes) : std::string();
    if (!scopes.empty())
        asked.saw.append("; the token is narrowed to " + scopes);
    if (!decision.judgement.own.empty()) {
        at["own"] = decision.judgement.own;
        at["narrowedBy"] = decision.judgement.narrowed_by_upstream ? "upstream" : "gate";
    }
    return asked;
}

std::string_view describe_room(RoomOf room) noexcept {
    switch (room) {
        case RoomOf::nothing:
            return "";
        case RoomOf::plan:
            return "plan";
        case RoomOf::own:
            return "the gate's own routes";
        case RoomOf::failures:
            return "failures";
        case RoomOf::public_calls:
            return "public calls";
    }
    return "";
}

Asked room(const Decision& decision, const ReplySettings& settings) {
    const bool counted = decision.room_of == RoomOf::plan || decision.room_of == RoomOf::own ||
                         decision.room_of == RoomOf::public_calls;
    Asked asked{"is there room", outcome_of(decision, 4, counted)};
    if (asked.outcome == Outcome::not_asked)
        return asked;
    asked.looked_at["windowsOf"] = describe_room(decision.room_of);
    asked.looked_at["windows"] = limits_of(decision);
    if (decision.room_of == RoomOf::plan && decision.plan != nullptr) {
        for (std::size_t i = 0; i < decision.room.count; ++i) {
            const Window& window = decision.plan->windows[i];
            asked.saw.append(asked.saw.empty() ? "" : ", ")
                .append("'" + window.name + "' " +
                        std::to_string(decision.room.states[i].remaining) + " of " +
                        std::to_string(window.limit) + " left in " +
                        std::to_string(window.seconds) + " s");
        }
        if (asked.saw.empty())
            asked.saw = "plan '" + decision.plan->name + "' has no windows";
        return asked;
    }
    asked.saw = "the window for " + std::string(describe_room(decision.room_of));
    const bool full = asked.outcome == Outcome::stopped_here;
    if (const Window* window = full ? full_window(decision, settings) : nullptr)
        asked.saw.append(", " + std::to_string(window->limit) + " in " +
                         std::to_string(window->seconds) + " s, is full");
    return asked;
}

// --- who can fix it ------------------------------------------------------------------------------

Json roles_json(std::span<const Role> roles) {
    Json list = Json::array();
    for (const Role role : roles)
        list.push_back(hourgate::to_text(role));
    return list;
}

Json helps(std::string_view text, Json roles = Json::array()) {
    return {{"text", text}, {"roles", std::move(roles)}};
}

Json helps_with_role(const Decision& decision) {
    if (decision.call_kind == CallKind::admin || (decision.facts && decision.facts->is_operator()))
        return helps("The people who run this gate.");
    const auto least = decision.judgement.required_role;
    if (!least)
        return helps("The people who run this gate: as it is configured, no role may do this.");
    Json roles = Json::array();
    std::string text = "In your workspace, the members with role ";
    for (const Role role : all_roles) {
        if (!decision.judgement.able_roles.has(role))
            continue;
        const bool last = role == *least;
        text.append(roles.empty() ? "" : last ? " or " : ", ").append(hourgate::to_text(role));
        roles.push_back(hourgate::to_text(role));
    }
    return helps(text + ": they may do it with a token of theirs.", std::move(roles));
}

/// Returns the key of [policy] and [[resource]] that allows such a path; "" if there is none.
std::string_view switch_of(policy::PathFlaw flaw) noexcept {
    using policy::PathFlaw;
    switch (flaw) {
        case PathFlaw::encoded_slash:
            return "encoded_slash";
        case PathFlaw::backslash:
            return "backslash";
        case PathFlaw::control_byte:
            return "control_byte";
        case PathFlaw::not_utf8:
            return "not_utf8";
        case PathFlaw::dot_segment:
            return "dot_segment";
        case PathFlaw::empty_segment:
            return "empty_segment";
        case PathFlaw::semicolon:
            return "semicolon";
        case PathFlaw::double_encoding:
            return "double_encoding";
        case PathFlaw::case_variant:
            return "case_variant";
        case PathFlaw::reading_variant:
            return "reading_variant";
        case PathFlaw::none:
        case PathFlaw::target_too_long:
        case PathFlaw::unreadable:
        case PathFlaw::bad_escape:
        case PathFlaw::too_many_segments:
            break;
    }
    return "";
}

Json helps_with_path(policy::PathFlaw flaw) {
    const std::string_view key = switch_of(flaw);
    return helps(key.empty() ? "You: the call has to be sent differently."
                             : "You: the call has to be sent differently. Or, if the API is meant "
                               "to be called so, the people who run this gate, with " +
                                   std::string(key) + " = \"allow\".");
}

Json helps_with(const Decision& decision) {
    switch (decision.reason) {
        case Reason::bad_request:
            if (decision.problem == Problem::target_not_told)
                return helps("The people who run the proxy in front of this gate.");
            return helps("You: the call has to be sent differently.");
        case Reason::host_unlisted:
            return helps("You, if the host is mistyped; else the people who run this gate.");
        case Reason::method_not_allowed:
        case Reason::target_too_long:
        case Reason::forged_header:
            return helps("You: the call has to be sent differently.");
        case Reason::path_ambiguous:
            return helps_with_path(decision.match.flaw);
        case Reason::no_credentials:
        case Reason::wrong_scheme:
        case Reason::malformed_token:
        case Reason::damaged_token:
        case Reason::wrong_environment:
        case Reason::too_many_failures:
            return helps("You: the token has to be sent differently, or another one.");
        case Reason::unknown_token:
        case Reason::revoked_token:
        case Reason::expired_token:
        case Reason::rotated_token:
            return helps("Any member of the workspace can mint a token for themselves.");
        case Reason::member_removed:
            return helps(
                "Any present member can mint a token for themselves; the people who run "
                "this gate can restore the member.");
        case Reason::plan_without_api:
        case Reason::plan_lapsed:
            return helps("In your workspace, the members with role owner or admin.",
                         roles_json(roles_that_renew));
        case Reason::role_forbidden:
            return helps_with_role(decision);
        case Reason::scope_missing:
            return helps(
                "The member whose token this is: with another token of theirs, or one "
                "that they mint for this.");
        case Reason::not_own:
            return helps("You: by asking for what is yours.");
        case Reason::path_unlisted:
            return helps("You, if the path is mistyped; else the people who run this gate.");
        case Reason::window_full:
            return helps("You: by waiting, and by calling at an even pace.");
        case Reason::store_failed:
            return helps("The people who run this gate.");
        case Reason::granted:
            break;
    }
    return {};
}

// --- the document --------------------------------------------------------------------------------

/// Returns the status that the caller saw.
int status_of(const KeptDecision& kept) noexcept {
    return kept.failed() ? kept.failure().status : http::status_of(kept.decision());
}

/// Describes how the call failed behind the gate; null if it did not, as far as the gate knows.
Json upstream_json(const KeptDecision& kept) {
    if (!kept.failed())
        return {};
    return {{"reason", kept.failure().reason},
            {"place", kept.failure().place},
            {"what", kept.failure().what}};
}

Json document_of(const KeptDecision& kept, const ReplySettings& settings) {
    const Decision& decision = kept.decision();
    Json questions = Json::array();
    for (const Asked& asked : {readable(decision), who(decision, settings), paid(decision),
                               may(decision), room(decision, settings)})
        questions.push_back(json_of(asked));
    const bool refused = decision.reason != Reason::granted;
    Json document = {
        {"decision", shown_id(decision)},
        {"at", format_time_ms(decision.now.wall_ms)},
        {"granted", decision.granted()},
        {"observed", decision.observed},
        {"status", status_of(kept)},
        {"reason", hourgate::to_text(decision.reason)},
        {"asked",
         {{"method", printable(decision.method, limits::kept_word_bytes_max)},
          {"path", decision.target},
          {"address", decision.address ? Json(decision.address->text()) : Json()},
          {"requestId",
           text_or_null(printable(decision.request_id, limits::kept_word_bytes_max))}}},
        {"questions", std::move(questions)},
        {"error", refused ? error_members(decision, settings) : Json()},
        {"upstream", upstream_json(kept)},
        {"who", kept.failed()
                    ? helps(with_contact("The people who run the API behind this gate.", settings))
                    : helps_with(decision)},
    };
    if (!decision.match.api.empty() || !decision.match.host_listed) {
        document["asked"]["host"] = text_or_null(printable(decision.host));
        document["asked"]["api"] = text_or_null(decision.match.api);
    }
    return document;
}

manage::DecisionRecord::Kind kind_of(const Decision& decision) noexcept {
    using Kind = manage::DecisionRecord::Kind;
    if (decision.reason == Reason::granted)
        return Kind::granted;
    return decision.facts ? Kind::refused_token : Kind::refused_nobody;
}

}  // namespace

manage::DecisionRecord record_of(const KeptDecision& kept, const ReplySettings& settings) {
    const Decision& decision = kept.decision();
    manage::DecisionRecord record;
    record.id.assign(decision.id.begin(), decision.id.end());
    record.kind = kind_of(decision);
    record.at_ms = decision.now.wall_ms;
    record.boot_us = decision.now.boot_us;
    record.reason = hourgate::to_text(decision.reason);
    record.status = status_of(kept);
    record.again = kept.again();
    record.prefix = decision.prefix;
    if (decision.facts) {
        record.token_id = decision.facts->token.id;
        record.line = decision.facts->token.line;
        record.workspace_id = decision.facts->workspace->public_id;
        record.member_id = decision.facts->member->public_id;
    }
    // JSON would replace bytes that are not UTF-8; here they are escaped.
    record.method = printable(decision.method, limits::kept_word_bytes_max);
    record.path = is_utf8(decision.target)
                      ? std::string(decision.target)
                      : printable(decision.target, limits::kept_path_bytes_max);
    if (decision.address)
        record.address = decision.address->text();
    else if (decision.peer)
        record.address = "unknown via " + decision.peer->text();
    record.request_id = printable(decision.request_id, limits::kept_word_bytes_max);
    if (decision.match.resource != nullptr)
        record.resource = decision.match.resource->name;
    record.document = text_of(document_of(kept, settings));
    record.facts = facts_of(kept);
    return record;
}

}  // namespace hourgate::http
