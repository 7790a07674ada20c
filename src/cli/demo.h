// hourgate serve --demo: a real gate in front of a sample API, in a private folder that is removed
// at the end.
#pragma once

#include "base/result.h"
#include "cli/command_context.h"

namespace hourgate::cli {

[[nodiscard]] Status serve_demo(CommandContext& session);

}  // namespace hourgate::cli
