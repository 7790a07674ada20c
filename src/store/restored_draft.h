// The first step of a restore: a backup as it would stand in the place of a database, under a name
// of its own. `restore` goes on from there; a backup that is verified is thrown away.
#pragma once

#include <string>

#include "base/result.h"
#include "store/files.h"

namespace hourgate::store {

/// Checks that `source` is a backup (header, schema), copies it into a draft of `target` +
/// `suffix`, with the rights that the folder of each asks for (AsOwner), brings its schema up to
/// date and reads all of it (integrity_check, foreign_key_check). Nothing is left behind on
/// failure, which names `source`.
[[nodiscard]] Result<Draft> restored_draft(const std::string& source, const std::string& target,
                                           const std::string& suffix);

}  // namespace hourgate::store
