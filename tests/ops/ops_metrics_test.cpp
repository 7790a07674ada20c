#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "build_info.h"
#include "ops/metrics.h"
#include "places.h"
#include "support/catch.h"

using hourgate::Decision;
using hourgate::Reason;
using hourgate::ops::Gauges;
using hourgate::ops::Metrics;
using hourgate::ops::ResourceCounts;

namespace {

Decision decided(Reason reason) {
    Decision decision;
    decision.reason = reason;
    return decision;
}

Decision observed(Reason reason) {
    Decision decision = decided(reason);
    decision.observed = true;
    return decision;
}

std::string text_of(const Gauges& gauges = {}, const Metrics& metrics = {}) {
    return metrics.text(gauges, ResourceCounts());
}

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

/// What promtool says of a text, the name of whose file ends the command; "" when nothing. Where it is not installed, the
/// test says so and goes on.
std::string promtool_says(const std::string& words, const std::string& text) {
    if (std::system("command -v promtool >/dev/null 2>&1") != 0) {
        WARN("skipped: promtool is not installed (Debian package prometheus)");
        return "";
    }
    std::string name = "/tmp/hourgate-metrics-XXXXXX";
    const int fd = mkstemp(name.data());
    REQUIRE(fd >= 0);
    std::FILE* const file = fdopen(fd, "w");
    REQUIRE(std::fwrite(text.data(), 1, text.size(), file) == text.size());
    std::fclose(file);
    std::FILE* const out = popen(("promtool " + words + name + " 2>&1").c_str(), "r");
    REQUIRE(out != nullptr);
    std::string said;
    for (int c = 0; (c = std::fgetc(out)) != EOF;)
        said += static_cast<char>(c);
    if (pclose(out) != 0)
        said += "(failed)";
    std::remove(name.c_str());
    return said;
}

std::string file_text(const std::string& name) {
    std::ifstream file(HOURGATE_SOURCE_DIR "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Without the buckets of histograms but for one: they are pinned once.
std::string without_buckets(const std::string& text) {
    std::istringstream lines(text);
    std::string rest;
    for (std::string line; std::getline(lines, line);)
        if (line.find("_bucket{") == line.npos)
            rest += line + "\n";
    return rest;
}

/// Every number another one, so that none stands in for another.
Gauges all_of_them() {
    Gauges gauges;
    gauges.directory_hits = 1;
    gauges.directory_look_ups = 2;
    gauges.directory_version_reads = 3;
    gauges.directory_failures = 4;
    gauges.directory_reloads = 5;
    gauges.directory_evictions = 6;
    gauges.directory_entries = 7;
    gauges.limiter = {8, 9, 0};
    gauges.limiter_bytes = 10;
    gauges.failures = {11, 12, 13, 113};
    gauges.public_calls = {14, 15, 16, 116};
    gauges.preflights = {117, 118, 119, 120};
    gauges.usage_dropped = 17;
    gauges.decisions_written = 18;
    gauges.decisions_passed_over = 19;
    gauges.decisions_lost = 20;
    gauges.connections = 21;
    gauges.connections_refused = 22;
    gauges.connections_evicted = 23;
    gauges.connections_in = {{"public", "idle", 24}, {"ask", "forward", 25}};
    gauges.requests_refused = {{"target_too_long", 121}, {"other", 122}};
    gauges.strangers = 123;
    gauges.unknown_hosts = {{"ask", 124}, {"admin", 125}};
    gauges.log_left_out = 126;
    gauges.forwards = true;
    gauges.upstream_forwarded = 26;
    gauges.upstream_unreachable = 27;
    gauges.upstream_broken = 28;
    gauges.upstream_timed_out = 29;
    gauges.upstream_ended = 30;
    gauges.upstream_retried = 31;
    gauges.upstream_connections = 32;
    gauges.upstream_answers.counts[3] = 33;
    gauges.upstream_answers.sum_us = 34'000'005;
    gauges.upstream_up = {{"127.0.0.1:3000", true}, {"unix:/run/\"a\\pi\".sock", false}};
    gauges.changes.writes.counts[0] = 35;
    gauges.changes.writes.sum_us = 36;
    gauges.changes.failures = 37;
    gauges.records.writes.counts[18] = 38;
    gauges.records.writes.sum_us = 39'500'000;
    gauges.records.failures = 40;
    gauges.state_age_s = 41;
    gauges.state_failures = 42;
    gauges.state_bytes = 43;
    gauges.log = {44, 45};
    gauges.reloads = 46;
    gauges.reloads_refused = 47;
    gauges.last_reload_good = false;
    gauges.config_read_at_s = 48;
    gauges.backup_age_s = 49;
    gauges.uptime_s = 50;
    return gauges;
}

const std::string reasons[] = {
    "granted",         "bad_request",       "host_unlisted",    "method_not_allowed",
    "target_too_long", "path_ambiguous",    "forged_header",    "no_credentials",
    "wrong_scheme",    "malformed_token",   "damaged_token",    "wrong_environment",
    "unknown_token",   "revoked_token",     "expired_token",    "rotated_token",
    "member_removed",  "too_many_failures", "plan_without_api", "plan_lapsed",
    "role_forbidden",  "scope_missing",     "not_own",          "path_unlisted",
    "window_full",     "store_failed"};

/// Of a server that has decided nothing yet: `name`, by reason.
std::string by_reason(const std::string& name) {
    std::string text;
    for (const std::string& reason : reasons)
        text += name + "{reason=\"" + reason + "\"} 0\n";
    return text;
}

std::string by_resource() {
    std::string text;
    for (const char* resource : {"(none)", "hourgate", "(admin)", "(others)"})
        for (const char* outcome :
             {"granted", "unreadable", "unauthenticated", "unpaid", "forbidden", "full", "failed"})
            text += std::string("hourgate_resource_decisions_total{resource=\"") + resource +
                    "\",outcome=\"" + outcome + "\"} 0\n";
    return text;
}

std::string answers() {
    std::string text;
    for (const char* listener : {"public", "ask", "admin"})
        for (const char* by : {"loop", "worker"})
            for (const char* what : {"sum", "count"})
                text += std::string("hourgate_answer_duration_seconds_") + what + "{listener=\"" +
                        listener + "\",by=\"" + by + "\"} 0\n";
    return text;
}

std::string build_info_line() {
    const auto version_of = [](const std::string& name) {
        for (const auto& part : hourgate::build_info::parts)
            if (part.name == name)
                return std::string(part.version);
        return std::string();
    };
    using namespace hourgate;
    return std::string("hourgate_build_info{version=\"") + build_info::version + "\",commit=\"" +
           build_info::commit + "\",sqlite=\"" + version_of("sqlite") + "\",httplib=\"" +
           version_of("cpp-httplib") + "\",sodium=\"" + version_of("libsodium") + "\",compiler=\"" +
           build_info::compiler + "\"} 1\n";
}

/// After what is by reason, by resource and by way in, and before the build.
const std::string rest = R"(# HELP hourgate_directory_hits_total Tokens found in memory.
# TYPE hourgate_directory_hits_total counter
hourgate_directory_hits_total 1
# HELP hourgate_directory_look_ups_total Tokens looked up in the database.
# TYPE hourgate_directory_look_ups_total counter
hourgate_directory_look_ups_total 2
# HELP hourgate_directory_version_reads_total Times the database was asked whether anything changed.
# TYPE hourgate_directory_version_reads_total counter
hourgate_directory_version_reads_total 3
# HELP hourgate_directory_failures_total Times the database did not answer.
# TYPE hourgate_directory_failures_total counter
hourgate_directory_failures_total 4
# HELP hourgate_directory_reloads_total Tokens in memory that were looked up again, because something of theirs changed.
# TYPE hourgate_directory_reloads_total counter
hourgate_directory_reloads_total 5
# HELP hourgate_directory_evictions_total Tokens forgotten to make room in memory for others.
# TYPE hourgate_directory_evictions_total counter
hourgate_directory_evictions_total 6
# HELP hourgate_directory_entries Tokens in memory.
# TYPE hourgate_directory_entries gauge
hourgate_directory_entries 7
# HELP hourgate_limiter_entries Token lines, members and workspaces that calls are counted for.
# TYPE hourgate_limiter_entries gauge
hourgate_limiter_entries 8
# HELP hourgate_limiter_bytes Memory of their counters.
# TYPE hourgate_limiter_bytes gauge
hourgate_limiter_bytes 10
# HELP hourgate_failure_addresses Client addresses with a counted failure.
# TYPE hourgate_failure_addresses gauge
hourgate_failure_addresses 11
# HELP hourgate_public_addresses Client addresses with a counted public call.
# TYPE hourgate_public_addresses gauge
hourgate_public_addresses 14
# HELP hourgate_preflight_addresses Client addresses with a counted CORS preflight.
# TYPE hourgate_preflight_addresses gauge
hourgate_preflight_addresses 117
# HELP hourgate_limiter_evictions_total Counters forgotten because nothing counted in them any more, by table.
# TYPE hourgate_limiter_evictions_total counter
hourgate_limiter_evictions_total{table="calls"} 9
hourgate_limiter_evictions_total{table="failures"} 12
hourgate_limiter_evictions_total{table="public"} 15
hourgate_limiter_evictions_total{table="preflights"} 118
# HELP hourgate_limiter_shared_total Calls of addresses without a place of their own, by whom they share a window with: their net (an IPv6 /48 or IPv4 /16, or what is around it), or all.
# TYPE hourgate_limiter_shared_total counter
hourgate_limiter_shared_total{table="failures",with="net"} 13
hourgate_limiter_shared_total{table="failures",with="all"} 113
hourgate_limiter_shared_total{table="public",with="net"} 16
hourgate_limiter_shared_total{table="public",with="all"} 116
hourgate_limiter_shared_total{table="preflights",with="net"} 119
hourgate_limiter_shared_total{table="preflights",with="all"} 120
# HELP hourgate_connections Connections open on all listeners.
# TYPE hourgate_connections gauge
hourgate_connections 21
# HELP hourgate_connections_in_state Connections by listener and by what they wait for.
# TYPE hourgate_connections_in_state gauge
hourgate_connections_in_state{listener="public",state="idle"} 24
hourgate_connections_in_state{listener="ask",state="forward"} 25
# HELP hourgate_connections_refused_total Connections answered 503, because all places, or all of their address, were in use.
# TYPE hourgate_connections_refused_total counter
hourgate_connections_refused_total 22
# HELP hourgate_connections_evicted_total Connections closed while idle or slow, to make room for others.
# TYPE hourgate_connections_evicted_total counter
hourgate_connections_evicted_total 23
# HELP hourgate_requests_refused_total Requests refused before they could be read as a whole, by reason.
# TYPE hourgate_requests_refused_total counter
hourgate_requests_refused_total{reason="target_too_long"} 121
hourgate_requests_refused_total{reason="other"} 122
# HELP hourgate_stranger_requests_total Requests to the ask listener from peers that are not in trust.peers.
# TYPE hourgate_stranger_requests_total counter
hourgate_stranger_requests_total 123
# HELP hourgate_unknown_hosts_total Requests under a name that is not in server.hosts, by listener.
# TYPE hourgate_unknown_hosts_total counter
hourgate_unknown_hosts_total{listener="ask"} 124
hourgate_unknown_hosts_total{listener="admin"} 125
# HELP hourgate_upstream_exchanges_total Calls forwarded to the API, by what became of them.
# TYPE hourgate_upstream_exchanges_total counter
hourgate_upstream_exchanges_total{outcome="answered"} 26
hourgate_upstream_exchanges_total{outcome="unreachable"} 27
hourgate_upstream_exchanges_total{outcome="broken"} 28
hourgate_upstream_exchanges_total{outcome="timed_out"} 29
hourgate_upstream_exchanges_total{outcome="ended"} 30
# HELP hourgate_upstream_retries_total Times a call was sent on another connection, before any of it was answered.
# TYPE hourgate_upstream_retries_total counter
hourgate_upstream_retries_total 31
# HELP hourgate_upstream_connections Connections to the API, idle ones too.
# TYPE hourgate_upstream_connections gauge
hourgate_upstream_connections 32
# HELP hourgate_upstream_up 1: the address of the API is asked in its turn. 0: it failed a moment ago.
# TYPE hourgate_upstream_up gauge
hourgate_upstream_up{address="127.0.0.1:3000"} 1
hourgate_upstream_up{address="unix:/run/\"a\\pi\".sock"} 0
# HELP hourgate_upstream_answer_duration_seconds From the decision until the head of the API's answer had come.
# TYPE hourgate_upstream_answer_duration_seconds histogram
hourgate_upstream_answer_duration_seconds_sum 34.000005
hourgate_upstream_answer_duration_seconds_count 33
# HELP hourgate_store_write_duration_seconds Writes to the database until they were on the disk: changes, which somebody waits for, and records of usage and decisions.
# TYPE hourgate_store_write_duration_seconds histogram
hourgate_store_write_duration_seconds_sum{of="changes"} 0.000036
hourgate_store_write_duration_seconds_count{of="changes"} 35
hourgate_store_write_duration_seconds_sum{of="records"} 39.5
hourgate_store_write_duration_seconds_count{of="records"} 38
# HELP hourgate_store_write_failures_total Writes that the database or the disk did not take.
# TYPE hourgate_store_write_failures_total counter
hourgate_store_write_failures_total{of="changes"} 37
hourgate_store_write_failures_total{of="records"} 40
# HELP hourgate_usage_dropped_total Calls missing from the usage, because too many tokens were in use.
# TYPE hourgate_usage_dropped_total counter
hourgate_usage_dropped_total 17
# HELP hourgate_decision_log_written_total Decisions that were written to the database.
# TYPE hourgate_decision_log_written_total counter
hourgate_decision_log_written_total 18
# HELP hourgate_decision_log_passed_over_total Decisions not written: more than a source or a second may have, or no room to wait.
# TYPE hourgate_decision_log_passed_over_total counter
hourgate_decision_log_passed_over_total 19
# HELP hourgate_decision_log_lost_total Decisions overwritten in memory before they could be written.
# TYPE hourgate_decision_log_lost_total counter
hourgate_decision_log_lost_total 20
# HELP hourgate_state_age_seconds Time since the state file last had all that was counted.
# TYPE hourgate_state_age_seconds gauge
hourgate_state_age_seconds 41
# HELP hourgate_state_failures_total Times the counters could not be saved in the state file.
# TYPE hourgate_state_failures_total counter
hourgate_state_failures_total 42
# HELP hourgate_state_bytes Size of the state file.
# TYPE hourgate_state_bytes gauge
hourgate_state_bytes 43
# HELP hourgate_backup_age_seconds Age of the newest backup in the folder backups next to the database.
# TYPE hourgate_backup_age_seconds gauge
hourgate_backup_age_seconds 49
# HELP hourgate_log_lines_total Lines of the log that were written.
# TYPE hourgate_log_lines_total counter
hourgate_log_lines_total 44
# HELP hourgate_log_lines_dropped_total Lines of the log that are lost, because its reader was too slow.
# TYPE hourgate_log_lines_dropped_total counter
hourgate_log_lines_dropped_total 45
# HELP hourgate_log_lines_left_out_total Refused calls without a line of the log, because there were too many.
# TYPE hourgate_log_lines_left_out_total counter
hourgate_log_lines_left_out_total 126
# HELP hourgate_config_reloads_total Times the configuration was read again, by what came of it.
# TYPE hourgate_config_reloads_total counter
hourgate_config_reloads_total{outcome="in_force"} 46
hourgate_config_reloads_total{outcome="refused"} 47
# HELP hourgate_config_last_reload_successful 0: the file is bad, and the previous configuration stays in force.
# TYPE hourgate_config_last_reload_successful gauge
hourgate_config_last_reload_successful 0
# HELP hourgate_config_last_reload_success_timestamp_seconds When the configuration in force was read.
# TYPE hourgate_config_last_reload_success_timestamp_seconds gauge
hourgate_config_last_reload_success_timestamp_seconds 48
# HELP hourgate_uptime_seconds Time since the server started.
# TYPE hourgate_uptime_seconds gauge
hourgate_uptime_seconds 50
# HELP hourgate_build_info Always 1; the labels are the version running and what it is made of.
# TYPE hourgate_build_info gauge
)";

}  // namespace

TEST_CASE("the metrics of a fresh server are pinned: every reason is there, at 0") {
    const std::string text = without_buckets(text_of(all_of_them()));
    const std::string expected =
        "# HELP hourgate_decisions_total Calls decided, by reason.\n"
        "# TYPE hourgate_decisions_total counter\n" +
        by_reason("hourgate_decisions_total") +
        "# HELP hourgate_observed_total Of these, refusals granted in mode observe.\n"
        "# TYPE hourgate_observed_total counter\n" +
        by_reason("hourgate_observed_total") +
        "# HELP hourgate_unknown_addresses_total Failures of callers without a known address.\n"
        "# TYPE hourgate_unknown_addresses_total counter\n"
        "hourgate_unknown_addresses_total 0\n"
        "# HELP hourgate_resource_decisions_total Calls decided, by resource and outcome.\n"
        "# TYPE hourgate_resource_decisions_total counter\n" +
        by_resource() +
        "# HELP hourgate_answer_duration_seconds From when all of a request was there that it "
        "takes "
        "until its answer was ready, or the call could go on to the API: the gate's own time, by "
        "listener and by whose thread it was, a loop's or a worker's.\n"
        "# TYPE hourgate_answer_duration_seconds histogram\n" +
        answers() + rest + build_info_line();
    CHECK(text == expected);
}

TEST_CASE("a histogram's buckets are pinned: added up, in seconds, and all of them in the last") {
    const std::string text = text_of(all_of_them());
    CHECK(text.find(R"(
# TYPE hourgate_upstream_answer_duration_seconds histogram
hourgate_upstream_answer_duration_seconds_bucket{le="0.000025"} 0
hourgate_upstream_answer_duration_seconds_bucket{le="0.00005"} 0
hourgate_upstream_answer_duration_seconds_bucket{le="0.0001"} 0
hourgate_upstream_answer_duration_seconds_bucket{le="0.00025"} 33
hourgate_upstream_answer_duration_seconds_bucket{le="0.0005"} 33
hourgate_upstream_answer_duration_seconds_bucket{le="0.001"} 33
hourgate_upstream_answer_duration_seconds_bucket{le="0.0025"} 33
hourgate_upstream_answer_duration_seconds_bucket{le="0.005"} 33
hourgate_upstream_answer_duration_seconds_bucket{le="0.01"} 33
hourgate_upstream_answer_duration_seconds_bucket{le="0.025"} 33
hourgate_upstream_answer_duration_seconds_bucket{le="0.05"} 33
hourgate_upstream_answer_duration_seconds_bucket{le="0.1"} 33
hourgate_upstream_answer_duration_seconds_bucket{le="0.25"} 33
hourgate_upstream_answer_duration_seconds_bucket{le="0.5"} 33
hourgate_upstream_answer_duration_seconds_bucket{le="1"} 33
hourgate_upstream_answer_duration_seconds_bucket{le="2.5"} 33
hourgate_upstream_answer_duration_seconds_bucket{le="5"} 33
hourgate_upstream_answer_duration_seconds_bucket{le="10"} 33
hourgate_upstream_answer_duration_seconds_bucket{le="+Inf"} 33
hourgate_upstream_answer_duration_seconds_sum 34.000005
hourgate_upstream_answer_duration_seconds_count 33
)") != text.npos);
    CHECK(
        has_line(text, R"(hourgate_store_write_duration_seconds_bucket{of="records",le="10"} 0)"));
    CHECK(has_line(text,
                   R"(hourgate_store_write_duration_seconds_bucket{of="records",le="+Inf"} 38)"));
}

TEST_CASE("a duration falls into the first bucket whose bound it does not pass") {
    for (std::size_t at = 0; at < hourgate::duration_bounds_us.size(); ++at) {
        const std::int64_t bound = hourgate::duration_bounds_us[at];
        hourgate::Histogram histogram;
        histogram.observe(bound);
        histogram.observe(bound + 1);
        CHECK(histogram.read().counts[at] == 1);
        CHECK(histogram.read().counts[at + 1] == 1);
        CHECK(histogram.read().sum_us == static_cast<std::uint64_t>(2 * bound + 1));
    }
    hourgate::Histogram histogram;
    histogram.observe(0);
    histogram.observe(-5);  // a clock that was read by two threads
    histogram.observe(INT64_MAX);
    CHECK(histogram.read().counts.front() == 2);
    CHECK(histogram.read().counts.back() == 1);
}

TEST_CASE("an answer counts for its listener and its thread, and for no other") {
    Metrics metrics;
    metrics.answered({1, false}, 30);
    metrics.answered({0, true}, 3'000'000);
    const std::string text = text_of({}, metrics);
    const std::string name = "hourgate_answer_duration_seconds";
    CHECK(has_line(text, name + R"(_bucket{listener="ask",by="loop",le="0.000025"} 0)"));
    CHECK(has_line(text, name + R"(_bucket{listener="ask",by="loop",le="0.00005"} 1)"));
    CHECK(has_line(text, name + R"(_sum{listener="ask",by="loop"} 0.00003)"));
    CHECK(has_line(text, name + R"(_bucket{listener="public",by="worker",le="2.5"} 0)"));
    CHECK(has_line(text, name + R"(_sum{listener="public",by="worker"} 3)"));
    CHECK(has_line(text, name + R"(_count{listener="public",by="worker"} 1)"));
    for (const char* other : {R"("public",by="loop")", R"("ask",by="worker")",
                              R"("admin",by="loop")", R"("admin",by="worker")"})
        CHECK(has_line(text, name + "_count{listener=" + other + "} 0"));
}

namespace {

Decision decided_at(Reason reason, const hourgate::policy::Resource* resource,
                    hourgate::policy::GateRoute own = hourgate::policy::GateRoute::none) {
    Decision decision = decided(reason);
    decision.match.resource = resource;
    decision.match.own = own;
    return decision;
}

std::string of_resource(const std::string& name, const std::string& outcome, int count) {
    return "hourgate_resource_decisions_total{resource=\"" + name + "\",outcome=\"" + outcome +
           "\"} " + std::to_string(count);
}

}  // namespace

TEST_CASE("a decision counts for its resource and its outcome, whatever the reason is called") {
    const std::map<std::string, std::set<std::string>> outcomes = {
        {"granted", {"granted"}},
        {"unreadable",
         {"bad_request", "host_unlisted", "method_not_allowed", "target_too_long", "path_ambiguous",
          "forged_header"}},
        {"unauthenticated",
         {"no_credentials", "wrong_scheme", "malformed_token", "damaged_token", "wrong_environment",
          "unknown_token", "revoked_token", "expired_token", "rotated_token", "member_removed",
          "too_many_failures"}},
        {"unpaid", {"plan_without_api", "plan_lapsed"}},
        {"forbidden", {"role_forbidden", "scope_missing", "not_own", "path_unlisted"}},
        {"full", {"window_full"}},
        {"failed", {"store_failed"}}};
    ResourceCounts counts;
    hourgate::policy::Resource clients;
    clients.counted_at = counts.index_of("clients");
    for (std::size_t at = 0; at < hourgate::reason_count; ++at)
        counts.count(decided_at(static_cast<Reason>(at), &clients));
    const std::string text = Metrics().text({}, counts);
    for (const auto& [outcome, these] : outcomes)
        CHECK(has_line(text, of_resource("clients", outcome, static_cast<int>(these.size()))));
    for (const auto& [outcome, these] : outcomes)
        for (const std::string& reason : these)
            CHECK(std::find(std::begin(reasons), std::end(reasons), reason) != std::end(reasons));
}

TEST_CASE("the gate's own routes and a path of no resource have places of their own") {
    using hourgate::policy::GateRoute;
    ResourceCounts counts;
    counts.count(decided_at(Reason::granted, nullptr));
    counts.count(decided_at(Reason::granted, nullptr, GateRoute::admin));
    for (int i = 0; i < 3; ++i)
        counts.count(decided_at(Reason::granted, nullptr, GateRoute::me));
    const std::string text = Metrics().text({}, counts);
    CHECK(has_line(text, of_resource("(none)", "granted", 1)));
    CHECK(has_line(text, of_resource("(admin)", "granted", 1)));
    CHECK(has_line(text, of_resource("hourgate", "granted", 3)));
}

TEST_CASE("a resource configured again goes on counting, and one configured no more stays") {
    ResourceCounts counts;
    hourgate::policy::Resource first, second;
    first.counted_at = counts.index_of("clients");
    second.counted_at = counts.index_of("invoices");
    counts.count(decided_at(Reason::granted, &first));
    counts.count(decided_at(Reason::granted, &second));
    CHECK(first.counted_at != second.counted_at);
    CHECK(counts.index_of("clients") == first.counted_at);
    counts.count(decided_at(Reason::granted, &first));
    const std::string text = Metrics().text({}, counts);
    CHECK(has_line(text, of_resource("clients", "granted", 2)));
    CHECK(has_line(text, of_resource("invoices", "granted", 1)));
}

TEST_CASE("names without end have places up to a bound, then share one; known ones keep theirs") {
    ResourceCounts counts;
    std::set<std::uint32_t> places;
    for (std::size_t at = 0; at < 3 * hourgate::limits::resource_places_max; ++at)
        places.insert(counts.index_of("r" + std::to_string(at)));
    CHECK(places.size() == hourgate::limits::resource_places_max - 3);  // those given, but "others"
    hourgate::policy::Resource late;
    late.counted_at = counts.index_of("late");
    CHECK(counts.index_of("r7") != late.counted_at);
    counts.count(decided_at(Reason::window_full, &late));
    const std::string text = Metrics().text({}, counts);
    CHECK(has_line(text, of_resource("(others)", "full", 1)));
    CHECK(text.find("\"late\"") == text.npos);
}

TEST_CASE("where calls are forwarded, the metrics say what became of them") {
    Gauges gauges;
    CHECK(text_of(gauges).find("hourgate_upstream") == std::string::npos);
    gauges.forwards = true;
    gauges.upstream_forwarded = 1;
    gauges.upstream_unreachable = 2;
    gauges.upstream_broken = 3;
    gauges.upstream_timed_out = 4;
    gauges.upstream_ended = 5;
    gauges.upstream_retried = 6;
    gauges.upstream_connections = 7;
    const std::string text = text_of(gauges);
    CHECK(has_line(text, "hourgate_upstream_exchanges_total{outcome=\"answered\"} 1"));
    CHECK(has_line(text, "hourgate_upstream_exchanges_total{outcome=\"unreachable\"} 2"));
    CHECK(has_line(text, "hourgate_upstream_exchanges_total{outcome=\"broken\"} 3"));
    CHECK(has_line(text, "hourgate_upstream_exchanges_total{outcome=\"timed_out\"} 4"));
    CHECK(has_line(text, "hourgate_upstream_exchanges_total{outcome=\"ended\"} 5"));
    CHECK(has_line(text, "hourgate_upstream_retries_total 6"));
    CHECK(has_line(text, "hourgate_upstream_connections 7"));
}

TEST_CASE(
    "the age of the newest backup is told where there is one, and nothing where there is none") {
    Gauges gauges;
    CHECK(text_of(gauges).find("hourgate_backup") == std::string::npos);
    gauges.backup_age_s = 0;
    CHECK(has_line(text_of(gauges), "hourgate_backup_age_seconds 0"));
    gauges.backup_age_s = 90'061;
    const std::string text = text_of(gauges);
    CHECK(has_line(text, "hourgate_backup_age_seconds 90061"));
    CHECK(has_line(text, "# TYPE hourgate_backup_age_seconds gauge"));
    CHECK(promtool_says("check metrics <", text).empty());
}

TEST_CASE("each decision counts under its own reason and no other") {
    for (std::size_t at = 0; at < hourgate::reason_count; ++at) {
        const auto reason = static_cast<Reason>(at);
        Metrics metrics;
        metrics.count(decided(reason));
        metrics.count(decided(reason));
        const std::string text = text_of({}, metrics);
        const std::string name = "{reason=\"" + std::string(to_text(reason)) + "\"} ";
        CHECK(has_line(text, "hourgate_decisions_total" + name + "2"));
        CHECK(has_line(text, "hourgate_observed_total" + name + "0"));
        std::string fresh = text_of();
        const std::size_t zero = fresh.find("hourgate_decisions_total" + name) + 24 + name.size();
        CHECK(text == fresh.replace(zero, 1, "2"));
    }
}

TEST_CASE("an observed refusal counts among the decisions and among the observed") {
    Metrics metrics;
    metrics.count(observed(Reason::window_full));
    metrics.count(decided(Reason::window_full));
    const std::string text = text_of({}, metrics);
    CHECK(has_line(text, "hourgate_decisions_total{reason=\"window_full\"} 2"));
    CHECK(has_line(text, "hourgate_observed_total{reason=\"window_full\"} 1"));
    CHECK(has_line(text, "hourgate_decisions_total{reason=\"granted\"} 0"));
}

TEST_CASE("an unknown address is counted") {
    Metrics metrics;
    metrics.count_unknown_address();
    CHECK(has_line(text_of({}, metrics), "hourgate_unknown_addresses_total 1"));
}

TEST_CASE("counts of many threads are all there") {
    Metrics metrics;
    std::vector<std::thread> threads;
    for (int at = 0; at < 4; ++at)
        threads.emplace_back([&] {
            for (int count = 0; count < 10'000; ++count)
                metrics.count(observed(Reason::not_own));
        });
    for (std::thread& thread : threads)
        thread.join();
    const std::string text = text_of({}, metrics);
    CHECK(has_line(text, "hourgate_decisions_total{reason=\"not_own\"} 40000"));
    CHECK(has_line(text, "hourgate_observed_total{reason=\"not_own\"} 40000"));
}

TEST_CASE("promtool, where it is installed, finds nothing to say about the metrics") {
    Metrics metrics;
    metrics.count(observed(Reason::window_full));
    CHECK(promtool_says("check metrics <", text_of(all_of_them(), metrics)).empty());
}

namespace {

/// A sample: its name, its labels as written, its value.
struct Sample {
    std::string name, labels, value;
};

std::string without_suffix(const std::string& name) {
    for (const char* suffix : {"_bucket", "_sum", "_count"})
        if (name.ends_with(suffix))
            return name.substr(0, name.size() - std::string(suffix).size());
    return name;
}

/// Reads a text as strictly as its format is told (exposition format 0.0.4), and as names are to
/// be; calls `visit` for every sample.
template <typename Visit>
void read_exposition(const std::string& text, Visit visit) {
    const std::regex sample(
        R"re(^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\["\\n])*",?)+)\})? (-?[0-9.]+)$)re");
    std::set<std::string> known, seen;
    std::string name, type, helped;
    REQUIRE(text.ends_with("\n"));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        INFO(line);
        if (line.starts_with("# HELP ")) {
            helped = line.substr(7, line.find(' ', 7) - 7);
            REQUIRE(line.size() > helped.size() + 10);
            REQUIRE(known.insert(helped).second);  // once, and its samples in one place
            continue;
        }
        if (line.starts_with("# TYPE ")) {
            name = line.substr(7, line.find(' ', 7) - 7);
            type = line.substr(line.rfind(' ') + 1);
            REQUIRE(name == helped);
            REQUIRE(name.starts_with("hourgate_"));
            REQUIRE((type == "counter" || type == "gauge" || type == "histogram"));
            CHECK(name.ends_with("_total") == (type == "counter"));
            if (type == "histogram")
                CHECK(name.ends_with("_seconds"));
            continue;
        }
        std::smatch match;
        REQUIRE(std::regex_match(line, match, sample));
        const Sample one{match[1], match[2], match[3]};
        REQUIRE((type == "histogram" ? without_suffix(one.name) : one.name) == name);
        REQUIRE(seen.insert(one.name + "{" + one.labels + "}").second);
        visit(one, type);
    }
}

}  // namespace

