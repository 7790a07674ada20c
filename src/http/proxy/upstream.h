// The API behind the gate: where it listens, and which of its addresses answer. It knows no
// requests and holds no connections (see http/proxy/upstream_pool.h). It never waits for a name
// server (see http/proxy/resolver.h).
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/histogram.h"
#include "base/result.h"
#include "http/wire/endpoint.h"

namespace hourgate::http {

/// How calls are forwarded. Times are in milliseconds and more than 0.
struct UpstreamSettings {
    enum class Authorization : std::uint8_t {
        strip,  ///< the API learns who calls from X-Hourgate-* and never sees a token
        pass,
    };
    std::vector<Endpoint> addresses;
    Authorization authorization = Authorization::strip;
    bool via = false;                  ///< adds Via to requests, too
    std::int64_t resolve_ms = 30'000;  ///< interval between look-ups of the names
    std::int64_t connect_ms = 5'000;   ///< for one connection
    std::int64_t answer_ms = 60'000;   ///< without a byte either way, before the response begins
    std::int64_t idle_ms = 300'000;    ///< the same, after the response has begun
    std::int64_t stream_max_ms = 3'600'000;  ///< for one whole exchange
};

/// A socket address.
struct SocketAddress {
    sockaddr_storage address{};
    socklen_t size = 0;  ///< 0: no address

    friend bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept;
};

/// Shared by the configuration snapshots that name it and the event loops that have connections to
/// it.
class Upstream : public std::enable_shared_from_this<Upstream> {
public:
    /// One address of an endpoint. An endpoint whose name is not resolved has one target without an
    /// address; calls to it fail at once.
    struct Target {
        Endpoint endpoint;
        SocketAddress at;
        std::string why;  ///< why it has no address
        mutable std::atomic<std::int64_t> rests_until_ms{0};

        [[nodiscard]] bool has_address() const noexcept { return at.size > 0; }
    };
    /// At least one for each endpoint, in the order of the configuration.
    using Targets = std::vector<std::shared_ptr<const Target>>;

    /// The outcomes of calls, for all upstreams that count here. Threads: any.
    struct Counts {
        std::atomic<std::uint64_t> forwarded{0};    ///< the whole response came
        std::atomic<std::uint64_t> unreachable{0};  ///< 502: no connection
        std::atomic<std::uint64_t> broken{0};       ///< 502, or a response cut short
        std::atomic<std::uint64_t> timed_out{0};    ///< 504, or a response cut short
        std::atomic<std::uint64_t> ended{0};    ///< streams ended: refused on recheck, or too old
        std::atomic<std::uint64_t> retried{0};  ///< calls sent again on another connection
        std::atomic<std::int64_t> open{0};      ///< connections, also idle ones
        Histogram answer_time;                  ///< until the head of a response came, if it came
    };

    /// Makes an upstream without waiting: a name has no address until resolve(). Adds to `counts`,
    /// which outlives it. Calls `when_unreachable`, if set, whenever a target fails; it must
    /// neither wait nor throw. Failure::system names a socket path that is not valid. REQUIRES: at
    /// least one address.
    [[nodiscard]] static Result<std::unique_ptr<Upstream>> make(
        UpstreamSettings settings, Counts& counts, std::function<void()> when_unreachable = {});

    [[nodiscard]] const UpstreamSettings& settings() const noexcept { return settings_; }

    /// Returns the current targets. `version()` changes whenever they do. Threads: any.
    [[nodiscard]] std::shared_ptr<const Targets> targets() const;
    [[nodiscard]] std::uint64_t version() const noexcept {
        return version_.load(std::memory_order_acquire);
    }

    /// Returns the next target in turn that has not failed lately. If all have failed, returns the
    /// next in turn all the same, since one may have recovered. Targets without an address come
    /// last. `but` is skipped if there is another. Threads: any. REQUIRES: `targets` came from this
    /// upstream.
    [[nodiscard]] std::shared_ptr<const Target> pick(const Targets& targets, std::int64_t now_ms,
                                                     const Target* but = nullptr) noexcept;
    /// Marks a target that refused a connection or did not answer. Others are tried first for a
    /// while (limits::upstream_rest_ms). Threads: any.
    void failed(const Target& target, std::int64_t now_ms) const noexcept;
    static void worked(const Target& target) noexcept;

    // --- names

    /// The addresses of a name; if none, `why` says the reason.
    struct Found {
        std::vector<SocketAddress> addresses;
        std::string why;
    };
    using LookUp = std::function<Found(const Endpoint&)>;
    /// Asks the system's resolver, which may take a minute.
    [[nodiscard]] static Found look_up(const Endpoint& endpoint);

    /// A change of a name since the last look-up.
    struct Change {
        enum class What : std::uint8_t {
            unresolved,  ///< has no address now; earlier addresses are still used
            resolved,    ///< has addresses again, or for the first time after a failure
            moved,       ///< has other addresses
        };
        What what = What::unresolved;
        std::string endpoint;   ///< "api.internal:3000"
        std::string why;        ///< for unresolved
        std::string addresses;  ///< "192.0.2.7, 192.0.2.8"; "" if none are known
    };
    /// Looks up every name and uses the addresses found. Each name may have its share of
    /// limits::upstream_addresses_max. Connections to an address that remains are kept. Blocks on
    /// `look_up`. Throws std::bad_alloc. Threads: one at a time.
    [[nodiscard]] std::vector<Change> resolve(const LookUp& look_up);
    /// Returns true if any endpoint is a name.
    [[nodiscard]] bool has_names() const noexcept;

    /// Whether a configured address is used in its turn: at least one of its targets has not failed
    /// in the last limits::upstream_rest_ms.
    struct Health {
        std::string address;  ///< "127.0.0.1:3000", "unix:/run/api.sock", as in the log
        bool up = true;
    };
    /// Returns each address once, in the order of the configuration, at most
    /// limits::upstream_addresses_max. `now_ms` is of CLOCK_MONOTONIC. Threads: any.
    [[nodiscard]] std::vector<Health> health(std::int64_t now_ms) const;

    Counts& counts;
    /// True if calls granted now go to this upstream. http/service sets it. Threads: any.
    std::atomic<bool> in_force{false};

private:
    /// An endpoint that is a name, and its state. Threads: only the one that resolves.
    struct Name {
        std::size_t endpoint = 0;  // index in the settings
        bool failing = false;
        bool asked = false;
    };

    Upstream(UpstreamSettings settings, Counts& counts_, std::function<void()> when_unreachable)
        : counts(counts_),
          settings_(std::move(settings)),
          when_unreachable_(std::move(when_unreachable)) {}
    [[nodiscard]] std::optional<Change> renew(Name& name, Found found);
    void use(std::shared_ptr<const Targets> targets) noexcept;

    const UpstreamSettings settings_;
    const std::function<void()> when_unreachable_;
    std::vector<Name> names_;
    mutable std::mutex mutex_;
    std::shared_ptr<const Targets> targets_;  // guarded by mutex_
    std::atomic<std::uint64_t> version_{0};
    std::atomic<std::size_t> turn_{0};
};

}  // namespace hourgate::http
