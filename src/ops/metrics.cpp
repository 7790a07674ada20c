#include "ops/metrics.h"

#include <string_view>

#include "build_info.h"

namespace hourgate::ops {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;  // counters that nothing else depends on

void describe(std::string& out, std::string_view name, std::string_view type,
              std::string_view help) {
    out.append("# HELP ").append(name).append(" ").append(help) += '\n';
    out.append("# TYPE ").append(name).append(" ").append(type) += '\n';
}

template <typename Number>
void add(std::string& out, std::string_view name, std::string_view type, std::string_view help,
         Number value) {
    describe(out, name, type, help);
    out.append(name).append(" ").append(std::to_string(value)) += '\n';
}

void add_by_reason(std::string& out, std::string_view name, std::string_view help,
                   const std::array<std::atomic<std::uint64_t>, reason_count>& counts) {
    describe(out, name, "counter", help);
    for (std::size_t at = 0; at < reason_count; ++at)
        out.append(name)
            .append("{reason=\"")
            .append(to_text(static_cast<Reason>(at)))
            .append("\"} ")
            .append(std::to_string(counts[at].load(relaxed))) += '\n';
}

void add_directory(std::string& out, const Gauges& gauges) {
    add(out, "hourgate_directory_hits_total", "counter", "Tokens found in memory.",
        gauges.directory_hits);
    add(out, "hourgate_directory_look_ups_total", "counter", "Tokens looked up in the database.",
        gauges.directory_look_ups);
    add(out, "hourgate_directory_version_reads_total", "counter",
        "Times the database was asked whether anything changed.", gauges.directory_version_reads);
    add(out, "hourgate_directory_failures_total", "counter", "Times the database did not answer.",
        gauges.directory_failures);
    add(out, "hourgate_directory_entries", "gauge", "Tokens in memory.", gauges.directory_entries);
}

void add_connections(std::string& out, const Gauges& gauges) {
    add(out, "hourgate_connections", "gauge", "Connections open on all listeners.",
        gauges.connections);
    add(out, "hourgate_connections_refused_total", "counter",
        "Connections answered 503, because all places, or all of their address, were in use.",
        gauges.connections_refused);
    add(out, "hourgate_connections_evicted_total", "counter",
        "Connections closed while idle or slow, to make room for others.",
        gauges.connections_evicted);
}

void add_upstream(std::string& out, const Gauges& gauges) {
    describe(out, "hourgate_upstream_exchanges_total", "counter",
             "Calls forwarded to the API, by what became of them.");
    const auto outcome = [&](std::string_view name, std::uint64_t count) {
        out.append("hourgate_upstream_exchanges_total{outcome=\"").append(name).append("\"} ");
        out.append(std::to_string(count)).append("\n");
    };
    outcome("answered", gauges.upstream_forwarded);
    outcome("unreachable", gauges.upstream_unreachable);
    outcome("broken", gauges.upstream_broken);
    outcome("timed_out", gauges.upstream_timed_out);
    outcome("ended", gauges.upstream_ended);
    add(out, "hourgate_upstream_retries_total", "counter",
        "Times a call was sent on another connection, before any of it was answered.",
        gauges.upstream_retried);
    add(out, "hourgate_upstream_connections", "gauge", "Connections to the API, idle ones too.",
        gauges.upstream_connections);
}

void add_limiter(std::string& out, const Gauges& gauges) {
    add(out, "hourgate_limiter_entries", "gauge",
        "Token lines and workspaces that calls are counted for.", gauges.limiter_entries);
    add(out, "hourgate_limiter_bytes", "gauge", "Memory of their counters.", gauges.limiter_bytes);
    add(out, "hourgate_failure_addresses", "gauge", "Client addresses with a counted failure.",
        gauges.failure_addresses);
    add(out, "hourgate_public_addresses", "gauge", "Client addresses with a counted public call.",
        gauges.public_addresses);
}

}  // namespace

void Metrics::count(const Decision& decision) noexcept {
    const auto at = static_cast<std::size_t>(decision.reason);
    decisions_[at].fetch_add(1, relaxed);
    if (decision.observed)
        observed_[at].fetch_add(1, relaxed);
}

void Metrics::count_unknown_address() noexcept {
    unknown_addresses_.fetch_add(1, relaxed);
}

std::string Metrics::text(const Gauges& gauges) const {
    std::string out;
    out.reserve(8'192);
    add_by_reason(out, "hourgate_decisions_total", "Calls decided, by reason.", decisions_);
    add_by_reason(out, "hourgate_observed_total", "Of these, refusals granted in mode observe.",
                  observed_);
    add(out, "hourgate_unknown_addresses_total", "counter",
        "Failures of callers without a known address.", unknown_addresses_.load(relaxed));
    add_directory(out, gauges);
    add_limiter(out, gauges);
    add_connections(out, gauges);
    if (gauges.forwards)
        add_upstream(out, gauges);
    add(out, "hourgate_usage_dropped_total", "counter",
        "Calls missing from the usage, because too many tokens were in use.", gauges.usage_dropped);
    add(out, "hourgate_decision_log_written_total", "counter",
        "Decisions that were written to the database.", gauges.decisions_written);
    add(out, "hourgate_decision_log_passed_over_total", "counter",
        "Decisions not written: more than a source or a second may have, or no room to wait.",
        gauges.decisions_passed_over);
    add(out, "hourgate_decision_log_lost_total", "counter",
        "Decisions overwritten in memory before they could be written.", gauges.decisions_lost);
    // Absent when there is none: whatever number stood there, somebody's sum would take it for one.
    if (gauges.backup_age_s)
        add(out, "hourgate_backup_age_seconds", "gauge",
            "Age of the newest backup in the folder backups beside the database.",
            *gauges.backup_age_s);
    add(out, "hourgate_uptime_seconds", "gauge", "Time since the server started.", gauges.uptime_s);
    describe(out, "hourgate_build_info", "gauge", "Always 1; the label is the version running.");
    out.append("hourgate_build_info{version=\"").append(build_info::version).append("\"} 1\n");
    add(out, "hourgate_state_age_seconds", "gauge",
        "Time since the state file last had all that was counted.", gauges.state_age_s);
    add(out, "hourgate_state_failures_total", "counter",
        "Times the counters could not be saved in the state file.", gauges.state_failures);
    add(out, "hourgate_state_bytes", "gauge", "Size of the state file.", gauges.state_bytes);
    return out;
}

}  // namespace hourgate::ops
