// Question 1 and its helpers: what is wrong with a token, and whether it still works.
#include "gate/gate.h"
#include "token/mistake.h"

namespace hourgate {

/// The caller holds the token. Does the token still work?
Reason Gate::alive(const Facts& facts, std::int64_t now_ms) noexcept {
    const TokenFacts& token = facts.token;
    if (token.revoked_ms)
        return Reason::revoked_token;
    if (token.works_until_ms && now_ms >= *token.works_until_ms)
        return Reason::rotated_token;
    if (token.expires_ms && now_ms >= *token.expires_ms)
        return Reason::expired_token;
    if (facts.member->removed_ms)
        return Reason::member_removed;
    return Reason::granted;
}

/// The secret matches no token. An unknown prefix and a wrong secret each cost one store look-up, a
/// damaged token none.
Reason Gate::mismatch(Decision& decision, const Call& call, Within within, bool from_memory) {
    if (within == Within::memory && !token::is_whole(call.credentials))
        return damaged(decision, call);
    decision.needs_store = within == Within::memory;
    if (within == Within::store && from_memory)
        directory_.simulate_lookup(decision.prefix);
    return Reason::unknown_token;
}

/// Finds the mistake only here, after the text has turned out not to be a token.
Reason Gate::malformed(Decision& decision, const Call& call) const noexcept {
    const token::Mistake mistake = token::mistake_of(call.credentials, settings_.brand);
    decision.flaw = mistake.flaw;
    decision.characters = mistake.characters;
    decision.flaw_at = mistake.at;
    return Reason::malformed_token;
}

/// The check digits do not match, so the prefix cannot be trusted either.
Reason Gate::damaged(Decision& decision, const Call& call) noexcept {
    const bool one_case = token::is_in_one_case(call.credentials);
    decision.flaw = one_case ? token::Flaw::letter_case : token::Flaw::check;
    decision.prefix.clear();
    return Reason::damaged_token;
}

/// Returns whether the gate itself explains why a token does not work. If a proxy or back end asked
/// instead, it would forward the call to the API in the name of a dead token.
bool Gate::asks_why(const Decision& decision, const Call& call) noexcept {
    return decision.match.own == policy::GateRoute::why &&
           policy::is_urgent(decision.match.own, call.method) && call.answered_here &&
           !decision.facts->is_operator();
}

Decision Gate::introspect(std::string_view token, Now now) {
    Call call;
    call.presented = Presented::bearer;
    call.credentials = token;
    call.now = now;
    call.spend = Spend::no;
    Decision decision(call);
    decision.reason = who(decision, call, Within::store);
    if (decision.reason == Reason::granted && decision.facts->is_operator())
        decision.reason = Reason::role_forbidden;
    if (decision.reason == Reason::granted)
        decision.reason = paid(decision);
    return decision;
}

}  // namespace hourgate
