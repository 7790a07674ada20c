// What a file is, told from its first 100 bytes and a few rows: the same cost for a database of any
// size.
#pragma once

#include <string>

#include "base/result.h"
#include "store/database.h"
#include "store/database_connection.h"

namespace hourgate::store {

/// By the bytes of the file alone, without opening it as a database: `ours` means that it says it
/// is.
[[nodiscard]] Result<FileState> inspect_header(const std::string& path);

/// As a database that says it is ours: its schema, and whether its ends can be read.
/// REQUIRES: look_at_header said `ours`.
[[nodiscard]] Result<FileState> inspect(const std::string& path, Access access);

/// Why a file of this kind cannot be used. REQUIRES: kind is not `ours`.
[[nodiscard]] Failure unusable(const std::string& path, const FileState& state);

}  // namespace hourgate::store
