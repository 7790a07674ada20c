// Question 4 and what belongs to it: the windows of the gate's own routes, of public calls, of
// failures and of plans, and which calls need no caller.
#include <array>

#include "base/limits.h"
#include "base/text.h"
#include "gate/gate.h"
#include "token/format.h"

namespace hourgate {

namespace {

constexpr auto kinds = static_cast<std::int64_t>(policy::gate_window_count);

/// What a failure is counted under: the caller's address or, if it is not known, the peer with all
/// its unknown callers. No address has such a key, so the peer's own failures are counted apart.
/// Returns nullopt for a call that came over no connection.
std::optional<std::array<std::uint8_t, 9>> failures_key(const Call& call) noexcept {
    constexpr std::uint8_t unknown_callers = 0x40;  // beside Address::Family
    if (call.address)
        return call.address->limiter_key();
    if (!call.peer)
        return std::nullopt;
    auto key = call.peer->limiter_key();
    key[0] |= unknown_callers;
    return key;
}

/// Whether the caller may revoke this token and it is not revoked yet. As in manage/: owner and
/// admin may revoke every token of their workspace, others their own.
bool may_still_revoke(const Facts& caller, const Facts& other) noexcept {
    if (other.is_operator() || other.token.revoked_ms ||
        other.workspace->id != caller.workspace->id)
        return false;
    const Role role = caller.member->role;
    return role == Role::owner || role == Role::admin || other.member->id == caller.member->id;
}

/// Whether a call to one of the gate's own routes is counted for its token alone. That is what the
/// owner of a leaked token needs in order to find it and to keep working: reading, asking why, and
/// rotating the token itself. If it were counted for the member as well, a thief could mint tokens
/// and use up with them what the owner's token needs. So many tokens as tokens.live_max allows
/// bound it. What dead tokens ask is counted for the member, too.
bool is_counted_for_token_alone(const Decision& decision, const Call& call) noexcept {
    switch (policy::gate_window_of(decision.match.own, call.method)) {
        case policy::GateWindow::self_service:
            return policy::action_of(call.method, nullptr) == policy::Action::read;
        case policy::GateWindow::why:
            return decision.because == Reason::granted;
        case policy::GateWindow::rotate:
            return decision.match.own == policy::GateRoute::rotate_self ||
                   decision.match.route_object == decision.facts->token.prefix;
        case policy::GateWindow::check:
        case policy::GateWindow::revoke:
            return false;
    }
    return false;
}

}  // namespace

CountedFor gate_logs_of(const Facts& facts, policy::GateWindow which, bool dead) noexcept {
    const auto kind = static_cast<std::int64_t>(which);
    const std::int64_t sign = dead ? -1 : 1;
    return {sign * (facts.token.id * kinds + kind), sign * (facts.member->id * kinds + kind), 0};
}

CountedFor last_gate_logs(CountedFor last) noexcept {
    return {(last.line + 1) * kinds - 1, (last.member + 1) * kinds - 1, 0};
}

/// The gate's own routes. What is left of the plan's windows is shown, and stays. A token in its
/// grace or a dead one has windows apart from its successor's, so its thief cannot use them up. A
/// dead token is not shown how its successor fares.
Reason Gate::gate_route_room(Decision& decision, const Call& call, Within within) {
    const policy::GateWindow which = policy::gate_window_of(decision.match.own, call.method);
    if (which == policy::GateWindow::revoke) {
        const auto takes_effect = revokes(decision, call, within);
        if (!takes_effect)
            return Reason::store_failed;
        if (*takes_effect) {
            show_plan(decision, call);
            return Reason::granted;
        }
    }
    const bool dead = decision.because != Reason::granted;
    decision.room_of = RoomOf::own;
    const std::span<const Window> windows = gate_windows(which);  // of the token, of the member
    decision.room =
        gate_limiter_.ask(gate_logs_of(*decision.facts, which, dead),
                          is_counted_for_token_alone(decision, call) ? windows.first(1) : windows,
                          call.now, call.spend);
    if (dead) {
        decision.plan = nullptr;
        decision.standing = {};
    }
    if (!decision.room.granted)
        return Reason::window_full;
    show_plan(decision, call);
    return Reason::granted;
}

/// A revocation that takes effect is never refused for room: a flood of this route cannot keep
/// a token alive. Each needs a token that is not revoked yet, so they bound themselves. One without
/// effect is counted. Returns nullopt if the store did not say.
std::optional<bool> Gate::revokes(Decision& decision, const Call& call, Within within) {
    const std::string& prefix = decision.match.route_object;
    if (prefix == decision.facts->token.prefix)
        return true;  // it works, or its call would not have come so far
    if (!token::is_prefix(prefix))
        return false;
    const Directory::Found found = within == Within::store
                                       ? directory_.find(prefix, call.now)
                                       : directory_.find_in_memory(prefix, call.now);
    if (found.facts)
        return may_still_revoke(*decision.facts, *found.facts);
    decision.needs_store = within == Within::memory;
    if (decision.needs_store || found.outcome == Directory::Outcome::failed)
        return std::nullopt;
    return false;
}

namespace {

/// A bearer of somebody else's, where the resource lets those through: of the form of RFC 6750
/// section 2.1, and no token of ours, not even an altered one.
bool is_for_the_api(const policy::Match& match, const Call& call, std::string_view brand) {
    if (match.resource == nullptr || !match.resource->other_bearers_pass ||
        call.presented != Presented::bearer)
        return false;
    constexpr CharacterSet in_bearers(
        "-._~+/=0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    return !call.credentials.empty() && in_bearers.has_all_of(call.credentials) &&
           !token::of_brand(call.credentials, brand) &&
           token::blotted(call.credentials) == call.credentials;
}

}  // namespace

/// Public resources; and preflights to wherever a call could be granted. A preflight carries no
/// token (Fetch, CORS-preflight fetch), so it is open whatever method it asks about: of a refused
/// preflight a page learns nothing, of a refused call the reason.
bool Gate::open_to_all(const Decision& decision, const Call& call) const {
    const policy::Match& match = decision.match;
    const bool is_public = match.resource != nullptr && match.resource->is_public;
    return is_public || (call.preflight && policy_.opens(match)) ||
           is_for_the_api(match, call, settings_.brand);
}

/// Nobody has to be known. A caller that shows a token of our brand is asked question 1, and an
/// operator's token is refused as it is everywhere. Calls are counted per address, if it is known.
Reason Gate::public_room(Decision& decision, const Call& call, Within within) {
    const bool ours =
        call.presented == Presented::bearer && token::of_brand(call.credentials, settings_.brand);
    if (ours) {
        if (const Reason reason = who(decision, call, within); reason != Reason::granted)
            return reason;
        if (decision.facts->is_operator())
            return Reason::role_forbidden;  // it opens the admin door and nothing else
    }
    if (!call.address)
        return Reason::granted;
    decision.room_of = RoomOf::public_calls;
    AddressLimiter& counted = call.preflight ? preflights_ : public_calls_;
    decision.room = counted.ask(call.address->limiter_key(), call.now, call.spend);
    return decision.room.granted ? Reason::granted : Reason::window_full;
}

/// A 401 counts for the caller's address; when that window is full the caller is told to wait, and
/// still why. Its own 429s are not counted. Callers of a peer whose addresses are not known share
/// one window: a stranger who fills it keeps no valid token out, and others are still told why.
Reason Gate::count_failure(Decision& decision, const Call& call) {
    const auto key = failures_key(call);
    if (!key)
        return decision.reason;
    decision.room_of = RoomOf::failures;
    // What was granted a moment ago is no repeat of a failure.
    const Spend spend = call.spend == Spend::counted ? Spend::yes : call.spend;
    decision.room = failures_.ask(*key, call.now, spend);
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
    decision.room = ask_plan(decision, call, Spend::no);
}

/// REQUIRES: decision.plan is not null.
Room Gate::ask_plan(const Decision& decision, const Call& call, Spend spend) {
    const Facts& facts = *decision.facts;
    return limiter_.ask({facts.token.line, facts.member->id, facts.workspace->id},
                        decision.plan->windows, call.now, spend);
}

}  // namespace hourgate