TEST_CASE("the text keeps to the rules of its format and of good names") {
    Metrics metrics;
    for (const std::int64_t took_us : {3, 30, 300, 3'000, 30'000'000})
        metrics.answered({1, false}, took_us);
    ResourceCounts counts;
    (void)counts.index_of("clients");
    std::string series;
    std::uint64_t before = 0;
    double bound = 0;
    std::size_t histograms = 0;
    read_exposition(
        metrics.text(all_of_them(), counts), [&](const Sample& one, const std::string& type) {
            if (type != "histogram")
                return;
            const std::size_t le = one.labels.find("le=\"");
            if (one.name.ends_with("_bucket")) {
                REQUIRE(le != std::string::npos);
                const std::string own = one.name + one.labels.substr(0, le);
                const std::string text = one.labels.substr(le + 4);
                const double until =
                    text == "+Inf\"" ? std::numeric_limits<double>::infinity() : std::stod(text);
                const std::uint64_t value = std::stoull(one.value);
                if (own == series) {
                    CHECK(until > bound);
                    CHECK(value >= before);
                }
                series = own;
                bound = until;
                before = value;
            } else if (one.name.ends_with("_count")) {
                CHECK(bound == std::numeric_limits<double>::infinity());
                CHECK(std::to_string(before) == one.value);
                ++histograms;
            } else {
                CHECK(one.name.ends_with("_sum"));
            }
        });
    CHECK(histograms == 9);  // six ways to answer, the API's, two kinds of writes
}

TEST_CASE("with all resources there may be, the text stays within a megabyte") {
    ResourceCounts counts;
    for (std::size_t at = 0; at < hourgate::limits::resource_places_max; ++at)
        (void)counts.index_of(std::to_string(at) + std::string(60, 'r'));
    CHECK(Metrics().text(all_of_them(), counts).size() < 1'000'000);
}

namespace {

/// Metrics, reasons, outcomes and other label values that PromQL in `text` asks for are there.
int check_asked_for(const std::string& text) {
    const std::string there = text_of(all_of_them());
    const std::regex named(R"re((hourgate_\w+)|(\w+)=~?\\?"([\w|]+)\\?")re");
    int found = 0;
    for (std::sregex_iterator at(text.begin(), text.end(), named), end; at != end; ++at, ++found) {
        const std::string metric = (*at)[1], label = (*at)[2], words = (*at)[3];
        CAPTURE(metric, label, words);
        if (!metric.empty())
            CHECK((there.find("# TYPE " + metric + " ") != std::string::npos ||
                   there.find("# TYPE " + without_suffix(metric) + " histogram") !=
                       std::string::npos));
        if (label == "job" || label == "instance")
            continue;
        std::istringstream list(words);
        for (std::string word; std::getline(list, word, '|');)
            CHECK(there.find(label + "=\"" + word + "\"") != std::string::npos);
    }
    return found;
}

}  // namespace

TEST_CASE("the alert rules ask for metrics, reasons and outcomes that there are") {
    const std::string rules = file_text("docs/alerts.yml");
    REQUIRE(rules.find("alert: HourgateDown") != std::string::npos);
    CHECK(check_asked_for(rules) >= 10);
    const std::string said = promtool_says("check rules ", rules);
    CHECK((said.empty() || said.find("SUCCESS") != std::string::npos));
}

TEST_CASE("the dashboard is read, has an id for each panel, and asks for metrics that there are") {
    const auto dashboard = nlohmann::json::parse(file_text("docs/grafana.json"));
    CHECK(dashboard["schemaVersion"] >= 36);  // Grafana 9
    std::set<int> ids;
    std::set<std::string> rows;
    int asked = 0;
    for (const auto& panel : dashboard["panels"]) {
        CAPTURE(panel["title"]);
        CHECK(ids.insert(panel["id"].get<int>()).second);
        if (panel["type"] == "row") {
            rows.insert(panel["title"].get<std::string>());
            continue;
        }
        CHECK(panel["datasource"]["uid"] == "${datasource}");
        REQUIRE(!panel["targets"].empty());
        for (const auto& target : panel["targets"]) {
            const int found = check_asked_for(target["expr"].get<std::string>());
            CHECK(found > 0);
            asked += found;
        }
    }
    CHECK(rows.size() >= 7);
    CHECK(asked > 30);
    CHECK(dashboard["templating"]["list"][0]["type"] == "datasource");
}
