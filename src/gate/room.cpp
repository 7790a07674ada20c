// Question 4 and its helpers: the windows of gate routes, public calls, failures and plans, and
// which calls need no caller.
#include <array>

#include "base/limits.h"
#include "base/text.h"
#include "gate/gate.h"
#include "token/format.h"

namespace hourgate {

namespace {

constexpr auto kinds = static_cast<std::int64_t>(policy::gate_window_count);

/// Returns the key that counts a failure. It is the caller's address or, if that is unknown, a key
/// for all unknown callers of the peer. No address has such a key, so the peer's own failures are
/// counted separately. Returns nullopt for a call without a connection.
std::optional<std::array<std::uint8_t, 9>> failures_key(const Call& call) noexcept {
    constexpr std::uint8_t unknown_callers = 0x40;  // added to an Address::Family
    if (call.address)
        return call.address->limiter_key();
    if (!call.peer)
        return std::nullopt;
    auto key = call.peer->limiter_key();
    key[0] |= unknown_callers;
    return key;
}

/// Returns whether the caller may revoke this token and it is not revoked yet. As in manage/, owner
/// and admin may revoke every token of their workspace, others only their own.
bool may_still_revoke(const Facts& caller, const Facts& other) noexcept {
    if (other.is_operator() || other.token.revoked_ms ||
        other.workspace->id != caller.workspace->id)
        return false;
    const Role role = caller.member->role;
    return role == Role::owner || role == Role::admin || other.member->id == caller.member->id;
}

/// Returns whether a call to a gate route is counted only for its token. These are the calls with
/// which the owner of a leaked token finds it and keeps working: reading, asking why, and rotating
/// the token itself. If they also counted for the member, a thief could mint tokens and use up with
/// them what the owner's token needs. tokens.live_max bounds their number. Calls of dead tokens
/// that ask why also count for the member.
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

/// Gate routes. The plan's windows are shown, and not spent. A token in its grace, or a dead one,
/// has windows apart from its successor's, so that a thief cannot use those up. A dead token is not
/// shown the plan of its successor.
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
    const std::span<const Window> windows = gate_windows(which);  // per token, per member
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

/// A revocation that takes effect is never refused for lack of room, so a flood of this route
/// cannot keep a token alive. Each one needs a token that is not revoked yet, which bounds their
/// number. One that changes nothing is counted. Returns nullopt if the store was not or could not
/// be read.
std::optional<bool> Gate::revokes(Decision& decision, const Call& call, Within within) {
    const std::string& prefix = decision.match.route_object;
    if (prefix == decision.facts->token.prefix)
        return true;  // the token works, or question 1 would have refused the call
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

/// Returns whether the call has a bearer of another issuer and the resource forwards those. It must
/// have the form of RFC 6750 section 2.1, and must not be a token of ours, not even an altered one.
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

/// Open to all are public resources, and preflights to wherever a call could be granted. A
/// preflight has no token (Fetch, CORS-preflight fetch), so it is open for every method it asks
/// about. A page learns nothing from a refused preflight, but the reason from a refused call.
bool Gate::open_to_all(const Decision& decision, const Call& call) const {
    const policy::Match& match = decision.match;
    const bool is_public = match.resource != nullptr && match.resource->is_public;
    return is_public || (call.preflight && policy_.opens(match)) ||
           is_for_the_api(match, call, settings_.brand);
}

/// No caller is needed. If the caller shows a token of our brand, question 1 is asked, and an
/// operator's token is refused as everywhere. Calls are counted per address, if it is known.
Reason Gate::public_room(Decision& decision, const Call& call, Within within) {
    const bool ours =
        call.presented == Presented::bearer && token::of_brand(call.credentials, settings_.brand);
    if (ours) {
        if (const Reason reason = who(decision, call, within); reason != Reason::granted)
            return reason;
        if (decision.facts->is_operator())
            return Reason::role_forbidden;  // it opens only the admin API
    }
    if (!call.address)
        return Reason::granted;
    decision.room_of = RoomOf::public_calls;
    AddressLimiter& counted = call.preflight ? preflights_ : public_calls_;
    decision.room = counted.ask(call.address->limiter_key(), call.now, call.spend);
    return decision.room.granted ? Reason::granted : Reason::window_full;
}

/// A 401 counts for the caller's address. If that window is full, the caller is told to wait, and
/// also the reason. The resulting 429s are not counted. Callers of one peer with unknown addresses
/// share one window. If a stranger fills it, valid tokens still work, and others are still told the
/// reason.
Reason Gate::count_failure(Decision& decision, const Call& call) {
    const auto key = failures_key(call);
    if (!key)
        return decision.reason;
    decision.room_of = RoomOf::failures;
    // Spend::counted: the call was granted a moment ago, so this failure is not a repeat.
    const Spend spend = call.spend == Spend::counted ? Spend::yes : call.spend;
    decision.room = failures_.ask(*key, call.now, spend);
    if (decision.room.granted)
        return decision.reason;
    decision.because = decision.reason;
    return Reason::too_many_failures;
}

/// Shows a live token its plan's windows on every response, refusals included, and spends nothing.
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
