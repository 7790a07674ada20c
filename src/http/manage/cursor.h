// Where a list goes on, as an opaque text. Sealed, so that one made up, or given out for another
// list, is told from one given out for this; it hides nothing and grants nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "manage/records.h"

namespace hourgate::http {

/// `list`: whose it is and what it is filtered by; a cursor is good for no other. `key`: 32 bytes.
[[nodiscard]] std::string write_cursor(const manage::Position& position, std::string_view list,
                                       std::string_view key);
/// Nothing when it was not written with the same list and key.
[[nodiscard]] std::optional<manage::Position> read_cursor(std::string_view text,
                                                          std::string_view list,
                                                          std::string_view key);

}  // namespace hourgate::http
