// The gate routes, as far as the four questions distinguish them: those below api_prefix, and the
// one that explains a refusal. Their responses are made in http/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hourgate::policy {

enum class GateRoute : std::uint8_t {
    none,          ///< not a gate route
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

/// Explanations are here, whatever api_prefix is: a refused caller knows only a decision's id.
constexpr std::string_view why_prefix = "/_hourgate/why";

/// Returns the gate route for `rest`, the segments after api_prefix.
[[nodiscard]] GateRoute gate_route_of(std::span<const std::string_view> rest) noexcept;

/// The gate windows, one of which counts each call to a gate route. No plan's window counts it,
/// because people look at their tokens and usage when a window is full or a plan has lapsed. The
/// numbers are part of stored keys and never renumbered.
enum class GateWindow : std::uint8_t {
    self_service = 0,  ///< everything that is not listed below
    why = 1,           ///< asking why a call was refused
    check = 2,         ///< predicting the answer to a call
    rotate = 3,
    revoke = 4,  ///< a revocation that changes nothing; one that does is never refused for room
};
constexpr std::size_t gate_window_count = 5;

/// Returns the window that counts the call. The result is meaningless for the routes none and
/// admin.
[[nodiscard]] GateWindow gate_window_of(GateRoute route, std::string_view method) noexcept;

/// Returns true for revoking, rotating, asking why, and predicting an answer. The holder of a
/// leaked or refused token may do these on any plan and with any scopes.
[[nodiscard]] bool is_urgent(GateRoute route, std::string_view method) noexcept;

/// Returns whether question 2 is asked. On gate routes it is asked only for changes that are not
/// urgent: reading, revoking and rotating work on a lapsed plan.
[[nodiscard]] bool asks_whether_paid(GateRoute route, std::string_view method) noexcept;

}  // namespace hourgate::policy
