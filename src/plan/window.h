// A window: at most `limit` calls in any `seconds` seconds.
#pragma once

#include <cstdint>
#include <string>

namespace hourgate {

/// Whose calls a window counts together. The numbers are stored and never renumbered.
enum class Per : std::uint8_t { token = 0, workspace = 1 };

struct Window {
    std::string name;           ///< an sf-string of RFC 8941 without quotes: [a-z0-9_-]{1,32}
    std::uint32_t limit = 0;    ///< calls, 1 to limits::window_calls_max
    std::uint32_t seconds = 0;  ///< 1 to limits::window_seconds_max
    Per per = Per::token;       ///< `token` means the token line: rotating does not refill

    friend bool operator==(const Window&, const Window&) = default;
};

}  // namespace hourgate
