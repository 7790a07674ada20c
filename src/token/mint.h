// A new token's text. Who may have it, and for how long, is manage/'s business.
#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"
#include "token/digest.h"
#include "token/format.h"

namespace hourgate::token {

struct Minted {
    Secret text;         ///< shown once, never stored
    std::string prefix;  ///< 12 hex digits; unique only with overwhelming odds: the store checks
    Digest digest{};
};

/// Draws a token from libsodium's generator. `brand` is [a-z0-9]{1,16}. Aborts when libsodium
/// cannot be initialised.
[[nodiscard]] Minted mint(std::string_view brand, Env env);

}  // namespace hourgate::token
