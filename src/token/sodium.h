// Initialises libsodium before its first use. This folder includes the library only through here.
#pragma once

#include <sodium.h>

#include "base/check.h"

namespace hourgate::token {

/// Initialises libsodium once; any thread, any time. Aborts if the machine has no source of
/// randomness, because a gate that cannot draw secrets must not run.
inline void need_sodium() noexcept {
    static const bool ready = sodium_init() >= 0;
    HOURGATE_CHECK(ready);
}

}  // namespace hourgate::token
