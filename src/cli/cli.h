// The command line.
// Exit codes: 0 done, 1 failed, 2 wrong usage. Results go to standard output, everything else to
// standard error. With --json the result is one JSON object; commands that list print an array.
#pragma once

namespace hourgate::cli {

/// Runs the command in argv. Never throws.
[[nodiscard]] int run(int argc, char** argv) noexcept;

}  // namespace hourgate::cli
