#include "http/ask/forward_auth.h"

#include <string>
#include <utility>

#include "base/header_name.h"
#include "http/proxy/rewrite.h"

namespace hourgate::http {

namespace {

constexpr std::string_view envoy_prefix = "/_hourgate/auth/envoy";

/// The headers in which a proxy names the call.
struct Told {
    std::string_view method;
    std::string_view target;
};

Told told_by(Dialect dialect) noexcept {
    if (dialect == Dialect::nginx || dialect == Dialect::denied)
        return {"X-Original-Method", "X-Original-URI"};
    return {"X-Forwarded-Method", "X-Forwarded-Uri"};
}

/// The header for the host, if that selects the API. Without it, no API's resources apply.
constexpr std::string_view told_host = "X-Forwarded-Host";

/// Records a missing header. Each must be present exactly once, because it is unknown which of two
/// an upstream would trust. A problem that the client caused takes precedence.
void told_nothing(Call& call, std::string_view header) {
    const bool of_the_client = call.problem != Problem::none &&
                               call.problem != Problem::unreadable_method &&
                               call.problem != Problem::unreadable_target;
    if (of_the_client)
        return;
    call.problem = Problem::target_not_told;
    call.problem_detail = header;
}

/// Refuses a header that claims origin, caller or target in an unusual spelling (X_Forwarded_For,
/// X.Original.URL). Proxies do not overwrite it, and applications read it as the usual one. Also
/// refuses a claim about the caller that a proxy cannot remove by name. The gate cannot remove
/// headers from a call that it is only asked about.
void find_odd_claim(Call& call, const RequestView& request) noexcept {
    if (call.problem == Problem::forged_header || call.problem == Problem::two_authorizations)
        return;
    for (const HeaderView& header : request.headers) {
        if (is_plainly_spelled(header.name) && !is_beyond_removal(header.name))
            continue;
        const Claim claim = claim_of(header.name);
        if (claim == Claim::nothing || claim == Claim::method)
            continue;  // a method is refused earlier, unless the configuration allows it
        call.problem = Problem::forged_header;
        call.problem_detail = header.name;
        return;
    }
}

/// Returns the status for nginx, which understands only 2xx, 401 and 403 and gets the true status
/// in a header. 503 is kept; nginx turns it into 500.
int status_for_nginx(int status) noexcept {
    return status == 401 || status == 503 ? status : 403;
}

/// Answers a call that was refused a moment ago and would be granted now, since a window freed or
/// somebody paid. It was not spent, so it cannot be granted here.
Response granted_since(const ErrorFrame& frame) {
    Response answer = plain_error(503, "unavailable", "granted_since",
                                  "The call was refused a moment ago, and would be granted now.",
                                  "Send the same call again.", frame);
    answer.headers.push_back({"Retry-After", "1"});
    return answer;
}

/// Returns the API that the proxy forwards to, from the query of the ask. What nginx appends ends
/// with '?'. A name that is not the API's only leads to a refusal.
std::string_view told_api(std::string_view target) noexcept {
    constexpr std::string_view mark = "?api=";
    const std::size_t at = target.find('?');
    if (at == target.npos || !target.substr(at).starts_with(mark))
        return {};
    const std::string_view value = target.substr(at + mark.size());
    return value.substr(0, value.find_first_of("?&"));
}

}  // namespace

std::optional<Dialect> dialect_of(std::string_view path) noexcept {
    if (path == "/_hourgate/auth/nginx")
        return Dialect::nginx;
    if (path == "/_hourgate/denied")
        return Dialect::denied;
    if (path == "/_hourgate/auth/caddy")
        return Dialect::caddy;
    if (path == "/_hourgate/auth/traefik")
        return Dialect::traefik;
    if (path.starts_with(envoy_prefix) && path.substr(envoy_prefix.size()).starts_with('/'))
        return Dialect::envoy;
    return std::nullopt;
}

Call asked_call(Dialect dialect, const RequestView& request, const Trust& trust, Now now) {
    Call call;
    call.now = now;
    call.spend = dialect == Dialect::denied ? Spend::repeat : Spend::yes;
    call.address = client_address(request, trust, Listener::ask);
    call.peer = request.peer;
    if (dialect == Dialect::envoy) {
        call.method = request.method;
        call.target = request.target.substr(envoy_prefix.size());
        if (trust.by_host)
            call.host = request.only("Host").value_or("");
        read_headers(call, request, trust);
        find_odd_claim(call, request);
        return call;
    }
    const Told told = told_by(dialect);
    const auto method = only_as_read(request, told.method);
    const auto target = only_as_read(request, told.target);
    if (trust.by_host) {
        call.host = only_as_read(request, told_host).value_or("");
        call.api = told_api(request.target);
    }
    call.method = method.value_or("");
    call.target = target.value_or("");
    read_headers(call, request, trust);
    find_odd_claim(call, request);
    if (!method || !target)
        told_nothing(call, method ? told.target : told.method);
    else if (trust.by_host && call.host.empty())
        told_nothing(call, told_host);
    return call;
}

std::optional<int> grant_status(Dialect dialect, const Decision& decision) noexcept {
    if (!decision.granted() || dialect == Dialect::denied)
        return std::nullopt;
    return dialect == Dialect::nginx ? 204 : 200;
}

void add_grant_headers(HeaderSink& to, const Decision& decision, const RequestView& request,
                       const ReplySettings& settings) {
    add_identity_headers(to, decision);
    if (is_authorization_for_api(request, decision, settings.brand))
        to.add("X-Hourgate-Bearer", "pass");
    add_decision_headers(to, decision, settings);
}

Response forward_answer(Dialect dialect, const Decision& decision, const RequestView& request,
                        const ReplySettings& settings, Format format) {
    if (const auto status = grant_status(dialect, decision)) {
        Response answer{*status, {}, {}};
        ResponseHeaders to(answer);
        add_grant_headers(to, decision, request, settings);
        return answer;
    }
    Response answer = decision.granted() ? granted_since({settings, format, &decision})
                                         : refusal(decision, settings, format);
    if (dialect == Dialect::nginx) {
        answer.headers.push_back({"X-Hourgate-Status", std::to_string(answer.status)});
        answer.status = status_for_nginx(answer.status);
        return answer;
    }
    add_cors(answer, request.only("Origin").value_or(""), settings);
    return answer;
}

}  // namespace hourgate::http
