// One configuration, and what decides by it: policy, gate, answers, the API behind the gate.
// Reading the file again makes another; nothing in one changes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "gate/gate.h"
#include "http/decision/reply.h"
#include "http/proxy/upstream.h"
#include "limiter/limiter.h"
#include "ops/log.h"
#include "ops/resource_counts.h"
#include "policy/policy.h"
#include "store/leased_directory.h"

namespace hourgate {

/// Returns what the gate and its answers are made with, of a sound configuration. Commands that
/// decide without a server use it, too.
[[nodiscard]] Gate::Settings gate_settings(const config::Config& config);
[[nodiscard]] http::ReplySettings reply_settings(const config::Config& config);
/// What is written to the log, and how.
[[nodiscard]] ops::LogSettings log_settings(const config::Config& config) noexcept;

/// What every configuration decides with: facts and counters that no reload touches.
struct SharedState {
    SharedState(std::unique_ptr<store::LeasedDirectory> directory_, const config::Config& config)
        : directory(std::move(directory_)),
          failures(config.failures),
          public_calls(config.public_calls),
          preflights(config.public_calls) {}

    const std::unique_ptr<store::LeasedDirectory> directory;
    Limiter limiter;
    Limiter gate_routes;  ///< of gate_windows()
    AddressLimiter failures;
    AddressLimiter public_calls;
    AddressLimiter preflights;
    http::Upstream::Counts upstream_counts;
    std::function<void()> when_unreachable;  ///< as of Upstream::make; empty: nobody is told
    ops::ResourceCounts resources;
};

/// Kept while it is in force, and while a call is under way that it decided.
struct ConfigSnapshot {
    /// Resolves no name of an upstream: http/resolver does. `former`, where there is one, hands
    /// on its upstreams whose addresses stay when nothing else of [upstream] differs: their
    /// connections stay open. `instruments`
    /// outlive the rules. A failure names what is wrong with the configuration.
    [[nodiscard]] static Result<std::unique_ptr<ConfigSnapshot>> make(const config::Config& config,
                                                                      SharedState& shared,
                                                                      const ConfigSnapshot* former);

    /// Fails if no address of an API is known, and `former` knows one: a reload must not trade an
    /// API that answers for a name that was mistyped.
    [[nodiscard]] Status check_resolved(const ConfigSnapshot* former) const;

    const config::Config config;
    const policy::Policy policy;
    const http::ReplySettings reply;
    /// Calls are forwarded to. APIs with the same addresses share one.
    struct Behind {
        std::string api;                           ///< name; "" where there is no [[api]]
        std::vector<std::string> urls;             ///< none: calls are not forwarded
        std::shared_ptr<http::Upstream> upstream;  ///< null: the same
    };
    const std::vector<Behind> behind;  ///< one for each [[api]], or one
    Gate gate;

    /// Each once.
    [[nodiscard]] std::vector<std::shared_ptr<http::Upstream>> upstreams() const;

private:
    ConfigSnapshot(const config::Config& config, policy::Policy policy, std::vector<Behind> behind,
                   SharedState& shared);
};

}  // namespace hourgate
