#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "build_info.h"
#include "ops/metrics.h"
#include "support/catch.h"

using hourgate::Decision;
using hourgate::Reason;
using hourgate::ops::Gauges;
using hourgate::ops::Metrics;

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

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

/// What `promtool check metrics` says of the text; "" when nothing, or when there is no promtool.
std::string promtool_says(const std::string& text) {
    if (std::system("command -v promtool >/dev/null 2>&1") != 0)
        return "";
    std::string name = "/tmp/hourgate-metrics-XXXXXX";
    const int fd = mkstemp(name.data());
    REQUIRE(fd >= 0);
    std::FILE* const file = fdopen(fd, "w");
    REQUIRE(std::fwrite(text.data(), 1, text.size(), file) == text.size());
    std::fclose(file);
    std::FILE* const out = popen(("promtool check metrics <" + name + " 2>&1").c_str(), "r");
    REQUIRE(out != nullptr);
    std::string said;
    for (int c = 0; (c = std::fgetc(out)) != EOF;)
        said += static_cast<char>(c);
    if (pclose(out) != 0)
        said += "(failed)";
    std::remove(name.c_str());
    return said;
}

/// Of a server that has decided nothing yet.
const std::string decisions = R"(# HELP hourgate_decisions_total Calls decided, by reason.
# TYPE hourgate_decisions_total counter
hourgate_decisions_total{reason="granted"} 0
hourgate_decisions_total{reason="bad_request"} 0
hourgate_decisions_total{reason="path_ambiguous"} 0
hourgate_decisions_total{reason="forged_header"} 0
hourgate_decisions_total{reason="no_credentials"} 0
hourgate_decisions_total{reason="wrong_scheme"} 0
hourgate_decisions_total{reason="malformed_token"} 0
hourgate_decisions_total{reason="damaged_token"} 0
hourgate_decisions_total{reason="wrong_environment"} 0
hourgate_decisions_total{reason="unknown_token"} 0
hourgate_decisions_total{reason="revoked_token"} 0
hourgate_decisions_total{reason="expired_token"} 0
hourgate_decisions_total{reason="rotated_token"} 0
hourgate_decisions_total{reason="member_removed"} 0
hourgate_decisions_total{reason="too_many_failures"} 0
hourgate_decisions_total{reason="plan_without_api"} 0
hourgate_decisions_total{reason="plan_lapsed"} 0
hourgate_decisions_total{reason="role_forbidden"} 0
hourgate_decisions_total{reason="scope_missing"} 0
hourgate_decisions_total{reason="not_own"} 0
hourgate_decisions_total{reason="path_unlisted"} 0
hourgate_decisions_total{reason="window_full"} 0
hourgate_decisions_total{reason="store_failed"} 0
)";

const std::string observed_help =
    "# HELP hourgate_observed_total Of these, refusals granted in mode observe.\n"
    "# TYPE hourgate_observed_total counter\n";
