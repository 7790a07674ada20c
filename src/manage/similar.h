// Names that were most likely meant by one that is not there: those that differ only in letter
// case, beyond ASCII, too. For operators alone: a member must not learn other workspaces' names.
// Private to manage/. Looks at the first 10,000 rows of a list and no more: names have no index
// without their case.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "manage/ledger.h"

namespace hourgate::manage {

/// Returns the first workspace whose name differs from `name` in letter case and in nothing else,
/// the one of row `except` left out; nullopt if there is none. A failure is of the store.
[[nodiscard]] Result<std::optional<Workspace>> similar_workspace(Rows& rows, std::string_view name,
                                                                 std::int64_t except = 0);

/// The same for a service of a workspace.
[[nodiscard]] Result<std::optional<Member>> similar_service(Rows& rows, std::int64_t workspace_row,
                                                            std::string_view name,
                                                            std::int64_t except = 0);

/// Returns how the member is named that "WS/EMAIL" or "WS/SERVICE" means if letter case is ignored:
/// "Acme/importer"; "" if there is none. A failure is of the store.
[[nodiscard]] Result<std::string> similar_member(Rows& rows, std::string_view text);

}  // namespace hourgate::manage
