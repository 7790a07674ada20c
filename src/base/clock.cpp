#include "base/clock.h"

#include <ctime>

namespace hourgate {

std::int64_t SystemClock::boot_us() const noexcept {
    timespec boot{};
    clock_gettime(CLOCK_BOOTTIME, &boot);
    return static_cast<std::int64_t>(boot.tv_sec) * us_per_s + boot.tv_nsec / 1'000;
}

Now SystemClock::now() const noexcept {
    const std::int64_t boot = boot_us();
    timespec wall{};
    clock_gettime(CLOCK_REALTIME, &wall);
    return Now{boot, static_cast<std::int64_t>(wall.tv_sec) * ms_per_s + wall.tv_nsec / 1'000'000};
}

}  // namespace hourgate
