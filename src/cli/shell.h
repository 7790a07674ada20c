// The shell and the machine's users: what a command line looks like that someone else should run.
#pragma once

#include <filesystem>
#include <optional>
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

/// Returns the owner of `path`, or of the nearest folder above it that can be looked at.
[[nodiscard]] std::optional<unsigned> owner_near(std::filesystem::path path);

/// What to put before a command that has to be run by `owner`, while `user` reads it: "", "sudo "
/// or "sudo -u ann ".
[[nodiscard]] std::string as_user(unsigned owner, unsigned user);

/// Whether systemd runs this machine, as sd_booted(3) looks for it.
[[nodiscard]] bool is_run_by_systemd();

/// How the server is started, stopped and started again, and where its log is: hints for people.
struct ServerWays {
    bool is_unit = false;  ///< systemd runs it
    std::string start, restart, log;
};
/// Returns the systemd commands if systemd runs this machine and `config_file` ("": none) is the
/// one that its unit uses; else those that need no service manager. `user` reads them, and `owner`
/// has the database.
[[nodiscard]] ServerWays server_ways(const std::string& config_file, unsigned owner, unsigned user);

/// Who runs this, for audit events: "cli:hourgate", "cli:hourgate (sudo by ann)".
[[nodiscard]] std::string actor_name();

/// `failure`, which is about rights, with the line to run instead as its next step: `words` by the
/// owner of `database`, or of the folder it is or would be in. As it is when that is this very
/// user, and when root runs it. `words` begin with the program's name.
[[nodiscard]] Failure with_sudo(const Failure& failure, const std::string& database,
                                std::vector<std::string> words);

}  // namespace hourgate::cli
