// Parses the words of the command line into a command and its arguments. Only parser.cpp includes
// CLI11, which is slow to compile.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"

namespace hourgate::cli {

/// The result of parsing.
struct Invocation {
    const Command* command = nullptr;  ///< null if `help` is set
    std::string help;                  ///< text to print instead of running a command
    Arguments arguments;
};

/// Parses `words`, without the program's name. Failure::usage names the mistake and what was
/// probably meant. Refuses a word that is not UTF-8, has a control character, or contains a whole
/// token, which every user of the machine can see there. The token is not repeated.
[[nodiscard]] Result<Invocation> parse(const std::vector<std::string>& words, const Table& table);

/// Returns the prefix of a whole token in `text`, of any brand; "" if there is none.
[[nodiscard]] std::string_view prefix_of_token_in(std::string_view text) noexcept;

}  // namespace hourgate::cli
