// The part of `hourgate doctor` that checks this machine: reads files, asks the kernel, and calls
// the gate's own listeners. Changes nothing.
#pragma once

#include <string>

#include "cli/doctor/check.h"

namespace hourgate::cli {

struct LookedLocally {
    bool database_usable = false;
    bool server_runs = false;
};

/// `backups` is the folder of the backups: "" for the one next to the database, "none" to skip the
/// check.
LookedLocally check_local(CommandContext& session, const std::string& backups, Report& report);

}  // namespace hourgate::cli
