// The gate's own routes, as far as the four questions tell them apart: those below api_prefix, and
// the one that says why a call was refused. What they answer is http/'s.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hourgate::policy {

enum class GateRoute : std::uint8_t {
    none,          ///< not one of the gate's own
    me,            ///< /me
    rotate_self,   ///< /me/rotate
    tokens,        ///< /tokens
    token,         ///< /tokens/{prefix}
    rotate_token,  ///< /tokens/{prefix}/rotate
    organization,  ///< /organization
    check,         ///< /check
    other,         ///< everything else below api_prefix and why_prefix
    why,           ///< why_prefix/{decision}
    admin,         ///< below /admin/v1, on the admin listener
};

/// Where the gate says why, whatever api_prefix is: whoever was refused has only a decision's id.
constexpr std::string_view why_prefix = "/_hourgate/why";

/// `rest`: the segments behind api_prefix.
[[nodiscard]] GateRoute gate_route_of(std::span<const std::string_view> rest) noexcept;

/// Which of the gate's own windows a call to one of its own routes counts in. Never a plan's: a
/// full window or a lapsed plan is when people look at their tokens and their usage. The numbers
/// are part of stored keys and never renumbered.
enum class GateWindow : std::uint8_t {
    self_service = 0,  ///< everything that is not below
    why = 1,           ///< asking why a call was refused
    check = 2,         ///< asking what would become of a call
    rotate = 3,
    revoke = 4,  ///< a revocation without effect; one with effect is never refused for room
};
constexpr std::size_t gate_window_count = 5;

/// `route` may be none or admin; the answer means nothing then.
[[nodiscard]] GateWindow gate_window_of(GateRoute route, std::string_view method) noexcept;

/// Returns true for revoking, rotating, asking why, and asking what would be. The holder
/// of a leaked or refused token may do these on any plan and with any scopes.
[[nodiscard]] bool is_urgent(GateRoute route, std::string_view method) noexcept;

/// Whether question 2 is asked. Of the gate's own routes it is asked only where something is made
/// or changed that is not urgent: reading, revoking and rotating work on a lapsed plan.
[[nodiscard]] bool asks_whether_paid(GateRoute route, std::string_view method) noexcept;

}  // namespace hourgate::policy
