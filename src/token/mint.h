// Makes the text of a new token. The rules on who gets one, and for how long, are in manage/.
#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"
#include "token/digest.h"
#include "token/format.h"

namespace hourgate::token {

struct Minted {
    Secret text;         ///< shown once, never stored
    std::string prefix;  ///< 12 hex digits; almost certainly unique: the store checks
    Digest digest{};
};

/// Draws a token from libsodium's generator. REQUIRES: `brand` is [a-z0-9]{1,16}. Aborts if
/// libsodium cannot be initialised.
[[nodiscard]] Minted mint(std::string_view brand, Env env);

}  // namespace hourgate::token
