// Question 1 once the secret is known to match: does the token still work? Asked of each call, and
// of one that goes on for long again and again. And what is asked of a token without any call.
#include "gate/gate.h"
#include "token/digest.h"

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

Decision Gate::decide_again(const Decision& granted, Now now) {
    Decision again = granted;
    again.now = now;
    if (granted.observed || !granted.facts)
        return again;  // whatever is decided is granted, or nobody was asked who they are
    Call call;
    call.door = granted.door;
    call.method = granted.method;
    call.target = granted.target;
    call.host = granted.host;
    call.now = now;
    again.reason = readable(again, call);  // by the rules of now, which may be others
    if (again.reason == Reason::granted)
        again.reason = who_still(again, call);
    const bool is_public = again.match.resource != nullptr && again.match.resource->is_public;
    if (again.reason == Reason::granted && !is_public)
        again.reason = paid(again);
    if (again.reason == Reason::granted && !is_public)
        again.reason = may(again, call);
    return again;
}

Decision Gate::introspect(std::string_view token, Now now) {
    Call call;
    call.presented = Presented::bearer;
    call.credentials = token;
    call.now = now;
    call.spend = Spend::no;
    Decision decision;
    begin(decision, call);
    decision.reason = who(decision, call, Within::store);
    if (decision.reason == Reason::granted && decision.facts->is_operator())
        decision.reason = Reason::role_forbidden;
    if (decision.reason == Reason::granted)
        decision.reason = paid(decision);
    return decision;
}

/// The secret was shown once, and is not kept: a token is the same as long as its digest is.
Reason Gate::who_still(Decision& decision, const Call& call) {
    Directory::Found found = directory_.find(decision.prefix, call.now);
    if (found.outcome == Directory::Outcome::failed)
        return Reason::store_failed;
    if (!found.facts || !token::same(found.facts->token.digest, decision.facts->token.digest))
        return Reason::unknown_token;
    decision.facts = std::move(found.facts);
    decision.plans = std::move(found.plans);
    return alive(*decision.facts, call.now.wall_ms);
}

}  // namespace hourgate
