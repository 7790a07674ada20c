// Creates a database with the built-in plans and a first operator token, for `init` and the
// demonstration.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "manage/records.h"
#include "manage/tokens.h"

namespace hourgate::cli {

/// Creates the database completely or not at all, even if killed half-way: it is built under
/// another name next to `path` and then renamed. Creates missing folders (0700), and removes them
/// on failure. Returns Failure::conflict if something exists at `path`; nothing is changed then.
/// Root works as the user who controls the folder (store::AsOwner).
[[nodiscard]] Result<manage::MintedToken> make_database(const std::string& path, const Clock& clock,
                                                        const manage::TokenSettings& rules,
                                                        const std::string& operator_name);

}  // namespace hourgate::cli
