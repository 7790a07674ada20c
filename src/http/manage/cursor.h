// Encodes the position in a list as an opaque text. It is sealed, so that a forged cursor, or one
// from another list, is rejected. It hides nothing and grants nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "manage/records.h"

namespace hourgate::http {

/// `list` names the list, its reader and its filters; the cursor is valid for no other. `key` has
/// 32 bytes.
[[nodiscard]] std::string write_cursor(const manage::Position& position, std::string_view list,
                                       std::string_view key);
/// Returns nullopt if the cursor was not written with the same list and key.
[[nodiscard]] std::optional<manage::Position> read_cursor(std::string_view text,
                                                          std::string_view list,
                                                          std::string_view key);

}  // namespace hourgate::http
