// Addresses, networks, and whom X-Forwarded-For says a call is from: the first line is the peer,
// the second a network, each further line an X-Forwarded-For.
#include <string>
#include <vector>

#include "base/address.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "http/decision/credentials.h"

using namespace hourgate;
using http::Listener;

namespace {

void check_text(std::string_view text) {
    if (const auto address = Address::parse(text)) {
        const std::string shown = address->text();
        HOURGATE_LAW(is_printable_ascii(shown) && Address::parse(shown) == address);
        HOURGATE_LAW(Address::parse_hop(text) == address);
        const bool v4 = address->family() == Address::Family::v4;
        HOURGATE_LAW(Address::parse_hop((v4 ? shown : "[" + shown + "]") + ":8080") == address);
        if (v4)
            HOURGATE_LAW(Address::parse("::ffff:" + shown) == address);
        const auto alone = Network::parse(shown);
        HOURGATE_LAW(alone && alone->contains(*address) && alone->bits == (v4 ? 32U : 128U));
    }
    if (const auto hop = Address::parse_hop(text))
        HOURGATE_LAW(Address::parse(hop->text()) == hop);
    if (const auto network = Network::parse(text)) {
        const bool v4 = network->address.family() == Address::Family::v4;
        HOURGATE_LAW(network->bits <= (v4 ? 32U : 128U) && network->contains(network->address));
        const auto again =
            Network::parse(network->address.text() + "/" + std::to_string(network->bits));
        HOURGATE_LAW(again && again->address == network->address && again->bits == network->bits);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::string_view peer_text = input.line(), network_text = input.line();
    check_text(peer_text);
    check_text(network_text);
    http::Trust trust;
    std::vector<Network> proxies = {*Network::parse("127.0.0.0/8"), *Network::parse("10.0.0.0/8")};
    if (const auto network = Network::parse(network_text))
        proxies.push_back(*network);
    trust.proxies = AddressSet(proxies);

    http::RequestView request;
    request.method = "GET";
    request.target = "/";
    request.peer = Address::parse(peer_text).value_or(Address::loopback());
    while (!input.empty() && request.headers.size() < 20) {
        const std::string_view line = input.line();
        check_text(line);
        request.headers.push_back({"X-Forwarded-For", line});
    }
    const auto client = http::client_address(request, trust, Listener::public_);
    const auto asked = http::client_address(request, trust, Listener::ask);
    if (!trust.proxies.contains(request.peer)) {
        HOURGATE_LAW(client == request.peer && asked == request.peer);  // it is not believed
        return 0;
    }
    HOURGATE_LAW(asked == client);
    const auto by_admin = http::client_address(request, trust, Listener::admin);
    HOURGATE_LAW(by_admin == client || (!client && by_admin == request.peer));
    // What is handed on says who the client is, and has nothing left of it.
    http::RequestView handed_on = request;
    const std::string hops = http::believed_hops(request, trust);
    handed_on.headers = {{"X-Forwarded-For", hops}};
    if (client)
        HOURGATE_LAW(http::client_address(handed_on, trust, Listener::ask) == client);

    // What stands in one line means what it means in several.
    const std::string joined = request.joined("X-Forwarded-For");
    http::RequestView one = request;
    one.headers = {{"X-Forwarded-For", joined}};
    HOURGATE_LAW(http::client_address(one, trust, Listener::public_) == client);
    // Whatever a client sends, what a proxy adds behind it counts; and a proxy's proxy is skipped.
    const Address real = *Address::parse("2001:db8::7");
    if (!trust.proxies.contains(real)) {
        request.headers.push_back({"x-forwarded-for", "2001:db8::7"});
        HOURGATE_LAW(http::client_address(request, trust, Listener::ask) == real);
        request.headers.push_back({"X-Forwarded-For", "10.1.2.3, 127.0.0.1:99 "});
        HOURGATE_LAW(http::client_address(request, trust, Listener::ask) == real);
    }
    return 0;
}
