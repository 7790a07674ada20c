// The API behind the gate: where it listens, and which of its addresses answer. Knows no request
// and holds no connection; http/pool does. Waits for no name server; http/resolver does.
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

/// How calls are forwarded. Times in milliseconds, each more than 0.
struct UpstreamSettings {
    enum class Authorization : std::uint8_t {
        strip,  ///< the API learns who calls from X-Hourgate-*, and never sees a token
        pass,
    };
    std::vector<Endpoint> addresses;
    Authorization authorization = Authorization::strip;
    bool via = false;                  ///< the gate names itself in requests, too
    std::int64_t resolve_ms = 30'000;  ///< from one look-up of its names to the next
    std::int64_t connect_ms = 5'000;   ///< to have a connection
    std::int64_t answer_ms = 60'000;   ///< without a byte either way, before the answer begins
    std::int64_t idle_ms = 300'000;    ///< the same, afterwards
    std::int64_t stream_max_ms = 3'600'000;  ///< one exchange in all
};

/// A socket address.
struct SocketAddress {
    sockaddr_storage address{};
    socklen_t size = 0;  ///< 0: none

    friend bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept;
};

/// Shared by the rules that name it and by the loops that have connections to it.
class Upstream : public std::enable_shared_from_this<Upstream> {
public:
    /// One address that an endpoint stands for. An endpoint whose name has none yet has one target
    /// without an address: calls to it fail at once.
    struct Target {
        Endpoint endpoint;
        SocketAddress at;
        std::string why;  ///< it has no address
        mutable std::atomic<std::int64_t> rests_until_ms{0};

        [[nodiscard]] bool has_address() const noexcept { return at.size > 0; }
    };
    /// At least one for each endpoint, in the order of the configuration.
    using Targets = std::vector<std::shared_ptr<const Target>>;

    /// What became of calls, of all upstreams that count here. Any thread.
    struct Counts {
        std::atomic<std::uint64_t> forwarded{0};    ///< whose answer came as a whole
        std::atomic<std::uint64_t> unreachable{0};  ///< 502: no connection
        std::atomic<std::uint64_t> broken{0};       ///< 502, or an answer cut short
        std::atomic<std::uint64_t> timed_out{0};    ///< 504, or an answer cut short
        std::atomic<std::uint64_t> ended{0};        ///< streams ended: refused since, or too old
        std::atomic<std::uint64_t> retried{0};      ///< on another connection
        std::atomic<std::int64_t> open{0};          ///< connections, idle ones included
        Histogram answer_time;  ///< until the head of an answer came; of those that had one
    };

    /// Waits for nothing: a name has no address until resolve(). `counts` goes on counting, and
    /// outlives it. `when_unreachable`, if there is one, is called whenever a target fails; it
    /// neither waits nor throws. Failure::system names a path that is no socket's. REQUIRES: at
    /// least one address.
    [[nodiscard]] static Result<std::unique_ptr<Upstream>> make(
        UpstreamSettings settings, Counts& counts, std::function<void()> when_unreachable = {});

    [[nodiscard]] const UpstreamSettings& settings() const noexcept { return settings_; }

    /// As they are now. `version()` changes with them. Any thread.
    [[nodiscard]] std::shared_ptr<const Targets> targets() const;
    [[nodiscard]] std::uint64_t version() const noexcept {
        return version_.load(std::memory_order_acquire);
    }

    /// The next in turn that has not failed lately; when all have, the next in turn all the same:
    /// one of them may be back. One without an address comes last. `but` is passed over where there
    /// is another. Any thread. REQUIRES: `targets` are of this upstream.
    [[nodiscard]] std::shared_ptr<const Target> pick(const Targets& targets, std::int64_t now_ms,
                                                     const Target* but = nullptr) noexcept;
    /// It could not be connected to, or did not answer: others are asked first for a while
    /// (limits::upstream_rest_ms). Any thread.
    void failed(const Target& target, std::int64_t now_ms) const noexcept;
    static void worked(const Target& target) noexcept;

    // --- names

    /// What a name stands for; if for nothing, why.
    struct Found {
        std::vector<SocketAddress> addresses;
        std::string why;
    };
    using LookUp = std::function<Found(const Endpoint&)>;
    /// Asks the system's resolver, which can take a minute.
    [[nodiscard]] static Found look_up(const Endpoint& endpoint);

    /// What is new about a name since it was last asked for.
    struct Change {
        enum class What : std::uint8_t {
            unresolved,  ///< it stands for nothing; what it stood for before is still used
            resolved,    ///< it stands for something again, or for the first time since a failure
            moved,       ///< it stands for other addresses
        };
        What what = What::unresolved;
        std::string endpoint;   ///< "api.internal:3000"
        std::string why;        ///< unresolved
        std::string addresses;  ///< "192.0.2.7, 192.0.2.8"; "": none are known
    };
    /// Asks for every name again and uses what it stands for now, each for its part of
    /// limits::upstream_addresses_max at most. Connections to an address that stays are kept. Waits
    /// for `look_up`; one thread at a time. Throws std::bad_alloc.
    [[nodiscard]] std::vector<Change> resolve(const LookUp& look_up);
    /// Whether there is a name at all.
    [[nodiscard]] bool has_names() const noexcept;

    /// Whether an address, as it is configured, is asked in its turn: one of those it stands for
    /// has not failed in the last limits::upstream_rest_ms.
    struct Health {
        std::string address;  ///< "127.0.0.1:3000", "unix:/run/api.sock", as in the log
        bool up = true;
    };
    /// Of each address once, in the order of the configuration: limits::upstream_addresses_max at
    /// most. `now_ms` of CLOCK_MONOTONIC. Any thread.
    [[nodiscard]] std::vector<Health> health(std::int64_t now_ms) const;

    Counts& counts;
    /// Whether calls that are granted now go to it: http/service says so. Any thread.
    std::atomic<bool> in_force{false};

private:
    /// An endpoint that is a name, with its state. Only the resolving thread uses it.
    struct Name {
        std::size_t endpoint = 0;  // in the settings
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
