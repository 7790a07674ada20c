// libsodium, initialised before its first use. The only way this folder reaches the library.
#pragma once

#include <sodium.h>

#include "base/check.h"

namespace hourgate::token {

/// Initialises libsodium once; any thread, any time. Aborts when the machine has no source of
/// randomness: a gate that cannot draw secrets must not run.
inline void need_sodium() noexcept {
    static const bool ready = sodium_init() >= 0;
    HOURGATE_CHECK(ready);
}

}  // namespace hourgate::token
