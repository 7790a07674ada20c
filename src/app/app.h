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

    /// Lets `hourgate reload` find this server, signal it and read the result. Without this call,
    /// that command sends no signal. If the file cannot be created, the log gets a warning.
    void take_reloads();

    /// Restores the counters of an earlier server, starts answering and notifies the service
    /// manager (READY=1). Returns at once.
    void start();

    /// Reads the configuration file again, as on SIGHUP. It is in force from the next call on; no
    /// connection, counter or running call is lost. If the file is invalid, the previous
    /// configuration stays in force. The log names the keys that take effect after a restart.
    /// Threads: the one that calls run().
    void reload();

    /// Until SIGTERM or SIGINT, feeds the watchdog and sweeps the limiters; reloads on SIGHUP. Then
    /// stops accepting, finishes requests in flight within server.drain and saves the counters.
    /// Logs how many requests were cut. REQUIRES: start() was called.
    void run(ops::Signals& signals);

private:
    struct Parts;
    explicit App(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace hourgate
