#include "config/forms.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/header_name.h"
#include "base/limits.h"
#include "base/text.h"
#include "policy/hosts.h"
#include "policy/resource.h"

namespace hourgate::config {

namespace {

constexpr std::size_t host_bytes_max = 253;         // RFC 1035 section 2.3.4, as text
constexpr std::size_t socket_path_bytes_max = 107;  // unix(7): sun_path less its NUL
constexpr std::size_t file_bytes_of_name_max = 1'024;
constexpr std::size_t api_prefix_bytes_max = 128;
constexpr std::size_t header_bytes_max = 64;
constexpr std::size_t url_bytes_max = 1'000;
constexpr std::size_t origin_bytes_max = 300;
constexpr std::uint64_t port_max = 65'535;

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
bool is_lower(char c) noexcept {
    return c >= 'a' && c <= 'z';
}
bool is_upper(char c) noexcept {
    return c >= 'A' && c <= 'Z';
}

template <typename Predicate>
bool all_of(std::string_view text, Predicate predicate) noexcept {
    return std::all_of(text.begin(), text.end(), predicate);
}

Failure off(std::string_view text, std::string_view what) {
    return Failure{Fault::config, "'" + printable(text) + "' " + std::string(what), {}};
}

/// "8402", without a sign or a zero in front.
std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
    if (text.size() > 1 && text.front() == '0')
        return std::nullopt;
    const auto port = parse_number(text, port_max);
    if (!port)
        return std::nullopt;
    return static_cast<std::uint16_t>(*port);
}

bool is_host_name(std::string_view text) noexcept {
    if (text.empty() || text.size() > host_bytes_max)
        return false;
    // A name of digits and dots alone is a mistyped address.
    if (all_of(text, [](char c) { return is_digit(c) || c == '.'; }))
        return false;
    return text.front() != '-' && text.front() != '.' && all_of(text, [](char c) {
               return is_digit(c) || is_lower(c) || is_upper(c) || c == '.' || c == '-' || c == '_';
           });
}

Result<Listen> parse_socket(std::string_view text, std::string_view path) {
    if (!path.starts_with('/'))
        return off(text, "does not name its socket by an absolute path");
    if (path.size() > socket_path_bytes_max)
        return off(text, "has a path over 107 bytes, the most a Unix socket may have");
    if (!is_plain_name(path, socket_path_bytes_max) || path.ends_with('/'))
        return off(text, "is not the path of a socket");
    Listen listen;
    listen.kind = Listen::Kind::unix_socket;
    listen.path = path;
    return listen;
}

Result<Listen> parse_tcp(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == text.npos)
        return off(text, "has no port");
    std::string_view host = text.substr(0, colon);
    const auto port = parse_port(text.substr(colon + 1));
    if (!port)
        return off(text, "has no port from 0 to 65535 after its last ':'");
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
        if (host.find(':') == host.npos || !Address::parse(host))
            return off(text, "has no IPv6 address in its brackets");
    } else if (host.find(':') != host.npos) {
        return off(text, "needs brackets around its IPv6 address");
    } else if (host.empty()) {
        return off(text, "has no host; all addresses are 0.0.0.0 or [::]");
    } else if (!Address::parse(host) && !is_host_name(host)) {
        return off(text, "has a host that is neither an address nor a name");
    }
    Listen listen;
    listen.kind = Listen::Kind::tcp;
    listen.host = host;
    listen.port = *port;
    return listen;
}

bool is_all_addresses(const Address& address) noexcept {
    return std::all_of(address.bytes().begin(), address.bytes().end(),
                       [](std::uint8_t byte) { return byte == 0; });
}

bool same_host(const std::string& a, const std::string& b) noexcept {
    const auto first = Address::parse(a), second = Address::parse(b);
    if (!first || !second)
        return same_ignoring_case(a, b);
    if (*first == *second)
        return true;
    // A socket on [::] takes the port of the IPv4 addresses too (ipv6(7), IPV6_V6ONLY).
    const auto covers = [](const Address& all, const Address& one) {
        return is_all_addresses(all) &&
               (all.family() == Address::Family::v6 || all.family() == one.family());
    };
    return covers(*first, *second) || covers(*second, *first);
}

