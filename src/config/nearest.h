// What someone most likely meant who mistyped a word.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace hourgate::config {

/// The least number of letters to insert, drop, change, or swap with their neighbour that makes one
/// word of the other (optimal string alignment).
[[nodiscard]] std::size_t distance(std::string_view a, std::string_view b);

/// The known word nearest to `word`, the first of equals; nothing when more than a third of the
/// letters are other ones.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      const std::vector<std::string_view>& known);

/// Whether both are the same word but for case, for '-' instead of '_', and for one 's' at the end:
/// "Live-Max" and "live_max", "path" and "paths".
[[nodiscard]] bool alike(std::string_view a, std::string_view b);

}  // namespace hourgate::config
