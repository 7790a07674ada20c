// What a database says of itself and of a sample of its tokens, so that a copy of it can be asked
// the same. Throws where it says so; stays inside store/.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "gate/facts.h"
#include "plan/plan.h"
#include "store/database_connection.h"

namespace hourgate::store {

/// Tokens that are compared, at most: spread over the whole table.
constexpr std::int64_t known_tokens_max = 100;

struct Known {
    std::int64_t workspaces = 0, members = 0, tokens = 0;
    std::vector<Plan> plans;
    std::vector<std::shared_ptr<const Facts>> sample;  ///< all that a decision knows of a token
};

/// Reads it in the snapshot the connection has, or, without one, of a file nobody writes. Throws.
[[nodiscard]] Known read_known(DatabaseConnection& connection);

/// Reads each plan, window, workspace, member and token by the code that a decision reads it with:
/// a word there that hourgate never writes would refuse every later call of that token, or every
/// list. Throws ImpossibleRow. Linear in the rows.
void check_rows(DatabaseConnection& connection);

/// Asks the database at `path` the same, by the code that the gate reads with: check_database, then
/// a LeasedDirectory. Gives what is off about it, "token 4f8a2c1bdedf: its role is another", or ""
/// when nothing is. Makes and leaves what any use of a database does: -wal, -shm, .lock.
[[nodiscard]] Result<std::string> difference(const Known& known, const std::string& path);

}  // namespace hourgate::store
