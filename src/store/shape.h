// Whether a database has the schema that this program makes, and nothing in it that would act by
// itself: a file that says it is ours may come from anywhere. Throws; stays inside store/.
#pragma once

#include <optional>
#include <string>

#include "store/database_connection.h"

namespace hourgate::store {

/// What is off about the schema of a database with that number of migrations; nothing when it is as
/// they make it. Each table, index and trigger of ours has to be there, word for word; no other
/// trigger may be, since it would take part in every change and could undo a revocation. Other
/// tables and indexes are let be: replicators keep their books there. Takes a few milliseconds.
/// REQUIRES: 1 ≤ schema ≤ schema_version().
[[nodiscard]] std::optional<std::string> flaw_of_shape(DatabaseConnection& connection, int schema);

}  // namespace hourgate::store
