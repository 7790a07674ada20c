// How commands print JSON. Private to cli, because it includes the whole JSON library.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/secret.h"
#include "cli/command_context.h"

namespace hourgate::cli {

using Json = nlohmann::ordered_json;

[[nodiscard]] inline bool wants_json(const CommandContext& session) noexcept {
    return session.output.form() == Form::json;
}

/// Prints `json` on one line.
[[nodiscard]] Status print(const CommandContext& session, const Json& json);
/// Does the same for a command that changed nothing: see Output::print_found().
[[nodiscard]] Status print_found(const CommandContext& session, const Json& json);

/// Does the same with the token as the first member. JSON escapes no character of a token. It is
/// inserted as text, so that no copy stays in memory.
[[nodiscard]] Status print_with_token(const CommandContext& session, const Json& json,
                                      const Secret& token);
/// Prints only the token, on a line.
[[nodiscard]] Status print_token(const CommandContext& session, const Secret& token);
/// Prints `before`, then the token on its own line.
[[nodiscard]] Status print_with_token(const CommandContext& session, const std::string& before,
                                      const Secret& token);

}  // namespace hourgate::cli
