// The gate's own routes, as far as the four questions tell them apart: those below api_prefix, and
// the one that says why a call was refused. What they answer is http/'s.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hourgate::policy {

enum class OwnRoute : std::uint8_t {
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
[[nodiscard]] OwnRoute own_route_of(std::span<const std::string_view> rest) noexcept;

/// Revoking and rotating, never kept from whoever holds a leaked token by a lapsed plan or a full
/// window; and asking why, and what would be, for whom these are the very question. Question 2 is
/// not asked, and question 4 of a window of their own.
[[nodiscard]] bool is_urgent(OwnRoute route, std::string_view method) noexcept;

}  // namespace hourgate::policy
