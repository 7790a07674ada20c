// The outcome for one call, with every value that was used. A refusal is a value, not an error.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/clock.h"
#include "gate/call.h"
#include "gate/facts.h"
#include "gate/reason.h"
#include "limiter/limiter.h"
#include "plan/plan.h"
#include "plan/subscription.h"
#include "policy/policy.h"
#include "token/format.h"

namespace hourgate {

/// Whose windows `Decision::room` is about.
enum class RoomOf : std::uint8_t {
    nothing,
    plan,          ///< those of `plan`
    own,           ///< those of the gate route: gate_windows()
    failures,      ///< of the client address
    public_calls,  ///< of the client address
};

/// Returns the windows that count calls to gate routes of one kind, the one per token first.
/// Responses show their names.
[[nodiscard]] std::span<const Window> gate_windows(policy::GateWindow which) noexcept;

struct Decision {
    Decision() = default;
    /// Copies the call's values, and draws an id unless the call is a dry run (Spend::no).
    explicit Decision(const Call& call);

    Reason reason = Reason::store_failed;
    /// too_many_failures: the reason of the 401 that the caller would have got. Granted, and
    /// GateRoute::why: the reason of the 401 that any other call with this token would get.
    Reason because = Reason::granted;
    bool observed = false;     ///< mode observe: granted although `reason` refuses
    bool needs_store = false;  ///< nothing was decided: see Gate::decide_from_memory()
    /// 128 random bits in hex, shown as "dec_" + id. Zero bytes for a dry run (Spend::no): it is
    /// not recorded, so nobody can ask about it.
    std::array<char, 32> id{};
    Now now;

    // The call: views of the Call's.
    CallKind call_kind = CallKind::api;
    std::string_view method;
    std::string_view target;
    std::string_view host;
    std::string_view request_id;
    Problem problem = Problem::none;
    std::string_view problem_detail;
    Presented presented = Presented::nothing;
    std::string_view scheme;  ///< other_scheme: the name of the scheme
    Misplaced misplaced = Misplaced::none;
    std::string_view misplaced_in;
    std::optional<Address> address;
    std::optional<Address> peer;

    // Question 1
    token::Flaw flaw = token::Flaw::none;
    std::uint32_t characters = 0;  ///< malformed_token: length of what was sent
    std::uint32_t flaw_at = 0;     ///< malformed_token: as Mistake::at of token/mistake.h
    /// Of a token of the right shape, known or not; else empty.
    std::string prefix;
    token::Env env = token::Env::live;   ///< of the token, if prefix is not empty
    std::shared_ptr<const Facts> facts;  ///< set only if the caller's secret matched

    // Question 2
    std::shared_ptr<const PlanBook> plans;
    const Plan* plan = nullptr;  ///< the plan in force, in `plans`; null if there is none
    Standing standing;

    // Question 3
    policy::Match match;
    policy::Judgement judgement;

    // Question 4
    RoomOf room_of = RoomOf::nothing;
    Room room;

    [[nodiscard]] bool has_id() const noexcept { return id[0] != '\0'; }
    /// Returns whether the call is forwarded to the upstream.
    [[nodiscard]] bool granted() const noexcept { return reason == Reason::granted || observed; }
    /// Returns the windows that a response shows, in the order of `room.states`. Those are the
    /// plan's, or the gate route's if one of them refused the call. Returns none if `room` is about
    /// an address, about no window, or about a gate route that had room.
    [[nodiscard]] std::span<const Window> windows() const noexcept;
    /// Returns "owner" … "member", or "operator"; "" if unknown.
    [[nodiscard]] std::string_view role() const noexcept;
};

}  // namespace hourgate
