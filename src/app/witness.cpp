#include "app/witness.h"

#include <string>

namespace hourgate {

namespace {

constexpr std::int64_t warn_interval_us = 60 * us_per_s;
constexpr std::int64_t upstream_warn_interval_us = 10 * us_per_s;

}  // namespace

void Witness::decided(const Decision& decision, int status) noexcept {
    metrics_.count(decision);
    resources_.count(decision);
    usage_.count(decision);
    decisions_.note(decision, false);
    if (decision.reason != Reason::granted)
        log_.refusal(decision, status);
    else
        log_.granted(decision, status);
}

void Witness::decided_again(const Decision& decision, int status) noexcept {
    decisions_.note(decision, true);
    if (decision.reason != Reason::granted)
        log_.refusal(decision, status);
}

void Witness::answered(http::Listener listener, http::Answerer by, std::int64_t took_us) noexcept {
    metrics_.answered({static_cast<std::uint8_t>(listener), by == http::Answerer::worker}, took_us);
}

void Witness::upstream_failed(const http::Endpoint& where, std::string_view how) noexcept {
    const std::uint64_t times = upstream_failures_.fetch_add(1) + 1;
    const std::int64_t now_us = clock_.now().boot_us;
    std::int64_t last = upstream_warned_us_.load(std::memory_order_relaxed);
    if (last != 0 && now_us - last < upstream_warn_interval_us)
        return;
    if (!upstream_warned_us_.compare_exchange_strong(last, now_us, std::memory_order_relaxed))
        return;
    upstream_failures_.fetch_sub(times);
    try {
        log_.line(ops::Level::warning, "the API did not answer a call that was granted",
                  {{"upstream", http::shown(where)},
                   {"how", std::string(how)},
                   {"calls", std::to_string(times)}});
    } catch (...) {  // no memory for the line: the metrics have it
    }
}

void Witness::address_unknown(http::Listener listener) noexcept {
    metrics_.count_unknown_address();
    const std::int64_t now_us = clock_.now().boot_us;
    std::int64_t last = warned_us_.load(std::memory_order_relaxed);
    if (last != 0 && now_us - last < warn_interval_us)
        return;
    if (!warned_us_.compare_exchange_strong(last, now_us, std::memory_order_relaxed))
        return;
    log_.line(
        ops::Level::warning,
        "a caller's address is not known, so it is not counted against it: the proxy in front "
        "sends no readable X-Forwarded-For, or its address is not in trust.proxies",
        {{"listener", listener == http::Listener::ask ? "ask" : "public"}});
}

}  // namespace hourgate
