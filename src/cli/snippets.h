// How a text of `hourgate snippets` is recognized where a proxy uses it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hourgate::cli {

/// Where a proxy with one of our texts says which text it is, to everybody.
inline constexpr std::string_view snippet_stamp_path = "/_hourgate/text";

/// Returns what the texts of this program say there, each "nginx 1f0a92bc": the proxy, and eight
/// hex digits of a digest of the text. They change with the text, and not with what is filled in.
[[nodiscard]] std::vector<std::string> snippet_stamps();

}  // namespace hourgate::cli
