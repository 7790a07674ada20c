#include "http/routes.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/text.h"
#include "http/ask/forward_auth.h"
#include "http/ask/introspect.h"
#include "http/ask/verify.h"
#include "http/decision/host_check.h"
#include "http/errors_page.h"
#include "http/manage/failure.h"
#include "http/manage/management.h"
#include "http/manage/why_routes.h"
#include "http/proxy/rewrite.h"
#include "policy/path.h"

namespace hourgate::http {

namespace {

constexpr std::string_view verify_path = "/_hourgate/verify";
constexpr std::string_view introspect_path = "/_hourgate/introspect";
constexpr std::string_view openapi_path = "/_hourgate/openapi.json";
constexpr std::string_view errors_path = "/_hourgate/errors";
constexpr std::string_view admin_prefix = "/admin/v1";

Response text_answer(std::string_view content_type, std::string body) {
    return {200,
            {{"Content-Type", std::string(content_type)}, {"Cache-Control", "no-store"}},
            std::move(body)};
}

/// Returns the path of the request, safe to show.
std::string shown_path(const Request& request) {
    return printable(token::blotted(policy::path_part(request.target)), 120);
}

Response wrong_method(const Request& request, std::string_view allowed, const ErrorFrame& frame) {
    Response answer = plain_error(405, "bad_request", "method_not_allowed",
                                  printable(token::blotted(request.method), 32) +
                                      " is not a method of " + shown_path(request) + ".",
                                  "Use " + std::string(allowed) + ".", frame);
    answer.headers.push_back({"Allow", std::string(allowed)});
    return answer;
}

/// Returns true for a CORS preflight, which a browser sends before Authorization goes to another
/// origin. Nothing is decided or counted for it.
bool is_preflight(const Request& request) noexcept {
    return request.method == "OPTIONS" && request.count("Origin") == 1 &&
           request.count("Access-Control-Request-Method") == 1;
}

Response preflight_answer(const std::string& methods) {
    return {204,
            {{"Access-Control-Allow-Methods", methods},
             {"Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key"},
             {"Access-Control-Max-Age", "600"}},
            ""};
}

Response failed(const ReplySettings& reply) noexcept {
    try {
        return plain_error(500, "internal", "internal_error", "The gate failed on this call.",
                           "Send it again; if that does not help, tell the operator.", {reply});
    } catch (...) {
        return {500, {}, {}};
    }
}

/// Compares the media type, ignoring parameters such as charset.
bool is_of_type(const Request& request, std::string_view wanted) noexcept {
    const std::string_view type = request.only("Content-Type").value_or("");
    return same_ignoring_case(trimmed(type.substr(0, type.find(';'))), wanted);
}

}  // namespace

Routes::Routes(Settings settings, Gate& gate, const Clock& clock, Observer& observer)
    : settings_(std::move(settings)),
      gate_(gate),
      clock_(clock),
      observer_(observer),
      asks_(settings_.trust.ask_id.empty() ? nullptr
                                           : std::make_unique<AskIds>(settings_.trust.ask_id)),
      fast_path_(settings_.trust, settings_.reply, gate, clock, observer, asks_.get()) {}

std::size_t Routes::body_bytes_max(Listener listener, std::string_view method,
                                   std::string_view target) const noexcept {
    if (listener == Listener::ask) {
        const std::string_view path = policy::path_part(target);
        const bool reads = method == "POST" && (path == verify_path || path == introspect_path);
        return reads ? limits::verify_body_bytes_max : 0;
    }
    try {
        const auto place = find_route(listener, method, target);
        const bool reads =
            place && place->routed.route != nullptr && place->routed.route->body == Body::json;
        return reads ? limits::management_body_bytes_max : 0;
    } catch (...) {
        return 0;
    }
}

// --- calls to the API ----------------------------------------------------------------------------

namespace {

constexpr std::string_view reserved = "/_hourgate";

/// Compares paths as sent: `path` is not decoded.
bool is_or_below(std::string_view path, std::string_view prefix) noexcept {
    return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace

std::vector<Upstream*> Routes::upstreams() const {
    std::vector<Upstream*> all = settings_.api_upstreams;
    all.push_back(settings_.upstream);
    return all;
}

/// Returns null if calls to that API are not forwarded, or if the call is for no API.
Upstream* Routes::upstream_of(const policy::Match& match) const noexcept {
    if (settings_.api_upstreams.empty())
        return settings_.upstream;
    return match.host_listed ? settings_.api_upstreams[match.api_at] : nullptr;
}

/// Returns true if calls for this host are forwarded, or must be refused because of their host.
bool Routes::forwards(const RequestView& request) const {
    if (settings_.api_upstreams.empty())
        return settings_.upstream != nullptr;
    if (const auto api = gate_.policy().api_of(request.only("Host").value_or("")))
        return settings_.api_upstreams[*api] != nullptr;
    return std::any_of(settings_.api_upstreams.begin(), settings_.api_upstreams.end(),
                       [](const Upstream* upstream) { return upstream != nullptr; });
}

/// Returns true for everything else on the public listener. The policy treats an unreadable path as
/// one of the API.
bool Routes::is_forwarded(Listener listener, const RequestView& request) const {
    if (listener != Listener::public_ || !forwards(request))
        return false;
    const std::string_view target = request.target;
    const std::string_view path = policy::path_part(target);
    if (is_or_below(path, reserved) || is_or_below(path, settings_.api_prefix))
        return false;
    if (path.find('%') == path.npos)
        return true;  // there is nothing to decode
    const policy::Path decoded = policy::read_path(target, gate_.policy().rules().path);
    const bool below = !decoded.segments.empty() && decoded.segments[0] == reserved.substr(1);
    return !below && !gate_.policy().find(target).is_gate_route();
}

Call Routes::call_to_forward(const RequestView& request) const {
    Call call;
    call.now = clock_.now();
    call.method = request.method;
    call.target = request.target;
    if (settings_.trust.by_host)
        call.host = request.only("Host").value_or("");
    call.address = client_address(request, settings_.trust, Listener::public_);
    call.peer = request.peer;
    read_headers(call, request, settings_.trust);
    return call;
}

Routes::ForwardOutcome Routes::outcome(const RequestHead& head, Decision decision) const {
    const RequestView& request = head.request;
    // Even in mode observe, a call that is not a path or is for no API is refused, because it
    // cannot be forwarded. So is a method that is never forwarded.
    Upstream* const upstream = upstream_of(decision.match);
    if (decision.granted() && request.target.starts_with('/') && upstream != nullptr &&
        decision.reason != Reason::method_not_allowed) {
        auto forwarded_call =
            std::make_shared<ForwardedCall>(head, std::move(decision), settings_.reply, *upstream);
        write_upstream_head(forwarded_call->head, request, *forwarded_call, settings_.trust,
                            upstream->settings(), settings_.reply.brand);
        write_added_headers(forwarded_call->added, forwarded_call->decision, settings_.reply);
        return {std::move(forwarded_call), {}};
    }
    Response answer = refusal(decision, settings_.reply, format_for(request.joined("Accept")));
    add_cors(answer, request.only("Origin").value_or(""), settings_.reply);
    return {nullptr, std::move(answer)};
}

Routes::ForwardOutcome Routes::pass(const RequestHead& head) noexcept {
    try {
        if (!forwards(head.request))  // a reload came after is_forwarded()
            return {nullptr, handle(Listener::public_, Request(head.request))};
        return outcome(head, decide(call_to_forward(head.request), Listener::public_));
    } catch (...) {
    }
    return {nullptr, failed(settings_.reply)};
}

std::optional<Routes::ForwardOutcome> Routes::forward_from_memory(const RequestHead& head) {
    if (!forwards(head.request))
        return std::nullopt;
    const Call call = call_to_forward(head.request);
    auto decision = gate_.decide_from_memory(call);
    if (!decision)
        return std::nullopt;
    tell(observer_, Listener::public_, call, *decision);
    ForwardOutcome made = outcome(head, *std::move(decision));
    observer_.answered(Listener::public_, Answerer::loop, clock_.boot_us() - call.now.boot_us);
    return made;
}

void Routes::check(ForwardedCall& forwarded_call) noexcept {
    try {
        const Now now = clock_.now();
        const Decision decision = gate_.recheck(forwarded_call.decision, now);
        if (decision.granted()) {
            forwarded_call.sure_us = now.boot_us;
            return;
        }
        const bool unsure = decision.reason == Reason::store_failed;
        if (unsure && now.boot_us - forwarded_call.sure_us < limits::stream_unsure_ms * 1'000)
            return;
        observer_.repeated(decision, status_of(decision));
        forwarded_call.end(refusal_of(forwarded_call, decision));
    } catch (...) {  // out of memory: it is rechecked soon
    }
}

// --- management routes ---------------------------------------------------------------------------

/// Uses the path as the policy reads it, so that the routed path is the one that was decided.
std::optional<Routes::RouteTarget> Routes::find_route(Listener listener, std::string_view method,
                                                      std::string_view target) const {
    if (listener == Listener::ask)
        return std::nullopt;
    if (listener == Listener::admin)
        return find_route_below(admin_prefix, admin_routes(), CallKind::admin, method, target);
    if (auto own = find_route_below(settings_.api_prefix, self_service_routes(), CallKind::api,
                                    method, target))
        return own;
    return find_route_below(reserved, why_routes(), CallKind::api, method, target);
}

std::optional<Routes::RouteTarget> Routes::find_route_below(std::string_view prefix_text,
                                                            std::span<const Route> routes,
                                                            CallKind call_kind,
                                                            std::string_view method,
                                                            std::string_view target) const {
    const policy::PathChecks& rules = gate_.policy().rules().path;
    const policy::Path path = policy::read_path(target, rules);
    const policy::Path prefix = policy::read_path(prefix_text, rules);
    const std::size_t skip = prefix.segments.size();
    if (path.flaw != policy::PathFlaw::none || path.segments.size() <= skip ||
        !std::equal(prefix.segments.begin(), prefix.segments.end(), path.segments.begin()))
        return std::nullopt;
    Routed routed = route_of(routes, method, policy::Segments(path.segments).subspan(skip));
    if (routed.allowed.empty())
        return std::nullopt;
    return RouteTarget{call_kind, std::move(routed)};
}

Call Routes::call_of(const Request& request, Listener listener, CallKind call_kind,
                     std::string_view body_start) const {
    Call call;
    call.answered_here = true;
    call.call_kind = call_kind;
    if (settings_.trust.by_host && call_kind == CallKind::api)
        call.host = request.only("Host").value_or("");
    call.now = clock_.now();
    call.method = request.method;
    call.target = request.target;
    RequestView view = request;
    if (!body_start.empty())
        view.body_start = body_start;
    call.address = client_address(view, settings_.trust, listener);
    call.peer = request.peer;
    read_headers(call, view, settings_.trust);
    return call;
}

std::optional<Response> Routes::admit(Listener listener, const Request& request,
                                      Admission& admission) noexcept {
    try {
        if (auto answer =
                turned_away(listener, request, settings_.trust, settings_.reply, observer_))
            return answer;
        const auto place = find_route(listener, request.method, request.target);
        if (!place || place->routed.route == nullptr)
            return std::nullopt;
        admission.decision.emplace(
            decide(call_of(request, listener, place->call_kind, admission.body_start), listener));
        if (admission.decision->granted() && admission.decision->facts)
            return std::nullopt;
        return handle(listener, request, std::move(admission));
    } catch (...) {
    }
    return failed(settings_.reply);
}

Response Routes::manage(const RouteTarget& place, Listener listener, const Request& request,
                        Admission& admission, Format format) {
    if (place.routed.route == nullptr)
        return wrong_method(request, place.routed.allowed, {settings_.reply, format});
    if (!admission.decision)
        admission.decision.emplace(
            decide(call_of(request, listener, place.call_kind, admission.body_start), listener));
    const Decision& decision = *admission.decision;
    if (!decision.granted() || !decision.facts)
        return refusal(decision, settings_.reply, format);
    return managed(place.routed, request, decision, settings_.services, settings_.reply, format,
                   [&](std::string_view method, std::string_view target) {
                       return supposed(request, decision, method, target);
                   });
}

/// Decides another call with the credentials of `request`, which the gate has just granted as
/// `asked`.
Decision Routes::supposed(const Request& request, const Decision& asked, std::string_view method,
                          std::string_view target) {
    Call call;
    call.now = clock_.now();
    call.method = method;
    call.target = target;
    call.address = asked.address;
    call.peer = asked.peer;
    call.spend = Spend::no;
    call.host = asked.host;
    const RequestView view = request;
    read_headers(call, view, settings_.trust);
    return gate_.decide(call);
}

Response Routes::handle(Listener listener, const Request& request, Admission admission) noexcept {
    // An exception here means a lack of memory or a bug of ours. Neither may grant a call.
    try {
        return route(listener, request, admission, format_for(request.joined("Accept")));
    } catch (...) {
    }
    return failed(settings_.reply);
}

Response Routes::route(Listener listener, const Request& request, Admission& admission,
                       Format format) {
    if (auto answer = turned_away(listener, request, settings_.trust, settings_.reply, observer_))
        return *std::move(answer);
    switch (listener) {
        case Listener::ask:
            return on_ask(request, format);
        case Listener::admin:
            return on_admin(request, admission, format);
        case Listener::public_:
            break;
    }
    Response answer = on_public(request, admission, format);
    add_cors(answer, request.only("Origin").value_or(""), settings_.reply);
    return answer;
}

Response Routes::on_public(const Request& request, Admission& admission, Format format) {
    if (const auto place = find_route(Listener::public_, request.method, request.target)) {
        if (is_preflight(request) && !settings_.reply.cors_origins.empty())
            return preflight_answer(place->routed.allowed);
        return manage(*place, Listener::public_, request, admission, format);
    }
    if (auto answer = fixed(Listener::public_, request, format))
        return *std::move(answer);
    std::string fix;
    if (!forwards(request))
        fix =
            "Calls are not forwarded: [upstream] url is not set. Send them to the proxy in front "
            "of "
            "the API, which asks the gate on the listener [server] ask. ";
    return no_such_route(Listener::public_, request, fix, format);
}

Response Routes::on_ask(const Request& request, Format format) {
    const auto dialect = dialect_of(policy::path_part(request.target));
    if (!dialect) {
        if (auto answer = fixed(Listener::ask, request, format))
            return *std::move(answer);
        return no_such_route(Listener::ask, request, "", format);
    }
    const RequestView view = request;
    Call call = asked_call(*dialect, view, settings_.trust, clock_.now());
    const bool may_repeat = asks_ != nullptr && dialect == Dialect::nginx;
    const auto ask = may_repeat ? asks_->before(view, call) : std::nullopt;
    const Decision decision = decide(call, Listener::ask);
    if (ask)
        asks_->after(*ask, call, &decision);
    return forward_answer(*dialect, decision, view, settings_.reply, format);
}

Response Routes::on_admin(const Request& request, Admission& admission, Format format) {
    if (const auto place = find_route(Listener::admin, request.method, request.target))
        return manage(*place, Listener::admin, request, admission, format);
    if (auto answer = fixed(Listener::admin, request, format))
        return *std::move(answer);
    return no_such_route(Listener::admin, request, "", format);
}

// --- routes with one path ------------------------------------------------------------------------

/// A route with one path: its listeners, methods and handler. A null handler is a dialect of
/// forward authentication, which is matched earlier and is here only to be listed.
struct Routes::Fixed {
    std::string_view path;
    bool on_public, on_ask, on_admin;
    std::string_view methods;
    Response (Routes::*answer)(Listener listener, const Request& request, Format format);

    [[nodiscard]] bool is_on(Listener listener) const noexcept {
        switch (listener) {
            case Listener::public_:
                return on_public;
            case Listener::ask:
                return on_ask;
            case Listener::admin:
                return on_admin;
        }
        return false;
    }
};

std::span<const Routes::Fixed> Routes::fixed_routes() noexcept {
    constexpr std::string_view get = "GET, HEAD";
    static constexpr std::array routes = {
        Fixed{"/_hourgate/auth/nginx", false, true, false, "", nullptr},
        Fixed{"/_hourgate/denied", false, true, false, "", nullptr},
        Fixed{"/_hourgate/auth/caddy", false, true, false, "", nullptr},
        Fixed{"/_hourgate/auth/traefik", false, true, false, "", nullptr},
        Fixed{"/_hourgate/auth/envoy/", false, true, false, "", nullptr},
        Fixed{verify_path, false, true, false, "POST", &Routes::verify},
        Fixed{introspect_path, false, true, false, "POST", &Routes::introspect},
        Fixed{"/metrics", false, false, true, get, &Routes::metrics},
        Fixed{healthz_path, true, false, true, get, &Routes::health},
        Fixed{"/_hourgate/readyz", true, false, true, get, &Routes::readiness},
        Fixed{openapi_path, true, false, true, get, &Routes::description},
        Fixed{errors_path, true, true, true, get, &Routes::errors},
    };
    return routes;
}

/// Returns true if this path has something to serve.
bool Routes::serves(const Fixed& route) const noexcept {
    if (route.path == openapi_path)
        return !settings_.openapi.empty();
    return route.path != errors_path || !settings_.errors.empty();
}

std::optional<Response> Routes::fixed(Listener listener, const Request& request, Format format) {
    const std::string_view path = policy::path_part(request.target);
    const std::string_view sent = request.method;
    const std::string_view method = sent == "HEAD" ? "GET" : sent;
    for (const Fixed& route : fixed_routes()) {
        if (route.path != path || !route.is_on(listener) || !serves(route) ||
            route.answer == nullptr)
            continue;
        if (route.methods.substr(0, route.methods.find(',')) != method)
            return wrong_method(request, route.methods, {settings_.reply, format});
        return (this->*route.answer)(listener, request, format);
    }
    return std::nullopt;
}

/// Returns every path of a listener, from the tables that serve them. "{}" is shown as ID.
std::string Routes::paths_on(Listener listener) const {
    std::vector<std::string> paths;
    const auto add_all = [&](std::string_view prefix, std::span<const Route> routes) {
        for (const Route& route : routes) {
            std::string path = std::string(prefix) + "/" + std::string(route.pattern);
            for (auto at = path.find("{}"); at != path.npos; at = path.find("{}"))
                path.replace(at, 2, "ID");
            if (std::find(paths.begin(), paths.end(), path) == paths.end())
                paths.push_back(std::move(path));
        }
    };
    if (listener == Listener::public_) {
        add_all(settings_.api_prefix, self_service_routes());
        add_all(reserved, why_routes());
    } else if (listener == Listener::admin) {
        add_all(admin_prefix, admin_routes());
    }
    for (const Fixed& route : fixed_routes())
        if (route.is_on(listener) && serves(route))
            paths.emplace_back(route.path);
    std::string text;
    for (std::size_t at = 0; at < paths.size(); ++at)
        text.append(at == 0 ? "" : at + 1 == paths.size() ? " and " : ", ").append(paths[at]);
    return text;
}

Response Routes::no_such_route(Listener listener, const Request& request, const std::string& fix,
                               Format format) const {
    return plain_error(404, "not_found", "no_such_route",
                       "This listener has no route " + shown_path(request) + ".",
                       fix + "Here are " + paths_on(listener) + ".", {settings_.reply, format});
}

Response Routes::metrics(Listener /*listener*/, const Request& /*request*/, Format /*format*/) {
    return text_answer("text/plain; version=0.0.4", settings_.metrics());
}

Response Routes::health(Listener /*listener*/, const Request& /*request*/, Format /*format*/) {
    return healthz_answer();
}

Response Routes::description(Listener /*listener*/, const Request& /*request*/, Format /*format*/) {
    return text_answer("application/json", std::string(settings_.openapi));
}

Response Routes::errors(Listener /*listener*/, const Request& request, Format /*format*/) {
    const bool html = prefers_html(request.only("Accept").value_or(""));
    Response answer =
        html ? text_answer("text/html; charset=utf-8", errors_page(settings_.errors))
             : text_answer("text/markdown; charset=utf-8", std::string(settings_.errors));
    answer.headers.push_back({"Vary", "Accept"});
    answer.headers.push_back({"X-Content-Type-Options", "nosniff"});
    if (html)
        answer.headers.push_back({"Content-Security-Policy", std::string(errors_page_policy)});
    return answer;
}

Response Routes::verify(Listener listener, const Request& request, Format format) {
    const ErrorFrame frame{settings_.reply, format};
    if (!is_of_type(request, "application/json"))
        return plain_error(415, "bad_request", "wrong_content_type",
                           "The Content-Type is not application/json.",
                           "Send it with Content-Type: application/json", frame);
    std::map<std::string, std::string> flaws;
    const Result<Question> question = read_question(request.body, &flaws);
    if (!question)
        return question_answer(question.failure(), flaws, frame);
    Call call = http::call_of(question.value(), settings_.trust, clock_.now());
    call.peer = request.peer;
    return verify_answer(decide(call, listener), settings_.reply);
}

Response Routes::introspect(Listener /*listener*/, const Request& request, Format format) {
    const ErrorFrame frame{settings_.reply, format};
    if (!is_of_type(request, form_type))
        return plain_error(415, "bad_request", "wrong_content_type",
                           "The Content-Type is not " + std::string(form_type) + ".",
                           "Send it with Content-Type: " + std::string(form_type), frame);
    const Result<Secret> token = read_form(request.body);
    if (!token)
        return plain_error(400, "bad_request", "bad_request", token.failure().what,
                           token.failure().next, frame);
    const Decision decision = gate_.introspect(token.value().reveal(), clock_.now());
    if (decision.reason == Reason::store_failed)
        return refusal(decision, settings_.reply, format);
    return introspection(decision, gate_.policy());
}

Response Routes::readiness(Listener listener, const Request& /*request*/, Format format) {
    if (settings_.ready())
        return text_answer("text/plain", listener == Listener::admin && settings_.ready_note
                                             ? "ready\n" + settings_.ready_note() + "\n"
                                             : "ready\n");
    return plain_error(503, "unavailable", "not_ready", "The database does not answer.",
                       "See the log of the gate.", {settings_.reply, format});
}

Decision Routes::decide(const Call& call, Listener listener) {
    Decision decision = gate_.decide(call);
    tell(observer_, listener, call, decision);
    return decision;
}

}  // namespace hourgate::http
