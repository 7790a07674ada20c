#include "http/credentials.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace hourgate::http {

namespace {

/// Schemes a caller may be told to have used (IANA's list and what APIs use in practice). No other
/// first word is repeated: it may be half a token.
constexpr std::array<std::string_view, 16> known_schemes = {
    "Basic", "Digest", "Negotiate", "NTLM",   "Token", "ApiKey", "Api-Key", "Key",
    "OAuth", "DPoP",   "Hawk",      "Mutual", "HOBA",  "GNAP",   "JWT",     "Bot"};

constexpr std::array<std::string_view, 3> override_headers = {"X-HTTP-Method-Override",
                                                              "X-HTTP-Method", "X-Method-Override"};

constexpr std::string_view own_names = "X-Hourgate-";

constexpr char folded(char c) noexcept {
    if (c == '_')
        return '-';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_own(std::string_view name) noexcept {
    return same_to_an_upstream(name.substr(0, own_names.size()), own_names);
}

bool is_override(std::string_view name) noexcept {
    return std::any_of(override_headers.begin(), override_headers.end(),
                       [&](std::string_view other) { return same_to_an_upstream(name, other); });
}

void read_credentials(Call& call, std::string_view value) noexcept {
    const std::size_t end = value.find_first_of(" \t");
    const std::string_view scheme = value.substr(0, end);
    if (value.empty()) {
        call.presented = Presented::nothing;  // how some proxies pass on a header that is not there
    } else if (same_ignoring_case(scheme, "Bearer")) {
        call.presented = Presented::bearer;
        if (end != value.npos)
            call.credentials = trimmed(value.substr(end));
    } else if (end == value.npos) {
        call.presented = Presented::bare;
    } else {
        call.presented = Presented::other_scheme;
        for (const std::string_view known : known_schemes)
            if (same_ignoring_case(scheme, known))
                call.credentials = known;
    }
}

/// The first header a client may not send, with what it is. The client's own id of the call is met
/// on the way: of several the last.
void find_forbidden(Call& call, const RequestView& request, const Trust& trust) noexcept {
    for (const HeaderView& header : request.headers) {
        if (same_ignoring_case(header.name, "X-Request-Id"))
            call.request_id = header.value;
        if (!is_own(header.name))
            continue;
        call.problem = Problem::forged_header;
        call.problem_detail = header.name;
        return;
    }
    if (!trust.method_override_refused)
        return;
    for (const HeaderView& header : request.headers) {
        if (!is_override(header.name))
            continue;
        call.problem = Problem::method_override;
        call.problem_detail = header.name;
        return;
    }
}

}  // namespace

bool same_to_an_upstream(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return folded(x) == folded(y); });
}

void read_headers(Call& call, const RequestView& request, const Trust& trust) {
    call.preflight = call.method == "OPTIONS" && request.count("Origin") > 0 &&
                     request.count("Access-Control-Request-Method") > 0;
    if (const auto value = request.only("Authorization")) {
        read_credentials(call, *value);
    } else if (request.count("Authorization") > 1) {
        call.problem = Problem::two_authorizations;
        call.problem_detail = "Authorization";
        return;
    }
    find_forbidden(call, request, trust);
    if (call.problem == Problem::none)
        check_method_and_target(call);
}

void check_method_and_target(Call& call) noexcept {
    if (!is_word(call.method)) {
        call.problem = Problem::unreadable_method;
    } else if (!call.target.starts_with('/')) {
        call.problem = Problem::unreadable_target;
    }
}

std::optional<Address> client_address(const RequestView& request, const Trust& trust,
                                      Listener listener) {
    if (!trust.proxies.contains(request.peer))
        return request.peer;
    std::optional<Address> hop;
    // All its lines are one list (RFC 9110 section 5.3), read from the right.
    for (auto line = request.headers.rbegin(); line != request.headers.rend(); ++line) {
        if (!same_ignoring_case(line->name, "X-Forwarded-For"))
            continue;
        std::string_view rest = line->value;
        while (!rest.empty()) {
            const std::size_t comma = rest.rfind(',');
            const std::string_view text = trimmed(rest.substr(comma == rest.npos ? 0 : comma + 1));
            rest = rest.substr(0, comma == rest.npos ? 0 : comma);
            if (text.empty())
                continue;  // empty list elements are to be ignored: RFC 9110 section 5.6.1.2
            hop = Address::parse_hop(text);
            if (!hop || !trust.proxies.contains(*hop))
                return hop;
        }
    }
    if (hop)
        return hop;
    // Nobody forwarded: on `public` the peer calls for itself; on `ask` it asks for somebody
    // untold.
    return listener == Listener::ask ? std::nullopt : std::optional<Address>(request.peer);
}

}  // namespace hourgate::http
