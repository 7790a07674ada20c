// What speaks against a token that was just minted: why calls with it would be refused. Private to
// manage/.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "manage/ledger.h"

namespace hourgate::manage {

/// Returns one full sentence for each reason, the strongest first; none if calls would pass. Names
/// the workspace's plan, the role, scopes and dates: for those who may mint the token, and no one
/// else. `view` is as it was minted or rotated. A failure is of the store.
[[nodiscard]] Result<std::vector<std::string>> mint_warnings(Rows& rows, const Context& context,
                                                             const TokenView& view);

}  // namespace hourgate::manage
