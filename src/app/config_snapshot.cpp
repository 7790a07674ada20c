#include "app/config_snapshot.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/clock.h"
#include "config/forms.h"
#include "config/load.h"
#include "token/format.h"

namespace hourgate {

namespace {

/// Returns everything in [upstream] except the addresses.
auto upstream_part(const config::Config& config) {
    return std::tie(config.upstream_authorization, config.upstream_via, config.upstream_resolve_s,
                    config.upstream_connect_s, config.upstream_answer_s, config.upstream_idle_s,
                    config.upstream_stream_max_s);
}

/// Returns section and key of the file that contain the addresses of this API.
std::pair<std::string, std::string> key_of(const ConfigSnapshot::Behind& behind,
                                           const config::Config& config) {
    for (const config::Api& api : config.apis)
        if (api.name == behind.api && !api.upstream_urls.empty())
            return {"api." + api.name, "upstream"};
    return {"upstream", "url"};
}

/// Puts file, line and key in front of a failure about an address.
Failure where_it_is_written(Failure failure, const ConfigSnapshot::Behind& behind,
                            const config::Config& config) {
    std::string_view off = behind.urls.front();
    for (const std::string& url : behind.urls) {
        const config::Listen target = config::parse_upstream(url);
        const std::string& named = target.path.empty() ? target.host : target.path;
        if (failure.what.find(named) != std::string::npos) {
            off = url;
            break;
        }
    }
    constexpr std::string_view said_by_place = "[upstream] url: ";
    if (failure.what.starts_with(said_by_place))
        failure.what.erase(0, said_by_place.size());
    const auto [section, key] = key_of(behind, config);
    failure.what = config::location_of(config, section, key, off) + ": " + failure.what;
    return failure;
}

Result<std::shared_ptr<http::Upstream>> upstream_to(const ConfigSnapshot::Behind& behind,
                                                    const config::Config& config,
                                                    SharedState& shared) {
    http::UpstreamSettings settings;
    for (const std::string& url : behind.urls) {
        const config::Listen target = config::parse_upstream(url);
        settings.addresses.push_back({target.host, target.port, target.path});
    }
    using Authorization = http::UpstreamSettings::Authorization;
    settings.authorization =
        config.upstream_authorization ? Authorization::pass : Authorization::strip;
    settings.via = config.upstream_via;
    settings.resolve_ms = config.upstream_resolve_s * ms_per_s;
    settings.connect_ms = config.upstream_connect_s * ms_per_s;
    settings.answer_ms = config.upstream_answer_s * ms_per_s;
    settings.idle_ms = config.upstream_idle_s * ms_per_s;
    settings.stream_max_ms = config.upstream_stream_max_s * ms_per_s;
    auto made =
        http::Upstream::make(std::move(settings), shared.upstream_counts, shared.when_unreachable);
    if (!made)
        return where_it_is_written(made.failure(), behind, config);
    return std::shared_ptr<http::Upstream>(std::move(made).value());
}

/// Returns the upstream that has these addresses, or null.
std::shared_ptr<http::Upstream> known_in(const std::vector<ConfigSnapshot::Behind>& all,
                                         const std::vector<std::string>& urls) {
    for (const ConfigSnapshot::Behind& one : all)
        if (one.urls == urls)
            return one.upstream;
    return nullptr;
}

/// Returns one for each API, in order.
Result<std::vector<ConfigSnapshot::Behind>> behind_of(const config::Config& config,
                                                      SharedState& shared,
                                                      const ConfigSnapshot* former) {
    std::vector<ConfigSnapshot::Behind> all;
    const bool same = former != nullptr && upstream_part(former->config) == upstream_part(config);
    std::vector<config::Api> apis = config.apis;
    if (apis.empty())
        apis.emplace_back();
    for (const config::Api& api : apis) {
        ConfigSnapshot::Behind behind{api.name, config::upstream_of(config, api), nullptr};
        behind.upstream = known_in(all, behind.urls);
        if (!behind.upstream && same)
            behind.upstream = known_in(former->behind, behind.urls);
        if (!behind.upstream && !behind.urls.empty()) {
            auto made = upstream_to(behind, config, shared);
            if (!made)
                return made.failure();
            behind.upstream = std::move(made).value();
        }
        all.push_back(std::move(behind));
    }
    return all;
}

/// Returns the first target if no target has an address, else null.
std::shared_ptr<const http::Upstream::Target> unresolved(const http::Upstream& upstream) {
    const auto targets = upstream.targets();
    const bool none = std::none_of(targets->begin(), targets->end(),
                                   [](const auto& target) { return target->has_address(); });
    return none ? targets->front() : nullptr;
}

}  // namespace

Gate::Settings gate_settings(const config::Config& config) {
    return {config.mode, config.brand, config.env, LapseRule{config.grace_days * ms_per_day},
            config.lapse_to};
}

ops::LogSettings log_settings(const config::Config& config) noexcept {
    ops::LogSettings settings;
    switch (config.log_level) {
        case config::LogLevel::error:
            settings.level = ops::Level::error;
            break;
        case config::LogLevel::warning:
            settings.level = ops::Level::warning;
            break;
        case config::LogLevel::notice:
            settings.level = ops::Level::notice;
            break;
        case config::LogLevel::info:
            settings.level = ops::Level::info;
            break;
    }
    settings.format = config.log_json ? ops::LogFormat::json : ops::LogFormat::logfmt;
    settings.granted_every = static_cast<std::uint32_t>(config.log_granted_every);
    return settings;
}

http::ReplySettings reply_settings(const config::Config& config) {
    http::ReplySettings reply;
    reply.brand = config.brand;
    reply.env = token::to_text(config.env);
    reply.renew_url = config.renew_url;
    reply.contact = config.contact;
    reply.docs_url = config.docs;
    reply.notices = config.notices;
    reply.failures = config.failures;
    reply.public_calls = config.public_calls;
    reply.cors_origins = config.cors_origins;
    reply.write_scope = config.rules.write_scope;
    reply.target_bytes_max = config.rules.path.target_bytes_max;
    return reply;
}

ConfigSnapshot::ConfigSnapshot(const config::Config& config_, policy::Policy policy_,
                               std::vector<Behind> behind_, SharedState& shared)
    : config(config_),
      policy(std::move(policy_)),
      reply(reply_settings(config)),
      behind(std::move(behind_)),
      gate(gate_settings(config), policy, *shared.directory, shared.limiter, shared.gate_routes,
           shared.failures, shared.public_calls, shared.preflights) {}

std::vector<std::shared_ptr<http::Upstream>> ConfigSnapshot::upstreams() const {
    std::vector<std::shared_ptr<http::Upstream>> all;
    for (const Behind& one : behind)
        if (one.upstream && std::find(all.begin(), all.end(), one.upstream) == all.end())
            all.push_back(one.upstream);
    return all;
}

Status ConfigSnapshot::check_resolved(const ConfigSnapshot* former) const {
    for (const Behind& one : behind) {
        const auto target = one.upstream ? unresolved(*one.upstream) : nullptr;
        const auto answers = [&](const Behind& other) {
            return other.api == one.api && other.upstream && !unresolved(*other.upstream);
        };
        if (!target || former == nullptr ||
            std::none_of(former->behind.begin(), former->behind.end(), answers))
            continue;
        return where_it_is_written(
            {Fault::system,
             "[upstream] url: " + http::shown(target->endpoint) +
                 " does not resolve: " + target->why,
             "change it in the configuration, or see whether the name resolves on this machine"},
            one, config);
    }
    return Done{};
}

Result<std::unique_ptr<ConfigSnapshot>> ConfigSnapshot::make(const config::Config& config,
                                                             SharedState& shared,
                                                             const ConfigSnapshot* former) {
    policy::PolicyConfig counted = config.rules;
    for (policy::Resource& resource : counted.resources)
        resource.counted_at = shared.resources.index_of(resource.name);
    auto policy = policy::Policy::make(std::move(counted));
    if (!policy)
        return policy.failure();
    auto behind = behind_of(config, shared, former);
    if (!behind)
        return behind.failure();
    return std::unique_ptr<ConfigSnapshot>(
        new ConfigSnapshot(config, std::move(policy).value(), std::move(behind).value(), shared));
}

}  // namespace hourgate
