// Counters as Prometheus text (exposition format 0.0.4). Ours, because the packaged client is a
// shared library. No label comes from a caller: reasons and states are words of the program,
// resources and addresses of the API those of the configuration.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/histogram.h"
#include "base/stripes.h"
#include "gate/decision.h"
#include "ops/log.h"
#include "ops/resource_counts.h"

namespace hourgate::ops {

/// Of a table of counters that forgets what counts no more.
struct TableGauges {
    std::uint64_t entries = 0;
    std::uint64_t evicted = 0;        ///< forgotten, since the start
    std::uint64_t shared_in_net = 0;  ///< calls counted together with others of their net
    std::uint64_t shared_by_all = 0;  ///< calls counted together with others of any net
};

/// Writes of one kind to the database.
struct StoreGauges {
    Durations writes;            ///< that are on the disk, waiting for the database included
    std::uint64_t failures = 0;  ///< that the database or the disk did not take
};

/// Values read at the time of a scrape, from their owners.
struct Gauges {
    std::uint64_t directory_hits = 0;
    std::uint64_t directory_look_ups = 0;
    std::uint64_t directory_version_reads = 0;
    std::uint64_t directory_failures = 0;
    std::uint64_t directory_reloads = 0;
    std::uint64_t directory_evictions = 0;
    std::uint64_t directory_entries = 0;
    TableGauges limiter;  ///< of token lines, members and workspaces, and of the own routes
    std::uint64_t limiter_bytes = 0;
    TableGauges failures;
    TableGauges public_calls;
    TableGauges preflights;
    std::uint64_t usage_dropped = 0;
    std::uint64_t decisions_written = 0;
    std::uint64_t decisions_passed_over = 0;
    std::uint64_t decisions_lost = 0;
    std::uint64_t connections = 0;
    std::uint64_t connections_refused = 0;
    std::uint64_t connections_evicted = 0;
    struct Connections {
        std::string_view listener;
        std::string_view state;
        std::uint64_t count = 0;
    };
    std::vector<Connections> connections_in;  ///< each listener that is on, each state
    using Counted = std::vector<std::pair<std::string_view, std::uint64_t>>;
    Counted requests_refused;     ///< before they could be read, by reason
    std::uint64_t strangers = 0;  ///< requests of peers that may not use the ask listener
    Counted unknown_hosts;        ///< requests under a name that is not the gate's, by listener
    bool forwards = false;        ///< whether there is an upstream; the others of it are 0 then
    std::uint64_t upstream_forwarded = 0;
    std::uint64_t upstream_unreachable = 0;
    std::uint64_t upstream_broken = 0;
    std::uint64_t upstream_timed_out = 0;
    std::uint64_t upstream_ended = 0;
    std::uint64_t upstream_retried = 0;
    std::uint64_t upstream_connections = 0;
    Durations upstream_answers;
    std::vector<std::pair<std::string, bool>> upstream_up;  ///< by address, as configured
    StoreGauges changes;                                    ///< what somebody waits for
    StoreGauges records;                                    ///< usage and the decision log
    std::int64_t state_age_s = 0;
    std::uint64_t state_failures = 0;
    std::uint64_t state_bytes = 0;
    LogCounts log;
    std::uint64_t log_left_out = 0;            ///< lines about refusals in a flood
    std::uint64_t reloads = 0;                 ///< that were put in force
    std::uint64_t reloads_refused = 0;         ///< because the file was bad
    bool last_reload_good = true;              ///< also when there was none
    std::int64_t config_read_at_s = 0;         ///< Unix time: the one in force
    std::optional<std::int64_t> backup_age_s;  ///< none: there is no backup
    std::int64_t uptime_s = 0;
};

/// How a request was answered: on which listener, and by whose thread.
struct AnsweredBy {
    static constexpr std::size_t listeners = 3;
    std::uint8_t listener = 0;  ///< public, ask, admin
    bool by_worker = false;     ///< else by the loop's own
};

/// All methods: any thread.
class Metrics {
public:
    /// Counts a decision under its reason (every reason is present from the start, at 0),
    /// observed ones too, which are counted a second time among the observed.
    void count(const Decision& decision) noexcept;
    /// A 401 from a caller whose address is not known could not be counted against it.
    void count_unknown_address() noexcept;
    /// A request was answered. Called for every one: 33 instructions, on cache lines of its thread.
    /// REQUIRES: way.listener < Way::listeners.
    void answered(AnsweredBy way, std::int64_t took_us) noexcept;
    /// `resources` are written beside.
    [[nodiscard]] std::string text(const Gauges& gauges, const ResourceCounts& resources) const;

private:
    using ByReason = std::array<std::atomic<std::uint64_t>, reason_count>;
    using ByAnswerer = std::array<Histogram, AnsweredBy::listeners * 2>;
    struct Counters {
        ByReason decisions{};
        ByReason observed{};
        ByAnswerer answers;
    };
    void add_by_reason(Exposition& out, const ByReason Counters::*of) const;
    void add_answers(Exposition& out) const;

    Stripes<Counters> counters_;
    std::atomic<std::uint64_t> unknown_addresses_{0};
};

}  // namespace hourgate::ops
