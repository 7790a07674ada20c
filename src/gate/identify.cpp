// Question 1 and what belongs to it: what is wrong with a token, and whether a token still works.
#include "gate/gate.h"
#include "token/mistake.h"

namespace hourgate {

/// The caller is the one who holds the token. Does it still work?
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

/// Nobody's secret: an unknown prefix and a wrong secret cost one look into the store each, a
/// damaged token none.
Reason Gate::mismatch(Decision& decision, const Call& call, Within within, bool from_memory) {
    if (within == Within::memory && !token::is_whole(call.credentials))
        return damaged(decision, call);
    decision.needs_store = within == Within::memory;
    if (within == Within::store && from_memory)
        directory_.simulate_lookup(decision.prefix);
    return Reason::unknown_token;
}

/// What was done to it is looked for here, where it has turned out to be no token.
Reason Gate::malformed(Decision& decision, const Call& call) const noexcept {
    const token::Mistake mistake = token::mistake_of(call.credentials, settings_.brand);
    decision.flaw = mistake.flaw;
    decision.characters = mistake.characters;
    decision.flaw_at = mistake.at;
    return Reason::malformed_token;
}

/// A token whose check digits do not fit: it has no prefix that could be believed.
Reason Gate::damaged(Decision& decision, const Call& call) noexcept {
    const bool one_case = token::is_in_one_case(call.credentials);
    decision.flaw = one_case ? token::Flaw::letter_case : token::Flaw::check;
    decision.prefix.clear();
    return Reason::damaged_token;
}

/// Whether the gate itself will say why a token does not work. Asked about elsewhere, by a proxy or
/// a back end, such a call would go on to the API in the name of a dead token.
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
