// The part of `hourgate doctor` that calls the deployment from outside, as a client does. Some
// fifteen to twenty GETs, a few seconds. Changes the database: see stage.h.
#pragma once

#include <string>

#include "cli/doctor/check.h"
#include "cli/doctor/local.h"
#include "cli/doctor/through_findings.h"

namespace hourgate::cli {

struct ProxyAddress {
    std::string shown;  ///< as the operator wrote it
    Url url;
    std::string host;  ///< for the Host header; "": as the URL says
};

/// Adds the rows. Stopped by SIGINT or SIGTERM, it puts everything away first, and says so.
/// Failure::usage when no path is known that may be called.
[[nodiscard]] Status check_through(CommandContext& session, const ProxyAddress& way,
                                   const std::optional<std::string>& path,
                                   const LookedLocally& local, Report& report);

}  // namespace hourgate::cli
