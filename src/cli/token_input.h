// A token handed to a command: by standard input, never as an argument, which `ps` and the shell's
// history would show.
#pragma once

#include "base/result.h"
#include "base/secret.h"

namespace hourgate::cli {

/// All of standard input but the end of its line; asked for without echo on a terminal. Empty: no
/// token. Failure::usage when it is over limits::head_line_bytes_max or not UTF-8 (it is not
/// repeated), Failure::system when it cannot be read.
[[nodiscard]] Result<Secret> read_token();

}  // namespace hourgate::cli
