#include "http/decision/credentials.h"

#include <algorithm>
#include <array>

#include "base/header_name.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "policy/path.h"
#include "token/format.h"

namespace hourgate::http {

namespace {

/// Schemes that a text may name to the caller (IANA's list and what APIs use in practice). No other
/// first word is repeated, since it may be half a token.
constexpr std::array<std::string_view, 16> known_schemes = {
    "Basic", "Digest", "Negotiate", "NTLM",   "Token", "ApiKey", "Api-Key", "Key",
    "OAuth", "DPoP",   "Hawk",      "Mutual", "HOBA",  "GNAP",   "JWT",     "Bot"};

/// Returns true for "Bearer: x", "Bearer=x" and "'Bearer x'": recognizable as Bearer, but
/// malformed.
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
        call.presented = Presented::nothing;  // some proxies send an absent header as an empty one
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

/// Longer than every parameter name that asks for another method.
constexpr std::size_t parameter_bytes_max = 32;

/// Returns the bits of a base64 character in either alphabet of RFC 4648; 64 for other characters.
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

/// Returns true if the user name or password of Basic credentials contains a token.
bool is_in_basic(std::string_view encoded) {
    encoded = encoded.substr(0, limits::misplaced_bytes_max);
    std::string text;
    text.reserve(encoded.size());  // so that no copies are left in memory
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

/// Returns true for a header that may repeat the target, or name another page. Proxies set most of
/// them.
bool is_about_a_target(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 6> names = {"X-Original-URI",  "X-Original-URL",
                                                       "X-Forwarded-Uri", "X-Rewrite-URL",
                                                       "Referer",         "Authorization"};
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view other) { return reads_as(name, other); });
}

/// Finds the first token at a location where it is not read.
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

/// Finds the first header that a client may not send. Also stores the client's id of the call; the
/// last one if there are several.
void find_forbidden(Call& call, const RequestView& request, const Trust& trust) noexcept {
    for (const HeaderView& header : request.headers) {
        if (same_ignoring_case(header.name, "X-Request-Id"))
            call.request_id = header.value;
        if (!claims_identity(header.name))
            continue;
        call.problem = Problem::forged_header;
        call.problem_detail = header.name;
        return;
    }
    if (!trust.method_override_refused)
        return;
    for (const HeaderView& header : request.headers) {
        if (!claims_method(header.name))
            continue;
        call.problem = Problem::method_override;
        call.problem_detail = header.name;
        return;
    }
}

/// What X-Forwarded-For of a trusted peer says.
struct Hops {
    std::optional<Address> client;  ///< nullopt: the hop that would be the client is unreadable
    bool any = false;               ///< it names at least one hop
};

/// Reads all lines as one list (RFC 9110 section 5.3), from the right. Another spelling of the name
/// is ignored, because no proxy sets it. `believed`, if not null, gets the hops from the client on.
Hops read_hops(const RequestView& request, const Trust& trust, std::string* believed) {
    Hops hops;
    for (auto line = request.headers.rbegin(); line != request.headers.rend(); ++line) {
        if (!same_ignoring_case(line->name, "X-Forwarded-For"))
            continue;
        std::string_view rest = line->value;
        while (!rest.empty()) {
            const std::size_t comma = rest.rfind(',');
            const std::string_view text = trimmed(rest.substr(comma == rest.npos ? 0 : comma + 1));
            rest = rest.substr(0, comma == rest.npos ? 0 : comma);
            if (text.empty())
                continue;  // RFC 9110 section 5.6.1.2: ignore empty list elements
            hops.any = true;
            hops.client = Address::parse_hop(text);
            if (!hops.client)
                return hops;
            if (believed != nullptr)
                believed->insert(0, std::string(text) + (believed->empty() ? "" : ", "));
            if (!trust.proxies.contains(*hops.client))
                return hops;
        }
    }
    return hops;
}

/// Returns the name at the start of `sent` if the most lenient application would read it as a
/// parameter that asks for another method. Such an application decodes it, skips leading spaces,
/// and cuts it where PHP does ("_method[]", "_method%00x"). Returns "" for any other parameter.
std::string_view method_parameter(std::string_view sent) noexcept {
    std::array<char, parameter_bytes_max> name{};
    std::size_t size = 0;
    std::size_t end = 0;  // of the part of `sent` that was read
    for (std::size_t at = 0; at < sent.size(); end = ++at) {
        const int high = sent[at] == '%' && at + 2 < sent.size() ? hex_digit(sent[at + 1]) : -1;
        const int low = high >= 0 ? hex_digit(sent[at + 2]) : -1;
        char c = sent[at] == '+' ? ' ' : sent[at];
        if (low >= 0) {
            c = static_cast<char>(high * 16 + low);
            at += 2;
        }
        if (c == '\0' || (c == '[' && size > 0))
            break;
        if (c == ' ' && size == 0)
            continue;
        if (size == name.size())
            return {};
        name[size++] = c;
    }
    return is_method_parameter({name.data(), size}) ? sent.substr(0, end) : std::string_view();
}

/// Returns the name, as sent, of the first query parameter that asks for another method; "" if
/// there is none. Splits also at ';', as some applications do.
std::string_view method_in_query(std::string_view target) noexcept {
    const std::size_t mark = target.find('?');
    std::string_view rest = mark == target.npos ? std::string_view() : target.substr(mark + 1);
    while (!rest.empty()) {
        const std::size_t end = rest.find_first_of("&;");
        const std::string_view pair = rest.substr(0, end);
        rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
        const std::string_view name = method_parameter(pair.substr(0, pair.find('=')));
        if (!name.empty())
            return name;
    }
    return {};
}

}  // namespace

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
        check_method_and_target(call, trust);
}

void check_method_and_target(Call& call, const Trust& trust) noexcept {
    if (!is_http_token(call.method)) {
        call.problem = Problem::unreadable_method;
    } else if (!call.target.starts_with('/')) {
        call.problem = Problem::unreadable_target;
    } else if (trust.method_override_refused) {
        call.problem_detail = method_in_query(call.target);
        if (!call.problem_detail.empty())
            call.problem = Problem::method_override;
    }
}

std::optional<std::string_view> only_as_read(const RequestView& request,
                                             std::string_view name) noexcept {
    const HeaderView* found = nullptr;
    for (const HeaderView& header : request.headers) {
        if (!reads_as(header.name, name))
            continue;
        if (found != nullptr)
            return std::nullopt;
        found = &header;
    }
    if (found == nullptr || !same_ignoring_case(found->name, name))
        return std::nullopt;
    return found->value;
}

std::optional<Address> client_address(const RequestView& request, const Trust& trust,
                                      Listener listener) {
    if (!trust.proxies.contains(request.peer))
        return request.peer;
    const Hops hops = read_hops(request, trust, nullptr);
    if (hops.any)
        return hops.client;
    return listener == Listener::admin ? std::optional<Address>(request.peer) : std::nullopt;
}

std::string believed_hops(const RequestView& request, const Trust& trust) {
    std::string believed;
    if (trust.proxies.contains(request.peer))
        (void)read_hops(request, trust, &believed);
    return believed;
}

}  // namespace hourgate::http
