// hourgate serve --demo: a real gate with a sample API behind it, in a private folder that is gone
// when it ends.
#pragma once

#include "base/result.h"
#include "cli/command_context.h"

namespace hourgate::cli {

[[nodiscard]] Status serve_demo(CommandContext& session);

}  // namespace hourgate::cli
