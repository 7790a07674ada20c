// Owns every object of a running server, in construction order, and connects them. No other code
// knows all folders.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "ops/log.h"
#include "ops/passed_sockets.h"
#include "ops/signals.h"

namespace hourgate {

class App {
public:
    /// Checks the SQLite library and the database, and migrates an older schema. Takes the server
    /// lock and opens the directory. Binds the listeners, or takes the sockets that were passed on
    /// as `listener_names`. Nothing is answered before start(). REQUIRES: `clock` and `log` outlive
    /// the App.
    [[nodiscard]] static Result<std::unique_ptr<App>> make(const config::Config& config,
                                                           const Clock& clock, ops::Log& log,
                                                           ops::PassedSockets passed = {});
    static const std::vector<std::string_view> listener_names;  ///< public, ask, admin
    ~App();
    App(const App&) = delete;
    App& operator=(const App&) = delete;

    /// The first port of each listener; 0 if a listener has none.
    struct Ports {
        std::uint16_t public_ = 0;
        std::uint16_t ask = 0;
        std::uint16_t admin = 0;
    };
    [[nodiscard]] Ports ports() const;

    /// Lets `hourgate reload` find this server, signal it and read what came of it. Without this
    /// call, a signal is not asked for. A file that cannot be made is a warning in the log.
    void take_reloads();

    /// Restores the counters of an earlier server, starts answering and notifies the service
    /// manager (READY=1). Returns at once.
    void start();

    /// Reads the configuration file again, as SIGHUP has it: rules change from the next call on,
    /// and no connection, counter or call under way is lost. A bad file is refused, and the former
    /// rules stay. What takes a start is named in the log. Of the running thread.
    void reload();

    /// Feeds the watchdog and tidies the limiters until SIGTERM or SIGINT, reloads at SIGHUP, then
    /// stops accepting, finishes what is in flight within server.drain, saves what was counted, and
    /// logs how many requests it cut. REQUIRES: start() before.
    void run(ops::Signals& signals);

private:
    struct Parts;
    explicit App(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace hourgate
