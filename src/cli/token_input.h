// Reads a token from standard input. It is never an argument, which `ps` and the shell's history
// would show.
#pragma once

#include "base/result.h"
#include "base/secret.h"

namespace hourgate::cli {

/// Reads all of standard input without the line end at its end. On a terminal, prompts for it
/// without echo. Returns "" if there is no token. Returns Failure::usage if it exceeds
/// limits::head_line_bytes_max or is not UTF-8 (it is not repeated), Failure::system if it cannot
/// be read.
[[nodiscard]] Result<Secret> read_token();

}  // namespace hourgate::cli
