// The listeners of a running server: public, ask and admin. They are bound once, at the start; a
// reload does not change them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "http/server/server.h"
#include "http/service.h"
#include "ops/log.h"
#include "ops/metrics.h"
#include "ops/passed_sockets.h"

namespace hourgate {

class Listeners {
public:
    /// The names under which sockets are passed on, in the order of http::Listener.
    static constexpr std::array<std::string_view, 3> names = {"public", "ask", "admin"};

    /// REQUIRES: `config` and `log` outlive this object.
    Listeners(const config::Config& config, const ops::Log& log) : config_(config), log_(log) {}

    /// Binds every listener that is not off, or takes its sockets from `passed`. Nothing is
    /// answered before start(). Failure::system names the address and what to change; if root works
    /// as another user, it says so. REQUIRES: `service` outlives this object.
    [[nodiscard]] Status open(http::Service& service, ops::PassedSockets& passed);

    void start();
    void stop_accepting();
    /// Finishes calls until `deadline_boot_us`, then cuts the rest. Returns how many it cut.
    [[nodiscard]] std::int64_t finish(const Clock& clock, std::int64_t deadline_boot_us);

    /// Returns the first port of a listener; 0 if it has none.
    [[nodiscard]] std::uint16_t port(http::Listener listener) const;
    /// Returns where a listener listens, with the actual ports: "127.0.0.1:8402", "unix:/path", or
    /// several separated by spaces. Returns "off" if it is off.
    [[nodiscard]] std::string bound(http::Listener listener) const;
    /// Adds the connections of all listeners. Threads: any.
    void add_connections(ops::Gauges& gauges) const;

private:
    static constexpr std::size_t index(http::Listener listener) noexcept {
        return static_cast<std::size_t>(listener);
    }
    [[nodiscard]] Status bind(http::Listener listener, http::Service& service,
                              ops::PassedSockets& passed);
    [[nodiscard]] http::Capacity capacity_of(http::Listener listener) const;
    [[nodiscard]] std::vector<config::Listen> configured(http::Listener listener) const;

    const config::Config& config_;
    const ops::Log& log_;
    std::array<std::unique_ptr<http::Server>, names.size()> servers_;  // null: off
};

}  // namespace hourgate
