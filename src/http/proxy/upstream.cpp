#include "http/proxy/upstream.h"

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

using Target = Upstream::Target;
using Targets = Upstream::Targets;
using Found = Upstream::Found;

std::shared_ptr<const Target> target_of(const Endpoint& endpoint, const SocketAddress& at,
                                        std::string why = {}) {
    auto target = std::make_shared<Target>();
    target->endpoint = endpoint;
    target->at = at;
    target->why = std::move(why);
    return target;
}

Result<SocketAddress> socket_of(const Endpoint& endpoint) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (endpoint.path.size() >= sizeof address.sun_path)
        return Failure{Fault::system,
                       "[upstream] url: " + shown(endpoint) + " is too long for a socket",
                       "change it in the configuration"};
    std::memcpy(address.sun_path, endpoint.path.c_str(), endpoint.path.size());
    SocketAddress at;
    std::memcpy(&at.address, &address, sizeof address);
    at.size = sizeof address;
    return at;
}

/// Returns every address of a host: "localhost" may have two, of which one is listened on.
Found found_with(const Endpoint& endpoint, int flags) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV | flags;
    addrinfo* list = nullptr;
    const std::string port = std::to_string(endpoint.port);
    const int error = getaddrinfo(resolvable(endpoint.host).c_str(), port.c_str(), &hints, &list);
    Found found;
    if (error != 0) {
        found.why = gai_strerror(error);
        return found;
    }
    for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
        if (found.addresses.size() == limits::upstream_addresses_max)
            break;
        SocketAddress& at = found.addresses.emplace_back();
        std::memcpy(&at.address, one->ai_addr, one->ai_addrlen);
        at.size = one->ai_addrlen;
    }
    freeaddrinfo(list);
    return found;
}

std::string shown(const std::vector<SocketAddress>& addresses) {
    constexpr std::size_t most = 8;
    std::string all;
    for (std::size_t at = 0; at < std::min(addresses.size(), most); ++at)
        all.append(all.empty() ? "" : ", ").append(address_of(addresses[at].address).text());
    if (addresses.size() > most)
        all += " and " + std::to_string(addresses.size() - most) + " more";
    return all;
}

/// Returns the index range of the targets of one endpoint. They are adjacent.
std::pair<std::size_t, std::size_t> range_of(const Targets& targets, const Endpoint& endpoint) {
    const auto is_its = [&](const auto& target) {
        return target->endpoint.host == endpoint.host && target->endpoint.port == endpoint.port &&
               target->endpoint.path == endpoint.path;
    };
    const auto begin = std::find_if(targets.begin(), targets.end(), is_its);
    const auto end = std::find_if_not(begin, targets.end(), is_its);
    return {static_cast<std::size_t>(begin - targets.begin()),
            static_cast<std::size_t>(end - targets.begin())};
}

}  // namespace

bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept {
    return a.size == b.size && std::memcmp(&a.address, &b.address, a.size) == 0;
}

Result<std::unique_ptr<Upstream>> Upstream::make(UpstreamSettings settings, Counts& counts,
                                                 std::function<void()> when_unreachable) {
    HOURGATE_CHECK(!settings.addresses.empty());
    std::unique_ptr<Upstream> upstream(
        new Upstream(std::move(settings), counts, std::move(when_unreachable)));
    auto targets = std::make_shared<Targets>();
    const std::vector<Endpoint>& endpoints = upstream->settings_.addresses;
    for (std::size_t at = 0; at < endpoints.size(); ++at) {
        if (!endpoints[at].path.empty()) {
            const auto socket = socket_of(endpoints[at]);
            if (!socket)
                return socket.failure();
            targets->push_back(target_of(endpoints[at], socket.value()));
            continue;
        }
        const Found numeric = found_with(endpoints[at], AI_NUMERICHOST);  // without a look-up
        for (const SocketAddress& address : numeric.addresses)
            targets->push_back(target_of(endpoints[at], address));
        if (!numeric.addresses.empty())
            continue;
        // A name that is listed twice has the same addresses.
        const auto [begin, end] = range_of(*targets, endpoints[at]);
        if (begin != end)
            continue;
        targets->push_back(target_of(endpoints[at], {}, "it was not asked for yet"));
        upstream->names_.push_back({at});
    }
    upstream->use(std::move(targets));
    return upstream;
}

std::shared_ptr<const Upstream::Targets> Upstream::targets() const {
    const std::lock_guard lock(mutex_);
    return targets_;
}

