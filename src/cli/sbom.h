// A software bill of materials of this program, for scanners.
#pragma once

#include "cli/print.h"

namespace hourgate::cli {

/// Returns CycloneDX 1.5 JSON (ECMA-424): the program and each of its libraries with version,
/// license and package URL. A library that is one file has its SHA-256. The result is the same for
/// every run of one executable.
[[nodiscard]] Json sbom();

}  // namespace hourgate::cli
