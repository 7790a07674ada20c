// Records every decision that is answered: a count in the metrics, a row of usage and a record in
// the decision log. Logs a line for each refusal and for some granted calls. Decides nothing.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "http/decision/observer.h"
#include "http/decision/request_refusals.h"
#include "http/wire/request_head.h"
#include "ops/decision_log.h"
#include "ops/log.h"
#include "ops/metrics.h"
#include "ops/occasional.h"
#include "ops/resource_counts.h"
#include "ops/usage_meter.h"

namespace hourgate {

/// Threads: any.
class DecisionRecorder final : public http::Observer {
public:
    /// REQUIRES: the references outlive this object.
    DecisionRecorder(ops::Metrics& metrics, ops::ResourceCounts& resources, ops::UsageMeter& usage,
                     ops::DecisionLog& decisions, const ops::Log& log, const Clock& clock)
        : metrics_(metrics),
          resources_(resources),
          usage_(usage),
          decisions_(decisions),
          log_(log),
          clock_(clock) {}

    void decided(const Decision& decision, int status) noexcept override;
    /// Writes only the log line: the caller quotes this id, but the call was counted already.
    void repeated(const Decision& decision, int status) noexcept override;
    void answered(http::Listener listener, http::Answerer by,
                  std::int64_t took_us) noexcept override;
    /// Logs at most once in ten seconds, with the number of failures since then, because every call
    /// to a broken API fails.
    void upstream_failed(const Decision& granted, const UpstreamFailure& failure) noexcept override;
    /// Logs at most once a minute, since one mistake in the configuration affects every call.
    void address_unknown(http::Listener listener, const Address& peer) noexcept override;
    // These count, and log at most once a minute with the number since then:
    void stranger(const Address& peer) noexcept override;
    void unknown_host(http::Listener listener, std::string_view host,
                      const Address& peer) noexcept override;
    void request_refused(http::Listener listener, std::string_view reason, std::string_view bound,
                         const Address& peer) noexcept override;

    /// Adds these counts to `gauges`, for /metrics.
    void fill(ops::Gauges& gauges) const;

private:
    ops::Metrics& metrics_;
    ops::ResourceCounts& resources_;
    ops::UsageMeter& usage_;
    ops::DecisionLog& decisions_;
    const ops::Log& log_;
    const Clock& clock_;
    ops::Occasional unknown_addresses_, strangers_, unknown_hosts_;
    ops::Occasional upstream_failures_{10 * us_per_s};
    std::atomic<std::uint64_t> strangers_seen_{0};
    std::array<std::atomic<std::uint64_t>, ops::AnsweredBy::listeners> unknown_hosts_seen_{};
    /// By index in http::refused_reasons.
    std::array<ops::Occasional, http::refused_reasons.size()> refused_;
    std::array<std::atomic<std::uint64_t>, http::refused_reasons.size()> refused_seen_{};
};

}  // namespace hourgate