/// Characters of a path segment that mean themselves to everybody (RFC 3986 section 2.3).
bool is_api_prefix(std::string_view text) noexcept {
    if (text.size() < 2 || text.size() > api_prefix_bytes_max)
        return false;
    if (!text.starts_with('/') || text.ends_with('/'))
        return false;
    const bool plain = all_of(text, [](char c) {
        return is_digit(c) || is_lower(c) || is_upper(c) || c == '/' || c == '.' || c == '_' ||
               c == '~' || c == '-';
    });
    const auto has = [&](std::string_view part) { return text.find(part) != text.npos; };
    const bool dots = has("/./") || has("/../") || text.ends_with("/.") || text.ends_with("/..");
    return plain && !has("//") && !dots;
}

bool is_file(std::string_view text) noexcept {
    return text.starts_with('/') && !text.ends_with('/') &&
           is_plain_name(text, file_bytes_of_name_max);
}

bool is_plan(std::string_view text) noexcept {
    return is_slug(text, limits::plan_name_bytes_max);
}

bool is_url_or_empty(std::string_view text) noexcept {
    if (text.empty())
        return true;
    if (text.size() > url_bytes_max)
        return false;
    const std::size_t host = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : 0;
    constexpr std::string_view never = "\"<>\\^`{|}";  // RFC 3986 appendix A knows none of these
    return host != 0 && text.size() > host && text[host] != '/' &&
           all_of(text, [&](char c) { return c > ' ' && c < 0x7f && never.find(c) == never.npos; });
}

/// It is shown to callers, in a sentence: nothing in it may end that, or look like another one.
bool is_contact_or_empty(std::string_view text) noexcept {
    constexpr std::string_view never = "\"'<>()[]\\,;:`{|}";
    if (is_url_or_empty(text))
        return true;
    return is_email(text) && text.find('.', text.find('@')) != text.npos &&
           all_of(text, [&](char c) { return c > ' ' && c < 0x7f && never.find(c) == never.npos; });
}

/// What "#reason" can be appended to.
bool is_docs_or_empty(std::string_view text) noexcept {
    constexpr std::string_view never = "\"#<>\\^`{|}";
    if (!text.starts_with('/'))
        return is_url_or_empty(text) && text.find('#') == text.npos;
    return text.size() <= url_bytes_max && !text.starts_with("//") &&
           all_of(text, [&](char c) { return c > ' ' && c < 0x7f && never.find(c) == never.npos; });
}

/// Where an API listens; none when `text` does not say.
std::optional<Listen> upstream_of(std::string_view text) {
    constexpr std::string_view http = "http://";
    if (text.starts_with("unix:")) {
        const auto socket = parse_listen(text);
        return socket ? std::optional<Listen>(socket.value()) : std::nullopt;
    }
    if (!text.starts_with(http))
        return std::nullopt;
    std::string place(text.substr(http.size()));
    if (place.ends_with('/'))
        place.pop_back();
    if (place.find(':', place.rfind(']') == place.npos ? 0 : place.rfind(']')) == place.npos)
        place += ":80";
    const auto listen = parse_tcp(place);
    return listen && listen.value().port != 0 ? std::optional<Listen>(listen.value())
                                              : std::nullopt;
}

bool is_upstream(std::string_view text) noexcept {
    return upstream_of(text).has_value();
}

