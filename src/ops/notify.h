// sd_notify without libsystemd: one datagram to $NOTIFY_SOCKET (systemd.exec(5), sd_notify(3)).
#pragma once

#include <cstdint>
#include <string_view>

namespace hourgate::ops {

/// Sends `state` ("READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=…"). Does nothing without
/// $NOTIFY_SOCKET; failures are ignored, as sd_notify(3) advises. Any thread.
void notify(std::string_view state) noexcept;

/// Half of $WATCHDOG_USEC when it is meant for this process, in microseconds; 0 when there is none.
[[nodiscard]] std::int64_t watchdog_interval_us() noexcept;

}  // namespace hourgate::ops
