// Random bytes for public ids (decisions, workspaces, members). Secrets come from libsodium
// (token/mint.h). Both use the kernel's generator.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace hourgate {

/// Returns 128 random bits as 32 lower-case hex digits. Each thread reads blocks from the kernel's
/// generator; a block would be reused after a fork, and the server never forks. Aborts if the
/// kernel has no generator, because a repeated id would be worse.
[[nodiscard]] std::array<char, 32> random_hex_128();

/// Returns `prefix` + 16 random digits of a-z and 2-7 (80 bits): public ids such as "ws_…",
/// "mem_…".
[[nodiscard]] std::string random_id(const char* prefix);

}  // namespace hourgate
