#include "app/listeners.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "config/load.h"
#include "store/as_owner.h"

namespace hourgate {

namespace {

constexpr std::array all = {http::Listener::public_, http::Listener::ask, http::Listener::admin};

}  // namespace

http::Capacity Listeners::capacity_of(http::Listener listener) const {
    http::Capacity capacity;
    const bool few_come = listener == http::Listener::admin;
    capacity.loops = few_come ? 1 : static_cast<std::size_t>(config_.loops);
    capacity.connections_per_address_max =
        static_cast<std::size_t>(config_.connections_per_address);
    capacity.exempt = config_.proxies;
    if (listener == http::Listener::ask)
        capacity.exempt.add(config_.peers);
    return capacity;
}

std::vector<config::Listen> Listeners::configured(http::Listener listener) const {
    std::vector<config::Listen> found;
    for (const config::ListenKey& one : config::all_listens(config_))
        if (one.key == names[index(listener)] && one.listen.kind != config::Listen::Kind::off)
            found.push_back(one.listen);
    return found;
}

Status Listeners::bind(http::Listener listener, http::Service& service,
                       ops::PassedSockets& passed) {
    const std::string name(names[index(listener)]);
    std::vector<int> sockets = passed.take(name);
    const bool passed_on = !sockets.empty();
    std::vector<http::Endpoint> endpoints;
    bool by_port = false;
    for (const config::Listen& one : configured(listener)) {
        by_port |= one.kind == config::Listen::Kind::tcp;
        endpoints.push_back({one.host, one.port, one.path});
    }
    if (endpoints.empty()) {
        for (const int socket : sockets)
            close(socket);
        if (sockets.empty())
            return Done{};
        return Failure{
            Fault::system,
            "a socket was passed on as '" + name + "', but [server] " + name + " is off",
            "disable its .socket unit, or set [server] " + name + " in the configuration"};
    }
    // Every user of this machine can connect to a port, so a stricter mode of the socket file next
    // to it would protect nothing.
    for (http::Endpoint& endpoint : endpoints)
        endpoint.for_every_user = by_port;
    auto server =
        http::Server::open(listener, endpoints, std::move(sockets), service, capacity_of(listener));
    if (!server)
        return server.failure();
    servers_[index(listener)] = std::move(server).value();
    if (passed_on)
        log_.line(ops::Level::info, "listening socket was passed on",
                  {{"listener", name}, {"address", bound(listener)}});
    return Done{};
}

Status Listeners::open(http::Service& service, ops::PassedSockets& passed) {
    for (const http::Listener listener : all) {
        Status status = bind(listener, service, passed);
        if (status)
            continue;
        Failure failure = status.failure();
        if (const auto user = store::AsOwner::working_as())
            failure.next += fmt::format(
                ". Root opens it with the rights of uid {}, who can change {}: to use root's, "
                "let root alone write that file and its folder",
                *user, config_.file.empty() ? config_.database : config_.file);
        return failure;
    }
    return Done{};
}

void Listeners::start() {
    for (const auto& server : servers_)
        if (server)
            server->start();
}

void Listeners::stop_accepting() {
    for (const auto& server : servers_)
        if (server)
            server->stop_accepting();
}

std::int64_t Listeners::finish(const Clock& clock, std::int64_t deadline_boot_us) {
    std::int64_t cut = 0;
    for (const auto& server : servers_)
        if (server)
            cut += server->finish(clock, deadline_boot_us);
    return cut;
}

std::uint16_t Listeners::port(http::Listener listener) const {
    if (const auto& server = servers_[index(listener)])
        for (const std::uint16_t one : server->ports())
            if (one != 0)
                return one;
    return 0;
}

std::string Listeners::bound(http::Listener listener) const {
    const auto& server = servers_[index(listener)];
    if (!server)
        return "off";
    const std::vector<std::uint16_t> ports = server->ports();
    std::string text;
    std::size_t at = 0;
    for (config::Listen one : configured(listener)) {
        if (one.kind == config::Listen::Kind::tcp)
            one.port = ports[at];
        ++at;
        text.append(text.empty() ? "" : " ").append(one.text());
    }
    return text;
}

void Listeners::add_connections(ops::Gauges& gauges) const {
    for (const http::Listener listener : all) {
        const auto& server = servers_[index(listener)];
        if (!server)
            continue;
        const http::Server::Counts counts = server->counts();
        gauges.connections += counts.open;
        gauges.connections_refused += counts.refused;
        gauges.connections_evicted += counts.evicted;
        for (std::size_t phase = 0; phase + 1 < http::phase_count; ++phase)  // all except `over`
            gauges.connections_in.push_back(
                {names[index(listener)], http::to_text(static_cast<http::Session::Phase>(phase)),
                 counts.by_phase[phase]});
    }
}

}  // namespace hourgate
