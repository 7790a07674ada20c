// The outcome for one call, with every value that was looked at. A refusal is a value, not an
// error.
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

/// Whose windows `Decision::room` tells of.
enum class RoomOf : std::uint8_t {
    nothing,
    plan,          ///< those of `plan`
    own,           ///< those of the gate's own route: own_windows()
    failures,      ///< of the client address
    public_calls,  ///< of the client address
};

/// The windows that calls to the gate's own routes count in, by what the call does: the one per
/// token first. Their names are shown in answers.
[[nodiscard]] std::span<const Window> gate_windows(policy::GateWindow which) noexcept;

struct Decision {
    Decision() = default;
    /// Copies what is asked from `call`, and draws an id unless the call is a look (Spend::no).
    explicit Decision(const Call& call);

    Reason reason = Reason::store_failed;
    /// too_many_failures: the 401 it would have been. Granted, and OwnRoute::why: the 401 that any
    /// other call of this token would get.
    Reason because = Reason::granted;
    bool observed = false;     ///< mode observe: granted although `reason` refuses
    bool needs_store = false;  ///< nothing was decided: see Gate::decide_from_memory
    /// 128 random bits in hex; shown as "dec_" + id. Zero bytes for a look (Spend::no): it is on no
    /// record, so there is nothing to quote.
    std::array<char, 32> id{};
    Now now;

    // What was asked: views of the Call.
    CallKind call_kind = CallKind::api;
    std::string_view method;
    std::string_view target;
    std::string_view host;
    std::string_view request_id;
    Problem problem = Problem::none;
    std::string_view problem_detail;
    Presented presented = Presented::nothing;
    std::string_view scheme;  ///< other_scheme: its name
    Misplaced misplaced = Misplaced::none;
    std::string_view misplaced_in;
    std::optional<Address> address;
    std::optional<Address> peer;

    // Question 1
    token::Flaw flaw = token::Flaw::none;
    std::uint32_t characters = 0;        ///< malformed_token: of what was sent
    std::uint32_t flaw_at = 0;           ///< malformed_token: as Mistake::at of token/mistake.h
    std::string prefix;                  ///< of a token of good shape, known or not; else empty
    token::Env env = token::Env::live;   ///< of the token, when prefix is not empty
    std::shared_ptr<const Facts> facts;  ///< only when the caller's secret matched

    // Question 2
    std::shared_ptr<const PlanBook> plans;
    const Plan* plan = nullptr;  ///< the plan that counts now, in `plans`; null: none
    Standing standing;

    // Question 3
    policy::Match match;
    policy::Judgement judgement;

    // Question 4
    RoomOf room_of = RoomOf::nothing;
    Room room;

    [[nodiscard]] bool has_id() const noexcept { return id[0] != '\0'; }
    /// Whether the call goes on to the upstream.
    [[nodiscard]] bool granted() const noexcept { return reason == Reason::granted || observed; }
    /// The windows that an answer shows, in the order of the `states` of `room`: the plan's, or the
    /// gate's own where a call was refused for one of them. Empty where `room` tells of an address,
    /// of no window, or of the gate's own that had room.
    [[nodiscard]] std::span<const Window> windows() const noexcept;
    /// "owner" … "member", "operator", or empty when not known.
    [[nodiscard]] std::string_view role() const noexcept;
};

}  // namespace hourgate
