// Names the kind of a file for a message. The program reads a file that an operator names only if
// it is a regular one: a pipe or a device may block, or may never end.
#pragma once

#include <sys/types.h>

#include <string_view>

namespace hourgate {

/// Returns "a file", "a folder", "a symbolic link", "a pipe", "a socket" or "a device" for the
/// st_mode of stat(2).
[[nodiscard]] std::string_view noun_of_file(mode_t mode) noexcept;

}  // namespace hourgate
