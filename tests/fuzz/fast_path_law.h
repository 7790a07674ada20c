// Checks that bytes are parsed as by cpp-httplib, and that the fast path answers like the long way.
// The same bytes go through a Session, cut anywhere, and through the simplest parser, request by
// request. Status, headers and body must be identical to the byte, and so must be what was counted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hourgate::fuzz {

/// Sends the bytes to two gates. If their answers or notes differ, writes the bytes to
/// "fast_path_fuzz.failed" and ends the process. `how` chooses the listener, the peer, the mode,
/// and how much time has passed. The gates keep their state between calls.
void check_fast_path(std::string_view bytes, std::uint8_t how);

/// Counts since the start.
struct LaneCounts {
    std::uint64_t read_alike = 0;                    ///< heads that both parsers accept
    std::uint64_t by_fast_path = 0, by_service = 0;  ///< responses of sessions
};
[[nodiscard]] const LaneCounts& lane_counts() noexcept;

/// Returns the token whose prefix ends in `last`. Each such digit has its own fate; the corpora use
/// these tokens.
[[nodiscard]] std::string token_of(char last);

}  // namespace hourgate::fuzz
