// The four roles of a member. `operator` is not one of them: it is a property of the tokens of the
// people who run the gate (gate/facts.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hourgate {

/// Ordered: a smaller number has more rights. The numbers are stored and never renumbered.
enum class Role : std::uint8_t { owner = 0, admin = 1, manager = 2, member = 3 };

constexpr std::array<Role, 4> all_roles = {Role::owner, Role::admin, Role::manager, Role::member};

[[nodiscard]] constexpr std::string_view to_text(Role role) noexcept {
    switch (role) {
        case Role::owner:
            return "owner";
        case Role::admin:
            return "admin";
        case Role::manager:
            return "manager";
        case Role::member:
            return "member";
    }
    return "";
}

[[nodiscard]] constexpr std::optional<Role> role_from(std::string_view text) noexcept {
    for (const Role role : all_roles)
        if (to_text(role) == text)
            return role;
    return std::nullopt;
}

[[nodiscard]] constexpr std::size_t index(Role role) noexcept {
    return static_cast<std::size_t>(role);
}

}  // namespace hourgate