void Upstream::use(std::shared_ptr<const Targets> targets) noexcept {
    const std::lock_guard lock(mutex_);
    targets_.swap(targets);
    version_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const Target> Upstream::pick(const Targets& targets, std::int64_t now_ms,
                                             const Target* but) noexcept {
    const std::size_t first = turn_.fetch_add(1, std::memory_order_relaxed);
    std::size_t resting = targets.size(), without = targets.size();
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const std::size_t at = (first + i) % targets.size();
        const Target& target = *targets[at];
        if (&target == but)
            continue;
        if (!target.has_address())
            without = std::min(without, at);
        else if (target.rests_until_ms.load(std::memory_order_relaxed) <= now_ms)
            return targets[at];
        else if (resting == targets.size())
            resting = at;
    }
    if (resting < targets.size())
        return targets[resting];
    return targets[without < targets.size() ? without : first % targets.size()];
}

void Upstream::failed(const Target& target, std::int64_t now_ms) const noexcept {
    target.rests_until_ms.store(now_ms + limits::upstream_rest_ms, std::memory_order_relaxed);
    if (when_unreachable_)
        when_unreachable_();
}

void Upstream::worked(const Target& target) noexcept {
    if (target.rests_until_ms.load(std::memory_order_relaxed) != 0)
        target.rests_until_ms.store(0, std::memory_order_relaxed);
}

std::vector<Upstream::Health> Upstream::health(std::int64_t now_ms) const {
    std::vector<Health> all;
    for (const auto& target : *targets()) {
        const bool up = target->has_address() &&
                        target->rests_until_ms.load(std::memory_order_relaxed) <= now_ms;
        const std::string address = http::shown(target->endpoint);
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

// --- names ---------------------------------------------------------------------------------------

Upstream::Found Upstream::look_up(const Endpoint& endpoint) {
    return found_with(endpoint, 0);
}

bool Upstream::has_names() const noexcept {
    return !names_.empty();
}

std::vector<Upstream::Change> Upstream::resolve(const LookUp& look_up) {
    std::vector<Change> changes;
    for (Name& name : names_)
        if (auto change = renew(name, look_up(settings_.addresses[name.endpoint])))
            changes.push_back(*std::move(change));
    return changes;
}

/// Replaces the targets of a name by what was found. If nothing was found, keeps the earlier
/// addresses: an API must not become unreachable because a name server is down.
std::optional<Upstream::Change> Upstream::renew(Name& name, Found found) {
    const Endpoint& endpoint = settings_.addresses[name.endpoint];
    const bool first = !std::exchange(name.asked, true);
    const bool was_failing = std::exchange(name.failing, found.addresses.empty());
    const auto now = targets();
    const auto [begin, end] = range_of(*now, endpoint);
    const bool had_some = (*now)[begin]->has_address();
    if (name.failing && had_some) {
        if (was_failing)
            return std::nullopt;
        std::vector<SocketAddress> kept;
        for (std::size_t at = begin; at < end; ++at)
            kept.push_back((*now)[at]->at);
        return Change{Change::What::unresolved, http::shown(endpoint), found.why, shown(kept)};
    }

    const std::size_t most =
        std::max<std::size_t>(1, limits::upstream_addresses_max / settings_.addresses.size());
    found.addresses.resize(std::min(found.addresses.size(), most));
    auto next = std::make_shared<Targets>(now->begin(), now->begin() + static_cast<long>(begin));
    bool differs = found.addresses.size() != end - begin;
    for (const SocketAddress& address : found.addresses) {
        const auto same = std::find_if(now->begin() + static_cast<long>(begin),
                                       now->begin() + static_cast<long>(end),
                                       [&](const auto& target) { return target->at == address; });
        const bool stays = same != now->begin() + static_cast<long>(end);
        next->push_back(stays ? *same : target_of(endpoint, address));
        differs |= !stays;
    }
    if (name.failing)
        next->push_back(target_of(endpoint, {}, found.why));
    next->insert(next->end(), now->begin() + static_cast<long>(end), now->end());
    if (name.failing ? !was_failing : differs)
        use(std::move(next));

    if (name.failing)
        return was_failing ? std::nullopt
                           : std::optional(Change{Change::What::unresolved, http::shown(endpoint),
                                                  found.why, ""});
    const std::string addresses = shown(found.addresses);
    if (was_failing)
        return Change{Change::What::resolved, http::shown(endpoint), "", addresses};
    if (differs && !first)
        return Change{Change::What::moved, http::shown(endpoint), "", addresses};
    return std::nullopt;
}

}  // namespace hourgate::http
