#include "app/decision_recorder.h"

#include <algorithm>
#include <string>

#include "http/decision/request_refusals.h"

namespace hourgate {

namespace {

std::string_view name_of(http::Listener listener) noexcept {
    switch (listener) {
        case http::Listener::public_:
            return "public";
        case http::Listener::ask:
            return "ask";
        case http::Listener::admin:
            return "admin";
    }
    return "";
}

/// Returns the part of a caller's text that a log line shows.
std::string shown(std::string_view sent) {
    constexpr std::size_t bytes_max = 100;
    return std::string(sent.substr(0, bytes_max));
}

}  // namespace

void DecisionRecorder::decided(const Decision& decision, int status) noexcept {
    metrics_.count(decision);
    resources_.count(decision);
    usage_.count(decision);
    decisions_.note(decision, false);
    if (decision.reason != Reason::granted)
        log_.refusal(decision, status);
    else
        log_.granted(decision, status);
}

void DecisionRecorder::repeated(const Decision& decision, int status) noexcept {
    decisions_.note(decision, true);
    if (decision.reason != Reason::granted)
        log_.refusal(decision, status);
}

void DecisionRecorder::answered(http::Listener listener, http::Answerer by,
                                std::int64_t took_us) noexcept {
    metrics_.answered({static_cast<std::uint8_t>(listener), by == http::Answerer::worker}, took_us);
}

void DecisionRecorder::upstream_failed(const Decision& granted,
                                       const UpstreamFailure& failure) noexcept {
    decisions_.note(granted, false, failure);
    const auto times = upstream_failures_.happened(clock_.now().boot_us);
    if (!times)
        return;
    try {
        log_.line(ops::Level::warning, "the API did not answer a call that was granted",
                  {{"upstream", failure.place},
                   {"how", failure.how},
                   {"what", failure.what},
                   {"decision", http::shown_id(granted)},
                   {"calls", std::to_string(*times)}});
    } catch (...) {  // out of memory: no line is written, but the metrics count it
    }
}

void DecisionRecorder::address_unknown(http::Listener listener, const Address& peer) noexcept {
    metrics_.count_unknown_address();
    const auto times = unknown_addresses_.happened(clock_.now().boot_us);
    if (!times)
        return;
    try {
        const std::string who = peer.text();
        log_.line(
            ops::Level::warning,
            "a caller's address is not known: a proxy at " + who +
                " named no readable one in X-Forwarded-For, or somebody called directly from " +
                who +
                ". Failures of all such callers count together, and their public calls do "
                "not count",
            {{"listener", std::string(name_of(listener))},
             {"peer", who},
             {"failures", std::to_string(*times)},
             {"next",
              "if a proxy runs there, have it set X-Forwarded-For, as `hourgate snippets` "
              "prints; if none does, leave " +
                  who + " out of [trust] proxies: proxies = [] if nothing is in front"}});
    } catch (...) {  // as above
    }
}

void DecisionRecorder::stranger(const Address& peer) noexcept {
    strangers_seen_.fetch_add(1, std::memory_order_relaxed);
    const auto times = strangers_.happened(clock_.now().boot_us);
    if (!times)
        return;
    try {
        log_.line(ops::Level::warning,
                  "a peer that is not in [trust] peers asked on the ask listener and got 404",
                  {{"peer", peer.text()},
                   {"requests", std::to_string(*times)},
                   {"next", "if it is your proxy, add its address to [trust] peers"}});
    } catch (...) {  // as above
    }
}

void DecisionRecorder::unknown_host(http::Listener listener, std::string_view host,
                                    const Address& peer) noexcept {
    unknown_hosts_seen_[static_cast<std::size_t>(listener)].fetch_add(1, std::memory_order_relaxed);
    const auto times = unknown_hosts_.happened(clock_.now().boot_us);
    if (!times)
        return;
    try {
        log_.line(ops::Level::warning,
                  "a request named a host under which its listener does not answer and got 421",
                  {{"listener", std::string(name_of(listener))},
                   {"host", shown(host)},
                   {"peer", peer.text()},
                   {"requests", std::to_string(*times)},
                   {"next",
                    "if it is your proxy or your monitoring, have it send Host: localhost, or add "
                    "the name to [server] hosts"}});
    } catch (...) {  // as above
    }
}

void DecisionRecorder::request_refused(http::Listener listener, std::string_view reason,
                                       std::string_view bound, const Address& peer) noexcept {
    const auto& reasons = http::refused_reasons;
    const auto found =
        std::find(reasons.begin(), reasons.end() - 1, reason);  // the last is "other"
    const auto at = static_cast<std::size_t>(found - reasons.begin());
    refused_seen_[at].fetch_add(1, std::memory_order_relaxed);
    const auto times = refused_[at].happened(clock_.now().boot_us);
    if (!times)
        return;
    try {
        log_.line(ops::Level::notice, "a request was refused before it could be read",
                  {{"reason", std::string(reason)},
                   {"bound", std::string(bound)},
                   {"listener", std::string(name_of(listener))},
                   {"peer", peer.text()},
                   {"requests", std::to_string(*times)}});
    } catch (...) {  // as above
    }
}

void DecisionRecorder::fill(ops::Gauges& gauges) const {
    gauges.strangers = strangers_seen_.load(std::memory_order_relaxed);
    for (const http::Listener listener : {http::Listener::ask, http::Listener::admin})
        gauges.unknown_hosts.emplace_back(
            name_of(listener), unknown_hosts_seen_[static_cast<std::size_t>(listener)].load(
                                   std::memory_order_relaxed));
    for (std::size_t at = 0; at < refused_seen_.size(); ++at)
        gauges.requests_refused.emplace_back(http::refused_reasons[at],
                                             refused_seen_[at].load(std::memory_order_relaxed));
}

}  // namespace hourgate
