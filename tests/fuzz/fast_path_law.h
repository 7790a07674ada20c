// Whether bytes are read as cpp-httplib reads them, and whether the fast path says what the long way
// says: the same bytes go through a Session, cut anywhere, and through the plainest reading of
// them, request by request; status, headers and body must be the same to the byte, and so must be
// what was counted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hourgate::fuzz {

/// Two gates hear the bytes; they must say and note the same, or the process ends, with the bytes
/// in "fast_path_fuzz.failed". `how` chooses the listener, the peer, the mode, and how much time has
/// passed. The gates remember what they heard before.
void check_fast_path(std::string_view bytes, std::uint8_t how);

/// So far.
struct LaneCounts {
    std::uint64_t read_alike = 0;                    ///< heads that both read
    std::uint64_t by_fast_path = 0, by_service = 0;  ///< answers of sessions
};
[[nodiscard]] const LaneCounts& lane_counts() noexcept;

/// The token whose prefix ends in a digit has a fate of its own; corpora know them by these.
[[nodiscard]] std::string token_of(char last);

}  // namespace hourgate::fuzz
