// The page: every call is asked the four questions here, in this order, and nowhere else.
#include "gate/gate.h"

#include <utility>

#include "base/random.h"
#include "token/digest.h"

namespace hourgate {

Gate::Gate(Settings settings, const policy::Policy& policy, Directory& directory, Limiter& limiter,
           AddressLimiter& failures, AddressLimiter& public_calls)
    : settings_(std::move(settings)),
      policy_(policy),
      directory_(directory),
      limiter_(limiter),
      failures_(failures),
      public_calls_(public_calls) {}

Decision Gate::decide(const Call& call) {
    Decision decision = begin(call);
    decision.reason = ask(decision, call);
    if (question_of(decision.reason) == 1)
        decision.reason = count_failure(decision, call);
    show_room(decision, call);
    decision.observed = settings_.mode == Mode::observe && decision.reason != Reason::granted &&
                        decision.reason != Reason::store_failed && !decision.match.own_route;
    return decision;
}

Reason Gate::ask(Decision& decision, const Call& call) {
    Reason reason = readable(decision, call);  // 400
    if (reason == Reason::granted && open_to_all(decision, call))
        return public_room(decision, call);
    if (reason == Reason::granted)
        reason = who(decision, call);  // 401
    if (reason == Reason::granted)
        reason = paid(decision);  // 402
    if (reason == Reason::granted)
        reason = may(decision, call);  // 403
    if (reason == Reason::granted)
        reason = room(decision, call);  // 429
    return reason;
}

/// 0. Can the call be read in exactly one way?
Reason Gate::readable(Decision& decision, const Call& call) const {
    if (call.problem == Problem::forged_header)
        return Reason::forged_header;
    if (call.problem != Problem::none)
        return Reason::bad_request;
    decision.match = policy_.find(call.target);
    if (decision.match.flaw == policy::PathFlaw::unreadable)
        return Reason::bad_request;
    if (decision.match.flaw != policy::PathFlaw::none)
        return Reason::path_ambiguous;
    return Reason::granted;
}

/// 1. Who is asking? Told apart only for a caller whose secret matches; every mismatch costs the
/// same.
Reason Gate::who(Decision& decision, const Call& call) {
    if (call.presented == Presented::nothing)
        return Reason::no_credentials;
    if (call.presented != Presented::bearer)
        return Reason::wrong_scheme;
    const token::Parsed parsed = token::parse(call.credentials, settings_.brand);
    decision.flaw = parsed.flaw;
    if (parsed.flaw == token::Flaw::check)
        return Reason::damaged_token;
    if (parsed.flaw != token::Flaw::none)
        return Reason::malformed_token;
    decision.prefix = parsed.prefix;
    decision.env = parsed.env;
    if (parsed.env != settings_.env)
        return Reason::wrong_environment;

    const token::Digest digest = token::digest_of(call.credentials);
    Directory::Found found = directory_.find(parsed.prefix, call.now);
    if (found.outcome == Directory::Outcome::failed)
        return Reason::store_failed;
    if (!token::same(digest, found.facts ? found.facts->token.digest : token::dummy_digest())) {
        if (found.from_memory)
            directory_.look_up_in_vain(parsed.prefix);
        return Reason::unknown_token;
    }

    decision.facts = std::move(found.facts);
    decision.plans = std::move(found.plans);
    const TokenFacts& token = decision.facts->token;
    const std::int64_t now_ms = call.now.wall_ms;
    if (token.revoked_ms)
        return Reason::revoked_token;
    if (token.works_until_ms && now_ms >= *token.works_until_ms)
        return Reason::rotated_token;
    if (token.expires_ms && now_ms >= *token.expires_ms)
        return Reason::expired_token;
    if (decision.facts->member.removed_ms)
        return Reason::member_removed;
    return Reason::granted;
}

/// 2. Is it paid for? Operator tokens belong to no workspace and are not asked.
Reason Gate::paid(Decision& decision) const {
    if (decision.facts->is_operator())
        return Reason::granted;
    const Workspace& workspace = decision.facts->workspace;
    decision.standing = standing_at(workspace.paid_until_ms, settings_.lapse, decision.now.wall_ms);
    const bool lapsed = decision.standing.paid == Paid::lapsed;
    decision.plan =
        lapsed ? decision.plans->find(settings_.lapse_to) : decision.plans->find(workspace.plan_id);
    if (decision.plan != nullptr && decision.plan->api)
        return Reason::granted;
    return lapsed ? Reason::plan_lapsed : Reason::plan_without_api;
}

/// 3. May they? Operator tokens open nothing here.
Reason Gate::may(Decision& decision, const Call& call) const {
    const Facts& facts = *decision.facts;
    if (facts.is_operator())
        return Reason::role_forbidden;
    const policy::Subject subject{facts.member.role, facts.member.public_id, facts.token.scopes};
    decision.judgement = policy_.judge(decision.match, subject, call.method, call.target);
    switch (decision.judgement.verdict) {
        case policy::Verdict::allowed:
            return Reason::granted;
        case policy::Verdict::role_forbidden:
            return Reason::role_forbidden;
        case policy::Verdict::scope_missing:
            return Reason::scope_missing;
        case policy::Verdict::not_own:
            return Reason::not_own;
        case policy::Verdict::path_unlisted:
            return Reason::path_unlisted;
    }
    return Reason::store_failed;
}

/// 4. Is there room? All windows are checked, then all are spent, as one step.
Reason Gate::room(Decision& decision, const Call& call) {
    decision.room_of = RoomOf::plan;
    decision.room = limiter_.ask(decision.facts->token.line, decision.facts->workspace.id,
                                 decision.plan->windows, call.now, call.spend);
    return decision.room.granted ? Reason::granted : Reason::window_full;
}

// --- beside the four questions -------------------------------------------------------------------

Decision Gate::begin(const Call& call) {
    Decision decision;
    decision.id = random_hex_128();
    decision.now = call.now;
    decision.method = call.method;
    decision.target = call.target;
    decision.problem = call.problem;
    decision.problem_detail = call.problem_detail;
    decision.presented = call.presented;
    if (call.presented == Presented::other_scheme)
        decision.scheme = call.credentials;
    decision.address = call.address;
    return decision;
}

/// Public resources, and preflights to a listed path.
bool Gate::open_to_all(const Decision& decision, const Call& call) {
    const policy::Match& match = decision.match;
    if (match.kind != policy::Match::Kind::resource || match.own_route)
        return false;
    return match.resource->is_public || call.preflight;
}

/// Nobody has to be known; who shows a token of our brand is asked question 1. Calls are counted
/// per address, where it is known.
Reason Gate::public_room(Decision& decision, const Call& call) {
    const bool ours =
        call.presented == Presented::bearer && token::of_brand(call.credentials, settings_.brand);
    if (ours) {
        if (const Reason reason = who(decision, call); reason != Reason::granted)
            return reason;
    }
    if (!call.address)
        return Reason::granted;
    decision.room_of = RoomOf::public_calls;
    decision.room = public_calls_.ask(call.address->limiter_key(), call.now, call.spend);
    return decision.room.granted ? Reason::granted : Reason::window_full;
}

/// A 401 counts for the caller's address; when that window is full the caller is told to wait, and
/// still why. Its own 429s are not counted. An address not known is not counted: everybody would
/// be.
Reason Gate::count_failure(Decision& decision, const Call& call) {
    if (!call.address)
        return decision.reason;
    decision.room_of = RoomOf::failures;
    decision.room = failures_.ask(call.address->limiter_key(), call.now, call.spend);
    if (decision.room.granted)
        return decision.reason;
    decision.because = decision.reason;
    return Reason::too_many_failures;
}

/// A live token is shown its plan's windows on every answer, refusals included; nothing is spent.
void Gate::show_room(Decision& decision, const Call& call) {
    const int question = question_of(decision.reason);
    if ((question != 2 && question != 3) || decision.plan == nullptr ||
        decision.plan->windows.empty())
        return;
    decision.room_of = RoomOf::plan;
    decision.room = limiter_.ask(decision.facts->token.line, decision.facts->workspace.id,
                                 decision.plan->windows, call.now, Spend::no);
}

}  // namespace hourgate
