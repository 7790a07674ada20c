// From the words of the command line to a command and its arguments. parser.cpp is the only file
// that includes CLI11, which is heavy to compile.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"

namespace hourgate::cli {

/// What a run asks for.
struct Invocation {
    const Command* command = nullptr;  ///< null: `help` is set
    std::string help;                  ///< text to print instead of running anything
    Arguments arguments;
};

/// Reads `words`, the program's name left out. Failure::usage names what is off and what was meant.
/// Refuses a word that is not UTF-8, has a control character, or holds a whole token (which every
/// user of the machine can see there), without repeating the token.
[[nodiscard]] Result<Invocation> parse(const std::vector<std::string>& words, const Table& table);

/// Where in `text` a whole token stands, of whatever brand: its prefix. Nothing when there is none.
[[nodiscard]] std::string_view prefix_of_token_in(std::string_view text) noexcept;

}  // namespace hourgate::cli
