// Beside the four questions: what a decision begins with, who need not be known, and the windows
// that are not a plan's.
#include "base/random.h"
#include "gate/gate.h"
#include "token/mistake.h"

namespace hourgate {

const Window urgent_window{"urgent", limits::urgent_calls, limits::urgent_window_s, Per::token};

void Gate::begin(Decision& decision, const Call& call) {
    if (call.spend != Spend::no)
        decision.id = random_hex_128();
    decision.now = call.now;
    decision.door = call.door;
    decision.method = call.method;
    decision.target = call.target;
    decision.request_id = call.request_id;
    decision.problem = call.problem;
    decision.problem_detail = call.problem_detail;
    decision.presented = call.presented;
    if (call.presented == Presented::other_scheme)
        decision.scheme = call.credentials;
    decision.misplaced = call.misplaced;
    decision.misplaced_in = call.misplaced_in;
    decision.address = call.address;
}

/// Nobody's secret: an unknown prefix and a wrong secret cost one look into the store each, a
/// damaged token none.
Reason Gate::mismatch(Decision& decision, const Call& call, Within within, bool from_memory) {
    if (within == Within::memory && !token::is_whole(call.credentials))
        return damaged(decision, call);
    decision.needs_store = within == Within::memory;
    if (within == Within::store && from_memory)
        directory_.look_up_in_vain(decision.prefix);
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

/// Whether a plan must not stand in its way: it revokes or rotates a token, or asks.
bool Gate::is_urgent(const Decision& decision, const Call& call) noexcept {
    return policy::is_urgent(decision.match.own, call.method);
}

/// Whether the gate itself will say why a token does not work. Asked about elsewhere, by a proxy or
/// a back end, such a call would go on to the API in the name of a dead token.
bool Gate::asks_why(const Decision& decision, const Call& call) noexcept {
    return decision.match.own == policy::OwnRoute::why && is_urgent(decision, call) &&
           call.answered_here && !decision.facts->is_operator();
}

/// What is urgent spends from a window of its own. What is left of the plan's is shown, and stays.
/// A dead token has a window beside its line's, or its thief could keep the live one from being
/// revoked, and is not shown how its successor fares.
Reason Gate::urgent_room(Decision& decision, const Call& call) {
    const TokenFacts& token = decision.facts->token;
    const bool dead = decision.because != Reason::granted;
    decision.room_of = RoomOf::urgent;
    decision.room = urgent_.ask(dead ? -token.id : token.line, decision.facts->workspace->id,
                                {&urgent_window, 1}, call.now, call.spend);
    if (dead) {
        decision.plan = nullptr;
        decision.standing = {};
    }
    if (!decision.room.granted)
        return Reason::window_full;
    show_plan(decision, call);
    return Reason::granted;
}

/// Public resources; and preflights to wherever a call could be granted. A preflight carries no
/// token (Fetch, CORS-preflight fetch), so it is open whatever method it asks about: of a refused
/// preflight a page learns nothing, of a refused call the reason.
bool Gate::open_to_all(const Decision& decision, const Call& call) const {
    const policy::Match& match = decision.match;
    const bool is_public = match.resource != nullptr && match.resource->is_public;
    return is_public || (call.preflight && policy_.opens(match));
}

/// Nobody has to be known; who shows a token of our brand is asked question 1. Calls are counted
/// per address, where it is known.
Reason Gate::public_room(Decision& decision, const Call& call, Within within) {
    const bool ours =
        call.presented == Presented::bearer && token::of_brand(call.credentials, settings_.brand);
    if (ours) {
        if (const Reason reason = who(decision, call, within); reason != Reason::granted)
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
    // What was granted a moment ago is no repeat of a failure.
    const Spend spend = call.spend == Spend::counted ? Spend::yes : call.spend;
    decision.room = failures_.ask(call.address->limiter_key(), call.now, spend);
    if (decision.room.granted)
        return decision.reason;
    decision.because = decision.reason;
    return Reason::too_many_failures;
}

/// A live token is shown its plan's windows on every answer, refusals included; nothing is spent.
void Gate::show_room(Decision& decision, const Call& call) {
    const int question = question_of(decision.reason);
    if (question == 2 || question == 3)
        show_plan(decision, call);
}

void Gate::show_plan(Decision& decision, const Call& call) {
    if (decision.plan == nullptr || decision.plan->windows.empty())
        return;
    decision.room_of = RoomOf::plan;
    decision.room = limiter_.ask(decision.facts->token.line, decision.facts->workspace->id,
                                 decision.plan->windows, call.now, Spend::no);
}

}  // namespace hourgate
