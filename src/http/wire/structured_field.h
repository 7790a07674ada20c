// Reads a structured field (RFC 8941) that is a single string.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hourgate::http {

/// Returns the text of a String item (RFC 8941 section 3.3.3) with \" and \\ resolved. Parameters
/// are parsed and ignored, which section 3.1.2 leaves to the field. Many clients leave out the
/// quotes, so an unquoted value of visible ASCII characters is accepted as it is. Returns nullopt
/// if the value is neither. The text may be empty.
[[nodiscard]] std::optional<std::string> read_string_item(std::string_view value);

}  // namespace hourgate::http
