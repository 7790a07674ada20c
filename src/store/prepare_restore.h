// The first step of a restore: a backup as it would stand in the place of a database, under a name
// of its own. `restore` goes on from there; a backup that is verified is thrown away.
#pragma once

#include <string>

#include "base/result.h"
#include "store/files.h"

namespace hourgate::store {

/// Whether `source` is a backup, by its header and schema: Failure::not_found if there is none,
/// Failure::store with why it cannot be used ("it is cut off: …").
[[nodiscard]] Status check_backup(const std::string& source);

/// "the backup FILE does not restore: WHY": what `restore` and `backup --verify-only` say alike.
[[nodiscard]] Failure does_not_restore(const std::string& named, const std::string& why);

/// Checks that `source` is a backup (check_backup), copies it into a draft of `target` +
/// `suffix`, with the rights that the folder of each asks for (AsOwner), brings its schema up to
/// date and reads all of it (integrity_check, foreign_key_check, and each row as the gate reads it:
/// check_rows). Nothing is left behind on failure. Failure::store says what is wrong with `source`;
/// who reports it adds the name (does_not_restore).
[[nodiscard]] Result<PendingFile> prepare_restore(const std::string& source,
                                                  const std::string& target,
                                                  const std::string& suffix);

}  // namespace hourgate::store
