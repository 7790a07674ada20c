// The part of `hourgate doctor` that calls the deployment from outside, as a client does. Sends
// fifteen to twenty GETs within a few seconds. Changes the database: see stage.h.
#pragma once

#include <string>

#include "cli/doctor/check.h"
#include "cli/doctor/local.h"
#include "cli/doctor/through_findings.h"

namespace hourgate::cli {

struct ProxyAddress {
    std::string shown;  ///< as the operator wrote it
    Url url;
    std::string host;  ///< for the Host header; "": as in the URL
};

/// Adds the rows. After SIGINT or SIGTERM, cleans everything up first and reports that. Returns
/// Failure::usage if no path is known that is safe to call.
[[nodiscard]] Status check_through(CommandContext& session, const ProxyAddress& way,
                                   const std::optional<std::string>& path,
                                   const LookedLocally& local, Report& report);

}  // namespace hourgate::cli
