// Decides a granted call once more while it still runs.
#include "gate/gate.h"
#include "token/digest.h"

namespace hourgate {

Decision Gate::recheck(const Decision& granted, Now now) {
    Decision again = granted;
    again.now = now;
    if (granted.observed || !granted.facts)
        return again;  // mode observe grants it anyway, or it needs no caller
    Call call;
    call.call_kind = granted.call_kind;
    call.method = granted.method;
    call.target = granted.target;
    call.host = granted.host;
    call.now = now;
    again.reason = readable(again, call);  // with the present policy, which may have changed
    if (again.reason == Reason::granted)
        again.reason = still_known(again, call);
    const bool is_public = again.match.resource != nullptr && again.match.resource->is_public;
    if (again.reason == Reason::granted && !is_public)
        again.reason = paid(again);
    if (again.reason == Reason::granted && !is_public)
        again.reason = may(again, call);
    return again;
}

/// The secret was shown once and is not kept. A token is the same one if its digest is.
Reason Gate::still_known(Decision& decision, const Call& call) {
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