/// With the gauges 1 to 14, but for the version.
const std::string rest = R"(
# HELP hourgate_unknown_addresses_total Failures of callers without a known address.
# TYPE hourgate_unknown_addresses_total counter
hourgate_unknown_addresses_total 0
# HELP hourgate_directory_hits_total Tokens found in memory.
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
# HELP hourgate_directory_entries Tokens in memory.
# TYPE hourgate_directory_entries gauge
hourgate_directory_entries 5
# HELP hourgate_limiter_entries Token lines and workspaces that calls are counted for.
# TYPE hourgate_limiter_entries gauge
hourgate_limiter_entries 6
# HELP hourgate_limiter_bytes Memory of their counters.
# TYPE hourgate_limiter_bytes gauge
hourgate_limiter_bytes 7
# HELP hourgate_failure_addresses Client addresses with a counted failure.
# TYPE hourgate_failure_addresses gauge
hourgate_failure_addresses 8
# HELP hourgate_public_addresses Client addresses with a counted public call.
# TYPE hourgate_public_addresses gauge
hourgate_public_addresses 9
# HELP hourgate_connections Connections open on all listeners.
# TYPE hourgate_connections gauge
hourgate_connections 12
# HELP hourgate_connections_refused_total Connections answered 503, because all places, or all of their address, were in use.
# TYPE hourgate_connections_refused_total counter
hourgate_connections_refused_total 13
# HELP hourgate_connections_evicted_total Connections closed while idle or slow, to make room for others.
# TYPE hourgate_connections_evicted_total counter
hourgate_connections_evicted_total 14
# HELP hourgate_usage_dropped_total Calls missing from the usage, because too many tokens were in use.
# TYPE hourgate_usage_dropped_total counter
hourgate_usage_dropped_total 11
# HELP hourgate_decision_log_written_total Decisions that were written to the database.
# TYPE hourgate_decision_log_written_total counter
hourgate_decision_log_written_total 12
# HELP hourgate_decision_log_passed_over_total Decisions not written: more than a source or a second may have, or no room to wait.
# TYPE hourgate_decision_log_passed_over_total counter
hourgate_decision_log_passed_over_total 13
# HELP hourgate_decision_log_lost_total Decisions overwritten in memory before they could be written.
# TYPE hourgate_decision_log_lost_total counter
hourgate_decision_log_lost_total 14
# HELP hourgate_uptime_seconds Time since the server started.
# TYPE hourgate_uptime_seconds gauge
hourgate_uptime_seconds 10
# HELP hourgate_build_info Always 1; the label is the version running.
# TYPE hourgate_build_info gauge
)";

const std::string state = R"(
# HELP hourgate_state_age_seconds Time since the state file last had all that was counted.
# TYPE hourgate_state_age_seconds gauge
hourgate_state_age_seconds 15
# HELP hourgate_state_failures_total Times the counters could not be saved in the state file.
# TYPE hourgate_state_failures_total counter
hourgate_state_failures_total 16
# HELP hourgate_state_bytes Size of the state file.
# TYPE hourgate_state_bytes gauge
hourgate_state_bytes 17
)";

}  // namespace

TEST_CASE("the metrics of a fresh server are pinned: every reason is there, at 0") {
    Gauges gauges;
    gauges.directory_hits = 1;
    gauges.directory_look_ups = 2;
    gauges.directory_version_reads = 3;
    gauges.directory_failures = 4;
    gauges.directory_entries = 5;
    gauges.limiter_entries = 6;
    gauges.limiter_bytes = 7;
    gauges.failure_addresses = 8;
    gauges.public_addresses = 9;
    gauges.usage_dropped = 11;
    gauges.decisions_written = 12;
    gauges.decisions_passed_over = 13;
    gauges.decisions_lost = 14;
    gauges.connections = 12;
    gauges.connections_refused = 13;
    gauges.connections_evicted = 14;
    gauges.uptime_s = 10;
    gauges.state_age_s = 15;
    gauges.state_failures = 16;
    gauges.state_bytes = 17;
    const std::string text = Metrics().text(gauges);
    REQUIRE(text.rfind(decisions, 0) == 0);
    std::string observed_lines = decisions.substr(decisions.find("hourgate_decisions_total{"));
    for (std::size_t at = 0; (at = observed_lines.find("decisions", at)) != std::string::npos;)
        observed_lines.replace(at, 9, "observed");
    const std::string version = hourgate::build_info::version;
    CHECK(text.substr(decisions.size()) == observed_help + observed_lines + rest.substr(1) +
                                               "hourgate_build_info{version=\"" + version +
                                               "\"} 1\n" + state.substr(1));
}

