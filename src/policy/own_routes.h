// The gate's own routes below api_prefix, as far as the four questions tell them apart. What they
// answer is http/'s.
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
    other,         ///< everything else below api_prefix
    admin,         ///< below /admin/v1, on the admin listener
};

/// `rest`: the segments behind api_prefix.
[[nodiscard]] OwnRoute own_route_of(std::span<const std::string_view> rest) noexcept;

/// Revoking and rotating: never kept from whoever holds a leaked token by a lapsed plan or a full
/// window. Question 2 is not asked, and question 4 of a window of their own.
[[nodiscard]] bool is_urgent(OwnRoute route, std::string_view method) noexcept;

}  // namespace hourgate::policy
