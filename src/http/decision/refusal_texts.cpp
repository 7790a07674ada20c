// The texts for refused callers: what happened and with which value, and the one step that fixes
// it. Written for a tired reader. They contain no secret and no query string. Texts may change,
// reasons may not.
#include "http/decision/refusal_texts.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/header_name.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time_text.h"
#include "gate/gate.h"
#include "plan/upgrade.h"
#include "policy/path.h"
#include "token/format.h"

namespace hourgate::http {

namespace {

/// Returns a text of the caller, safe to show and at most a line long.
std::string shown(std::string_view text) {
    return printable(token::blotted(text), 120);
}

std::string quoted(std::string_view text) {
    return "'" + std::string(text) + "'";
}

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

/// Returns "Authorization: Bearer hsk_live_...".
std::string right_header(const ReplySettings& settings) {
    return "Authorization: Bearer " + settings.brand + "_" + settings.env + "_...";
}

/// Returns "GET /api/v1/clients".
std::string call_of(const Decision& decision) {
    return shown(decision.method) + " " + shown(policy::path_part(decision.target));
}

std::string resource_of(const Decision& decision) {
    return decision.match.resource != nullptr ? quoted(decision.match.resource->name) : "this path";
}

std::string times(std::uint32_t count, std::string_view what) {
    return number(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

// --- 0: can it be read ---------------------------------------------------------------------------

RefusalText bad_request(const Decision& decision) {
    switch (decision.problem) {
        case Problem::two_authorizations:
            return {"The call has more than one Authorization header.",
                    "Send exactly one Authorization header."};
        case Problem::method_override:
            return {"The header or query parameter " + shown(decision.problem_detail) +
                        " asks for a different method than the call has.",
                    "Leave it out and send the method itself."};
        case Problem::unreadable_method:
            return {"The method of the call is not a valid HTTP method.",
                    "Send a method such as GET, POST, PUT, PATCH or DELETE."};
        case Problem::target_not_told:
            if (decision.problem_detail == question_host)
                return {
                    "The question does not say to which host the call was sent, and the gate "
                    "has several APIs.",
                    "Send its host in the member 'host'."};
            return {"The proxy in front must send the header " + shown(decision.problem_detail) +
                        " exactly once when it asks the gate. It is missing or repeated.",
                    "Operator: let the proxy set this header when it asks the gate."};
        case Problem::unreadable_target:
            return {"The target of the call is not a path: it does not begin with '/'.",
                    "Send a path that begins with '/'."};
        case Problem::forged_header:
        case Problem::none:
            break;
    }
    return {"The target of the call cannot be read: " +
                std::string(policy::explain(decision.match.flaw)) + ".",
            "Send a path that begins with '/', with spaces and '#' encoded."};
}

RefusalText host_unlisted(const Decision& decision) {
    const std::string host =
        decision.host.empty() ? std::string("The call names no host")
        : decision.match.host_listed
            ? "The API that this address leads to is not called under the host " +
                  quoted(shown(decision.host))
            : "No API is called under the host " + quoted(shown(decision.host));
    return {host + ".",
            "Send the call to the host that the API's documentation shows; if it is right, have "
            "the operator list it under 'hosts' of an [[api]]."};
}

RefusalText method_not_allowed(const Decision& decision) {
    return {"The gate passes " + shown(decision.method) + " on to no API.",
            "Send another method, such as GET, POST, PUT, PATCH or DELETE."};
}

RefusalText target_too_long(const ReplySettings& settings) {
    return {"The target of the call is too long.",
            "Send at most " + number(settings.target_bytes_max) + " bytes of path and query."};
}

RefusalText path_ambiguous(const Decision& decision) {
    return {"An upstream may interpret this path differently from the gate: " +
                std::string(policy::explain(decision.match.flaw)) + ".",
            "Send the path in the plain form the API's documentation shows."};
}

RefusalText forged_header(const Decision& decision) {
    const std::string call = "The call has the header " + shown(decision.problem_detail);
    if (claims_identity(decision.problem_detail))
        return {call + ". Headers that begin with X-Hourgate- are the gate's own.",
                "Leave the header out."};
    return {call + ". Many applications read it as one that only a proxy may send.",
            "Leave the header out, or spell its name with letters, digits and '-'."};
}

// --- 1: who is asking ----------------------------------------------------------------------------

/// Returns a clause that says where a misplaced token was found; "" if there is none.
std::string misplaced(const Decision& decision) {
    switch (decision.misplaced) {
        case Misplaced::none:
            return {};
        case Misplaced::in_query:
            return "; a token was found in the query of the URL, where it is ignored";
        case Misplaced::in_basic:
            return "; a token was found in its user name or password, where it is ignored";
        case Misplaced::in_header:
            return "; a token was found in the header " + shown(decision.misplaced_in) +
                   ", where it is ignored";
        case Misplaced::in_body:
            return "; a token was found in the body, where it is ignored";
    }
    return {};
}

/// Returns how to send a token, for a caller who sent none.
std::string send_it(const Decision& decision, const ReplySettings& settings) {
    if (decision.misplaced == Misplaced::none)
        return "Send " + right_header(settings);
    std::string fix = "Send it as " + right_header(settings);
    if (decision.misplaced == Misplaced::in_query)
        fix += " and rotate it: addresses are kept in logs.";
    return fix;
}

RefusalText no_credentials(const Decision& decision, const ReplySettings& settings) {
    if (decision.misplaced == Misplaced::none)
        return {"The call has no token: there is no Authorization header.",
                send_it(decision, settings)};
    return {"The call has no Authorization header" + misplaced(decision) + ".",
            send_it(decision, settings)};
}

RefusalText wrong_scheme(const Decision& decision, const ReplySettings& settings) {
    std::string message = "The Authorization header does not have the scheme Bearer";
    if (decision.presented == Presented::bare) {
        message = "The Authorization header has no scheme before the token";
    } else if (!decision.scheme.empty()) {
        message = "The Authorization header has the scheme " + shown(decision.scheme) +
                  " instead of Bearer";
    }
    return {message + misplaced(decision) + ".", send_it(decision, settings)};
}

std::string at_character(const Decision& decision) {
    return decision.flaw_at != 0 ? " (character " + number(decision.flaw_at) + ")" : std::string();
}

/// Returns the text for a wrong length, with the position of the flaw if it is known.
std::string wrong_length(const Decision& decision, std::uint64_t size) {
    const std::uint64_t sent = decision.characters;
    const std::string lengths = "it is " + times(decision.characters, "character") +
                                " long, and a token has " + number(size);
    if (decision.flaw_at == 0 && sent < size)
        return lengths + ": " + number(size - sent) +
               (size - sent == 1 ? " is missing at its end" : " are missing at its end");
    if (decision.flaw_at > size)
        return lengths + ": " + number(sent - size) +
               (sent - size == 1 ? " is too many" : " are too many");
    return lengths + "; character " + number(decision.flaw_at) + " is the first that does not fit";
}

std::string describe_flaw(const Decision& decision, const ReplySettings& settings) {
    const std::size_t size = token::length(settings.brand);
    switch (decision.flaw) {
        case token::Flaw::empty:
            return "there is nothing after Bearer";
        case token::Flaw::quotes:
            return "there is a quotation mark at its beginning or end";
        case token::Flaw::spaces:
            return "there is a space in it" + at_character(decision);
        case token::Flaw::line_end:
            return "there is a line end in it" + at_character(decision);
        case token::Flaw::brand:
            return "it does not begin with " + settings.brand + "_";
        case token::Flaw::environment:
            return "neither live_ nor test_ follows " + settings.brand + "_";
        case token::Flaw::length:
            return wrong_length(decision, size);
        case token::Flaw::prefix:
            return "its third part is not 12 digits of 0-9 and a-f" + at_character(decision);
        case token::Flaw::separator:
            return "there is no _ before its last part" + at_character(decision);
        case token::Flaw::secret:
            return "its last part has a character that is neither a letter nor a digit" +
                   at_character(decision);
        case token::Flaw::bearer_twice:
            return "the word Bearer appears twice";
        case token::Flaw::bearer_mark:
            return "there is a ':' or '=' after Bearer where a space belongs";
        case token::Flaw::placeholder:
            return "it is a placeholder, such as $TOKEN or undefined, that was never filled in";
        case token::Flaw::around:
            return decision.flaw_at == 0
                       ? std::string("there is something before the token")
                       : "there is something after the token" + at_character(decision);
        case token::Flaw::letter_case:
            return "its letters were turned to upper or lower case, and case matters";
        case token::Flaw::masked:
            return "it was shortened for display: dots, stars or x stand for its secret";
        case token::Flaw::prefix_only:
            return "it is only the public prefix of a token, without its secret";
        case token::Flaw::web_token:
            return "it is a JSON Web Token, which another service issued";
        case token::Flaw::none:
        case token::Flaw::check:
            break;
    }
    return "it does not have the shape of a token";
}

/// Returns the one step that repairs a damaged token.
std::string mended(token::Flaw flaw, const ReplySettings& settings) {
    const std::string parts = settings.brand + "_" + settings.env + "_, 12 digits, _, " +
                              number(token::secret_digits) + " letters and digits";
    switch (flaw) {
        case token::Flaw::bearer_twice:
            return "Give the token alone to a program that writes Bearer itself: " +
                   right_header(settings);
        case token::Flaw::bearer_mark:
            return "Send " + right_header(settings);
        case token::Flaw::empty:
        case token::Flaw::placeholder:
            return "Set the variable it should come from, and see that your program reads it.";
        case token::Flaw::line_end:
            return "Remove the line end where the token is read; a file must contain nothing but "
                   "the token.";
        case token::Flaw::around:
            return "Send the token alone: " + parts + ".";
        case token::Flaw::masked:
        case token::Flaw::prefix_only:
            return "Send the whole token, " + number(token::length(settings.brand)) +
                   " characters, as it was shown when it was minted; if it is lost, have a new one "
                   "minted.";
        case token::Flaw::web_token:
            return "Send a token of this API: " + parts + ".";
        case token::Flaw::quotes:
        case token::Flaw::spaces:
        case token::Flaw::brand:
        case token::Flaw::environment:
        case token::Flaw::length:
        case token::Flaw::prefix:
        case token::Flaw::separator:
        case token::Flaw::secret:
        case token::Flaw::letter_case:
        case token::Flaw::none:
        case token::Flaw::check:
            break;
    }
    return "Copy the whole token again: " + parts + ", without quotes or spaces.";
}

RefusalText malformed_token(const Decision& decision, const ReplySettings& settings) {
    return {"What follows Bearer is not a token: " + describe_flaw(decision, settings) + ".",
            mended(decision.flaw, settings)};
}

RefusalText damaged_token(const Decision& decision) {
    const bool turned = decision.flaw == token::Flaw::letter_case;
    return {turned
                ? "The token has the right shape, but all its letters are in one case: they were "
                  "turned to upper or lower case, and case matters."
                : "The token has the right shape, but its check digits do not fit: it was "
                  "mistyped, cut or altered.",
            "Copy the whole token again from where it was kept when it was minted."};
}

RefusalText wrong_environment(const Decision& decision, const ReplySettings& settings) {
    return {"This is a " + std::string(token::to_text(decision.env)) +
                " token, and this gate accepts only " + settings.env + " tokens.",
            "Send a token that begins with " + settings.brand + "_" + settings.env + "_."};
}

/// Returns "2026-11-25T14:03:09Z", or "an unknown time" if the store has none.
std::string moment(const std::optional<std::int64_t>& wall_ms) {
    return wall_ms ? format_time(*wall_ms) : std::string("an unknown time");
}

RefusalText gone_token(Reason reason, const Decision& decision) {
    const std::string token = "Token " + decision.prefix;
    const std::string at = moment(ended_at(reason, decision));
    if (reason == Reason::revoked_token)
        return {token + " was revoked at " + at + ". This cannot be undone.",
                "Use another token, or have a new one minted."};
    if (reason == Reason::expired_token)
        return {token + " expired at " + at + ".", "Have a new token minted."};
    if (reason == Reason::rotated_token)
        return {
            token + " was rotated at " + moment(decision.facts->token.rotated_ms) +
                ", and worked until " + at + ".",
            "Use the token it was rotated into, which was shown then; if it is lost, have a new "
            "one minted."};
    return {"The member who owns token " + decision.prefix + " was removed at " + at + ".",
            "Use the token of a present member, or have this member restored."};
}

RefusalText too_many_failures(const Decision& decision, const ReplySettings& settings) {
    const std::string from = decision.address ? decision.address->text()
                                              : std::string("callers whose address is not known");
    return {"More than " + times(settings.failures.limit, "call") + " in " +
                number(settings.failures.seconds) + " s from " + from +
                " had no valid token; 'because' says what is wrong with this call.",
            "Fix what 'because' says: a valid token passes at once, anything else is answered in "
            "full again in " +
                number(decision.room.retry_after_s) + " s."};
}

RefusalText who(Reason reason, const Decision& decision, const ReplySettings& settings) {
    if (reason == Reason::no_credentials)
        return no_credentials(decision, settings);
    if (reason == Reason::wrong_scheme)
        return wrong_scheme(decision, settings);
    if (reason == Reason::malformed_token)
        return malformed_token(decision, settings);
    if (reason == Reason::damaged_token)
        return damaged_token(decision);
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

/// Returns the plan of the workspace, even if another one counts now. Null: unknown.
const Plan* own_plan(const Decision& decision) noexcept {
    return decision.plans && decision.facts
               ? decision.plans->find(decision.facts->workspace->plan_id)
               : nullptr;
}

std::string name_of(const Plan* plan) {
    return plan != nullptr ? "plan " + quoted(plan->name) : "no plan";
}

/// Returns "An owner or admin of the workspace".
std::string who_renews() {
    std::string roles;
    for (const Role role : roles_that_renew)
        roles += (roles.empty() ? "" : " or ") + std::string(to_text(role));
    return "An " + roles + " of the workspace";
}

RefusalText lapsed(const Decision& decision, const std::string& workspace,
                   const std::string& after) {
    const Plan* own = own_plan(decision);
    const Plan* required = required_plan(decision);
    const std::int64_t days = grace_days(decision);
    const std::string paid_until =
        decision.facts ? moment(decision.facts->workspace->paid_until_ms) : moment(std::nullopt);
    std::string since = " and lapsed then";
    if (days > 0)
        since = ", and lapsed at " + format_time(decision.standing.lapses_ms) + " after " +
                number(static_cast<std::uint64_t>(days)) + (days == 1 ? " day" : " days") +
                " of grace";
    return {"Workspace " + workspace + " was paid on " + name_of(own) + " until " + paid_until +
                since + ": it counts as on " + name_of(decision.plan) +
                " now, which has no API access.",
            required == nullptr ? "Ask the operator: no plan above it has API access."
            : required == own   ? who_renews() + " renews the plan" + after
                                : who_renews() + " changes to " + name_of(required) + after};
}

RefusalText paid(Reason reason, const Decision& decision, const ReplySettings& settings) {
    const Plan* own = own_plan(decision);
    const Plan* required = required_plan(decision);
    const std::string workspace = decision.facts ? quoted(decision.facts->workspace->name) : "";
    const std::string where = settings.renew_url.empty() ? "" : " at " + settings.renew_url;
    const std::string after = where + "; the same token works again at once.";
    if (reason == Reason::plan_lapsed)
        return lapsed(decision, workspace, after);
    std::string message =
        "Workspace " + workspace + " is on " + name_of(own) + ", which has no API access.";
    if (required == nullptr)
        return {std::move(message), "Ask the operator: no plan above it has API access."};
    return {std::move(message),
            who_renews() + " changes to " + name_of(required) + " or above" + after};
}

// --- 3: may they ---------------------------------------------------------------------------------

/// Returns "manager or above"; if that would include a role that may not, "owner or manager".
std::string describe_roles(const policy::Roles& roles) {
    const auto least = roles.least();
    if (!least)
        return {};
    if (roles.is_least_and_above())
        return std::string(to_text(*least)) + (*least == Role::owner ? "" : " or above");
    std::string words;
    for (const Role role : all_roles)
        if (roles.has(role))
            words.append(words.empty() ? "" : role == *least ? " or " : ", ").append(to_text(role));
    return words;
}

/// Returns which scope a token needs in addition to a role, if the token sent lacks it, too.
std::string scope_beside(const policy::Judgement& judgement) {
    if (!judgement.lacks_scope)
        return {};
    if (judgement.required_scope.empty())
        return " without scopes";
    return " with the scope " + judgement.required_scope + ", or without scopes,";
}

RefusalText role_forbidden(const Decision& decision) {
    const policy::Judgement& judgement = decision.judgement;
    const std::string role(decision.role());
    if (decision.call_kind == CallKind::admin)
        return {"This is the token of a member. The admin listener accepts only operator tokens.",
                "Have an operator token minted: `hourgate operator mint --name NAME`."};
    if (decision.facts && decision.facts->is_operator()) {
        return {"This is an operator token. It opens the admin listener and nothing else.",
                "Send the token of a member."};
    }
    if (!judgement.action) {
        if (std::any_of(decision.method.begin(), decision.method.end(),
                        [](char c) { return c >= 'a' && c <= 'z'; }))
            return {"The gate knows no method " + shown(decision.method) +
                        ": methods are written in capitals.",
                    "Write GET, POST, PUT, PATCH or DELETE in capitals."};
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
        return {std::move(message), "Ask the operator: no role may do this, as " +
                                        resource_of(decision) + " is configured."};
    return {std::move(message), "Use a token" + scope_beside(judgement) +
                                    " of a member whose role is " +
                                    describe_roles(judgement.able_roles) +
                                    "; a token acts with its member's present role."};
}

RefusalText scope_missing(const Decision& decision) {
    const std::string scopes =
        decision.facts ? policy::to_text(decision.facts->token.scopes) : std::string();
    std::string message =
        "The token is narrowed to " + scopes + ", which does not reach " + call_of(decision) + ".";
    if (decision.judgement.required_scope.empty())
        return {std::move(message), "Use a token without scopes: no scope names this path."};
    return {std::move(message),
            "Use a token with the scope " + decision.judgement.required_scope + "."};
}

RefusalText not_own(const Decision& decision) {
    const std::string id = decision.facts ? decision.facts->member->public_id : std::string();
    return {"Role " + std::string(decision.role()) + " reaches only its own part of " +
                resource_of(decision) + ", and " + call_of(decision) + " is another member's.",
            "Put 'me' or your own member id, " + id + ", where the path names the member."};
}

RefusalText path_unlisted(const Decision& decision) {
    return {call_of(decision) +
                " belongs to no [[resource]] of the gate, and the gate refuses such paths.",
            "Check the path for a typing error; if it is right, have the operator list it."};
}

// --- 4: is there room ----------------------------------------------------------------------------

/// Returns "0.334", "2" or "10.02": seconds without trailing zeros.
std::string seconds_of(std::int64_t ms) {
    std::string text = number(static_cast<std::uint64_t>(ms / ms_per_s));
    std::string rest = number(static_cast<std::uint64_t>(ms % ms_per_s + ms_per_s));
    rest.erase(rest.find_last_not_of('0') + 1);
    return rest.size() > 1 ? text + "." + rest.substr(1) : text;
}

/// Returns whose calls a window counts together.
std::string_view counted_together(const Decision& decision, const Window& window) noexcept {
    if (decision.room_of == RoomOf::public_calls)
        return "";
    switch (window.per) {
        case Per::token:
            return ", shared by all programs that use this token";
        case Per::member:
            return ", shared by all tokens of this member";
        case Per::workspace:
            return ", shared by the whole workspace";
    }
    return "";
}

/// Returns what the full window of the gate routes is for.
std::string_view purpose_of(policy::GateWindow which) noexcept {
    switch (which) {
        case policy::GateWindow::self_service:
            return "for reading and minting on the gate's own routes";
        case policy::GateWindow::why:
            return "for asking why a call was refused";
        case policy::GateWindow::check:
            return "for predicting the answer to a call";
        case policy::GateWindow::rotate:
            return "for rotating tokens";
        case policy::GateWindow::revoke:
            return "for revocations that change nothing";
    }
    return "";
}

RefusalText window_full(const Decision& decision, const ReplySettings& settings) {
    const std::string wait = "Wait " + number(decision.room.retry_after_s) + " s, until " +
                             format_time(retry_at_s(decision) * ms_per_s) +
                             ", then send the same call again";
    const Window* window = full_window(decision, settings);
    if (window == nullptr)
        return {"The limits have no space for this call now.", wait + "."};
    const std::string fix = wait + "; one call every " + seconds_of(pace_ms(*window)) +
                            " s altogether never fills this window.";
    const std::string limit = times(window->limit, "call") + " in any " + number(window->seconds) +
                              " s" + std::string(counted_together(decision, *window));
    if (decision.room_of == RoomOf::public_calls) {
        const std::string from =
            decision.address ? decision.address->text() : std::string("this address");
        return {"The window for public calls from " + from + " is full: " + limit + ".", fix};
    }
    if (decision.room_of == RoomOf::own) {
        const auto which = policy::gate_window_of(decision.match.own, decision.method);
        return {"Window " + quoted(window->name) + " " + std::string(purpose_of(which)) +
                    " is full: " + limit + ". Calls to the API do not count in it.",
                fix};
    }
    return {"Window " + quoted(window->name) + " of " + name_of(decision.plan) +
                " is full: " + limit + ".",
            fix};
}

}  // namespace

const Plan* required_plan(const Decision& decision) noexcept {
    if (!decision.plans)
        return nullptr;
    const Plan* own = own_plan(decision);
    if (decision.standing.paid == Paid::lapsed && own != nullptr && own->api)
        return own;
    return upgrade_from(*decision.plans, own);
}

std::int64_t grace_days(const Decision& decision) noexcept {
    if (!decision.facts || !decision.facts->workspace->paid_until_ms)
        return 0;
    return (decision.standing.lapses_ms - *decision.facts->workspace->paid_until_ms) / ms_per_day;
}

std::string_view to_text(Misplaced misplaced) noexcept {
    switch (misplaced) {
        case Misplaced::none:
            return "";
        case Misplaced::in_query:
            return "query";
        case Misplaced::in_basic:
            return "Basic";
        case Misplaced::in_header:
            return "header";
        case Misplaced::in_body:
            return "body";
    }
    return "";
}

std::int64_t retry_at_s(const Decision& decision) noexcept {
    return (decision.now.wall_ms + ms_per_s - 1) / ms_per_s + decision.room.retry_after_s;
}

std::int64_t pace_ms(const Window& window) noexcept {
    const std::int64_t limit = std::max<std::int64_t>(window.limit, 1);
    const std::int64_t window_ms = window.seconds * ms_per_s;
    if (window.limit <= limits::exact_calls_max)
        return (window_ms + limit - 1) / limit;
    // A call may be counted W/256 longer than the window.
    constexpr std::int64_t parts = limits::sub_windows;
    return (window_ms * (parts + 1) + parts * limit - 1) / (parts * limit);
}

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
        case RoomOf::own:
        case RoomOf::plan:
            break;
    }
    const std::span<const Window> windows = decision.windows();
    const int full = decision.room.full;
    return full >= 0 && static_cast<std::size_t>(full) < windows.size()
               ? &windows[static_cast<std::size_t>(full)]
               : nullptr;
}

RefusalText text_for(Reason reason, const Decision& decision, const ReplySettings& settings) {
    switch (reason) {
        case Reason::bad_request:
            return bad_request(decision);
        case Reason::host_unlisted:
            return host_unlisted(decision);
        case Reason::method_not_allowed:
            return method_not_allowed(decision);
        case Reason::target_too_long:
            return target_too_long(settings);
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

bool is_for_operator(const Decision& decision, const ReplySettings& settings) noexcept {
    switch (decision.reason) {
        case Reason::bad_request:
            return decision.problem == Problem::target_not_told;
        case Reason::host_unlisted:
        case Reason::member_removed:
        case Reason::role_forbidden:
        case Reason::path_unlisted:
        case Reason::store_failed:
            return true;
        case Reason::plan_without_api:
        case Reason::plan_lapsed:
            return settings.renew_url.empty() || required_plan(decision) == nullptr;
        case Reason::granted:
        case Reason::method_not_allowed:
        case Reason::target_too_long:
        case Reason::path_ambiguous:
        case Reason::forged_header:
        case Reason::no_credentials:
        case Reason::wrong_scheme:
        case Reason::malformed_token:
        case Reason::damaged_token:
        case Reason::wrong_environment:
        case Reason::unknown_token:
        case Reason::revoked_token:
        case Reason::expired_token:
        case Reason::rotated_token:
        case Reason::too_many_failures:
        case Reason::scope_missing:
        case Reason::not_own:
        case Reason::window_full:
            return false;
    }
    return false;
}

bool is_for_operator(std::string_view reason) noexcept {
    constexpr std::array<std::string_view, 5> all = {"internal_error", "not_ready",
                                                     "upstream_broken", "upstream_timed_out",
                                                     "upstream_unreachable"};
    return std::find(all.begin(), all.end(), reason) != all.end();
}

std::string with_contact(std::string_view fix, const ReplySettings& settings) {
    std::string text(fix);
    if (!settings.contact.empty())
        text.append(text.empty() ? "" : " ")
            .append("The operators of this gate can be reached at ")
            .append(settings.contact);
    return text;
}

RefusalText refusal_text(const Decision& decision, const ReplySettings& settings) {
    RefusalText words = text_for(decision.reason, decision, settings);
    if (is_for_operator(decision, settings))
        words.fix = with_contact(words.fix, settings);
    // A lapsed workspace whose fallback plan has API access gets no 402, so this text says it.
    const bool lapsed = decision.standing.paid == Paid::lapsed && decision.facts;
    if (lapsed && question_of(decision.reason) > 2)
        words.message += " Workspace " + quoted(decision.facts->workspace->name) +
                         " was paid until " + moment(decision.facts->workspace->paid_until_ms) +
                         " and lapsed at " + format_time(decision.standing.lapses_ms) +
                         ": it counts as on " + name_of(decision.plan) + " now. " + who_renews() +
                         " can renew its plan" +
                         (settings.renew_url.empty() ? "" : " at " + settings.renew_url) + ".";
    return words;
}

}  // namespace hourgate::http