TEST_CASE("where calls are forwarded, the metrics say what became of them") {
    Gauges gauges;
    CHECK(Metrics().text(gauges).find("hourgate_upstream") == std::string::npos);
    gauges.forwards = true;
    gauges.upstream_forwarded = 1;
    gauges.upstream_unreachable = 2;
    gauges.upstream_broken = 3;
    gauges.upstream_timed_out = 4;
    gauges.upstream_ended = 5;
    gauges.upstream_retried = 6;
    gauges.upstream_connections = 7;
    const std::string text = Metrics().text(gauges);
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
    CHECK(Metrics().text(gauges).find("hourgate_backup") == std::string::npos);
    gauges.backup_age_s = 0;
    CHECK(has_line(Metrics().text(gauges), "hourgate_backup_age_seconds 0"));
    gauges.backup_age_s = 90'061;
    const std::string text = Metrics().text(gauges);
    CHECK(has_line(text, "hourgate_backup_age_seconds 90061"));
    CHECK(has_line(text, "# TYPE hourgate_backup_age_seconds gauge"));
    CHECK(promtool_says(text).empty());
}

TEST_CASE("each decision counts under its own reason and no other") {
    for (std::size_t at = 0; at < hourgate::reason_count; ++at) {
        const auto reason = static_cast<Reason>(at);
        Metrics metrics;
        metrics.count(decided(reason));
        metrics.count(decided(reason));
        const std::string text = metrics.text({});
        const std::string name = "{reason=\"" + std::string(to_text(reason)) + "\"} ";
        CHECK(has_line(text, "hourgate_decisions_total" + name + "2"));
        CHECK(has_line(text, "hourgate_observed_total" + name + "0"));
        std::string fresh = Metrics().text({});
        const std::size_t zero = fresh.find("hourgate_decisions_total" + name) + 24 + name.size();
        CHECK(text == fresh.replace(zero, 1, "2"));
    }
}

TEST_CASE("an observed refusal counts among the decisions and among the observed") {
    Metrics metrics;
    metrics.count(observed(Reason::window_full));
    metrics.count(decided(Reason::window_full));
    const std::string text = metrics.text({});
    CHECK(has_line(text, "hourgate_decisions_total{reason=\"window_full\"} 2"));
    CHECK(has_line(text, "hourgate_observed_total{reason=\"window_full\"} 1"));
    CHECK(has_line(text, "hourgate_decisions_total{reason=\"granted\"} 0"));
}

TEST_CASE("an unknown address is counted") {
    Metrics metrics;
    metrics.count_unknown_address();
    CHECK(has_line(metrics.text({}), "hourgate_unknown_addresses_total 1"));
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
    const std::string text = metrics.text({});
    CHECK(has_line(text, "hourgate_decisions_total{reason=\"not_own\"} 40000"));
    CHECK(has_line(text, "hourgate_observed_total{reason=\"not_own\"} 40000"));
}

TEST_CASE("promtool, where it is installed, finds nothing to say about the metrics") {
    Metrics metrics;
    metrics.count(observed(Reason::window_full));
    CHECK(promtool_says(metrics.text({})).empty());
}

TEST_CASE("the alert rules ask for metrics, reasons and outcomes that there are") {
    std::ifstream file(HOURGATE_SOURCE_DIR "/docs/alerts.yml");
    const std::string rules{std::istreambuf_iterator<char>(file), {}};
    REQUIRE(rules.find("alert: HourgateDown") != std::string::npos);
    Gauges all;
    all.forwards = true;
    all.backup_age_s = 1;
    const std::string text = Metrics().text(all);
    const std::regex named(R"re((hourgate_\w+)|(?:reason|outcome)=~?"([\w|]+)")re");
    int found = 0;
    for (std::sregex_iterator at(rules.begin(), rules.end(), named), end; at != end;
         ++at, ++found) {
        const std::string metric = (*at)[1], words = (*at)[2];
        CAPTURE(metric, words);
        if (!metric.empty())
            CHECK(text.find("# TYPE " + metric + " ") != std::string::npos);
        std::istringstream list(words);
        for (std::string word; std::getline(list, word, '|');)
            CHECK(text.find("=\"" + word + "\"}") != std::string::npos);
    }
    CHECK(found >= 8);
}
