// Asks every call the four questions, in this order. No other code asks them.
#include "gate/gate.h"

#include <utility>

#include "token/digest.h"

namespace hourgate {

Gate::Gate(Settings settings, const policy::Policy& policy, Directory& directory, Limiter& limiter,
           Limiter& own, AddressLimiter& failures, AddressLimiter& public_calls,
           AddressLimiter& preflights)
    : settings_(std::move(settings)),
      policy_(policy),
      directory_(directory),
      limiter_(limiter),
      gate_limiter_(own),
      failures_(failures),
      public_calls_(public_calls),
      preflights_(preflights) {}

Decision Gate::decide(const Call& call) {
    Decision decision(call);
    answer(decision, call, Within::store);
    return decision;
}

std::optional<Decision> Gate::decide_from_memory(const Call& call) {
    std::optional<Decision> decision(std::in_place, call);  // large: constructed in place
    answer(*decision, call, Within::memory);
    if (decision->needs_store)
        decision.reset();
    return decision;
}

void Gate::answer(Decision& decision, const Call& call, Within within) {
    decision.reason = ask(decision, call, within);
    if (decision.needs_store)
        return;
    if (question_of(decision.reason) == 1)
        decision.reason = count_failure(decision, call);
    show_room(decision, call);
    decision.observed = settings_.mode == Mode::observe && decision.reason != Reason::granted &&
                        decision.reason != Reason::store_failed && !decision.match.is_gate_route();
}

Reason Gate::ask(Decision& decision, const Call& call, Within within) {
    Reason reason = readable(decision, call);  // 400
    if (reason == Reason::granted && open_to_all(decision, call))
        return public_room(decision, call, within);
    if (reason == Reason::granted)
        reason = who(decision, call, within);  // 401
    if (reason == Reason::granted)
        reason = paid(decision);  // 402
    if (reason == Reason::granted)
        reason = may(decision, call);  // 403
    if (reason == Reason::granted)
        reason = room(decision, call, within);  // 429
    return reason;
}

/// 0. Can the call be read in exactly one way? The resource is found first, because a refusal here
/// is enforced on gate routes even in mode observe.
Reason Gate::readable(Decision& decision, const Call& call) const {
    decision.match = call.call_kind == CallKind::admin ? policy_.find_admin(call.target)
                                                       : policy_.find(call.target, call.host);
    if (call.problem == Problem::forged_header)
        return Reason::forged_header;
    if (call.problem != Problem::none)
        return Reason::bad_request;
    const bool of_another = !call.api.empty() && call.api != decision.match.api;
    if ((!decision.match.host_listed || of_another) && !decision.match.is_gate_route())
        return Reason::host_unlisted;
    if (policy::is_never_passed_on(call.method) && !decision.match.is_gate_route())
        return Reason::method_not_allowed;
    if (decision.match.flaw == policy::PathFlaw::target_too_long)
        return Reason::target_too_long;
    if (decision.match.flaw == policy::PathFlaw::unreadable)
        return Reason::bad_request;
    if (decision.match.flaw != policy::PathFlaw::none)
        return Reason::path_ambiguous;
    return Reason::granted;
}

/// 1. Who is asking? Only a caller whose secret matches learns the reason; every mismatch costs the
/// same. A damaged token costs no store look-up. If the digest of a cached token matches, the check
/// digits are not tested, because the digest proves more.
Reason Gate::who(Decision& decision, const Call& call, Within within) {
    if (call.presented == Presented::nothing)
        return Reason::no_credentials;
    if (call.presented != Presented::bearer)
        return Reason::wrong_scheme;
    const token::Parsed parsed = token::shape_of(call.credentials, settings_.brand);
    if (parsed.flaw != token::Flaw::none)
        return malformed(decision, call);
    const bool may_be_in_memory = within == Within::memory && parsed.env == settings_.env;
    if (!may_be_in_memory && !token::is_whole(call.credentials))
        return damaged(decision, call);
    decision.prefix = parsed.prefix;
    decision.env = parsed.env;
    if (parsed.env != settings_.env)
        return Reason::wrong_environment;

    const token::Digest digest = token::digest_of(call.credentials);
    Directory::Found found = within == Within::store
                                 ? directory_.find(parsed.prefix, call.now)
                                 : directory_.find_in_memory(parsed.prefix, call.now);
    if (found.outcome == Directory::Outcome::failed)
        return Reason::store_failed;
    if (!token::same(digest, found.facts ? found.facts->token.digest : token::dummy_digest()))
        return mismatch(decision, call, within, found.from_memory);

    decision.facts = std::move(found.facts);
    decision.plans = std::move(found.plans);
    const Reason dead = alive(*decision.facts, call.now.wall_ms);
    if (dead == Reason::granted || !asks_why(decision, call))
        return dead;
    decision.because = dead;  // whose holder may only ask why it does not work
    return Reason::granted;
}

/// 2. Is it paid for? Not asked of operator tokens, which belong to no workspace, nor for the admin
/// API. On gate routes it is asked for minting, but not for reading, revoking and rotating.
Reason Gate::paid(Decision& decision) const {
    if (decision.facts->is_operator() || decision.call_kind == CallKind::admin)
        return Reason::granted;
    const Workspace& workspace = *decision.facts->workspace;
    decision.standing = standing_at(workspace.paid_until_ms, settings_.lapse, decision.now.wall_ms);
    const bool lapsed = decision.standing.paid == Paid::lapsed;
    decision.plan =
        lapsed ? decision.plans->find(settings_.lapse_to) : decision.plans->find(workspace.plan_id);
    const bool has_access = decision.plan != nullptr && decision.plan->api;
    if (has_access || !policy::asks_whether_paid(decision.match.own, decision.method))
        return Reason::granted;
    return lapsed ? Reason::plan_lapsed : Reason::plan_without_api;
}

/// 3. May they? Operator tokens open only the admin API, and no other token opens it.
Reason Gate::may(Decision& decision, const Call& call) const {
    const Facts& facts = *decision.facts;
    if (facts.is_operator() != (call.call_kind == CallKind::admin))
        return Reason::role_forbidden;
    if (facts.is_operator())
        return Reason::granted;
    const policy::Subject subject{facts.member->role, facts.member->public_id, facts.token.scopes,
                                  facts.token.prefix};
    decision.judgement = policy_.judge(decision.match, subject, call.method);
    return reason_of(decision.judgement.verdict);
}

/// 4. Is there room? Checks all windows, then spends in all of them, as one step. Gate routes have
/// windows of their own, so that the calls of a caller never keep it from its tokens.
Reason Gate::room(Decision& decision, const Call& call, Within within) {
    if (call.call_kind == CallKind::admin)
        return Reason::granted;
    if (decision.match.is_gate_route())
        return gate_route_room(decision, call, within);
    decision.room_of = RoomOf::plan;
    decision.room = ask_plan(decision, call, call.spend);
    return decision.room.granted ? Reason::granted : Reason::window_full;
}

}  // namespace hourgate
