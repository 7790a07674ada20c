#include "http/upstream.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/localhost.h"

namespace hourgate::http {

namespace {

Failure unresolved(const Endpoint& endpoint, std::string what) {
    return {Fault::system, "[upstream] url: " + shown(endpoint) + " " + std::move(what),
            "change it in the configuration, or see whether the name resolves on this machine"};
}

using Places = std::vector<Upstream::Place>;

Status add_socket(Places& places, const Endpoint& endpoint) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (endpoint.path.size() >= sizeof address.sun_path)
        return unresolved(endpoint, "is too long for a socket");
    std::memcpy(address.sun_path, endpoint.path.c_str(), endpoint.path.size());
    Upstream::Place& place = places.emplace_back();
    place.endpoint = endpoint;
    std::memcpy(&place.address, &address, sizeof address);
    place.size = sizeof address;
    return Done{};
}

/// Every address that a name stands for: "localhost" may be two, of which one is listened on.
Status add_host(Places& places, const Endpoint& endpoint) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(endpoint.port);
    const int error =
        getaddrinfo(resolvable(endpoint.host).c_str(), port.c_str(), &hints, &found);
    if (error != 0)
        return unresolved(endpoint, std::string("does not resolve: ") + gai_strerror(error));
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        if (places.size() == limits::upstream_addresses_max)
            break;
        Upstream::Place& place = places.emplace_back();
        place.endpoint = endpoint;
        std::memcpy(&place.address, one->ai_addr, one->ai_addrlen);
        place.size = one->ai_addrlen;
    }
    freeaddrinfo(found);
    return Done{};
}

}  // namespace

Result<std::unique_ptr<Upstream>> Upstream::make(UpstreamSettings settings, Counts& counts) {
    HOURGATE_CHECK(!settings.addresses.empty());
    std::unique_ptr<Upstream> upstream(new Upstream(std::move(settings), counts));
    for (const Endpoint& endpoint : upstream->settings_.addresses) {
        const Status added = endpoint.path.empty() ? add_host(upstream->places_, endpoint)
                                                   : add_socket(upstream->places_, endpoint);
        if (!added)
            return added.failure();
    }
    upstream->rests_until_ms_ = std::vector<std::atomic<std::int64_t>>(upstream->places_.size());
    return upstream;
}

std::size_t Upstream::pick(std::int64_t now_ms, std::optional<std::size_t> but) noexcept {
    const std::size_t first = turn_.fetch_add(1, std::memory_order_relaxed);
    std::size_t otherwise = first % places_.size();
    for (std::size_t i = 0; i < places_.size(); ++i) {
        const std::size_t at = (first + i) % places_.size();
        if (but == at)
            continue;
        if (rests_until_ms_[at].load(std::memory_order_relaxed) <= now_ms)
            return at;
        if (but == otherwise)
            otherwise = at;
    }
    return otherwise;
}

void Upstream::failed(std::size_t at, std::int64_t now_ms) noexcept {
    rests_until_ms_[at].store(now_ms + limits::upstream_rest_ms, std::memory_order_relaxed);
}

std::vector<Upstream::Health> Upstream::health(std::int64_t now_ms) const {
    std::vector<Health> all;
    for (std::size_t at = 0; at < places_.size(); ++at) {
        const bool up = rests_until_ms_[at].load(std::memory_order_relaxed) <= now_ms;
        const std::string address = shown(places_[at].endpoint);
        const auto same = std::find_if(all.begin(), all.end(), [&](const Health& health) {
            return health.address == address;
        });
        if (same == all.end())
            all.push_back({address, up});
        else
            same->up |= up;
    }
    return all;
}

void Upstream::worked(std::size_t at) noexcept {
    if (rests_until_ms_[at].load(std::memory_order_relaxed) != 0)
        rests_until_ms_[at].store(0, std::memory_order_relaxed);
}

}  // namespace hourgate::http