/// Names the part of an address of an API that is wrong.
const char* upstream_flaw(std::string_view text) noexcept {
    constexpr std::string_view separator = "://";
    if (text.starts_with("unix:"))
        return text.size() > 5 && text[5] == '/' ? "the path of its socket cannot be used"
                                                 : "the path of its socket must begin with '/'";
    const std::size_t at = text.find(separator);
    if (at == text.npos)
        return "its scheme is missing: write http:// before it";
    if (text.substr(0, at) == "https")
        return "its scheme is https, which Hourgate does not speak";
    if (text.substr(0, at) != "http")
        return "its scheme is not http";
    std::string_view rest = text.substr(at + separator.size());
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    rest.remove_prefix(authority.size());
    if (authority.empty())
        return "its host is missing";
    if (authority.find('@') != authority.npos)
        return "it has a user name or a password before '@'";
    if (!rest.empty() && rest != "/")
        return rest.front() == '/' ? "it has a path after the host: leave the path out"
                                   : "it has a query or a fragment after the host";
    const std::size_t bracket = authority.rfind(']');
    const std::size_t colon = authority.find(':', bracket == authority.npos ? 0 : bracket);
    if (colon == authority.npos || (authority.front() == '[' && bracket == authority.npos))
        return "its host is not a name or an address";
    const auto port = parse_number(authority.substr(colon + 1), 65'535);
    return !port || *port == 0 ? "its port is not a number from 1 to 65535"
                               : "its host is not a name or an address";
}

bool is_network(std::string_view text) noexcept {
    return Network::parse(text).has_value();
}

bool is_ask_id_or_empty(std::string_view text) noexcept {
    if (text.empty())
        return true;
    return reads_as_beginning(text, "X-") && text.size() > 2 && text.size() <= header_bytes_max &&
           all_of(text,
                  [](char c) { return is_digit(c) || is_lower(c) || is_upper(c) || c == '-'; }) &&
           claim_of(text) == Claim::nothing;
}

bool is_scheme(std::string_view text) noexcept {
    return !text.empty() && is_lower(text.front()) && all_of(text, [](char c) {
        return is_lower(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
    });
}

bool is_origin_host(std::string_view text) noexcept {
    if (text.starts_with('[') && text.ends_with(']'))
        return text.find(':') != text.npos && Address::parse(text.substr(1, text.size() - 2)) &&
               std::none_of(text.begin(), text.end(), is_upper);
    return !text.empty() && all_of(text, [](char c) {
        return is_lower(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
    });
}

/// As browsers write it: what differs by one letter would never match.
bool is_origin(std::string_view text) noexcept {
    if (text.size() > origin_bytes_max)
        return false;
    const std::size_t mark = text.find("://");
    if (mark == text.npos || !is_scheme(text.substr(0, mark)))
        return false;
    const std::string_view scheme = text.substr(0, mark);
    std::string_view host = text.substr(mark + 3);
    const std::size_t colon = host.rfind(':');
    if (colon != host.npos && !host.ends_with(']')) {
        const auto port = parse_port(host.substr(colon + 1));
        const bool is_default =
            (scheme == "http" && port == 80) || (scheme == "https" && port == 443);
        if (!port || *port == 0 || is_default)
            return false;
        host = host.substr(0, colon);
    }
    return is_origin_host(host);
}

/// RFC 1123 section 2.1, and '_', which names of containers have.
bool is_host(std::string_view text) noexcept {
    constexpr CharacterSet in_hosts(
        "-_.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    return !text.empty() && text.size() <= 253 && in_hosts.has_all_of(text) &&
           text.front() != '.' && text.back() != '.' && text.find("..") == text.npos;
}

bool is_api_name(std::string_view text) noexcept {
    return is_slug(text, policy::resource_name_bytes_max);
}

bool is_any_text(std::string_view) noexcept {
    return true;
}

/// Not a host and a port: the port of a call is not looked at. No pattern of hosts either.
bool is_api_host(std::string_view text) noexcept {
    if (text.starts_with('['))
        return text.ends_with(']') && !policy::FoldedHost(text).text().empty();
    return is_host(text);
}

}  // namespace

Result<Listen> parse_listen(std::string_view text) {
    constexpr std::string_view socket_prefix = "unix:";
    if (text.empty())
        return Listen{};
    if (text.starts_with(socket_prefix))
        return parse_socket(text, text.substr(socket_prefix.size()));
    return parse_tcp(text);
}

Listen parse_upstream(std::string_view text) {
    const auto listen = upstream_of(text);
    HOURGATE_CHECK(listen.has_value());
    return *listen;
}

bool clash(const Listen& a, const Listen& b) noexcept {
    if (a.kind != b.kind)
        return false;
    switch (a.kind) {
        case Listen::Kind::off:
            return false;
        case Listen::Kind::tcp:
            return a.port != 0 && a.port == b.port && same_host(a.host, b.host);
        case Listen::Kind::unix_socket:
            return a.path == b.path;
    }
    return false;
}

bool is_local(const Listen& listen) noexcept {
    if (listen.kind != Listen::Kind::tcp)
        return true;
    if (same_ignoring_case(listen.host, "localhost"))
        return true;
    const auto address = Address::parse(listen.host);
    static const Network v4 = *Network::parse("127.0.0.0/8");
    static const Network v6 = *Network::parse("::1/128");
    return address && (v4.contains(*address) || v6.contains(*address));
}

const Form api_prefix_form = {
    is_api_prefix,
    "a path such as \"/_hourgate/api/v1\": begins with '/', does not end with it, "
    "segments of letters, digits and . _ ~ -, at most 128 bytes"};
const Form file_form = {is_file, "the absolute path of a file, at most 1024 bytes"};
const Form brand_form = {token::is_brand, "1 to 16 of a-z and 0-9"};
const Form plan_form = {is_plan,
                        "the name of a plan: 1 to 32 of a-z, 0-9, '_' and '-', a letter first"};
const Form url_form = {is_url_or_empty, "\"\" or http://… or https://…, at most 1000 bytes"};
const Form contact_form = {is_contact_or_empty,
                           "\"\", an e-mail address, or http://… or https://…, at most 1000 bytes"};
const Form docs_form = {is_docs_or_empty,
                        "\"\", a path such as \"/_hourgate/errors\", or http://… or https://…, "
                        "without '#', at most 1000 bytes"};
const Form upstream_form = {
    is_upstream,
    "\"http://host:port\" or \"unix:/path\", without a path of the API; https is not spoken: let "
    "nginx, stunnel or the like on this machine speak it",
    upstream_flaw};
const Form api_name_form = {is_api_name,
                            "the name of an [[api]]: 1 to 64 of a-z, 0-9, '_' and '-', a letter "
                            "first"};
const Form api_host_form = {
    is_api_host,
    "a host as callers send it, without a port, such as \"api.example.com\" or \"[2001:db8::1]\": "
    "each name by itself, without '*', and letters beyond ASCII as \"xn--…\""};
const Form resource_name_form = {is_any_text, "a name for scopes and answers, such as \"clients\""};
const Form network_form = {
    is_network,
    "an address, or a network such as \"10.0.0.0/8\" with no bit set after the "
    "first 8"};
const Form ask_id_form = {
    is_ask_id_or_empty,
    "\"\" (off), or a header such as \"X-Ask-Id\": X- and letters, digits and '-', at most 64 "
    "bytes, and not one that says who calls, from where, or what is asked for (X-Hourgate-, "
    "X-Forwarded-, X-Original-, X-Real-IP, X-HTTP-Method and their kin)"};
const Form host_form = {is_host,
                        "a host name without a port, such as \"hourgate\" or \"gate.example.com\": "
                        "letters, digits, '-', '_' and single dots, at most 253 bytes"};
const Form origin_form = {
    is_origin,
    "an origin as browsers send it: \"https://app.example.com\", in lower case, without "
    "a path and without the port 80 of http or 443 of https"};

AddressSet networks_of(const std::vector<std::string>& texts) {
    std::vector<Network> networks;
    for (const std::string& text : texts) {
        const auto network = Network::parse(text);
        HOURGATE_CHECK(network.has_value());
        networks.push_back(*network);
    }
    return AddressSet(std::move(networks));
}

}  // namespace hourgate::config
