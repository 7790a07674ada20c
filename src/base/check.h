// Assertions that stay on in release: a broken invariant ends the process rather than grant a call.
#pragma once

namespace hourgate {

/// Writes file, line and expression to standard error and aborts. Prints no values, which may be
/// secret.
[[noreturn]] void check_failed(const char* file, int line, const char* expression) noexcept;

}  // namespace hourgate

#define HOURGATE_CHECK(expression)       \
    ((expression) ? static_cast<void>(0) \
                  : ::hourgate::check_failed(__FILE__, __LINE__, #expression))
