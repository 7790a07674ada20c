// Counters as Prometheus text (exposition format 0.0.4). Ours, because the packaged client is a
// shared library. No label comes from a caller.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "gate/decision.h"

namespace hourgate::ops {

/// Values read at the time of a scrape, from whoever owns them.
struct Gauges {
    std::uint64_t directory_hits = 0;
    std::uint64_t directory_look_ups = 0;
    std::uint64_t directory_version_reads = 0;
    std::uint64_t directory_failures = 0;
    std::uint64_t directory_entries = 0;
    std::uint64_t limiter_entries = 0;
    std::uint64_t limiter_bytes = 0;
    std::uint64_t failure_addresses = 0;
    std::uint64_t public_addresses = 0;
    std::uint64_t usage_dropped = 0;
    std::uint64_t decisions_written = 0;
    std::uint64_t decisions_passed_over = 0;
    std::uint64_t decisions_lost = 0;
    std::uint64_t connections = 0;
    std::uint64_t connections_refused = 0;
    std::uint64_t connections_evicted = 0;
    bool forwards = false;  ///< whether there is an upstream; the others of it are 0 then
    std::uint64_t upstream_forwarded = 0;
    std::uint64_t upstream_unreachable = 0;
    std::uint64_t upstream_broken = 0;
    std::uint64_t upstream_timed_out = 0;
    std::uint64_t upstream_ended = 0;
    std::uint64_t upstream_retried = 0;
    std::uint64_t upstream_connections = 0;
    std::int64_t state_age_s = 0;
    std::uint64_t state_failures = 0;
    std::uint64_t state_bytes = 0;
    std::optional<std::int64_t> backup_age_s;  ///< none: there is no backup
    std::int64_t uptime_s = 0;
};

/// All methods: any thread.
class Metrics {
public:
    /// Counts a decision under its reason (every reason is present from the start, at 0; trap 19),
    /// observed ones too, which are counted a second time among the observed.
    void count(const Decision& decision) noexcept;
    /// A 401 from a caller whose address is not known could not be counted against it.
    void count_unknown_address() noexcept;
    [[nodiscard]] std::string text(const Gauges& gauges) const;

private:
    std::array<std::atomic<std::uint64_t>, reason_count> decisions_{};
    std::array<std::atomic<std::uint64_t>, reason_count> observed_{};
    std::atomic<std::uint64_t> unknown_addresses_{0};
};

}  // namespace hourgate::ops
