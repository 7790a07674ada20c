#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace hourgate {

void check_failed(const char* file, int line, const char* expression) noexcept {
    (void)std::fprintf(stderr, "hourgate: broken invariant at %s:%d: %s\n", file, line, expression);
    std::abort();
}

}  // namespace hourgate
