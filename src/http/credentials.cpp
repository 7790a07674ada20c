#include "http/credentials.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "policy/path.h"
#include "token/format.h"

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

/// "Bearer: x", "Bearer=x", "'Bearer x'": meant as Bearer, and wrong in a way that can be told.
bool is_marred_bearer(std::string_view value) noexcept {
    constexpr std::string_view bearer = "Bearer";
    const std::size_t quote = token::opening_quote(value);
    value.remove_prefix(quote);
    if (!same_ignoring_case(value.substr(0, bearer.size()), bearer) ||
        value.size() == bearer.size())
        return false;
    const char next = value[bearer.size()];
    return next == ':' || next == '=' || (quote != 0 && (next == ' ' || next == '\t'));
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
    } else if (is_marred_bearer(value)) {
        call.presented = Presented::bearer;
        call.credentials = value;
    } else if (end == value.npos) {
        call.presented = Presented::bare;
    } else {
        call.presented = Presented::other_scheme;
        for (const std::string_view known : known_schemes)
            if (same_ignoring_case(scheme, known))
                call.credentials = known;
    }
}

/// Bits of a character in base 64, either alphabet of RFC 4648; 64: none of it.
constexpr std::uint32_t bits_of(char c) noexcept {
    if (c >= 'A' && c <= 'Z')
        return static_cast<std::uint32_t>(c - 'A');
    if (c >= 'a' && c <= 'z')
        return static_cast<std::uint32_t>(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return static_cast<std::uint32_t>(c - '0') + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : 64;
}

/// Whether there is a token in the user name or password of Basic's credentials.
bool is_in_basic(std::string_view encoded) {
    encoded = encoded.substr(0, limits::misplaced_bytes_max);
    std::string text;
    text.reserve(encoded.size());  // so no copies are left behind
    std::uint32_t bits = 0;
    int held = 0;
    for (const char c : encoded) {
        const std::uint32_t more = bits_of(c);
        if (more == 64)
            break;
        bits = (bits << 6U | more) & 0xffffU;
        held += 6;
        if (held >= 8) {
            held -= 8;
            text += static_cast<char>(bits >> static_cast<std::uint32_t>(held) & 0xffU);
        }
    }
    const bool found = token::holds_token(text);
    wipe(text);
    return found;
}

/// What a proxy in front puts there: it holds the target again, or that of another page.
bool is_about_a_target(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 6> names = {"X-Original-URI",  "X-Original-URL",
                                                       "X-Forwarded-Uri", "X-Rewrite-URL",
                                                       "Referer",         "Authorization"};
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view other) { return same_ignoring_case(name, other); });
}

/// The first place in which there is a token, of those where it is not read.
void find_misplaced(Call& call, const RequestView& request, std::string_view authorization) {
    const std::size_t path_bytes = policy::path_part(call.target).size();
    if (token::holds_token(call.target.substr(path_bytes))) {
        call.misplaced = Misplaced::in_query;
        return;
    }
    const std::size_t end = authorization.find_first_of(" \t");
    if (end != authorization.npos && same_ignoring_case(authorization.substr(0, end), "Basic") &&
        is_in_basic(trimmed(authorization.substr(end)))) {
        call.misplaced = Misplaced::in_basic;
        return;
    }
    for (const HeaderView& header : request.headers) {
        if (!token::holds_token(header.value) || is_about_a_target(header.name))
            continue;
        call.misplaced = Misplaced::in_header;
        call.misplaced_in = header.name;
        return;
    }
    if (token::holds_token(request.body_start.substr(0, limits::misplaced_bytes_max)))
        call.misplaced = Misplaced::in_body;
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
    const auto value = request.only("Authorization");
    if (value) {
        read_credentials(call, *value);
    } else if (request.count("Authorization") > 1) {
        call.problem = Problem::two_authorizations;
        call.problem_detail = "Authorization";
        return;
    }
    if (call.presented == Presented::nothing || call.presented == Presented::other_scheme)
        find_misplaced(call, request, value.value_or(""));
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
