// What this program is made of, as a software bill of materials for scanners.
#pragma once

#include "cli/print.h"

namespace hourgate::cli {

/// CycloneDX 1.5 (ECMA-424), JSON: the program and each library in it with version, license,
/// package URL and, where it is one file, the SHA-256 of that. The same for every run of one
/// executable.
[[nodiscard]] Json sbom();

}  // namespace hourgate::cli
