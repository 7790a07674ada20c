// How commands print JSON. Private to cli: it brings the whole JSON library.
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

/// One line.
[[nodiscard]] Status print(const CommandContext& session, const Json& json);
/// The same for a command that changed nothing: see Output::print_found().
[[nodiscard]] Status print_found(const CommandContext& session, const Json& json);

/// The same with the token as its first member. A token has no character that JSON escapes; it is
/// put in as text so that no copy stays behind.
[[nodiscard]] Status print_with_token(const CommandContext& session, const Json& json,
                                      const Secret& token);
/// The token alone, on a line.
[[nodiscard]] Status print_token(const CommandContext& session, const Secret& token);
/// `before`, then the token on a line of its own.
[[nodiscard]] Status print_with_token(const CommandContext& session, const std::string& before,
                                      const Secret& token);

}  // namespace hourgate::cli
