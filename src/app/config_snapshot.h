// One configuration and everything that decides by it: policy, gate, reply settings and upstreams.
// A snapshot never changes; a reload makes another one.
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

/// Returns the settings of the gate and of responses. Commands that decide without a server use
/// them, too. REQUIRES: `config` is valid.
[[nodiscard]] Gate::Settings gate_settings(const config::Config& config);
[[nodiscard]] http::ReplySettings reply_settings(const config::Config& config);
/// Returns what is written to the log, and in which format.
[[nodiscard]] ops::LogSettings log_settings(const config::Config& config) noexcept;

/// What all configuration snapshots decide with: facts and counters that no reload touches.
struct SharedState {
    SharedState(std::unique_ptr<store::LeasedDirectory> directory_, const config::Config& config)
        : directory(std::move(directory_)),
          failures(config.failures),
          public_calls(config.public_calls),
          preflights(config.public_calls) {}

    const std::unique_ptr<store::LeasedDirectory> directory;
    Limiter limiter;
    Limiter gate_routes;  ///< for gate_windows()
    AddressLimiter failures;
    AddressLimiter public_calls;
    AddressLimiter preflights;
    http::Upstream::Counts upstream_counts;
    std::function<void()> when_unreachable;  ///< see Upstream::make; may be empty
    ops::ResourceCounts resources;
};

/// Kept while it is in force, and while a call that it decided is running.
struct ConfigSnapshot {
    /// Makes a snapshot. Does not resolve names of upstreams; http/proxy/resolver.h does. If
    /// `former` is not null and nothing else in [upstream] differs, reuses its upstreams with the
    /// same addresses; their connections stay open. A failure names what is wrong with the
    /// configuration. REQUIRES: `shared` outlives the snapshot.
    [[nodiscard]] static Result<std::unique_ptr<ConfigSnapshot>> make(const config::Config& config,
                                                                      SharedState& shared,
                                                                      const ConfigSnapshot* former);

    /// Fails if no address of an API is known now, but `former` knows one. A reload must not
    /// replace an API that answers by a mistyped name.
    [[nodiscard]] Status check_resolved(const ConfigSnapshot* former) const;

    const config::Config config;
    const policy::Policy policy;
    const http::ReplySettings reply;
    /// Where calls to one API are forwarded. APIs with the same addresses share an upstream.
    struct Behind {
        std::string api;                           ///< name; "" without [[api]]
        std::vector<std::string> urls;             ///< empty: calls are not forwarded
        std::shared_ptr<http::Upstream> upstream;  ///< null if `urls` is empty
    };
    const std::vector<Behind> behind;  ///< one for each [[api]]; one without [[api]]
    Gate gate;

    /// Returns each upstream once.
    [[nodiscard]] std::vector<std::shared_ptr<http::Upstream>> upstreams() const;

private:
    ConfigSnapshot(const config::Config& config, policy::Policy policy, std::vector<Behind> behind,
                   SharedState& shared);
};

}  // namespace hourgate
