// A window: at most `limit` calls in any `seconds` seconds.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hourgate {

/// Whose calls a window counts together. The numbers are stored and never renumbered.
enum class Per : std::uint8_t { token = 0, workspace = 1, member = 2 };

/// From the narrowest to the widest. Logs are locked and scopes are listed in this order.
constexpr std::array all_pers = {Per::token, Per::member, Per::workspace};

/// "token", "member" or "workspace".
[[nodiscard]] constexpr std::string_view to_text(Per per) noexcept {
    switch (per) {
        case Per::token:
            return "token";
        case Per::workspace:
            return "workspace";
        case Per::member:
            return "member";
    }
    return "";
}

/// Reads what to_text() writes. Returns nullopt for anything else.
[[nodiscard]] constexpr std::optional<Per> per_from(std::string_view text) noexcept {
    for (const Per per : all_pers)
        if (text == to_text(per))
            return per;
    return std::nullopt;
}

struct Window {
    std::string name;           ///< an sf-string of RFC 8941 without quotes: [a-z0-9_-]{1,32}
    std::uint32_t limit = 0;    ///< calls, 1 to limits::window_calls_max
    std::uint32_t seconds = 0;  ///< 1 to limits::window_seconds_max
    /// `token` counts the token line: rotation does not refill the window.
    Per per = Per::token;

    friend bool operator==(const Window&, const Window&) = default;
};

}  // namespace hourgate
