#include "ops/metrics.h"

#include <string_view>

#include "build_info.h"
#include "ops/exposition.h"

namespace hourgate::ops {

namespace {

using Type = Exposition::Type;

constexpr auto relaxed = std::memory_order_relaxed;  // counters that nothing else depends on

void add_directory(Exposition& out, const Gauges& gauges) {
    out.counter("hourgate_directory_hits_total", "Tokens found in memory.", gauges.directory_hits);
    out.counter("hourgate_directory_look_ups_total", "Tokens looked up in the database.",
                gauges.directory_look_ups);
    out.counter("hourgate_directory_version_reads_total",
                "Times the database was asked whether anything changed.",
                gauges.directory_version_reads);
    out.counter("hourgate_directory_failures_total", "Times the database did not answer.",
                gauges.directory_failures);
    out.counter("hourgate_directory_reloads_total",
                "Tokens in memory that were looked up again, because something of theirs changed.",
                gauges.directory_reloads);
    out.counter("hourgate_directory_evictions_total",
                "Tokens forgotten to make room in memory for others.", gauges.directory_evictions);
    out.gauge("hourgate_directory_entries", "Tokens in memory.",
              static_cast<std::int64_t>(gauges.directory_entries));
}

void add_limiter(Exposition& out, const Gauges& gauges) {
    out.gauge("hourgate_limiter_entries",
              "Token lines, members and workspaces that calls are counted for.",
              static_cast<std::int64_t>(gauges.limiter.entries));
    out.gauge("hourgate_limiter_bytes", "Memory of their counters.",
              static_cast<std::int64_t>(gauges.limiter_bytes));
    out.gauge("hourgate_failure_addresses", "Client addresses with a counted failure.",
              static_cast<std::int64_t>(gauges.failures.entries));
    out.gauge("hourgate_public_addresses", "Client addresses with a counted public call.",
              static_cast<std::int64_t>(gauges.public_calls.entries));
    out.gauge("hourgate_preflight_addresses", "Client addresses with a counted CORS preflight.",
              static_cast<std::int64_t>(gauges.preflights.entries));
    out.begin("hourgate_limiter_evictions_total", Type::counter,
              "Counters forgotten because nothing counted in them any more, by table.");
    out.sample({{"table", "calls"}}, gauges.limiter.evicted);
    out.sample({{"table", "failures"}}, gauges.failures.evicted);
    out.sample({{"table", "public"}}, gauges.public_calls.evicted);
    out.sample({{"table", "preflights"}}, gauges.preflights.evicted);
    out.begin("hourgate_limiter_shared_total", Type::counter,
              "Calls of addresses without a place of their own, by whom they share a window with: "
              "their net (an IPv6 /48 or IPv4 /16, or what is around it), or all.");
    const auto add = [&](std::string_view table, const TableGauges& of) {
        out.sample({{"table", table}, {"with", "net"}}, of.shared_in_net);
        out.sample({{"table", table}, {"with", "all"}}, of.shared_by_all);
    };
    add("failures", gauges.failures);
    add("public", gauges.public_calls);
    add("preflights", gauges.preflights);
}

void add_connections(Exposition& out, const Gauges& gauges) {
    out.gauge("hourgate_connections", "Connections open on all listeners.",
              static_cast<std::int64_t>(gauges.connections));
    out.begin("hourgate_connections_in_state", Type::gauge,
              "Connections by listener and by what they wait for.");
    for (const Gauges::Connections& some : gauges.connections_in)
        out.sample({{"listener", some.listener}, {"state", some.state}}, some.count);
    out.counter("hourgate_connections_refused_total",
                "Connections answered 503, because all places, or all of their address, were in "
                "use.",
                gauges.connections_refused);
    out.counter("hourgate_connections_evicted_total",
                "Connections closed while idle or slow, to make room for others.",
                gauges.connections_evicted);
    out.begin("hourgate_requests_refused_total", Type::counter,
              "Requests refused before they could be read as a whole, by reason.");
    for (const auto& [reason, count] : gauges.requests_refused)
        out.sample({{"reason", reason}}, count);
    out.counter("hourgate_stranger_requests_total",
                "Requests to the ask listener from peers that are not in trust.peers.",
                gauges.strangers);
    out.begin("hourgate_unknown_hosts_total", Type::counter,
              "Requests under a name that is not in server.hosts, by listener.");
    for (const auto& [listener, count] : gauges.unknown_hosts)
        out.sample({{"listener", listener}}, count);
}

void add_upstream(Exposition& out, const Gauges& gauges) {
    out.begin("hourgate_upstream_exchanges_total", Type::counter,
              "Calls forwarded to the API, by what became of them.");
    out.sample({{"outcome", "answered"}}, gauges.upstream_forwarded);
    out.sample({{"outcome", "unreachable"}}, gauges.upstream_unreachable);
    out.sample({{"outcome", "broken"}}, gauges.upstream_broken);
    out.sample({{"outcome", "timed_out"}}, gauges.upstream_timed_out);
    out.sample({{"outcome", "ended"}}, gauges.upstream_ended);
    out.counter("hourgate_upstream_retries_total",
                "Times a call was sent on another connection, before any of it was answered.",
                gauges.upstream_retried);
    out.gauge("hourgate_upstream_connections", "Connections to the API, idle ones too.",
              static_cast<std::int64_t>(gauges.upstream_connections));
    out.begin("hourgate_upstream_up", Type::gauge,
              "1: the address of the API is asked in its turn. 0: it failed a moment ago.");
    for (const auto& [address, up] : gauges.upstream_up)
        out.sample({{"address", address}}, up ? 1 : 0);
    out.begin("hourgate_upstream_answer_duration_seconds", Type::histogram,
              "From the decision until the head of the API's answer had come.");
    out.sample({}, gauges.upstream_answers);
}

void add_store(Exposition& out, const Gauges& gauges) {
    out.begin("hourgate_store_write_duration_seconds", Type::histogram,
              "Writes to the database until they were on the disk: changes, which somebody waits "
              "for, and records of usage and decisions.");
    out.sample({{"of", "changes"}}, gauges.changes.writes);
    out.sample({{"of", "records"}}, gauges.records.writes);
    out.begin("hourgate_store_write_failures_total", Type::counter,
              "Writes that the database or the disk did not take.");
    out.sample({{"of", "changes"}}, gauges.changes.failures);
    out.sample({{"of", "records"}}, gauges.records.failures);
}

void add_records(Exposition& out, const Gauges& gauges) {
    out.counter("hourgate_usage_dropped_total",
                "Calls missing from the usage, because too many tokens were in use.",
                gauges.usage_dropped);
    out.counter("hourgate_decision_log_written_total",
                "Decisions that were written to the database.", gauges.decisions_written);
    out.counter("hourgate_decision_log_passed_over_total",
                "Decisions not written: more than a source or a second may have, or no room to "
                "wait.",
                gauges.decisions_passed_over);
    out.counter("hourgate_decision_log_lost_total",
                "Decisions overwritten in memory before they could be written.",
                gauges.decisions_lost);
}

void add_log(Exposition& out, const Gauges& gauges) {
    out.counter("hourgate_log_lines_total", "Lines of the log that were written.",
                gauges.log.written);
    out.counter("hourgate_log_lines_dropped_total",
                "Lines of the log that are lost, because its reader was too slow.",
                gauges.log.dropped);
    out.counter("hourgate_log_lines_left_out_total",
                "Refused calls without a line of the log, because there were too many.",
                gauges.log_left_out);
}

void add_config(Exposition& out, const Gauges& gauges) {
    out.begin("hourgate_config_reloads_total", Type::counter,
              "Times the configuration was read again, by what came of it.");
    out.sample({{"outcome", "in_force"}}, gauges.reloads);
    out.sample({{"outcome", "refused"}}, gauges.reloads_refused);
    out.gauge("hourgate_config_last_reload_successful",
              "0: the file is bad, and the previous configuration stays in force.",
              gauges.last_reload_good ? 1 : 0);
    out.gauge("hourgate_config_last_reload_success_timestamp_seconds",
              "When the configuration in force was read.", gauges.config_read_at_s);
}

void add_state(Exposition& out, const Gauges& gauges) {
    out.gauge("hourgate_state_age_seconds",
              "Time since the state file last had all that was counted.", gauges.state_age_s);
    out.counter("hourgate_state_failures_total",
                "Times the counters could not be saved in the state file.", gauges.state_failures);
    out.gauge("hourgate_state_bytes", "Size of the state file.",
              static_cast<std::int64_t>(gauges.state_bytes));
    // Absent when there is none: whatever number stood there, somebody's sum would take it for one.
    if (gauges.backup_age_s)
        out.gauge("hourgate_backup_age_seconds",
                  "Age of the newest backup in the folder backups next to the database.",
                  *gauges.backup_age_s);
}

std::string_view version_of(std::string_view part) noexcept {
    for (const build_info::Part& one : build_info::parts)
        if (one.name == part)
            return one.version;
    return "";
}

void add_program(Exposition& out, const Gauges& gauges) {
    out.gauge("hourgate_uptime_seconds", "Time since the server started.", gauges.uptime_s);
    out.begin("hourgate_build_info", Type::gauge,
              "Always 1; the labels are the version running and what it is made of.");
    out.sample({{"version", build_info::version},
                {"commit", build_info::commit},
                {"sqlite", version_of("sqlite")},
                {"httplib", version_of("cpp-httplib")},
                {"sodium", version_of("libsodium")},
                {"compiler", build_info::compiler}},
               1);
}

}  // namespace

void Metrics::count(const Decision& decision) noexcept {
    const auto at = static_cast<std::size_t>(decision.reason);
    Counters& own = counters_.own();
    own.decisions[at].fetch_add(1, relaxed);
    if (decision.observed)
        own.observed[at].fetch_add(1, relaxed);
}

void Metrics::count_unknown_address() noexcept {
    unknown_addresses_.fetch_add(1, relaxed);
}

void Metrics::answered(AnsweredBy way, std::int64_t took_us) noexcept {
    const std::size_t at = std::size_t{way.listener} * 2 + (way.by_worker ? 1 : 0);
    counters_.own().answers[at].observe(took_us);
}

void Metrics::add_by_reason(Exposition& out, const ByReason Counters::*of) const {
    for (std::size_t at = 0; at < reason_count; ++at) {
        std::uint64_t sum = 0;
        counters_.each([&](const Counters& one) { sum += (one.*of)[at].load(relaxed); });
        out.sample({{"reason", to_text(static_cast<Reason>(at))}}, sum);
    }
}

void Metrics::add_answers(Exposition& out) const {
    constexpr std::array<std::string_view, AnsweredBy::listeners> names = {"public", "ask",
                                                                           "admin"};
    out.begin("hourgate_answer_duration_seconds", Type::histogram,
              "From when all of a request was there that it takes until its answer was ready, or "
              "the call could go on to the API: the gate's own time, by listener and by whose "
              "thread it was, a loop's or a worker's.");
    for (std::size_t at = 0; at < names.size() * 2; ++at) {
        Durations all;
        counters_.each([&](const Counters& one) { all += one.answers[at].read(); });
        out.sample({{"listener", names[at / 2]}, {"by", at % 2 == 0 ? "loop" : "worker"}}, all);
    }
}

std::string Metrics::text(const Gauges& gauges, const ResourceCounts& resources) const {
    Exposition out;
    out.begin("hourgate_decisions_total", Type::counter, "Calls decided, by reason.");
    add_by_reason(out, &Counters::decisions);
    out.begin("hourgate_observed_total", Type::counter,
              "Of these, refusals granted in mode observe.");
    add_by_reason(out, &Counters::observed);
    out.counter("hourgate_unknown_addresses_total", "Failures of callers without a known address.",
                unknown_addresses_.load(relaxed));
    resources.write(out);
    add_answers(out);
    add_directory(out, gauges);
    add_limiter(out, gauges);
    add_connections(out, gauges);
    if (gauges.forwards)
        add_upstream(out, gauges);
    add_store(out, gauges);
    add_records(out, gauges);
    add_state(out, gauges);
    add_log(out, gauges);
    add_config(out, gauges);
    add_program(out, gauges);
    return out.take();
}

}  // namespace hourgate::ops
