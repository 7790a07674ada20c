// Brings a database to the newest schema: the files of schema/, embedded in the program, each in
// one transaction with its row in `migrations`. Throws; stays inside store/.
#pragma once

#include "store/database_connection.h"

namespace hourgate::store {

/// The number in the header of our databases: "HGAT".
constexpr std::int64_t application_id = 0x48474154;

/// Applies what is missing. Another process doing the same is waited for. REQUIRES: the schema is
/// not newer than this program's.
void migrate(DatabaseConnection& connection);

}  // namespace hourgate::store
