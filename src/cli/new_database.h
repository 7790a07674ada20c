// A database with the built-in plans and a first operator token: what `init` and the demonstration
// begin with.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "manage/records.h"
#include "manage/tokens.h"

namespace hourgate::cli {

/// Makes it whole or not at all, also when killed half-way: it is made under another name beside
/// `path` and put in place when it is complete. Missing folders are made (0700), and taken away
/// again on failure. Failure::conflict when something stands at `path`: nothing is changed then.
/// Root makes it as the user that can rearrange its folder (store::AsOwner).
[[nodiscard]] Result<manage::MintedToken> make_database(const std::string& path, const Clock& clock,
                                                        const manage::TokenSettings& rules,
                                                        const std::string& operator_name);

}  // namespace hourgate::cli
