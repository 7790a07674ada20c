#include "http/decision/host_check.h"

#include <algorithm>

#include "base/text.h"
#include "http/decision/reply.h"
#include "token/format.h"

namespace hourgate::http {

namespace {

constexpr std::size_t shown_bytes_max = 100;

/// Returns the Host of this request if it is not served, else nullopt. For a target in absolute
/// form, Host is its authority: see parse_request_head().
std::optional<std::string_view> unknown_host_of(const RequestView& request,
                                                std::span<const std::string> names) noexcept {
    for (const HeaderView& header : request.headers)
        if (same_ignoring_case(header.name, "Host") && !is_known_host(header.value, names))
            return header.value;
    return std::nullopt;
}

Response unknown_host(std::string_view host, const RequestView& request,
                      const ReplySettings& reply) {
    return plain_error(
        421, "bad_request", "unknown_host",
        "This listener does not answer under the name '" +
            printable(token::blotted(host), shown_bytes_max) + "'.",
        "Call it by its IP address or as localhost, or add the name to [server] hosts in the "
        "configuration of the gate. A proxy in front sends the name in Host: have it send Host: "
        "localhost.",
        {reply, format_for(request.joined("Accept"))});
}

}  // namespace

bool is_known_host(std::string_view host, std::span<const std::string> names) noexcept {
    if (host.ends_with(':'))
        host.remove_suffix(1);  // a port may be empty: RFC 3986 section 3.2.3
    if (Address::parse_hop(host))
        return true;
    const std::size_t colon = host.find(':');
    if (colon != host.npos && !parse_number(host.substr(colon + 1), 65'535))
        return false;
    std::string_view name = host.substr(0, colon);
    if (name.ends_with('.'))
        name.remove_suffix(1);
    if (same_ignoring_case(name, "localhost") || Address::parse(name))
        return true;
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& known) { return same_ignoring_case(name, known); });
}

std::optional<Response> turned_away(Listener listener, const RequestView& request,
                                    const Trust& trust, const ReplySettings& reply,
                                    Observer& observer) {
    if (listener == Listener::public_)
        return std::nullopt;
    if (listener == Listener::ask && !trust.peers.contains(request.peer)) {
        observer.stranger(request.peer);
        return Response{404, {}, {}};
    }
    if (request.carrier == Carrier::unix_socket)
        return std::nullopt;
    const auto host = unknown_host_of(request, trust.hosts);
    if (!host)
        return std::nullopt;
    observer.unknown_host(listener, *host, request.peer);
    return unknown_host(*host, request, reply);
}

}  // namespace hourgate::http
