// Random bytes for public ids (decisions, workspaces, members). Secrets come from libsodium
// (token/mint.h). Both draw on the kernel's generator.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace hourgate {

/// 128 random bits as 32 lower-case hex digits. Reads the kernel's generator in blocks kept per
/// thread (a block is not reused across fork: the server never forks). Aborts when the kernel has
/// no generator: an id that repeats would be worse.
[[nodiscard]] std::array<char, 32> random_hex_128();

/// `prefix` + 16 random digits of a-z and 2-7 (80 bits): public ids as in "ws_…", "mem_…".
[[nodiscard]] std::string random_id(const char* prefix);

}  // namespace hourgate
