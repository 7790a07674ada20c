// The texts a refused caller reads: what happened on which value, and the one step that mends it.
// Written for somebody tired. Never a secret, never a query string; texts may change, reasons not.
#include "http/words.h"

#include "base/limits.h"
#include "base/text.h"
#include "base/time_text.h"
#include "gate/gate.h"
#include "policy/path.h"
#include "token/format.h"

namespace hourgate::http {

namespace {

/// A text the caller sent, safe to show and not longer than a line.
std::string shown(std::string_view text) {
    return printable(text, 120);
}

std::string quoted(std::string_view text) {
    return "'" + std::string(text) + "'";
}

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

/// "Authorization: Bearer hsk_live_..."
std::string right_header(const ReplySettings& settings) {
    return "Authorization: Bearer " + settings.brand + "_" + settings.env + "_...";
}

/// "GET /api/v1/clients"
std::string call_of(const Decision& decision) {
    return shown(decision.method) + " " + shown(token::blotted(policy::path_part(decision.target)));
}

std::string resource_of(const Decision& decision) {
    return decision.match.resource != nullptr ? quoted(decision.match.resource->name) : "this path";
}

std::string times(std::uint32_t count, std::string_view what) {
    return number(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

// --- 0: can it be read ---------------------------------------------------------------------------

Words bad_request(const Decision& decision) {
    switch (decision.problem) {
        case Problem::two_authorizations:
            return {"The call has more than one Authorization header.",
                    "Send exactly one Authorization header."};
        case Problem::method_override:
            return {"The call has the header " + shown(decision.problem_detail) +
                        ", which asks for another method than the one it is sent with.",
                    "Leave the header out and send the method itself."};
        case Problem::unreadable_method:
            return {"The method of the call is not a word HTTP allows.",
                    "Send a method such as GET, POST, PUT, PATCH or DELETE."};
        case Problem::target_not_told:
            return {"The proxy in front did not say exactly once what was asked for: the header " +
                        shown(decision.problem_detail) + " is missing or there twice.",
                    "Operator: let the proxy set this header when it asks the gate."};
        case Problem::unreadable_target:
            return {"What the call asks for is not a path: it does not begin with '/'.",
                    "Send a path that begins with '/'."};
        case Problem::forged_header:
        case Problem::none:
            break;
    }
    return {"What the call asks for cannot be read: " +
                std::string(policy::explain(decision.match.flaw)) + ".",
            "Send a path of at most " + number(limits::target_bytes_max) +
                " characters, query included."};
}

Words path_ambiguous(const Decision& decision) {
    return {"An upstream may read this path otherwise than the gate: " +
                std::string(policy::explain(decision.match.flaw)) + ".",
            "Send the path in the plain form the API's documentation shows."};
}

Words forged_header(const Decision& decision) {
    return {"The call has the header " + shown(decision.problem_detail) +
                ". Headers that begin with X-Hourgate- are the gate's own.",
            "Leave the header out."};
}

// --- 1: who is asking ----------------------------------------------------------------------------

Words wrong_scheme(const Decision& decision, const ReplySettings& settings) {
    std::string message = "The Authorization header has another scheme than Bearer.";
    if (decision.presented == Presented::bare) {
        message = "The Authorization header has no scheme before the token.";
    } else if (!decision.scheme.empty()) {
        message = "The Authorization header has the scheme " + shown(decision.scheme) +
                  " where Bearer is asked for.";
    }
    return {std::move(message), "Send " + right_header(settings)};
}

std::string flaw_in_words(token::Flaw flaw, const ReplySettings& settings) {
    const std::string size = number(token::length(settings.brand));
    switch (flaw) {
        case token::Flaw::empty:
            return "there is nothing after Bearer";
        case token::Flaw::quotes:
            return "there is a quotation mark at its beginning or end";
        case token::Flaw::spaces:
            return "there is a space or a line end in it";
        case token::Flaw::brand:
            return "it does not begin with " + settings.brand + "_";
        case token::Flaw::environment:
            return "neither live_ nor test_ follows " + settings.brand + "_";
        case token::Flaw::length:
            return "it is not " + size + " characters long";
        case token::Flaw::prefix:
            return "its third part is not 12 digits of 0-9 and a-f";
        case token::Flaw::separator:
            return "there is no _ before its last part";
        case token::Flaw::secret:
            return "its last part has a character that is neither a letter nor a digit";
        case token::Flaw::none:
        case token::Flaw::check:
            break;
    }
    return "it does not have the shape of a token";
}

Words malformed_token(const Decision& decision, const ReplySettings& settings) {
    return {"What follows Bearer is not a token: " + flaw_in_words(decision.flaw, settings) + ".",
            "Copy the whole token again: " + settings.brand + "_" + settings.env +
                "_, 12 digits, _, " + number(token::secret_digits) +
                " letters and digits, without quotes or spaces."};
}

Words wrong_environment(const Decision& decision, const ReplySettings& settings) {
    return {"This is a " + std::string(token::to_text(decision.env)) +
                " token, and this gate takes " + settings.env + " tokens only.",
            "Send a token that begins with " + settings.brand + "_" + settings.env + "_."};
}

/// "2026-11-25T14:03:09Z", or "an unknown time" where the store says nothing.
std::string moment(const std::optional<std::int64_t>& wall_ms) {
    return wall_ms ? format_time(*wall_ms) : std::string("an unknown time");
}

Words gone_token(Reason reason, const Decision& decision) {
    const std::string token = "Token " + decision.prefix;
    const std::string at = moment(ended_at(reason, decision));
    if (reason == Reason::revoked_token)
        return {token + " was revoked at " + at + ". That is final.",
                "Use another token, or have a new one minted."};
    if (reason == Reason::expired_token)
        return {token + " expired at " + at + ".", "Have a new token minted."};
    if (reason == Reason::rotated_token)
        return {token + " was rotated, and stopped working at " + at + ".",
                "Use the token it was rotated into."};
    return {"The member who owns token " + decision.prefix + " was removed at " + at + ".",
            "Use the token of a present member, or have this member restored."};
}

Words too_many_failures(const Decision& decision, const ReplySettings& settings) {
    const std::string from =
        decision.address ? decision.address->text() : std::string("this address");
    return {"More than " + times(settings.failures.limit, "call") + " in " +
                number(settings.failures.seconds) + " s from " + from +
                " had no valid token. Why this one has none is said in 'because'.",
            "Mend what 'because' says; a valid token passes at once. Anything else: wait " +
                number(decision.room.retry_after_s) + " s."};
}

Words who(Reason reason, const Decision& decision, const ReplySettings& settings) {
    if (reason == Reason::no_credentials)
        return {"The call has no token: there is no Authorization header.",
                "Send " + right_header(settings)};
    if (reason == Reason::wrong_scheme)
        return wrong_scheme(decision, settings);
    if (reason == Reason::malformed_token)
        return malformed_token(decision, settings);
    if (reason == Reason::damaged_token)
        return {
            "The token has the right shape, but its check digits do not fit: it was mistyped, "
            "cut or altered.",
            "Copy the whole token again from where it was kept when it was minted."};
    if (reason == Reason::wrong_environment)
        return wrong_environment(decision, settings);
    if (reason == Reason::unknown_token)
        return {"No token " + decision.prefix + " with this secret is known here.",
                "Check that the token is meant for this API; a lost token cannot be recovered, so "
                "have a new one minted."};
    if (reason == Reason::too_many_failures)
        return too_many_failures(decision, settings);
    return gone_token(reason, decision);
}

// --- 2: is it paid for ---------------------------------------------------------------------------

std::string name_of(const Plan* plan) {
    return plan != nullptr ? "plan " + quoted(plan->name) : "no plan";
}

Words paid(Reason reason, const Decision& decision, const ReplySettings& settings) {
    const Plan* own = decision.plans && decision.facts
                          ? decision.plans->find(decision.facts->workspace->plan_id)
                          : nullptr;
    const Plan* required = decision.plans ? decision.plans->lowest_with_api() : nullptr;
    const std::string workspace = decision.facts ? quoted(decision.facts->workspace->name) : "";
    const std::string where = settings.renew_url.empty() ? "" : " at " + settings.renew_url;
    const std::string after = where + "; the same token works again at once.";
    if (reason == Reason::plan_lapsed)
        return {"The subscription of workspace " + workspace + " to " + name_of(own) +
                    " lapsed at " + format_time(decision.standing.lapses_ms) +
                    "; it counts as on " + name_of(decision.plan) + ", which has no API access.",
                "Renew the plan" + after};
    std::string message =
        "Workspace " + workspace + " is on " + name_of(own) + ", which has no API access.";
    if (required == nullptr)
        return {std::move(message), "Ask the operator: no plan of this gate has API access."};
    return {std::move(message), "Change to " + name_of(required) + " or above" + after};
}

// --- 3: may they ---------------------------------------------------------------------------------

Words role_forbidden(const Decision& decision) {
    const policy::Judgement& judgement = decision.judgement;
    const std::string role(decision.role());
    if (decision.door == Door::admin)
        return {"This is the token of a member. The admin listener takes operator tokens alone.",
                "Have an operator token minted: `hourgate operator mint --name NAME`."};
    if (decision.facts && decision.facts->is_operator()) {
        return {"This is an operator token. It opens the admin listener and nothing else.",
                "Send the token of a member."};
    }
    if (!judgement.action) {
        return {"The gate knows no method " + shown(decision.method) + " for " +
                    resource_of(decision) + ".",
                "Use GET, POST, PUT, PATCH or DELETE, or have the operator list the method under "
                "'methods' of the resource."};
    }
    if (decision.match.kind == policy::Match::Kind::implicit) {
        return {"Role " + role +
                    " may not call anything: the gate has no [[resource]] configured, "
                    "and then only owner, admin and manager may.",
                "Have the operator add a [[resource]] for this path, with a key '" + role + "'."};
    }
    std::string message = "Role " + role + " may not " +
                          std::string(policy::to_text(*judgement.action)) + " " +
                          resource_of(decision) + " (" + call_of(decision) + ").";
    if (!judgement.required_role)
        return {std::move(message),
                "Ask the operator: no role may, as " + resource_of(decision) + " is configured."};
    return {std::move(message), "Use a token of a member whose role is " +
                                    std::string(to_text(*judgement.required_role)) +
                                    " or above; a token acts with its member's present role."};
}

Words scope_missing(const Decision& decision) {
    const std::string scopes =
        decision.facts ? policy::to_text(decision.facts->token.scopes) : std::string();
    std::string message =
        "The token is narrowed to " + scopes + ", which does not reach " + call_of(decision) + ".";
    if (decision.own_tokens && !decision.own_tokens->empty()) {
        const OwnToken& other = decision.own_tokens->front();
        return {std::move(message), "Use your token " + quoted(printable(other.name)) + " (" +
                                        other.prefix + "), which may do this."};
    }
    if (decision.judgement.required_scope.empty())
        return {std::move(message), "Use a token without scopes: no scope names this path."};
    return {std::move(message),
            "Use a token with the scope " + decision.judgement.required_scope + "."};
}

Words not_own(const Decision& decision) {
    const std::string id = decision.facts ? decision.facts->member->public_id : std::string();
    return {"Role " + std::string(decision.role()) + " reaches only its own part of " +
                resource_of(decision) + ", and " + call_of(decision) + " is another member's.",
            "Put 'me' or your own member id, " + id + ", where the path names the member."};
}

Words path_unlisted(const Decision& decision) {
    return {
        call_of(decision) + " belongs to no [[resource]] of the gate, and such paths are refused.",
        "Check the path for a typing error; if it is right, have the operator list it."};
}

// --- 4: is there room ----------------------------------------------------------------------------

Words window_full(const Decision& decision, const ReplySettings& settings) {
    const std::string wait =
        "Wait " + number(decision.room.retry_after_s) + " s, then send the same call again.";
    const Window* window = full_window(decision, settings);
    if (window == nullptr)
        return {"There is no room for this call now.", wait};
    const std::string limit =
        times(window->limit, "call") + " in any " + number(window->seconds) + " s";
    if (decision.room_of == RoomOf::public_calls) {
        const std::string from =
            decision.address ? decision.address->text() : std::string("this address");
        return {"The window for public calls from " + from + " is full: " + limit + ".", wait};
    }
    if (decision.room_of == RoomOf::urgent)
        return {"Window " + quoted(window->name) +
                    ", which a token has for revoking and rotating tokens, is full: " + limit + ".",
                wait};
    const std::string whose = window->per == Per::workspace ? " for the whole workspace" : "";
    return {"Window " + quoted(window->name) + " of " + name_of(decision.plan) +
                " is full: " + limit + whose + ".",
            wait};
}

}  // namespace

std::optional<std::int64_t> ended_at(Reason reason, const Decision& decision) noexcept {
    if (!decision.facts)
        return std::nullopt;
    const TokenFacts& token = decision.facts->token;
    if (reason == Reason::revoked_token)
        return token.revoked_ms;
    if (reason == Reason::expired_token)
        return token.expires_ms;
    if (reason == Reason::rotated_token)
        return token.works_until_ms;
    if (reason == Reason::member_removed)
        return decision.facts->member->removed_ms;
    return std::nullopt;
}

const Window* full_window(const Decision& decision, const ReplySettings& settings) noexcept {
    switch (decision.room_of) {
        case RoomOf::nothing:
            return nullptr;
        case RoomOf::failures:
            return &settings.failures;
        case RoomOf::public_calls:
            return &settings.public_calls;
        case RoomOf::urgent:
            return &urgent_window;
        case RoomOf::plan:
            break;
    }
    const int full = decision.room.full;
    if (decision.plan == nullptr || full < 0)
        return nullptr;
    const auto at = static_cast<std::size_t>(full);
    return at < decision.plan->windows.size() ? &decision.plan->windows[at] : nullptr;
}

Words words_for(Reason reason, const Decision& decision, const ReplySettings& settings) {
    switch (reason) {
        case Reason::bad_request:
            return bad_request(decision);
        case Reason::path_ambiguous:
            return path_ambiguous(decision);
        case Reason::forged_header:
            return forged_header(decision);
        case Reason::no_credentials:
        case Reason::wrong_scheme:
        case Reason::malformed_token:
        case Reason::damaged_token:
        case Reason::wrong_environment:
        case Reason::unknown_token:
        case Reason::revoked_token:
        case Reason::expired_token:
        case Reason::rotated_token:
        case Reason::member_removed:
        case Reason::too_many_failures:
            return who(reason, decision, settings);
        case Reason::plan_without_api:
        case Reason::plan_lapsed:
            return paid(reason, decision, settings);
        case Reason::role_forbidden:
            return role_forbidden(decision);
        case Reason::scope_missing:
            return scope_missing(decision);
        case Reason::not_own:
            return not_own(decision);
        case Reason::path_unlisted:
            return path_unlisted(decision);
        case Reason::window_full:
            return window_full(decision, settings);
        case Reason::store_failed:
            return {
                "The gate could not read its database, so it could not decide. This is not about "
                "your token.",
                "Send the call again in a few seconds; if that does not help, tell the operator "
                "this decision id."};
        case Reason::granted:
            return {"The call is granted.", ""};
    }
    return {};
}

Words words_of(const Decision& decision, const ReplySettings& settings) {
    return words_for(decision.reason, decision, settings);
}

}  // namespace hourgate::http
