#include "base/clock.h"

#include <ctime>

namespace hourgate {

Now SystemClock::now() const noexcept {
    timespec boot{};
    timespec wall{};
    clock_gettime(CLOCK_BOOTTIME, &boot);
    clock_gettime(CLOCK_REALTIME, &wall);
    return Now{static_cast<std::int64_t>(boot.tv_sec) * us_per_s + boot.tv_nsec / 1'000,
               static_cast<std::int64_t>(wall.tv_sec) * ms_per_s + wall.tv_nsec / 1'000'000};
}

}  // namespace hourgate
