// The shell and the machine's users: how to write a command line that somebody else should run.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hourgate::cli {

/// Returns `word` quoted for a POSIX shell: unchanged if harmless, else in single quotes.
[[nodiscard]] std::string for_shell(std::string_view word);
[[nodiscard]] std::string for_shell(const std::vector<std::string>& words);

/// Returns "ann", or "#1000" if the user has no name on this machine.
[[nodiscard]] std::string user_name(unsigned uid);
/// Returns true if this machine has a user of that name.
[[nodiscard]] bool has_user(const std::string& name);

/// Returns the owner of `path`, or of the nearest folder above it that can be inspected.
[[nodiscard]] std::optional<unsigned> owner_near(std::filesystem::path path);

/// Returns what `user` must put before a command so that `owner` runs it: "", "sudo " or "sudo -u
/// ann ".
[[nodiscard]] std::string as_user(unsigned owner, unsigned user);

/// Returns true if systemd runs this machine, tested as sd_booted(3) does.
[[nodiscard]] bool is_run_by_systemd();

/// How to start and restart the server, and where its log is: hints for people.
struct ServerCommands {
    bool is_unit = false;  ///< systemd runs the server
    std::string start, restart, log;
};
/// Returns the systemd commands if systemd runs this machine and its unit uses `config_file` (""
/// for none); else commands that need no service manager. `user` is the reader, and `owner` owns
/// the database.
[[nodiscard]] ServerCommands server_ways(const std::string& config_file, unsigned owner,
                                         unsigned user);

/// Returns the user who runs this, for audit events: "cli:hourgate", "cli:hourgate (sudo by ann)".
[[nodiscard]] std::string actor_name();

/// Returns `failure`, which is about rights, with the line to run as its next step. That line runs
/// `words` as the owner of `database`, or of its (future) folder. Returns it unchanged if that is
/// the current user, or if root runs it. REQUIRES: `words` begin with the program's name.
[[nodiscard]] Failure with_sudo(const Failure& failure, const std::string& database,
                                std::vector<std::string> words);

}  // namespace hourgate::cli
