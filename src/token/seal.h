// A keyed digest (BLAKE2b-128, RFC 7693 section 2.9): tells a text written here from one made up.
#pragma once

#include <string>
#include <string_view>

namespace hourgate::token {

/// 32 lower-case hex digits. REQUIRES: `key` has 16 to 64 bytes.
[[nodiscard]] std::string seal_of(std::string_view text, std::string_view key);

}  // namespace hourgate::token
