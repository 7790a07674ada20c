// Identifies a text of `hourgate snippets` in a proxy that uses it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hourgate::cli {

/// The path at which a proxy with one of our texts says which text it is, to every caller.
inline constexpr std::string_view snippet_stamp_path = "/_hourgate/text";

/// Returns the stamps of this program's texts, each "nginx 1f0a92bc": the proxy, and eight hex
/// digits of a digest of the text. A stamp changes with the text, but not with the values that are
/// filled in.
[[nodiscard]] std::vector<std::string> snippet_stamps();

}  // namespace hourgate::cli
