// The shell and the machine's users: what a command line looks like that someone else should run.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hourgate::cli {

/// `word` as a POSIX shell reads it back: as it is when harmless, else in single quotes.
[[nodiscard]] std::string for_shell(std::string_view word);
[[nodiscard]] std::string for_shell(const std::vector<std::string>& words);

/// "ann"; "#1000" when the user has no name here.
[[nodiscard]] std::string user_name(unsigned uid);
/// Whether this machine has a user of that name.
[[nodiscard]] bool has_user(const std::string& name);

/// Who runs this, for audit events: "cli:hourgate", "cli:hourgate (sudo by ann)".
[[nodiscard]] std::string actor_name();

/// `failure`, which is about rights, with the line to run instead as its next step: `words` by the
/// owner of `database`, or of the folder it is or would be in. As it is when that is this very
/// user. `words` begin with the program's name.
[[nodiscard]] Failure with_sudo(const Failure& failure, const std::string& database,
                                std::vector<std::string> words);

}  // namespace hourgate::cli
