// A database copied into a draft, as one snapshot, and checked. Throws; stays inside store/.
#pragma once

#include <functional>
#include <string>

#include "store/backup.h"
#include "store/database_connection.h"

namespace hourgate::store {

/// Copies all pages of `source` as they are at this instant; writers go on meanwhile. The draft is
/// not in WAL mode, whatever the source is. `meanwhile`, when set, reads from `source` what the
/// same snapshot says.
void copy_all(DatabaseConnection& source, DatabaseConnection& draft, const Progress& progress,
              const std::function<void()>& meanwhile = {});

/// Reads the whole database and its references: what is off, or "" when all is well.
[[nodiscard]] std::string flaw_in(DatabaseConnection& connection);

/// Rows of a table.
[[nodiscard]] std::int64_t count(DatabaseConnection& connection, const char* table);

}  // namespace hourgate::store
