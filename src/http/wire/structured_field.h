// Reading a structured field (RFC 8941) that is a single string.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hourgate::http {

/// Returns the text of a String item (RFC 8941 section 3.3.3): what stands between the quotes, with
/// \" and \\ resolved; parameters behind it are read and ignored, as section 3.1.2 leaves to the
/// field. A text without a quote at its beginning is returned as it is when it has visible ASCII
/// characters alone, for many clients write it so: "a-1" and a-1 are the same. Returns nullopt when
/// it is neither. The text may be empty.
[[nodiscard]] std::optional<std::string> read_string_item(std::string_view value);

}  // namespace hourgate::http
