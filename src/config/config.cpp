#include "config/config.h"

#include <algorithm>

#include "base/address.h"
#include "config/forms.h"

namespace hourgate::config {

namespace {

Listen loopback_port(std::uint16_t port) {
    Listen listen;
    listen.kind = Listen::Kind::tcp;
    listen.host = "127.0.0.1";
    listen.port = port;
    return listen;
}

}  // namespace

std::string Listen::text() const {
    switch (kind) {
        case Kind::off:
            return "";
        case Kind::unix_socket:
            return "unix:" + path;
        case Kind::tcp:
            break;
    }
    const bool brackets = host.find(':') != host.npos;
    return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Config::Config()
    : public_(loopback_port(8402)), ask({loopback_port(8401)}), admin(loopback_port(8403)) {
    peers = networks_of(peers_text);
    proxies = networks_of(proxies_text);
}

std::vector<ListenKey> all_listens(const Config& config) {
    std::vector<ListenKey> all = {{"public", config.public_}};
    static const Listen off;
    for (const Listen& one : config.ask)
        all.push_back({"ask", one});
    if (config.ask.empty())
        all.push_back({"ask", off});
    all.push_back({"admin", config.admin});
    return all;
}

const std::vector<std::string>& upstream_of(const Config& config, const Api& api) {
    return api.upstream_urls.empty() ? config.upstream_urls : api.upstream_urls;
}

std::string key_of_upstream(const Api& api) {
    return api.upstream_urls.empty() ? "upstream.url" : "api." + api.name + ".upstream";
}

std::vector<UpstreamKey> all_upstreams(const Config& config) {
    std::vector<UpstreamKey> all;
    const auto shares = [](const Api& api) { return api.upstream_urls.empty(); };
    if (config.apis.empty() || std::any_of(config.apis.begin(), config.apis.end(), shares))
        for (const std::string& url : config.upstream_urls)
            all.push_back({"upstream.url", url});
    for (const Api& api : config.apis)
        for (const std::string& url : api.upstream_urls)
            all.push_back({key_of_upstream(api), url});
    return all;
}

}  // namespace hourgate::config
