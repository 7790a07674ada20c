// The API behind the gate: where it listens, and which of its addresses answer. Knows no request
// and holds no connection; http/forwarder does.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "base/result.h"
#include "http/endpoint.h"

namespace hourgate::http {

/// How calls are forwarded. Times in milliseconds, each more than 0.
struct UpstreamSettings {
    enum class Authorization : std::uint8_t {
        strip,  ///< the API learns who calls from X-Hourgate-*, and never sees a token
        pass,
    };
    std::vector<Endpoint> addresses;
    Authorization authorization = Authorization::strip;
    std::int64_t connect_ms = 5'000;  ///< to have a connection
    std::int64_t answer_ms = 60'000;  ///< without a byte either way, before the answer begins
    std::int64_t idle_ms = 300'000;   ///< the same, afterwards
    std::int64_t stream_max_ms = 3'600'000;  ///< one exchange in all
};

/// Shared by the rules that name it and by the loops that have connections to it.
class Upstream : public std::enable_shared_from_this<Upstream> {
public:
    struct Place {
        Endpoint endpoint;
        sockaddr_storage address{};
        socklen_t size = 0;
    };

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

    /// Resolves names, once. Failure::system names the address that does not resolve. `counts` goes
    /// on counting, and outlives it. REQUIRES: at least one address.
    [[nodiscard]] static Result<std::unique_ptr<Upstream>> make(UpstreamSettings settings,
                                                                Counts& counts);

    [[nodiscard]] const UpstreamSettings& settings() const noexcept { return settings_; }
    [[nodiscard]] std::size_t places() const noexcept { return places_.size(); }
    [[nodiscard]] const Place& place(std::size_t at) const noexcept { return places_[at]; }

    /// The next in turn that has not failed lately; when all have, the next in turn all the same:
    /// one of them may be back. `but` is passed over where there is another. Any thread.
    [[nodiscard]] std::size_t pick(std::int64_t now_ms,
                                   std::optional<std::size_t> but = std::nullopt) noexcept;
    /// It could not be connected to, or did not answer: others are asked first for a while
    /// (limits::upstream_rest_ms). Any thread.
    void failed(std::size_t at, std::int64_t now_ms) noexcept;
    void worked(std::size_t at) noexcept;

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

private:
    Upstream(UpstreamSettings settings, Counts& counts_)
        : counts(counts_), settings_(std::move(settings)) {}

    const UpstreamSettings settings_;
    std::vector<Place> places_;                              // constant after make()
    std::vector<std::atomic<std::int64_t>> rests_until_ms_;  // self-synchronised
    std::atomic<std::size_t> turn_{0};
};

}  // namespace hourgate::http
